//! Which added entries could become code of the server.
//!
//! Promise 3 names the suffixes. Beside them: a name that a locked file is required by. Node looks for the exact name of
//! `require('./util')` before it tries `util.js`, so a new file `util` beside a locked `util.js` would run in its place
//! (Node's documentation of modules, LOAD_AS_FILE). For the same reason any file in a folder where Node looks for packages
//! is the package of that name: `require('x')` runs `node_modules/x` if that is a file.

use std::collections::HashSet;

use super::receipt::{Entries, Malformed};

/// What Node, Python or the dynamic loader would load by name. Python loads a `.pyc` without a source, and one in
/// `__pycache__` in the place of its source (its documentation, "Cached bytecode invalidation"); it calls what a `.start`
/// names (PEP 829).
const SUFFIXES: &[&str] = &[
    ".js", ".cjs", ".mjs", ".json", ".node", ".wasm", ".py", ".pyc", ".pyw", ".pyd", ".pth",
    ".start", ".so", ".dylib", ".dll",
];

/// What Node appends to a name that has no file.
const APPENDED: &[&str] = &[".js", ".json", ".node"];

/// The locked names of one folder.
pub(super) struct LockedNames<'r> {
    names: HashSet<&'r str>,
    lower: HashSet<String>,
    /// Whether the folder is on the server's PATH, so that any file in it may be run by name.
    is_on_path: bool,
    /// Whether Node looks for packages in it, so that any file in it may be required by name.
    holds_packages: bool,
}

impl<'r> LockedNames<'r> {
    /// The names of these entries of a folder, by its path below the install.
    pub(super) fn of(folder: &str, entries: &'r Entries) -> Result<Self, Malformed> {
        let names: Result<HashSet<_>, _> =
            entries.iter().map(|entry| entry.map(|entry| entry.name)).collect();
        let names = names?;
        let lower = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        // Where an environment of Python has its programs, and what every program it starts is looked for first.
        let is_on_path = matches!(folder, "bin" | "Scripts");
        Ok(Self { lower, names, is_on_path, holds_packages: holds_node_packages(folder) })
    }

    /// Whether an entry of this name is locked.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether a new file of this name could be loaded. Case counts for nothing: some file systems ignore it.
    pub(super) fn makes_loadable(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let shadows = |appended: &&str| self.lower.contains(&format!("{name}{appended}"));
        self.is_on_path
            || self.holds_packages && !name.starts_with('.')
            || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
            || name.contains(".so.")
            || self.lower.contains(&name)
            || APPENDED.iter().any(shadows)
    }
}

/// Whether a new folder of this name is a package that Node or Python would find. Names with a leading dot cannot be
/// required or imported, and tools keep caches in `node_modules/.cache`.
pub(super) fn is_package(parent: &str, name: &str) -> bool {
    let is_pythons = parent.rsplit('/').next() == Some("site-packages");
    !name.starts_with('.') && (is_pythons || holds_node_packages(parent))
}

/// Whether Node looks for packages in this folder: a `node_modules`, or a scope in one.
fn holds_node_packages(folder: &str) -> bool {
    let mut above = folder.rsplit('/');
    let (last, before) = (above.next().unwrap_or_default(), above.next());
    last == "node_modules" || last.starts_with('@') && before == Some("node_modules")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::receipt::{EntryContent, EntryRecord};

    #[test]
    fn code_is_loadable_and_data_is_not() {
        let mut entries = Entries::default();
        for name in ["util.js", "notes.txt"] {
            let (stamp, content) = (Default::default(), EntryContent::File(""));
            entries.push(&EntryRecord { name, stamp, content });
        }
        let known = LockedNames::of("lib", &entries).unwrap();
        for name in [
            "a.js",
            "A.JS",
            "x.mjs",
            "p.json",
            "l.so.1",
            "s.pth",
            "s.start",
            "m.cpython-311.pyc",
            "util",
            "UTIL",
            "Util.Js",
        ] {
            assert!(known.makes_loadable(name), "{name}");
        }
        for name in ["memory.jsonl", "db.sqlite", "note", "utilities", "notes", "a.js.txt"] {
            assert!(!known.makes_loadable(name), "{name}");
        }
        assert!(known.has("util.js") && !known.has("util"));
    }

    #[test]
    fn whatever_stands_on_the_path_could_be_run() {
        let entries = Entries::default();
        assert!(LockedNames::of("bin", &entries).unwrap().makes_loadable("git"));
        assert!(!LockedNames::of("lib/bin", &entries).unwrap().makes_loadable("git"));
    }

    #[test]
    fn any_file_where_node_looks_for_packages_is_one() {
        let entries = Entries::default();
        let makes = |folder, name| LockedNames::of(folder, &entries).unwrap().makes_loadable(name);
        for folder in ["node_modules", "node_modules/a/node_modules", "node_modules/@s"] {
            assert!(makes(folder, "evil") && makes(folder, "notes.txt"), "{folder}");
            assert!(!makes(folder, ".cache"), "{folder}");
        }
        for folder in ["node_modules/a", "node_modules/a/@s", "lib/site-packages", ""] {
            assert!(!makes(folder, "evil"), "{folder}");
        }
    }

    #[test]
    fn a_folder_where_packages_stand_is_a_package() {
        for (parent, name) in [
            ("node_modules", "evil"),
            ("node_modules/a/node_modules", "b"),
            ("node_modules/@s", "c"),
            ("lib/python3.11/site-packages", "evil"),
            ("lib/python3.11/site-packages", "evil-1.0.dist-info"),
        ] {
            assert!(is_package(parent, name), "{parent} {name}");
        }
        for (parent, name) in [("node_modules", ".cache"), ("node_modules/a", "data"), ("", "d")] {
            assert!(!is_package(parent, name), "{parent} {name}");
        }
    }
}
