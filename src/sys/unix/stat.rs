//! Figures of files, looked up below an open folder.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

use crate::sys::stat::{Facts, Shape, Stamp};

/// An open folder.
pub struct Folder {
    descriptor: OwnedFd,
    user: u32,
}

impl Folder {
    /// Opens a folder. A link in its place is refused.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let user = nix::unistd::Uid::effective().as_raw();
        Ok(Self { descriptor: open(path, FLAGS, Mode::empty())?, user })
    }

    /// Opens a folder below this one. A link in its place is refused.
    ///
    /// # Errors
    /// What the file system says.
    pub fn below(&self, path: &str) -> io::Result<Self> {
        let descriptor = openat(self.descriptor.as_fd(), path, FLAGS, Mode::empty())?;
        Ok(Self { descriptor, user: self.user })
    }

    /// The folder's own figures.
    ///
    /// # Errors
    /// What the file system says.
    pub fn facts(&self) -> io::Result<Facts> {
        Ok(facts(&fstat(self.descriptor.as_fd())?, self.user))
    }

    /// The figures of an entry; of a link itself, not of its target.
    ///
    /// # Errors
    /// What the file system says.
    pub fn facts_of(&self, name: &str) -> io::Result<Facts> {
        let flags = AtFlags::AT_SYMLINK_NOFOLLOW;
        Ok(facts(&fstatat(self.descriptor.as_fd(), name, flags)?, self.user))
    }
}

/// The figures of an open file.
///
/// # Errors
/// What the file system says.
pub fn facts_of_file(file: &std::fs::File) -> io::Result<Facts> {
    Ok(facts(&fstat(file.as_fd())?, nix::unistd::Uid::effective().as_raw()))
}

/// Takes the right to write from the group and from others.
///
/// # Errors
/// What the file system says.
pub fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::symlink_metadata(path)?.permissions().mode();
    match mode & 0o022 {
        0 => Ok(()),
        open => std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & !open)),
    }
}

/// A handle that only names the folder is enough, and needs no right to list it.
#[cfg(target_os = "linux")]
const FLAGS: OFlag =
    OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);
#[cfg(not(target_os = "linux"))]
const FLAGS: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

const WRITABLE_BY_OTHERS: libc::mode_t = 0o022;

fn facts(stat: &FileStat, user: u32) -> Facts {
    let shape = match SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT {
        SFlag::S_IFREG => Shape::File,
        SFlag::S_IFDIR => Shape::Folder,
        SFlag::S_IFLNK => Shape::Link,
        _ => Shape::Other,
    };
    // The mode of a link means nothing on Linux: it is always 0777.
    let writable = shape != Shape::Link && stat.st_mode & WRITABLE_BY_OTHERS != 0;
    let size = if shape == Shape::Folder { 0 } else { u64::try_from(stat.st_size).unwrap_or(0) };
    Facts {
        shape,
        exposed: writable || (stat.st_uid != user && stat.st_uid != 0),
        stamp: Stamp {
            inode: stat.st_ino,
            size,
            modified: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
            changed: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
        },
    }
}

fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}
