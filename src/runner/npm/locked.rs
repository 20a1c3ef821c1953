//! The part of a lock entry that belongs to npm: every package of the closure, for all platforms.
//!
//! [`Locked::check`] holds whatever a lockfile says to the shape that npm gave it. An entry that passes names no path
//! outside its install, no source but a registry and no package without a SHA-512, unless it is inside an archive that has
//! one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::runner::{NpmPackage, pairs};

/// A resolved npm package with everything it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// `name@version`, as the manifest says it.
    pub npm: String,
    /// The entry point that the manifest chose, if it chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bin: Option<String>,
    /// The file to run, below the install.
    pub entry: String,
    /// All packages, by where they stand below the install.
    pub packages: BTreeMap<String, LockedPackage>,
}

/// One package of a closure: what `npm ci` needs to know of it. Lists of pairs read `name value`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct LockedPackage {
    /// The name, where it is not the one in the path (an alias).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The exact version.
    pub version: String,
    /// The SHA-512 of the archive, as npm writes it; nothing for a package inside another one's archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
    /// It came inside the archive of the package above it.
    #[serde(skip_serializing_if = "is_false")]
    pub bundled: bool,
    /// Its absence is no failure.
    #[serde(skip_serializing_if = "is_false")]
    pub optional: bool,
    /// It is there only as a peer of another.
    #[serde(skip_serializing_if = "is_false")]
    pub peer: bool,
    /// It wants to run a script when it is installed, which never happens.
    #[serde(skip_serializing_if = "is_false")]
    pub install_script: bool,
    /// Operating systems it is for; all if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub os: Vec<String>,
    /// Processors it is for; all if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cpu: Vec<String>,
    /// C libraries it is for; all if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub libc: Vec<String>,
    /// Runtimes it asks for.
    #[serde(with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub engines: BTreeMap<String, String>,
    /// Its programs: name and file.
    #[serde(with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub bin: BTreeMap<String, String>,
    /// What it depends on: name and range.
    #[serde(with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: BTreeMap<String, String>,
    /// What it depends on where that can be had.
    #[serde(with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub optional_dependencies: BTreeMap<String, String>,
    /// Optional dependencies that the registry did not have when it was locked, such as the program for another platform.
    #[serde(with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub unavailable: BTreeMap<String, String>,
    /// Which of its dependencies are inside its own archive. npm fetches what this does not name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bundle_dependencies: Vec<String>,
    /// What it expects beside it.
    #[serde(with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub peer_dependencies: BTreeMap<String, String>,
    /// Which of those may be absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub optional_peers: Vec<String>,
}

/// A lock entry says something that npm would not have been allowed to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// A package stands somewhere else than below `node_modules`.
    #[error("`{0}` is not the path of a package")]
    Path(String),
    /// A version is not exact.
    #[error("`{0}` has no exact version")]
    Version(String),
    /// A package has no SHA-512.
    #[error("`{0}` has no sha512 integrity")]
    Integrity(String),
    /// A package has no SHA-512 and is in no archive that has one: npm would fetch it unchecked.
    #[error("`{0}` has no sha512 integrity, and no locked archive holds it")]
    NotHeld(String),
    /// A dependency is not of a registry.
    #[error("`{package}` depends on `{dependency}`, which is not a package of a registry")]
    Source {
        /// Who depends.
        package: String,
        /// `name@source`.
        dependency: String,
    },
    /// The package itself is not among the packages.
    #[error("`{0}` is not among its packages")]
    Absent(String),
    /// The entry point is not a file of the package.
    #[error("entry point `{0}` is not a file of the package")]
    Entry(String),
}

impl Locked {
    /// Holds this entry to what the module documentation says, for the package that the manifest names.
    ///
    /// # Errors
    /// The first thing that is not so.
    pub fn check(&self, package: &NpmPackage) -> Result<(), Rejected> {
        let place = format!("node_modules/{}", package.name);
        let version = package.version.to_string();
        let is_it = |found: &LockedPackage| found.version == version && found.name.is_none();
        if !self.packages.get(&place).is_some_and(is_it) {
            return Err(Rejected::Absent(self.npm.clone()));
        }
        let inside = self.entry.strip_prefix(&place).and_then(|rest| rest.strip_prefix('/'));
        if !inside.is_some_and(is_plain_path) {
            return Err(Rejected::Entry(self.entry.clone()));
        }
        self.packages.iter().try_for_each(|(path, package)| self.check_package(path, package))?;
        self.check_bundled()
    }

    /// Checks that every package without a hash of its own is inside an archive that has one.
    ///
    /// # Errors
    /// [`Rejected::NotHeld`].
    pub fn check_bundled(&self) -> Result<(), Rejected> {
        let held = self.held();
        let without = |package: &LockedPackage| package.integrity.is_none();
        let mut without = self.packages.iter().filter(|(_, package)| without(package));
        match without.find(|(path, _)| !held.contains(path.as_str())) {
            Some((path, _)) => Err(Rejected::NotHeld(path.clone())),
            None => Ok(()),
        }
    }

