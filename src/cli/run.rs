//! `hushpipe run`: the command that stands in a client's configuration. The whole story is in [`Run::session`].

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::{Error, Fault, Kind};
use crate::manifest;
use crate::mcp::Refusal;
use crate::plan::program::program;
use crate::plan::{LaunchPlan, Surroundings};
use crate::provider::Providers;
use crate::provider::resolve::{DEADLINE, resolve};
use crate::redact::Redactor;
use crate::relay::record::Recording;
use crate::relay::{Client, Outcome, refuse, relay};
use crate::sys::machine::Machine;
use crate::sys::os::{self, Guard, Reader, Signals, Writer};
use crate::sys::path::Paths;
use crate::trust::Ledger;

/// Start a server and relay it: the command for a client's configuration
///
/// Reads the manifest, fetches the server's secrets, checks its install, starts it with an environment that holds only
/// what the manifest names, and relays its messages with every secret withheld. Ends with the server's own exit code,
/// or with 0 when the client closes its end.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example, in a client's configuration:
  { \"mcpServers\": {
      \"github\": { \"command\": \"/usr/local/bin/hushpipe\", \"args\": [\"run\", \"github\"] } } }")]
pub(super) struct Run {
    /// The server, as the manifest names it
    name: String,

    /// Take secret references from this profile of the manifest
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// Write every message down in this new file, as JSON Lines, with every secret withheld
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

impl Run {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        // Before the runtime, which may start threads: see there.
        let guard = Guard::start();
        let runtime = runtime().map_err(|source| self.failed(source))?;
        let code = runtime.block_on(async {
            match self.session(context, guard).await {
                Ok(code) => code,
                Err(error) => {
                    // The client waits for an answer: tell it too, not only the log that few people open.
                    context.out.report(&error);
                    answer(&Refusal::launch(&self.name, &error)).await;
                    error.exit_code()
                }
            }
        });
        // A write to a terminal that nobody reads may still block a thread of the runtime.
        runtime.shutdown_background();
        Ok(ExitCode::from(code))
    }

    /// From the manifest to the server's end.
    async fn session(&self, context: &Context, guard: io::Result<Guard>) -> Result<u8, Error> {
        let guard = guard.map_err(|source| self.failed(source))?;
        let paths = Paths::of_user(&context.env)?;
        let sources = context.sources(self.profile.as_deref());
        let manifest = manifest::load_for(&self.name, &sources, &paths)?;
        let server = manifest.server(&self.name)?;
        let ledger = Ledger::of(&paths);
        let allowed = server.allow(&ledger)?;
        let machine = Machine::load(&paths)?;
        let program = program(server, &paths, machine.as_ref())?;
        allowed.run(program.lock.as_ref())?;
        let plan = LaunchPlan::new(server, program, &self.surroundings(context, machine.as_ref())?);
        if machine.is_none() {
            context.out.warn("this machine is not recorded, so the server gets a short PATH; `hushpipe sync` records it");
        }
        let providers = Providers::new(&manifest.providers, &context.env, &paths);
        let resolved = resolve(&server.name, &server.secrets, providers, DEADLINE).await?;
        resolved.warnings.iter().for_each(|warning| context.out.warn(warning));
        let recording = self.record.as_deref().map(Recording::create).transpose()?;
        let credentials = plan.launch.credentials();
        let running = plan.launch.spawn(guard, &resolved.secrets, &paths)?;
        let client = Client::take_over().map_err(|source| self.failed(source))?;
        // Built while the server starts: it has nothing to say yet.
        let redactor = Redactor::new(&resolved.secrets, &credentials);
        drop(resolved);
        let outcome = relay(running, client, &redactor, &plan.settings, recording).await;
        let outcome = outcome.map_err(|source| self.failed(source))?;
        if let Outcome::ServerEnded { status, heard: false } = outcome {
            // It was gone before the client's first request, which deserves an answer as much as any.
            answer(&Refusal::server_ended(&server.name, &os::describe(status))).await;
        }
        Ok(outcome.exit_code())
    }

    fn surroundings<'a>(
        &self,
        context: &'a Context,
        machine: Option<&'a Machine>,
    ) -> Result<Surroundings<'a>, RunError> {
        let client_dir = std::env::current_dir().map_err(|source| self.failed(source))?;
        Ok(Surroundings { own: &context.env, machine, client_dir })
    }

    fn failed(&self, source: io::Error) -> RunError {
        RunError { server: self.name.clone(), source }
    }
}

/// Answers a client whose command line for `run` is wrong: its configuration has a mistake that it should hear of.
pub(super) fn refuse_usage(message: &str) {
    if let Ok(runtime) = runtime() {
        runtime.block_on(answer(&Refusal::usage(message)));
        runtime.shutdown_background();
    }
}

/// Answers every request with `refusal` until the client has had enough.
async fn answer(refusal: &Refusal) {
    // Whatever ends it, the exit code stays that of the failed launch.
    let (Ok(mut input), Ok(mut output)) = (Reader::stdin(), Writer::stdout()) else { return };
    let stopped = async {
        match Signals::listen() {
            Ok(mut signals) => signals.recv().await,
            // Then a signal ends us as it ends any program.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = refuse::refuse(refusal, &mut input, &mut output) => {}
        () = stopped => {}
    }
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// The operating system refused something that always works.
#[derive(Debug, thiserror::Error)]
#[error("server `{server}` could not be relayed")]
struct RunError {
    server: String,
    source: io::Error,
}

impl Fault for RunError {
    fn kind(&self) -> Kind {
        Kind::Internal
    }
}
