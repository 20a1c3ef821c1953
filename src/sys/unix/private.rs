//! Whose a file is and who else may touch it, and folders of our own. Twin of `windows/private.rs`.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Who owns an open file and what others may do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    owner: u32,
    mode: u32,
}

impl Access {
    /// The facts of an open file, so that what is judged is what is read.
    ///
    /// # Errors
    /// What `fstat(2)` says.
    pub fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { owner: metadata.uid(), mode: metadata.mode() })
    }

    /// Whether it belongs to the user we run as, or to root, who could read our memory anyway.
    pub fn owner_is_trusted(self) -> bool {
        self.owner == 0 || self.owner == nix::unistd::Uid::effective().as_raw()
    }

    /// Whether its group or everybody may change it.
    pub fn others_write(self) -> bool {
        self.mode & 0o022 != 0
    }

    /// Whether its group or everybody may read it.
    pub fn others_read(self) -> bool {
        self.mode & 0o044 != 0
    }

    /// Whether everybody may read it.
    pub fn everybody_reads(self) -> bool {
        self.mode & 0o004 != 0
    }
}

/// Opens a file for reading. Never waits for a writer where the path names a FIFO and never takes a terminal as ours.
///
/// # Errors
/// What `open(2)` says.
pub fn open_without_waiting(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

/// Makes a folder and those above it that are missing, each for the owner only.
///
/// # Errors
/// What `mkdir(2)` says.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens or makes an empty file for the owner only, to be locked while its neighbours change.
///
/// # Errors
/// What `open(2)` says.
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Makes a rename in this folder last through a crash.
///
/// # Errors
/// What `fsync(2)` says.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
