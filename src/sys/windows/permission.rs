//! Who may write a file, on Windows. Twin of `unix/permission.rs`.
//!
//! The user manifest is below `%APPDATA%`, whose access list Windows makes and children inherit: the user, SYSTEM and
//! Administrators, who can do anything anyway. There are no mode bits to get wrong with a careless `umask`, which is what
//! the Unix rules are for; so a file that opens and is a file passes.

use std::fs::File;
use std::path::Path;

use crate::sys::permission::Insecure;

/// Opens a regular file for reading.
pub(in crate::sys) fn open_owned(path: &Path) -> Result<File, Insecure> {
    let file = File::open(path).map_err(|error| Insecure::read(path, error))?;
    let facts = file.metadata().map_err(|error| Insecure::read(path, error))?;
    if facts.is_file() { Ok(file) } else { Err(Insecure::NotAFile(path.to_owned())) }
}

/// Whether a path leads to a socket of the user: Unix sockets are not what Windows programs use.
pub(crate) fn is_own_socket(_path: &Path) -> bool {
    false
}

/// Judges a folder: one that is there passes.
pub(in crate::sys) fn check_folder(path: &Path) -> Result<(), Insecure> {
    path.metadata().map(drop).map_err(|error| Insecure::read(path, error))
}
