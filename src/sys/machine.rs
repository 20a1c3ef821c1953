//! The machine record: what a desktop program does not tell hushpipe about this machine.
//!
//! A host started from a desktop hands on a PATH without the user's own folders, and its configuration can set any PATH.
//! So `init` and `sync`, typed by a person, write down the PATH of the login shell and where Node is, and `run` reads
//! that. The record belongs to the user; one that another account could have written is refused.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::command;
use super::env::{OwnEnv, ScrubbedEnv};
use super::os;
use super::path::Paths;
use super::permission::{self, Insecure};
use super::private;
use crate::error::{Fault, Kind};

/// What is true of this machine for this user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The PATH of the login shell.
    pub path: String,
    /// uv, which resolves and installs PyPI packages, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uv: Option<PathBuf>,
    /// Node, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Node>,
}

/// A Node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its absolute path, version managers' stand-ins and links resolved.
    pub path: PathBuf,
    /// What it says its version is, as in `v20.20.2`.
    pub version: String,
}

impl Machine {
    /// Reads the record. `None` where none was written yet.
    ///
    /// # Errors
    /// It cannot be read, another account could have written it, or it does not read as a record.
    pub fn load(paths: &Paths) -> Result<Option<Self>, MachineError> {
        let path = Self::file(paths);
        let text = match permission::read_owned(&path) {
            Ok(text) => text,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        toml::from_str(&text).map(Some).map_err(|error: toml::de::Error| {
            let what = error.message().to_owned();
            MachineError::Malformed { path, what }
        })
    }

    /// Looks at the machine: asks the login shell for its PATH and Node for itself. Takes as long as the user's shell
    /// start-up files do, 5 s at most; what cannot be had is taken from our own environment, or left out.
    pub fn capture(env: &OwnEnv, paths: &Paths) -> Self {
        let own = env.var("PATH").unwrap_or_default();
        let path = os::login_shell().and_then(|shell| path_of(&shell, env, &paths.home));
        let searched = path.iter().map(OsString::as_os_str).chain([own]);
        let node = searched
            .filter_map(|path| find_program("node", path))
            .find_map(|node| Node::at(&node, path.as_deref().unwrap_or(own), paths));
        let path = path.as_deref().unwrap_or(own);
        let uv = find_program("uv", path).or_else(|| find_elsewhere("uv", paths));
        Self { path: path.to_string_lossy().into_owned(), uv, node }
    }

    /// Writes the record.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn save(&self, paths: &Paths) -> Result<(), MachineError> {
        let path = Self::file(paths);
        let failed = |source| MachineError::Write { path: path.clone(), source };
        let text = toml::to_string(self).map_err(|error| failed(io::Error::other(error)))?;
        private::replace(&path, format!("{HEADER}{text}").as_bytes()).map_err(failed)
    }

    fn file(paths: &Paths) -> PathBuf {
        paths.state.join("machine.toml")
    }
}

impl Node {
    /// Asks a `node`, which may be a version manager's stand-in, where it really is.
    fn at(node: &Path, path: &OsStr, paths: &Paths) -> Option<Self> {
        const QUESTION: &str = "console.log(process.execPath + '\\n' + process.version)";
        let mut env = ScrubbedEnv::empty();
        env.set("HOME", &paths.home);
        env.set("PATH", path);
        let command = command::helper(node, ["-e", QUESTION], &env, &paths.home);
        let [path, version] = lines(command, LIMIT, |_| false).try_into().ok()?;
        let path = PathBuf::from(path).canonicalize().ok()?;
        version.starts_with('v').then_some(Self { path, version })
    }
}

/// Finds a program in the folders of a PATH; relative folders are skipped, they would depend on who starts us where.
pub fn find_program(name: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(os::program_name(name)))
        .find(|program| os::is_program(program))
}

