//! `hushpipe secret test`.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;

use super::{json, table};
use crate::cli::Context;
use crate::cli::fetch::attempt_once;
use crate::error::Error;
use crate::manifest::{self, Server};
use crate::provider::resolve::{Origin, all_or_nothing};
use crate::provider::{Attempt, Failure, Providers};
use crate::sys::path::Paths;
use crate::trust::Ledger;

/// Fetch what a server asks for, and say how each went, without a value
#[derive(Debug, Args)]
#[command(after_long_help = "\
Fetches exactly what `hushpipe run NAME` would and delivers it nowhere. The exit code is that of a launch: 0 when \
every reference has a value.

Example:
  hushpipe secret test github")]
pub(super) struct Test {
    /// The server, as the manifest names it
    #[arg(value_name = "NAME")]
    server: String,

    /// Take secret references from this profile of the manifest
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// One variable, as `--json` writes it.
#[derive(Debug, Serialize)]
struct Line {
    variable: String,
    reference: String,
    /// `store`, `default`, or `null` where there is no value.
    origin: Option<&'static str>,
    /// In bytes.
    length: Option<usize>,
    /// Why the value is redacted only as a whole string, if it is.
    weak: Option<String>,
    /// What the provider tells this value from an earlier one by.
    version: Option<String>,
    milliseconds: f64,
    warning: Option<String>,
    /// Why there is no value.
    failure: Option<String>,
}

impl Line {
    fn of(attempt: &Attempt) -> Self {
        let found = attempt.outcome.as_ref().ok();
        Self {
            variable: attempt.variable.clone(),
            reference: attempt.reference.to_string(),
            origin: found.map(|found| match found.origin {
                Origin::Store => "store",
                Origin::Default => "default",
            }),
            length: found.map(|found| found.value.len()),
            weak: found
                .filter(|_| attempt.sensitive)
                .and_then(|found| Some(found.value.weakness()?.to_string())),
            version: found.and_then(|found| found.version.clone()),
            milliseconds: (attempt.took.as_secs_f64() * 1e4).round() / 10.0,
            warning: found.and_then(|found| found.warning.clone()),
            failure: attempt.outcome.as_ref().err().map(|failure| failure.with_cause()),
        }
    }

    /// The cells of a row for people.
    fn cells(self) -> [String; 6] {
        let length = self.length.map(|length| format!("{length} bytes"));
        let state = match (self.origin, self.weak) {
            (None, _) => "failed".to_owned(),
            (Some("default"), _) => "default".to_owned(),
            (Some(_), Some(weak)) => format!("weak: {weak}"),
            (Some(_), None) => "ok".to_owned(),
        };
        let dash = |cell: Option<String>| cell.unwrap_or_else(|| "-".to_owned());
        let time = format!("{:.1} ms", self.milliseconds);
        [self.variable, self.reference, state, dash(length), dash(self.version), time]
    }
}

/// Has locked stores ask for their passwords, as `run` never does. What stays locked fails when it is fetched.
fn unlock(context: &Context, server: &Server, providers: Providers<'_>) {
    let references: BTreeSet<_> =
        server.secrets.iter().map(|request| request.reference.coordinate()).collect();
    for reference in references.iter().filter(|reference| providers.check(reference).is_ok()) {
        let opened = providers.open(&reference.provider);
        if let Err(refused @ Failure::Denied { .. }) =
            opened.and_then(|provider| provider.unlock(Some(reference)))
        {
            context.out.warn(&refused.with_cause());
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
        unlock(context, server, providers);
        let attempts = attempt_once(&server.secrets, providers)?;
        let lines: Vec<Line> = attempts.iter().map(Line::of).collect();
        if self.json {
            context.out.data(&json(&lines));
        } else if lines.is_empty() {
            context.out.words(&format!("hushpipe: server `{}` asks for no secrets", server.name));
        } else {
            let header = ["VARIABLE", "REFERENCE", "STATE", "LENGTH", "VERSION", "TIME"];
            let rows = lines.into_iter().map(Line::cells);
            let rows = std::iter::once(header.map(str::to_owned)).chain(rows);
            table(rows).iter().for_each(|line| context.out.data(line));
        }
        let resolved = all_or_nothing(&server.name, attempts)?;
        resolved.warnings.iter().for_each(|warning| context.out.warn(warning));
        Ok(())
    }
}
