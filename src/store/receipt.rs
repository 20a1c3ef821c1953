//! What is true of one install on this machine: its files with their figures and digests, and its runtime.
//!
//! Read at every launch, so the form is made for speed: one line per entry, fields parted by tabs, names last. The lines
//! of a folder stay text until the folder is looked at, which several threads do at once. A receipt ends with a line that
//! counts the others; one without it is refused, and so is any line that does not read.
//!
//! ```text
//! hushpipe-receipt 1
//! lock     <digest of the lock entry>
//! tree     <digest of all names and contents>
//! runtime  <version> <path>
//! flag     <argument of the runtime>
//! era      stateful | stateless                                where a session has shown it
//! d  <inode> 0 <modified> <changed> <path>                     a locked folder, then its entries
//! f  <inode> <size> <modified> <changed> <digest> <name>
//! l  <inode> <size> <modified> <changed> <target> <name>
//! x  <inode> 0 <modified> <changed> <path>                     a folder that the server added
//! end <number of lines before this one>
//! ```

use std::fmt::Write as _;
use std::path::PathBuf;
use std::str::FromStr;

use super::Digest;
use crate::mcp::Era;
use crate::sys::stat::Stamp;

/// What is true of one install on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The digest of the lock entry that was installed.
    pub lock: Digest,
    /// The digest of all names and contents; of an npm package equal on every machine of one platform.
    pub tree: Digest,
    /// What runs the entry point.
    pub runtime: Runtime,
    /// The server's era, where a session has shown it.
    pub era: Option<Era>,
    /// The folders, sorted by path; the first is the install itself, its path empty.
    pub folders: Vec<FolderRecord>,
}

/// The program that runs an install's entry point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// Its absolute path, links resolved.
    pub path: PathBuf,
    /// What it says its version is.
    pub version: String,
    /// Arguments before the entry point, which the entry point's first line asks for.
    pub flags: Vec<String>,
}

/// How closely an install belongs to the runtime that it was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// Another one may run it, as any Node runs a folder of packages.
    Any,
    /// It is for this one only and links to it, as a virtual environment of Python does.
    One,
}

impl Tie {
    /// Whether this runtime may run an install.
    pub(super) fn fits(self, receipt: &Receipt, runtime: &Runtime) -> bool {
        let Runtime { path, version, .. } = &receipt.runtime;
        self == Self::Any || (path, version) == (&runtime.path, &runtime.version)
    }
}

/// A folder of an install.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderRecord {
    /// Its path below the install, `/` between names.
    pub path: String,
    /// Its figures.
    pub stamp: Stamp,
    /// Whether the lock put it there; otherwise the server added it.
    pub locked: bool,
    /// Its locked files and links.
    pub entries: Entries,
}

/// The locked files and links of one folder, as lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entries(String);

/// A locked file or link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRecord<'r> {
    /// Its name in its folder.
    pub name: &'r str,
    /// Its figures.
    pub stamp: Stamp,
    /// What it holds.
    pub content: EntryContent<'r>,
}

