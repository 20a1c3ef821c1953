//! A new install as records: every folder, file and link, closed to other users, hashed, stamped.
//!
//! Refuses what a receipt could not state exactly: names that are not UTF-8 or hold control characters, sockets and
//! devices, and links that leave the install.

use std::path::{Path, PathBuf};

use super::receipt::{Entries, EntryContent, EntryRecord, FolderRecord, Malformed, Receipt};
use super::{Digest, StoreError, loadable};
use crate::sys::os;
use crate::sys::stat::{Shape, Stamp};

/// Records an install. Nobody but us and root may write its files afterwards. Links lead nowhere outside, but to
/// `outside` where the install belongs to one runtime.
pub(super) fn record(root: &Path, outside: Option<&Path>) -> Result<Vec<FolderRecord>, StoreError> {
    let mut folders = Vec::new();
    let mut open = vec![String::new()];
    while let Some(path) = open.pop() {
        folders.push(folder(root, path, outside, &mut open)?);
    }
    folders.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(folders)
}

/// The digest of all names and contents.
pub(super) fn digest(folders: &[FolderRecord]) -> Result<Digest, Malformed> {
    let mut text = String::new();
    for folder in folders {
        text.push_str(&format!("d\t{}\n", folder.path));
        for entry in folder.entries.iter() {
            let EntryRecord { name, content, .. } = entry?;
            text.push_str(&match content {
                EntryContent::File(digest) => format!("f\t{digest}\t{name}\n"),
                EntryContent::Link(target) => format!("l\t{target}\t{name}\n"),
            });
        }
    }
    Ok(Digest::hash(text.as_bytes()))
}

/// The path of an entry below the install.
pub(super) fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The names in a folder, sorted.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let at = |source| StoreError::io(folder, source);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(at)? {
        let entry = entry.map_err(at)?;
        match entry.file_name().into_string() {
            Ok(name) if !name.contains(char::is_control) => names.push(name),
            _ => return Err(StoreError::Name { path: entry.path() }),
        }
    }
    names.sort();
    Ok(names)
}

/// The digest of a file together with figures that belong to exactly this content.
pub(super) fn hashed(path: &Path) -> Result<(Digest, Stamp), StoreError> {
    let at = |source| StoreError::io(path, source);
    let mut file = std::fs::File::open(path).map_err(at)?;
    let before = os::facts_of_file(&file).map_err(at)?;
    let digest = Digest::hash_reader(&mut file).map_err(at)?;
    let after = os::facts_of_file(&file).map_err(at)?;
    match before.stamp == after.stamp {
        true => Ok((digest, after.stamp)),
        false => Err(StoreError::Busy { path: path.to_owned() }),
    }
}

/// Copies what a server added to its install `from` into the new install `to`: data, never anything loadable.
pub(super) fn carry_over(from: &Path, to: &Path, receipt: &Receipt) -> Result<(), StoreError> {
    let nothing = Entries::default();
    let mut open = vec![String::new()];
    while let Some(path) = open.pop() {
        let known = receipt.folder(&path).map_or(&nothing, |folder| &folder.entries);
        let known = loadable::LockedNames::of(&path, known)?;
        let place = from.join(&path);
        let handle = os::Folder::open(&place).map_err(|source| StoreError::io(&place, source))?;
        for name in names(&place)? {
            let here = joined(&path, &name);
            let (source, target) = (place.join(&name), to.join(&here));
            let at = |error| StoreError::io(&source, error);
            match handle.facts_of(&name).map_err(at)?.shape {
                Shape::Folder if receipt.folder(&here).is_some() => open.push(here),
                Shape::Folder if !loadable::is_package(&path, &name) => {
                    std::fs::create_dir(&target).map_err(at)?;
                    open.push(here);
                }
                Shape::File if !known.has(&name) && !known.makes_loadable(&name) => {
                    std::fs::copy(&source, &target).map_err(at)?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn folder(
    root: &Path,
    path: String,
    outside: Option<&Path>,
    open: &mut Vec<String>,
) -> Result<FolderRecord, StoreError> {
    let place = root.join(&path);
    let at = |source| StoreError::io(&place, source);
    os::make_private(&place).map_err(at)?;
    let handle = os::Folder::open(&place).map_err(at)?;
    let mut entries = Entries::default();
    for name in names(&place)? {
        let entry = place.join(&name);
        let facts = handle.facts_of(&name).map_err(|source| StoreError::io(&entry, source))?;
        match facts.shape {
            Shape::Folder => open.push(joined(&path, &name)),
            Shape::Link => {
                let target = link(&path, &entry, outside)?;
                let content = EntryContent::Link(&target);
                entries.push(&EntryRecord { name: &name, stamp: facts.stamp, content });
            }
            Shape::File => {
                os::make_private(&entry).map_err(|source| StoreError::io(&entry, source))?;
                let (digest, stamp) = hashed(&entry)?;
                let content = EntryContent::File(&digest.to_string());
                entries.push(&EntryRecord { name: &name, stamp, content });
            }
            Shape::Other => return Err(StoreError::Special { path: entry }),
        }
    }
    let stamp = handle.facts().map_err(at)?.stamp;
    Ok(FolderRecord { path, stamp, locked: true, entries })
}

/// The target of a link, which must stay inside the install or lead to `outside`.
fn link(folder: &str, path: &Path, outside: Option<&Path>) -> Result<String, StoreError> {
    let target = std::fs::read_link(path).map_err(|source| StoreError::io(path, source))?;
    let refused = || StoreError::Link { path: path.to_owned() };
    let text = target.to_str().filter(|text| !text.contains(char::is_control));
    let text = text.ok_or_else(refused)?;
    if target.is_absolute()
        && outside.is_some_and(|it| target.canonicalize().is_ok_and(|t| t == it))
    {
        return Ok(text.to_owned());
    }
    let mut depth = PathBuf::from(folder);
    for part in target.components() {
        let inside = match part {
            std::path::Component::Normal(name) => {
                depth.push(name);
                true
            }
            std::path::Component::ParentDir => depth.pop(),
            std::path::Component::CurDir => true,
            std::path::Component::RootDir | std::path::Component::Prefix(_) => false,
        };
        if !inside {
            return Err(refused());
        }
    }
    Ok(text.to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// As in a virtual environment: one link to the Python it was made for, others to that link.
    #[test]
    fn a_link_leaves_an_install_only_to_its_own_runtime() {
        let folder = tempfile::tempdir().unwrap();
        let (python, other) = (folder.path().join("python3.11"), folder.path().join("other"));
        std::fs::write(&python, "").unwrap();
        std::fs::write(&other, "").unwrap();
        symlink(&python, folder.path().join("python3")).unwrap();
        let (python, root) = (python.canonicalize().unwrap(), folder.path().join("install"));
        std::fs::create_dir(&root).unwrap();
        symlink("python", root.join("python3")).unwrap();
        for (target, outside, fits) in [
            (python.as_path(), Some(python.as_path()), true),
            (&folder.path().join("python3"), Some(&python), true),
            (&python, None, false),
            (&other, Some(&python), false),
            (Path::new("../python3.11"), Some(&python), false),
            (&folder.path().join("not-there"), Some(&python), false),
        ] {
            let link = root.join("python");
            let _ = std::fs::remove_file(&link);
            symlink(target, &link).unwrap();
            assert_eq!(record(&root, outside).is_ok(), fits, "{target:?} {outside:?}");
        }
    }
}
