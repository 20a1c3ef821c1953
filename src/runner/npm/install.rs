//! `hushpipe sync` for npm: `npm ci` installs exactly the locked closure and checks every archive's SHA-512.

use std::path::Path;

use super::entry;
use super::package_lock;
use super::tool::counting;
use super::{Locked, Npm};
use crate::runner::{NpmPackage, Progress, RunnerError};

/// Installs a locked package into an empty folder. Nothing of it runs but the install scripts of the packages in `allowed`,
/// each `name@version`, in the environment of a package manager. Returns the arguments that Node needs
/// before the entry point.
///
/// # Errors
/// What [`Locked::check`] does not accept, what npm says, and an entry point that is missing or not for Node.
pub fn install(
    npm: &Npm,
    package: &NpmPackage,
    locked: &Locked,
    allowed: &[String],
    folder: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<String>, RunnerError> {
    let id = package.to_string();
    locked.check(package).map_err(|source| RunnerError::bad_lock(&id, source))?;
    let lock = package_lock::write(package, locked)
        .map_err(|source| RunnerError::format("npm", &id, source))?;
    for (name, content) in
        [("package.json", package_lock::package_json(package)), ("package-lock.json", lock)]
    {
        let path = folder.join(name);
        std::fs::write(&path, content).map_err(|source| RunnerError::Files { path, source })?;
    }
    let total = Some(locked.packages.len());
    let is_archive = |line: &str| line.contains(".tgz ");
    // Not while resolving: there npm takes a package with others inside it by its archive's address.
    let args = ["ci", "--omit=dev", "--allow-remote=none"];
    npm.run(&id, &args, folder, counting(progress, total, is_archive))?;
    let wanting = locked.install_scripts();
    let scripts: Vec<String> = wanting.into_iter().filter(|id| allowed.contains(id)).collect();
    if !scripts.is_empty() {
        npm.run_scripts(&id, &scripts, folder)?;
    }
    // npm's record of what it did names the registry's host and nothing reads it.
    let record = folder.join("node_modules/.package-lock.json");
    match std::fs::remove_file(&record) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            return Err(RunnerError::Files { path: record, source });
        }
        _ => {}
    }
    entry::flags(folder, &locked.entry)
}
