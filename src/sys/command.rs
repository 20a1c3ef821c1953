//! The only place that starts processes.
//!
//! Every child gets a [`ScrubbedEnv`] and an argument vector; there is no shell. Only hushpipe itself, started as a client
//! would start it ([`itself`]), gets the environment that we were given.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;

use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

use super::env::ScrubbedEnv;
use super::os;

/// What a guard is to start: a server, all three streams piped, in a process group (a job on Windows) of its own.
pub struct Order<'a> {
    /// The program, absolute.
    pub program: &'a Path,
    /// Its arguments.
    pub args: &'a [OsString],
    /// Its environment.
    pub env: &'a ScrubbedEnv,
    /// Its working directory.
    pub cwd: &'a Path,
    /// Descriptors of ours that it inherits under the same numbers.
    pub keep_open: &'a [os::RawDescriptor],
}

/// A started server.
pub struct Started {
    /// Its three streams.
    pub streams: Streams,
    /// Its process. Dropping it ends the server and all of its tree.
    pub process: os::Process,
}

/// The streams of a server.
pub struct Streams {
    /// Where its messages go in.
    pub stdin: ChildStdin,
    /// Where its messages come out.
    pub stdout: ChildStdout,
    /// Its log.
    pub stderr: ChildStderr,
}

/// A command for a helper program that we wait for, such as a package manager: standard input is empty, output is the
/// caller's choice and captured by default.
#[expect(clippy::disallowed_methods, reason = "the one door to starting helpers")]
pub fn helper<A: AsRef<OsStr>>(
    program: &Path,
    args: impl IntoIterator<Item = A>,
    env: &ScrubbedEnv,
    cwd: &Path,
) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    command.args(args).env_clear().envs(env.iter()).current_dir(cwd);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A command for hushpipe itself, to use a server as a client would: standard input and output are piped, standard error is
/// ours, and so is the environment, which the started process takes and clears like any that a client starts.
///
/// # Errors
/// The path of our own program is not known.
#[expect(clippy::disallowed_methods, reason = "the one door to starting ourselves")]
pub fn itself<A: AsRef<OsStr>>(
    args: impl IntoIterator<Item = A>,
) -> std::io::Result<tokio::process::Command> {
    let mut command = tokio::process::Command::new(std::env::current_exe()?);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    Ok(command)
}
