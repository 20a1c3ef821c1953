//! `hushpipe secret test`.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{json, table};
use crate::cli::Context;
use crate::cli::fetch::attempt_once;
use crate::error::Error;
use crate::manifest::{self, Server};
use crate::provider::resolve::{Origin, all_or_nothing};
use crate::provider::{Attempt, Failure, Providers};
use crate::sys::clock;
use crate::sys::path::Paths;
use crate::trust::Ledger;

/// Fetch a server's secrets and report each result, without showing a value
#[derive(Debug, Args)]
#[command(after_long_help = "\
Fetches exactly what `hushpipe run NAME` would, and delivers it nowhere. The exit code is that of a launch: 0 when every reference has a value. AGE is the age of this version, as the store reports it. LEASE is how long a short-lived value stays valid; such values are returned to the store at once.

Example:
  hushpipe secret test github")]
pub(super) struct Test {
    /// The server's name in the manifest
    #[arg(value_name = "NAME")]
    server: String,

    /// Use the secret references of this profile
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// Use only the cache, at any age: no store is asked over a network
    #[arg(long)]
    offline: bool,

    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// One variable, as `--json` writes it.
#[derive(Debug, Serialize)]
struct TestedSecret {
    variable: String,
    reference: String,
    /// The kind of provider; `null` where no provider has that name.
    provider: Option<&'static str>,
    /// `store`, `cache`, `default`, or `null` where there is no value.
    origin: Option<&'static str>,
    /// In bytes.
    length: Option<usize>,
    /// Why the value is redacted only as a whole string, if it is.
    weak: Option<String>,
    /// What the provider tells this value from an earlier one by.
    version: Option<String>,
    /// When this version was made, as RFC 3339, where the provider says.
    created: Option<String>,
    /// How long ago that was.
    age_seconds: Option<u64>,
    /// How long the value is good for, where it was given for a time only.
    lease_seconds: Option<u64>,
    /// How long ago the store gave it, where it came from the cache.
    cached_seconds: Option<u64>,
    milliseconds: f64,
    warning: Option<String>,
    /// Why there is no value.
    failure: Option<String>,
}

impl TestedSecret {
    fn of(attempt: &Attempt, providers: Providers<'_>) -> Self {
        let found = attempt.outcome.as_ref().ok();
        let created = found.and_then(|found| found.created);
        Self {
            variable: attempt.variable.clone(),
            reference: attempt.reference.to_string(),
            provider: providers.check(&attempt.reference).ok().map(|kind| kind.scheme),
            origin: found.map(|found| match found.origin {
                Origin::Store => "store",
                Origin::Cache => "cache",
                Origin::Default => "default",
            }),
            length: found.map(|found| found.value.len()),
            weak: found
                .filter(|_| attempt.sensitive)
                .and_then(|found| Some(found.value.weakness()?.to_string())),
            version: found.and_then(|found| found.version.clone()),
            created: created.map(clock::utc),
            age_seconds: created.map(|created| clock::now().saturating_sub(created)),
            lease_seconds: found.and_then(|found| Some(found.lasts?.as_secs())),
            cached_seconds: found.and_then(|found| Some(found.cached?.as_secs())),
            milliseconds: (attempt.took.as_secs_f64() * 1e4).round() / 10.0,
            warning: found.and_then(|found| found.warning.clone()),
            failure: attempt.outcome.as_ref().err().map(|failure| failure.with_cause()),
        }
    }

    /// The cells of a row for people.
    fn cells(self) -> [String; 9] {
        let dash = |cell: Option<String>| cell.unwrap_or_else(|| "-".to_owned());
        let rough = |seconds: Option<u64>| {
            dash(seconds.map(|seconds| clock::rough(Duration::from_secs(seconds))))
        };
        let state = match (self.origin, self.weak, self.cached_seconds) {
            (None, ..) => "failed".to_owned(),
            (Some("default"), ..) => "default".to_owned(),
            (Some(_), Some(weak), _) => format!("weak: {weak}"),
            (Some(_), None, Some(_)) => format!("cached {} ago", rough(self.cached_seconds)),
            (Some(_), None, None) => "ok".to_owned(),
        };
        [
            self.variable,
            self.reference,
            dash(self.provider.map(str::to_owned)),
            state,
            dash(self.length.map(|length| format!("{length} bytes"))),
            dash(self.version),
            rough(self.age_seconds),
            rough(self.lease_seconds),
            format!("{:.1} ms", self.milliseconds),
        ]
    }
}

/// Has locked stores ask for their passwords, as `run` never does. What stays locked fails when it is fetched.
fn unlock(context: &Context, server: &Server, providers: Providers<'_>) {
    let references: BTreeSet<_> =
        server.secrets.iter().map(|request| request.reference.coordinate()).collect();
    let mut silent = BTreeSet::new();
    for reference in references.iter().filter(|reference| providers.check(reference).is_ok()) {
        // Each of its secrets would wait as long for a store that does not answer.
        if silent.contains(reference.provider.as_str()) {
            continue;
        }
        let opened = providers.open(&reference.provider);
        match opened.and_then(|provider| provider.unlock(Some(reference))) {
            Err(refused @ Failure::Denied { .. }) => context.out.warn(&refused.with_cause()),
            Err(Failure::NoAnswer { .. }) => {
                silent.insert(reference.provider.as_str());
            }
            _ => {}
        }
    }
}

impl Test {
    pub(super) fn run(self, context: &Context, paths: &Paths) -> Result<(), Error> {
        let manifest = manifest::load(&context.sources(self.profile.as_deref()), paths)?;
        let server = manifest.server(&self.server)?;
        // A project decides what is fetched from where, so what nobody accepted fetches nothing.
        let ledger = Ledger::of(paths);
        let _ = server.allow(&ledger)?;
        let providers = Providers::new(&manifest.providers, &context.env, paths);
        let providers = providers.offline(self.offline);
        unlock(context, server, providers);
        let attempts = attempt_once(&server.secrets, providers, &context.out)?;
        let lines: Vec<TestedSecret> =
            attempts.iter().map(|attempt| TestedSecret::of(attempt, providers)).collect();
        if self.json {
            context.out.data(&json(&lines));
        } else if lines.is_empty() {
            context.out.words(&format!("hushpipe: server `{}` asks for no secrets", server.name));
        } else {
            let header = [
                "VARIABLE",
                "REFERENCE",
                "PROVIDER",
                "STATE",
                "LENGTH",
                "VERSION",
                "AGE",
                "LEASE",
                "TIME",
            ];
            let rows = lines.into_iter().map(TestedSecret::cells);
            let rows = std::iter::once(header.map(str::to_owned)).chain(rows);
            table(rows).iter().for_each(|line| context.out.data(line));
        }
        let resolved = all_or_nothing(&server.name, attempts)?;
        resolved.warnings.iter().for_each(|warning| context.out.warn(warning));
        Ok(())
    }
}