/// What a locked entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryContent<'r> {
    /// A file with this digest, in hex.
    File(&'r str),
    /// A link to this target.
    Link(&'r str),
}

/// A line of a receipt does not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its line `{0}` is not valid")]
pub struct Malformed(pub String);

impl Receipt {
    /// The receipt as it is written to disk.
    pub fn to_text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\nlock\t{}\ntree\t{}\n", self.lock, self.tree);
        let Runtime { path, version, flags } = &self.runtime;
        let _ = writeln!(text, "runtime\t{version}\t{}", path.display());
        for flag in flags {
            let _ = writeln!(text, "flag\t{flag}");
        }
        if let Some(era) = self.era {
            let _ = writeln!(text, "era\t{}", name_of(era));
        }
        for FolderRecord { path, stamp, locked, entries } in &self.folders {
            let kind = if *locked { "d" } else { "x" };
            let _ = writeln!(text, "{kind}\t{}\t{path}", figures(stamp));
            text.push_str(&entries.0);
        }
        let lines = text.lines().count();
        let _ = writeln!(text, "end\t{lines}");
        text
    }

    /// The folder of this path.
    pub fn folder(&self, path: &str) -> Option<&FolderRecord> {
        let at = self.folders.binary_search_by(|folder| folder.path.as_str().cmp(path)).ok()?;
        self.folders.get(at)
    }

    /// How many locked files and links there are.
    pub fn len(&self) -> usize {
        self.folders.iter().map(|folder| folder.entries.0.lines().count()).sum()
    }

    /// Whether nothing is locked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Entries {
    /// Adds an entry.
    pub fn push(&mut self, entry: &EntryRecord<'_>) {
        let EntryRecord { name, stamp, content } = entry;
        let stamp = figures(stamp);
        let _ = match content {
            EntryContent::File(digest) => writeln!(self.0, "f\t{stamp}\t{digest}\t{name}"),
            EntryContent::Link(target) => writeln!(self.0, "l\t{stamp}\t{target}\t{name}"),
        };
    }

    /// The entries, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = Result<EntryRecord<'_>, Malformed>> {
        let lines = self.0.split_terminator('\n');
        lines.map(|line| entry(line).ok_or_else(|| Malformed(line.to_owned())))
    }
}

impl FromStr for Receipt {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut reader = ReceiptReader { rest: text, line: "", count: 0 };
        match reader.receipt() {
            Some(receipt) if reader.rest.is_empty() => Ok(receipt),
            _ => Err(Malformed(reader.line.to_owned())),
        }
    }
}

const FIRST_LINE: &str = "hushpipe-receipt 1";

fn name_of(era: Era) -> &'static str {
    match era {
        Era::Stateful => "stateful",
        Era::Stateless => "stateless",
    }
}

fn figures(stamp: &Stamp) -> String {
    format!("{}\t{}\t{}\t{}", stamp.inode, stamp.size, stamp.modified, stamp.changed)
}

struct ReceiptReader<'t> {
    rest: &'t str,
    line: &'t str,
    /// How many lines were taken.
    count: usize,
}

impl<'t> ReceiptReader<'t> {
    /// Takes a line with its end.
    fn line(&mut self) -> Option<&'t str> {
        let end = memchr::memchr(b'\n', self.rest.as_bytes())?;
        (self.line, self.rest) = (&self.rest[..end], &self.rest[end + 1..]);
        self.count += 1;
        Some(self.line)
    }

    /// Takes the lines of a folder's entries, unread.
    fn entries(&mut self) -> Entries {
        let start = self.rest;
        while self.rest.starts_with("f\t") || self.rest.starts_with("l\t") {
            if self.line().is_none() {
                break;
            }
        }
        Entries(start[..start.len() - self.rest.len()].to_owned())
    }

    fn receipt(&mut self) -> Option<Receipt> {
        if self.line()? != FIRST_LINE {
            return None;
        }
        let lock = self.line()?.strip_prefix("lock\t")?.parse().ok()?;
        let tree = self.line()?.strip_prefix("tree\t")?.parse().ok()?;
        let (version, path) = self.line()?.strip_prefix("runtime\t")?.split_once('\t')?;
        let (version, path) = (version.to_owned(), PathBuf::from(path));
        let mut runtime = Runtime { path, version, flags: Vec::new() };
        let mut era = None;
        let mut folders: Vec<FolderRecord> = Vec::new();
        loop {
            let (kind, rest) = self.line()?.split_once('\t')?;
            match kind {
                "flag" if folders.is_empty() => runtime.flags.push(rest.to_owned()),
                "era" if folders.is_empty() && era.is_none() => {
                    era = Some(
                        [Era::Stateful, Era::Stateless]
                            .into_iter()
                            .find(|era| name_of(*era) == rest)?,
                    );
                }
                "d" | "x" => {
                    let (stamp, path) = stamp(rest)?;
                    let (path, locked) = (path.to_owned(), kind == "d");
                    folders.push(FolderRecord { path, stamp, locked, entries: self.entries() });
                }
                "end" if rest.parse() == Ok(self.count - 1) => break,
                _ => return None,
            }
        }
        Some(Receipt { lock, tree, runtime, era, folders })
    }
}

