//! One `[servers.<name>]` entry as a type that cannot be wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::argument::Argument;
use super::find::LOCK_NAME;
use crate::launch::env::EnvSettings;
use crate::redact::settings::Settings;
use crate::runner::{NpmPackage, Package};
use crate::secret::SecretRequest;

/// Which manifest an entry came from; decides what it may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// `<config dir>/hushpipe.toml`: may ask for anything.
    User,
    /// Named by `--project`, `--manifest` or `HUSHPIPE_MANIFEST`: may tighten, never loosen.
    Project,
}

/// Where the server's working directory is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cwd {
    /// The directory the client started us in.
    #[default]
    Client,
    /// This absolute path.
    Path(PathBuf),
}

/// Which runtime the manifest chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuntimeChoice {
    /// The program at this absolute path.
    Path(PathBuf),
    /// One of this version: a Python such as `3.12`, which the lock entry has too, or a Node such as `22`, which the
    /// machine record has.
    Version(String),
}

impl RuntimeChoice {
    /// The path, where that is what was chosen.
    pub fn path(&self) -> Option<&PathBuf> {
        match self {
            Self::Path(path) => Some(path),
            Self::Version(_) => None,
        }
    }

    /// The version, where that is what was chosen.
    pub fn version(&self) -> Option<&str> {
        match self {
            Self::Path(_) => None,
            Self::Version(version) => Some(version),
        }
    }
}

/// How an install is checked at launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Integrity {
    /// By inode, size and times; files whose figures differ are hashed.
    #[default]
    Fast,
    /// By hashing every file.
    Full,
}

/// One server of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The name, `[A-Za-z0-9._-]{1,64}`.
    pub name: String,
    /// Which manifest it came from.
    pub level: Level,
    /// The path of that manifest, as it was named.
    pub manifest: PathBuf,
    /// The file that this path led to when it was read.
    pub resolved: PathBuf,
    /// What it starts.
    pub package: Package,
    /// Packages of npm whose install scripts run when it is installed.
    pub allow_scripts: Vec<NpmPackage>,
    /// Which of the package's entry points, where it has several.
    pub bin: Option<String>,
    /// The runtime to use instead of the machine's own.
    pub runtime: Option<RuntimeChoice>,
    /// Arguments behind the entry point, or behind the program of a `command`.
    pub args: Vec<Argument>,
    /// Where it runs.
    pub cwd: Cwd,
    /// From TERM to KILL when the server is asked to stop with nothing in flight.
    pub grace: Duration,
    /// How long answers in flight are waited for after the client closed its end.
    pub drain: Duration,
    /// The largest frame relayed, in bytes, in either direction.
    pub frame_limit: usize,
    /// How the install is checked at launch.
    pub integrity: Integrity,
    /// What it asks of the stores, the chosen profile applied.
    pub secrets: Vec<SecretRequest>,
    /// What it asks by itself (`None`) and what each profile puts in its place, chosen or not.
    pub requests: BTreeMap<Option<String>, Vec<SecretRequest>>,
    /// What else its environment holds.
    pub env: EnvSettings,
    /// What is withheld of what it says, and what is done with what the client sends it.
    pub redact: Settings,
}

impl Server {
    /// The lockfile that pins it: beside its manifest.
    pub fn lock_path(&self) -> PathBuf {
        self.manifest.with_file_name(LOCK_NAME)
    }
}
