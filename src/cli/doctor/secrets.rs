//! The stores of secrets: whether each answers, and lets us in where it asks our identity. No secret is fetched; names
//! are listed and not shown.

use std::collections::BTreeMap;

use super::Inputs;
use super::finding::{Area, DoctorFinding, Severity};
use crate::cli::fetch::log_in_once;
use crate::cli::secret::storing;
use crate::manifest::{Manifest, Server};
use crate::provider::{Failure, Login, Provider, Providers, WritableStore};
use crate::sys::clock;
use crate::trust::Ledger;

/// Asks every store that hushpipe can store into, and logs in to every provider that a server needs.
pub(super) fn examine(inputs: &Inputs<'_>) -> Vec<DoctorFinding> {
    let none = BTreeMap::new();
    let named = inputs.manifest.map_or(&none, |manifest| &manifest.providers);
    let providers = Providers::new(named, &inputs.context.env, inputs.paths);
    let ledger = Ledger::of(inputs.paths);
    let users_of = |scheme: &str| {
        inputs.manifest.map(|manifest| users(manifest, scheme, &ledger)).unwrap_or_default()
    };
    let answer = |(scheme, provider): (String, Box<dyn Provider + '_>)| {
        Some(of_store(&scheme, provider.keeper()?, &users_of(&scheme)))
    };
    let mut findings: Vec<DoctorFinding> = storing(providers).filter_map(answer).collect();
    let remote = providers.schemes().filter(|scheme| providers.is_remote(scheme));
    let needed: Vec<&str> = remote.filter(|scheme| !users_of(scheme).is_empty()).collect();
    match log_in_once(&needed, providers, &inputs.context.out) {
        Ok(logins) => {
            let logins = needed.into_iter().zip(logins);
            findings.extend(
                logins.flat_map(|(scheme, login)| of_login(scheme, login, &users_of(scheme))),
            );
        }
        Err(error) => findings.push(DoctorFinding::of(Area::Secrets, &error.into())),
    }
    findings
}

fn of_store(scheme: &str, keeper: &dyn WritableStore, users: &[&str]) -> DoctorFinding {
    match keeper.reach().and_then(|()| keeper.list()) {
        Ok(kept) => {
            DoctorFinding::ok(Area::Secrets, format!("`{scheme}` answers, {} stored", kept.len()))
        }
        Err(failure) => {
            let mut finding = DoctorFinding::of(Area::Secrets, &failure.into()).about(scheme);
            match users {
                // A server or a container has no keychain, and nothing is wrong with that.
                [] => {
                    finding.level = Severity::Ok;
                    finding.what = format!("no server needs `{scheme}`, and {}", finding.what);
                }
                users => finding.what.push_str(&needed_by(users)),
            }
            finding
        }
    }
}

/// What became of a login, and what else the person should know of it.
fn of_login(scheme: &str, login: Result<Login, Failure>, users: &[&str]) -> Vec<DoctorFinding> {
    match login {
        Ok(Login { identity, lasts, warning }) => {
            let identity = identity.map(|identity| format!(" as {identity}"));
            let lasts = lasts.map(|lasts| format!(", for {}", clock::rough(lasts)));
            let said: String = identity.into_iter().chain(lasts).collect();
            let ok =
                DoctorFinding::ok(Area::Secrets, format!("`{scheme}` accepts our login{said}"));
            let warning =
                warning.map(|warning| DoctorFinding::warn(Area::Secrets, warning).about(scheme));
            std::iter::once(ok).chain(warning).collect()
        }
        Err(failure) => {
            let mut finding = DoctorFinding::of(Area::Secrets, &failure.into()).about(scheme);
            finding.what.push_str(&needed_by(users));
            vec![finding]
        }
    }
}

fn needed_by(users: &[&str]) -> String {
    format!(", and `{}` need it", users.join("`, `"))
}

/// The servers that have a secret there. A project that nobody has trusted has no say in who is logged in to.
fn users<'a>(manifest: &'a Manifest, scheme: &str, ledger: &Ledger) -> Vec<&'a str> {
    let uses = |server: &&Server| {
        let asks = server.secrets.iter().any(|secret| secret.reference.provider == scheme);
        asks && server.allow(ledger).is_ok()
    };
    manifest.servers.values().filter(uses).map(|server| server.name.as_str()).collect()
}
