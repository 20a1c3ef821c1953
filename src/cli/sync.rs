//! `hushpipe sync`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::packager::Packagers;
use super::progress::Bar;
use super::{Context, Outcomes};
use crate::error::Error;
use crate::manifest::lock::{Locked, Lockfile};
use crate::manifest::{self, RuntimeChoice, Server};
use crate::plan::program;
use crate::runner::npm::{self, NpmError};
use crate::runner::pypi;
use crate::runner::{NpmPackage, Package, PypiPackage};
use crate::store::{Digest, Runtime, Store, Tie};
use crate::sys::machine::Machine;
use crate::sys::path::Paths;

/// Install what hushpipe.lock says, and look at this machine anew
///
/// Installs exactly the locked packages, checked by their hashes, into hushpipe's own store; no code of a package runs.
/// What is installed and whole is left alone, what was changed is installed again. Writes down where Node is and what
/// your login shell's PATH is, for hosts that start without it.
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
        let bar = Bar::start(&context.out, "looking at this machine");
        let machine = Machine::capture(&context.env, &paths);
        machine.save(&paths)?;
        drop(bar);
        let mut outcomes = Outcomes::default();
        let packagers = Packagers::new(context, &paths, Some(machine.clone()));
        let mut installer = Installer { context, paths: &paths, machine: &machine, packagers };
        for server in servers {
            let done = manifest.allow_launch(server).map_err(Error::from);
            outcomes.add(context, done.and_then(|()| installer.sync(server)));
        }
        Ok(outcomes.exit_code())
    }
}

struct Installer<'a> {
    context: &'a Context,
    paths: &'a Paths,
    machine: &'a Machine,
    packagers: Packagers<'a>,
}

impl Installer<'_> {
    fn sync(&mut self, server: &Server) -> Result<(), Error> {
        match &server.package {
            Package::Npm(package) => self.npm(server, package),
            Package::Pypi(package) => self.pypi(server, package),
            // Nothing to install, but the digest is checked, and its figures kept for a quick launch.
            Package::Binary(_) | Package::Command(_) => {
                program::program(server, self.paths, Some(self.machine))?;
                Ok(())
            }
        }
    }

    fn npm(&mut self, server: &Server, package: &NpmPackage) -> Result<(), Error> {
        let (key, locked) = current(server)?;
        let Locked::Npm(locked) = locked else { return Ok(()) };
        let npm = self.packagers.npm()?;
        let node = self.machine.node.as_ref().ok_or(NpmError::NoNode)?;
        let runtime =
            Runtime { path: node.path.clone(), version: node.version.clone(), flags: Vec::new() };
        let work = Work { context: self.context, server, package: package.to_string() };
        work.install(self.paths, key, (runtime, Tie::Any), |folder, bar| {
            Ok(npm::install(npm, package, &locked, folder, &mut |done| bar.advance(done))?)
        })
    }

    fn pypi(&mut self, server: &Server, package: &PypiPackage) -> Result<(), Error> {
        let (key, locked) = current(server)?;
        let Locked::Pypi(locked) = locked else { return Ok(()) };
        let uv = self.packagers.uv()?;
        let chosen = server.runtime.as_ref().and_then(RuntimeChoice::path);
        let python = match chosen {
            Some(path) => uv.python(&path.to_string_lossy())?,
            None => uv.python(&locked.python)?,
        };
        let runtime = Runtime {
            path: python.path.clone(),
            version: python.version.clone(),
            flags: Vec::new(),
        };
        let work = Work { context: self.context, server, package: package.to_string() };
        work.install(self.paths, key, (runtime, Tie::One), |folder, _| {
            pypi::install(uv, &python, package, &locked, folder)?;
            Ok(Vec::new())
        })
    }
}

/// The key of a server's install, and what is locked for it.
fn current(server: &Server) -> Result<(Digest, Locked), Error> {
    let lockfile = Lockfile::load(server.lock_path())?;
    let entry = program::current_entry(&lockfile, server)?;
    Ok((program::install_key(entry, server), entry.locked()?))
}

/// One install, and the words about it.
struct Work<'a> {
    context: &'a Context,
    server: &'a Server,
    package: String,
}

impl Work<'_> {
    fn install(
        self,
        paths: &Paths,
        key: Digest,
        (runtime, tie): (Runtime, Tie),
        fill: impl FnOnce(&Path, &Bar) -> Result<Vec<String>, Error>,
    ) -> Result<(), Error> {
        let Self { context, server, package } = self;
        let bar = Bar::start(&context.out, &format!("installing {package}"));
        let started = Instant::now();
        let mut waiting = || bar.say("waiting for another `hushpipe sync`");
        let installed = Store::of(paths).install(key, runtime, tie, &mut waiting, |folder| {
            bar.say(&format!("installing {package}"));
            fill(folder, &bar)
        })?;
        drop(bar);
        let name = &server.name;
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
