//! Which Node a package says it needs, and whether the one that runs it is such a one.
//!
//! npm only warns of it at install, in a log that nobody reads; what a person sees is a server that dies of a syntax error.

use super::Inputs;
use super::finding::{Area, DoctorFinding};
use crate::cli::packager::ENGINE_HINT;
use crate::manifest::Server;
use crate::manifest::lock::{LockedPackages, Lockfile};
use crate::plan::program::install_key;
use crate::runner::Package;
use crate::store::Store;

/// Compares what an installed server's package asks for with the Node that runs it.
pub(super) fn examine(server: &Server, inputs: &Inputs<'_>) -> Option<DoctorFinding> {
    let Package::Npm(package) = &server.package else { return None };
    if server.runtime.is_some() {
        return None;
    }
    let lockfile = Lockfile::load(server.lock_path()).ok()?;
    let entry = lockfile.entry(&server.name)?;
    let runtime = Store::of(inputs.paths).receipt(&install_key(entry, server)).ok()?.runtime;
    let LockedPackages::Npm(locked) = entry.locked().ok()? else { return None };
    let unmet = locked.unmet_engine(package, &runtime.version)?;
    let finding = DoctorFinding::warn(Area::Runtimes, unmet).about(&server.name);
    Some(finding.hinting(format!("{ENGINE_HINT}; then run `hushpipe sync`")))
}
