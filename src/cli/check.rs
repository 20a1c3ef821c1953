//! `hushpipe check`: whether everything is in place, without starting anything.
//!
//! Reads the manifest, the lockfile, the installs and the references. Fetches no secret unless asked with `--resolve`,
//! and shows none: lengths and weakness only.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::Context;
use super::fetch::attempt_once;
use super::literal::{Literals, Shown, looks_like_key};
use super::output::{Output, json, one_line};
use super::packager::{ENGINE_HINT, Packagers};
use super::secret::what_weak_means;
use super::standing::{Problem, ServerStanding, ServerState, is_credential};
use crate::error::Error;
use crate::manifest::lock::{LockedPackages, Lockfile};
use crate::manifest::{self, Argument, Level, Manifest, Server, Word};
use crate::plan::program::is_pinned;
use crate::provider::Providers;
use crate::provider::resolve::all_or_nothing;
use crate::runner::Package;
use crate::sys::machine::Machine;
use crate::sys::path::Paths;

/// Check the manifest, the lockfile, the installs and the secret references
///
/// Reports for each server whether `hushpipe run` would start it, and if not, what to do. Fetches no secrets unless you
/// add `--resolve`; then it shows lengths and weaknesses, never values. The exit code is that of the first problem, or 0.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe check
  hushpipe check github --resolve
  hushpipe check --project . --json")]
pub(super) struct CheckArgs {
    /// Check these servers only
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// Use the secret references of this profile
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// Fetch the secrets too, and report the length and strength of each
    #[arg(long)]
    resolve: bool,

    /// With `--resolve`, use only the cache, at any age: no store is asked over a network
    #[arg(long, requires = "resolve")]
    offline: bool,

    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// The whole report, as `--json` writes it.
#[derive(Debug, Serialize)]
struct CheckReport {
    ok: bool,
    manifests: Vec<String>,
    notes: Vec<String>,
    servers: Vec<CheckedServer>,
}

/// One server of the report.
#[derive(Debug, Serialize)]
struct CheckedServer {
    name: String,
    package: String,
    state: ServerState,
    problems: Vec<Problem>,
    notes: Vec<String>,
    secrets: Vec<FetchedSecret>,
    #[serde(skip)]
    exit_code: u8,
}

/// One secret that `--resolve` fetched.
#[derive(Debug, Serialize)]
struct FetchedSecret {
    variable: String,
    reference: String,
    /// In bytes.
    length: usize,
    weak: Option<String>,
}

impl CheckArgs {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        let sources = context.sources(self.profile.as_deref());
        let manifest = manifest::load(&sources, &paths).map_err(|error| {
            let error = Error::from(error);
            if self.json {
                let problems = [Problem::of(&error)];
                context.out.data(&json(&serde_json::json!({ "ok": false, "problems": problems })));
            }
            error
        })?;
        let machine = Machine::load(&paths)?;
        let mut servers = Vec::new();
        for server in manifest.select(&self.names)? {
            let standing = ServerStanding::of(server, &paths, machine.as_ref());
            let mut entry = CheckedServer::of(server, standing);
            entry.notes.extend(unmet_engine(server, context, &paths, machine.as_ref()));
            // What nobody accepted fetches nothing.
            if self.resolve && entry.state != ServerState::NeedsTrust {
                let providers = Providers::new(&manifest.providers, &context.env, &paths);
                entry.resolve(server, providers.offline(self.offline), &context.out)?;
            }
            servers.push(entry);
        }
        let providers = Providers::new(&manifest.providers, &context.env, &paths);
        let report = CheckReport {
            ok: servers.iter().all(|entry| entry.problems.is_empty()),
            manifests: manifest.files.iter().map(|file| file.display().to_string()).collect(),
            notes: notes(&manifest, machine.as_ref(), providers),
            servers,
        };
        if self.json {
            context.out.data(&json(&report));
        } else {
            report.show(context);
        }
        let first = report.servers.iter().map(|entry| entry.exit_code).find(|code| *code != 0);
        Ok(first.map_or(ExitCode::SUCCESS, ExitCode::from))
    }
}

/// What holds for all servers.
fn notes(manifest: &Manifest, machine: Option<&Machine>, providers: Providers<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    for name in &manifest.hidden {
        notes.push(format!("your own `[servers.{name}]` replaces the project's"));
    }
    if machine.is_none() {
        notes.push(
            "this machine is not recorded yet, so servers get a short PATH: run `hushpipe init`"
                .into(),
        );
    }
    let requests = manifest.servers.values().flat_map(|server| &server.secrets);
    let schemes: BTreeSet<_> =
        requests.map(|request| request.reference.provider.as_str()).collect();
    let opened = schemes.into_iter().filter_map(|scheme| providers.open(scheme).ok());
    notes.extend(opened.filter_map(|provider| provider.caution()));
    notes
}

