//! The only place that starts processes.
//!
//! Every child gets a [`ScrubbedEnv`] and an argument vector; there is no shell and no inherited environment.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use super::env::ScrubbedEnv;

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