    /// The paths of the packages that are inside another one's archive: those that it names, what those depend on, and what
    /// stands below them, as long as it stands below the archive's own package (npm, `Node.getBundler` of arborist).
    fn held(&self) -> BTreeSet<&str> {
        let mut held = BTreeSet::new();
        let bundlers = self.packages.iter().filter(|(_, package)| {
            package.integrity.is_some() && !package.bundle_dependencies.is_empty()
        });
        for (bundler, package) in bundlers {
            let beside = |name: &str| format!("{bundler}/node_modules/{name}");
            let mut open: Vec<String> =
                package.bundle_dependencies.iter().map(|name| beside(name)).collect();
            while let Some(path) = open.pop() {
                let Some((path, _)) = self.packages.get_key_value(&path) else { continue };
                let inside = format!("{path}/");
                let below = self.packages.range(inside.clone()..);
                let below = below.take_while(|(path, _)| path.starts_with(&inside));
                for (path, package) in below.chain(self.packages.get_key_value(path)) {
                    if held.insert(path.as_str()) {
                        open.extend(package.edges().map(|(name, _)| beside(name)));
                    }
                }
            }
        }
        held
    }

    /// Packages that want to run a script when they are installed, as `name@version`.
    pub fn install_scripts(&self) -> Vec<String> {
        let wanting = self.packages.iter().filter(|(_, package)| package.install_script);
        wanting.map(|(path, package)| format!("{}@{}", name_in(path), package.version)).collect()
    }

    /// Moves the optional dependencies that npm found nowhere from `optional_dependencies` to `unavailable`: `npm ci` refuses a
    /// lock that names a dependency and does not hold it.
    pub(super) fn set_unavailable_apart(packages: &mut BTreeMap<String, LockedPackage>) {
        let paths: BTreeSet<String> = packages.keys().cloned().collect();
        for (path, package) in packages {
            let missing = |name: &str| !places_of(path, name).any(|place| paths.contains(&place));
            let apart = package.optional_dependencies.extract_if(.., |name, _| missing(name));
            package.unavailable.extend(apart);
        }
    }

    /// Optional dependencies that the registry did not have, as `name@version`.
    pub fn unavailable(&self) -> Vec<String> {
        let all = self.packages.values().flat_map(|package| &package.unavailable);
        all.map(|(name, wanted)| format!("{name}@{wanted}")).collect()
    }

    /// Every package as `name@version`, with its hash where it has one of its own.
    pub fn closure(&self) -> impl Iterator<Item = (String, &str)> {
        self.packages.iter().map(|(path, package)| {
            let name = package.name.as_deref().unwrap_or(name_in(path));
            let hash = package.integrity.as_deref().unwrap_or_default();
            (format!("{name}@{}", package.version), hash)
        })
    }

    fn check_package(&self, path: &str, package: &LockedPackage) -> Result<(), Rejected> {
        let name_is_fine = package.name.as_deref().is_none_or(NpmPackage::is_name);
        if !is_package_path(path) || !name_is_fine {
            return Err(Rejected::Path(path.to_owned()));
        }
        if semver::Version::parse(&package.version).is_err() {
            return Err(Rejected::Version(path.to_owned()));
        }
        match &package.integrity {
            Some(integrity) if is_sha512(integrity) => {}
            None if package.bundled => {}
            _ => return Err(Rejected::Integrity(path.to_owned())),
        }
        for (name, wanted) in package.edges() {
            // An optional peer that is not installed may name any source: nothing is fetched for it.
            if !is_registry_source(wanted) && self.holds(name) {
                let dependency = format!("{name}@{wanted}");
                return Err(Rejected::Source { package: path.to_owned(), dependency });
            }
        }
        Ok(())
    }

    fn holds(&self, name: &str) -> bool {
        self.packages.keys().any(|path| name_in(path) == name)
    }
}

impl LockedPackage {
    /// Everything that it depends on or expects beside it: name and range.
    pub(super) fn edges(&self) -> impl Iterator<Item = (&String, &String)> {
        let edges = [
            &self.dependencies,
            &self.optional_dependencies,
            &self.peer_dependencies,
            &self.unavailable,
        ];
        edges.into_iter().flatten()
    }
}

/// Where Node looks for a package named by the package at `path`: below it, then beside it and beside each one above.
fn places_of<'a>(path: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let mut folder = Some(path);
    std::iter::from_fn(move || {
        let here = folder?;
        folder = here.rfind("node_modules/").map(|at| here[..at].trim_end_matches('/'));
        Some(format!("{here}/node_modules/{name}").trim_start_matches('/').to_owned())
    })
}

/// The name at the end of a package's path.
pub(super) fn name_in(path: &str) -> &str {
    path.rsplit_once("node_modules/").map_or(path, |(_, name)| name)
}

/// Whether a wanted version means a package of a registry: a range, a tag, or an alias for one.
fn is_registry_source(wanted: &str) -> bool {
    let wanted = match wanted.strip_prefix("npm:") {
        Some(alias) => alias.rsplit_once('@').map_or("", |(_, range)| range),
        None => wanted,
    };
    !wanted.contains([':', '/'])
}

fn is_sha512(integrity: &str) -> bool {
    let base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    integrity
        .strip_prefix("sha512-")
        .and_then(|hash| hash.strip_suffix("=="))
        .is_some_and(|hash| hash.len() == 86 && hash.chars().all(base64))
}

/// `node_modules/<name>`, once or nested.
fn is_package_path(path: &str) -> bool {
    let Some(path) = path.strip_prefix("node_modules/") else { return false };
    path.split("/node_modules/").all(NpmPackage::is_name)
}

/// A path that goes down only.
fn is_plain_path(path: &str) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, '\\' | ':');
    !path.contains(odd) && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}
