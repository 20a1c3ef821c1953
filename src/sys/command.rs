//! The only place that starts processes.
//!
//! Every child gets a [`ScrubbedEnv`] and an argument vector; there is no shell. Only hushpipe itself, started as a client
//! would start it ([`itself`]), gets the environment that we were given.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;

use super::env::ScrubbedEnv;
use super::os;

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

/// A command for a server: all three streams piped, a process group (a job on Windows) of its own, ended with us.
#[expect(clippy::disallowed_methods, reason = "the one door to starting servers")]
pub fn server(
    program: &Path,
    args: &[OsString],
    env: &ScrubbedEnv,
    cwd: &Path,
    keep_open: &[os::RawDescriptor],
) -> tokio::process::Command {
    let mut command = std::process::Command::new(program);
    command.args(args).env_clear().envs(env.iter()).current_dir(cwd);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    os::prepare(&mut command, keep_open);
    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true);
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
