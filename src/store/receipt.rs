//! What is true of one install on this machine: its files with their figures and digests, and its runtime.
//!
//! Read at every launch, so the form is made for speed: one line per entry, fields parted by tabs, names last. A receipt
//! ends with a line that counts the others; one without it is refused, as is any line that does not read back exactly.
//!
//! ```text
//! hushpipe-receipt 1
//! lock     <digest of the lock entry>
//! tree     <digest of all names and contents>
//! runtime  <version> <path>
//! flag     <argument of the runtime>
//! d  <inode> 0 <modified> <changed> <path>                     a locked folder, then its entries
//! f  <inode> <size> <modified> <changed> <digest> <name>
//! l  <inode> <size> <modified> <changed> <target> <name>
//! x  <inode> 0 <modified> <changed> <path>                     a folder that the server added
//! end <number of lines before this one>
//! ```

use std::fmt::Write as _;
use std::path::PathBuf;
use std::str::{FromStr, Split};

use super::Digest;
use crate::sys::stat::Stamp;

/// What is true of one install on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The digest of the lock entry that was installed.
    pub lock: Digest,
    /// The digest of all names and contents, equal on every machine of one platform.
    pub tree: Digest,
    /// What runs the entry point.
    pub runtime: Runtime,
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

/// A folder of an install.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderRecord {
    /// Its path below the install, `/` between names.
    pub path: String,
    /// Its figures.
    pub stamp: Stamp,
    /// Whether the lock put it there; otherwise the server added it.
    pub locked: bool,
    /// Its locked files and links, sorted by name.
    pub entries: Vec<EntryRecord>,
}

/// A locked file or link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRecord {
    /// Its name in its folder.
    pub name: String,
    /// Its figures.
    pub stamp: Stamp,
    /// What it holds.
    pub content: Content,
}

/// What a locked entry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A file with this digest.
    File(Digest),
    /// A link to this target.
    Link(String),
}

/// A line of a receipt does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {0} does not read")]
pub struct Malformed(pub usize);

impl Receipt {
    /// The receipt as it is written to disk.
    pub fn to_text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\nlock\t{}\ntree\t{}\n", self.lock, self.tree);
        let Runtime { path, version, flags } = &self.runtime;
        let _ = writeln!(text, "runtime\t{version}\t{}", path.display());
        for flag in flags {
            let _ = writeln!(text, "flag\t{flag}");
        }
        for folder in &self.folders {
            let kind = if folder.locked { "d" } else { "x" };
            let _ = writeln!(text, "{kind}\t{}\t{}", figures(&folder.stamp), folder.path);
            for EntryRecord { name, stamp, content } in &folder.entries {
                let stamp = figures(stamp);
                let _ = match content {
                    Content::File(digest) => writeln!(text, "f\t{stamp}\t{digest}\t{name}"),
                    Content::Link(target) => writeln!(text, "l\t{stamp}\t{target}\t{name}"),
                };
            }
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
}

impl FromStr for Receipt {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut reader = Reader { lines: text.split('\n'), number: 0 };
        let receipt = reader.receipt().ok_or(Malformed(reader.number))?;
        match reader.lines.next() {
            Some("") if reader.lines.next().is_none() => Ok(receipt),
            _ => Err(Malformed(reader.number + 1)),
        }
    }
}

impl FolderRecord {
    /// The entry of this name.
    pub fn entry(&self, name: &str) -> Option<&EntryRecord> {
        let at = self.entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        self.entries.get(at)
    }
}

const FIRST_LINE: &str = "hushpipe-receipt 1";

fn figures(stamp: &Stamp) -> String {
    format!("{}\t{}\t{}\t{}", stamp.inode, stamp.size, stamp.modified, stamp.changed)
}

struct Reader<'t> {
    lines: Split<'t, char>,
    number: usize,
}

impl<'t> Reader<'t> {
    fn line(&mut self) -> Option<&'t str> {
        self.number += 1;
        self.lines.next()
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
        let mut folders: Vec<FolderRecord> = Vec::new();
        loop {
            let (kind, rest) = self.line()?.split_once('\t')?;
            match kind {
                "flag" if folders.is_empty() => runtime.flags.push(rest.to_owned()),
                "f" | "l" => folders.last_mut()?.entries.push(entry(kind, rest)?),
                "d" | "x" => {
                    let (stamp, path) = stamp(rest)?;
                    let (path, locked) = (path.to_owned(), kind == "d");
                    folders.push(FolderRecord { path, stamp, locked, entries: Vec::new() });
                }
                "end" if rest.parse() == Ok(self.number - 1) => break,
                _ => return None,
            }
        }
        Some(Receipt { lock, tree, runtime, folders })
    }
}

fn entry(kind: &str, rest: &str) -> Option<EntryRecord> {
    let (stamp, rest) = stamp(rest)?;
    let (content, name) = rest.split_once('\t')?;
    let content = match kind {
        "f" => Content::File(content.parse().ok()?),
        _ => Content::Link(content.to_owned()),
    };
    Some(EntryRecord { name: name.to_owned(), stamp, content })
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

    fn sample() -> Receipt {
        let stamp = Stamp { inode: 7, size: 3, modified: -1, changed: 1_700_000_000_123_456_789 };
        let folder_stamp = Stamp { size: 0, ..stamp };
        let file = Content::File(Digest::of(b"abc"));
        let link = Content::Link("../a b/c.js".into());
        let entries = vec![
            EntryRecord { name: "a b.js".into(), stamp, content: file },
            EntryRecord { name: "link".into(), stamp, content: link },
        ];
        let folder = |path: &str, locked, entries| FolderRecord {
            path: path.into(),
            stamp: folder_stamp,
            locked,
            entries,
        };
        Receipt {
            lock: Digest::of(b"lock"),
            tree: Digest::of(b"tree"),
            runtime: Runtime {
                path: "/usr/bin/node".into(),
                version: "v20.20.2".into(),
                flags: vec!["--no-warnings".into()],
            },
            folders: vec![folder("", true, entries), folder("data", false, vec![])],
        }
    }

    #[test]
    fn a_receipt_reads_back_as_it_was_written() {
        let receipt = sample();
        assert_eq!(receipt.to_text().parse(), Ok(receipt));
    }

    #[test]
    fn a_receipt_cut_short_anywhere_is_refused() {
        let text = sample().to_text();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(text[..end].parse::<Receipt>().is_err(), "{end}");
        }
        assert_eq!(format!("{text}x").parse::<Receipt>(), Err(Malformed(11)));
    }

    #[test]
    fn a_line_that_does_not_read_is_named() {
        let text = sample().to_text();
        for (from, to) in [("\t7\t3", "\t-7\t3"), ("f\t", "g\t"), ("end\t9", "end\t8")] {
            assert!(text.replace(from, to).parse::<Receipt>().is_err(), "{from}");
        }
        assert_eq!(text.replace("f\t7", "f\tx").parse::<Receipt>(), Err(Malformed(7)));
    }

    #[test]
    fn folders_and_entries_are_found_by_name() {
        let receipt = sample();
        assert!(receipt.folder("data").is_some_and(|folder| !folder.locked));
        assert!(receipt.folder("").is_some_and(|folder| folder.entry("link").is_some()));
        assert!(receipt.folder("").is_some_and(|folder| folder.entry("li").is_none()));
    }
}
