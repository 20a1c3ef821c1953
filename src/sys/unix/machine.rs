//! The user's login shell, what the system sets for every session, where runtimes are, what is a program.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, Uid, User, setsid};

use crate::sys::env::OwnEnv;

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

/// Ends every process of the session that a command with [`own_session`] leads, but for those that left its group (KILL).
/// Only while the command is not collected: until then nobody else can have its id.
pub(crate) fn end_session(leader: u32) {
    if let Ok(pid) = i32::try_from(leader) {
        // One without a session of its own leads no group, and none is found.
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

/// Where version managers keep Node: nvm, nvm.fish, fnm, mise, asdf, volta, nodenv, n, pnpm, proto, nvs, Homebrew.
pub(crate) const NODE_PLACES: &[&str] = &[
    ".nvm/versions/node/*/bin",
    ".config/nvm/versions/node/*/bin",
    ".local/share/fnm/node-versions/*/installation/bin",
    ".fnm/node-versions/*/installation/bin",
    "Library/Application Support/fnm/node-versions/*/installation/bin",
    ".local/share/mise/installs/node/*/bin",
    ".asdf/installs/nodejs/*/bin",
    ".volta/tools/image/node/*/bin",
    ".local/share/nvm/*/bin",
    ".nodenv/versions/*/bin",
    "n/n/versions/node/*/bin",
    "n/versions/node/*/bin",
    ".n/n/versions/node/*/bin",
    ".n/versions/node/*/bin",
    "/usr/local/n/versions/node/*/bin",
    ".local/share/pnpm/nodejs/*/bin",
    "Library/pnpm/nodejs/*/bin",
    ".proto/tools/node/*/bin",
    ".nvs/node/*/x64/bin",
    ".nvs/node/*/arm64/bin",
    "/opt/homebrew/opt/node*/bin",
    "/usr/local/opt/node*/bin",
    "/home/linuxbrew/.linuxbrew/opt/node*/bin",
    "/usr/local/bin",
    "/usr/bin",
];

/// Where version managers keep Python: pyenv, uv, mise, asdf, Homebrew.
pub(crate) const PYTHON_PLACES: &[&str] = &[
    ".pyenv/versions/*/bin",
    ".local/share/uv/python/*/bin",
    ".local/share/mise/installs/python/*/bin",
    ".asdf/installs/python/*/bin",
    "/opt/homebrew/opt/python*/libexec/bin",
    "/usr/local/opt/python*/libexec/bin",
    "/home/linuxbrew/.linuxbrew/opt/python*/libexec/bin",
    "/Library/Frameworks/Python.framework/Versions/*/bin",
    "/usr/local/bin",
    "/usr/bin",
];

/// Whether a program is Apple's stand-in, which opens a window that offers to install the real one.
pub(crate) fn asks_to_install(program: &Path) -> bool {
    const TOOLS: &str = "/Library/Developer/CommandLineTools/usr/bin";
    cfg!(target_os = "macos")
        && program.parent() == Some(Path::new("/usr/bin"))
        && program.file_name().is_some_and(|name| !Path::new(TOOLS).join(name).exists())
}

/// What the system sets for every session before any shell starts: pam_env(8) reads `/etc/environment`, and the locale
/// from a file whose place differs. Nothing of our own environment, which whoever starts us can set.
pub(crate) fn session_variables(_env: &OwnEnv, names: &[&str]) -> BTreeMap<String, String> {
    const FILES: [&str; 3] = ["/etc/locale.conf", "/etc/default/locale", "/etc/environment"];
    let texts = FILES.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    let mut variables = BTreeMap::new();
    for text in texts {
        variables.extend(assignments(&text).filter(|(name, _)| names.contains(&name.as_str())));
    }
    variables
}

/// `NAME=value` by lines, as pam_env(8) reads them; what would need a shell to expand is left out.
fn assignments(text: &str) -> impl Iterator<Item = (String, String)> {
    let one = |line: &str| {
        let line = line.trim().trim_start_matches("export ");
        let (name, value) = line.split_once('=')?;
        let value = value.trim_matches(|c| c == '"' || c == '\'');
        let plain = !value.is_empty() && !value.contains(['$', '`', '\\']);
        plain.then(|| (name.trim().to_owned(), value.to_owned()))
    };
    text.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_session_are_read_as_pam_reads_them() {
        let text = "# comment\nexport LANG=\"de_DE.UTF-8\"\nHTTP_PROXY='http://p:1'\nPATH=$HOME/bin\nnone\nEMPTY=\n";
        let found: Vec<(String, String)> = assignments(text).collect();
        let found: Vec<(&str, &str)> =
            found.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(found, [("LANG", "de_DE.UTF-8"), ("HTTP_PROXY", "http://p:1")]);
    }
}