/// Finds a program where its installer puts it, for users who never put that folder on their PATH.
fn find_elsewhere(name: &str, paths: &Paths) -> Option<PathBuf> {
    const OF_HOME: [&str; 2] = [".local/bin", ".cargo/bin"];
    let of_home = OF_HOME.iter().map(|folder| paths.home.join(folder));
    of_home
        .chain(os::SHARED_FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(os::program_name(name)))
        .find(|program| os::is_program(program))
}

/// How long a login shell and Node get to answer.
const LIMIT: Duration = Duration::from_secs(5);

const HEADER: &str = "# What hushpipe knows of this machine. Written by `hushpipe sync`; your changes would be lost.\n";

/// Stands around the answer: start-up files print what they like.
const MARK: &str = "hushpipe-answer-4f1b";

/// The PATH that a login shell ends up with, from nothing but the system's default.
fn path_of(shell: &Path, env: &OwnEnv, home: &Path) -> Option<OsString> {
    let mut scrubbed = ScrubbedEnv::empty();
    for name in ["USER", "LOGNAME", "LANG", "TMPDIR"] {
        scrubbed.keep(env, name);
    }
    scrubbed.set("HOME", home);
    scrubbed.set("SHELL", shell);
    scrubbed.set("TERM", "dumb");
    scrubbed.set("PATH", os::DEFAULT_PATH);
    // Every shell, fish and csh included, understands this; `$PATH` is a list in some. Nothing else that the start-up
    // files export comes here: there may be secrets among it.
    let script = format!("echo; echo {MARK}; /usr/bin/env printenv PATH; echo {MARK}");
    let mut command = command::helper(shell, ["-l", "-i", "-c", &script], &scrubbed, home);
    os::own_session(&mut command);
    let mut marks = 0;
    let answer = lines(command, LIMIT, |line| {
        marks += usize::from(line == MARK);
        marks == 2
    });
    let path = answer.into_iter().skip_while(|line| line != MARK).nth(1)?;
    (path != MARK && !path.is_empty()).then(|| path.into())
}

/// The lines that a command writes to stdout in time, up to the one that `is_last`.
fn lines(
    mut command: std::process::Command,
    limit: Duration,
    mut is_last: impl FnMut(&str) -> bool,
) -> Vec<String> {
    command.stderr(std::process::Stdio::null());
    let mut answer = Vec::new();
    let Ok(mut child) = command.spawn() else { return answer };
    let stdout = child.stdout.take();
    let (sender, received) = std::sync::mpsc::channel();
    // Not joined: something that a start-up file left running may hold the pipe open for ever.
    std::thread::spawn(move || {
        let read = stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines());
        let _ = read.map_while(Result::ok).try_for_each(|line| sender.send(line));
    });
    let end = Instant::now() + limit;
    while let Ok(line) = received.recv_timeout(end.saturating_duration_since(Instant::now())) {
        let last = is_last(&line);
        answer.push(line);
        if last {
            break;
        }
    }
    end_soon(&mut child);
    answer
}

/// Gives a process that has answered a moment to end by itself, then ends it and all of its session.
fn end_soon(child: &mut Child) {
    let end = Instant::now() + Duration::from_millis(500);
    while Instant::now() < end {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
            _ => return,
        }
    }
    os::end_session(child);
    let _ = child.kill();
    let _ = child.wait();
}

/// Why the machine record is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MachineError {
    /// It is not readable, or another account could have written it.
    #[error(transparent)]
    Insecure(#[from] Insecure),
    /// It does not read.
    #[error("machine record `{}` does not read: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// It could not be written.
    #[error("machine record `{}` cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

impl Fault for MachineError {
    fn kind(&self) -> Kind {
        match self {
            Self::Insecure(error) => error.kind(),
            Self::Malformed { .. } => Kind::Config,
            Self::Write { .. } => Kind::Io,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Insecure(error) => error.hint(),
            Self::Malformed { .. } => Some("run `hushpipe sync` to write it anew".into()),
            Self::Write { .. } => None,
        }
    }
}

#[cfg(all(test, unix))]
#[expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; the exemption for tests misses helpers"
)]
mod tests {
    use super::*;

