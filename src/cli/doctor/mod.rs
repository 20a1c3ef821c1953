//! `hushpipe doctor`: what about this machine keeps servers from working, and the command that fixes it.
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
use finding::{Area, DoctorFinding, Severity};
use fix::Fixed;

/// Find what stops servers from working on this machine, and how to fix it
///
/// Lists what stops servers from working, each with the command that fixes it. Compares the machine record with your
/// login shell, and logs in to every remote store that a server needs. `--as-client` repeats this as a desktop client would start
/// hushpipe: with only HOME, LOGNAME, PATH, SHELL, TERM and USER, and the PATH of a desktop session. Exits with 0 if
/// nothing failed, otherwise with the code of the first failure (78 if it has none of its own).
///
/// With `--json`: `version` (2), `ok`, `as_client`, `fixed` (a list of sentences) and `findings`, each with `level`
/// (`ok`, `warn`, `fail`), `area` (`manifest`, `record`, `runtimes`, `permissions`, `secrets`, `store`, `servers`), `what`, `where`,
/// `fix` (a command) and `hint`; the last three may be null.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe doctor
  hushpipe doctor --as-client            when it works in a terminal but not in Claude Desktop
  hushpipe doctor --fix
  hushpipe doctor --json | jq -r '.findings[] | select(.level == \"fail\") | .fix'")]
pub(super) struct Doctor {
    /// Use the environment that a desktop client would pass
    #[arg(long)]
    as_client: bool,

    /// Rewrite the machine record, restrict files that others can write, remove interrupted installs
    #[arg(long)]
    fix: bool,

    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// The whole report, as `--json` writes it.
#[derive(Debug, Serialize)]
struct DoctorReport {
    /// Of this form; 2 since `mend` became `fix`.
    version: u8,
    ok: bool,
    as_client: bool,
    fixed: Vec<String>,
    findings: Vec<DoctorFinding>,
}

/// What the checks know.
struct Inputs<'a> {
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
        let bar = Bar::start(&context.out, "inspecting this machine");
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
        // Why it could not be fixed says more than that `--fix` would fix it.
        findings.retain(|found| failed.iter().all(|failure| !failure.is_of_same_place(found)));
        findings.extend(failed);
        drop(bar);
        let failures = || findings.iter().filter(|finding| finding.level == Severity::Fail);
        let code = failures().next().map_or(ExitCode::SUCCESS, |f| ExitCode::from(f.exit_code));
        let ok = failures().next().is_none();
        let report = DoctorReport { version: 2, ok, as_client: self.as_client, fixed, findings };
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

fn examine(context: &Context, paths: &Paths, now: &Machine) -> Vec<DoctorFinding> {
    let (manifest, mut findings) = match manifest::load(&context.sources(None), paths) {
        Ok(manifest) => (Some(manifest), Vec::new()),
        Err(error) => (None, of_manifest(error)),
    };
    let (record, found) = match Machine::load(paths) {
        Ok(record) => (record, None),
        Err(error) => (None, Some(record::unusable(error, paths))),
    };
    let (manifest, record) = (manifest.as_ref(), record.as_ref());
    let inputs = Inputs { context, paths, manifest, record, now };
    findings.extend(found.unwrap_or_else(|| record::examine(&inputs)));
    findings.extend(runtimes::examine(&inputs));
    findings.extend(permissions::examine(&inputs));
    findings.extend(secrets::examine(&inputs));
    findings.extend(servers::examine(&inputs));
    findings
}

/// What is wrong with the manifests as such. Who may write them is looked at with the other files.
fn of_manifest(error: manifest::Error) -> Vec<DoctorFinding> {
    match error {
        manifest::Error::Insecure(_) => Vec::new(),
        manifest::Error::Missing(path) => {
            let finding = DoctorFinding::warn(Area::Manifest, "there is no manifest yet");
            vec![finding.at(&path).fixed_by("hushpipe init")]
        }
        error => vec![DoctorFinding::of(Area::Manifest, &error.into())],
    }
}

impl DoctorReport {
    fn show(&self, context: &Context) {
        for done in &self.fixed {
            context.out.words(&format!("hushpipe: {}", printable(done)));
        }
        for DoctorFinding { level, area, what, place, fix, hint, .. } in &self.findings {
            let place = place.iter().filter(|place| !what.contains(place.as_str()));
            let place = place.map(|place| format!(" ({place})")).collect::<String>();
            let line = format!("{:<4}  {}: {what}{place}", level.word(), area.word());
            context.out.data(&one_line(&line));
            if let Some(fix) = fix {
                context.out.data(&one_line(&format!("      fix: {fix}")));
            }
            for hint in hint.iter().flat_map(|hint| hint.lines()) {
                context.out.data(&one_line(&format!("      hint: {hint}")));
            }
        }
    }
}
