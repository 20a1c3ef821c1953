//! Running a package manager: the environment it gets, its log line by line, its answer.
//!
//! A package manager sees few variables, each by name, so that only the user's own configuration files count. It ends
//! with us, however we end.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read};
use std::process::Command;

use crate::sys::env::{OwnEnv, ScrubbedEnv};
use crate::sys::os;

/// What a package manager left behind.
pub(super) struct Ended {
    /// Whether its exit code was 0.
    pub(super) success: bool,
    /// All that it wrote to stdout.
    pub(super) stdout: Vec<u8>,
}

/// Runs a package manager to its end; `seen` is called with each line of its log (stderr).
pub(super) fn run(mut command: Command, mut seen: impl FnMut(&str)) -> io::Result<Ended> {
    os::end_with_us(&mut command);
    let mut child = command.spawn()?;
    let stdout = child.stdout.take();
    let answer = std::thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        stdout.map(|mut stdout| stdout.read_to_end(&mut bytes)).transpose().map(|_| bytes)
    });
    let answer = answer.inspect_err(|_| {
        let _ = child.kill();
        let _ = child.wait();
    })?;
    for line in child.stderr.take().into_iter().flat_map(|log| BufReader::new(log).split(b'\n')) {
        seen(&String::from_utf8_lossy(&line?));
    }
    let status = child.wait()?;
    let stdout = answer.join().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))??;
    Ok(Ended { success: status.success(), stdout })
}

/// The environment of a package manager: what every program and every download needs of ours, the variables of these
/// names, and `path`.
pub(super) fn environment(names: &[&str], path: OsString, own: &OwnEnv) -> ScrubbedEnv {
    let mut env = ScrubbedEnv::empty();
    let windows = if cfg!(windows) { KEPT_ON_WINDOWS } else { &[] };
    for name in KEPT.iter().chain(names).chain(windows) {
        env.keep(own, name);
    }
    for name in own.names().filter_map(OsStr::to_str).filter(|name| name.starts_with("LC_")) {
        env.keep(own, name);
    }
    env.set("PATH", path);
    env
}

/// Variables of ours that every package manager needs. Both cases of a proxy's name are in use: `lock` and `sync` are typed by a
/// person, whose network may be reached in no other way. A package manager's own settings are not among them: which
/// registry answers, from which cache, and where a Python is, is for the user's own configuration files to say, since
/// `direnv` and its like let a project set variables, too.
const KEPT: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "TERM",
    "LANG",
    "TMPDIR",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// What programs on Windows do not start without.
const KEPT_ON_WINDOWS: &[&str] = &[
    "SystemRoot",
    "SystemDrive",
    "ComSpec",
    "windir",
    "PATHEXT",
    "TEMP",
    "TMP",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    "ProgramFiles",
    "USERPROFILE",
    "USERNAME",
];
