//! The npm runner: the real npm resolves and installs, hushpipe records what it chose and holds it to that.
//!
//! No package's own code runs: lifecycle scripts are off, and npm works in an empty folder, so that only the user's own
//! npm configuration (registry, proxy, certificates) counts. Only packages of a registry are accepted: no git, file or
//! URL dependency anywhere in the closure. What is recorded names no registry host, so one lock serves a mirror as well.

mod engines;
mod entry;
mod failure;
mod install;
mod locked;
mod package_lock;
mod resolve;
mod stray;
mod tool;

pub use install::install;
pub use locked::{Locked, LockedPackage, Rejected};
pub use resolve::{Resolved, resolve};
pub use stray::{NO_GLOBAL_FOLDERS, folders_above, stray};
pub use tool::Npm;

#[cfg(all(test, unix))]
mod tests;
