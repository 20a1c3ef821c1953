//! `hushpipe explain NAME`: what `run` would do, without doing it.
//!
//! Comes from the same plan that `run` acts on. Shows where every variable of the server's environment comes from, and
//! secrets by reference. Never a secret's value; plain settings are shown unless they look like credentials.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::Context;
use super::literal::{Literals, looks_like_key};
use super::output::{json, table};
use super::standing::{Problem, ServerStanding, ServerState, is_credential};
use crate::error::Error;
use crate::launch::env::Origin;
use crate::launch::process;
use crate::manifest::{self, Argument, Cwd, Integrity, Level, Server, Word};
use crate::plan::program::{is_pinned, locate};
use crate::plan::{LaunchPlan, Surroundings};
use crate::redact::settings::Mode;
use crate::runner::Package;
use crate::secret::{Delivery, SecretRequest};
use crate::sys::machine::Machine;
use crate::sys::path::Paths;

/// Show what `run` would start: arguments, environment, secret references, protections
///
/// Shows what `hushpipe run NAME` would do: the program and its arguments, the working directory, every variable of the
/// server's environment and where it comes from, each secret's reference, and which protections are on. Starts nothing,
/// fetches nothing and shows no secret.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe explain github
  hushpipe explain github --json | jq .environment")]
pub(super) struct Explain {
    /// The server's name in the manifest
    name: String,

