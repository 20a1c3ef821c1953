//! The package of a server: from the manifest's words to its lock entry, from that to its install.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Program, ProgramError};
use crate::manifest::lock::{LockEntry, LockHead, LockedPackages, Lockfile};
use crate::manifest::{RuntimeChoice, Server};
use crate::runner::pypi::{self, Pin};
use crate::runner::{Package, PypiPackage, npm};
use crate::store::{CheckResult, Depth, Digest, Receipt, Store, StoreError};
use crate::sys::machine::Machine;
use crate::sys::os;
use crate::sys::path::Paths;

/// The lock entry of a server, if it is for what the manifest says.
///
/// # Errors
/// There is none, it is for another package, version, entry point or runtime, or it has a package without a hash.
pub fn current_entry<'l>(
    lockfile: &'l Lockfile,
    server: &Server,
) -> Result<&'l LockEntry, ProgramError> {
    let (name, wanted) = (server.name.clone(), AskedPackage::by(server));
    let Some(entry) = lockfile.entry(&server.name) else {
        return Err(ProgramError::NotLocked { server: name, package: wanted.package });
    };
    let locked = AskedPackage::when_locked(entry.head()?);
    match locked == wanted {
        true => {
            check_bundled(entry, server)?;
            Ok(entry)
        }
        false => Err(ProgramError::Stale {
            server: name,
            package: wanted.words(),
            locked: locked.words(),
        }),
    }
}

/// Checks that every package without a hash is inside an archive that has one. Older versions locked packages that npm then
/// fetched unchecked. The whole entry is read only if there is such a package at all.
fn check_bundled(entry: &LockEntry, server: &Server) -> Result<(), ProgramError> {
    if !entry.has_bundled() {
        return Ok(());
    }
    match entry.locked()? {
        LockedPackages::Npm(locked) => locked
            .check_bundled()
            .map_err(|source| ProgramError::Unpinned { server: server.name.clone(), source }),
        LockedPackages::Pypi(_) => Ok(()),
    }
}

/// What names the install of a lock entry: the entry's digest, the Python where the manifest gives its path, and the
/// packages whose install scripts ran. An
/// environment belongs to one Python, so two servers that share an entry and not a Python do not share it.
pub fn install_key(entry: &LockEntry, server: &Server) -> Digest {
    let path = server.runtime.as_ref().and_then(RuntimeChoice::path);
    if !server.allow_scripts.is_empty() {
        // What the scripts make belongs to the install.
        let names: Vec<String> = server.allow_scripts.iter().map(ToString::to_string).collect();
        return Digest::hash(
            format!("{}\tscripts\t{}", entry.digest(), names.join(" ")).as_bytes(),
        );
    }
    match (&server.package, path) {
        (Package::Pypi(_), Some(path)) => {
            Digest::hash(format!("{}\t{}", entry.digest(), path.display()).as_bytes())
        }
        _ => entry.digest(),
    }
}

/// What a manifest asks to be locked.
#[derive(Debug, Default, PartialEq, Eq)]
struct AskedPackage {
    /// The package with its version, and whose it is.
    package: String,
    is_pypi: bool,
    bin: Option<String>,
    with: Vec<String>,
    runtime: Option<String>,
    allow_sdist: Vec<String>,
}

impl AskedPackage {
    fn by(server: &Server) -> Self {
        let asked = Self { bin: server.bin.clone(), ..Self::default() };
        let texts = |pins: &[Pin]| pins.iter().map(Pin::to_string).collect();
        match &server.package {
            Package::Npm(package) => Self { package: package.to_string(), ..asked },
            Package::Pypi(package @ PypiPackage { with, allow_sdist, .. }) => Self {
                package: package.to_string(),
                is_pypi: true,
                with: texts(with),
                runtime: server.runtime.as_ref().and_then(RuntimeChoice::version).map(Into::into),
                allow_sdist: texts(allow_sdist),
                ..asked
            },
            Package::Binary(_) | Package::Command(_) => asked,
        }
    }

    fn when_locked(head: LockHead) -> Self {
        let LockHead { npm, pypi, with, bin, runtime, allow_sdist, .. } = head;
        let is_pypi = pypi.is_some();
        let package = pypi.or(npm).unwrap_or_default();
        Self { package, is_pypi, bin, with, runtime, allow_sdist }
    }

    /// For a message that puts it between backticks.
    fn words(&self) -> String {
        let mut words = self.package.clone();
        let mut add = |what: &str, name: &str| words.push_str(&format!("` with {what} `{name}"));
        self.bin.iter().for_each(|bin| add("bin", bin));
        self.with.iter().for_each(|package| add("package", package));
        self.runtime.iter().for_each(|version| add("runtime", version));
        self.allow_sdist.iter().for_each(|package| add("source of", package));
        words
    }
}

