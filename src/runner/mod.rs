//! Package runners: what a manifest may name as a server's program, and how each is locked and installed.
//!
//! Each runner turns a package into files on disk and then into a program and its first arguments. Resolution and
//! installation belong to the package managers themselves; a runner calls them, records what they chose, and never
//! resolves anything at launch.

pub mod npm;

use std::fmt;
use std::path::PathBuf;

/// What a manifest entry starts: exactly one of `npm`, `binary`, `command`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Package {
    /// A pinned package of the npm registry.
    Npm(NpmPackage),
    /// An executable with a known digest.
    Binary(BinaryPackage),
    /// One's own code: an argument vector, not pinned, user manifest only.
    Command(Vec<String>),
}

/// `name@version`, the version exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpmPackage {
    /// The package's name, its scope included.
    pub name: String,
    /// The exact version.
    pub version: semver::Version,
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
