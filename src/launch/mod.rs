//! Starting the server: its environment, the files that carry secrets, its process and how that is ended.

pub mod env;
pub mod file;
pub mod loader;
pub mod preset;
pub mod process;

use crate::error::{Fault, Kind};

/// Why the server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// The program does not exist.
    #[error("program `{program}` was not found")]
    ProgramNotFound {
        /// Its path.
        program: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The program exists and cannot be executed.
    #[error("program `{program}` cannot be run")]
    NotRunnable {
        /// Its path.
        program: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The working directory of the manifest does not exist.
    #[error("working directory `{cwd}` of server `{server}` is not a folder")]
    NoWorkingDirectory {
        /// The server.
        server: String,
        /// The directory.
        cwd: String,
    },
    /// A secret could not be put where the server reads it.
    #[error("could not deliver secret `{variable}` to server `{server}`")]
    Delivery {
        /// The server.
        server: String,
        /// The variable.
        variable: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The operating system refused something else.
    #[error("server `{server}` could not be started")]
    System {
        /// The server.
        server: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl Fault for LaunchError {
    fn kind(&self) -> Kind {
        match self {
            Self::ProgramNotFound { .. } => Kind::NotFound,
            Self::NotRunnable { .. } => Kind::NotRunnable,
            Self::NoWorkingDirectory { .. } => Kind::Config,
            Self::Delivery { .. } => Kind::Io,
            Self::System { .. } => Kind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::ProgramNotFound { .. } => Some("run `hushpipe sync` to find it again".into()),
            Self::NoWorkingDirectory { server, .. } => {
                Some(format!("make the folder, or change `cwd` of `[servers.{server}]`"))
            }
            _ => None,
        }
    }
}