/// The install of a server's package on this machine.
pub struct Installed<'a> {
    /// What is recorded of it.
    pub receipt: Receipt,
    store: Store,
    lock: LockEntry,
    entry: String,
    server: &'a Server,
}

impl<'a> Installed<'a> {
    /// Finds it by the lock entry.
    ///
    /// # Errors
    /// The package is not locked, locked otherwise, or not installed.
    pub fn find(server: &'a Server, paths: &Paths) -> Result<Self, ProgramError> {
        let lockfile = Lockfile::load(server.lock_path())?;
        let entry = current_entry(&lockfile, server)?;
        let head = entry.head()?;
        let store = Store::of(paths);
        let receipt = store.receipt(&install_key(entry, server)).map_err(|error| match error {
            StoreError::NotInstalled => ProgramError::NotInstalled {
                server: server.name.clone(),
                package: AskedPackage::by(server).package,
            },
            error => error.into(),
        })?;
        Ok(Self { receipt, store, lock: entry.clone(), entry: head.entry, server })
    }

    /// Compares it with its receipt.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn findings(&self, depth: Depth) -> Result<CheckResult, ProgramError> {
        Ok(self.store.check(&self.receipt, depth)?)
    }

    /// The failure that findings amount to, if they do.
    ///
    /// # Errors
    /// [`ProgramError::Altered`] where there is any difference.
    pub fn judge(&self, findings: &CheckResult) -> Result<(), ProgramError> {
        match findings.differences.as_slice() {
            [] => Ok(()),
            differences => Err(ProgramError::Altered {
                server: self.server.name.clone(),
                install: self.store.folder(&self.receipt.lock),
                differences: differences.to_vec(),
            }),
        }
    }

    /// Looks for packages outside the install that its code would load.
    ///
    /// # Errors
    /// [`ProgramError::Stray`] where there is one.
    pub(super) fn look_around(&self) -> Result<(), ProgramError> {
        let install = self.store.folder(&self.receipt.lock);
        let above = match self.server.package {
            Package::Npm(_) => npm::folders_above(&install),
            _ => Vec::new(),
        };
        // Rare, so that the whole lock entry is read only then.
        if above.is_empty() {
            return Ok(());
        }
        match self.lock.locked()? {
            LockedPackages::Npm(locked) => match npm::stray(&locked, &install, &above) {
                None => Ok(()),
                Some(path) => Err(ProgramError::Stray { server: self.server.name.clone(), path }),
            },
            LockedPackages::Pypi(_) => Ok(()),
        }
    }

    /// What runs an npm package. Any Node runs it, so the manifest's choice needs no other install; an environment of
    /// PyPI is tied to the Python that it was made with.
    fn runtime<'m>(&'m self, machine: Option<&'m Machine>) -> Result<&'m PathBuf, ProgramError> {
        match (&self.server.package, &self.server.runtime) {
            (Package::Npm(_), Some(RuntimeChoice::Path(path))) => Ok(path),
            (Package::Npm(_), Some(RuntimeChoice::Version(version))) => {
                let node = machine.and_then(|machine| machine.node_of(version));
                let (server, version) = (self.server.name.clone(), version.clone());
                node.map(|node| &node.path).ok_or(ProgramError::NoSuchNode { server, version })
            }
            _ => Ok(&self.receipt.runtime.path),
        }
    }

    pub(super) fn program(&self, machine: Option<&Machine>) -> Result<Program, ProgramError> {
        let server = self.server;
        let runtime = &self.receipt.runtime;
        let install = self.store.folder(&self.receipt.lock);
        let path = self.runtime(machine)?;
        if !os::is_program(path) {
            return Err(ProgramError::NoRuntime {
                server: server.name.clone(),
                path: path.clone(),
            });
        }
        let program = Program {
            lock: Some(self.lock.digest()),
            install: Some(self.receipt.lock),
            era: self.receipt.era,
            ..Program::default()
        };
        if matches!(server.package, Package::Pypi(_)) {
            let (path, args) = pypi::argv(&install, &self.entry);
            let runtime_dir = Some(pypi::programs(&install));
            // On Windows the entry point is a program of its own, which takes no flags of Python.
            let is_python = !cfg!(windows);
            let variables = NO_BYTECODE;
            return Ok(Program { path, args, runtime_dir, variables, is_python, ..program });
        }
        let entry = install.join(&self.entry);
        let flags = runtime.flags.iter().map(OsString::from);
        let flags = std::iter::once(OsString::from(npm::NO_GLOBAL_FOLDERS)).chain(flags);
        Ok(Program {
            args: flags.chain([entry.into_os_string()]).collect(),
            runtime_dir: path.parent().map(Path::to_owned),
            path: path.clone(),
            ..program
        })
    }
}

/// Bytecode is compiled when a package is installed; a file that Python adds later would be refused at the next start.
const NO_BYTECODE: &[(&str, &str)] = &[("PYTHONDONTWRITEBYTECODE", "1")];
