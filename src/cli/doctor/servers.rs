//! Each server as `run` would meet it, and the installs that no server has.

use super::Inputs;
use super::finding::{Area, DoctorFinding};
use crate::cli::lock::scripts_that_do_not_run;
use crate::cli::standing::{ServerStanding, ServerState};
use crate::error::Kind;
use crate::launch::env::{search_path, variables};
use crate::launch::preset::Preset;
use crate::manifest::lock::Lockfile;
use crate::manifest::{Cwd, Level, Manifest, Server};
use crate::plan::program::install_key;
use crate::redact::settings::Mode;
use crate::runner::Package;
use crate::store::{Digest, Store};
use crate::sys::machine::variable;
use crate::sys::permission::quoted;

/// Looks at each server and at the store.
pub(super) fn examine(inputs: &Inputs<'_>) -> Vec<DoctorFinding> {
    let mut findings = Vec::new();
    if let Some(manifest) = inputs.manifest {
        for server in manifest.servers.values() {
            let standing = ServerStanding::of(server, inputs.paths, inputs.record);
            let mut found = of_standing(server, &standing);
            found.extend(of_environment(server, inputs));
            found.extend(of_redaction(server));
            found.extend(of_scripts(server));
            if found.is_empty() {
                found.push(DoctorFinding::ok(Area::Servers, "would start"));
            }
            findings.extend(found.into_iter().map(|finding| finding.about(&server.name)));
        }
        findings.extend(unused(manifest, inputs));
    }
    findings.extend(leftovers(inputs));
    findings
}

/// What keeps `run` from starting it. The first problem decides what fixes it.
fn of_standing(server: &Server, standing: &ServerStanding) -> Vec<DoctorFinding> {
    let mut fix = fix(server, standing);
    let finding = |problem| {
        let finding = DoctorFinding::of(Area::Servers, problem);
        match fix.take() {
            Some(fix) => finding.fixed_by(fix),
            None => finding,
        }
    };
    standing.problems.iter().map(finding).collect()
}

/// The command after which `run` starts a server, where there is one.
fn fix(server: &Server, standing: &ServerStanding) -> Option<String> {
    let is_installed = !matches!(server.package, Package::Binary(_) | Package::Command(_));
    let lacks_runtime = || {
        server.runtime.is_none()
            && standing.problems.first().is_some_and(|problem| problem.kind() == Kind::NotFound)
    };
    match (standing.state, &server.cwd) {
        (ServerState::NotLocked | ServerState::Stale, _) => {
            Some(format!("{} && {}", command(server, "lock"), command(server, "sync")))
        }
        (ServerState::NeedsTrust, _) if server.level == Level::Project => {
            Some(command(server, "trust"))
        }
        (ServerState::NotInstalled | ServerState::NotSynced, _) => Some(command(server, "sync")),
        (ServerState::Altered, _) if is_installed => Some(command(server, "sync")),
        (ServerState::Broken, _) if is_installed && lacks_runtime() => {
            Some(command(server, "sync"))
        }
        (ServerState::Broken, Cwd::Path(path))
            if !path.is_dir() && standing.problems.len() == 1 =>
        {
            Some(format!("mkdir -p {}", quoted(path)))
        }
        _ => None,
    }
}

/// A verb on one server, with the manifest that has it.
fn command(server: &Server, verb: &str) -> String {
    let manifest = match server.level {
        Level::User => String::new(),
        Level::Project => format!(" --manifest {}", quoted(&server.manifest)),
    };
    format!("hushpipe {verb} {}{manifest}", server.name)
}

