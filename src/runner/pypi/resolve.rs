//! `hushpipe lock` for PyPI: uv resolves the closure for all platforms, without running anything of it.

use std::ffi::OsString;
use std::path::Path;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

use super::locked::is;
use super::metadata::{self, Metadata};
use super::package::normalised;
use super::pylock::{self, Unusable};
use super::uv::NO_DOWNLOADS;
use super::version::{MINORS, accepts_some, suggested};
use super::{Locked, Pin, PypiPackage, Uv, wheelless};
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

/// Resolves a package and everything it needs, for all platforms and for every Python from the oldest that all of it runs
/// on, or from the one that the manifest chooses. The answer does not depend on the Pythons of this machine.
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
        Some(version) if !package.allow_sdist.is_empty() => uv.python(version)?,
        _ => uv.python(&format!(">={floor}"))?,
    };
    let mut common = sources(package, &python.path);
    if !package.allow_sdist.is_empty() {
        // Only these versions: whatever else uv tried out on its way, it would build.
        let allowed = folder.join("constraints.txt");
        write(&allowed, package.allow_sdist.iter().map(|pin| bare(pin) + "\n").collect())?;
        common.extend(["--constraints".into(), allowed.into()]);
    }
    let asker = Asker { uv, id: &id, package, folder, common };
    let Metadata { scripts, requires_python } = asker.metadata(runtime)?;
    let (text, python) = match runtime {
        Some(version) => {
            let is_for = |version| accepts_some(&requires_python, &version);
            if !Version::from_str(version).is_ok_and(is_for) {
                return Err(RunnerError::OtherPython {
                    package: id,
                    requires: requires_python.to_string(),
                    version: version.to_owned(),
                    suggested: suggested(&requires_python),
                });
            }
            (asker.closure(version, &[])?, version.to_owned())
        }
        None => asker.closure_from_oldest(&requires_python, &floor)?,
    };
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

/// What is asked of uv for one package.
pub(super) struct Asker<'a> {
    uv: &'a Uv,
    id: &'a str,
    pub(super) package: &'a PypiPackage,
    folder: &'a Path,
    common: Vec<OsString>,
}

impl Asker<'_> {
    /// What the package says of itself. uv unpacks it for any version of Python, one that this machine does not have too.
    fn metadata(&self, runtime: Option<&str>) -> Result<Metadata, RunnerError> {
        let minors = MINORS.rev().map(|minor| format!("3.{minor}"));
        let mut failure = None;
        for version in runtime.map(str::to_owned).into_iter().chain(minors) {
            let own = self.folder.join(format!("own-{version}"));
            let install = ["pip", "install", "--no-deps", "--python-version", &version, "--target"];
            let install = install.map(OsString::from).into_iter();
            let install = install.chain([own.clone().into(), bare(&self.package.main).into()]);
            match self.uv.run(self.id, install.chain(self.common.iter().cloned())) {
                Ok(_) => return metadata::read(&own),
                Err(error) if error.is_about_python() => failure = failure.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        let failure =
            failure.unwrap_or_else(|| RunnerError::NoProgram { package: self.id.to_owned() });
        Err(wheelless::all(self, failure, "3.13", true))
    }

    /// The closure for every Python from the oldest that all of it runs on, and which Pythons those are.
    fn closure_from_oldest(
        &self,
        requires: &VersionSpecifiers,
        floor: &Version,
    ) -> Result<(String, String), RunnerError> {
        let (oldest, all) = metadata::pythons(requires, floor);
        let newer = MINORS.map(|minor| Version::new([3, minor]));
        let newer = newer.filter(|version| *version > oldest && accepts_some(requires, version));
        let newer = newer.map(|version| metadata::pythons(requires, &version));
        let mut failure = None;
        for (oldest, python) in std::iter::once((oldest.clone(), all)).chain(newer) {
            match self.closure(&oldest.to_string(), &[]) {
                Ok(text) => return Ok((text, python)),
                Err(error) if error.is_about_python() => failure = failure.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        let failure =
            failure.unwrap_or_else(|| RunnerError::NoProgram { package: self.id.to_owned() });
        Err(wheelless::all(self, failure, &oldest.to_string(), false))
    }

    /// The closure from this Python up, as uv writes it, without the packages named in `left_out`.
    pub(super) fn closure(&self, oldest: &str, left_out: &[String]) -> Result<String, RunnerError> {
        let file = |name: &str| self.folder.join(name);
        let (asked, answer) = (file("requirements.in"), file("pylock.toml"));
        let pins = std::iter::once(&self.package.main).chain(&self.package.with);
        write(&asked, pins.map(|pin| format!("{pin}\n")).collect())?;
        let compile = ["pip", "compile", "--universal", "--generate-hashes", "--no-header"];
        let compile =
            compile.into_iter().chain(["--format=pylock.toml", "--python-version", oldest]);
        let mut compile: Vec<OsString> = compile.map(OsString::from).collect();
        compile.extend(["--output-file".into(), answer.clone().into(), asked.into()]);
        if !left_out.is_empty() {
            // A requirement that holds nowhere takes the place of every other one for that package.
            let overrides = file("overrides.txt");
            let nowhere = left_out.iter().map(|name| format!("{name} ; python_version < '3'\n"));
            write(&overrides, nowhere.collect())?;
            compile.extend(["--overrides".into(), overrides.into()]);
        }
        self.uv.run(self.id, compile.into_iter().chain(self.common.iter().cloned()))?;
        std::fs::read_to_string(&answer)
            .map_err(|source| RunnerError::Files { path: answer, source })
    }
}

fn write(path: &Path, text: String) -> Result<(), RunnerError> {
    std::fs::write(path, text).map_err(|source| RunnerError::files(path, source))
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
