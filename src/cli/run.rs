//! `hushpipe run`: the command that stands in a client's configuration. The whole story is in [`RunArgs::session`].

use std::future::ready;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::Context;
use super::diagnose::diagnose;
use crate::audit::{Findings, Writer as FindingsWriter};
use crate::error::{Error, Fault, Kind};
use crate::manifest::{self, Cwd, Manifest, Server};
use crate::mcp::era::PROBE;
use crate::mcp::{Era, Refusal, budget};
use crate::plan::program::program;
use crate::plan::{LaunchPlan, Surroundings};
use crate::provider::resolve::{DEADLINE, resolve};
use crate::provider::{Leases, Providers};
use crate::redact::Redactor;
use crate::redact::settings::Mode;
use crate::relay::wire::input::Input;
use crate::relay::wire::record::Recording;
use crate::relay::{self, Client, Outcome, failed_launch, relay};
use crate::store::{Digest, Store};
use crate::sys::machine::Machine;
use crate::sys::machine_key::MachineKey;
use crate::sys::os::{self, Guard, Process, Signals, Writer};
use crate::sys::path::Paths;
use crate::trust::Ledger;

/// Start a server and relay its messages: the command for a client's configuration
///
/// Reads the manifest, fetches the server's secrets, checks its install, starts it with an environment that contains
/// only what the manifest names, and relays its messages with every secret withheld. Exits with the server's own exit
/// code, or with 0 when the client closes its end.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example, in a client's configuration:
  { \"mcpServers\": {
      \"github\": { \"command\": \"/usr/local/bin/hushpipe\", \"args\": [\"run\", \"github\"] } } }")]
pub(super) struct RunArgs {
    /// The server's name in the manifest
    name: String,

    /// Use the secret references of this profile
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// Record every message in this new file, as JSON Lines, with every secret withheld
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Use only the cache, at any age: no store is asked over a network
    #[arg(long)]
    offline: bool,
}

