//! npm itself: where it is, the environment it gets, how it is run and watched.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::failure::NO_GIT;
use super::{NpmError, Progress};
use crate::sys::command;
use crate::sys::env::{OwnEnv, ScrubbedEnv};
use crate::sys::{machine, os};

/// npm, ready to be run.
#[derive(Debug)]
pub struct Npm {
    program: PathBuf,
    /// npm's own script, where `program` is Node: npm's shell shim is one process more, and on Windows a batch file.
    script: Option<PathBuf>,
    env: ScrubbedEnv,
}

impl Npm {
    /// Finds the npm that belongs to a Node: on `path`, or beside it. Its environment holds what a package manager
    /// needs of ours, by name, and `path`; never `NODE_OPTIONS`.
    ///
    /// # Errors
    /// [`NpmError::NoNpm`].
    pub fn find(node: &Path, path: &OsStr, own: &OwnEnv) -> Result<Self, NpmError> {
        let env = environment(node, path, own);
        let on_path = machine::find_program("npm", path);
        let real = on_path.as_deref().and_then(|npm| npm.canonicalize().ok());
        let is_script = |path: &PathBuf| path.file_name() == Some(OsStr::new("npm-cli.js"));
        let script = real.filter(is_script).or_else(|| beside(node));
        match (script, on_path) {
            (Some(script), _) => Ok(Self { program: node.to_owned(), script: Some(script), env }),
            (None, Some(shim)) if cfg!(unix) => Ok(Self { program: shim, script: None, env }),
            _ => Err(NpmError::NoNpm { node: node.to_owned() }),
        }
    }

    /// Runs npm for `package` in a folder; `seen` is called with each line of its log. Returns what it wrote to stdout.
    pub(super) fn run(
        &self,
        package: &str,
        args: &[&str],
        folder: &Path,
        mut seen: impl FnMut(&str),
    ) -> Result<Vec<u8>, NpmError> {
        let failed = |source| NpmError::Start { program: self.program.clone(), source };
        let script = self.script.iter().map(|script| script.as_os_str());
        let no_git = format!("--git={NO_GIT}");
        let options = args.iter().chain(ALWAYS).copied().chain([no_git.as_str()]);
        let args = script.chain(options.map(OsStr::new));
        let mut command = command::helper(&self.program, args, &self.env, folder);
        os::end_with_us(&mut command);
        let mut child = command.spawn().map_err(failed)?;
        let stdout = child.stdout.take();
        let answer = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stdout.map(|mut stdout| stdout.read_to_end(&mut bytes)).transpose().map(|_| bytes)
        });
        let mut complaints = VecDeque::new();
        for line in child.stderr.take().into_iter().flat_map(|log| BufReader::new(log).split(b'\n'))
        {
            let line = line.map_err(failed)?;
            let line = String::from_utf8_lossy(&line);
            seen(&line);
            if line.starts_with("npm error") || line.starts_with("npm ERR!") {
                complaints.push_back(line.into_owned());
                complaints.truncate(MAX_COMPLAINTS);
            }
        }
        let status = child.wait().map_err(failed)?;
        let broken = || failed(std::io::ErrorKind::BrokenPipe.into());
        let answer = answer.join().map_err(|_| broken())?.map_err(failed)?;
        match status.success() {
            true => Ok(answer),
            false => Err(NpmError::refused(package, &answer, complaints.make_contiguous())),
        }
    }
}

/// Counts the requests in npm's log that `counts` says are one step of the work.
pub(super) fn counting<'p>(
    progress: &'p mut dyn FnMut(Progress),
    total: Option<usize>,
    counts: fn(&str) -> bool,
) -> impl FnMut(&str) + 'p {
    let mut done = 0;
    move |line| {
        let fetched = line.strip_prefix("npm http fetch GET 200 ").is_some_and(counts);
        if fetched && total.is_none_or(|total| done < total) {
            done += 1;
            progress(Progress { done, total });
        }
    }
}

/// What every run is told, over whatever the user's npm configuration says: no foreign code, no source but a registry,
/// one shape of the tree, no waiting of minutes for a registry that is not there.
const ALWAYS: &[&str] = &[
    "--ignore-scripts",
    "--allow-git=none",
    "--allow-file=none",
    "--allow-directory=none",
    "--omit-lockfile-registry-resolved=true",
    "--install-strategy=hoisted",
    "--legacy-peer-deps=false",
    "--strict-peer-deps=false",
    "--lockfile-version=3",
    "--package-lock=true",
    "--global=false",
    "--dry-run=false",
    "--force=false",
    "--engine-strict=false",
    "--audit=false",
    "--fund=false",
    "--update-notifier=false",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=8000",
    "--json",
    "--progress=false",
    "--loglevel=http",
];

const MAX_COMPLAINTS: usize = 20;

/// Variables of ours that a package manager needs. Both cases of a proxy's name are in use: `lock` and `sync` are typed by a
/// person, whose network may be reached in no other way. Its own settings are not among them: which registry answers, and
/// from which cache, is for the user's own configuration files to say, and `direnv` and its like set variables too.
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
    "NODE_EXTRA_CA_CERTS",
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

fn environment(node: &Path, path: &OsStr, own: &OwnEnv) -> ScrubbedEnv {
    let mut env = ScrubbedEnv::empty();
    let windows = if cfg!(windows) { KEPT_ON_WINDOWS } else { &[] };
    for name in KEPT.iter().chain(windows) {
        env.keep(own, name);
    }
    for name in own.names().filter_map(OsStr::to_str).filter(|name| name.starts_with("LC_")) {
        env.keep(own, name);
    }
    env.set("PATH", with_folder(node.parent(), path));
    env
}

/// `path` with a folder before the others.
fn with_folder(folder: Option<&Path>, path: &OsStr) -> OsString {
    let folders = folder.map(Path::to_owned).into_iter().chain(std::env::split_paths(path));
    std::env::join_paths(folders).unwrap_or_else(|_| path.to_owned())
}

/// npm's script where Node's own installers put it.
fn beside(node: &Path) -> Option<PathBuf> {
    let folder = node.parent()?;
    let places = ["../lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js"];
    places.iter().find_map(|place| folder.join(place).canonicalize().ok())
}
