//! Who can read a file, and files and folders for the owner only. Twin of `windows/private.rs`.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Who can read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner, and root.
    Owner,
    /// Its group too, or its group may do something else with it.
    Group,
    /// Every account of this machine, or they may do something else with it.
    Everybody,
}

/// Who can read an open file.
///
/// # Errors
/// What `fstat(2)` says.
pub fn readers(file: &File) -> io::Result<Readers> {
    let mode = file.metadata()?.mode();
    Ok(match (mode & 0o007, mode & 0o070) {
        (0, 0) => Readers::Owner,
        (0, _) => Readers::Group,
        _ => Readers::Everybody,
    })
}

/// Lets every account read a file, and only the owner write it.
///
/// # Errors
/// What `fchmod(2)` says.
pub fn let_others_read(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o644))
}

/// Makes a folder and those above it that are missing, each for the owner only.
///
/// # Errors
/// What `mkdir(2)` says.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens or makes an empty file for the owner only, to be locked while its neighbours change. A link in its place is
/// refused: it would have the file made wherever it leads.
///
/// # Errors
/// What `open(2)` says.
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC).open(path)
}

/// Makes a file for the owner only that must not be there yet, open for writing.
///
/// # Errors
/// What `open(2)` says.
pub fn create_open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Whether the files that programs make here can be written by every account: what the process's umask leaves.
pub(crate) fn new_files_are_open() -> bool {
    use nix::sys::stat::{Mode, umask};
    // There is no way to only look. Nothing else makes files at this moment.
    let mask = umask(Mode::S_IRWXG | Mode::S_IRWXO);
    umask(mask);
    !mask.contains(Mode::S_IWOTH)
}

/// Whether every account may put another file in the place of one in this folder.
pub(crate) fn anyone_may_replace(folder: &Path) -> bool {
    folder.metadata().is_ok_and(|facts| facts.mode() & 0o1002 == 0o002)
}

/// Makes a rename in this folder last through a crash.
///
/// # Errors
/// What `fsync(2)` says.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
