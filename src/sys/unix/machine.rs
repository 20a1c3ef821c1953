//! The user's login shell, and what is a program here.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, Uid, User, setsid};

/// The shell that the user database names; never `$SHELL`, which anybody who starts us can set.
pub(crate) fn login_shell() -> Option<PathBuf> {
    let shell = User::from_uid(Uid::effective()).ok()??.shell;
    is_program(&shell).then_some(shell)
}

/// Makes a command start in a session of its own. An interactive shell without a terminal of its own would take ours,
/// and stop us.
#[expect(unsafe_code, reason = "what the child does between fork and exec")]
pub(crate) fn own_session(command: &mut Command) {
    // SAFETY: setsid(2) is async-signal-safe; the closure allocates nothing and takes no lock.
    unsafe { command.pre_exec(|| setsid().map(drop).map_err(Into::into)) };
}

/// Ends every process of a command's own session (KILL).
pub(crate) fn end_session(child: &Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        // A child without a session of its own leads no group, and none is found.
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

/// The file name of a program.
pub(crate) fn program_name(name: &str) -> String {
    name.to_owned()
}

/// Whether this is a file that may be executed.
pub(crate) fn is_program(path: &Path) -> bool {
    let executable =
        |facts: std::fs::Metadata| facts.is_file() && facts.permissions().mode() & 0o111 != 0;
    path.metadata().is_ok_and(executable)
}
