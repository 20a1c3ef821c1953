//! Packages outside an install that its code would load.
//!
//! Node looks for a package in every `node_modules` from the requiring file up to the root of the file system (its
//! documentation of modules, "Loading from node_modules folders"). What is locked stands in the install and is found
//! first. What a locked package only would like to have, and npm did not install, is looked for further up: in a
//! `node_modules` of the user's home it would be found, and run without being locked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Locked;

/// Ends Node's look-ups in `~/.node_modules`, `~/.node_libraries`, `$PREFIX/lib/node` and `NODE_PATH`.
pub const NO_GLOBAL_FOLDERS: &str = "--no-global-search-paths";

/// The `node_modules` folders above an install, where there are any.
pub fn folders_above(install: &Path) -> Vec<PathBuf> {
    // Node goes up from where a file really is.
    let real = install.canonicalize().unwrap_or_else(|_| install.to_owned());
    let above = real.ancestors().skip(1).map(|folder| folder.join("node_modules"));
    above.filter(|folder| folder.is_dir()).collect()
}

/// A package in one of `folders` that a locked package names and the install does not have.
pub fn stray(locked: &Locked, install: &Path, folders: &[PathBuf]) -> Option<PathBuf> {
    let there = locked.packages.keys().filter(|path| install.join(path).exists());
    let there: BTreeSet<&str> = there.map(|path| super::locked::name_in(path)).collect();
    let wanted = locked
        .packages
        .values()
        .flat_map(|package| package.edges().map(|(name, _)| name).chain(&package.optional_peers));
    let missing: BTreeSet<&str> =
        wanted.map(String::as_str).filter(|name| !there.contains(name)).collect();
    let found = |name: &&str| folders.iter().map(|f| f.join(name)).find(|place| place.exists());
    missing.iter().find_map(found)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::runner::npm::LockedPackage;

    #[test]
    fn only_what_is_wanted_and_not_installed_is_a_stray() {
        let home = tempfile::tempdir().expect("a folder");
        let home = home.path().canonicalize().expect("a real path");
        let install = home.join("store/x");
        let folder = |path: &Path| std::fs::create_dir_all(path).expect("a folder");
        folder(&install.join("node_modules/a"));
        folder(&install.join("node_modules/b"));
        let package = LockedPackage {
            dependencies: BTreeMap::from([("b".into(), "^1".into())]),
            optional_peers: vec!["@s/fast".into()],
            ..LockedPackage::default()
        };
        let paths = ["node_modules/a", "node_modules/b", "node_modules/of-another-system"];
        let packages = paths.map(|path| (path.to_owned(), package.clone()));
        let locked = Locked {
            npm: "a@1.0.0".into(),
            bin: None,
            entry: "node_modules/a/i.js".into(),
            packages: BTreeMap::from(packages),
        };
        let ours = |folders: Vec<PathBuf>| -> Vec<PathBuf> {
            folders.into_iter().filter(|folder| folder.starts_with(&home)).collect()
        };
        assert_eq!(ours(folders_above(&install)), Vec::<PathBuf>::new());
        for unrelated in ["b", "other", "of-another-system"] {
            folder(&home.join("node_modules").join(unrelated));
        }
        let above = ours(folders_above(&install));
        assert_eq!(above, [home.join("node_modules")]);
        assert_eq!(stray(&locked, &install, &above), None);
        folder(&home.join("node_modules/@s/fast"));
        assert_eq!(stray(&locked, &install, &above), Some(home.join("node_modules/@s/fast")));
    }
}
