//! `hushpipe doctor`: what about this machine keeps servers from working, and the command that mends it.
//!
//! `check` judges the manifest; this judges what is around it: the machine record, runtimes, who may write what, stores of
//! secrets, installs. Like `run` it works with our own environment cleared, and with `--as-client` it knows only what a host
//! started from a desktop hands on. Changes nothing without `--fix`, fetches no secret that a server asks for and shows no
//! value; what it was given to log in with goes back at once.

mod engines;
mod finding;
mod fix;
mod permissions;
mod record;
mod runtimes;
mod secrets;
mod servers;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::Context;
use super::output::{json, one_line, printable};
use super::progress::Bar;
use crate::error::Error;
use crate::manifest::{self, Manifest};
use crate::sys::env::OwnEnv;
use crate::sys::machine::Machine;
use crate::sys::os;
use crate::sys::path::Paths;
use finding::{Area, Finding, Level};
use fix::Fixed;

/// Look at this machine: runtimes, permissions, stores, installs, and how to mend each
///
/// Says what about this machine keeps servers from working, and with each finding the command that mends it. Compares the
/// machine record with what your login shell has now, and logs in to every store elsewhere that a server needs. With `--as-client` everything is looked at as a server's client
/// would start it: with HOME, LOGNAME, PATH, SHELL, TERM and USER only, PATH being that of a desktop session. Ends with 0
/// when nothing failed, with the code of the first failure otherwise (78 where it has none of its own).
///
/// With `--json`: `ok`, `as_client`, `fixed` (a list of sentences) and `findings`, each with `level` (`ok`, `warn`,
/// `fail`), `area` (`manifest`, `record`, `runtimes`, `permissions`, `secrets`, `store`, `servers`), `what`, `where`,
/// `mend` (a command) and `hint`; the last three may be null.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe doctor
  hushpipe doctor --as-client            when it works in a terminal and not in Claude Desktop
  hushpipe doctor --fix
  hushpipe doctor --json | jq -r '.findings[] | select(.level == \"fail\") | .mend'")]
pub(super) struct Doctor {
    /// Look with the environment that a client gives
    #[arg(long)]
    as_client: bool,

    /// Write the machine record anew, close what others may write, remove what cut-off installs left
    #[arg(long)]
    fix: bool,

    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// The whole report, as `--json` writes it.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    as_client: bool,
    fixed: Vec<String>,
    findings: Vec<Finding>,
}

/// What the checks know.
struct Patient<'a> {
    context: &'a Context,
    paths: &'a Paths,
    /// The manifests, where they read.
    manifest: Option<&'a Manifest>,
    /// The record, where there is one that reads.
    record: Option<&'a Machine>,
    /// The machine as it is now.
    now: &'a Machine,
}

impl Doctor {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        let bar = Bar::start(&context.out, "looking at this machine");
        // A person's login shell is the same whoever asks.
        let now = Machine::capture(&context.env, &paths);
        let client = self.as_client.then(|| Context {
            global: context.global.clone(),
            env: as_client(&context.env),
            out: context.out.clone(),
        });
        let seen = client.as_ref().unwrap_or(context);
        let Fixed { done: fixed, failed } =
            if self.fix { fix::all(seen, &paths, &now) } else { Fixed::default() };
        let mut findings = examine(seen, &paths, &now);
        // Why it could not be mended says more than that `--fix` would mend it.
        findings.retain(|found| failed.iter().all(|failure| !failure.is_of_same_place(found)));
        findings.extend(failed);
        drop(bar);
        let failures = || findings.iter().filter(|finding| finding.level == Level::Fail);
        let code = failures().next().map_or(ExitCode::SUCCESS, |f| ExitCode::from(f.exit_code));
        let ok = failures().next().is_none();
        let report = Report { ok, as_client: self.as_client, fixed, findings };
        match self.json {
            true => context.out.data(&json(&report)),
            false => report.show(context),
        }
        Ok(code)
    }
}

/// What a host started from a desktop hands on to a server.
fn as_client(env: &OwnEnv) -> OwnEnv {
    let client = env.only(os::CLIENT);
    match os::CLIENT_PATH {
        Some(path) => client.with("PATH", path),
        None => client,
    }
}

fn examine(context: &Context, paths: &Paths, now: &Machine) -> Vec<Finding> {
    let (manifest, mut findings) = match manifest::load(&context.sources(None), paths) {
        Ok(manifest) => (Some(manifest), Vec::new()),
        Err(error) => (None, of_manifest(error)),
    };
    let (record, found) = match Machine::load(paths) {
        Ok(record) => (record, None),
        Err(error) => (None, Some(record::unusable(error, paths))),
    };
    let (manifest, record) = (manifest.as_ref(), record.as_ref());
    let patient = Patient { context, paths, manifest, record, now };
    findings.extend(found.unwrap_or_else(|| record::examine(&patient)));
    findings.extend(runtimes::examine(&patient));
    findings.extend(permissions::examine(&patient));
    findings.extend(secrets::examine(&patient));
    findings.extend(servers::examine(&patient));
    findings
}

/// What is wrong with the manifests as such. Who may write them is looked at with the other files.
fn of_manifest(error: manifest::Error) -> Vec<Finding> {
    match error {
        manifest::Error::Insecure(_) => Vec::new(),
        manifest::Error::Missing(path) => {
            let finding = Finding::warn(Area::Manifest, "there is no manifest yet");
            vec![finding.at(&path).mended_by("hushpipe init")]
        }
        error => vec![Finding::of(Area::Manifest, &error.into())],
    }
}

impl Report {
    fn show(&self, context: &Context) {
        for done in &self.fixed {
            context.out.words(&format!("hushpipe: {}", printable(done)));
        }
        for Finding { level, area, what, place, mend, hint, .. } in &self.findings {
            let place = place.iter().filter(|place| !what.contains(place.as_str()));
            let place = place.map(|place| format!(" ({place})")).collect::<String>();
            let line = format!("{:<4}  {}: {what}{place}", level.word(), area.word());
            context.out.data(&one_line(&line));
            if let Some(mend) = mend {
                context.out.data(&one_line(&format!("      mend: {mend}")));
            }
            for hint in hint.iter().flat_map(|hint| hint.lines()) {
                context.out.data(&one_line(&format!("      hint: {hint}")));
            }
        }
    }
}