    fn script(folder: &Path, name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{content}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn a_record_reads_back_and_one_of_another_user_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path());
        assert_eq!(Machine::load(&paths).unwrap(), None);
        let node = Node { path: "/usr/bin/node".into(), version: "v20.0.0".into() };
        for node in [None, Some(node)] {
            let machine = Machine { path: "/a:/b c".into(), node, ..Machine::default() };
            machine.save(&paths).unwrap();
            assert_eq!(Machine::load(&paths).unwrap(), Some(machine));
        }
        let file = Machine::file(&paths);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o602)).unwrap();
        assert!(matches!(Machine::load(&paths), Err(MachineError::Insecure(_))));
    }

    #[test]
    fn a_record_that_does_not_read_says_what_to_do() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path());
        Machine { path: "/a".into(), ..Machine::default() }.save(&paths).unwrap();
        std::fs::write(Machine::file(&paths), "path = 1").unwrap();
        let error = Machine::load(&paths).unwrap_err();
        assert_eq!(error.kind().exit_code(), 78);
        assert!(error.hint().unwrap().contains("hushpipe sync"));
    }

    #[test]
    fn a_login_shell_tells_its_path_whatever_its_start_up_files_print() {
        let home = tempfile::tempdir().unwrap();
        let profile = "printf 'no newline'; echo hello >&2; export PATH=\"/from/profile:$PATH\"";
        std::fs::write(home.path().join(".profile"), profile).unwrap();
        let own = OwnEnv::of([("PATH", "/from/the/environment")]);
        let path = path_of(Path::new("/bin/sh"), &own, home.path()).unwrap();
        let path = path.to_str().unwrap();
        assert!(path.starts_with("/from/profile:"), "{path}");
        assert!(!path.contains("/from/the/environment"), "{path}");
    }

    #[test]
    fn a_shell_that_never_answers_is_ended() {
        let home = tempfile::tempdir().unwrap();
        let silent = script(home.path(), "silent", "sleep 1000 & echo x; wait");
        let env = ScrubbedEnv::empty();
        let mut command = command::helper(&silent, [""; 0], &env, home.path());
        os::own_session(&mut command);
        assert_eq!(lines(command, Duration::from_millis(300), |_| false), ["x"]);
    }

    #[test]
    fn something_left_running_does_not_keep_an_answer_back() {
        let home = tempfile::tempdir().unwrap();
        let leaving = script(home.path(), "leaving", "sleep 2 & echo one; echo end; echo two");
        let env = ScrubbedEnv::empty();
        let mut command = command::helper(&leaving, [""; 0], &env, home.path());
        os::own_session(&mut command);
        assert_eq!(lines(command, Duration::from_secs(60), |line| line == "end"), ["one", "end"]);
    }

    #[test]
    fn node_says_where_it_really_is() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path());
        let real = script(home.path(), "real", "");
        let stand_in = format!("echo {}; echo v9.9.9", real.display());
        let stand_in = script(home.path(), "node", &stand_in);
        let node = Node::at(&stand_in, "/usr/bin:/bin".as_ref(), &paths).unwrap();
        assert_eq!((node.path, node.version.as_str()), (real.canonicalize().unwrap(), "v9.9.9"));
        let broken = script(home.path(), "broken", "echo no version manager here; exit 1");
        assert_eq!(Node::at(&broken, "/usr/bin:/bin".as_ref(), &paths), None);
    }

    #[test]
    fn programs_are_found_in_absolute_folders_only() {
        let home = tempfile::tempdir().unwrap();
        let tool = script(home.path(), "tool", "");
        let folder = home.path().display().to_string();
        let found = |path: &str| find_program("tool", path.as_ref());
        assert_eq!(found(&format!("/nowhere:{folder}")), Some(tool));
        assert_eq!(found("/nowhere::.:bin"), None);
        std::fs::write(home.path().join("text"), "").unwrap();
        assert_eq!(find_program("text", folder.as_ref()), None);
    }
}
