//! Why a server ended before it said anything, as far as its log and its lock tell.

use crate::manifest::lock::{LockedPackages, Lockfile};
use crate::manifest::{Level, Server};
use crate::mcp::Diagnosis;
use crate::runner::Package;
use crate::runner::pypi;
use crate::sys::permission::quoted;

/// The cause and what the person can do, by what the server wrote to its log. Reads the lockfile, and nothing else.
pub(super) fn diagnose(server: &Server, log: &str) -> Option<Diagnosis> {
    let Package::Pypi(package) = &server.package else { return None };
    let lockfile = Lockfile::load(server.lock_path()).ok()?;
    let LockedPackages::Pypi(locked) = lockfile.entry(&server.name)?.locked().ok()? else {
        return None;
    };
    let misfit = pypi::misfit(log, package, &locked)?;
    let arguments = match server.level {
        Level::User => server.name.clone(),
        Level::Project => format!("{} --manifest {}", server.name, quoted(&server.manifest)),
    };
    Some(Diagnosis { cause: misfit.cause(), hint: misfit.hint(&server.name, &arguments) })
}
