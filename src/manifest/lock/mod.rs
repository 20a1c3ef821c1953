//! `hushpipe.lock`, beside the manifest and committed with it: per server, what was resolved.
//!
//! A lockfile is a sequence of sections, one per server, each a TOML document of its own that begins with the line
//! `[servers.<name>]`. So `run` reads one section of fifteen, and locking one server leaves the lines of the others as
//! they are. What a section holds belongs to the runner; this file only keeps sections apart and names each by a digest
//! of its lines, without the server's name: two servers of one package share an install. A file that was edited by hand
//! has another digest and must be synced again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use memchr::memmem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Fault, Kind};
use crate::runner::{npm, pypi};
use crate::store::Digest;
use crate::sys::path::Paths;
use crate::sys::permission::{self, Insecure};
use crate::sys::private;

/// The locked servers of one manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockfile {
    path: PathBuf,
    entries: BTreeMap<String, LockEntry>,
}

/// What is locked for one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockEntry {
    name: String,
    /// The section, lines ended by `\n`, without blank lines at its end.
    text: String,
}

/// The first lines of an entry: what `run` needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct LockHead {
    /// The package, `name@version`, of the npm registry.
    pub npm: Option<String>,
    /// The package, `name==version`, of PyPI.
    pub pypi: Option<String>,
    /// What the manifest installed beside it when it was locked.
    pub with: Vec<String>,
    /// The entry point that the manifest chose.
    pub bin: Option<String>,
    /// The version of the runtime that the manifest chose.
    pub runtime: Option<String>,
    /// What the manifest allowed to be built from source.
    pub allow_sdist: Vec<String>,
    /// The Pythons that it was resolved for.
    pub python: Option<String>,
    /// What to run: a file below the install, or the name of a console script.
    pub entry: String,
}

/// All that is locked for one server, by the runner it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LockedPackages {
    /// A package of the npm registry.
    Npm(npm::Locked),
    /// A package of PyPI.
    Pypi(pypi::Locked),
}

impl LockedPackages {
    /// How many packages there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Npm(locked) => locked.packages.len(),
            Self::Pypi(locked) => locked.packages.len(),
        }
    }

    /// Packages that want to run a script when they are installed, which never happens, as `name@version`.
    pub fn install_scripts(&self) -> Vec<String> {
        match self {
            Self::Npm(locked) => locked.install_scripts(),
            // A wheel has none; a source distribution is built, which `allow_sdist` says.
            Self::Pypi(_) => Vec::new(),
        }
    }

    /// Optional packages that the registry does not have, as `name@version`: programs for other platforms, most often.
    pub fn unavailable(&self) -> Vec<String> {
        match self {
            Self::Npm(locked) => locked.unavailable(),
            Self::Pypi(_) => Vec::new(),
        }
    }

    /// Every package by name and version, with each of its hashes.
    pub fn closure(&self) -> Box<dyn Iterator<Item = (String, &str)> + '_> {
        match self {
            Self::Npm(locked) => Box::new(locked.closure()),
            Self::Pypi(locked) => Box::new(locked.closure()),
        }
    }
}

