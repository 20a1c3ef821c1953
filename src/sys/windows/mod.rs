//! Windows. Twin of `unix/`: the same names, so that nothing above `sys` asks for the platform.

mod file;
mod process;
mod stdio;

mod machine;
mod permission;
mod private;
mod stat;
mod terminal;

use std::path::PathBuf;

use super::env::OwnEnv;
use super::path::Paths;

pub use file::SecretFile;
pub use process::{
    Guard, Process, Signals, ask_to_end, check_descriptors, describe, end_with_us, exit_code,
    harden, input_within, parent_gone, release_program,
};
pub use stdio::{Reader, Writer, write_stderr};

/// Folders that a server's PATH holds when no machine record says better.
pub const DEFAULT_PATH: &str = r"C:\Windows\System32;C:\Windows";

/// Where programs are linked for all users: nowhere.
pub(crate) const SHARED_FOLDERS: &[&str] = &[];

/// What the official SDKs hand on to a server that they start.
pub(crate) const CLIENT: &[&str] = &[
    "APPDATA",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMFILES",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "USERNAME",
    "USERPROFILE",
];

/// The PATH of a program that was started from a desktop: the user's own.
pub(crate) const CLIENT_PATH: Option<&str> = None;

/// Variables of our own environment that every server gets. Node and Python fail in odd ways without `SystemRoot`.
pub const KEEP: &[&str] = &[
    "APPDATA",
    "COMPUTERNAME",
    "ComSpec",
    "HOMEDRIVE",
    "HOMEPATH",
    "LANG",
    "LC_*",
    "LOCALAPPDATA",
    "NUMBER_OF_PROCESSORS",
    "OS",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "ProgramData",
    "ProgramFiles",
    "ProgramFiles(x86)",
    "ProgramW6432",
    "SystemDrive",
    "SystemRoot",
    "TEMP",
    "TMP",
    "TZ",
    "USERDOMAIN",
    "USERNAME",
    "USERPROFILE",
    "windir",
];

/// How a descriptor is named to the operating system.
pub type RawDescriptor = std::os::windows::io::RawHandle;
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
pub use stat::{Folder, facts_of_file, make_private};
pub use terminal::Terminal;

/// The folders of the user we run as.
pub(super) fn user_paths(env: &OwnEnv) -> Option<Paths> {
    let folder = |name: &str| env.var(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let roaming = folder("APPDATA")?;
    let local = folder("LOCALAPPDATA")?;
    Some(Paths {
        home: folder("USERPROFILE")?,
        config: roaming.join("hushpipe"),
        data: local.join("hushpipe"),
        state: local.join("hushpipe").join("state"),
    })
}

/// A value as the environment of a child takes it.
///
/// # Errors
/// It holds a NUL byte or is not UTF-8.
pub fn env_value(bytes: &[u8]) -> std::io::Result<std::ffi::OsString> {
    let bad = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
    if bytes.contains(&0) {
        return Err(bad("the value contains a NUL byte"));
    }
    std::str::from_utf8(bytes).map(Into::into).map_err(|_| bad("the value is not UTF-8"))
}

/// Whether a file starts like a program: here the system judges, and no shell is asked.
pub fn is_of_program_format(_path: &std::path::Path) -> bool {
    true
}

/// Whether a file starts like the processor's own code: a portable executable. Anything else that may be executed is read
/// by another program.
///
/// # Errors
/// It cannot be read.
pub fn is_machine_code(path: &std::path::Path) -> std::io::Result<bool> {
    use std::io::Read;
    let mut magic = [0; 2];
    match std::fs::File::open(path)?.read_exact(&mut magic) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| magic == *b"MZ"),
    }
}
