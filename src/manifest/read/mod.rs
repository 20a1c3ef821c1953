//! From a manifest's text to servers that cannot be wrong.
//!
//! First TOML, then the keys and types of `table.rs`, where the first mistake ends the reading; then the meaning, where
//! every mistake is found and reported together. A key that the design has and this version lacks is an error that says
//! so: nothing is accepted and then ignored.

mod env;
mod package;
mod profile;
mod secrets;
mod setting;
mod structure;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use super::error::{Error, Mistake};
use super::server::{Level, Server};
use super::source::Source;
use super::{names, table};
use crate::provider::ProviderConfig;

/// From TERM to KILL where the manifest does not say: hosts give two seconds before they kill hushpipe itself.
const GRACE: Duration = Duration::from_millis(1500);

/// How long answers under way are waited for where the manifest does not say.
const DRAIN: Duration = Duration::from_secs(30);

/// The largest frame where the manifest does not say, in bytes.
const FRAME_LIMIT: usize = 64 * 1024 * 1024;

/// What one manifest says.
#[derive(Debug)]
pub(super) struct Contents {
    /// Its `[providers.*]`.
    pub(super) providers: BTreeMap<String, ProviderConfig>,
    /// Its servers, the chosen profile applied.
    pub(super) servers: BTreeMap<String, Server>,
    /// The names of its profiles.
    pub(super) profiles: Vec<String>,
}

/// Reads a manifest. `profile` chooses among its profiles; one that this manifest does not have changes nothing here.
pub(super) fn contents(
    source: &Source,
    level: Level,
    profile: Option<&str>,
) -> Result<Contents, Error> {
    let document = structure::document(source)?;
    let mut findings = Findings::default();
    if let (Level::Project, Some(first)) = (level, document.providers.keys().next()) {
        findings.add(first.span(), Mistake::UserOnly("`providers`".into()));
    }
    let mut servers = BTreeMap::new();
    for (name, table) in document.servers {
        if let Some(server) = server(name, table, source, level, &mut findings) {
            servers.insert(server.name.clone(), server);
        }
    }
    let profiles = document.profiles.keys().map(|name| name.get_ref().clone()).collect();
    // A server that could not be read is not one that a profile invents.
    if findings.0.is_empty() {
        profile::apply(document.profiles, profile, &mut servers, level, &mut findings);
    }
    findings.into_result(source)?;
    let providers = document.providers.into_iter();
    let providers = providers.map(|(name, table)| (name.into_inner(), table.into_inner()));
    Ok(Contents { providers: providers.collect(), servers, profiles })
}

/// One `[servers.<name>]`; `None` where it has no package to start, which is then among the findings.
fn server(
    name: Spanned<String>,
    table: table::Server,
    source: &Source,
    level: Level,
    findings: &mut Findings,
) -> Option<Server> {
    if !names::is_server(name.get_ref()) {
        let mistake = Mistake::Name {
            what: "server",
            name: name.get_ref().clone(),
            alphabet: "1 to 64 letters, digits, `.`, `_`, `-`",
        };
        findings.add(name.span(), mistake);
    }
    let package = package::package(&name, &table, level, findings);
    let env = env::settings(table.env, level, findings);
    let mut reader = Reader { level, findings, dangerously_pass: &env.settings.dangerously_pass };
    let secrets = secrets::requests(table.secrets, &mut reader);
    for (variable, span) in &env.spans {
        if secrets.iter().any(|secret| secret.variables.contains(variable)) {
            findings.add(span.clone(), Mistake::Twice(variable.clone()));
        }
    }
    Some(Server {
        name: name.into_inner(),
        level,
        manifest: source.path.clone(),
        bin: setting::bin(table.bin, findings),
        runtime: setting::runtime(table.runtime, level, findings),
        args: setting::args(table.args, findings),
        cwd: setting::cwd(table.cwd, findings),
        grace: setting::time("grace", table.grace, GRACE, findings),
        drain: setting::time("drain", table.drain, DRAIN, findings),
        frame_limit: setting::size(table.frame_limit, FRAME_LIMIT, findings),
        integrity: setting::integrity(table.integrity),
        secrets,
        env: env.settings,
        // Last: what is wrong elsewhere in the entry is to be found as well.
        package: package?,
    })
}

/// What reading an entry's secrets depends on.
struct Reader<'a> {
    level: Level,
    findings: &'a mut Findings,
    /// The server's `dangerously_pass`.
    dangerously_pass: &'a [String],
}

/// What is wrong in one manifest, and where.
#[derive(Default)]
struct Findings(Vec<(Mistake, Range<usize>)>);

impl Findings {
    fn add(&mut self, span: Range<usize>, mistake: Mistake) {
        self.0.push((mistake, span));
    }

    /// The value, or a finding.
    fn keep<T>(&mut self, span: Range<usize>, result: Result<T, Mistake>) -> Option<T> {
        result.map_err(|mistake| self.add(span, mistake)).ok()
    }

    fn into_result(self, source: &Source) -> Result<(), Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let place = |(mistake, span)| (mistake, source.place(span));
        Err(Error::invalid(self.0.into_iter().map(place).collect()))
    }
}
