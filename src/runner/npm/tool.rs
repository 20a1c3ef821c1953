//! npm itself: where it is, the environment it gets, how it is run and watched.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::failure::{self, NO_GIT};
use crate::runner::{Progress, RunnerError, tool};
use crate::sys::env::{OwnEnv, ScrubbedEnv};
use crate::sys::{command, machine};

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
    /// [`RunnerError::NoNpm`].
    pub fn find(node: &Path, path: &OsStr, own: &OwnEnv) -> Result<Self, RunnerError> {
        let env = tool::environment(KEPT, with_folder(node.parent(), path), own);
        let on_path = machine::find_program("npm", path);
        let real = on_path.as_deref().and_then(|npm| npm.canonicalize().ok());
        let is_script = |path: &PathBuf| path.file_name() == Some(OsStr::new("npm-cli.js"));
        let script = real.filter(is_script).or_else(|| beside(node));
        match (script, on_path) {
            (Some(script), _) => Ok(Self { program: node.to_owned(), script: Some(script), env }),
            (None, Some(shim)) if cfg!(unix) => Ok(Self { program: shim, script: None, env }),
            _ => Err(RunnerError::NoNpm { node: node.to_owned() }),
        }
    }

    /// Runs npm for `package` in a folder; `seen` is called with each line of its log. Returns what it wrote to stdout.
    pub(super) fn run(
        &self,
        package: &str,
        args: &[&str],
        folder: &Path,
        seen: impl FnMut(&str),
    ) -> Result<Vec<u8>, RunnerError> {
        self.run_with(package, &[args, &["--ignore-scripts"]].concat(), folder, seen)
    }

    /// Runs the install scripts of these installed packages, each `name@version`, and of no other.
    pub(super) fn run_scripts(
        &self,
        package: &str,
        ids: &[String],
        folder: &Path,
    ) -> Result<(), RunnerError> {
        let ids = ids.iter().map(String::as_str);
        let args: Vec<&str> =
            ["rebuild", "--ignore-scripts=false"].into_iter().chain(ids).collect();
        self.run_with(package, &args, folder, |_| ()).map(drop)
    }

    fn run_with(
        &self,
        package: &str,
        args: &[&str],
        folder: &Path,
        mut seen: impl FnMut(&str),
    ) -> Result<Vec<u8>, RunnerError> {
        let script = self.script.iter().map(|script| script.as_os_str());
        let no_git = format!("--git={NO_GIT}");
        let options = args.iter().chain(ALWAYS).copied().chain([no_git.as_str()]);
        let args = script.chain(options.map(OsStr::new));
        let command = command::helper(&self.program, args, &self.env, folder);
        let mut complaints = Vec::new();
        let ended = tool::run(command, |line| {
            seen(line);
            let complains = line.starts_with("npm error") || line.starts_with("npm ERR!");
            if complains && complaints.len() < MAX_COMPLAINTS {
                complaints.push(line.to_owned());
            }
        });
        let ended = ended.map_err(|source| RunnerError::Start {
            tool: "npm",
            program: self.program.clone(),
            source,
        })?;
        match ended.success {
            true => Ok(ended.stdout),
            false => Err(failure::refused(package, &ended.stdout, &complaints)),
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

/// What every run is told, over whatever the user's npm configuration says: no source but a registry,
/// one shape of the tree, no waiting of minutes for a registry that is not there.
const ALWAYS: &[&str] = &[
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

/// Variables of ours that npm reads, beside those for every package manager: none of its own settings.
const KEPT: &[&str] = &["NODE_EXTRA_CA_CERTS"];

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
