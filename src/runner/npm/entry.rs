//! Which file of a package is run, and what its first line asks of the runtime.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::runner::{NpmPackage, RunnerError};

/// The package's program to run: the one that the manifest names, the one with the package's own name, or the only one.
/// `None` where the package has none, so that its `main` is what runs.
pub(super) fn program(
    package: &NpmPackage,
    programs: &BTreeMap<String, String>,
    chosen: Option<&str>,
) -> Result<Option<String>, RunnerError> {
    let own_name = package.name.rsplit('/').next().unwrap_or_default();
    let several = || RunnerError::SeveralPrograms {
        package: package.to_string(),
        programs: programs.keys().cloned().collect(),
    };
    let file = match chosen {
        Some(name) => programs.get(name).ok_or_else(|| RunnerError::NoSuchProgram {
            package: package.to_string(),
            bin: name.to_owned(),
            programs: programs.keys().cloned().collect(),
        })?,
        None if programs.is_empty() => return Ok(None),
        None => match programs.get(own_name) {
            Some(file) => file,
            None if programs.len() == 1 => programs.values().next().ok_or_else(several)?,
            None => return Err(several()),
        },
    };
    Ok(Some(below(package, file)))
}

/// Where a file of the package stands below the install.
pub(super) fn below(package: &NpmPackage, file: &str) -> String {
    let file = file.trim_start_matches("./").trim_start_matches('/');
    format!("node_modules/{}/{file}", package.name)
}

/// The arguments for Node that the first line of the entry point asks for, as in `#!/usr/bin/env -S node --no-warnings`.
///
/// A `main` may leave out its suffix or name a folder; Node finds the file then, and there is no line to read.
pub(super) fn flags(install: &Path, entry: &str) -> Result<Vec<String>, RunnerError> {
    let path = install.join(entry);
    if !path.is_file() {
        let suffixes = [".js", ".json", ".node", "/index.js", "/index.json"];
        let found = |suffix: &&str| install.join(format!("{entry}{suffix}")).is_file();
        return match suffixes.iter().any(found) {
            true => Ok(Vec::new()),
            false => Err(RunnerError::NoEntry { entry: entry.to_owned() }),
        };
    }
    let unreadable = |source| RunnerError::files(&path, source);
    let file = std::fs::File::open(&path).map_err(unreadable)?;
    let mut line = Vec::new();
    BufReader::new(file.take(MAX_LINE)).read_until(b'\n', &mut line).map_err(unreadable)?;
    let Some(line) = line.strip_prefix(b"#!") else { return Ok(Vec::new()) };
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace().skip_while(|word| !names_node(word));
    match words.next() {
        Some(_) => Ok(words.map(str::to_owned).collect()),
        None => Err(RunnerError::NotNode { entry: entry.to_owned(), line: line.trim().to_owned() }),
    }
}

/// As much of a first line as a kernel would read.
const MAX_LINE: u64 = 4096;

fn names_node(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("node" | "nodejs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> NpmPackage {
        NpmPackage { name: "@a/server".into(), version: semver::Version::new(1, 2, 3) }
    }

    fn programs(names: &[&str]) -> BTreeMap<String, String> {
        names.iter().map(|name| ((*name).to_owned(), format!("./dist/{name}.js"))).collect()
    }

    #[test]
    fn the_manifest_then_the_own_name_then_the_only_program_is_chosen() {
        let chosen = |names: &[&str], bin| program(&package(), &programs(names), bin);
        let path = |name: &str| Some(format!("node_modules/@a/server/dist/{name}.js"));
        assert_eq!(chosen(&["x", "server"], Some("x")).unwrap(), path("x"));
        assert_eq!(chosen(&["x", "server"], None).unwrap(), path("server"));
        assert_eq!(chosen(&["x"], None).unwrap(), path("x"));
        assert_eq!(chosen(&[], None).unwrap(), None);
    }

    #[test]
    fn a_choice_that_cannot_be_made_names_the_programs() {
        let message =
            |bin| program(&package(), &programs(&["x", "y"]), bin).unwrap_err().to_string();
        assert_eq!(message(None), "package `@a/server@1.2.3` has several programs: `x`, `y`");
        assert_eq!(
            message(Some("z")),
            "package `@a/server@1.2.3` has no program `z`; it has `x`, `y`"
        );
    }

    #[test]
    fn the_first_line_gives_flags_and_refuses_what_node_cannot_run() {
        let install = tempfile::tempdir().unwrap();
        let flags = |text: &str| {
            std::fs::write(install.path().join("e.js"), text).unwrap();
            flags(install.path(), "e.js")
        };
        assert_eq!(flags("#!/usr/bin/env node\nx").unwrap(), [""; 0]);
        assert_eq!(flags("#!/usr/bin/env node\r\nx").unwrap(), [""; 0]);
        assert_eq!(flags("console.log(1)").unwrap(), [""; 0]);
        assert_eq!(flags("#!/usr/bin/env -S node --a --b=1\n").unwrap(), ["--a", "--b=1"]);
        assert!(matches!(flags("#!/bin/sh\n"), Err(RunnerError::NotNode { .. })));
    }

    #[test]
    fn an_entry_point_must_be_there_as_node_would_find_it() {
        let install = tempfile::tempdir().unwrap();
        std::fs::create_dir(install.path().join("lib")).unwrap();
        std::fs::write(install.path().join("lib/index.js"), "").unwrap();
        assert!(flags(install.path(), "lib").is_ok());
        assert!(flags(install.path(), "lib/index").is_ok());
        assert!(matches!(flags(install.path(), "dist"), Err(RunnerError::NoEntry { .. })));
    }
}
