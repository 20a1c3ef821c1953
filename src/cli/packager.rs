//! The package managers of this machine, each looked for when it is first needed.
//!
//! Looked for on the PATH of the login shell, as the machine record has it, then on ours: `lock` and `sync` are typed by a
//! person, so ours is that person's.

use super::Context;
use crate::error::Error;
use crate::manifest::{RuntimeChoice, Server};
use crate::runner::npm::{self, Npm};
use crate::runner::pypi::Uv;
use crate::runner::{NpmPackage, RunnerError};
use crate::sys::machine::{Machine, find_program};
use crate::sys::path::Paths;

/// What to do about a package that asks for another Node.
pub(super) const ENGINE_HINT: &str =
    "choose one with `runtime = \"…\"` in the manifest, or make it the default of your login shell";

/// The package managers found so far.
pub(super) struct Packagers<'a> {
    context: &'a Context,
    paths: &'a Paths,
    machine: Option<Machine>,
    npm: Option<Npm>,
    uv: Option<Uv>,
}

impl<'a> Packagers<'a> {
    /// None yet. Without a `machine`, the record is read when it is needed, or made.
    pub(super) fn new(context: &'a Context, paths: &'a Paths, machine: Option<Machine>) -> Self {
        Self { context, paths, machine, npm: None, uv: None }
    }

    /// npm.
    pub(super) fn npm(&mut self) -> Result<&Npm, Error> {
        if self.npm.is_none() {
            let env = &self.context.env;
            let node_is_gone =
                |machine: &Machine| !machine.node.as_ref().is_some_and(|node| node.path.exists());
            if node_is_gone(self.machine()) {
                self.machine = Some(Machine::capture(env, self.paths));
            }
            let machine = self.machine();
            let node = machine.node.as_ref().ok_or(RunnerError::NoNode)?;
            self.npm = Some(Npm::find(&node.path, machine.path.as_ref(), env)?);
        }
        self.npm.as_ref().ok_or_else(|| RunnerError::NoNode.into())
    }

    /// uv.
    pub(super) fn uv(&mut self) -> Result<&Uv, Error> {
        if self.uv.is_none() {
            let env = &self.context.env;
            let machine = self.machine();
            let recorded = machine.uv.clone().filter(|uv| uv.exists());
            let on_path = || find_program("uv", env.var("PATH").unwrap_or_default());
            let program = recorded.or_else(on_path).ok_or(RunnerError::NoUv)?;
            self.uv = Some(Uv::at(program, machine.path.as_ref(), env)?);
        }
        self.uv.as_ref().ok_or_else(|| RunnerError::NoUv.into())
    }

    /// What to say where a package asks for another Node than the one that would run it.
    pub(super) fn unmet_engine(
        &mut self,
        server: &Server,
        package: &NpmPackage,
        locked: &npm::Locked,
    ) -> Option<String> {
        let machine = self.machine();
        let node = match &server.runtime {
            None => machine.node.as_ref(),
            Some(RuntimeChoice::Version(version)) => machine.node_of(version),
            Some(RuntimeChoice::Path(path)) => {
                let mut known = machine.node.iter().chain(&machine.other_nodes);
                known.find(|node| node.path == *path)
            }
        };
        locked.unmet_engine(package, &node?.version)
    }

    /// What is known of this machine.
    fn machine(&mut self) -> &Machine {
        let (env, paths) = (&self.context.env, self.paths);
        self.machine.get_or_insert_with(|| {
            let known = Machine::load(paths).ok().flatten();
            known.unwrap_or_else(|| Machine::capture(env, paths))
        })
    }
}