impl RunArgs {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        if let Err(source) = os::check_descriptors() {
            let error = Error::from(NoDescriptors(source));
            failed_launch::refuse_without_runtime(&Refusal::launch(&self.name, &error));
            return Err(error);
        }
        // Before the runtime, which may start threads: see there.
        let guard = Guard::start();
        let runtime = runtime().map_err(|source| self.failed(source))?;
        let code = self.code(context, guard, &runtime);
        // A write to a terminal that nobody reads may still block a thread of the runtime.
        runtime.shutdown_background();
        Ok(ExitCode::from(code))
    }

    /// The exit code, when everything is told and given back.
    fn code(&self, context: &Context, guard: io::Result<Guard>, runtime: &Runtime) -> u8 {
        let _entered = runtime.enter();
        let mut rest = Rest::default();
        match self.session(context, guard, &mut rest, runtime) {
            Ok(code) => {
                runtime.block_on(give_back_beside(ready(()), &rest.leases, context));
                code
            }
            Err(error) => {
                // The client waits for an answer: tell it too, not only the log that few people open.
                context.out.report(&error);
                let refusal = Refusal::launch(&self.name, &error);
                let answered = answer(rest.input, rest.signals, &refusal);
                runtime.block_on(give_back_beside(answered, &rest.leases, context));
                error.exit_code()
            }
        }
    }

    /// From the manifest to the server's end. When it fails, `rest` holds what it has not used up.
    ///
    /// The steps that wait are run one by one: as one future, each message would go through the frame of a launch, which
    /// is 60 KB of stack.
    fn session(
        &self,
        context: &Context,
        guard: io::Result<Guard>,
        rest: &mut Rest,
        runtime: &Runtime,
    ) -> Result<u8, Error> {
        let mut begin = Instant::now();
        let guard = guard.map_err(|source| self.failed(source))?;
        let paths = Paths::of_user(&context.env)?;
        let sources = context.sources(self.profile.as_deref());
        let manifest = manifest::load_for(&self.name, &sources, &paths)?;
        if manifest.elsewhere.is_some() {
            context.out.warn("other manifest entries have mistakes: `hushpipe check` shows them");
        }
        let server = manifest.server(&self.name)?;
        let ledger = Ledger::of(&paths);
        let allowed = server.allow(&ledger)?;
        let machine = Machine::load(&paths)?;
        let program = program(server, &paths, machine.as_ref())?;
        allowed.run(program.lock.as_ref())?;
        let install = program.install;
        let around = self.surroundings(context, server, machine.as_ref())?;
        let plan = LaunchPlan::new(server, program, &around);
        self.warn(context, server.redact.mode, machine.is_none());
        let ahead = rest.input.insert(Input::take_over().map_err(|source| self.failed(source))?);
        if plan.settings.era == Some(Era::Stateful) {
            if runtime.block_on(answer_probes(ahead)) {
                return Ok(0);
            }
            // The time that the client let pass before it asked for more was not ours.
            begin = Instant::now();
        }
        let providers = Providers::new(&manifest.providers, &context.env, &paths);
        let providers = providers.offline(self.offline);
        // From here on a signal does not end us by itself: what is leased by then has to go back.
        let signals = rest.signals.insert(Signals::listen().map_err(|source| self.failed(source))?);
        let deadline = deadline(ahead, begin);
        let resolving = resolve(&server.name, &server.secrets, providers, &rest.leases, deadline);
        let resolved = runtime.block_on(before_a_signal(signals, resolving));
        let Some(resolved) = resolved.transpose()? else { return Ok(0) };
        resolved.warnings.iter().for_each(|warning| context.out.warn(warning));
        let recording = self.record.as_deref().map(Recording::create).transpose()?;
        let credentials = plan.launch.credentials();
        let spawned = plan.launch.spawn(&resolved.secrets, &paths, |order| guard.spawn(order))?;
        let client = rest.client().map_err(|source| self.failed(source))?;
        let key = machine_key(context, &paths);
        let (name, resolved_path) = (server.name.clone(), server.resolved.clone());
        let findings = FindingsWriter::new(Findings::of(&paths), name, resolved_path);
        // Built while the server starts: it has nothing to say yet.
        let redactor = Redactor::new(&resolved.secrets, &credentials, &server.redact, key)
            .beside(marked(&manifest));
        let redactor = Arc::new(redactor);
        let again = |process: &mut Process| {
            Ok(plan.launch.spawn(&resolved.secrets, &paths, |order| process.spawn_again(order))?)
        };
        let learn = |era| install.into_iter().for_each(|install| note_era(&paths, install, era));
        let diagnose = |log: &str| diagnose(server, log);
        let leases = &rest.leases;
        let server =
            relay::Server { spawned, again: &again, learn: &learn, diagnose: &diagnose, leases };
        let relayed = relay(server, client, &redactor, &plan.settings, recording, findings);
        let outcome = runtime.block_on(relayed).map_err(|source| self.failed(source))?;
        if let Outcome::ServerEnded { status, heard: false, diagnosis } = &outcome {
            // It was gone before the client's first request, which deserves an answer as much as any.
            let refusal = Refusal::server_ended(&self.name, &os::describe(*status));
            let refusal = refusal.diagnosed(diagnosis.as_ref());
            runtime.block_on(answer(None, None, &refusal));
        }
        Ok(outcome.exit_code())
    }

    /// Warns of what a session does without.
    fn warn(&self, context: &Context, mode: Mode, unrecorded: bool) {
        if mode == Mode::Report {
            context.out.warn(&format!(
                "redaction of `{}` is OFF: `redact.mode` is `report`, so findings are only reported",
                self.name
            ));
        }
        if unrecorded {
            context.out.warn("this machine is not recorded yet, so the server gets a short PATH; `hushpipe sync` records it");
        }
    }

    fn surroundings<'a>(
        &self,
        context: &'a Context,
        server: &Server,
        machine: Option<&'a Machine>,
    ) -> Result<Surroundings<'a>, NoFolder> {
        let client_dir = match std::env::current_dir() {
            Ok(folder) => folder,
            Err(_) if server.cwd != Cwd::Client => PathBuf::new(),
            Err(source) => {
                let folder = context.env.text("PWD").map(str::to_owned);
                return Err(NoFolder { server: self.name.clone(), folder, source });
            }
        };
        Ok(Surroundings { own: &context.env, machine, client_dir })
    }

    fn failed(&self, source: io::Error) -> RunError {
        RunError { server: self.name.clone(), source }
    }
}

/// What a session takes over on its way, and a failed launch still needs.
#[derive(Default)]
struct Rest {
    /// The client's end that we read from, and what was read ahead of it.
    input: Option<Input>,
    signals: Option<Signals>,
    /// What was given for a time only.
    leases: Leases,
}

impl Rest {
    fn client(&mut self) -> io::Result<Client> {
        let input = self.input.take().map_or_else(Input::take_over, Ok)?;
        Client::take_over(input, self.signals.take().map_or_else(Signals::listen, Ok)?)
    }
}

/// What markers there are for besides the built-in rules, in the answers of every server.
fn marked(manifest: &Manifest) -> impl Iterator<Item = &str> {
    manifest.servers.values().flat_map(|server| {
        let requests = server.secrets.iter().filter(|request| request.sensitive);
        let secrets = requests.flat_map(|request| request.variables.iter().map(String::as_str));
        secrets.chain(server.redact.rules.iter().map(|rule| rule.id.as_str()))
    })
}

/// The key that tells values again. Without one, none of them may pass by its HMAC, and none is recorded with it.
fn machine_key(context: &Context, paths: &Paths) -> Option<MachineKey> {
    let warn = |error: &io::Error| {
        context.out.warn(&format!(
            "cannot read the key of this machine, so no value is allowed by `hmac`: {error}"
        ));
    };
    MachineKey::load(paths).inspect_err(warn).ok()
}

