//! Which added entries could become code of the server.
//!
//! Promise 3 names the suffixes. Beside them: a name that a locked file is required by. Node looks for the exact name of
//! `require('./util')` before it tries `util.js`, so a new file `util` beside a locked `util.js` would run in its place
//! (Node's documentation of modules, LOAD_AS_FILE).

use super::receipt::FolderRecord;

/// What Node, Python or the dynamic loader would load by name.
const SUFFIXES: &[&str] =
    &[".js", ".cjs", ".mjs", ".json", ".node", ".wasm", ".py", ".pth", ".so", ".dylib", ".dll"];

/// What Node appends to a name that has no file.
const APPENDED: &[&str] = &[".js", ".json", ".node"];

/// Whether a new file of this name could be loaded. Case counts for nothing: some file systems ignore it.
pub(super) fn is_loadable(name: &str, folder: &FolderRecord) -> bool {
    let name = name.to_ascii_lowercase();
    let shadows = |entry: &str| {
        entry
            .strip_prefix(name.as_str())
            .is_some_and(|rest| rest.is_empty() || APPENDED.contains(&rest))
    };
    SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
        || name.contains(".so.")
        || folder.entries.iter().any(|entry| shadows(&entry.name.to_ascii_lowercase()))
}

/// Whether a new folder of this name is a package that Node would find. Names with a leading dot cannot be required, and
/// tools keep caches in `node_modules/.cache`.
pub(super) fn is_package(parent: &str, name: &str) -> bool {
    let mut above = parent.rsplit('/');
    let (last, before) = (above.next().unwrap_or_default(), above.next());
    let scope = last.starts_with('@') && before == Some("node_modules");
    !name.starts_with('.') && (last == "node_modules" || scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Digest;
    use crate::store::receipt::{Content, EntryRecord};

    #[test]
    fn code_is_loadable_and_data_is_not() {
        let folder = folder_with(&["util.js", "notes.txt"]);
        for name in ["a.js", "A.JS", "x.mjs", "p.json", "n.node", "l.so.1", "s.pth", "util", "UTIL"]
        {
            assert!(is_loadable(name, &folder), "{name}");
        }
        for name in ["memory.jsonl", "db.sqlite", "note", "utilities", "notes", "a.js.txt"] {
            assert!(!is_loadable(name, &folder), "{name}");
        }
    }

    #[test]
    fn a_folder_where_packages_stand_is_a_package() {
        for (parent, name) in [
            ("node_modules", "evil"),
            ("node_modules/a/node_modules", "b"),
            ("node_modules/@s", "c"),
        ] {
            assert!(is_package(parent, name), "{parent} {name}");
        }
        for (parent, name) in [("node_modules", ".cache"), ("node_modules/a", "data"), ("", "d")] {
            assert!(!is_package(parent, name), "{parent} {name}");
        }
    }

    fn folder_with(names: &[&str]) -> FolderRecord {
        let entry = |name: &&str| EntryRecord {
            name: (*name).to_owned(),
            stamp: Default::default(),
            content: Content::File(Digest::of(b"")),
        };
        let entries = names.iter().map(entry).collect();
        FolderRecord { path: String::new(), stamp: Default::default(), locked: true, entries }
    }
}
