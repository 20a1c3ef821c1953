//! `hushpipe sync` for PyPI: a virtual environment with exactly the locked closure, every archive's SHA-256 checked.
//!
//! Files are copied, not linked to uv's cache, which other programs write. Bytecode is compiled now, so that no start has
//! a reason to write any. The environment is movable: it gets its name when it is whole.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pep440_rs::Version;

use super::metadata;
use super::resolve::sources;
use super::uv::NO_DOWNLOADS;
use super::version::suggested;
use super::{Locked, PypiPackage, Python, Uv};
use crate::runner::RunnerError;

/// Installs a locked package into an empty folder, as an environment of this Python. Nothing of it runs, but the build of
/// what the manifest allows to be built.
///
/// # Errors
/// What [`Locked::check`] does not accept, what uv says, and an entry point that is missing.
pub fn install(
    uv: &Uv,
    python: &Python,
    package: &PypiPackage,
    locked: &Locked,
    folder: &Path,
) -> Result<(), RunnerError> {
    let id = package.to_string();
    locked.check(package).map_err(|source| RunnerError::bad_lock(&id, source))?;
    let venv = ["venv", "--relocatable", "--no-project", "--allow-existing", NO_DOWNLOADS];
    let venv = venv.map(OsString::from).into_iter();
    let venv = venv.chain(["--python".into(), python.path.clone().into(), folder.into()]);
    uv.run(&id, venv)?;
    let requirements = folder.join("requirements.txt");
    std::fs::write(&requirements, locked.requirements())
        .map_err(|source| RunnerError::files(&requirements, source))?;
    let install = ["pip", "install", "--no-deps", "--require-hashes", "--link-mode=copy"];
    let install = install.into_iter().chain(["--compile-bytecode", "--requirements"]);
    let install = install.map(OsString::from).chain([requirements.into()]);
    uv.run(&id, install.chain(sources(package, &interpreter(folder))))?;
    if let Some(version) = Version::from_str(&python.version).ok()
        && let Some((package, requires)) = metadata::not_for(&packages(folder)?, &version)?
    {
        // uv looks at the lower bound of these specifiers only.
        let (requires, suggested) = (requires.to_string(), suggested(&requires));
        let version = python.version.clone();
        return Err(RunnerError::OtherPython { package, requires, version, suggested });
    }
    match script(folder, &locked.entry).is_file() {
        true => Ok(()),
        false => Err(RunnerError::NoEntry { entry: locked.entry.clone() }),
    }
}

/// The program and the first arguments that run the console script `entry` of an install, as its own first line would.
///
/// The environment's Python on the script: the script's folder, not the working directory, leads the module path, and
/// the user's own packages are off, as in every virtual environment. On Windows a script is a program.
pub fn argv(install: &Path, entry: &str) -> (PathBuf, Vec<OsString>) {
    let script = script(install, entry);
    if cfg!(windows) { (script, Vec::new()) } else { (interpreter(install), vec![script.into()]) }
}

/// The folder of an install's programs, which leads the server's PATH as in an activated environment.
pub fn programs(install: &Path) -> PathBuf {
    install.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

/// The folder of an install's packages: `lib/python3.12/site-packages`, on Windows `Lib/site-packages`.
fn packages(install: &Path) -> Result<PathBuf, RunnerError> {
    if cfg!(windows) {
        return Ok(install.join("Lib/site-packages"));
    }
    let lib = install.join("lib");
    let entries = std::fs::read_dir(&lib).map_err(|source| RunnerError::files(&lib, source))?;
    let mut folders = entries.flatten().map(|entry| entry.path().join("site-packages"));
    let found = folders.find(|folder| folder.is_dir());
    found.ok_or_else(|| RunnerError::files(&lib, std::io::ErrorKind::NotFound.into()))
}

fn interpreter(install: &Path) -> PathBuf {
    programs(install).join(if cfg!(windows) { "python.exe" } else { "python" })
}

fn script(install: &Path, entry: &str) -> PathBuf {
    let suffix = if cfg!(windows) { ".exe" } else { "" };
    programs(install).join(format!("{entry}{suffix}"))
}
