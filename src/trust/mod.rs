//! What may run: digests that a person has accepted, one small file for each server of each manifest.
//!
//! A project's server runs once `hushpipe trust` has recorded the digest of its manifest entry and of its lock entry; a
//! server of the user's own once `hushpipe sync` has recorded that of its lock entry. Approval goes to content, never to a
//! name (CVE-2025-54136: a command was swapped behind an approved name). Records are the user's, of mode 0600, and hold no
//! value of a setting: a setting that changed is known by a mark.

mod diff;
mod error;
mod fact;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use diff::{Change, Difference, Packages};
pub use error::TrustError;
pub use fact::{Fact, FactKey};

use crate::sys::digest::Digest;
use crate::sys::path::Paths;
use crate::sys::{permission, private};

/// The records of one user.
#[derive(Debug, Clone)]
pub struct Ledger {
    folder: PathBuf,
}

/// One server of one manifest: what records are filed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The manifest, its links resolved when it was read, so that one manifest has one record whatever it is called. Never
    /// resolved again: a link that was moved since would file what a person read under a manifest that they have not.
    pub manifest: &'a Path,
    /// The server.
    pub server: &'a str,
}

/// What a server would run and get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The digest of all that its manifest entry decides.
    pub entry: String,
    /// The digest of its lock entry, where it has one.
    pub lock: Option<String>,
    /// What the manifest entry says.
    pub facts: BTreeMap<FactKey, Fact>,
    /// The locked packages, `name@version`, each with a mark of its hashes.
    pub packages: BTreeMap<String, String>,
}

/// What stands in a record before its summary; all that a launch reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The manifest, links resolved.
    pub manifest: PathBuf,
    /// The server.
    pub server: String,
    /// The digest of the manifest entry that a person accepted; nothing where `sync` made the record of a user's own server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The digest of the lock entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
}

/// A whole record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it is of, and the digests.
    #[serde(flatten)]
    pub head: Head,
    /// What the manifest entry said, each sentence with a mark of its value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<FactKey, (String, String)>,
    /// The locked packages with marks of their hashes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    packages: BTreeMap<String, String>,
}

impl Ledger {
    /// The records below these folders.
    pub fn of(paths: &Paths) -> Self {
        Self { folder: paths.state.join("trust") }
    }

    /// The folder of the records.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The digests that are recorded of a server. Reads one file, and of that only the first lines.
    ///
    /// # Errors
    /// The record cannot be read, another account could have written it, or it does not read.
    pub fn head(&self, subject: Subject<'_>) -> Result<Option<Head>, TrustError> {
        let path = self.file(subject);
        let Some(text) = read(&path)? else { return Ok(None) };
        let lines = text.lines().take_while(|line| !line.starts_with('['));
        let head: Head = parse(&path, &lines.collect::<Vec<_>>().join("\n"))?;
        // A record that was copied under another name says nothing.
        Ok(Some(head).filter(|head| {
            (head.manifest.as_path(), head.server.as_str()) == (subject.manifest, subject.server)
        }))
    }

    /// The whole record of a server.
    ///
    /// # Errors
    /// As [`Ledger::head`].
    pub fn record(&self, subject: Subject<'_>) -> Result<Option<Record>, TrustError> {
        let path = self.file(subject);
        let record: Option<Record> = read(&path)?.map(|text| parse(&path, &text)).transpose()?;
        Ok(record.filter(|record| record.head.manifest == subject.manifest))
    }

    /// Every record of a project's server, by manifest and server.
    ///
    /// # Errors
    /// As [`Ledger::head`], for any of them.
    pub fn trusted(&self) -> Result<Vec<Record>, TrustError> {
        let listed = match std::fs::read_dir(&self.folder) {
            Ok(listed) => listed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(TrustError::Io { path: self.folder.clone(), source }),
        };
        let mut records = Vec::new();
        for path in listed.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == EXTENSION)
                && let Some(text) = read(&path)?
            {
                let record: Record = parse(&path, &text)?;
                records.extend(Some(record).filter(|record| record.head.entry.is_some()));
            }
        }
        records.sort_by(|a, b| {
            (&a.head.manifest, &a.head.server).cmp(&(&b.head.manifest, &b.head.server))
        });
        Ok(records)
    }

    /// Records that a person accepted these terms.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn accept(&self, subject: Subject<'_>, terms: &Terms) -> Result<(), TrustError> {
        let facts = terms.facts.iter();
        let facts = facts.map(|(key, fact)| (key.clone(), (fact.says.clone(), fact.mark())));
        let head = Head {
            manifest: subject.manifest.to_owned(),
            server: subject.server.to_owned(),
            entry: Some(terms.entry.clone()),
            lock: terms.lock.clone(),
        };
        let record = Record { head, facts: facts.collect(), packages: terms.packages.clone() };
        self.save(subject, &record)
    }

    /// Records which lock entry of a user's own server was installed.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn synced(&self, subject: Subject<'_>, lock: String) -> Result<(), TrustError> {
        let (manifest, server) = (subject.manifest.to_owned(), subject.server.to_owned());
        let head = Head { manifest, server, entry: None, lock: Some(lock) };
        let (facts, packages) = Default::default();
        self.save(subject, &Record { head, facts, packages })
    }

    /// Forgets what was recorded.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn forget(&self, head: &Head) -> Result<(), TrustError> {
        let path = self.file(Subject { manifest: &head.manifest, server: &head.server });
        std::fs::remove_file(&path).map_err(|source| TrustError::Io { path, source })
    }

    fn save(&self, subject: Subject<'_>, record: &Record) -> Result<(), TrustError> {
        let path = self.file(subject);
        let failed = |source| TrustError::Io { path: path.clone(), source };
        let text = toml::to_string(record).map_err(|error| failed(std::io::Error::other(error)))?;
        private::replace(&path, format!("{HEADER}{text}").as_bytes()).map_err(failed)
    }

    /// A digest for a name: a path may be longer than a name, and servers `a` and `A` are two everywhere.
    fn file(&self, subject: Subject<'_>) -> PathBuf {
        let mut bytes = subject.manifest.as_os_str().as_encoded_bytes().to_vec();
        bytes.push(0);
        bytes.extend_from_slice(subject.server.as_bytes());
        self.folder.join(Digest::hash(&bytes).to_string()).with_extension(EXTENSION)
    }
}

impl Fact {
    /// Tells one value from another; what may run is decided by the digests.
    fn mark(&self) -> String {
        self.value.as_ref().map_or_else(String::new, |value| mark(value.as_bytes()))
    }
}

/// The first half of a digest, in hex: so much that nobody can make two texts that have the same one, of which the first is
/// shown and the second is taken for it.
pub fn mark(bytes: &[u8]) -> String {
    Digest::hash(bytes).short(16)
}

const EXTENSION: &str = "toml";
const HEADER: &str =
    "# Recorded by `hushpipe trust` or `hushpipe sync`. If you change it, it no longer counts.\n";

fn read(path: &Path) -> Result<Option<String>, TrustError> {
    match permission::read_owned(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, TrustError> {
    toml::from_str(text).map_err(|error| TrustError::Malformed {
        path: path.to_owned(),
        what: error.message().to_owned(),
    })
}

#[cfg(test)]
mod tests;
