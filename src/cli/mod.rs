//! The surface: argv in, words and exit codes out. One file per verb; only this layer writes for people.

pub mod output;

mod call;
mod check;
mod completions;
mod confirm;
mod connect;
mod context;
mod diagnose;
mod doctor;
mod explain;
mod fetch;
mod init;
mod list;
mod literal;
mod lock;
mod man;
mod packager;
mod progress;
mod redact;
mod run;
mod runtime;
mod schema;
mod secret;
mod standing;
mod sync;
mod tools;
mod trust;
mod verify;
mod why;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::error::{Error, Kind};
use crate::sys::env::OwnEnv;
use crate::sys::os;
pub(in crate::cli) use context::Outcomes;
pub use context::{Context, Global};
use output::Output;

/// Start pinned MCP servers with secrets from your stores, and keep those secrets out of what comes back
///
/// List `hushpipe run NAME` as the command of a server in your client's configuration. The manifest,
/// `~/.config/hushpipe/hushpipe.toml`, defines NAME and the references of its secrets.
#[derive(Debug, Parser)]
#[command(name = "hushpipe", version, max_term_width = 100, after_long_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Verb,
}

/// What stands at the end of `hushpipe --help`.
const AFTER_HELP: &str = "\
Start here:
  hushpipe init                                   create the manifest, then add a server to it
  hushpipe lock && hushpipe sync                  pin it and install it
  hushpipe secret set keychain://github-token     store what it needs
  hushpipe check                                  check that nothing is missing
  hushpipe doctor                                 find out why something does not work
  hushpipe tools github                           try it

Environment:
  HUSHPIPE_MANIFEST    the project manifest, if no option names one

Exit codes:
  0    success; for `run`: the client closed, or hushpipe was asked to stop
  1    `redact --report` found something; `call`: the tool answered with an error
  2    the command line is wrong
  65   an installed file differs from the lock
  69   a secret store is unreachable
  74   reading or writing failed
  75   it took too long
  77   a secret is missing, or its store denies access
  78   a problem with the manifest, the lockfile or trust
  125  hushpipe itself failed
  126  the program cannot be run
  127  the program was not found
  Otherwise `run` ends with the server's own code, or 128+n if signal n ended it";

/// The verbs, in the order in which a new user meets them.
#[derive(Debug, Subcommand)]
enum Verb {
    Init(init::Init),
    Lock(lock::Lock),
    Sync(sync::Sync),
    Secret(secret::Secret),
    Trust(trust::Trust),
    Check(check::CheckArgs),
    Doctor(doctor::Doctor),
    Run(run::RunArgs),
    List(list::List),
    Explain(explain::Explain),
    Verify(verify::Verify),
    Tools(tools::ToolsArgs),
    Call(call::CallArgs),
    Redact(redact::RedactArgs),
    Why(why::Why),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

/// The whole program: parses argv, runs the verb, reports a failure, returns the exit code.
pub fn main() -> ExitCode {
    // The message of a panic may hold anything; where it happened is what a report needs.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        output::words(&format!("hushpipe: error: internal failure at {place}"));
    }));
    std::panic::catch_unwind(work).unwrap_or(ExitCode::from(Kind::Internal.exit_code()))
}

fn work() -> ExitCode {
    os::harden();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let env = if cli.command.clears_environment() { OwnEnv::take() } else { OwnEnv::copy() };
    let out = Output::new(&env);
    let context = Context { global: cli.global, env, out };
    let done =
        cli.command.run(&context).and_then(|code| Ok(context.out.written().map(|()| code)?));
    match done {
        Ok(code) => code,
        Err(error) => {
            context.out.report(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Prints help, the version or what is wrong with the command line; a client hears of a mistake in its own as well.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed stdout or stderr is the reader's choice.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    if std::env::args_os().nth(1).is_some_and(|verb| verb == "run") {
        let message = error.to_string();
        let first = message.lines().next().unwrap_or_default();
        run::refuse_usage(first.trim_start_matches("error: "));
    }
    ExitCode::from(Kind::Usage.exit_code())
}

/// The whole command line as data, for completions, the man page and the reference snapshot.
pub fn command() -> clap::Command {
    Cli::command()
}

impl Verb {
    /// Whether the process's own environment is cleared before anything else happens, so that no library can read it:
    /// where a server is started, where that is tried out, and where a store is asked.
    fn clears_environment(&self) -> bool {
        match self {
            Self::Run(_) | Self::Doctor(_) | Self::Secret(_) | Self::Check(_) | Self::Redact(_) => {
                true
            }
            // These ask no store. `tools` and `call` start `hushpipe run`, which clears its own; npm and uv need theirs.
            Self::Init(_)
            | Self::Lock(_)
            | Self::Sync(_)
            | Self::Trust(_)
            | Self::List(_)
            | Self::Explain(_)
            | Self::Verify(_)
            | Self::Tools(_)
            | Self::Call(_)
            | Self::Why(_)
            | Self::Schema(_)
            | Self::Completions(_)
            | Self::Man(_) => false,
        }
    }

    fn run(self, context: &Context) -> Result<ExitCode, Error> {
        match self {
            Self::Init(verb) => verb.run(context),
            Self::Lock(verb) => verb.run(context),
            Self::Sync(verb) => verb.run(context),
            Self::Secret(verb) => verb.run(context),
            Self::Trust(verb) => verb.run(context),
            Self::Check(verb) => verb.run(context),
            Self::Doctor(verb) => verb.run(context),
            Self::Run(verb) => verb.run(context),
            Self::List(verb) => verb.run(context),
            Self::Explain(verb) => verb.run(context),
            Self::Verify(verb) => verb.run(context),
            Self::Tools(verb) => verb.run(context),
            Self::Call(verb) => verb.run(context),
            Self::Redact(verb) => verb.run(context),
            Self::Why(verb) => verb.run(context),
            Self::Schema(verb) => verb.run(context),
            Self::Completions(verb) => verb.run(context, command()),
            Self::Man(verb) => verb.run(context, command()),
        }
    }
}
