//! What `run` executes for a server: found through lock and receipt, checked, never downloaded.
//!
//! [`locate`] answers from the lockfile and the receipt alone, for verbs that only show. [`program`] also checks what is
//! on disk, at every launch. Neither resolves, installs or writes, but for new figures in a receipt whose files had only
//! been moved or restored.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Fault, Kind};
use crate::manifest::lock::{Entry, LockError, Lockfile};
use crate::manifest::{Integrity, Server};
use crate::runner::{BinaryPackage, NpmPackage, Package};
use crate::store::{Depth, Difference, Digest, Findings, Receipt, Store, StoreError};
use crate::sys::machine::{self, Machine};
use crate::sys::os;
use crate::sys::path::Paths;

/// A program and its first arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The executable, absolute.
    pub path: PathBuf,
    /// The arguments before those of the manifest: the runtime's own, then the entry point.
    pub args: Vec<OsString>,
    /// The folder of the runtime, where the program is one: servers start others of the same runtime.
    pub runtime_dir: Option<PathBuf>,
    /// Whether what runs was locked, or named by its digest.
    pub pinned: bool,
    /// What it is, for `explain`: the package and what runs it.
    pub description: String,
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
        Package::Npm(package) => Installed::find(server, package, paths)?.program(),
        Package::Binary(binary) => Ok(of_binary(binary)),
        Package::Command(argv) => of_command(server, argv, machine),
    }
}

/// What a server executes, checked.
///
/// `machine` is the machine record, whose PATH is the only one searched.
///
/// # Errors
/// The package is not locked, locked otherwise or not installed (78), an installed file is not what was locked (65), the
/// runtime or program is not there (127) or cannot be run (126).
pub fn program(
    server: &Server,
    paths: &Paths,
    machine: Option<&Machine>,
) -> Result<Program, ProgramError> {
    match &server.package {
        Package::Npm(package) => {
            let installed = Installed::find(server, package, paths)?;
            let depth = match server.integrity {
                Integrity::Fast => Depth::Figures,
                Integrity::Full => Depth::Content,
            };
            installed.judge(&installed.findings(depth)?)?;
            installed.program()
        }
        Package::Binary(binary) => {
            check_binary(server, binary, paths)?;
            Ok(of_binary(binary))
        }
        Package::Command(argv) => of_command(server, argv, machine),
    }
}

/// The lock entry of a server, if it is for what the manifest says.
///
/// # Errors
/// There is none, or it is for another package, version or entry point.
pub fn current_entry<'l>(
    lockfile: &'l Lockfile,
    server: &Server,
    package: &NpmPackage,
) -> Result<&'l Entry, ProgramError> {
    let (name, wanted) = (server.name.clone(), package.to_string());
    let Some(entry) = lockfile.entry(&server.name) else {
        return Err(ProgramError::NotLocked { server: name, package: wanted });
    };
    let head = entry.head()?;
    if head.npm != wanted || head.bin != server.bin {
        return Err(ProgramError::Stale { server: name, package: wanted, locked: head.npm });
    }
    Ok(entry)
}

/// The install of a server's package on this machine.
pub struct Installed<'a> {
    /// What is recorded of it.
    pub receipt: Receipt,
    store: Store,
    entry: String,
    server: &'a Server,
    package: &'a NpmPackage,
}

impl<'a> Installed<'a> {
    /// Finds it by the lock entry.
    ///
    /// # Errors
    /// The package is not locked, locked otherwise, or not installed.
    pub fn find(
        server: &'a Server,
        package: &'a NpmPackage,
        paths: &Paths,
    ) -> Result<Self, ProgramError> {
        let lockfile = Lockfile::load(server.lock_path())?;
        let entry = current_entry(&lockfile, server, package)?;
        let head = entry.head()?;
        let store = Store::of(paths);
        let receipt = store.receipt(&entry.digest()).map_err(|error| match error {
            StoreError::NotInstalled => ProgramError::NotInstalled {
                server: server.name.clone(),
                package: package.to_string(),
            },
            error => error.into(),
        })?;
        Ok(Self { receipt, store, entry: head.entry, server, package })
    }

    /// Compares it with its receipt.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn findings(&self, depth: Depth) -> Result<Findings, ProgramError> {
        Ok(self.store.check(&self.receipt, depth)?)
    }

    /// The failure that findings amount to, if they do.
    ///
    /// # Errors
    /// [`ProgramError::Altered`] where there is any difference.
    pub fn judge(&self, findings: &Findings) -> Result<(), ProgramError> {
        match findings.differences.as_slice() {
            [] => Ok(()),
            differences => Err(ProgramError::Altered {
                server: self.server.name.clone(),
                install: self.store.folder(&self.receipt.lock),
                differences: differences.to_vec(),
            }),
        }
    }

    fn program(&self) -> Result<Program, ProgramError> {
        let server = self.server;
        let runtime = &self.receipt.runtime;
        let path = server.runtime.as_ref().unwrap_or(&runtime.path);
        if !os::is_program(path) {
            return Err(ProgramError::NoRuntime {
                server: server.name.clone(),
                path: path.clone(),
            });
        }
        let entry = self.store.folder(&self.receipt.lock).join(&self.entry);
        let flags = runtime.flags.iter().map(OsString::from);
        let version = match server.runtime {
            Some(_) => String::new(),
            None => format!(" {}", runtime.version),
        };
        Ok(Program {
            args: flags.chain([entry.into_os_string()]).collect(),
            runtime_dir: path.parent().map(Path::to_owned),
            pinned: true,
            description: format!("npm {}, run by {}{version}", self.package, path.display()),
            path: path.clone(),
        })
    }
}

