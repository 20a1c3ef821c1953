//! `hushpipe lock`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::progress::Bar;
use super::{Context, Outcomes};
use crate::error::Error;
use crate::manifest::lock::Lockfile;
use crate::manifest::{self, Server};
use crate::plan::program::current_entry;
use crate::runner::npm::{self, Npm, NpmError};
use crate::runner::{NpmPackage, Package};
use crate::sys::machine::Machine;
use crate::sys::os;
use crate::sys::path::Paths;

/// Resolve the packages of the manifest and write hushpipe.lock
///
/// Without names, resolves what is new or has another version than the lockfile, and drops what the manifest no longer
/// has. With names, resolves those servers again, so that their dependencies are the newest their ranges allow. npm
/// resolves, with your own npm configuration, and no code of a package runs.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe lock              after a change of the manifest
  hushpipe lock github       newer dependencies of one server")]
pub(super) struct Lock {
    /// Resolve these servers again
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Lock {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        let manifest = manifest::load(&context.sources(None), &paths)?;
        let servers = manifest.select(&self.names)?;
        let known = |name: &str| manifest.servers.contains_key(name);
        let of_files =
            manifest.files.iter().map(|file| file.with_file_name(manifest::find::LOCK_NAME));
        let files: BTreeSet<PathBuf> = match self.names.is_empty() {
            true => of_files.collect(),
            false => servers.iter().map(|server| server.lock_path()).collect(),
        };
        let mut outcomes = Outcomes::default();
        let mut resolver = Resolver { context, paths: &paths, npm: None };
        for file in files {
            let lockfile = Lockfile::load(file.clone())?;
            for server in servers.iter().filter(|server| server.lock_path() == file) {
                let Package::Npm(package) = &server.package else { continue };
                if self.names.is_empty() && current_entry(&lockfile, server, package).is_ok() {
                    context.out.words(&format!("`{}` is locked: {package}", server.name));
                    continue;
                }
                outcomes.add(context, resolver.lock(server, package));
            }
            if self.names.is_empty() {
                let dropped = Lockfile::change(file, &paths, |lock| Ok(lock.retain(known)))?;
                for name in dropped {
                    context.out.words(&format!("dropped `{name}`: the manifest no longer has it"));
                }
            }
        }
        Ok(outcomes.exit_code())
    }
}

struct Resolver<'a> {
    context: &'a Context,
    paths: &'a Paths,
    npm: Option<Npm>,
}

impl Resolver<'_> {
    fn lock(&mut self, server: &Server, package: &NpmPackage) -> Result<(), Error> {
        let (context, paths) = (self.context, self.paths);
        let folder = empty_folder(&paths.state)?;
        let bar = Bar::start(&context.out, &format!("resolving {package}"));
        let npm = self.npm()?;
        let bin = server.bin.as_deref();
        let resolved =
            npm::resolve(npm, package, bin, folder.path(), &mut |done| bar.advance(done))?;
        // Now, not at the end: a failure of the next server must not lose this one.
        Lockfile::change(server.lock_path(), paths, |lock| {
            lock.set(&server.name, &resolved.locked).map(drop)
        })?;
        drop(bar);
        let count = resolved.locked.packages.len();
        context.out.words(&format!("locked `{}`: {package}, {count} packages", server.name));
        for script in resolved.install_scripts {
            context.out.warn(&format!(
                "`{script}` has an install script, which hushpipe never runs: server `{}` may lack what it makes",
                server.name
            ));
        }
        Ok(())
    }

    /// npm, looked for when it is first needed.
    fn npm(&mut self) -> Result<&Npm, Error> {
        if self.npm.is_none() {
            let known = Machine::load(self.paths).ok().flatten();
            let known =
                known.filter(|machine| machine.node.as_ref().is_some_and(|n| n.path.exists()));
            let machine = known.unwrap_or_else(|| Machine::capture(&self.context.env, self.paths));
            self.npm = Some(find_npm(self.context, &machine)?);
        }
        self.npm.as_ref().ok_or_else(|| NpmError::NoNode.into())
    }
}

/// An empty folder among our own: `TMPDIR` may be one that others can write to.
fn empty_folder(state: &Path) -> Result<tempfile::TempDir, NpmError> {
    let made = os::create_private_folder(state)
        .and_then(|()| tempfile::Builder::new().prefix("lock-").tempdir_in(state));
    made.map_err(|source| NpmError::Files { path: state.to_owned(), source })
}

/// The npm of this machine.
pub(super) fn find_npm(context: &Context, machine: &Machine) -> Result<Npm, NpmError> {
    let node = machine.node.as_ref().ok_or(NpmError::NoNode)?;
    Npm::find(&node.path, machine.path.as_ref(), &context.env)
}
