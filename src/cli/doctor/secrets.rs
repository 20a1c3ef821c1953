//! The stores of secrets: whether each answers. Nothing is fetched; names are listed and not shown.

use std::collections::BTreeMap;

use super::Patient;
use super::finding::{Area, Finding, Level};
use crate::cli::secret::storing;
use crate::manifest::{Manifest, Server};
use crate::provider::{Keeper, Provider, Providers};

/// Asks every store that hushpipe can store into.
pub(super) fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let none = BTreeMap::new();
    let named = patient.manifest.map_or(&none, |manifest| &manifest.providers);
    let providers = Providers::new(named, &patient.context.env, patient.paths);
    let answer = |(scheme, provider): (String, Box<dyn Provider + '_>)| {
        let users = patient.manifest.map(|manifest| users(manifest, &scheme)).unwrap_or_default();
        Some(of_store(&scheme, provider.keeper()?, &users))
    };
    storing(providers).filter_map(answer).collect()
}

fn of_store(scheme: &str, keeper: &dyn Keeper, users: &[&str]) -> Finding {
    match keeper.list() {
        Ok(kept) => {
            Finding::ok(Area::Secrets, format!("`{scheme}` answers, {} stored", kept.len()))
        }
        Err(failure) => {
            let mut finding = Finding::of(Area::Secrets, &failure.into()).about(scheme);
            match users {
                [] => finding.level = Level::Warn,
                users => finding.what.push_str(&format!(", and `{}` need it", users.join("`, `"))),
            }
            finding
        }
    }
}

/// The servers that have a secret there.
fn users<'a>(manifest: &'a Manifest, scheme: &str) -> Vec<&'a str> {
    let uses =
        |server: &&Server| server.secrets.iter().any(|secret| secret.reference.provider == scheme);
    manifest.servers.values().filter(uses).map(|server| server.name.as_str()).collect()
}
