//! The part of a lock entry that belongs to PyPI: every package of the closure, for all platforms.
//!
//! [`Locked::check`] holds whatever a lockfile says to the shape that uv gave it. An entry that passes can ask uv for
//! nothing but packages of an index, each with the SHA-256 of every file it may install.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Pin, PypiPackage};
use crate::runner::pairs;

/// A resolved package of PyPI with everything it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Locked {
    /// `name[extra,…]==version`, as the manifest says it.
    pub pypi: String,
    /// What the manifest installs beside it, each as `name[extra,…]==version`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
    /// The console script that the manifest chose, if it chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bin: Option<String>,
    /// The version of Python that the manifest chose, if it chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// What the manifest allows to be built from source, each as `name==version`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_sdist: Vec<String>,
    /// The Pythons that it was resolved for: a version, or specifiers as PEP 440 has them.
    pub python: String,
    /// The console script to run.
    pub entry: String,
    /// All packages, by `name==version`.
    pub packages: BTreeMap<String, LockedPackage>,
}

/// One package of a closure. Lists of pairs read `file sha256`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LockedPackage {
    /// Where it is needed, as an environment marker of PEP 508; everywhere if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// Its wheels.
    #[serde(with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub wheels: BTreeMap<String, String>,
    /// Its source distribution, for a package that may be built.
    #[serde(with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub sdist: BTreeMap<String, String>,
}

/// A lock entry says something that uv would not have been allowed to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// A key of the packages is not a package.
    #[error("`{0}` is not a package with its exact version")]
    Name(String),
    /// A marker is more than a marker.
    #[error("`{0}` has a marker that is not valid")]
    Marker(String),
    /// A package has a file without SHA-256, or no file.
    #[error("`{0}` has files without a sha256")]
    Hash(String),
    /// A package is to be built that the manifest does not name.
    #[error("`{0}` must be built from source, and the manifest does not allow that")]
    Sdist(String),
    /// A dependency is not of an index.
    #[error("it depends on `{0}`, which is not a package of an index")]
    Source(String),
    /// The package itself is not among the packages.
    #[error("`{0}` is not among its packages")]
    Absent(String),
    /// The entry point is not the name of a console script.
    #[error("entry point `{0}` is not the name of a program")]
    Entry(String),
    /// It is for no Python that can be asked for.
    #[error("`{0}` is not a Python version")]
    Python(String),
}

impl Locked {
    /// Holds this entry to what the module documentation says, for the package that the manifest names.
    ///
    /// # Errors
    /// The first thing that is not so.
    pub fn check(&self, package: &PypiPackage) -> Result<(), Rejected> {
        let found = |wanted: &Pin| self.packages.keys().any(|id| is(id, wanted));
        let mut wanted = std::iter::once(&package.main).chain(&package.with);
        if let Some(absent) = wanted.find(|wanted| !found(wanted)) {
            return Err(Rejected::Absent(absent.to_string()));
        }
        let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '/' | '\\' | ':');
        if self.entry.is_empty() || self.entry.starts_with(['.', '-']) || self.entry.contains(odd) {
            return Err(Rejected::Entry(self.entry.clone()));
        }
        let of_version = |c: char| c.is_ascii_alphanumeric() || "<>=!~.*,".contains(c);
        if self.python.is_empty() || !self.python.chars().all(of_version) {
            return Err(Rejected::Python(self.python.clone()));
        }
        for (id, locked) in &self.packages {
            check_package(id, locked)?;
            if !locked.sdist.is_empty() && !package.allow_sdist.iter().any(|pin| is(id, pin)) {
                return Err(Rejected::Sdist(id.clone()));
            }
        }
        Ok(())
    }

    /// Every file as the `name==version` of its package and its hash.
    pub fn closure(&self) -> impl Iterator<Item = (String, &str)> {
        self.packages.iter().flat_map(|(id, package)| {
            let hashes = package.wheels.values().chain(package.sdist.values());
            hashes.map(|hash| (id.clone(), hash.as_str()))
        })
    }

    /// The requirements that make uv install exactly this closure.
    pub(super) fn requirements(&self) -> String {
        let mut text = String::new();
        for (id, LockedPackage { marker, wheels, sdist }) in &self.packages {
            text.push_str(id);
            if let Some(marker) = marker {
                text.push_str(&format!(" ; {marker}"));
            }
            for hash in wheels.values().chain(sdist.values()) {
                text.push_str(&format!(" --hash=sha256:{hash}"));
            }
            text.push('\n');
        }
        text
    }
}

/// Whether a key of the packages is this package in this version.
pub(super) fn is(id: &str, wanted: &Pin) -> bool {
    id.parse().is_ok_and(|pin: Pin| pin.name == wanted.name && pin.version == wanted.version)
}

fn check_package(id: &str, package: &LockedPackage) -> Result<(), Rejected> {
    if !id.parse().is_ok_and(|pin: Pin| pin.extras.is_empty() && pin.to_string() == id) {
        return Err(Rejected::Name(id.to_owned()));
    }
    if !package.marker.as_deref().is_none_or(is_marker) {
        return Err(Rejected::Marker(id.to_owned()));
    }
    let is_sha256 = |hash: &String| {
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        hash.len() == 64 && hash.bytes().all(digit)
    };
    let mut hashes = package.wheels.values().chain(package.sdist.values()).peekable();
    match hashes.peek().is_some() && hashes.all(is_sha256) {
        true => Ok(()),
        false => Err(Rejected::Hash(id.to_owned())),
    }
}

/// Whether a text can stand for a marker in a line of requirements: nothing in it starts an option, a comment or a line.
fn is_marker(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " '\"()<>=!~.,*_+-".contains(c);
    text.chars().all(plain) && !text.contains(" -") && !text.starts_with('-')
}
