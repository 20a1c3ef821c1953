//! `package-lock.json`, version 3: reading what npm resolved, writing what `npm ci` is to install.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::locked::{Locked, LockedPackage, Rejected};
use crate::runner::NpmPackage;

/// A package in npm's file. What npm wrote as `resolved` is only judged and never kept: it names the registry's host.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PackageLockEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integrity: Option<String>,
    #[serde(skip_serializing)]
    link: bool,
    #[serde(skip_serializing)]
    extraneous: bool,
    #[serde(skip_serializing_if = "is_false")]
    in_bundle: bool,
    #[serde(skip_serializing_if = "is_false")]
    optional: bool,
    #[serde(skip_serializing_if = "is_false")]
    peer: bool,
    #[serde(skip_serializing_if = "is_false")]
    has_install_script: bool,
    #[serde(skip_serializing_if = "Value::is_null")]
    os: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    cpu: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    libc: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    engines: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    bin: Value,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    dependencies: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    optional_dependencies: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Value::is_null")]
    bundle_dependencies: Value,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    peer_dependencies: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    peer_dependencies_meta: BTreeMap<String, PeerMeta>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct PeerMeta {
    optional: bool,
}

/// Why npm's file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum Unusable {
    /// It is not what version 3 of the format says.
    #[error(transparent)]
    Format(#[from] serde_json::Error),
    /// It holds what is not accepted.
    #[error(transparent)]
    Rejected(#[from] Rejected),
}

/// The packages that npm resolved, by path, without the registry's host.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, LockedPackage>, Unusable> {
    #[derive(Deserialize)]
    struct PackageLockFile {
        packages: BTreeMap<String, PackageLockEntry>,
    }
    let file: PackageLockFile = serde_json::from_str(text)?;
    let mut packages = BTreeMap::new();
    for (path, entry) in file.packages {
        // The first is the folder itself; `npm ci` does not install what npm found to be left over.
        if path.is_empty() || entry.extraneous {
            continue;
        }
        let from_registry =
            |source: &str| source.starts_with("https://") || source.starts_with("http://");
        match entry.resolved {
            Some(source) if !from_registry(&source) => {
                return Err(Rejected::Source { package: path, dependency: source }.into());
            }
            _ if entry.link => return Err(Rejected::Path(path).into()),
            _ => packages.insert(path, entry.into()),
        };
    }
    Ok(packages)
}

/// The `package.json` that asks for a package and nothing else.
pub(super) fn package_json(package: &NpmPackage) -> String {
    let file = json!({
        "name": "install",
        "private": true,
        "dependencies": { &package.name: package.version.to_string() },
    });
    format!("{file:#}\n")
}

/// The `package-lock.json` that makes `npm ci` install exactly this closure.
pub(super) fn write(package: &NpmPackage, locked: &Locked) -> Result<String, serde_json::Error> {
    let mut packages = serde_json::Map::new();
    let dependencies = json!({ &package.name: package.version.to_string() });
    packages.insert(String::new(), json!({ "name": "install", "dependencies": dependencies }));
    for (path, package) in &locked.packages {
        packages.insert(path.clone(), serde_json::to_value(PackageLockEntry::from(package))?);
    }
    let file =
        json!({ "name": "install", "lockfileVersion": 3, "requires": true, "packages": packages });
    Ok(format!("{file:#}\n"))
}

impl From<PackageLockEntry> for LockedPackage {
    fn from(entry: PackageLockEntry) -> Self {
        let optional = |(name, meta): (String, PeerMeta)| meta.optional.then_some(name);
        Self {
            name: entry.name,
            version: entry.version,
            integrity: entry.integrity.map(strongest),
            bundled: entry.in_bundle,
            optional: entry.optional,
            peer: entry.peer,
            install_script: entry.has_install_script,
            os: list(entry.os),
            cpu: list(entry.cpu),
            libc: list(entry.libc),
            engines: map(entry.engines),
            bin: map(entry.bin),
            unavailable: BTreeMap::new(),
            bundle_dependencies: match entry.bundle_dependencies {
                // All of them.
                Value::Bool(true) => entry.dependencies.keys().cloned().collect(),
                named => list(named),
            },
            dependencies: entry.dependencies,
            optional_dependencies: entry.optional_dependencies,
            peer_dependencies: entry.peer_dependencies,
            optional_peers: entry.peer_dependencies_meta.into_iter().filter_map(optional).collect(),
        }
    }
}

impl From<&LockedPackage> for PackageLockEntry {
    fn from(package: &LockedPackage) -> Self {
        let list = |list: &Vec<String>| if list.is_empty() { Value::Null } else { json!(list) };
        let map = |map: &BTreeMap<String, String>| {
            if map.is_empty() { Value::Null } else { json!(map) }
        };
        let peer = |name: &String| (name.clone(), PeerMeta { optional: true });
        Self {
            name: package.name.clone(),
            version: package.version.clone(),
            // npm takes it out of the archive above it. Should it find a reason to fetch it, it may not: this is an address
            // that `--allow-remote=none` refuses, and that can never exist (RFC 6761, "invalid.").
            resolved: package.integrity.is_none().then(|| NOWHERE.to_owned()),
            integrity: package.integrity.clone(),
            in_bundle: package.bundled,
            bundle_dependencies: list(&package.bundle_dependencies),
            optional: package.optional,
            peer: package.peer,
            has_install_script: package.install_script,
            os: list(&package.os),
            cpu: list(&package.cpu),
            libc: list(&package.libc),
            engines: map(&package.engines),
            bin: map(&package.bin),
            dependencies: package.dependencies.clone(),
            optional_dependencies: package.optional_dependencies.clone(),
            peer_dependencies: package.peer_dependencies.clone(),
            peer_dependencies_meta: package.optional_peers.iter().map(peer).collect(),
            ..Self::default()
        }
    }
}

const NOWHERE: &str = "https://bundled.invalid/package.tgz";

/// The SHA-512 of an integrity that may name several hashes.
fn strongest(integrity: String) -> String {
    let sha512 = integrity.split_whitespace().find(|hash| hash.starts_with("sha512-"));
    sha512.map(str::to_owned).unwrap_or(integrity)
}

/// Old packages write one word where a list belongs.
fn list(value: Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(many) => many.into_iter().filter_map(text).collect(),
        _ => Vec::new(),
    }
}

/// Old packages write a list of words for their engines, which says nothing that `npm ci` acts on.
fn map(value: Value) -> BTreeMap<String, String> {
    let Value::Object(object) = value else { return BTreeMap::new() };
    object.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect()
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}
