//! Why a server cannot be started, before anything of it runs.

use std::io;
use std::path::PathBuf;

use crate::error::{Fault, Kind};
use crate::manifest::lock::LockError;
use crate::runner::npm::Rejected;
use crate::store::{FileDifference, StoreError};

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
        "the lock of server `{server}` is stale: it pins `{locked}`, and the manifest says `{package}`"
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
    #[error("the install of server `{server}` differs from the lock: {}", summary(differences))]
    Altered {
        /// The server.
        server: String,
        /// Its folder.
        install: PathBuf,
        /// What differs.
        differences: Vec<FileDifference>,
    },
    /// The lock entry has a package without a hash, so that nothing says what was installed.
    #[error("the lock entry of server `{server}` does not pin all the code that runs")]
    Unpinned {
        /// The server.
        server: String,
        /// Which package.
        source: Rejected,
    },
    /// A package outside the install would be loaded.
    #[error("server `{server}` would load `{}`, which is not locked", path.display())]
    Stray {
        /// The server.
        server: String,
        /// The package.
        path: PathBuf,
    },
    /// The runtime is gone.
    #[error("runtime `{}` of server `{server}` does not exist", path.display())]
    NoRuntime {
        /// The server.
        server: String,
        /// Where it was.
        path: PathBuf,
    },
    /// This machine has no such Node, as far as is recorded.
    #[error("server `{server}` needs Node `{version}`, and the machine record has none")]
    NoSuchNode {
        /// The server.
        server: String,
        /// The version in the manifest.
        version: String,
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
    /// A project's executable is read by another program, so that its digest does not say what runs.
    #[error("program `{}` of server `{server}` is a script, and its digest does not pin the interpreter", path.display())]
    Script {
        /// The server.
        server: String,
        /// The script.
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
fn summary(differences: &[FileDifference]) -> String {
    match differences {
        [] => String::new(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}

impl Fault for ProgramError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotLocked { .. }
            | Self::Stale { .. }
            | Self::NotInstalled { .. }
            | Self::Script { .. } => Kind::Config,
            Self::Altered { .. }
            | Self::BinaryDiffers { .. }
            | Self::Unpinned { .. }
            | Self::Stray { .. } => Kind::Integrity,
            Self::NoRuntime { .. } | Self::NoSuchNode { .. } | Self::NoProgram { .. } => {
                Kind::NotFound
            }
            Self::NotRunnable { .. } => Kind::NotRunnable,
            Self::Unreadable { .. } => Kind::Io,
            Self::Lock(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotLocked { .. } | Self::Stale { .. } | Self::Unpinned { .. } => {
                "ask the user to run `hushpipe lock`, then `hushpipe sync`".to_owned()
            }
            Self::NotInstalled { .. } | Self::NoRuntime { .. } => {
                "ask the user to run `hushpipe sync`".to_owned()
            }
            Self::NoSuchNode { .. } => {
                "ask the user to install it and to run `hushpipe doctor --fix`, or to choose another `runtime` in the manifest"
                    .to_owned()
            }
            Self::Altered { server, .. } => format!(
                "ask the user to inspect it with `hushpipe verify {server}` and to install it again with `hushpipe sync`"
            ),
            Self::Stray { path, .. } => format!(
                "ask the user to move `{}` out of the folders above hushpipe's store",
                path.display()
            ),
            Self::NoProgram { server, .. } => {
                format!("check `[servers.{server}]` in the manifest")
            }
            Self::BinaryDiffers { .. } => {
                "if you changed it, write its new digest into the manifest".to_owned()
            }
            Self::Script { .. } => {
                "a project may start only packages and compiled programs; ask the user to start a script as `command` in their own manifest"
                    .to_owned()
            }
            Self::Lock(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
            _ => return None,
        };
        Some(hint)
    }
}
