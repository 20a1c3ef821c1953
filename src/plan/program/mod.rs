//! What `run` executes for a server: found through lock and receipt, checked, never downloaded.
//!
//! [`locate`] answers from the lockfile and the receipt alone, for verbs that only show. [`program`] also checks what is
//! on disk, at every launch. Neither resolves, installs or writes, but for new figures in a receipt whose files had only
//! been moved or restored.

mod binary;
mod error;
mod installed;
#[cfg(all(test, unix))]
mod tests;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::manifest::{Integrity, Server};
use crate::mcp::Era;
use crate::runner::Package;
use crate::store::{Depth, Digest};
use crate::sys::machine::{self, Machine};
use crate::sys::os;
use crate::sys::path::Paths;

pub use binary::{interpreter, refuse_script};
pub use error::ProgramError;
pub use installed::{Installed, current_entry, install_key};

/// A program and its first arguments. The default, empty one stands for a program that is not known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// The executable, absolute.
    pub path: PathBuf,
    /// The arguments before those of the manifest: the runtime's own, then the entry point.
    pub args: Vec<OsString>,
    /// The folder of the runtime, where a runtime is what runs: servers start it again by name.
    pub runtime_dir: Option<PathBuf>,
    /// Whether it is a Python that may be started isolated.
    pub is_python: bool,
    /// Variables that the runtime needs to leave the install as it is, over whatever else would set them.
    pub variables: &'static [(&'static str, &'static str)],
    /// The digest of the lock entry it was found by, where it has one.
    pub lock: Option<Digest>,
    /// What names its install, where it has one.
    pub install: Option<Digest>,
    /// The server's era, where a session has shown it.
    pub era: Option<Era>,
}

/// What a server would execute, without looking at the files.
///
/// # Errors
/// As [`program`], but for what only a look at the files can tell.
pub fn locate(
    server: &Server,
    paths: &Paths,
    machine: Option<&Machine>,
) -> Result<Program, ProgramError> {
    match &server.package {
        Package::Npm(_) | Package::Pypi(_) => Installed::find(server, paths)?.program(machine),
        Package::Binary(binary) => Ok(binary::program(binary)),
        Package::Command(program) => of_command(server, program, machine),
    }
}

/// What a server executes, checked.
///
/// `machine` is the machine record: its PATH is the only one searched, and a Node named by version is one of its own.
///
/// # Errors
/// The package is not locked, locked otherwise or not installed (78), a project's executable is a script (78), an
/// installed file is not what was locked (65), the runtime or program is not there (127) or cannot be run (126).
pub fn program(
    server: &Server,
    paths: &Paths,
    machine: Option<&Machine>,
) -> Result<Program, ProgramError> {
    match &server.package {
        Package::Npm(_) | Package::Pypi(_) => {
            let installed = Installed::find(server, paths)?;
            let depth = match server.integrity {
                Integrity::Fast => Depth::Figures,
                Integrity::Full => Depth::Content,
            };
            installed.judge(&installed.findings(depth)?)?;
            installed.look_around()?;
            installed.program(machine)
        }
        Package::Binary(binary) => {
            binary::check(server, binary, paths)?;
            Ok(binary::program(binary))
        }
        Package::Command(program) => of_command(server, program, machine),
    }
}

/// Whether what runs was fixed beforehand: by the lockfile, or by the digest of a program that is no interpreter and no
/// script. Looks at the first bytes of an executable; one that cannot be read starts nothing, and counts by its name.
pub fn is_pinned(server: &Server) -> bool {
    match &server.package {
        Package::Npm(_) | Package::Pypi(_) => true,
        Package::Binary(binary) => binary::is_pinned(&binary.path),
        Package::Command(_) => false,
    }
}

/// One's own program, absolute or on the machine record's PATH.
fn of_command(
    server: &Server,
    program: &str,
    machine: Option<&Machine>,
) -> Result<Program, ProgramError> {
    let searched = machine.map_or(os::DEFAULT_PATH, |machine| &machine.path);
    let found = match Path::new(program) {
        path if path.is_absolute() => path.exists().then(|| path.to_owned()),
        _ if program.contains(std::path::is_separator) => None,
        _ => machine::find_program(program, OsStr::new(searched)),
    };
    let (name, program) = (server.name.clone(), PathBuf::from(program));
    let Some(path) = found else {
        return Err(ProgramError::NoProgram { server: name, program });
    };
    if !os::is_program(&path) {
        return Err(ProgramError::NotRunnable { server: name, program });
    }
    Ok(Program { path, ..Program::default() })
}
