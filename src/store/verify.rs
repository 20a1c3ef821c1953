//! Is an install still what was locked? Asked at every launch, so most of it is comparing figures.
//!
//! Every locked entry is looked at. One whose inode, size and times are those of the receipt is taken as unchanged; any
//! other is hashed, because a restored backup or a container layer changes figures and not content. A folder whose
//! figures differ is listed again: new files that Node or Python could load, new packages and new links are refused,
//! other new files are the server's own data (server-memory keeps its graph there) and are named. Always true: a locked
//! entry that differs, is missing or may be written by other users is a difference, at either depth.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::receipt::{Entries, EntryContent, EntryRecord, FolderRecord, Malformed, Receipt};
use super::{StoreError, loadable, tree};
use crate::sys::os;
use crate::sys::stat::{Shape, Stamp};

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Hash what has other figures than the receipt says.
    Figures,
    /// Hash everything and list every folder.
    Content,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckResult {
    /// What is not as it was locked, sorted by path. None means that the install may run.
    pub differences: Vec<FileDifference>,
    /// Files that the server added, sorted; complete at [`Depth::Content`] only.
    pub extra: Vec<String>,
    /// The receipt with today's figures, where some had changed.
    pub renewed: Option<Receipt>,
}

/// One entry that is not as it was locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileDifference {
    /// Its path below the install.
    pub path: String,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// It is not there.
    Missing,
    /// It holds something else.
    Changed,
    /// It was not locked, and it could be loaded.
    Added,
    /// Another user may write it.
    Exposed,
}

impl Flaw {
    /// A stable name for scripts.
    pub fn token(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Exposed => "exposed",
        }
    }
}

impl std::fmt::Display for FileDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, flaw } = self;
        match flaw {
            Flaw::Missing => write!(f, "`{path}` is missing"),
            Flaw::Changed => write!(f, "`{path}` differs from what was locked"),
            Flaw::Added => write!(f, "`{path}` was added and could be loaded as code"),
            Flaw::Exposed => write!(f, "other users can change `{path}`"),
        }
    }
}

/// Compares an install with its receipt.
///
/// # Errors
/// A file or folder cannot be read for another reason than its absence.
pub(super) fn check(
    root: &Path,
    receipt: &Receipt,
    depth: Depth,
) -> Result<CheckResult, StoreError> {
    let Some(handle) = present(os::Folder::open(root), root)? else {
        let path = root.display().to_string();
        let differences = vec![FileDifference { path, flaw: Flaw::Missing }];
        return Ok(CheckResult { differences, ..CheckResult::default() });
    };
    let check = FolderCheck { root, handle, receipt, depth };
    let seen = check.known_folders()?;
    check.findings(seen)
}

struct FolderCheck<'a> {
    root: &'a Path,
    handle: os::Folder,
    receipt: &'a Receipt,
    depth: Depth,
}

/// What was found in one folder.
#[derive(Default)]
struct Seen {
    differences: Vec<FileDifference>,
    extra: Vec<String>,
    new_folders: Vec<String>,
    /// What the receipt should say of the folder from now on: its path, and nothing where it is gone.
    renewal: Option<(String, Option<FolderRecord>)>,
}

impl Seen {
    fn flaw(&mut self, path: String, flaw: Flaw) {
        self.differences.push(FileDifference { path, flaw });
    }

    fn is_empty(&self) -> bool {
        self.renewal.is_none()
            && self.differences.is_empty()
            && self.extra.is_empty()
            && self.new_folders.is_empty()
    }
}

