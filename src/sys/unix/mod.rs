//! Linux and macOS. Twin of `windows/`: the same names, so that nothing above `sys` asks for the platform.

mod file;
mod guard;
#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "other.rs")]
mod kernel;
mod machine;
mod permission;
mod private;
mod process;
#[cfg(not(target_os = "macos"))]
mod socket;
mod stat;
mod stdio;
mod terminal;

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::env::OwnEnv;
use super::path::Paths;

pub use file::SecretFile;
pub use guard::{Guard, Process};
pub use kernel::{parent_gone, release_program};
pub(crate) use machine::{
    NODE_PLACES, PYTHON_PLACES, asks_to_install, end_session, is_program, login_shell, own_session,
    program_name, session_variables,
};
pub(crate) use permission::is_own_socket;
pub(super) use permission::{check_folder, open_owned};
pub use private::{
    Readers, create_open, create_private_folder, let_others_read, open_lock_file, readers,
    sync_folder,
};
pub(crate) use private::{anyone_may_replace, new_files_are_open};
pub use process::{
    Signals, ask_to_end, check_descriptors, describe, end_with_us, exit_code, harden, input_within,
};
#[cfg(not(target_os = "macos"))]
pub use socket::{connect_owned, user_id};
pub use stat::{Folder, facts_of_file, make_private};
pub use stdio::{Reader, Writer, write_stderr};
pub use terminal::Terminal;

/// Folders that a server's PATH holds when no machine record says better.
pub const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Where package managers of the system and Homebrew link programs, on the PATH or not.
pub(crate) const SHARED_FOLDERS: &[&str] =
    &["/opt/homebrew/bin", "/usr/local/bin", "/home/linuxbrew/.linuxbrew/bin"];

/// What the official SDKs hand on to a server that they start, PATH apart.
pub(crate) const CLIENT: &[&str] = &["HOME", "LOGNAME", "SHELL", "TERM", "USER"];

/// The PATH of a program that was started from a desktop: on macOS it is launchd's.
pub(crate) const CLIENT_PATH: Option<&str> = Some("/usr/bin:/bin:/usr/sbin:/sbin");

/// Variables of our own environment that every server gets.
pub const KEEP: &[&str] =
    &["HOME", "LOGNAME", "USER", "SHELL", "TERM", "LANG", "LC_*", "TZ", "TMPDIR"];

/// The folders of the user we run as.
pub(super) fn user_paths(env: &OwnEnv) -> Option<Paths> {
    let home = match env.var("HOME").filter(|home| !home.is_empty()) {
        Some(home) => PathBuf::from(home),
        None => nix::unistd::User::from_uid(nix::unistd::Uid::effective()).ok()??.dir,
    };
    home.is_absolute().then(|| Paths::below(&home))
}

/// How a descriptor is named to the operating system.
pub type RawDescriptor = std::os::fd::RawFd;

/// A value as the environment of a child takes it.
///
/// # Errors
/// It holds a NUL byte.
pub fn env_value(bytes: &[u8]) -> io::Result<std::ffi::OsString> {
    use std::os::unix::ffi::OsStringExt;
    if bytes.contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the value contains a NUL byte"));
    }
    Ok(std::ffi::OsString::from_vec(bytes.to_vec()))
}

/// Whether a file starts like a program of this system: ELF, Mach-O or `#!`. Anything else `execvp(3)` would hand to a
/// shell, which is what must not happen; a file that cannot be read is left to the kernel to judge.
pub fn is_of_program_format(path: &Path) -> bool {
    first_bytes(path)
        .map_or(true, |magic| magic.starts_with(b"#!") || PROGRAM_MAGICS.contains(&magic))
}

/// Whether a file starts like the processor's own code: ELF or Mach-O. Anything else that may be executed is read by
/// another program.
///
/// # Errors
/// It cannot be read.
pub fn is_machine_code(path: &Path) -> io::Result<bool> {
    Ok(PROGRAM_MAGICS.contains(&first_bytes(path)?))
}

/// The first four bytes of a file; zeros for one that has fewer.
fn first_bytes(path: &Path) -> io::Result<[u8; 4]> {
    let mut bytes = [0; 4];
    match std::fs::File::open(path)?.read_exact(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok([0; 4]),
        read => read.map(|()| bytes),
    }
}

/// ELF; Mach-O of 32 and 64 bits in both byte orders; a Mach-O for several processors.
const PROGRAM_MAGICS: [[u8; 4]; 6] = [
    *b"\x7fELF",
    [0xfe, 0xed, 0xfa, 0xce],
    [0xfe, 0xed, 0xfa, 0xcf],
    [0xce, 0xfa, 0xed, 0xfe],
    [0xcf, 0xfa, 0xed, 0xfe],
    [0xca, 0xfe, 0xba, 0xbe],
];
