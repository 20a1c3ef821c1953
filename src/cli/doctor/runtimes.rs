//! Node, Python, and what installs packages: whether what the servers need is there.

use super::Patient;
use super::finding::{Area, Finding};
use crate::runner::Package;
use crate::runner::npm::Npm;
use crate::sys::machine::Interpreter;

/// Looks at the runtimes of this machine.
pub(super) fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let now = patient.now;
    let of_npm = servers(patient, |package| matches!(package, Package::Npm(_)));
    let mut findings = vec![match &now.node {
        Some(node) => found("Node", node),
        None => lacking("Node", &of_npm)
            .hinting("install Node, and open a new terminal to see that `node` is found"),
    }];
    if let Some(node) = &now.node
        && !of_npm.is_empty()
        && let Err(error) = Npm::find(&node.path, now.path.as_ref(), &patient.context.env)
    {
        let finding = Finding::of(Area::Runtimes, &error.into());
        findings.push(Finding { level: super::Level::Warn, ..finding });
    }
    findings.push(match &now.python {
        Some(python) => found("Python", python),
        None => Finding::ok(Area::Runtimes, "no Python, which npm servers do not need"),
    });
    if let Some(uv) = &now.uv {
        findings.push(Finding::ok(Area::Runtimes, "uv").at(uv));
    }
    findings
}

fn found(name: &str, interpreter: &Interpreter) -> Finding {
    let Interpreter { path, version } = interpreter;
    Finding::ok(Area::Runtimes, format!("{name} {}", version.trim_start_matches('v'))).at(path)
}

/// A runtime that is not there: a failure where servers need it.
fn lacking(name: &str, servers: &[&str]) -> Finding {
    match servers {
        [] => Finding::ok(Area::Runtimes, format!("no {name}, and no server needs one")),
        servers => {
            let what = format!("no {name}, which `{}` need", servers.join("`, `"));
            Finding::fail(Area::Runtimes, what)
        }
    }
}

/// The servers that start such a package.
fn servers<'a>(patient: &Patient<'a>, wanted: fn(&Package) -> bool) -> Vec<&'a str> {
    let servers = patient.manifest.into_iter().flat_map(|manifest| manifest.servers.values());
    servers.filter(|server| wanted(&server.package)).map(|server| server.name.as_str()).collect()
}
