//! A new install as records: every folder, file and link, closed to other users, hashed, stamped.
//!
//! Refuses what a receipt could not state exactly: names that are not UTF-8 or hold control characters, sockets and
//! devices, and links that leave the install.

use std::path::{Path, PathBuf};

use super::receipt::{Content, Entries, EntryRecord, FolderRecord, Malformed, Receipt};
use super::{Digest, StoreError, loadable};
use crate::sys::os;
use crate::sys::stat::{Shape, Stamp};

/// Records an install. Nobody but us and root may write its files afterwards.
pub(super) fn record(root: &Path) -> Result<Vec<FolderRecord>, StoreError> {
    let mut folders = Vec::new();
    let mut open = vec![String::new()];
    while let Some(path) = open.pop() {
        folders.push(folder(root, path, &mut open)?);
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
                Content::File(digest) => format!("f\t{digest}\t{name}\n"),
                Content::Link(target) => format!("l\t{target}\t{name}\n"),
            });
        }
    }
    Ok(Digest::of(text.as_bytes()))
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
    let digest = Digest::of_reader(&mut file).map_err(at)?;
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
        let known = loadable::Known::of(known)?;
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

fn folder(root: &Path, path: String, open: &mut Vec<String>) -> Result<FolderRecord, StoreError> {
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
                let target = link(&path, &entry)?;
                let content = Content::Link(&target);
                entries.push(&EntryRecord { name: &name, stamp: facts.stamp, content });
            }
            Shape::File => {
                os::make_private(&entry).map_err(|source| StoreError::io(&entry, source))?;
                let (digest, stamp) = hashed(&entry)?;
                let content = Content::File(&digest.to_string());
                entries.push(&EntryRecord { name: &name, stamp, content });
            }
            Shape::Other => return Err(StoreError::Special { path: entry }),
        }
    }
    let stamp = handle.facts().map_err(at)?.stamp;
    Ok(FolderRecord { path, stamp, locked: true, entries })
}

/// The target of a link, which must stay inside the install.
fn link(folder: &str, path: &Path) -> Result<String, StoreError> {
    let target = std::fs::read_link(path).map_err(|source| StoreError::io(path, source))?;
    let outside = || StoreError::Link { path: path.to_owned() };
    let text = target.to_str().filter(|text| !text.contains(char::is_control));
    let text = text.ok_or_else(outside)?;
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
            return Err(outside());
        }
    }
    Ok(text.to_owned())
}
