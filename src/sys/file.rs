//! Files of our own: read only when nobody else can write them, replaced as a whole or not at all.
//!
//! A reader sees the old content or the new, never half of one, also after a crash: the new content is on disk before
//! it takes the name.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::os;
use super::permission::{self, Insecure};

/// Who may read a file that we write. Nobody but us ever gets the right to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Only the user we run as.
    Us,
    /// Whoever the user's umask lets read, such as a colleague of a file in a repository.
    Umask,
}

/// Replaces the content of a file, making the file and its folder where they are missing. A link is followed, so that
/// a file kept elsewhere and linked to its place stays one.
///
/// # Errors
/// What the file system says.
pub fn replace(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    private_folder(&folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".hushpipe-");
    if readers == Readers::Umask {
        os::readable_by_umask(&mut builder);
    }
    let mut file = builder.tempfile_in(&folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    // The rename itself must reach the disk as well; a file system that cannot sync a folder does not need it.
    let _ = File::open(&folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Makes a folder, and those above it, where they are missing; new ones are closed to everybody but us.
///
/// # Errors
/// What the file system says.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    os::closed_to_others(&mut builder);
    builder.create(path)
}

/// Reads a text file that only we and root can have written (see [`permission`]).
///
/// # Errors
/// What [`permission::open_owned`] refuses; [`Insecure::Read`] where it cannot be read or is not UTF-8.
pub fn read_own(path: &Path) -> Result<String, Insecure> {
    let mut file = permission::open_owned(path)?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut text = String::with_capacity(usize::try_from(size).unwrap_or(0));
    file.read_to_string(&mut text)
        .map_err(|source| Insecure::Read { path: path.to_owned(), source })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_its_folder_made() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b/file");
        replace(&path, b"one", Readers::Us).unwrap();
        replace(&path, b"two", Readers::Us).unwrap();
        assert_eq!(read_own(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let home = tempfile::tempdir().unwrap();
        let (real, link) = (home.path().join("real"), home.path().join("link"));
        std::fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, b"new", Readers::Umask).unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(real).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn modes_are_ours_alone_unless_asked_and_an_open_file_is_not_read() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new/file");
        replace(&path, b"x", Readers::Us).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o602)).unwrap();
        assert!(matches!(read_own(&path), Err(Insecure::WorldWritable(_))));
    }
}
