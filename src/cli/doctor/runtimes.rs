//! Node, Python, and what installs packages: whether what the servers need is there.

use std::ffi::OsStr;
use std::path::Path;

use super::finding::{Area, DoctorFinding, Severity};
use super::{Inputs, engines};
use crate::manifest::{RuntimeChoice, Server};
use crate::runner::Package;
use crate::runner::npm::Npm;
use crate::sys::machine::{Interpreter, find_program};

/// Looks at the runtimes of this machine.
pub(super) fn examine(inputs: &Inputs<'_>) -> Vec<DoctorFinding> {
    let now = inputs.now;
    let of_npm = servers(inputs, |server| matches!(server.package, Package::Npm(_)));
    let mut findings = vec![match &now.node {
        Some(node) => found("Node", node),
        None => lacking("Node", &of_npm)
            .hinting("install Node, then open a new terminal and run `node --version`"),
    }];
    if let Some(node) = &now.node
        && !of_npm.is_empty()
        && let Err(error) = Npm::find(&node.path, now.path.as_ref(), &inputs.context.env)
    {
        let finding = DoctorFinding::of(Area::Runtimes, &error.into());
        findings.push(DoctorFinding { level: Severity::Warn, ..finding });
    }
    // uv before Python, which it brings: in the order in which they are fixed.
    let of_pypi = servers(inputs, |server| matches!(server.package, Package::Pypi(_)));
    findings.extend(uv(now.uv.as_deref(), &of_pypi, now.path.as_ref()));
    findings.push(python(now.python.as_ref(), &servers(inputs, needs_a_python)));
    let servers = inputs.manifest.into_iter().flat_map(|manifest| manifest.servers.values());
    findings.extend(servers.filter_map(|server| engines::examine(server, inputs)));
    findings
}

/// Whether a server is of PyPI and names no Python of its own by path.
fn needs_a_python(server: &Server) -> bool {
    let path = server.runtime.as_ref().and_then(RuntimeChoice::path);
    matches!(server.package, Package::Pypi(_)) && path.is_none()
}

/// uv, which servers need when they are locked and installed, and not to start.
fn uv(found: Option<&Path>, servers: &[&str], path: &OsStr) -> Option<DoctorFinding> {
    match (found, servers) {
        (Some(uv), _) => Some(DoctorFinding::ok(Area::Runtimes, "uv").at(uv)),
        (None, []) => None,
        (None, servers) => {
            let what =
                format!("uv is missing, and it is needed to install `{}`", servers.join("`, `"));
            let finding = DoctorFinding::warn(Area::Runtimes, what);
            let installer = INSTALLERS.iter().find(|(name, _)| find_program(name, path).is_some());
            Some(match installer {
                Some((_, install)) => {
                    finding.fixed_by(format!("{install} && hushpipe doctor --fix"))
                }
                None => finding.hinting("install uv, then run `hushpipe doctor --fix`"),
            })
        }
    }
}

/// What installs programs for a user, and how it installs uv. No other is called: uv's own installer is a script from the
/// network, and pip refuses on most systems.
const INSTALLERS: &[(&str, &str)] = &[
    ("brew", "brew install uv"),
    ("pipx", "pipx install uv"),
    ("winget", "winget install --id=astral-sh.uv --exact"),
];

/// Python, which uv brings when a server is installed.
fn python(found: Option<&Interpreter>, servers: &[&str]) -> DoctorFinding {
    match found {
        Some(python) => self::found("Python", python),
        None if servers.is_empty() => lacking("Python", servers),
        None => lacking("Python", servers).fixed_by("hushpipe sync"),
    }
}

fn found(name: &str, interpreter: &Interpreter) -> DoctorFinding {
    let Interpreter { path, version } = interpreter;
    DoctorFinding::ok(Area::Runtimes, format!("{name} {}", version.trim_start_matches('v')))
        .at(path)
}

/// A runtime that is not there: a failure where servers need it.
fn lacking(name: &str, servers: &[&str]) -> DoctorFinding {
    match servers {
        [] => DoctorFinding::ok(
            Area::Runtimes,
            format!("{name} is not installed, and no server needs it"),
        ),
        servers => {
            let what = format!("{name} is missing, and `{}` need it", servers.join("`, `"));
            DoctorFinding::fail(Area::Runtimes, what)
        }
    }
}

/// The servers that are such.
fn servers<'a>(inputs: &Inputs<'a>, wanted: fn(&Server) -> bool) -> Vec<&'a str> {
    let servers = inputs.manifest.into_iter().flat_map(|manifest| manifest.servers.values());
    servers.filter(|server| wanted(server)).map(|server| server.name.as_str()).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_missing_uv_is_fixed_by_what_this_machine_installs_programs_with() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().as_os_str();
        assert!(uv(None, &[], path).is_none(), "no server needs it");
        let finding = uv(None, &["time", "git"], path).expect("a finding");
        assert_eq!(finding.what, "uv is missing, and it is needed to install `time`, `git`");
        assert!(finding.fix.is_none() && finding.hint.is_some());

        let pipx = folder.path().join("pipx");
        std::fs::write(&pipx, "#!/bin/sh\n").expect("written");
        std::fs::set_permissions(&pipx, std::fs::Permissions::from_mode(0o755)).expect("chmod");
        let finding = uv(None, &["time"], path).expect("a finding");
        assert_eq!(finding.level, Severity::Warn);
        assert_eq!(finding.fix.as_deref(), Some("pipx install uv && hushpipe doctor --fix"));
        assert!(finding.hint.is_none());
    }

    #[test]
    fn a_missing_python_fails_the_servers_that_need_one() {
        let finding = python(None, &["time"]);
        assert_eq!(
            (finding.level, finding.what.as_str()),
            (Severity::Fail, "Python is missing, and `time` need it")
        );
        assert_eq!(finding.fix.as_deref(), Some("hushpipe sync"));
        let finding = python(None, &[]);
        assert_eq!((finding.level, finding.fix), (Severity::Ok, None));
    }
}