/// What a server wants of the environment that `run` would be started with, and does not find there.
fn of_environment(server: &Server, inputs: &Inputs<'_>) -> Vec<DoctorFinding> {
    let own = &inputs.context.env;
    let required = server.secrets.iter().filter(|secret| secret.default.is_none());
    let references = required.map(|secret| &secret.reference);
    let missing = references
        .filter(|reference| reference.provider == "env" && own.var(&reference.path).is_none());
    let mut findings: Vec<DoctorFinding> = missing
        .map(|reference| {
            let what = format!("`{reference}` is not set in this environment");
            DoctorFinding::fail(Area::Servers, what).hinting(format!(
                "set `{}` in the client's configuration, or keep the value in a store",
                reference.path
            ))
        })
        .collect();
    let path = search_path(None, None);
    let given = variables(&server.env, own, inputs.record, path);
    let presets = &server.env.presets;
    if presets.contains(&Preset::Ssh) && !given.keys().any(|name| name == "SSH_AUTH_SOCK") {
        let what = "preset `ssh` finds no agent: `SSH_AUTH_SOCK` does not name a socket of yours";
        let finding = DoctorFinding::warn(Area::Servers, what);
        findings.push(finding.hinting(
            "export `SSH_AUTH_SOCK` in your shell's start-up file, then run `hushpipe doctor --fix`",
        ));
    }
    if let Some(record) = inputs.record.filter(|_| presets.contains(&Preset::CorpProxy)) {
        let filled = |name: &str| {
            given.keys().any(|given| given == name)
                || server.secrets.iter().any(|secret| secret.variables.iter().any(|v| v == name))
        };
        let withheld = record
            .withheld
            .iter()
            .filter(|name| variable::PROXIES.contains(&name.as_str()) && !filled(name));
        findings.extend(withheld.map(|name| {
            let what = format!("preset `corp-proxy` leaves out `{name}`, because it may contain a password");
            DoctorFinding::warn(Area::Servers, what).hinting(format!(
                "store it with `hushpipe secret set local://proxy`, and write `{name} = \"local://proxy\"` under `[servers.{}.secrets]`",
                server.name
            ))
        }));
    }
    findings
}

/// What is not withheld, because the manifest says so.
fn of_redaction(server: &Server) -> Option<DoctorFinding> {
    let hint = "remove `redact.mode` from the manifest when you have seen enough";
    let told = "redaction is OFF: `redact.mode` is `report`, so findings are only reported";
    let reports = server.redact.mode == Mode::Report;
    reports.then(|| DoctorFinding::warn(Area::Servers, told).hinting(hint))
}

/// Install scripts that did not run, so that something may be missing.
fn of_scripts(server: &Server) -> Option<DoctorFinding> {
    let lockfile = Lockfile::load(server.lock_path()).ok()?;
    let wanting = lockfile.entry(&server.name)?.locked().ok()?.install_scripts();
    let allowed: Vec<String> = server.allow_scripts.iter().map(ToString::to_string).collect();
    let idle = wanting.iter().any(|script| !allowed.contains(script));
    let what = || scripts_that_do_not_run(&server.name, &wanting, &allowed);
    idle.then(|| DoctorFinding::warn(Area::Servers, what()))
}

/// Installs that no server of these manifests has. A project's may: they are only counted.
fn unused(manifest: &Manifest, inputs: &Inputs<'_>) -> Option<DoctorFinding> {
    let used: Vec<Digest> = manifest
        .servers
        .values()
        .filter_map(|server| {
            let lockfile = Lockfile::load(server.lock_path()).ok()?;
            Some(install_key(lockfile.entry(&server.name)?, server))
        })
        .collect();
    let store = Store::of(inputs.paths);
    let installed = store.installed();
    let unused: Vec<&Digest> = installed.iter().filter(|lock| !used.contains(lock)).collect();
    let folder = store.folder(unused.first()?);
    let what = format!(
        "no server here uses {} of {} installs; they may belong to an older lockfile or to a project",
        unused.len(),
        installed.len()
    );
    Some(DoctorFinding::ok(Area::Store, what).at(folder.parent()?))
}

/// What cut-off installs left.
fn leftovers(inputs: &Inputs<'_>) -> Vec<DoctorFinding> {
    let found = Store::of(inputs.paths).leftovers();
    found
        .iter()
        .map(|folder| {
            let finding = DoctorFinding::warn(Area::Store, "left over from an interrupted install");
            finding.at(folder).fixed_by("hushpipe doctor --fix")
        })
        .collect()
}
