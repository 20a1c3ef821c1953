//! Files of our own: read with a limit, replaced whole or not at all.
//!
//! A reader sees the old content or the new, never half of one: content goes to a temporary file of mode 0600 in the
//! same folder, to the disk, and then under its name. The mode stays 0600 unless the caller asks for a file that others
//! may read ([`replace_readable`]), which holds no secret.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use super::os;

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

/// Replaces a file, or makes it and its folder, with mode 0600. A symlink stays one: the file it leads to is replaced.
///
/// # Errors
/// What the file system says; the old content is then still there.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (folder, file) = written(&target, content)?;
    file.persist(&target)?;
    os::sync_folder(folder)
}

/// Replaces a file that others may read, or makes it, with mode 0644. A symlink stays one.
///
/// # Errors
/// As [`replace`].
pub fn replace_readable(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (folder, file) = written(&target, content)?;
    os::let_others_read(file.as_file())?;
    file.persist(&target)?;
    os::sync_folder(folder)
}

/// Makes a file of mode 0600 that must not be there yet, and its folder.
///
/// # Errors
/// What the file system says; `AlreadyExists` where there is one.
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

/// A temporary file beside `path` that holds `content`, on the disk, with the folder it is in.
fn written<'a>(path: &'a Path, content: &[u8]) -> io::Result<(&'a Path, tempfile::NamedTempFile)> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    os::create_private_folder(folder)?;
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
    fn a_link_stays_a_link_and_modes_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let (file, link) = (folder.path().join("real"), folder.path().join("link"));
        create(&file, b"one").expect("created");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        replace(&link, b"two").expect("replaced");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&file).expect("read"), b"two");
        let mode = std::fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
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
