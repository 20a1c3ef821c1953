//! The machine record: whether it is there, reads, and still says what is true.

use super::Inputs;
use super::finding::{Area, DoctorFinding};
use crate::sys::machine::{Interpreter, Machine, MachineError};
use crate::sys::path::Paths;

/// What fixes every flaw of the record.
const MEND: &str = "hushpipe doctor --fix";

/// A record that `run` would refuse. Who may write it is looked at with the other files.
pub(super) fn unusable(error: MachineError, paths: &Paths) -> Vec<DoctorFinding> {
    match error {
        MachineError::Insecure(_) => Vec::new(),
        error => {
            let finding = DoctorFinding::of(Area::Record, &error.into());
            vec![finding.at(&Machine::file(paths)).fixed_by(MEND)]
        }
    }
}

/// Compares the record with the machine.
pub(super) fn examine(inputs: &Inputs<'_>) -> Vec<DoctorFinding> {
    let file = Machine::file(inputs.paths);
    let Some(record) = inputs.record else {
        let what =
            "this machine is not recorded yet, so servers get a short PATH, no locale and no proxy";
        return vec![DoctorFinding::warn(Area::Record, what).at(&file).fixed_by(MEND)];
    };
    let stale: Vec<DoctorFinding> = differences(record, inputs.now)
        .into_iter()
        .map(|what| DoctorFinding::warn(Area::Record, what).at(&file).fixed_by(MEND))
        .collect();
    match stale.is_empty() {
        true => {
            vec![
                DoctorFinding::ok(Area::Record, "the machine record matches your login shell")
                    .at(&file),
            ]
        }
        false => stale,
    }
}

/// What is no longer as recorded, a sentence each. No value but paths and versions is shown.
fn differences(record: &Machine, now: &Machine) -> Vec<String> {
    let mut found = Vec::new();
    if record.path != now.path {
        found.push("the PATH of your login shell has changed".to_owned());
    }
    for (name, old, new) in
        [("Node", &record.node, &now.node), ("Python", &record.python, &now.python)]
    {
        found.extend(moved(name, old.as_ref(), new.as_ref()));
    }
    for (name, old, new) in [("uv", &record.uv, &now.uv), ("Docker", &record.docker, &now.docker)] {
        match (old, new) {
            (old, new) if old == new => {}
            (_, Some(path)) => found.push(format!("{name} has moved to `{}`", path.display())),
            (_, None) => found.push(format!("{name} is gone")),
        }
    }
    let others = [&record.other_nodes, &record.other_pythons];
    if others != [&now.other_nodes, &now.other_pythons] {
        found.push("the list of other Node and Python versions has changed".to_owned());
    }
    let names = record.variables.keys().chain(now.variables.keys());
    let mut changed: Vec<&str> = names
        .filter(|name| record.variable(name) != now.variable(name))
        .map(String::as_str)
        .collect();
    changed.sort_unstable();
    changed.dedup();
    if !changed.is_empty() {
        found.push(format!("`{}` of your login shell changed", changed.join("`, `")));
    }
    if record.withheld != now.withheld {
        found.push("other variables of your login shell may contain a password".to_owned());
    }
    found
}

/// How a runtime differs from the recorded one.
fn moved(name: &str, old: Option<&Interpreter>, new: Option<&Interpreter>) -> Option<String> {
    match (old, new) {
        (old, new) if old == new => None,
        (Some(old), _) if !old.path.exists() => {
            Some(format!("the recorded {name} {} is gone: `{}`", old.version, old.path.display()))
        }
        (_, Some(new)) => Some(format!("your login shell now starts {name} {}", new.version)),
        (_, None) => Some(format!("your login shell no longer finds {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_difference_is_named_and_no_value_is_shown() {
        let node = Interpreter { path: "/nowhere/node".into(), version: "v18.0.0".into() };
        let record = Machine {
            path: "/a".into(),
            node: Some(node),
            variables: [("HTTPS_PROXY".to_owned(), "http://canary:1".to_owned())].into(),
            ..Machine::default()
        };
        let now = Machine {
            path: "/b".into(),
            uv: Some("/b/uv".into()),
            withheld: vec!["ALL_PROXY".into()],
            ..Machine::default()
        };
        assert_eq!(
            differences(&record, &now),
            [
                "the PATH of your login shell has changed",
                "the recorded Node v18.0.0 is gone: `/nowhere/node`",
                "uv has moved to `/b/uv`",
                "`HTTPS_PROXY` of your login shell changed",
                "other variables of your login shell may contain a password",
            ]
        );
        assert!(differences(&record, &record).is_empty());
    }
}
