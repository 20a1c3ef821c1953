//! Package runners: what a manifest may name as a server's program, and how each is locked and installed.
//!
//! Each runner turns a package into files on disk and then into a program and its first arguments. Resolution and
//! installation belong to the package managers themselves; a runner calls them, records what they chose, and never
//! resolves anything at launch.

mod error;
pub mod npm;
mod pairs;
pub mod pypi;
mod refusal;
mod tool;

use std::fmt;
use std::path::PathBuf;

pub use error::RunnerError;
pub use pypi::PypiPackage;
pub use refusal::{Refusal, What};

use crate::sys::permission::quoted;

/// What a manifest entry starts: exactly one of `npm`, `pypi`, `binary`, `command`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Package {
    /// A pinned package of the npm registry.
    Npm(NpmPackage),
    /// A pinned package of PyPI.
    Pypi(PypiPackage),
    /// An executable with a known digest.
    Binary(BinaryPackage),
    /// One's own program, by its absolute path or its name; not pinned, user manifest only.
    Command(String),
}

/// How far a run of a package manager is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Packages fetched, or looked up, so far.
    pub done: usize,
    /// How many there are, where that is known.
    pub total: Option<usize>,
}

/// `name@version`, the version exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpmPackage {
    /// The package's name, its scope included.
    pub name: String,
    /// The exact version.
    pub version: semver::Version,
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Npm(package) => write!(f, "npm {package}"),
            Self::Pypi(package) => write!(f, "pypi {package}"),
            Self::Binary(binary) => write!(f, "binary {}", quoted(&binary.path)),
            Self::Command(program) => write!(f, "command {program}"),
        }
    }
}

impl NpmPackage {
    /// Whether `text` can be the name of a package, its scope included, as the registry has them: URL-safe, and no part
    /// starts with a dot.
    pub fn is_name(text: &str) -> bool {
        let is_part = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-".contains(&b))
        };
        let parts = match text.strip_prefix('@') {
            Some(scoped) => scoped.split_once('/').is_some_and(|(s, n)| is_part(s) && is_part(n)),
            None => is_part(text) && !text.starts_with('_'),
        };
        parts && text.len() <= 214 && !matches!(text, "node_modules" | "favicon.ico")
    }
}

impl fmt::Display for NpmPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

/// An executable file and the digest it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryPackage {
    /// The absolute path.
    pub path: PathBuf,
    /// The SHA-256 of the file, 64 lower-case hex digits.
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_npm_packages() {
        for name in ["mcp", "@a/b.c", "JSONStream", "a~b"] {
            assert!(NpmPackage::is_name(name), "{name}");
        }
        for name in ["", "@a", "@a/", "@/b", "a/b", ".a", "_a", "@a/.b", "@a/b/c", "node_modules"] {
            assert!(!NpmPackage::is_name(name), "{name}");
        }
    }
}