impl Lockfile {
    /// Reads a lockfile; one that is not there holds nothing.
    ///
    /// # Errors
    /// It cannot be read, another account could have written it, or it is not a lockfile of this version.
    pub fn load(path: PathBuf) -> Result<Self, LockError> {
        match permission::read_owned(&path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) if error.is_missing() => Ok(Self { path, entries: BTreeMap::new() }),
            Err(error) => Err(error.into()),
        }
    }

    /// The entry of a server.
    pub fn entry(&self, server: &str) -> Option<&LockEntry> {
        self.entries.get(server)
    }

    /// Records what was resolved for a server.
    ///
    /// # Errors
    /// It cannot be written as TOML.
    pub fn set(&mut self, server: &str, locked: &LockedPackages) -> Result<&LockEntry, LockError> {
        let section = Section { servers: BTreeMap::from([(server, locked)]) };
        let failed = |error| LockError::write(&self.path, io::Error::other(error));
        let text = toml::to_string_pretty(&section).map_err(failed)?;
        let entry = LockEntry { name: server.to_owned(), text: tidy(&text) };
        Ok(self.entries.entry(server.to_owned()).insert_entry(entry).into_mut())
    }

    /// Drops the entries of servers for which `keep` says no. Returns their names.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) -> Vec<String> {
        let dropped = self.entries.keys().filter(|name| !keep(name)).cloned().collect();
        self.entries.retain(|name, _| keep(name));
        dropped
    }

    /// Changes a lockfile as it is now, in turn with other processes of this user: resolving takes seconds, and what
    /// another one locked meanwhile must stay. An unchanged file is not written.
    ///
    /// # Errors
    /// Those of [`Lockfile::load`] and of `change`; the file cannot be written.
    pub fn change<R>(
        path: PathBuf,
        paths: &Paths,
        change: impl FnOnce(&mut Self) -> Result<R, LockError>,
    ) -> Result<R, LockError> {
        let turn = paths.state.join("lockfile.lock");
        let turn =
            private::lock(&turn, &mut || ()).map_err(|source| LockError::write(&turn, source))?;
        let before = Self::load(path)?;
        let mut lockfile = before.clone();
        let result = change(&mut lockfile)?;
        if lockfile != before {
            lockfile.save()?;
        }
        drop(turn);
        Ok(result)
    }

    /// Writes the lockfile, as a whole or not at all.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn save(&self) -> Result<(), LockError> {
        private::replace_linked(&self.path, self.to_text().as_bytes())
            .map_err(|source| LockError::write(&self.path, source))
    }

    fn to_text(&self) -> String {
        let mut text = format!("{HEADER}version = {VERSION}\n");
        for entry in self.entries.values() {
            let _ = write!(text, "\n{}", entry.text);
        }
        text
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, LockError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Preamble {
            version: u32,
        }
        let malformed = |what: String| LockError::Malformed { path: path.clone(), what };
        let text = match text.contains('\r') {
            true => Cow::from(text.replace("\r\n", "\n")),
            false => Cow::from(text),
        };
        let starts = memmem::find_iter(text.as_bytes(), TABLE);
        let starts = starts.filter(|at| *at == 0 || text.as_bytes()[at - 1] == b'\n');
        let named = starts.filter_map(|at| Some((at, section_name(text[at..].lines().next()?)?)));
        let sections: Vec<(usize, &str)> = named.collect();
        let end_of = |index: usize| sections.get(index).map_or(text.len(), |(start, _)| *start);
        let preamble: Preamble =
            toml::from_str(&text[..end_of(0)]).map_err(|error| malformed(reason(&text, &error)))?;
        if preamble.version != VERSION {
            return Err(LockError::Version { path, version: preamble.version });
        }
        let mut entries = BTreeMap::new();
        for (index, (start, name)) in sections.iter().enumerate() {
            let text = tidy(&text[*start..end_of(index + 1)]);
            let entry = LockEntry { name: (*name).to_owned(), text };
            if entries.insert(entry.name.clone(), entry).is_some() {
                return Err(malformed(format!("server `{name}` is listed twice")));
            }
        }
        Ok(Self { path, entries })
    }
}

impl LockEntry {
    /// The digest that names this entry's install and receipt.
    pub fn digest(&self) -> Digest {
        let header = self.header();
        let mut text = String::with_capacity(self.text.len());
        let mut copied = 0;
        for at in memmem::find_iter(self.text.as_bytes(), &header) {
            if at == 0 || self.text.as_bytes()[at - 1] == b'\n' {
                text.push_str(&self.text[copied..at]);
                copied = at + header.len();
            }
        }
        text.push_str(&self.text[copied..]);
        Digest::hash(text.as_bytes())
    }

    /// Whether a package of it has no hash of its own, because another one's archive holds it.
    pub fn has_bundled(&self) -> bool {
        memmem::find(self.text.as_bytes(), b"\nbundled = true").is_some()
    }

