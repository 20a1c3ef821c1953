//! Whose a file is and who else may touch it, and folders of our own. Twin of `unix/private.rs`.
//!
//! Windows keeps access lists, not modes. Files below `%APPDATA%` and `%LOCALAPPDATA%` inherit the profile's list, which
//! names the user, SYSTEM and the administrators; a person who widened it is not second-guessed, so the answers
//! here are those of a file of mode 0600.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Who owns an open file and what others may do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access;

impl Access {
    /// The facts of an open file.
    ///
    /// # Errors
    /// None on Windows.
    pub fn of(_file: &File) -> io::Result<Self> {
        Ok(Self)
    }

    /// Whether it belongs to the user we run as, or to an administrator.
    pub fn owner_is_trusted(self) -> bool {
        true
    }

    /// Whether others may change it.
    pub fn others_write(self) -> bool {
        false
    }

    /// Whether others may read it.
    pub fn others_read(self) -> bool {
        false
    }

    /// Whether everybody may read it.
    pub fn everybody_reads(self) -> bool {
        false
    }
}

/// Opens a file for reading.
///
/// # Errors
/// What `CreateFile` says.
pub fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Makes a folder and those above it that are missing.
///
/// # Errors
/// What `CreateDirectory` says.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Opens or makes an empty file, to be locked while its neighbours change.
///
/// # Errors
/// What `CreateFile` says.
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path)
}

/// Makes a rename in this folder last through a crash: NTFS journals it, and a folder cannot be opened as a file.
///
/// # Errors
/// None on Windows.
pub fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
