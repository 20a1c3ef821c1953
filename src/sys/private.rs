//! Files of our own: read with a limit, replaced whole or not at all.
//!
//! A reader sees the old content or the new, never half of one: content goes to a temporary file of mode 0600 in the
//! same folder, to the disk, and then under its name. The mode stays 0600 unless the caller asks for a file that others
//! may read ([`replace_linked`]), which holds no secret.
//!
//! Nothing is written where [`permission`] would refuse to read it, and never through a link that somebody else left: the
//! new file takes the place of whatever has its name.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use super::os;
use super::permission::{self, Insecure};
use crate::error::Fault;

/// Reads a file of at most `limit` bytes; the buffer is zeroed on drop.
///
/// # Errors
/// What the file system says; `FileTooLarge` over the limit.
pub fn read_limited(file: &mut File, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let length = file.metadata()?.len();
    if length > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    // Room for all of it at once, because a vector that grows leaves a copy behind that nobody zeroes. The length is
    // a hint: a file may grow between the two calls, and some file systems say 0.
    let room = usize::try_from(length).unwrap_or(0).max(4096) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Replaces a file, or makes it and its folder, with mode 0600. A symlink in its place is replaced, not followed.
///
/// # Errors
/// What the file system says; the old content is then still there. `PermissionDenied` around an [`Insecure`] where
/// somebody else could change the folder.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let (folder, file) = written(path, content)?;
    file.persist(path)?;
    os::sync_folder(folder)
}

/// Replaces a file that others may read, or makes it, with mode 0644. A symlink of the user's own stays one, because
/// people keep such files elsewhere and link them here: the file it leads to is replaced.
///
/// # Errors
/// As [`replace`]; also where somebody else made the link, or could change what it leads to.
pub fn replace_linked(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = match permission::open_owned(path) {
        Ok(_) => std::fs::canonicalize(path)?,
        Err(error) if error.is_missing() => path.to_owned(),
        Err(error) => return Err(refused(error)),
    };
    let (folder, file) = written(&target, content)?;
    os::let_others_read(file.as_file())?;
    file.persist(&target)?;
    os::sync_folder(folder)
}

/// Makes a file of mode 0600 that must not be there yet, and its folder.
///
/// # Errors
/// As [`replace`]; `AlreadyExists` where there is one, or a symlink.
pub fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let (folder, file) = written(path, content)?;
    file.persist_noclobber(path)?;
    os::sync_folder(folder)
}

/// Makes an empty file of mode 0600 that must not be there yet, and opens it for writing. Its folder has to be there.
///
/// # Errors
/// What the file system says; `AlreadyExists` where there is one, be it a symlink that leads nowhere.
pub fn create_open(path: &Path) -> io::Result<File> {
    os::create_open(path)
}

/// Takes a turn among the processes that change what a lock file guards; it ends when the file is dropped, and the kernel
/// ends it with the process. `waiting` is called once if another process has the turn.
///
/// # Errors
/// What the file system says.
pub fn lock(path: &Path, waiting: &mut dyn FnMut()) -> io::Result<File> {
    os::create_private_folder(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
    let file = os::open_lock_file(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            waiting();
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error),
    }
    Ok(file)
}

/// What to do about a failed write, where it was refused because somebody else could change what was written.
pub fn hint(error: &io::Error) -> Option<String> {
    error.get_ref()?.downcast_ref::<Insecure>()?.hint()
}

fn refused(error: Insecure) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, error)
}

/// A temporary file beside `path` that holds `content`, on the disk, with the folder it is in.
fn written<'a>(path: &'a Path, content: &[u8]) -> io::Result<(&'a Path, tempfile::NamedTempFile)> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    os::create_private_folder(folder)?;
    permission::check_folder(folder).map_err(refused)?;
    let mut file = tempfile::Builder::new().prefix(".hushpipe-").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok((folder, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once_and_replaced_whole() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("real");
        create(&file, b"one").expect("created");
        assert_eq!(create(&file, b"two").expect_err("there").kind(), io::ErrorKind::AlreadyExists);
        replace(&file, b"three").expect("replaced");
        assert_eq!(std::fs::read(&file).expect("read"), b"three");
        let names = std::fs::read_dir(folder.path()).expect("listed").count();
        assert_eq!(names, 1, "no temporary file is left");
    }

    #[cfg(unix)]
    #[test]
    fn only_a_file_that_people_link_is_written_through_a_link() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let (file, link) = (folder.path().join("real"), folder.path().join("link"));
        create(&file, b"one").expect("created");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        let mode = |path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        replace_linked(&link, b"two").expect("replaced");
        assert!(link.is_symlink());
        assert_eq!((std::fs::read(&file).expect("read"), mode(&file)), (b"two".to_vec(), 0o644));

        replace(&link, b"three").expect("replaced");
        assert!(!link.is_symlink());
        assert_eq!((std::fs::read(&link).expect("read"), mode(&link)), (b"three".to_vec(), 0o600));
        assert_eq!(std::fs::read(&file).expect("read"), b"two");
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_where_somebody_else_could_change_it() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("folder");
        let (open, link) = (folder.path().join("open"), folder.path().join("link"));
        create(&open.join("file"), b"one").expect("created");
        symlink(open.join("file"), &link).expect("linked");
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).expect("chmod");
        for written in [
            replace(&open.join("file"), b"two"),
            create(&open.join("new"), b"two"),
            replace_linked(&link, b"two"),
        ] {
            let error = written.expect_err("refused");
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
            assert_eq!(hint(&error), Some(format!("run `chmod go-w {}`", open.display())));
        }
        assert_eq!(std::fs::read(open.join("file")).expect("read"), b"one");
        assert_eq!(open.read_dir().expect("listed").count(), 1, "nothing is left");
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_is_not_made_through_a_link() {
        let folder = tempfile::tempdir().expect("folder");
        let (place, link) = (folder.path().join("elsewhere"), folder.path().join("lock"));
        std::os::unix::fs::symlink(&place, &link).expect("linked");
        lock(&link, &mut || ()).expect_err("a link");
        assert!(!place.exists());
    }

    #[test]
    fn a_file_is_read_up_to_the_limit() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("file");
        create(&path, b"12345").expect("created");
        let read = |limit| read_limited(&mut File::open(&path).expect("opened"), limit);
        assert_eq!(read(5).expect("fits").as_slice(), b"12345");
        assert_eq!(read(4).expect_err("large").kind(), io::ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_says_it_has_no_length_is_held_to_the_limit() {
        let mut endless = File::open("/dev/zero").expect("opened");
        let error = read_limited(&mut endless, 5).expect_err("endless");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
