//! How a server stands: whether `run` would start it, as far as that can be told without a secret.
//!
//! `list`, `check` and `explain` show it in their own ways. It comes from the same functions that `run` calls, so it is
//! what `run` would meet.

use serde::Serialize;

use crate::error::Error;
use crate::launch::LaunchError;
use crate::launch::env::names_credential;
use crate::manifest::{Cwd, Server, looks_opaque};
use crate::plan::program::{ProgramError, program};
use crate::secret::userinfo;
use crate::sys::machine::Machine;
use crate::sys::path::Paths;
use crate::trust::{Ledger, TrustError};

/// In one word, what `run` would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ServerState {
    /// Start it.
    Ready,
    /// Refuse: it is from a project manifest, and nobody has accepted it as it is now.
    NeedsTrust,
    /// Refuse: the lockfile does not have it.
    NotLocked,
    /// Refuse: the lockfile has another version.
    Stale,
    /// Refuse: the lockfile has another entry than the one that was synced.
    NotSynced,
    /// Refuse: this machine has no install of it.
    NotInstalled,
    /// Refuse: the install is not what was locked.
    Altered,
    /// Fail: the program, the runtime or the working directory is not there or cannot be used.
    Broken,
}

impl ServerState {
    /// The words for people.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NeedsTrust => "needs trust",
            Self::NotLocked => "not locked",
            Self::Stale => "lock is stale",
            Self::NotSynced => "not synced",
            Self::NotInstalled => "not installed",
            Self::Altered => "changed since it was locked",
            Self::Broken => "cannot start",
        }
    }

    fn of(error: &ProgramError) -> Self {
        match error {
            ProgramError::NotLocked { .. } => Self::NotLocked,
            ProgramError::Stale { .. } => Self::Stale,
            ProgramError::NotInstalled { .. } => Self::NotInstalled,
            ProgramError::Altered { .. } | ProgramError::BinaryDiffers { .. } => Self::Altered,
            _ => Self::Broken,
        }
    }
}

/// How one server stands.
pub(super) struct ServerStanding {
    /// What comes first.
    pub(super) state: ServerState,
    /// Everything that keeps `run` from starting it.
    pub(super) problems: Vec<Error>,
}

impl ServerStanding {
    /// Looks at a server's lock entry, its install and its folder.
    pub(super) fn of(server: &Server, paths: &Paths, machine: Option<&Machine>) -> Self {
        let mut standing = Self { state: ServerState::Ready, problems: Vec::new() };
        let ledger = Ledger::of(paths);
        let program = program(server, paths, machine);
        let lock = program.as_ref().ok().and_then(|program| program.lock);
        let consent = match (server.allow(&ledger), &program) {
            (Ok(allowed), Ok(_)) => allowed.run(lock.as_ref()),
            (Ok(_), Err(_)) => Ok(()),
            (Err(error), _) => Err(error),
        };
        if let Err(error) = consent {
            let state = match error {
                TrustError::NotSynced { .. } => ServerState::NotSynced,
                _ => ServerState::NeedsTrust,
            };
            standing.add(state, error.into());
        }
        if let Err(error) = program {
            standing.add(ServerState::of(&error), error.into());
        }
        if let Cwd::Path(path) = &server.cwd
            && !path.is_dir()
        {
            let (server, cwd) = (server.name.clone(), path.display().to_string());
            let error = LaunchError::NoWorkingDirectory { server, cwd };
            standing.add(ServerState::Broken, error.into());
        }
        standing
    }

    fn add(&mut self, state: ServerState, problem: Error) {
        if self.problems.is_empty() {
            self.state = state;
        }
        self.problems.push(problem);
    }
}

/// Whether a plain setting looks like a credential: by its name, by its text, or as a URL with a password in it.
pub(super) fn is_credential(name: &str, value: &str) -> bool {
    names_credential(name) || looks_opaque(value) || userinfo::is_in_variable(name, value)
}

/// A failure as `--json` writes it.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    kind: &'static str,
    /// What is wrong, in one sentence.
    pub(super) message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Problem {
    /// What a failure says.
    pub(super) fn of(error: &Error) -> Self {
        Self {
            kind: error.kind().token(),
            message: error.to_string(),
            causes: error.causes(),
            hint: error.hint(),
        }
    }

    /// Its causes and its hint, for people.
    pub(super) fn details(&self) -> Vec<String> {
        let causes = self.causes.iter().map(|cause| format!("cause: {cause}"));
        let hints = self.hint.iter().flat_map(|hint| hint.lines());
        causes.chain(hints.map(|hint| format!("hint: {hint}"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_among_plain_settings_are_seen() {
        for (name, value) in [
            ("GITHUB_TOKEN", "x"),
            ("DB", "postgres://me:pw@host/db"),
            ("X", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
        ] {
            assert!(is_credential(name, value), "{name}");
        }
        for (name, value) in
            [("LOG_LEVEL", "info"), ("URL", "https://example.com/@me"), ("REGION", "eu-central-1")]
        {
            assert!(!is_credential(name, value), "{name}");
        }
    }
}
