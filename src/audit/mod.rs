//! The latest findings of each server: what was withheld, by which rule and where, so that `hushpipe why` can tell.
//!
//! One small file for each server of each manifest, of mode 0600, with the last hundred findings; the same one again
//! only counts. It holds no value and no digest that could be guessed at elsewhere: names, places, lengths, and an HMAC
//! under the machine's key. A launch writes from a thread of its own, at most once a second; several at once take
//! turns, and what was written stays when one is killed.

mod writer;

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::sys::digest::Digest;
use crate::sys::path::Paths;
use crate::sys::private;
pub use writer::Writer;

/// How many findings of a server are kept.
const KEPT: usize = 100;

/// How much of a file is read, from its end, in bytes. A finding takes a few hundred, so none that we wrote has more.
const LIMIT: u64 = 1 << 20;

/// One finding, or several that differ in nothing but their time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it was found last, in seconds since 1970.
    pub at: u64,
    /// How often.
    pub times: u64,
    /// The server.
    pub server: String,
    /// The manifest that the server is in, links resolved.
    pub manifest: PathBuf,
    /// What it is about.
    #[serde(flatten)]
    pub what: What,
    /// What was done.
    pub done: Done,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct What {
    /// Whether a known value was found, or what a rule looks for.
    pub kind: Kind,
    /// The variable of the value, or the id of the rule.
    pub name: String,
    /// The tool in whose answer, where it was one.
    pub tool: Option<String>,
    /// The JSON pointer into the message, or the name of the stream.
    pub place: String,
    /// How long it was, in bytes.
    pub length: usize,
    /// The HMAC of what a rule found.
    pub hmac: Option<String>,
}

/// What told that something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It is a value that hushpipe gave to the server.
    Value,
    /// It looks like a credential.
    Rule,
}

/// What was done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Done {
    /// A marker replaced it.
    Replaced,
    /// It stands where nothing may be rewritten, and passed.
    Passed,
    /// Its message was withheld.
    Blocked,
    /// The manifest says that findings are only told.
    Reported,
}

/// The records of one user.
#[derive(Debug, Clone)]
pub struct Findings {
    folder: PathBuf,
}

impl Findings {
    /// The records below these folders.
    pub fn of(paths: &Paths) -> Self {
        Self { folder: paths.state.join("findings") }
    }

    /// Every finding that is kept, the newest last; of one server, where one is named.
    ///
    /// # Errors
    /// What the file system says.
    pub fn latest(&self, server: Option<&str>) -> io::Result<Vec<Event>> {
        let listed = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed?,
        };
        let mut events = Vec::new();
        for path in listed.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                events.extend(read(&path)?);
            }
        }
        events.retain(|event| server.is_none_or(|server| event.server == server));
        events.sort_by_key(|event| event.at);
        Ok(events)
    }

    /// Adds findings to those of a server.
    ///
    /// # Errors
    /// What the file system says.
    fn add(&self, server: &str, manifest: &Path, new: Vec<Event>) -> io::Result<()> {
        let path = self.file(server, manifest);
        let _turn = private::lock(&path.with_extension("lock"), &mut || ())?;
        let mut events = match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        new.into_iter().for_each(|event| add(&mut events, event));
        let mut text = Vec::new();
        for event in &events {
            serde_json::to_writer(&mut text, event)?;
            text.push(b'\n');
        }
        private::replace(&path, &text)
    }

    /// A digest for a name: a path may be longer than a name, and servers `a` and `A` are two everywhere.
    fn file(&self, server: &str, manifest: &Path) -> PathBuf {
        let name = [manifest.as_os_str().as_encoded_bytes(), server.as_bytes()].join(&0);
        self.folder.join(Digest::hash(&name).short(16)).with_extension(EXTENSION)
    }
}

const EXTENSION: &str = "jsonl";

/// The latest findings of a file. Lines that do not read are left out: another version may have written them, and
/// somebody may have broken the file.
fn read(path: &Path) -> io::Result<Vec<Event>> {
    let mut file = File::open(path)?;
    let left_out = file.metadata()?.len().saturating_sub(LIMIT);
    // With the byte before, which tells whether the first line is a whole one.
    file.seek(SeekFrom::Start(left_out.saturating_sub(1)))?;
    let mut text = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut text)?;
    let part = if left_out > 0 { 1 } else { 0 };
    let lines = text.split(|byte| *byte == b'\n').skip(part);
    let mut events: Vec<_> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
    Ok(events.split_off(events.len().saturating_sub(KEPT)))
}

/// Adds one to a list that is kept short; the same one again only counts, as the newest.
fn add(events: &mut Vec<Event>, mut event: Event) {
    let same = |known: &Event| known.what == event.what && known.done == event.done;
    if let Some(at) = events.iter().position(same) {
        event.times = event.times.saturating_add(events.remove(at).times);
    } else if events.len() >= KEPT {
        events.remove(0);
    }
    events.push(event);
}

#[cfg(test)]
mod tests;
