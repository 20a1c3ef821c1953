//! Why a server may not run, or what is recorded of it cannot be used.

use std::io;
use std::path::PathBuf;

use crate::error::{Fault, Kind};
use crate::sys::permission::{Insecure, quoted};
use crate::sys::private;

/// Why a server may not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Nobody has accepted it.
    #[error("server `{server}` comes from a project manifest that you have not trusted yet")]
    Untrusted {
        /// The server.
        server: String,
        /// The project manifest.
        manifest: PathBuf,
    },
    /// Its manifest entry is not the one that was accepted.
    #[error("the manifest entry of server `{server}` has changed since it was trusted")]
    EntryChanged {
        /// The server.
        server: String,
        /// The project manifest.
        manifest: PathBuf,
    },
    /// Its lock entry is not the one that was accepted.
    #[error("the lock entry of server `{server}` has changed since it was trusted")]
    LockChanged {
        /// The server.
        server: String,
        /// The project manifest.
        manifest: PathBuf,
    },
    /// The lock entry of a user's own server is not the one that `sync` installed.
    #[error("the lock entry of server `{server}` has changed since `hushpipe sync` installed it")]
    NotSynced {
        /// The server.
        server: String,
    },
    /// A record is not readable, or another account could have written it.
    #[error(transparent)]
    Insecure(#[from] Insecure),
    /// A record does not read.
    #[error("cannot read the trust record `{}`: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// The file system refused.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

impl Fault for TrustError {
    fn kind(&self) -> Kind {
        match self {
            Self::Insecure(error) => error.kind(),
            Self::Io { .. } => Kind::Io,
            _ => Kind::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Untrusted { server, manifest }
            | Self::EntryChanged { server, manifest }
            | Self::LockChanged { server, manifest } => Some(format!(
                "ask the user to read and accept it with `hushpipe trust {server} --manifest {}`",
                quoted(manifest)
            )),
            Self::NotSynced { .. } => Some(
                "ask the user to review the change in hushpipe.lock and to run `hushpipe sync`"
                    .into(),
            ),
            Self::Insecure(error) => error.hint(),
            Self::Malformed { path, .. } => Some(format!(
                "remove `{}`, then ask the user to run `hushpipe sync`, or `hushpipe trust` for a project",
                path.display()
            )),
            Self::Io { source, .. } => private::hint(source),
        }
    }
}
