//! `hushpipe lock` for npm: npm resolves the closure in an empty folder, without running anything of it.

use std::path::Path;

use super::entry;
use super::package_lock::{self, Unusable};
use super::tool::counting;
use super::{Locked, Npm};
use crate::runner::{NpmPackage, Progress, RunnerError};

/// A resolved package, and what a person should know of it.
#[derive(Debug)]
pub struct Resolved {
    /// What goes into the lockfile.
    pub locked: Locked,
    /// Packages whose install scripts will not run, as `name@version`: they may not work without.
    pub install_scripts: Vec<String>,
}

/// Resolves a package and everything it needs, for all platforms.
///
/// `bin` is the program that the manifest chooses; `folder` must be empty and is npm's to fill.
///
/// # Errors
/// What npm says, and what [`Locked::check`] does not accept.
pub fn resolve(
    npm: &Npm,
    package: &NpmPackage,
    bin: Option<&str>,
    folder: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Resolved, RunnerError> {
    let id = package.to_string();
    let file = |name: &str| folder.join(name);
    let at = |path: &Path, source| RunnerError::files(path, source);
    let asked = file("package.json");
    std::fs::write(&asked, package_lock::package_json(package))
        .map_err(|source| at(&asked, source))?;
    let args = ["install", "--package-lock-only", "--omit=dev"];
    npm.run(&id, &args, folder, counting(progress, None, |_| true))?;
    let answer = file("package-lock.json");
    let text = std::fs::read_to_string(&answer).map_err(|source| at(&answer, source))?;
    let mut packages = package_lock::read(&text).map_err(|unusable| match unusable {
        Unusable::Format(source) => RunnerError::format("npm", &id, source),
        Unusable::Rejected(source) => RunnerError::rejected(&id, source),
    })?;
    Locked::set_unavailable_apart(&mut packages);
    let place = entry::below(package, "");
    let programs = packages.get(place.trim_end_matches('/')).map(|found| found.bin.clone());
    let entry = match entry::program(package, &programs.unwrap_or_default(), bin)? {
        Some(entry) => entry,
        None => entry::below(package, &main_file(npm, &id, folder)?),
    };
    let bin = bin.map(str::to_owned);
    let locked = Locked { npm: id.clone(), bin, entry, packages };
    locked.check(package).map_err(|source| RunnerError::rejected(&id, source))?;
    Ok(Resolved { install_scripts: locked.install_scripts(), locked })
}

/// The file that a package without programs names as its `main`.
fn main_file(npm: &Npm, package: &str, folder: &Path) -> Result<String, RunnerError> {
    let answer = npm.run(package, &["view", package, "main"], folder, |_| {})?;
    let main: Option<String> = serde_json::from_slice(&answer).ok();
    Ok(main.filter(|main| !main.is_empty()).unwrap_or_else(|| "index.js".to_owned()))
}