    /// The first lines.
    ///
    /// # Errors
    /// They do not read.
    pub fn head(&self) -> Result<LockHead, LockError> {
        let text = self.first_lines().fold(String::new(), |text, line| text + line + "\n");
        toml::from_str(&text).map_err(|error| self.unreadable(&text, &error))
    }

    /// All that is locked.
    ///
    /// # Errors
    /// It does not read.
    pub fn locked(&self) -> Result<LockedPackages, LockError> {
        match self.first_lines().any(|line| line.starts_with("pypi ")) {
            true => self.section().map(LockedPackages::Pypi),
            false => self.section().map(LockedPackages::Npm),
        }
    }

    /// The one section of the text, as what a runner calls its own.
    fn section<L: DeserializeOwned>(&self) -> Result<L, LockError> {
        let section: Section<String, L> =
            toml::from_str(&self.text).map_err(|error| self.unreadable(&self.text, &error))?;
        let mut servers = section.servers.into_iter();
        match (servers.next(), servers.next()) {
            (Some((name, locked)), None) if name == self.name => Ok(locked),
            _ => Err(LockError::Mixed { server: self.name.clone() }),
        }
    }

    /// The lines between the section's header and its first table.
    fn first_lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines().skip(1).take_while(|line| !line.starts_with('['))
    }

    /// What the lines that open the section's tables begin with.
    fn header(&self) -> String {
        let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        match self.name.chars().all(bare) {
            true => format!("{TABLE}{}", self.name),
            false => format!("{TABLE}\"{}\"", self.name),
        }
    }

    fn unreadable(&self, text: &str, error: &toml::de::Error) -> LockError {
        LockError::Entry { server: self.name.clone(), what: reason(text, error) }
    }
}

#[derive(Serialize, Deserialize)]
struct Section<N: Ord, L> {
    servers: BTreeMap<N, L>,
}

const VERSION: u32 = 1;
const TABLE: &str = "[servers.";
const HEADER: &str =
    "# What `hushpipe lock` resolved. Commit it; change it with `hushpipe lock` only.\n";

/// The server whose section a line opens.
fn section_name(line: &str) -> Option<&str> {
    let name = line.strip_prefix(TABLE)?.trim_end().strip_suffix(']')?;
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    // `"` inside: a table of a section, such as `servers.x.packages."y"`.
    (!name.contains('"')).then_some(name)
}

/// What is wrong with a text and with which of its lines, in words: the parser's own message draws the source.
fn reason(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!("line {}: {}", before.matches('\n').count() + 1, error.message()),
        None => error.message().to_owned(),
    }
}

/// Text with one line end behind its last line.
fn tidy(text: &str) -> String {
    format!("{}\n", text.trim_end())
}

/// Why a lockfile cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// It is not readable, or another account could have written it.
    #[error(transparent)]
    Insecure(#[from] Insecure),
    /// It could not be written.
    #[error("cannot write lockfile `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// It is not a lockfile.
    #[error("cannot read lockfile `{}`: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// It was written by another hushpipe.
    #[error("lockfile `{}` has version {version}, and this hushpipe reads {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// An entry does not read.
    #[error("cannot read the lock entry of server `{server}`: {what}")]
    Entry {
        /// The server.
        server: String,
        /// Why.
        what: String,
    },
    /// A section holds another server's tables.
    #[error("the lock entry of server `{server}` holds another server's tables")]
    Mixed {
        /// The server.
        server: String,
    },
}

impl LockError {
    fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }
}

impl Fault for LockError {
    fn kind(&self) -> Kind {
        match self {
            Self::Insecure(error) => error.kind(),
            Self::Write { .. } => Kind::Io,
            _ => Kind::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Insecure(error) => error.hint(),
            Self::Write { source, .. } => private::hint(source),
            Self::Version { .. } => Some("update hushpipe".into()),
            _ => {
                Some("restore it from version control, or remove it and run `hushpipe lock`".into())
            }
        }
    }
}

#[cfg(test)]
mod tests;