impl FolderCheck<'_> {
    /// Looks at all recorded folders, on a few threads: the kernel's look-ups, not ours, are what takes the time.
    fn known_folders(&self) -> Result<Vec<Seen>, StoreError> {
        const THREADS: usize = 4;
        const SHARE: usize = 16;
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<Seen>, StoreError> {
            let mut found = Vec::new();
            loop {
                let start = next.fetch_add(SHARE, Ordering::Relaxed);
                let end = (start + SHARE).min(self.receipt.folders.len());
                let Some(share) = self.receipt.folders.get(start..end).filter(|s| !s.is_empty())
                else {
                    return Ok(found);
                };
                for record in share {
                    found.extend(Some(self.folder(record)?).filter(|seen| !seen.is_empty()));
                }
            }
        };
        std::thread::scope(|scope| {
            let helpers: Vec<_> = (1..THREADS).map(|_| scope.spawn(work)).collect();
            let mut found = work()?;
            for helper in helpers {
                let theirs = helper.join().map_err(|_| StoreError::Worker)?;
                found.extend(theirs?);
            }
            Ok(found)
        })
    }

    /// Follows folders that the receipt does not know, and puts everything together.
    fn findings(&self, mut seen: Vec<Seen>) -> Result<CheckResult, StoreError> {
        let mut findings = CheckResult::default();
        let mut renewals: BTreeMap<String, Option<FolderRecord>> = BTreeMap::new();
        while let Some(one) = seen.pop() {
            findings.differences.extend(one.differences);
            findings.extra.extend(one.extra);
            renewals.extend(one.renewal);
            for path in one.new_folders {
                let (stamp, entries) = Default::default();
                seen.push(self.folder(&FolderRecord { path, stamp, locked: false, entries })?);
            }
        }
        findings.differences.sort();
        findings.extra.sort();
        if !renewals.is_empty() && findings.differences.is_empty() {
            let mut receipt = self.receipt.clone();
            receipt.folders.retain(|folder| !renewals.contains_key(&folder.path));
            receipt.folders.extend(renewals.into_values().flatten());
            receipt.folders.sort_by(|a, b| a.path.cmp(&b.path));
            findings.renewed = Some(receipt);
        }
        Ok(findings)
    }

    fn folder(&self, record: &FolderRecord) -> Result<Seen, StoreError> {
        let place = self.root.join(&record.path);
        let path = if record.path.is_empty() { "." } else { &record.path };
        let mut seen = Seen::default();
        let Some(handle) = present(self.handle.below(path), &place)? else {
            match record.locked {
                true => seen.flaw(path.to_owned(), Flaw::Missing),
                false => seen.renewal = Some((record.path.clone(), None)),
            }
            return Ok(seen);
        };
        let facts = handle.facts().map_err(|source| StoreError::io(&place, source))?;
        if facts.exposed && record.locked {
            seen.flaw(path.to_owned(), Flaw::Exposed);
        }
        let touched = facts.stamp != record.stamp;
        if touched || self.depth == Depth::Content {
            self.list(&handle, &place, record, &mut seen)?;
        }
        let mut other_figures = Vec::new();
        for (index, entry) in record.entries.iter().enumerate() {
            let entry = entry?;
            match self.entry(&handle, &record.path, &entry)? {
                Ok(stamp) if stamp == entry.stamp => {}
                Ok(stamp) => other_figures.push((index, stamp)),
                Err(flaw) => seen.flaw(tree::joined(&record.path, entry.name), flaw),
            }
        }
        if touched || !other_figures.is_empty() {
            let entries = renewed(&record.entries, &other_figures)?;
            let (path, locked) = (record.path.clone(), record.locked);
            let record = FolderRecord { path: path.clone(), stamp: facts.stamp, locked, entries };
            seen.renewal = Some((path, Some(record)));
        }
        Ok(seen)
    }

    /// Compares one locked entry: its figures today if it is what was locked, or what is wrong with it.
    fn entry(
        &self,
        handle: &os::Folder,
        folder: &str,
        entry: &EntryRecord<'_>,
    ) -> Result<Result<Stamp, Flaw>, StoreError> {
        let place = || self.root.join(tree::joined(folder, entry.name));
        let facts = match handle.facts_of(entry.name) {
            Ok(facts) => facts,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Err(Flaw::Missing));
            }
            Err(source) => return Err(StoreError::io(&place(), source)),
        };
        if facts.exposed {
            return Ok(Err(Flaw::Exposed));
        }
        if facts.stamp == entry.stamp && self.depth == Depth::Figures {
            return Ok(Ok(facts.stamp));
        }
        let (same, stamp) = match (entry.content, facts.shape) {
            (EntryContent::File(digest), Shape::File) => {
                let (now, stamp) = tree::hashed(&place())?;
                (now.to_string() == digest, stamp)
            }
            (EntryContent::Link(target), Shape::Link) => {
                let now = std::fs::read_link(place());
                let now = now.map_err(|source| StoreError::io(&place(), source))?;
                (now.to_str() == Some(target), facts.stamp)
            }
            _ => (false, facts.stamp),
        };
        Ok(if same { Ok(stamp) } else { Err(Flaw::Changed) })
    }

    /// Judges what a folder holds beside its locked entries.
    fn list(
        &self,
        handle: &os::Folder,
        place: &Path,
        record: &FolderRecord,
        seen: &mut Seen,
    ) -> Result<(), StoreError> {
        let at = |source| StoreError::io(place, source);
        let known = loadable::LockedNames::of(&record.path, &record.entries)?;
        for entry in std::fs::read_dir(place).map_err(at)? {
            let name = entry.map_err(at)?.file_name();
            let shown = name.to_string_lossy();
            let path = tree::joined(&record.path, &shown);
            if known.has(&shown) || self.receipt.folder(&path).is_some() {
                continue;
            }
            let facts = match name.to_str().map(|name| handle.facts_of(name)) {
                Some(Ok(facts)) => facts,
                Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => continue,
                Some(Err(source)) => return Err(StoreError::io(&place.join(&name), source)),
                // No program of ours or of npm makes such names, so nothing is lost by refusing them.
                None => {
                    seen.flaw(path, Flaw::Added);
                    continue;
                }
            };
            let clean = !shown.contains(char::is_control);
            match facts.shape {
                Shape::Folder if clean && !loadable::is_package(&record.path, &shown) => {
                    seen.new_folders.push(path);
                }
                Shape::File | Shape::Other if !known.makes_loadable(&shown) => {
                    seen.extra.push(path);
                }
                _ => seen.flaw(path, Flaw::Added),
            }
        }
        Ok(())
    }
}

/// Entries with other figures at some places.
fn renewed(entries: &Entries, figures: &[(usize, Stamp)]) -> Result<Entries, Malformed> {
    if figures.is_empty() {
        return Ok(entries.clone());
    }
    let mut figures = figures.iter().peekable();
    let mut renewed = Entries::default();
    for (index, entry) in entries.iter().enumerate() {
        let entry = entry?;
        let stamp =
            figures.next_if(|(at, _)| *at == index).map_or(entry.stamp, |(_, stamp)| *stamp);
        renewed.push(&EntryRecord { stamp, ..entry });
    }
    Ok(renewed)
}

/// What was opened, or nothing where it is not there or is no longer a folder.
fn present(opened: io::Result<os::Folder>, path: &Path) -> Result<Option<os::Folder>, StoreError> {
    match opened {
        Ok(folder) => Ok(Some(folder)),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(source) => Err(StoreError::io(path, source)),
    }
}
