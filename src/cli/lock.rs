//! `hushpipe lock`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::progress::Bar;
use super::{Context, Outcomes};
use crate::error::Error;
use crate::manifest::lock::{LockError, Lockfile};
use crate::manifest::{self, Server};
use crate::runner::npm::{self, Npm, NpmError};
use crate::runner::{NpmPackage, Package};
use crate::sys::machine::Machine;
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
            let mut lockfile = Lockfile::load(file.clone())?;
            for server in servers.iter().filter(|server| server.lock_path() == file) {
                let Package::Npm(package) = &server.package else { continue };
                if self.names.is_empty() && is_current(&lockfile, server, package)? {
                    context.out.words(&format!("`{}` is locked: {package}", server.name));
                    continue;
                }
                let locked = resolver.lock(&mut lockfile, server, package);
                outcomes.add(context, locked);
            }
            if self.names.is_empty() {
                drop_others(context, &mut lockfile, known)?;
            }
        }
        Ok(outcomes.exit_code())
    }
}

/// Whether an entry is what the manifest asks for.
fn is_current(lock: &Lockfile, server: &Server, package: &NpmPackage) -> Result<bool, LockError> {
    let head = lock.entry(&server.name).map(|entry| entry.head()).transpose()?;
    Ok(head.is_some_and(|head| head.npm == package.to_string() && head.bin == server.bin))
}

fn drop_others(
    context: &Context,
    lockfile: &mut Lockfile,
    known: impl Fn(&str) -> bool,
) -> Result<(), LockError> {
    let dropped = lockfile.retain(known);
    if dropped.is_empty() {
        return Ok(());
    }
    lockfile.save()?;
    for name in dropped {
        context.out.words(&format!("dropped `{name}`: the manifest no longer has it"));
    }
    Ok(())
}

struct Resolver<'a> {
    context: &'a Context,
    paths: &'a Paths,
    npm: Option<Npm>,
}

impl Resolver<'_> {
    fn lock(
        &mut self,
        lock: &mut Lockfile,
        server: &Server,
        package: &NpmPackage,
    ) -> Result<(), Error> {
        let context = self.context;
        let folder = tempfile::Builder::new().prefix("hushpipe-lock-").tempdir();
        let folder =
            folder.map_err(|source| NpmError::Files { path: std::env::temp_dir(), source })?;
        let bar = Bar::start(&context.out, &format!("resolving {package}"));
        let npm = self.npm()?;
        let bin = server.bin.as_deref();
        let resolved =
            npm::resolve(npm, package, bin, folder.path(), &mut |done| bar.advance(done))?;
        lock.set(&server.name, &resolved.locked)?;
        // Now, not at the end: a failure of the next server must not lose this one.
        lock.save()?;
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

/// The npm of this machine.
pub(super) fn find_npm(context: &Context, machine: &Machine) -> Result<Npm, NpmError> {
    let node = machine.node.as_ref().ok_or(NpmError::NoNode)?;
    Npm::find(&node.path, machine.path.as_ref(), &context.env)
}
