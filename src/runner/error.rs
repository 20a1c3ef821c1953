//! What can go wrong when a package is locked or installed, whichever package manager does it.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use super::refusal::{Refusal, What};
use crate::error::{Fault, Kind};

/// Why a package could not be locked or installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunnerError {
    /// There is no Node.
    #[error("node was not found on your login shell's PATH or on the current PATH")]
    NoNode,
    /// There is no npm.
    #[error("npm was not found beside `{}` or on PATH", node.display())]
    NoNpm {
        /// The Node that was found.
        node: PathBuf,
    },
    /// There is no uv.
    #[error("uv was not found on your login shell's PATH or on the current PATH")]
    NoUv,
    /// There is no such Python, and uv could not install one.
    #[error("Python `{request}` is not installed on this machine")]
    NoPython {
        /// A version, specifiers or a path.
        request: String,
        /// Why none could be installed, where that was tried.
        source: Option<Box<Refusal>>,
    },
    /// A package is for other versions of Python than the one chosen.
    #[error("package `{package}` needs Python `{requires}`, and this is `{version}`")]
    OtherPython {
        /// The package with its version.
        package: String,
        /// The versions that it is for.
        requires: String,
        /// The version of the one chosen.
        version: String,
        /// A version to write as `runtime`.
        suggested: Option<String>,
    },
    /// A package manager could not be started, or its output not read.
    #[error("cannot run {tool}: `{}` did not start", program.display())]
    Start {
        /// Which package manager.
        tool: &'static str,
        /// What was to be started.
        program: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file could not be read or written.
    #[error("cannot use `{}`", path.display())]
    Files {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The package manager gave up.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The package manager's lock is not in its own format.
    #[error("cannot read the lock that {tool} wrote for package `{package}`")]
    Format {
        /// Which package manager.
        tool: &'static str,
        /// The package with its version.
        package: String,
        /// Where it stops reading.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The closure holds what is not accepted.
    #[error("hushpipe does not accept package `{package}`")]
    Rejected {
        /// The package with its version.
        package: String,
        /// What it holds.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The lock entry holds what is not accepted.
    #[error("the lock entry of hushpipe does not accept package `{package}`")]
    BadLock {
        /// The package with its version.
        package: String,
        /// What it holds.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The package has no program to start.
    #[error("package `{package}` has no programs")]
    NoProgram {
        /// The package with its version.
        package: String,
    },
    /// It is open which program of the package to run.
    #[error("package `{package}` has several programs: {}", list(programs))]
    SeveralPrograms {
        /// The package with its version.
        package: String,
        /// Their names.
        programs: Vec<String>,
    },
    /// The manifest names a program that the package does not have.
    #[error("package `{package}` has no program `{bin}`; it has {}", list(programs))]
    NoSuchProgram {
        /// The package with its version.
        package: String,
        /// The name in the manifest.
        bin: String,
        /// The names in the package.
        programs: Vec<String>,
    },
    /// The entry point is not among the installed files.
    #[error("entry point `{entry}` is not among the installed files")]
    NoEntry {
        /// Its path below the install, or the name of the console script.
        entry: String,
    },
    /// The entry point is a program for something else than Node.
    #[error("entry point `{entry}` is not run by node: its first line is `{line}`")]
    NotNode {
        /// Its path below the install.
        entry: String,
        /// Its first line.
        line: String,
    },
}

impl RunnerError {
    /// A failure of the file system at `path`.
    pub fn files(path: &Path, source: io::Error) -> Self {
        Self::Files { path: path.to_owned(), source }
    }

    /// What is not accepted in the closure of `package`.
    pub(super) fn rejected(package: &str, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Rejected { package: package.to_owned(), source: Box::new(source) }
    }

    /// What is not accepted in the lock entry of `package`.
    pub(super) fn bad_lock(package: &str, source: impl Error + Send + Sync + 'static) -> Self {
        Self::BadLock { package: package.to_owned(), source: Box::new(source) }
    }

    /// Whether another Python might do.
    pub fn is_about_python(&self) -> bool {
        match self {
            Self::OtherPython { .. } => true,
            Self::Refused(refusal) => {
                matches!(refusal.what, What::Runtime | What::NoWheel | What::Platform)
            }
            _ => false,
        }
    }

    /// Where the lock that `tool` keeps of `package` stops reading.
    pub(super) fn format(
        tool: &'static str,
        package: &str,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self::Format { tool, package: package.to_owned(), source: Box::new(source) }
    }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl Fault for RunnerError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoNode | Self::NoNpm { .. } | Self::NoUv | Self::NoPython { .. } => {
                Kind::NotFound
            }
            Self::Start { .. } | Self::Format { .. } => Kind::Internal,
            Self::Files { .. } => Kind::Io,
            Self::NoEntry { .. } | Self::BadLock { .. } => Kind::Integrity,
            Self::Refused(refusal) => refusal.kind(),
            Self::OtherPython { .. }
            | Self::Rejected { .. }
            | Self::NoProgram { .. }
            | Self::SeveralPrograms { .. }
            | Self::NoSuchProgram { .. }
            | Self::NotNode { .. } => Kind::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoNode => "install Node.js, or put it on your PATH",
            Self::NoNpm { .. } => "install npm, or put it on your PATH",
            Self::NoUv => "install uv, for example with `pipx install uv`, and put it on your PATH",
            Self::NoPython { .. } => {
                "install it, for example with `uv python install`, or put it on your PATH"
            }
            Self::OtherPython { suggested: Some(version), .. } => {
                return Some(format!(
                    "write `runtime = \"{version}\"` in the manifest, or leave `runtime` out"
                ));
            }
            Self::OtherPython { suggested: None, .. } => "leave `runtime` out of the manifest",
            Self::NoProgram { .. } => "check whether another package contains the server's program",
            Self::SeveralPrograms { .. } | Self::NoSuchProgram { .. } => {
                "choose one with `bin = \"…\"` in the manifest"
            }
            Self::BadLock { .. } => "run `hushpipe lock` to resolve it again, then `hushpipe sync`",
            Self::NotNode { .. } => "start it with `command = […]` in the user manifest",
            Self::Refused(refusal) => return refusal.hint(),
            Self::Start { .. }
            | Self::Files { .. }
            | Self::Format { .. }
            | Self::Rejected { .. }
            | Self::NoEntry { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
