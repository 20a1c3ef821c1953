//! `pylock.toml` (PEP 751): reading what uv resolved.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Table;

use super::locked::{LockedPackage, Rejected};

#[derive(Deserialize)]
struct PylockFile {
    #[serde(default)]
    packages: Vec<PylockEntry>,
}

/// A package in uv's file. Addresses are read only to be judged: they name the index's host.
#[derive(Deserialize)]
struct PylockEntry {
    name: String,
    version: Option<String>,
    marker: Option<String>,
    #[serde(default)]
    wheels: Vec<Artifact>,
    sdist: Option<Artifact>,
    vcs: Option<Table>,
    directory: Option<Table>,
    archive: Option<Table>,
}

#[derive(Deserialize)]
struct Artifact {
    name: Option<String>,
    url: Option<String>,
    path: Option<String>,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

/// Why uv's file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum Unusable {
    /// It is not what PEP 751 says.
    #[error(transparent)]
    Format(#[from] toml::de::Error),
    /// It holds what is not accepted.
    #[error(transparent)]
    Rejected(#[from] Rejected),
}

/// The packages that uv resolved, by `name==version`. A source distribution is kept where `from_source` allows it.
pub(super) fn read(
    text: &str,
    from_source: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, LockedPackage>, Unusable> {
    let file: PylockFile = toml::from_str(text)?;
    let mut packages = BTreeMap::new();
    for entry in file.packages {
        let foreign = entry.vcs.is_some() || entry.directory.is_some() || entry.archive.is_some();
        let Some(version) = entry.version.filter(|_| !foreign) else {
            return Err(Rejected::Source(entry.name).into());
        };
        let id = format!("{}=={version}", entry.name);
        let sdist = entry.sdist.filter(|_| from_source(&id));
        let package = LockedPackage {
            marker: entry.marker,
            wheels: artifacts(&id, entry.wheels)?,
            sdist: artifacts(&id, sdist)?,
        };
        packages.insert(id, package);
    }
    Ok(packages)
}

/// File names and hashes.
fn artifacts(
    package: &str,
    artifacts: impl IntoIterator<Item = Artifact>,
) -> Result<BTreeMap<String, String>, Rejected> {
    let file = |artifact: Artifact| {
        let place = artifact.name.or(artifact.url).or(artifact.path).unwrap_or_default();
        let name = place.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        match artifact.hashes.get("sha256") {
            Some(hash) => Ok((name, hash.clone())),
            None => Err(Rejected::Hash(package.to_owned())),
        }
    };
    artifacts.into_iter().map(file).collect()
}
