//! Where hushpipe keeps its files.
//!
//! `~/.config/hushpipe`, `~/.local/share/hushpipe`, `~/.local/state/hushpipe` on Linux and macOS; `%APPDATA%\hushpipe` and
//! `%LOCALAPPDATA%\hushpipe` on Windows. XDG variables are ignored in every verb, so that what `init` writes is what
//! `run` reads whoever started it; `HOME` is honoured (who can set it could as well set `command`).

use std::path::{Path, PathBuf};

use crate::error::{Fault, Kind};
use crate::sys::env::OwnEnv;
use crate::sys::os;

/// The folders of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The user's home folder.
    pub home: PathBuf,
    /// Holds `hushpipe.toml` and `hushpipe.lock` of the user.
    pub config: PathBuf,
    /// Holds the package store and the `local` secret store.
    pub data: PathBuf,
    /// Holds receipts and the machine record.
    pub state: PathBuf,
}

impl Paths {
    /// The folders of the user we run as: from `HOME`, or from the user database where it is not set.
    pub fn of_user(env: &OwnEnv) -> Result<Self, NoHome> {
        os::user_paths(env).ok_or(NoHome)
    }

    /// The folders below a home on Linux and macOS.
    pub fn below(home: &Path) -> Self {
        Self {
            home: home.to_owned(),
            config: home.join(".config/hushpipe"),
            data: home.join(".local/share/hushpipe"),
            state: home.join(".local/state/hushpipe"),
        }
    }

    /// The user manifest.
    pub fn manifest(&self) -> PathBuf {
        self.config.join("hushpipe.toml")
    }
}

/// There is no home folder to work in.
#[derive(Debug, thiserror::Error)]
#[error("there is no home folder: HOME is not set, and the user database has no entry")]
pub struct NoHome;

impl Fault for NoHome {
    fn kind(&self) -> Kind {
        Kind::Config
    }

    fn hint(&self) -> Option<String> {
        Some("set HOME to the folder that contains `.config/hushpipe`".into())
    }
}
