//! From a manifest's text to servers that cannot be wrong.
//!
//! First TOML, then the keys and types of `table.rs`, where the first mistake ends the reading; then the meaning, where
//! every mistake is found and reported together. A key that the design has and this version lacks is an error that says
//! so: nothing is accepted and then ignored.

mod env;
mod package;
mod profile;
mod redact;
mod secrets;
mod setting;
mod structure;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use super::error::{Error, Mistake};
use super::server::{Level, Server};
use super::source::Source;
use super::{names, table};
use crate::provider::{self, ProviderConfig, Providers};
use crate::secret::reference;
use crate::sys::env::OwnEnv;
use crate::sys::path::Paths;
pub(crate) use setting::duration;
use words::Arguments;

/// From TERM to KILL where the manifest does not say: hosts give two seconds before they kill hushpipe itself.
pub(super) const GRACE: Duration = Duration::from_millis(1500);

/// How long answers under way are waited for where the manifest does not say.
pub(super) const DRAIN: Duration = Duration::from_secs(30);

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

/// How a manifest is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    /// Whose it is.
    pub(super) level: Level,
    /// Which of its profiles is chosen; one that this manifest does not have changes nothing here.
    pub(super) profile: Option<&'a str>,
    /// The `[providers.*]` of the user manifest, for a project manifest, which has none of its own.
    pub(super) providers: &'a BTreeMap<String, ProviderConfig>,
    /// The user's folders.
    pub(super) paths: &'a Paths,
    /// The only server that is read, with what it needs, so that a mistake elsewhere does not matter.
    pub(super) only: Option<&'a str>,
}

/// Reads a manifest.
pub(super) fn contents(source: &Source, reading: Reading<'_>) -> Result<Contents, Error> {
    let Reading { level, profile, paths, only, .. } = reading;
    let document = structure::document(source, only)?;
    let mut findings = Mistakes::default();
    let places: Vec<_> = document.providers.keys().map(Spanned::span).collect();
    let own = providers(document.providers, level, &mut findings);
    let named = if level == Level::User { &own } else { reading.providers };
    // References are only checked here, which needs no environment; whoever resolves brings one.
    let nothing = OwnEnv::default();
    let around = Around { level, providers: Providers::new(named, &nothing, paths) };
    for (name, span) in own.keys().zip(places) {
        findings.keep(span, login(name, around));
    }
    let mut servers = BTreeMap::new();
    for (name, table) in document.servers {
        if let Some(server) = server(name, table, source, around, &mut findings) {
            servers.insert(server.name.clone(), server);
        }
    }
    let profiles = document.profiles.keys().map(|name| name.get_ref().clone()).collect();
    // A server that could not be read is not one that a profile invents.
    if findings.0.is_empty() {
        profile::apply(document.profiles, profile, &mut servers, around, &mut findings);
    }
    findings.into_result(source)?;
    Ok(Contents { providers: own, servers, profiles })
}

/// The `[providers.*]` tables: the user's only, and none by the name of a scheme, which would read as that one,
/// but the built-in provider's own.
fn providers(
    tables: BTreeMap<Spanned<String>, ProviderConfig>,
    level: Level,
    findings: &mut Mistakes,
) -> BTreeMap<String, ProviderConfig> {
    let mut providers = BTreeMap::new();
    for (name, config) in tables {
        let (span, name) = (name.span(), name.into_inner());
        if level == Level::Project {
            findings.add(span, Mistake::UserOnly("`providers`".into()));
        } else if provider::kind(&name).is_some_and(|kind| config.configures(kind)) {
            // `[providers.local]` with `type = "local"`: settings of the built-in one.
        } else if is_scheme(&name) || ["http", "https"].contains(&name.as_str()) {
            findings.add(span, Mistake::TakenScheme(name.clone()));
        } else if !reference::is_name(&name) {
            let alphabet = "a letter, then letters, digits, `.`, `_`, `-`";
            findings.add(span, Mistake::Name { what: "provider", name: name.clone(), alphabet });
        }
        providers.insert(name, config);
    }
    providers
}

