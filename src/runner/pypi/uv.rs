//! uv itself: where it is, the environment it gets, how it is run; and the Python that it finds.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::failure;
use crate::runner::{RunnerError, tool};
use crate::sys::command;
use crate::sys::env::{OwnEnv, ScrubbedEnv};

/// uv, ready to be run.
#[derive(Debug)]
pub struct Uv {
    program: PathBuf,
    env: ScrubbedEnv,
    /// Where it works: uv takes the nearest `uv.toml` or `pyproject.toml` on the way up, and here is an empty one.
    folder: tempfile::TempDir,
}

/// A Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python {
    /// Its absolute path, links resolved.
    pub path: PathBuf,
    /// Its version, as in `3.12.4`.
    pub version: String,
}

impl Uv {
    /// The uv at `program`. Its environment holds what a package manager needs of ours, by name, and `path`, on which it
    /// looks for Pythons.
    ///
    /// # Errors
    /// A folder for it cannot be made.
    pub fn at(program: PathBuf, path: &OsStr, own: &OwnEnv) -> Result<Self, RunnerError> {
        let mut env = tool::environment(KEPT, path.to_owned(), own);
        // Bytecode that Python takes without a look at its source: the check at launch looks at both, so that a launch
        // is spared a look-up per module, and a restored backup, with other times, is not compiled again at each start.
        env.set("PYC_INVALIDATION_MODE", "UNCHECKED_HASH");
        let folder = tempfile::Builder::new().prefix("hushpipe-uv-").tempdir();
        let folder =
            folder.map_err(|source| RunnerError::Files { path: std::env::temp_dir(), source })?;
        let config = folder.path().join("uv.toml");
        std::fs::write(&config, "").map_err(|source| RunnerError::files(&config, source))?;
        Ok(Self { program, env, folder })
    }

    /// The Python for a request: a version, specifiers, or a path. uv installs one where the machine has none.
    ///
    /// # Errors
    /// There is none and none can be had.
    pub fn python(&self, request: &str) -> Result<Python, RunnerError> {
        if let Some(python) = self.installed(request)? {
            return Ok(python);
        }
        let nothing = || RunnerError::NoPython { request: request.to_owned(), source: None };
        if Path::new(request).is_absolute() {
            return Err(nothing());
        }
        self.run(request, ["python", "install", request]).map_err(|error| match error {
            RunnerError::Refused(refusal) => RunnerError::NoPython {
                request: request.to_owned(),
                source: Some(Box::new(refusal.of_fetching())),
            },
            error => error,
        })?;
        self.installed(request)?.ok_or_else(nothing)
    }

    /// The Python for a request on this machine. Not one of a virtual environment: that may go any day.
    fn installed(&self, request: &str) -> Result<Option<Python>, RunnerError> {
        let find = |request: &OsStr, more: &[&str]| {
            let args = ["python", "find", "--system", NO_DOWNLOADS].iter().chain(more);
            let args = args.map(OsStr::new).chain([request]);
            match self.run("python", args) {
                Ok(answer) => Ok(Some(String::from_utf8_lossy(&answer).trim().to_owned())),
                Err(RunnerError::Refused(_)) => Ok(None),
                Err(error) => Err(error),
            }
        };
        let Some(found) = find(request.as_ref(), &[])? else { return Ok(None) };
        let path = PathBuf::from(found);
        let path = path.canonicalize().map_err(|source| RunnerError::Files { path, source })?;
        let version = find(path.as_os_str(), &["--show-version"])?;
        Ok(version.map(|version| Python { path, version }))
    }

    /// Runs uv for `package`. Returns what it wrote to stdout.
    pub(super) fn run<A: Into<OsString>>(
        &self,
        package: &str,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Vec<u8>, RunnerError> {
        let args = args.into_iter().map(Into::into).chain(ALWAYS.iter().map(OsString::from));
        let command = command::helper(&self.program, args, &self.env, self.folder.path());
        let mut complaints: Vec<String> = Vec::new();
        let ended = tool::run(command, |line| {
            // What stands before tells of the work, what stands behind explains.
            let complains = line.starts_with("error:") || !complaints.is_empty();
            if complains && complaints.len() < MAX_COMPLAINTS {
                complaints.push(line.to_owned());
            }
        });
        let ended = ended.map_err(|source| RunnerError::Start {
            tool: "uv",
            program: self.program.clone(),
            source,
        })?;
        match ended.success {
            true => Ok(ended.stdout),
            false => Err(failure::refused(package, &complaints)),
        }
    }
}

/// A Python is installed where we say so, not on the way.
pub(super) const NO_DOWNLOADS: &str = "--no-python-downloads";

/// What every run is told.
const ALWAYS: &[&str] = &["--no-progress", "--color=never"];

const MAX_COMPLAINTS: usize = 20;

/// Variables of ours that uv reads, beside those for every package manager: whether the system's certificates count.
const KEPT: &[&str] = &["UV_SYSTEM_CERTS", "UV_NATIVE_TLS"];