fn entry(line: &str) -> Option<EntryRecord<'_>> {
    let (kind, rest) = line.split_once('\t')?;
    let (stamp, rest) = stamp(rest)?;
    let (content, name) = rest.split_once('\t')?;
    let content = match kind {
        "f" => EntryContent::File(content),
        "l" => EntryContent::Link(content),
        _ => return None,
    };
    Some(EntryRecord { name, stamp, content })
}

fn stamp(rest: &str) -> Option<(Stamp, &str)> {
    let mut fields = rest.splitn(5, '\t');
    let stamp = Stamp {
        inode: fields.next()?.parse().ok()?,
        size: fields.next()?.parse().ok()?,
        modified: fields.next()?.parse().ok()?,
        changed: fields.next()?.parse().ok()?,
    };
    Some((stamp, fields.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp =
        Stamp { inode: 7, size: 3, modified: -1, changed: 1_700_000_000_123_456_789 };

    fn sample() -> Receipt {
        let digest = Digest::hash(b"abc").to_string();
        let mut entries = Entries::default();
        let file = EntryContent::File(&digest);
        entries.push(&EntryRecord { name: "a b.js", stamp: STAMP, content: file });
        let link = EntryContent::Link("../a b/c.js");
        entries.push(&EntryRecord { name: "link", stamp: STAMP, content: link });
        let folder = |path: &str, locked, entries| FolderRecord {
            path: path.into(),
            stamp: Stamp { size: 0, ..STAMP },
            locked,
            entries,
        };
        Receipt {
            lock: Digest::hash(b"lock"),
            tree: Digest::hash(b"tree"),
            runtime: Runtime {
                path: "/usr/bin/node".into(),
                version: "v20.20.2".into(),
                flags: vec!["--no-warnings".into()],
            },
            era: Some(Era::Stateful),
            folders: vec![folder("", true, entries), folder("data", false, Entries::default())],
        }
    }

    #[test]
    fn a_receipt_reads_back_as_it_was_written() {
        let receipt = sample();
        assert_eq!(receipt.len(), 2);
        assert_eq!(receipt.to_text().parse(), Ok(receipt.clone()));
        let unknown = Receipt { era: None, ..receipt };
        assert!(!unknown.to_text().contains("era\t"));
        assert_eq!(unknown.to_text().parse(), Ok(unknown));
    }

    #[test]
    fn entries_read_back_as_they_were_added() {
        let receipt = sample();
        let digest = Digest::hash(b"abc").to_string();
        let entries: Result<Vec<_>, _> = receipt.folders[0].entries.iter().collect();
        let file = EntryContent::File(&digest);
        let link = EntryContent::Link("../a b/c.js");
        let expected = [
            EntryRecord { name: "a b.js", stamp: STAMP, content: file },
            EntryRecord { name: "link", stamp: STAMP, content: link },
        ];
        assert_eq!(entries.unwrap(), expected);
    }

    #[test]
    fn a_receipt_cut_short_anywhere_is_refused() {
        let text = sample().to_text();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(text[..end].parse::<Receipt>().is_err(), "{end}");
        }
        assert!(format!("{text}x").parse::<Receipt>().is_err());
    }

    #[test]
    fn a_line_that_does_not_read_is_named() {
        let text = sample().to_text();
        for (from, to) in
            [("d\t7", "d\tx"), ("f\t", "g\t"), ("end\t10", "end\t9"), ("stateful", "stately")]
        {
            assert!(text.replace(from, to).parse::<Receipt>().is_err(), "{from}");
        }
        let odd: Receipt = text.replace("f\t7", "f\t-7").parse().unwrap();
        let Malformed(line) = odd.folders[0].entries.iter().next().unwrap().unwrap_err();
        assert!(line.starts_with("f\t-7\t3"), "{line}");
    }

    #[test]
    fn folders_are_found_by_path() {
        let receipt = sample();
        assert!(receipt.folder("data").is_some_and(|folder| !folder.locked));
        assert!(receipt.folder("dat").is_none());
    }
}
