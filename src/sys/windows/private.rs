//! Who can read a file, and files and folders for the owner only. Twin of `unix/private.rs`.
//!
//! Windows keeps access lists, not modes. Files below `%APPDATA%` and `%LOCALAPPDATA%` inherit the profile's list, which
//! names the user, SYSTEM and the administrators; a person who widened it is not second-guessed.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Who can read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner, and administrators.
    Owner,
    /// Its group.
    Group,
    /// Every account of this machine.
    Everybody,
}

/// Who can read an open file.
///
/// # Errors
/// None on Windows.
pub fn readers(_file: &File) -> io::Result<Readers> {
    Ok(Readers::Owner)
}

/// Lets every account read a file, and only the owner write it: left to the list that the file inherits.
///
/// # Errors
/// None on Windows.
pub fn let_others_read(_file: &File) -> io::Result<()> {
    Ok(())
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

/// Makes a file that must not be there yet, open for writing.
///
/// # Errors
/// What `CreateFile` says.
pub fn create_open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Makes a rename in this folder last through a crash: NTFS journals it, and a folder cannot be opened as a file.
///
/// # Errors
/// None on Windows.
pub fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether the files that programs make here can be written by every account: profiles are private.
pub(crate) fn new_files_are_open() -> bool {
    false
}

/// Whether every account may put another file in the place of one in this folder: a profile's are private.
pub(crate) fn anyone_may_replace(_folder: &Path) -> bool {
    false
}
