//! What is a program here. There is no login shell: every process of a session starts with the user's PATH.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sys::env::OwnEnv;

/// The shell that the user database names: none.
pub(crate) fn login_shell() -> Option<PathBuf> {
    None
}

/// Makes a command start in a session of its own: a console program takes no terminal from us.
pub(crate) fn own_session(_command: &mut Command) {}

/// Ends every process of a command's own session: the command itself is ended by its handle.
pub(crate) fn end_session(_leader: u32) {}

/// The file name of a program. Batch files are left out: they would run in a shell.
pub(crate) fn program_name(name: &str) -> String {
    if Path::new(name).extension().is_some() { name.to_owned() } else { format!("{name}.exe") }
}

/// Whether this is a file that may be executed.
pub(crate) fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// Where version managers keep Node: nvm-windows, fnm, volta, mise, pnpm, proto, nvs, its own installer.
pub(crate) const NODE_PLACES: &[&str] = &[
    "AppData/Roaming/nvm/*",
    "AppData/Roaming/fnm/node-versions/*/installation",
    "AppData/Local/Volta/tools/image/node/*",
    "AppData/Local/mise/installs/node/*",
    "AppData/Local/pnpm/nodejs/*",
    ".proto/tools/node/*",
    "AppData/Local/nvs/node/*/x64",
    "AppData/Local/nvs/node/*/arm64",
    "C:/Program Files/nodejs",
];

/// Where Python is kept: its own installer, uv, pyenv-win, mise.
pub(crate) const PYTHON_PLACES: &[&str] = &[
    "AppData/Local/Programs/Python/*",
    "AppData/Roaming/uv/python/*",
    ".pyenv/pyenv-win/versions/*",
    "AppData/Local/mise/installs/python/*",
];

/// Whether a program is a stand-in that opens the shop of the system: the links in `WindowsApps` are.
pub(crate) fn asks_to_install(program: &Path) -> bool {
    program.components().any(|part| part.as_os_str() == "WindowsApps")
}

/// What the system sets for every session: that is our own environment, since no start-up file adds to it.
pub(crate) fn session_variables(env: &OwnEnv, names: &[&str]) -> BTreeMap<String, String> {
    let found = |name: &&str| Some(((*name).to_owned(), env.text(name)?.to_owned()));
    names.iter().filter_map(found).collect()
}
