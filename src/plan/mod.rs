//! What a launch will do, decided before it is done: plain data, no I/O.
//!
//! `run` acts on a plan, `explain` shows one; both come from the same function, so what is shown is what runs.

pub mod program;

use std::ffi::OsStr;
use std::path::PathBuf;

use crate::launch::env::{Origin, search_path, variables};
use crate::launch::loader::{isolates_python, isolation_flags};
use crate::launch::process::{Argument, Launch};
use crate::manifest::{self, Cwd, Server, Word};
use crate::relay::Settings;
use crate::sys::env::OwnEnv;
use crate::sys::machine::Machine;
use program::Program;

/// Everything about one launch but the secrets' values.
#[derive(Debug)]
pub struct LaunchPlan {
    /// What is started, where, with which environment.
    pub launch: Launch,
    /// How it is relayed.
    pub settings: Settings,
}

/// What the machine contributes to a plan.
pub struct Surroundings<'a> {
    /// Our own environment.
    pub own: &'a OwnEnv,
    /// The machine record, where there is one.
    pub machine: Option<&'a Machine>,
    /// The directory the client started us in.
    pub client_dir: PathBuf,
}

impl LaunchPlan {
    /// Decides how `server` runs as `program`.
    pub fn new(server: &Server, program: Program, around: &Surroundings<'_>) -> Self {
        let path = search_path(
            around.machine.map(|machine| OsStr::new(&machine.path)),
            program.runtime_dir.as_deref(),
        );
        let cwd: PathBuf = match &server.cwd {
            Cwd::Client => around.client_dir.clone(),
            Cwd::Path(path) => path.clone(),
        };
        let mut variables = variables(&server.env, around.own, around.machine, path);
        for (name, value) in program.variables {
            variables.insert(name.into(), (value.into(), Origin::Runtime));
        }
        let flags = match program.is_python && isolates_python(&server.env) {
            true => isolation_flags(&variables),
            false => Vec::new(),
        };
        let args = flags.into_iter().chain(program.args).map(Argument::Plain);
        let args = args.chain(server.args.iter().map(launched)).collect();
        Self {
            launch: Launch {
                server: server.name.clone(),
                program: program.path,
                args,
                cwd,
                variables,
            },
            settings: Settings {
                server: server.name.clone(),
                frame_limit: server.frame_limit,
                drain: server.drain,
                grace: server.grace,
                era: program.era,
                redact: server.redact.clone(),
            },
        }
    }
}

fn launched(argument: &manifest::Argument) -> Argument {
    match &argument.word {
        Word::Plain(text) => Argument::Plain(text.into()),
        Word::Secret(_) => Argument::Secret(argument.place.name()),
    }
}