/// Whether what a provider logs in with are references that could be honoured.
fn login(name: &str, around: Around<'_>) -> Result<(), Mistake> {
    around.providers.check_login(name).map_err(|failure| Mistake::Login {
        provider: name.to_owned(),
        hint: secrets::hint(&failure, around),
        reason: failure.to_string(),
    })
}

/// Whether a scheme belongs to a provider of this version or of a later one.
fn is_scheme(name: &str) -> bool {
    provider::kind(name).is_some() || provider::LATER.contains(&name)
}

/// One `[servers.<name>]`; `None` where it has no package to start, which is then among the findings.
fn server(
    name: Spanned<String>,
    table: table::Server,
    source: &Source,
    around: Around<'_>,
    findings: &mut Mistakes,
) -> Option<Server> {
    let level = around.level;
    if !names::is_server(name.get_ref()) {
        let mistake = Mistake::Name {
            what: "server",
            name: name.get_ref().clone(),
            alphabet: "1 to 64 letters, digits, `.`, `_`, `-`",
        };
        findings.add(name.span(), mistake);
    }
    let package = package::package(&name, &table, around, findings);
    let allow_scripts = package::allowed_scripts(&table, around, findings);
    let env = env::settings(table.env, around, findings);
    let mut reader = Reader { around, findings, dangerously_pass: &env.settings.dangerously_pass };
    let mut secrets = secrets::requests(table.secrets, &mut reader);
    let mut arguments = Arguments::default();
    if let Some(command) = &table.command {
        arguments.read("command", command.get_ref(), &mut reader);
    }
    arguments.read("args", &table.args, &mut reader);
    secrets.append(&mut arguments.requests);
    for (variable, span) in &env.spans {
        if secrets.iter().any(|secret| secret.variables.contains(variable)) {
            findings.add(span.clone(), Mistake::Twice(variable.clone()));
        }
    }
    Some(Server {
        name: name.into_inner(),
        level,
        manifest: source.path.clone(),
        resolved: source.resolved.clone(),
        allow_scripts,
        bin: setting::bin(table.bin, findings),
        runtime: setting::runtime(table.runtime, table.pypi.is_some(), level, findings),
        args: arguments.words,
        cwd: setting::cwd(table.cwd, findings),
        grace: setting::time("grace", table.grace, GRACE, findings),
        drain: setting::time("drain", table.drain, DRAIN, findings),
        frame_limit: setting::frame_limit(table.frame_limit, level, findings),
        integrity: table.integrity.unwrap_or_default(),
        redact: redact::settings(table.redact, around, findings),
        requests: BTreeMap::from([(None, secrets.clone())]),
        secrets,
        env: env.settings,
        // Last: what is wrong elsewhere in the entry is to be found as well.
        package: package?,
    })
}

/// What reading an entry depends on.
#[derive(Clone, Copy)]
struct Around<'a> {
    level: Level,
    providers: Providers<'a>,
}

impl Around<'_> {
    /// Whether a reference of a scheme that hushpipe knows, or will know, stands anywhere in a text. Not of `file`, which
    /// is also an ordinary URL.
    fn holds_reference(&self, text: &str) -> bool {
        text.match_indices("://").any(|(at, _)| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
            let scheme = text[..at].rsplit(|c| !is_name(c)).next().unwrap_or_default();
            let is_known = is_scheme(scheme) || self.providers.schemes().any(|name| name == scheme);
            is_known && scheme != "file"
        })
    }
}

/// What reading an entry's secrets depends on.
struct Reader<'a> {
    around: Around<'a>,
    findings: &'a mut Mistakes,
    /// The server's `dangerously_pass`.
    dangerously_pass: &'a [String],
}

/// What is wrong in one manifest, and where.
#[derive(Default)]
struct Mistakes(Vec<(Mistake, Range<usize>)>);

impl Mistakes {
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
