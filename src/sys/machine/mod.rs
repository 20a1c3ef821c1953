//! The machine record: what a desktop program does not tell hushpipe about this machine.
//!
//! A host started from a desktop hands on a PATH without the user's own folders, no locale and no proxy, and its
//! configuration can set any of them. So `init`, `sync` and `doctor --fix`, typed by a person, write down what a login
//! shell has (`capture`) and which runtimes there are (`interpreter`), and `run` reads that. The record belongs to the
//! user; one that another account could have written is refused. It holds no credential: of the shell's environment only
//! the variables of [`variable`] are read, and one that may have a password in it is named and not written down.

mod capture;
pub mod interpreter;
pub mod variable;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::env::OwnEnv;
use super::os;
use super::path::Paths;
use super::permission::{self, Insecure};
use super::private;
use crate::error::{Fault, Kind};
pub use interpreter::Interpreter;

/// What is true of this machine for this user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The PATH of the login shell.
    pub path: String,
    /// uv, which resolves and installs PyPI packages, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uv: Option<PathBuf>,
    /// Docker's command, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker: Option<PathBuf>,
    /// Names of the login shell's variables that may hold a password, and are therefore not in `variables`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
    /// The login shell's locale, proxies, certificate authorities and Docker settings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// The Node that the login shell starts; where it starts none, the newest of a version manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Interpreter>,
    /// The Python that the login shell starts; where it starts none, the newest of a version manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<Interpreter>,
    /// The other Nodes, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_nodes: Vec<Interpreter>,
    /// The other Pythons, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_pythons: Vec<Interpreter>,
}

impl Machine {
    /// Reads the record. `None` where none was written yet.
    ///
    /// # Errors
    /// It cannot be read, another account could have written it, or it does not read as a record.
    pub fn load(paths: &Paths) -> Result<Option<Self>, MachineError> {
        let path = Self::file(paths);
        let text = match permission::read_owned(&path) {
            Ok(text) => text,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        toml::from_str(&text).map(Some).map_err(|error: toml::de::Error| {
            let what = error.message().to_owned();
            MachineError::Malformed { path, what }
        })
    }

    /// Looks at the machine: asks the login shell for its PATH and the variables of [`variable`], and the runtimes for
    /// themselves. Takes as long as the user's shell start-up files do, 5 s at most, and as the slowest runtime, 5 s at
    /// most. Where the shell gives no answer, PATH is taken from our own environment.
    pub fn capture(env: &OwnEnv, paths: &Paths) -> Self {
        let shell = capture::of_login_shell(env, &paths.home);
        let own = env.var("PATH").unwrap_or_default();
        let path = shell.path.as_deref().map_or(own, OsStr::new);
        let (nodes, pythons) = std::thread::scope(|scope| {
            let nodes = scope.spawn(|| interpreter::find(&interpreter::NODE, path, paths));
            let pythons = interpreter::find(&interpreter::PYTHON, path, paths);
            (nodes.join().unwrap_or_default(), pythons)
        });
        Self {
            path: path.to_string_lossy().into_owned(),
            uv: find_anywhere("uv", path, paths),
            docker: find_anywhere("docker", path, paths),
            withheld: shell.withheld,
            variables: shell.variables,
            node: nodes.first,
            python: pythons.first,
            other_nodes: nodes.others,
            other_pythons: pythons.others,
        }
    }

    /// Writes the record.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn save(&self, paths: &Paths) -> Result<(), MachineError> {
        let path = Self::file(paths);
        let failed = |source| MachineError::Write { path: path.clone(), source };
        let text = toml::to_string(self).map_err(|error| failed(io::Error::other(error)))?;
        private::replace(&path, format!("{HEADER}{text}").as_bytes()).map_err(failed)
    }

    /// Where the record is.
    pub fn file(paths: &Paths) -> PathBuf {
        paths.state.join("machine.toml")
    }

    /// The Node of a version of one to three numbers: the login shell's if it is such a one, otherwise the newest.
    pub fn node_of(&self, version: &str) -> Option<&Interpreter> {
        let wanted: Vec<u64> = version.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        self.node.iter().chain(&self.other_nodes).find(|node| node.numbers().starts_with(&wanted))
    }

    /// A recorded variable of the login shell.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}

/// Finds a program in the folders of a PATH; relative folders are skipped, they would depend on who starts us where.
pub fn find_program(name: &str, path: &OsStr) -> Option<PathBuf> {
    programs(name, path).next()
}

/// Every program of this name on a PATH, in its order.
fn programs(name: &str, path: &OsStr) -> impl Iterator<Item = PathBuf> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(os::program_name(name)))
        .filter(|program| os::is_program(program))
}

/// Finds a program on a PATH or where its installer puts it, for users who never put that folder on their PATH.
fn find_anywhere(name: &str, path: &OsStr, paths: &Paths) -> Option<PathBuf> {
    const OF_HOME: [&str; 2] = [".local/bin", ".cargo/bin"];
    let of_home = OF_HOME.iter().map(|folder| paths.home.join(folder));
    let folders = of_home.chain(os::SHARED_FOLDERS.iter().map(PathBuf::from));
    let elsewhere = || std::env::join_paths(folders).ok();
    find_program(name, path).or_else(|| find_program(name, &elsewhere()?))
}

const HEADER: &str = "# What hushpipe knows about this machine. `hushpipe sync` writes this file and overwrites your changes.\n";
/// Why the machine record is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MachineError {
    /// It is not readable, or another account could have written it.
    #[error(transparent)]
    Insecure(#[from] Insecure),
    /// It does not read.
    #[error("cannot read the machine record `{}`: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// It could not be written.
    #[error("cannot write the machine record `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

impl Fault for MachineError {
    fn kind(&self) -> Kind {
        match self {
            Self::Insecure(error) => error.kind(),
            Self::Malformed { .. } => Kind::Config,
            Self::Write { .. } => Kind::Io,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Insecure(error) => error.hint(),
            Self::Malformed { .. } => Some("run `hushpipe doctor --fix` to write it again".into()),
            Self::Write { source, .. } => private::hint(source),
        }
    }
}

#[cfg(all(test, unix))]
#[expect(
    clippy::expect_used,
    reason = "a test fails by panicking; the exemption for tests misses helpers"
)]
mod tests;
