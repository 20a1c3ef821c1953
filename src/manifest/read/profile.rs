//! `[profiles.<profile>.<server>]`: other references for a server's secrets, chosen with `--profile`.
//!
//! A profile only overrides: its servers and its variables stand in the same manifest already, so that what a server
//! gets is always told by its own entry. Every profile is checked, chosen or not.

use std::collections::BTreeMap;

use toml::Spanned;

use super::super::error::Mistake;
use super::super::names::nearest;
use super::super::server::Server;
use super::super::table::Secrets;
use super::{Around, Mistakes, Reader, secrets};

/// The profiles of a manifest: profile, then server, then secrets.
type Profiles = BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Secrets>>;

/// Checks every profile and puts the references of the chosen one in place.
pub(super) fn apply(
    profiles: Profiles,
    chosen: Option<&str>,
    servers: &mut BTreeMap<String, Server>,
    around: Around<'_>,
    findings: &mut Mistakes,
) {
    for (profile, overrides) in profiles {
        for (name, table) in overrides {
            let names = servers.keys().map(String::as_str);
            let closest = nearest(name.get_ref(), names).map(str::to_owned);
            let is_chosen = chosen == Some(profile.get_ref().as_str());
            match servers.get_mut(name.get_ref()) {
                Some(server) => over(&profile, server, table, is_chosen, around, findings),
                None => findings.add(name.span(), missing(&profile, "server", &name, closest)),
            }
        }
    }
}

/// One `[profiles.<profile>.<server>]`.
fn over(
    profile: &Spanned<String>,
    server: &mut Server,
    table: Secrets,
    is_chosen: bool,
    around: Around<'_>,
    findings: &mut Mistakes,
) {
    for key in table.keys() {
        let variables = secrets::variables(key.get_ref());
        if !server.secrets.iter().any(|secret| secret.variables == variables) {
            let known = server.secrets.iter().map(|secret| secret.variables.join(","));
            let known: Vec<String> = known.collect();
            let closest = nearest(key.get_ref(), known.iter().map(String::as_str));
            let mistake = missing(profile, "secret", key, closest.map(str::to_owned));
            findings.add(key.span(), mistake);
        }
    }
    let dangerously_pass = &server.env.dangerously_pass;
    let requests = secrets::requests(table, &mut Reader { around, findings, dangerously_pass });
    for request in requests.iter().filter(|_| is_chosen) {
        if let Some(base) =
            server.secrets.iter_mut().find(|secret| secret.variables == request.variables)
        {
            *base = request.clone();
        }
    }
    server.requests.insert(Some(profile.get_ref().clone()), requests);
}

fn missing(
    profile: &Spanned<String>,
    what: &'static str,
    name: &Spanned<String>,
    nearest: Option<String>,
) -> Mistake {
    let (profile, name) = (profile.get_ref().clone(), name.get_ref().clone());
    Mistake::Overrides { profile, what, name, nearest }
}