    /// Use the secret references of this profile
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// What would run, as `--json` writes it.
#[derive(Debug, Serialize)]
struct Explanation {
    name: String,
    level: Level,
    manifest: String,
    lockfile: String,
    package: String,
    pinned: bool,
    state: ServerState,
    problems: Vec<Problem>,
    /// `null` where the program is not known yet: not locked, or not installed.
    argv: Option<Vec<String>>,
    cwd: String,
    environment: Vec<Variable>,
    secrets: Vec<ExplainedSecret>,
    protections: Vec<Protection>,
}

/// One variable of the server's environment.
#[derive(Debug, Serialize)]
struct Variable {
    name: String,
    /// Why it is there.
    from: String,
    /// `null` where it is not to be shown.
    value: Option<String>,
}

/// One variable that a secret fills, or one argument that is a secret.
#[derive(Debug, Serialize)]
struct ExplainedSecret {
    variable: String,
    reference: String,
    /// The coordinates that pin a version of the value; empty where the newest is fetched.
    pins: Vec<String>,
    deliver: Delivery,
    sensitive: bool,
}

/// Something that a manifest can turn up or down.
#[derive(Debug, Serialize)]
struct Protection {
    name: &'static str,
    on: bool,
    detail: String,
}

impl Explain {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        let manifest = manifest::load(&context.sources(self.profile.as_deref()), &paths)?;
        let server = manifest.server(&self.name)?;
        let machine = Machine::load(&paths)?;
        let machine = machine.as_ref();
        let program = locate(server, &paths, machine).ok();
        let is_known = program.is_some();
        // A client's folder is not known here, and only named; nor is a program before `sync`, and only its argv is missing.
        let around = Surroundings { own: &context.env, machine, client_dir: PathBuf::new() };
        let plan = LaunchPlan::new(server, program.unwrap_or_default(), &around);
        let standing = ServerStanding::of(server, &paths, machine);
        let explanation = Explanation {
            name: server.name.clone(),
            level: server.level,
            manifest: server.manifest.display().to_string(),
            lockfile: server.lock_path().display().to_string(),
            package: server.package.to_string(),
            pinned: is_pinned(server),
            state: standing.state,
            problems: standing.problems.iter().map(Problem::of).collect(),
            argv: is_known.then(|| argv(&plan, server)),
            cwd: match &server.cwd {
                Cwd::Client => "the folder in which the client starts hushpipe".to_owned(),
                Cwd::Path(_) => plan.launch.cwd.display().to_string(),
            },
            environment: environment(plan, machine),
            secrets: server.secrets.iter().flat_map(ExplainedSecret::of).collect(),
            protections: protections(server),
        };
        if self.json {
            context.out.data(&json(&explanation));
        } else {
            explanation.lines().iter().for_each(|line| context.out.data(line));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The whole argument vector. Of what the manifest adds, a secret is shown as its reference and a credential not at all.
fn argv(plan: &LaunchPlan, server: &Server) -> Vec<String> {
    let LaunchPlan { launch, .. } = plan;
    let ours = launch.args.len() - server.args.len();
    let mut words = vec![launch.program.to_string_lossy().into_owned()];
    words.extend(launch.args.iter().take(ours).map(|word| match word {
        process::Argument::Plain(word) => word.to_string_lossy().into_owned(),
        process::Argument::Secret(name) => name.clone(),
    }));
    words.extend(Literals::new(server).arguments().into_iter().map(|shown| match shown.argument {
        Argument { word: Word::Plain(text), .. } if looks_like_key(text) => "…".to_owned(),
        _ => shown.text,
    }));
    words
}

/// The environment without the secrets, as `run` would make it from the environment we have now.
fn environment(plan: LaunchPlan, machine: Option<&Machine>) -> Vec<Variable> {
    let variable = |(name, (value, origin)): (OsString, (OsString, Origin))| {
        let (name, value) = (name.to_string_lossy().into_owned(), value.to_string_lossy());
        let from = match origin {
            Origin::Path if machine.is_none() => "default".to_owned(),
            origin => origin.to_string(),
        };
        let shown = match origin {
            Origin::Path | Origin::Recorded | Origin::Runtime => true,
            Origin::Plain | Origin::Preset(_) => !is_credential(&name, &value),
            Origin::Kept | Origin::Passed | Origin::DangerouslyPassed => false,
        };
        Variable { name, from, value: shown.then(|| value.into_owned()) }
    };
    plan.launch.variables.into_iter().map(variable).collect()
}

impl ExplainedSecret {
    /// One for each variable that a request fills.
    fn of(request: &SecretRequest) -> Vec<Self> {
        let pins = ["version", "version_id", "stage"];
        let one = |(variable, reference): (&str, crate::secret::SecretRef)| Self {
            variable: variable.to_owned(),
            reference: reference.to_string(),
            pins: pins
                .iter()
                .filter_map(|pin| Some(format!("{pin} {}", reference.query.get(*pin)?)))
                .collect(),
            deliver: request.deliver,
            sensitive: request.sensitive,
        };
        request.per_variable().map(one).collect()
    }

    /// How it reaches the server, in words.
    fn words(&self) -> String {
        let mut words = vec![self.reference.clone()];
        words.extend(self.pins.iter().map(|pin| format!("pinned to {pin}")));
        match self.deliver {
            Delivery::Env => {}
            Delivery::File => words.push("in a file, with its path in the variable".to_owned()),
            Delivery::Argument => {
                words.push("readable by all your processes while the server runs".to_owned());
            }
        }
        if !self.sensitive {
            words.push("not redacted".to_owned());
        }
        words.join(", ")
    }
}

/// What the manifest can turn up or down, and how it stands.
fn protections(server: &Server) -> Vec<Protection> {
    let protection = |name, on, detail: &str| Protection { name, on, detail: detail.to_owned() };
    let open: Vec<&str> = server
        .secrets
        .iter()
        .filter(|secret| !secret.sensitive)
        .flat_map(|secret| secret.variables.iter().map(String::as_str))
        .collect();
    let reports = server.redact.mode == Mode::Report;
    let redacted = match open.as_slice() {
        _ if reports => "redaction is OFF: findings are only reported".to_owned(),
        [] => "every secret, in messages and stderr".to_owned(),
        open => format!("every secret except `{}`", open.join("`, `")),
    };
    let loaders = &server.env.dangerously_pass;
    let environment = match loaders.as_slice() {
        [] => "starts empty, without loader variables".to_owned(),
        loaders => format!("starts empty, but `{}` can load other code", loaders.join("`, `")),
    };
    let (checked, how) = match (&server.package, server.integrity) {
        (Package::Command(_), _) => (false, "your own code is not checked"),
        (_, Integrity::Fast) => (true, "each start hashes the files that look changed"),
        (_, Integrity::Full) => (true, "each start hashes every file"),
    };
    let pinned = is_pinned(server);
    let mut protections = vec![
        Protection { name: "redaction", on: open.is_empty() && !reports, detail: redacted },
        Protection { name: "scrubbed environment", on: loaders.is_empty(), detail: environment },
        protection(
            "pinned",
            pinned,
            match server.package {
                Package::Npm(_) | Package::Pypi(_) => "to the lockfile",
                Package::Binary(_) if pinned => "to the digest in the manifest",
                Package::Binary(_) => {
                    "the digest covers an interpreter or a script, not all the code that runs"
                }
                Package::Command(_) => "no digest is given",
            },
        ),
        protection("install checked", checked, how),
        protection("frame limit", true, &size(server.frame_limit)),
    ];
    protections.extend(redaction(server));
    protections
}

/// What the manifest says of redaction besides: a line for each thing that is not as it is by itself.
fn redaction(server: &Server) -> impl Iterator<Item = Protection> {
    let rules = server.redact.rules.iter().map(|rule| {
        let detail = match rule.description.as_str() {
            "" => format!("`{}`", rule.id),
            description => format!("`{}`: {description}", rule.id),
        };
        Protection { name: "own rule", on: true, detail }
    });
    let words = server.redact.words().into_iter().filter(|said| said.key != "mode");
    rules.chain(words.map(|said| Protection {
        name: "redaction",
        on: !said.weakens,
        detail: said.says,
    }))
}

/// A size as the manifest writes it.
fn size(bytes: usize) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(unit, _)| bytes.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

impl Explanation {
    /// The lines for people.
    fn lines(&self) -> Vec<String> {
        let row = |name: &str, text: String| [name.to_owned(), text];
        let level = match self.level {
            Level::User => "user manifest",
            Level::Project => "project manifest",
        };
        let mut rows = vec![
            row("server", format!("{} ({level} {})", self.name, self.manifest)),
            row("package", self.package.clone()),
            row("state", self.state.words().to_owned()),
        ];
        for problem in &self.problems {
            rows.push(row("", problem.message.clone()));
            rows.extend(problem.details().into_iter().map(|detail| row("", format!("  {detail}"))));
        }
        let argv = self.argv.iter().flatten().enumerate();
        rows.extend(argv.map(|(at, word)| row(if at == 0 { "argv" } else { "" }, word.clone())));
        rows.push(row("cwd", self.cwd.clone()));
        let mut lines = table(rows.into_iter());
        let variables = self.environment.iter().map(|variable| {
            let hidden = if variable.from == Origin::Plain.to_string() { "…" } else { "" };
            let value = variable.value.as_deref().unwrap_or(hidden).to_owned();
            [format!("  {}", variable.name), variable.from.clone(), value]
        });
        let secrets =
            self.secrets.iter().filter(|secret| secret.deliver != Delivery::Argument).map(
                |secret| [format!("  {}", secret.variable), "secret".to_owned(), secret.words()],
            );
        lines.push("environment".to_owned());
        lines.extend(table(variables.chain(secrets)));
        let arguments = self.secrets.iter().filter(|secret| secret.deliver == Delivery::Argument);
        let arguments: Vec<_> = arguments
            .map(|secret| [format!("  {}", secret.variable), "secret".to_owned(), secret.words()])
            .collect();
        if !arguments.is_empty() {
            lines.push("secrets in arguments".to_owned());
            lines.extend(table(arguments.into_iter()));
        }
        lines.push("protections".to_owned());
        lines.extend(table(self.protections.iter().map(|protection| {
            let state = if protection.on { "on" } else { "weakened" };
            [format!("  {}", protection.name), state.to_owned(), protection.detail.clone()]
        })));
        lines
    }
}