/// The note about a package that asks for another Node than the one that would run it.
fn unmet_engine(
    server: &Server,
    context: &Context,
    paths: &Paths,
    machine: Option<&Machine>,
) -> Option<String> {
    let Package::Npm(package) = &server.package else { return None };
    let lockfile = Lockfile::load(server.lock_path()).ok()?;
    let LockedPackages::Npm(locked) = lockfile.entry(&server.name)?.locked().ok()? else {
        return None;
    };
    let mut packagers = Packagers::new(context, paths, Some(machine?.clone()));
    let unmet = packagers.unmet_engine(server, package, &locked)?;
    Some(format!("{unmet}: {ENGINE_HINT}"))
}

/// The notes about secrets among the arguments, which other processes can read.
fn of_arguments(server: &Server) -> Vec<String> {
    let instead = match server.level {
        Level::User => {
            "store it with `hushpipe secret set` and put its reference under `secrets`, or, where the server takes no variable, write \
             `{ dangerously_arg = \"keychain://ITEM\" }` for the word"
        }
        Level::Project => {
            "store it with `hushpipe secret set` and put its reference under `secrets`"
        }
    };
    let note = |shown: Shown<'_>| {
        let Shown { argument: Argument { place, word }, text: _, is_credential } = shown;
        match word {
            Word::Secret(reference) => Some(format!(
                "{place} is the secret `{reference}`: while the server runs, every process of yours can read it, on Linux in \
                 `/proc/PID/cmdline`, and so can other users where the system lets them"
            )),
            Word::Plain(text) if is_credential || looks_like_key(text) => Some(format!(
                "{place} looks like a credential, and every process can read it: {instead}"
            )),
            Word::Plain(_) => None,
        }
    };
    Literals::new(server).arguments().into_iter().filter_map(note).collect()
}

impl CheckedServer {
    fn of(server: &Server, standing: ServerStanding) -> Self {
        let mut notes = Vec::new();
        if !is_pinned(server) {
            notes.push("its program is not pinned".to_owned());
        }
        for secret in server.secrets.iter().filter(|secret| !secret.sensitive) {
            notes.push(format!("`{}` is not redacted", secret.variables.join("`, `")));
        }
        if !server.env.dangerously_pass.is_empty() {
            let names = server.env.dangerously_pass.join("`, `");
            notes.push(format!("`{names}` can make it load other code"));
        }
        let settings = server.env.plain.iter().filter(|(name, value)| is_credential(name, value));
        for (name, _) in settings {
            notes.push(format!(
                "`{name}` looks like a credential: move the value to a store and put its reference under `secrets`"
            ));
        }
        notes.extend(of_arguments(server));
        let weaker = server.redact.words().into_iter().filter(|said| said.weakens);
        notes.extend(weaker.map(|said| said.says));
        let mut entry = Self {
            name: server.name.clone(),
            package: server.package.to_string(),
            state: standing.state,
            problems: Vec::new(),
            notes,
            secrets: Vec::new(),
            exit_code: 0,
        };
        standing.problems.iter().for_each(|problem| entry.add(problem));
        let unproven = server.redact.rules.iter().filter_map(|rule| rule.prove().err());
        unproven.for_each(|unproven| entry.add(&unproven.into()));
        entry
    }

    /// Fetches the server's secrets; what fails is a problem, what is weak a note.
    fn resolve(
        &mut self,
        server: &Server,
        providers: Providers<'_>,
        out: &Output,
    ) -> Result<(), Error> {
        let attempts = attempt_once(&server.secrets, providers, out)?;
        for attempt in &attempts {
            let Ok(found) = &attempt.outcome else { continue };
            let variable = attempt.variable.clone();
            let weakness = found.value.weakness();
            if let Some(weakness) = weakness {
                self.notes.push(format!("`{variable}`: {}", what_weak_means(weakness)));
            }
            self.secrets.push(FetchedSecret {
                variable,
                reference: attempt.reference.to_string(),
                length: found.value.len(),
                weak: weakness.map(|weakness| weakness.to_string()),
            });
        }
        match all_or_nothing(&server.name, attempts) {
            Ok(resolved) => self.notes.extend(resolved.warnings),
            Err(error) => self.add(&error.into()),
        }
        Ok(())
    }

    fn add(&mut self, problem: &Error) {
        self.problems.push(Problem::of(problem));
        if self.exit_code == 0 {
            self.exit_code = problem.exit_code();
        }
    }
}

impl CheckReport {
    /// Writes the report for people.
    fn show(&self, context: &Context) {
        let line = |mark: &str, name: &str, text: &str| {
            context.out.data(&one_line(&format!("{mark:<4}  {name}: {text}")));
        };
        for manifest in &self.manifests {
            line("ok", "manifest", manifest);
        }
        for note in &self.notes {
            line("note", "manifest", note);
        }
        for entry in &self.servers {
            if entry.problems.is_empty() {
                line("ok", &entry.name, &entry.package);
            }
            for problem in &entry.problems {
                line("fail", &entry.name, &problem.message);
                for detail in problem.details() {
                    context.out.data(&one_line(&format!("      {detail}")));
                }
            }
            for secret in &entry.secrets {
                let FetchedSecret { variable, reference, length, .. } = secret;
                line(
                    "ok",
                    &entry.name,
                    &format!("`{variable}` from `{reference}`: {length} bytes"),
                );
            }
            for note in &entry.notes {
                line("note", &entry.name, note);
            }
        }
    }
}
