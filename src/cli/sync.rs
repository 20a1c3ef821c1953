//! `hushpipe sync`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::packager::{ENGINE_HINT, Packagers};
use super::progress::Bar;
use super::{Context, Outcomes};
use crate::error::Error;
use crate::manifest::lock::{LockedPackages, Lockfile};
use crate::manifest::{self, Level, RuntimeChoice, Server};
use crate::plan::program;
use crate::runner::{NpmPackage, Package, PypiPackage, RunnerError, npm, pypi};
use crate::store::{Digest, Runtime, Store, Tie};
use crate::sys::machine::Machine;
use crate::sys::path::Paths;
use crate::trust::Ledger;

/// Install what hushpipe.lock lists, and record this machine again
///
/// Installs exactly the locked packages, checked by their hashes, into hushpipe's own store. No code of a package runs,
/// except what `allow_sdist` and `allow_scripts` of your manifest allow. Intact installs are kept, changed ones are
/// replaced. Also records the runtimes of this machine and the PATH, locale and proxies of your login shell, for clients
/// that start without them.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe sync
  hushpipe sync github")]
pub(super) struct Sync {
    /// Install for these servers only
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Sync {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        let manifest = manifest::load(&context.sources(None), &paths)?;
        let servers = manifest.select(&self.names)?;
        let bar = Bar::start(&context.out, "inspecting this machine");
        let machine = Machine::capture(&context.env, &paths);
        machine.save(&paths)?;
        drop(bar);
        let mut outcomes = Outcomes::default();
        let (ledger, packagers) =
            (Ledger::of(&paths), Packagers::new(context, &paths, Some(machine.clone())));
        let mut installer =
            Installer { context, paths: &paths, machine: &machine, ledger: &ledger, packagers };
        for server in servers {
            outcomes.add(context, installer.sync(server));
        }
        Ok(outcomes.exit_code())
    }
}

struct Installer<'a> {
    context: &'a Context,
    paths: &'a Paths,
    machine: &'a Machine,
    ledger: &'a Ledger,
    packagers: Packagers<'a>,
}

impl Installer<'_> {
    fn sync(&mut self, server: &Server) -> Result<(), Error> {
        match &server.package {
            Package::Npm(package) => self.npm(server, package),
            Package::Pypi(package) => self.pypi(server, package),
            // Nothing to install, but the digest is checked, and its figures kept for a quick launch.
            Package::Binary(_) | Package::Command(_) => {
                let allowed = server.allow(self.ledger)?;
                let program = program::program(server, self.paths, Some(self.machine))?;
                Ok(allowed.run(program.lock.as_ref())?)
            }
        }
    }

    fn npm(&mut self, server: &Server, package: &NpmPackage) -> Result<(), Error> {
        let (keys, locked) = self.locked(server)?;
        let LockedPackages::Npm(locked) = locked else { return Ok(()) };
        let node = self.machine.node.as_ref().ok_or(RunnerError::NoNode)?;
        if let Some(unmet) = self.packagers.unmet_engine(server, package, &locked) {
            self.context.out.warn(&format!("{unmet}: {ENGINE_HINT}"));
        }
        let (path, version) = (node.path.clone(), node.version.clone());
        let runtime = Runtime { path, version, flags: Vec::new() };
        let npm = self.packagers.npm()?;
        let work = Work { context: self.context, paths: self.paths, ledger: self.ledger, server };
        work.install(keys, (runtime, Tie::Any), |folder, bar| {
            let allowed: Vec<String> =
                server.allow_scripts.iter().map(ToString::to_string).collect();
            let mut progress = |done| bar.advance(done);
            Ok(npm::install(npm, package, &locked, &allowed, folder, &mut progress)?)
        })
    }

    fn pypi(&mut self, server: &Server, package: &PypiPackage) -> Result<(), Error> {
        let (keys, locked) = self.locked(server)?;
        let LockedPackages::Pypi(locked) = locked else { return Ok(()) };
        let uv = self.packagers.uv()?;
        let known = self.machine.python.iter().chain(&self.machine.other_pythons);
        let pythons = match server.runtime.as_ref().and_then(RuntimeChoice::path) {
            Some(path) => vec![uv.python(&path.to_string_lossy())?],
            None => match pypi::fitting(&locked.python, known) {
                none if none.is_empty() => vec![uv.python(&locked.python)?],
                fitting => fitting,
            },
        };
        // The bounds of the package are known beforehand, those of all that it needs only when they are installed.
        let mut first_failure = None;
        for python in &pythons {
            let (path, version) = (python.path.clone(), python.version.clone());
            let runtime = Runtime { path, version, flags: Vec::new() };
            let work =
                Work { context: self.context, paths: self.paths, ledger: self.ledger, server };
            let mut another_may_do = false;
            let installed = work.install(keys, (runtime, Tie::One), |folder, _| {
                pypi::install(uv, python, package, &locked, folder).inspect_err(|error| {
                    another_may_do = error.is_about_python();
                })?;
                Ok(Vec::new())
            });
            match installed {
                Err(error) if another_may_do => first_failure = first_failure.or(Some(error)),
                outcome => return outcome,
            }
        }
        first_failure.map_or(Ok(()), Err)
    }

    /// What is locked for a server, if it may be installed, and what it is called.
    fn locked(&self, server: &Server) -> Result<(InstallKeys, LockedPackages), Error> {
        let allowed = server.allow(self.ledger)?;
        let lockfile = Lockfile::load(server.lock_path())?;
        let entry = program::current_entry(&lockfile, server)?;
        let keys =
            InstallKeys { lock: entry.digest(), install: program::install_key(entry, server) };
        allowed.install(&keys.lock)?;
        Ok((keys, entry.locked()?))
    }
}

/// What a lock entry and its install are called.
#[derive(Clone, Copy)]
struct InstallKeys {
    lock: Digest,
    install: Digest,
}

/// One install, and the words about it.
struct Work<'a> {
    context: &'a Context,
    paths: &'a Paths,
    ledger: &'a Ledger,
    server: &'a Server,
}

impl Work<'_> {
    fn install(
        self,
        keys: InstallKeys,
        (runtime, tie): (Runtime, Tie),
        fill: impl FnOnce(&Path, &Bar) -> Result<Vec<String>, Error>,
    ) -> Result<(), Error> {
        let Self { context, paths, ledger, server } = self;
        let (name, package) = (&server.name, &server.package);
        let bar = Bar::start(&context.out, &format!("installing {package}"));
        let started = Instant::now();
        let mut waiting = || bar.say("waiting for another `hushpipe sync`");
        let store = Store::of(paths);
        let installed = store.install(keys.install, runtime, tie, &mut waiting, |folder| {
            bar.say(&format!("installing {package}"));
            fill(folder, &bar)
        })?;
        if server.level == Level::User {
            ledger.synced(server.subject(), keys.lock.to_string())?;
        }
        drop(bar);
        context.out.words(&match installed.filled {
            true => {
                let seconds = started.elapsed().as_secs_f32();
                format!("installed `{name}`: {package}, in {seconds:.1} s")
            }
            false => format!("`{name}` is installed: {package}"),
        });
        Ok(())
    }
}
