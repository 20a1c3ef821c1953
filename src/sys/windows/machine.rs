//! What is a program here. There is no login shell: every process of a session starts with the user's PATH.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// The shell that the user database names: none.
pub(crate) fn login_shell() -> Option<PathBuf> {
    None
}

/// Makes a command start in a session of its own: a console program takes no terminal from us.
pub(crate) fn own_session(_command: &mut Command) {}

/// Ends every process of a command's own session: the command itself is ended by its handle.
pub(crate) fn end_session(_child: &Child) {}

/// The file name of a program. Batch files are left out: they would run in a shell.
pub(crate) fn program_name(name: &str) -> String {
    if Path::new(name).extension().is_some() { name.to_owned() } else { format!("{name}.exe") }
}

/// Whether this is a file that may be executed.
pub(crate) fn is_program(path: &Path) -> bool {
    path.is_file()
}