/// Answers a client whose command line for `run` is wrong: its configuration has a mistake that it should hear of.
pub(super) fn refuse_usage(message: &str) {
    if let Ok(runtime) = runtime() {
        runtime.block_on(answer(None, None, &Refusal::usage(message)));
        runtime.shutdown_background();
    }
}

/// Answers the probes of a client whose server is known to have no answer: without starting it, and without reading a secret.
/// Whether the client has gone since.
async fn answer_probes(input: &mut Input) -> bool {
    let Ok(mut output) = Writer::stdout() else { return false };
    while let Some(opening) = input.opening().await {
        if opening.envelope.method.usable().is_none_or(|method| method != PROBE) {
            break;
        }
        let mut line = Refusal::no_such_method(PROBE).answer(opening.envelope.id.usable());
        line.push(b'\n');
        if output.write_all(&line).await.is_err() {
            return true;
        }
        input.skip_line();
    }
    input.is_over()
}

/// The deadline for the secrets: shorter where the client is known to give less time, so that it is still there to be told.
async fn deadline(input: &mut Input, begin: Instant) -> Duration {
    let start = Instant::now();
    let told = async {
        match input.opening().await.and_then(|opening| opening.client) {
            Some(client) => budget::answer_within(&client),
            None => None,
        }
    };
    let budget = timeout(DEADLINE, told).await.ok().flatten();
    let left = budget.map(|budget| (begin + budget).saturating_duration_since(start));
    let limit = left.unwrap_or(DEADLINE).min(DEADLINE);
    sleep_until(start + limit).await;
    limit
}

/// Keeps what a session has shown of a server's era, beside the relay: another process may be changing the store.
fn note_era(paths: &Paths, install: Digest, era: Era) {
    let store = Store::of(paths);
    // Without a thread for it the server is asked again next time, and that is all.
    let _ = std::thread::Builder::new().spawn(move || store.note_era(&install, era));
}

/// What comes of this, unless a signal comes first.
async fn before_a_signal<T>(signals: &mut Signals, other: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        outcome = other => Some(outcome),
        () = signals.recv() => None,
    }
}

/// Gives back what is leased while something else goes on, and for a moment after that.
async fn give_back_beside(other: impl Future<Output = ()>, leases: &Leases, context: &Context) {
    let gone = Notify::new();
    let over = async {
        gone.notified().await;
        sleep(relay::GIVE_BACK).await;
    };
    let other = async {
        other.await;
        gone.notify_one();
    };
    let ((), kept) = tokio::join!(other, leases.give_back_until(over));
    kept.iter().for_each(|line| context.out.warn(line));
}

/// Answers every request with `refusal` until the client has had enough. What was read of it already is in `input`, and who
/// listens to signals already does in `signals`.
async fn answer(input: Option<Input>, signals: Option<Signals>, refusal: &Refusal) {
    // Whatever ends it, the exit code stays that of the failed launch.
    let input = input.map_or_else(Input::take_over, Ok);
    let (Ok(mut input), Ok(mut output)) = (input, Writer::stdout()) else { return };
    let stopped = async {
        match signals.map_or_else(Signals::listen, Ok) {
            Ok(mut signals) => signals.recv().await,
            // Then a signal ends us as it ends any program.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = failed_launch::refuse(refusal, &mut input, &mut output) => {}
        () = stopped => {}
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// The folder that we were started in is gone, and the server is to run in it.
#[derive(Debug, thiserror::Error)]
#[error("server `{server}` cannot run in {}: the folder no longer exists", shown(folder.as_deref()))]
struct NoFolder {
    server: String,
    /// Its path, as the client's shell had it.
    folder: Option<String>,
    source: io::Error,
}

fn shown(folder: Option<&str>) -> String {
    folder.map_or("the client's folder".to_owned(), |folder| format!("`{folder}`"))
}

impl Fault for NoFolder {
    fn kind(&self) -> Kind {
        Kind::Config
    }

    fn hint(&self) -> Option<String> {
        let server = &self.server;
        Some(format!("start the client in another folder, or set `cwd` of `[servers.{server}]`"))
    }
}

/// There are too few descriptors to begin with.
#[derive(Debug, thiserror::Error)]
#[error("the limit on open files is too low for a session")]
struct NoDescriptors(#[source] io::Error);

impl Fault for NoDescriptors {
    fn kind(&self) -> Kind {
        Kind::Internal
    }

    fn hint(&self) -> Option<String> {
        Some("raise the limit for the client: `ulimit -n 256` in the shell that starts it".into())
    }
}

/// The operating system refused something that always works.
#[derive(Debug, thiserror::Error)]
#[error("relaying server `{server}` failed")]
struct RunError {
    server: String,
    source: io::Error,
}

impl Fault for RunError {
    fn kind(&self) -> Kind {
        Kind::Internal
    }
}
