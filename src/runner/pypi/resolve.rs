//! `hushpipe lock` for PyPI: uv resolves the closure for all platforms, without running anything of it.

use std::ffi::OsString;
use std::path::Path;

use pep440_rs::Version;

use super::locked::is;
use super::metadata::{self, Metadata};
use super::package::normalised;
use super::pylock::{self, Unusable};
use super::uv::NO_DOWNLOADS;
use super::{Locked, Pin, PypiPackage, Uv};
use crate::runner::RunnerError;

/// What is to be resolved.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The package and what comes with it.
    pub package: &'a PypiPackage,
    /// The console script that the manifest chooses.
    pub bin: Option<&'a str>,
    /// The version of Python that the manifest chooses.
    pub runtime: Option<&'a str>,
}

/// Resolves a package and everything it needs, for all platforms and for every Python from the oldest that the package
/// runs on, or from the one that the manifest chooses. The answer does not depend on the Pythons of this machine.
///
/// `folder` must be empty and is ours to fill.
///
/// # Errors
/// What uv says, and what [`Locked::check`] does not accept.
pub fn resolve(uv: &Uv, request: Request<'_>, folder: &Path) -> Result<Locked, RunnerError> {
    let Request { package, bin, runtime } = request;
    let id = package.to_string();
    let floor = Version::new(FLOOR);
    let python = match runtime {
        Some(version) => uv.python(version)?,
        None => uv.python(&format!(">={floor}"))?,
    };
    let write = |path: &Path, text: String| {
        std::fs::write(path, text).map_err(|source| RunnerError::files(path, source))
    };
    let mut common = sources(package, &python.path);
    if !package.allow_sdist.is_empty() {
        // Only these versions: whatever else uv tried out on its way, it would build.
        let allowed = folder.join("constraints.txt");
        write(&allowed, package.allow_sdist.iter().map(|pin| bare(pin) + "\n").collect())?;
        common.extend(["--constraints".into(), allowed.into()]);
    }
    let own = folder.join("own");
    let install = ["pip", "install", "--no-deps", "--target"].map(OsString::from).into_iter();
    let install = install.chain([own.clone().into(), bare(&package.main).into()]);
    uv.run(&id, install.chain(common.iter().cloned()))?;
    let Metadata { scripts, requires_python } = metadata::read(&own)?;
    let (oldest, python) = match runtime {
        Some(version) => (version.to_owned(), version.to_owned()),
        None => {
            let (oldest, all) = metadata::pythons(&requires_python, &floor);
            (oldest.to_string(), all)
        }
    };
    let (asked, answer) = (folder.join("requirements.in"), folder.join("pylock.toml"));
    let lines = std::iter::once(&package.main).chain(&package.with).map(|pin| format!("{pin}\n"));
    write(&asked, lines.collect())?;
    let compile = ["pip", "compile", "--universal", "--generate-hashes", "--no-header"];
    let compile = compile.into_iter().chain(["--format=pylock.toml", "--python-version", &oldest]);
    let compile =
        compile.map(OsString::from).chain(["--output-file".into(), answer.clone().into()]);
    uv.run(&id, compile.chain([asked.into()]).chain(common))?;
    let text = std::fs::read_to_string(&answer)
        .map_err(|source| RunnerError::Files { path: answer, source })?;
    let from_source = |id: &str| package.allow_sdist.iter().any(|pin| is(id, pin));
    let packages = pylock::read(&text, from_source).map_err(|unusable| match unusable {
        Unusable::Format(source) => RunnerError::format("uv", &id, source),
        Unusable::Rejected(source) => RunnerError::rejected(&id, source),
    })?;
    let written = |pins: &[Pin]| pins.iter().map(Pin::to_string).collect();
    let locked = Locked {
        entry: program(&package.main, &scripts, bin)?,
        pypi: id.clone(),
        with: written(&package.with),
        bin: bin.map(str::to_owned),
        runtime: runtime.map(str::to_owned),
        allow_sdist: written(&package.allow_sdist),
        python,
        packages,
    };
    locked.check(package).map_err(|source| RunnerError::rejected(&id, source))?;
    Ok(locked)
}

/// The oldest Python that a lock is for, where the manifest does not say: the SDK of MCP runs on nothing older.
const FLOOR: [u64; 2] = [3, 10];

/// Where packages may come from, and which Python asks.
pub(super) fn sources(package: &PypiPackage, python: &Path) -> Vec<OsString> {
    let mut args: Vec<OsString> = vec!["--only-binary=:all:".into(), "--no-sources".into()];
    // uv: "allow `all` to be overridden by specific exclusions"; it then always builds the package.
    args.extend(package.allow_sdist.iter().map(|pin| format!("--no-binary={}", pin.name).into()));
    args.extend([NO_DOWNLOADS.into(), "--python".into(), python.into()]);
    args
}

/// A pin without its extras.
fn bare(pin: &Pin) -> String {
    format!("{}=={}", pin.name, pin.version)
}

/// The console script to run: the one that the manifest names, the one with the package's own name, or the only one.
fn program(package: &Pin, scripts: &[String], chosen: Option<&str>) -> Result<String, RunnerError> {
    let own = |script: &&String| normalised(script).as_ref() == Some(&package.name);
    let found = match chosen {
        Some(name) => scripts.iter().find(|script| *script == name),
        None => scripts.iter().find(own).or(match scripts {
            [only] => Some(only),
            _ => None,
        }),
    };
    let (package, scripts) = (package.to_string(), scripts.to_vec());
    match (found, chosen) {
        (Some(script), _) => Ok(script.clone()),
        (None, Some(name)) => {
            Err(RunnerError::NoSuchProgram { package, bin: name.to_owned(), programs: scripts })
        }
        (None, None) if scripts.is_empty() => Err(RunnerError::NoProgram { package }),
        (None, None) => Err(RunnerError::SeveralPrograms { package, programs: scripts }),
    }
}