fn of_binary(binary: &BinaryPackage) -> Program {
    Program {
        path: binary.path.clone(),
        args: Vec::new(),
        runtime_dir: None,
        pinned: true,
        description: format!("binary {}, sha256 {}", binary.path.display(), binary.sha256),
    }
}

/// Holds an executable to its digest.
fn check_binary(
    server: &Server,
    binary: &BinaryPackage,
    paths: &Paths,
) -> Result<(), ProgramError> {
    let path = || binary.path.clone();
    let name = || server.name.clone();
    let facts = match std::fs::metadata(&binary.path) {
        Ok(facts) => facts,
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            return Err(ProgramError::NoProgram { server: name(), program: path() });
        }
        Err(source) => return Err(ProgramError::Unreadable { path: path(), source }),
    };
    if !facts.is_file() || !os::is_program(&binary.path) {
        return Err(ProgramError::NotRunnable { server: name(), program: path() });
    }
    let expected: Digest = binary
        .sha256
        .parse()
        .map_err(|_| ProgramError::BinaryDiffers { server: name(), path: path() })?;
    let store = Store::of(paths);
    let same = match server.integrity {
        Integrity::Fast => store.holds(&binary.path, expected),
        Integrity::Full => Digest::of_file(&binary.path).map(|digest| digest == expected),
    };
    match same.map_err(|source| ProgramError::Unreadable { path: path(), source })? {
        true => Ok(()),
        false => Err(ProgramError::BinaryDiffers { server: name(), path: path() }),
    }
}

/// One's own code: the argument vector as it is, its program absolute or on the machine record's PATH.
fn of_command(
    server: &Server,
    argv: &[String],
    machine: Option<&Machine>,
) -> Result<Program, ProgramError> {
    let (program, args) = argv.split_first().map_or(("", argv), |(first, rest)| (first, rest));
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
    Ok(Program {
        args: args.iter().map(OsString::from).collect(),
        runtime_dir: path.parent().map(Path::to_owned),
        pinned: false,
        description: format!("command {}, not pinned", path.display()),
        path,
    })
}

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// The lockfile does not know the server.
    #[error("server `{server}` is not locked: package `{package}` has no entry in the lockfile")]
    NotLocked {
        /// The server.
        server: String,
        /// `name@version`.
        package: String,
    },
    /// The manifest has changed since the server was locked.
    #[error(
        "the lock of server `{server}` is stale: it holds `{locked}`, the manifest says `{package}`"
    )]
    Stale {
        /// The server.
        server: String,
        /// `name@version` in the manifest.
        package: String,
        /// `name@version` in the lockfile.
        locked: String,
    },
    /// This machine has no install of the lock entry.
    #[error("package `{package}` of server `{server}` is not installed on this machine")]
    NotInstalled {
        /// The server.
        server: String,
        /// `name@version`.
        package: String,
    },
    /// Installed files are not what was locked.
    #[error("the install of server `{server}` is not what was locked: {}", summary(differences))]
    Altered {
        /// The server.
        server: String,
        /// Its folder.
        install: PathBuf,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// The runtime is gone.
    #[error("runtime `{}` of server `{server}` is not there", path.display())]
    NoRuntime {
        /// The server.
        server: String,
        /// Where it was.
        path: PathBuf,
    },
    /// The program is not there.
    #[error("program `{}` of server `{server}` was not found", program.display())]
    NoProgram {
        /// The server.
        server: String,
        /// Its path or name.
        program: PathBuf,
    },
    /// The program cannot be run.
    #[error("program `{}` of server `{server}` cannot be run", program.display())]
    NotRunnable {
        /// The server.
        server: String,
        /// Its path or name.
        program: PathBuf,
    },
    /// An executable does not have the digest that the manifest names.
    #[error("program `{}` of server `{server}` does not have the digest in the manifest", path.display())]
    BinaryDiffers {
        /// The server.
        server: String,
        /// The executable.
        path: PathBuf,
    },
    /// A program could not be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The lockfile cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first difference and how many more there are.
fn summary(differences: &[Difference]) -> String {
    match differences {
        [] => String::new(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}

impl Fault for ProgramError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotLocked { .. } | Self::Stale { .. } | Self::NotInstalled { .. } => Kind::Config,
            Self::Altered { .. } | Self::BinaryDiffers { .. } => Kind::Integrity,
            Self::NoRuntime { .. } | Self::NoProgram { .. } => Kind::NotFound,
            Self::NotRunnable { .. } => Kind::NotRunnable,
            Self::Unreadable { .. } => Kind::Io,
            Self::Lock(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotLocked { .. } | Self::Stale { .. } => {
                "ask the user to run `hushpipe lock`, then `hushpipe sync`".to_owned()
            }
            Self::NotInstalled { .. } | Self::NoRuntime { .. } => {
                "ask the user to run `hushpipe sync`".to_owned()
            }
            Self::Altered { server, .. } => format!(
                "ask the user to look at it with `hushpipe verify {server}` and to install it again with `hushpipe sync`"
            ),
            Self::NoProgram { server, .. } => {
                format!("look at `[servers.{server}]` in the manifest")
            }
            Self::BinaryDiffers { .. } => {
                "if you changed it, write its new digest into the manifest".to_owned()
            }
            Self::Lock(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
            _ => return None,
        };
        Some(hint)
    }
}
