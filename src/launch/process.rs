//! The server's process: spawned from an argument vector and a scrubbed environment, never through a shell.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use super::LaunchError;
use super::env::{Variables, with_passwords};
use super::file::SecretFiles;
use crate::secret::{Delivery, Secret, SecretSet};
use crate::sys::command::Order;
use crate::sys::env::ScrubbedEnv;
use crate::sys::os;
use crate::sys::path::Paths;

/// What to start, decided before any secret is known.
#[derive(Debug)]
pub struct Launch {
    /// The server's name, for messages.
    pub server: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<Argument>,
    /// Its working directory.
    pub cwd: PathBuf,
    /// Its environment without the secrets.
    pub variables: Variables,
}

/// One argument of the server's program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// The argument itself.
    Plain(OsString),
    /// The value of the secret of this name. Every process of the user can read it while the server runs.
    Secret(String),
}

impl Launch {
    /// The credentials among the variables, with their names: nobody called them secrets, and the client must not read
    /// them either.
    pub fn credentials(&self) -> Vec<(String, Secret)> {
        with_passwords(&self.variables).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Has the server started with these secrets by `start`. With what that gave come the files that carry secrets to the
    /// server; they live as long as it does.
    ///
    /// # Errors
    /// The working directory or the program is not there, the program cannot be run, a secret cannot be delivered.
    pub fn spawn<T>(
        &self,
        secrets: &SecretSet,
        paths: &Paths,
        start: impl FnOnce(&Order<'_>) -> io::Result<T>,
    ) -> Result<(T, SecretFiles), LaunchError> {
        if !self.cwd.is_dir() {
            let cwd = self.cwd.display().to_string();
            return Err(LaunchError::NoWorkingDirectory { server: self.server.clone(), cwd });
        }
        if !os::is_of_program_format(&self.program) {
            let source =
                io::Error::new(io::ErrorKind::InvalidData, "it is not a program for this system");
            return Err(self.not_runnable(source));
        }
        let mut env = ScrubbedEnv::empty();
        for (name, (value, _)) in &self.variables {
            env.set(name, value);
        }
        let files = self.deliver(secrets, &mut env, paths)?;
        let order = Order {
            program: &self.program,
            args: &self.arguments(secrets)?,
            env: &env,
            cwd: &self.cwd,
            keep_open: &files.keep_open(),
        };
        let started = start(&order).map_err(|source| self.spawn_error(source))?;
        Ok((started, files))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "delivery by environment, the default of the manifest"
    )]
    fn deliver(
        &self,
        secrets: &SecretSet,
        env: &mut ScrubbedEnv,
        paths: &Paths,
    ) -> Result<SecretFiles, LaunchError> {
        let mut files = SecretFiles::default();
        for secret in secrets {
            let failed = |source| LaunchError::Delivery {
                server: self.server.clone(),
                variable: secret.variable.clone(),
                source,
            };
            match secret.deliver {
                Delivery::Env => {
                    let value = os::env_value(secret.value.expose()).map_err(failed)?;
                    env.set(&secret.variable, value);
                }
                // Delivered by `arguments`.
                Delivery::Argument => {}
                Delivery::File => {
                    let path =
                        files.add(&secret.variable, &secret.value, &paths.state).map_err(failed)?;
                    env.set(&secret.variable, path);
                }
            }
        }
        Ok(files)
    }

    /// The arguments with the secrets among them.
    #[expect(clippy::disallowed_methods, reason = "`dangerously_arg` of the user manifest")]
    fn arguments(&self, secrets: &SecretSet) -> Result<Vec<OsString>, LaunchError> {
        let argument = |argument: &Argument| match argument {
            Argument::Plain(text) => Ok(text.clone()),
            Argument::Secret(name) => {
                let failed = |source| LaunchError::Delivery {
                    server: self.server.clone(),
                    variable: name.clone(),
                    source,
                };
                let found = secrets.iter().find(|secret| {
                    secret.deliver == Delivery::Argument && secret.variable == *name
                });
                let found = found.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
                os::env_value(found.value.expose()).map_err(failed)
            }
        };
        self.args.iter().map(argument).collect()
    }

    fn spawn_error(&self, source: io::Error) -> LaunchError {
        match source.kind() {
            io::ErrorKind::NotFound => {
                LaunchError::ProgramNotFound { program: self.program.display().to_string(), source }
            }
            io::ErrorKind::PermissionDenied => self.not_runnable(source),
            _ => LaunchError::System { server: self.server.clone(), source },
        }
    }

    fn not_runnable(&self, source: io::Error) -> LaunchError {
        LaunchError::NotRunnable { program: self.program.display().to_string(), source }
    }
}
