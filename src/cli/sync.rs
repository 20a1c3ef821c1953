//! `hushpipe sync`.

use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::lock::find_npm;
use super::progress::Bar;
use super::{Context, Outcomes};
use crate::error::Error;
use crate::manifest::lock::Lockfile;
use crate::manifest::{self, Allowed, Level, Server};
use crate::plan::program;
use crate::runner::npm::{self, Npm, NpmError};
use crate::runner::{NpmPackage, Package};
use crate::store::{Runtime, Store};
use crate::sys::machine::Machine;
use crate::sys::path::Paths;
use crate::trust::Ledger;

/// Install what hushpipe.lock says, and look at this machine anew
///
/// Installs exactly the locked packages, checked by their hashes, into hushpipe's own store; no code of a package runs.
/// What is installed and whole is left alone, what was changed is installed again. Writes down which runtimes there are
/// and your login shell's PATH, locale and proxies, for hosts that start without them.
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
        let ledger = Ledger::of(&paths);
        let installer = Installer { context, paths: &paths, machine: &machine, ledger: &ledger };
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
}

impl Installer<'_> {
    fn sync(&self, server: &Server) -> Result<(), Error> {
        let allowed = server.allow(self.ledger)?;
        match &server.package {
            Package::Npm(package) => self.install(server, allowed, package),
            // Nothing to install, but the digest is checked, and its figures kept for a quick launch.
            Package::Binary(_) | Package::Command(_) => {
                let program = program::program(server, self.paths, Some(self.machine))?;
                Ok(allowed.run(program.lock.as_ref())?)
            }
        }
    }

    fn install(
        &self,
        server: &Server,
        allowed: Allowed<'_>,
        package: &NpmPackage,
    ) -> Result<(), Error> {
        let context = self.context;
        let lockfile = Lockfile::load(server.lock_path())?;
        let entry = program::current_entry(&lockfile, server, package)?;
        allowed.install(&entry.digest())?;
        let locked = entry.locked()?;
        let npm: Npm = find_npm(context, self.machine)?;
        let node = self.machine.node.as_ref().ok_or(NpmError::NoNode)?;
        let runtime =
            Runtime { path: node.path.clone(), version: node.version.clone(), flags: Vec::new() };
        let bar = Bar::start(&context.out, &format!("installing {package}"));
        let started = Instant::now();
        let installed = Store::of(self.paths).install(
            entry.digest(),
            runtime,
            &mut || bar.say("waiting for another `hushpipe sync`"),
            |folder| {
                bar.say(&format!("installing {package}"));
                Ok(npm::install(&npm, package, &locked, folder, &mut |done| bar.advance(done))?)
            },
        )?;
        if server.level == Level::User {
            self.ledger.synced(server.subject(), installed.receipt.lock.to_string())?;
        }
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
