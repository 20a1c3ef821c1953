//! The npm package of a server: from the manifest's words to its lock entry, from that to its install.

use std::ffi::OsString;
use std::path::Path;

use super::{Program, ProgramError};
use crate::manifest::Server;
use crate::manifest::lock::{Entry, Lockfile};
use crate::runner::NpmPackage;
use crate::store::{Depth, Findings, Receipt, Store, StoreError};
use crate::sys::os;
use crate::sys::path::Paths;

/// The lock entry of a server, if it is for what the manifest says.
///
/// # Errors
/// There is none, or it is for another package, version or entry point.
pub fn current_entry<'l>(
    lockfile: &'l Lockfile,
    server: &Server,
    package: &NpmPackage,
) -> Result<&'l Entry, ProgramError> {
    let (name, wanted) = (server.name.clone(), package.to_string());
    let Some(entry) = lockfile.entry(&server.name) else {
        return Err(ProgramError::NotLocked { server: name, package: wanted });
    };
    let head = entry.head()?;
    if head.npm == wanted && head.bin == server.bin {
        return Ok(entry);
    }
    let with_bin = |package: String, bin: &Option<String>| match bin {
        Some(bin) => format!("{package}` with bin `{bin}"),
        None => package,
    };
    Err(ProgramError::Stale {
        server: name,
        package: with_bin(wanted, &server.bin),
        locked: with_bin(head.npm, &head.bin),
    })
}

/// The install of a server's package on this machine.
pub struct Installed<'a> {
    /// What is recorded of it.
    pub receipt: Receipt,
    store: Store,
    entry: String,
    server: &'a Server,
}

impl<'a> Installed<'a> {
    /// Finds it by the lock entry.
    ///
    /// # Errors
    /// The package is not locked, locked otherwise, or not installed.
    pub fn find(
        server: &'a Server,
        package: &NpmPackage,
        paths: &Paths,
    ) -> Result<Self, ProgramError> {
        let lockfile = Lockfile::load(server.lock_path())?;
        let entry = current_entry(&lockfile, server, package)?;
        let head = entry.head()?;
        let store = Store::of(paths);
        let receipt = store.receipt(&entry.digest()).map_err(|error| match error {
            StoreError::NotInstalled => ProgramError::NotInstalled {
                server: server.name.clone(),
                package: package.to_string(),
            },
            error => error.into(),
        })?;
        Ok(Self { receipt, store, entry: head.entry, server })
    }

    /// Compares it with its receipt.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn findings(&self, depth: Depth) -> Result<Findings, ProgramError> {
        Ok(self.store.check(&self.receipt, depth)?)
    }

    /// The failure that findings amount to, if they do.
    ///
    /// # Errors
    /// [`ProgramError::Altered`] where there is any difference.
    pub fn judge(&self, findings: &Findings) -> Result<(), ProgramError> {
        match findings.differences.as_slice() {
            [] => Ok(()),
            differences => Err(ProgramError::Altered {
                server: self.server.name.clone(),
                install: self.store.folder(&self.receipt.lock),
                differences: differences.to_vec(),
            }),
        }
    }

    pub(super) fn program(&self) -> Result<Program, ProgramError> {
        let server = self.server;
        let runtime = &self.receipt.runtime;
        let path = server.runtime.as_ref().unwrap_or(&runtime.path);
        if !os::is_program(path) {
            return Err(ProgramError::NoRuntime {
                server: server.name.clone(),
                path: path.clone(),
            });
        }
        let entry = self.store.folder(&self.receipt.lock).join(&self.entry);
        let flags = runtime.flags.iter().map(OsString::from);
        Ok(Program {
            args: flags.chain([entry.into_os_string()]).collect(),
            runtime_dir: path.parent().map(Path::to_owned),
            pinned: true,
            lock: Some(self.receipt.lock),
            path: path.clone(),
        })
    }
}
