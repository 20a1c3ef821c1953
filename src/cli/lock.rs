//! `hushpipe lock`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::packager::{ENGINE_HINT, Packagers};
use super::progress::Bar;
use super::{Context, Outcomes};
use crate::error::Error;
use crate::manifest::lock::{LockedPackages, Lockfile};
use crate::manifest::{self, RuntimeChoice, Server};
use crate::plan::program::current_entry;
use crate::runner::{Package, RunnerError, npm, pypi};
use crate::sys::os;
use crate::sys::path::Paths;

/// Resolve the packages of the manifest and write hushpipe.lock
///
/// Without names, resolves servers that are new or have another version than in the lockfile, and drops servers that the
/// manifest no longer has. With names, resolves those servers again, with the newest dependencies that their ranges
/// allow. npm and uv resolve, with your own configuration. No code of a package runs, except what `allow_sdist` allows.
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
        let mut resolver = LockResolver {
            context,
            paths: &paths,
            packagers: Packagers::new(context, &paths, None),
        };
        for file in files {
            let lockfile = Lockfile::load(file.clone())?;
            for server in servers.iter().filter(|server| server.lock_path() == file) {
                let what = match &server.package {
                    Package::Npm(package) => package.to_string(),
                    Package::Pypi(package) => package.to_string(),
                    Package::Binary(_) | Package::Command(_) => continue,
                };
                if self.names.is_empty() && current_entry(&lockfile, server).is_ok() {
                    context.out.words(&format!("`{}` is locked: {what}", server.name));
                    continue;
                }
                outcomes.add(context, resolver.lock(server, &what));
            }
            if self.names.is_empty() {
                let dropped = Lockfile::change(file, &paths, |lock| Ok(lock.retain(known)))?;
                for name in dropped {
                    context
                        .out
                        .words(&format!("dropped `{name}`, which is no longer in the manifest"));
                }
            }
        }
        Ok(outcomes.exit_code())
    }
}

struct LockResolver<'a> {
    context: &'a Context,
    paths: &'a Paths,
    packagers: Packagers<'a>,
}

impl LockResolver<'_> {
    fn lock(&mut self, server: &Server, what: &str) -> Result<(), Error> {
        let (context, paths) = (self.context, self.paths);
        let folder = empty_folder(&paths.state)?;
        let bar = Bar::start(&context.out, &format!("resolving {what}"));
        let Some((locked, install_scripts)) = self.resolve(server, folder.path(), &bar)? else {
            return Ok(());
        };
        // Now, not at the end: a failure of the next server must not lose this one.
        Lockfile::change(server.lock_path(), paths, |lock| {
            lock.set(&server.name, &locked).map(drop)
        })?;
        drop(bar);
        let count = locked.count();
        context.out.words(&format!("locked `{}`: {what}, {count} packages", server.name));
        if let (Package::Npm(package), LockedPackages::Npm(npm)) = (&server.package, &locked)
            && let Some(unmet) = self.packagers.unmet_engine(server, package, npm)
        {
            context.out.warn(&format!("{unmet}: {}", ENGINE_HINT));
        }
        for package in locked.unavailable() {
            context.out.warn(&format!(
                "optional package `{package}` is not in the registry: server `{}` may fail on platforms that need it",
                server.name
            ));
        }
        let allowed: Vec<String> = server.allow_scripts.iter().map(ToString::to_string).collect();
        for package in allowed.iter().filter(|package| !install_scripts.contains(package)) {
            context.out.warn(&format!(
                "`allow_scripts` lists `{package}`, but server `{}` has no such package with an install script",
                server.name
            ));
        }
        if install_scripts.iter().any(|script| !allowed.contains(script)) {
            context.out.warn(&scripts_that_do_not_run(&server.name, &install_scripts, &allowed));
        }
        Ok(())
    }

    /// What a package manager resolves, and the packages whose install scripts will not run. `None` where there is nothing
    /// to resolve.
    fn resolve(
        &mut self,
        server: &Server,
        folder: &Path,
        bar: &Bar,
    ) -> Result<Option<(LockedPackages, Vec<String>)>, Error> {
        let bin = server.bin.as_deref();
        match &server.package {
            Package::Npm(package) => {
                let npm = self.packagers.npm()?;
                let resolved =
                    npm::resolve(npm, package, bin, folder, &mut |done| bar.advance(done))?;
                Ok(Some((LockedPackages::Npm(resolved.locked), resolved.install_scripts)))
            }
            Package::Pypi(package) => {
                let runtime = server.runtime.as_ref().and_then(RuntimeChoice::version);
                let request = pypi::Request { package, bin, runtime };
                let locked = pypi::resolve(self.packagers.uv()?, request, folder)?;
                Ok(Some((LockedPackages::Pypi(locked), Vec::new())))
            }
            Package::Binary(_) | Package::Command(_) => Ok(None),
        }
    }
}

/// What to say of install scripts that `sync` does not run, with the line that lets them run.
pub(super) fn scripts_that_do_not_run(
    server: &str,
    wanting: &[String],
    allowed: &[String],
) -> String {
    let idle: Vec<&String> = wanting.iter().filter(|script| !allowed.contains(script)).collect();
    let names: Vec<String> = idle.iter().map(|script| format!("`{script}`")).collect();
    let line: Vec<String> = wanting.iter().map(|script| format!("{script:?}")).collect();
    format!(
        "{} has an install script, and `sync` does not run it: server `{server}` may lack what it fetches or builds; to run it, add `allow_scripts = [{}]` to the server's entry in the user manifest",
        names.join(", "),
        line.join(", ")
    )
}

/// An empty folder among our own: `TMPDIR` may be one that others can write to.
fn empty_folder(state: &Path) -> Result<tempfile::TempDir, RunnerError> {
    let made = os::create_private_folder(state)
        .and_then(|()| tempfile::Builder::new().prefix("lock-").tempdir_in(state));
    made.map_err(|source| RunnerError::files(state, source))
}
