//! `run --record FILE`: what passed between client and server, one JSON object a line, for a bug report or a replay.
//!
//! A line is `{"at":12,"from":"client","text":"…"}`: milliseconds since the file was made, whose frame it is, and the frame
//! as it reached the other side, without its line feed; `"bytes"` in base64 instead of `"text"` where it is not UTF-8. What
//! we answer ourselves is from `hushpipe` and says `"to"` whom; what was refused reached nobody and is not there.
//! Always true: a recording holds no value, so what the client sent is redacted too, and so is what the client was
//! shown where findings are only told.
//! Where a value stands that cannot be replaced the line has `"withheld"`, which says why. A recording that fails ends
//! with a note and never touches the session.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::log::Log;
use crate::error::{Fault, Kind};
use crate::mcp::fields::Fields;
use crate::mcp::{Scanner, Shape};
use crate::redact::{Clean, Redactor};
use crate::sys::private;

/// A recording that has begun: its file, made before the server is started.
pub struct Recording {
    file: File,
    path: PathBuf,
    start: Instant,
}

impl Recording {
    /// Makes the file, for the user only.
    ///
    /// # Errors
    /// There is such a file already, or it cannot be made.
    pub fn create(path: &Path) -> Result<Self, RecordError> {
        let created = private::create_open(path);
        let file = created.map_err(|source| RecordError { path: path.to_owned(), source })?;
        Ok(Self { file, path: path.to_owned(), start: Instant::now() })
    }

    /// Writes one frame down. A file of our own takes what a write gives it at once, so it is written where it happens: in the
    /// order in which the frames went out.
    fn add(&mut self, from: Author, to: Side, body: Body<'_>) -> io::Result<()> {
        let at = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let to = (from == Author::Hushpipe).then_some(to);
        let mut line = serde_json::to_vec(&Entry { at, from, to, body })?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}

/// Writes down what a session relays, if it was asked to.
pub(crate) struct Recorder<'a> {
    recording: RefCell<Option<Recording>>,
    redactor: &'a Redactor,
    log: &'a Log,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(recording: Option<Recording>, redactor: &'a Redactor, log: &'a Log) -> Self {
        Self { recording: RefCell::new(recording), redactor, log }
    }

    /// The server was sent this frame, which may hold anything.
    pub(crate) fn to_server(&self, from: Author, line: &[u8]) {
        if self.recording.borrow().is_none() {
            return;
        }
        let mut scanner = Scanner::default();
        scanner.feed(line);
        let cleaned = match scanner.finish() {
            // It has no strings that a value would have to stand in.
            Shape::NotJson => Ok(self.redactor.text(line)),
            Shape::Object(_) | Shape::Batch => self.redactor.recorded(line, Fields::default()),
        };
        match cleaned {
            Ok(cleaned) => self.add(from, Side::Server, Body::of(cleaned.clean.as_bytes())),
            Err(blocked) => self.add(from, Side::Server, Body::Withheld(blocked.to_string())),
        }
    }

    /// The client was sent this frame.
    pub(crate) fn to_client(&self, from: Author, clean: &Clean<'_>) {
        if self.recording.borrow().is_none() {
            return;
        }
        // Where the manifest wants nothing withheld from the client, this is a file all the same.
        let recorded = match self.redactor.reports() {
            true => self.redactor.recorded(clean.as_bytes(), Fields::default()),
            false => return self.add(from, Side::Client, Body::of(clean.as_bytes())),
        };
        self.add(
            from,
            Side::Client,
            match &recorded {
                Ok(cleaned) => Body::of(cleaned.clean.as_bytes()),
                Err(blocked) => Body::Withheld(blocked.to_string()),
            },
        );
    }

    fn add(&self, from: Author, to: Side, body: Body<'_>) {
        let mut recording = self.recording.borrow_mut();
        if let Some(Err(error)) = recording.as_mut().map(|recording| recording.add(from, to, body))
            && let Some(ended) = recording.take()
        {
            self.log.note(&format!("recording to `{}` ended: {error}", ended.path.display()));
        }
    }
}

/// A line of the file.
#[derive(Serialize)]
struct Entry<'a> {
    at: u64,
    from: Author,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Side>,
    #[serde(flatten)]
    body: Body<'a>,
}

/// Whose frame it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Author {
    Client,
    Server,
    /// We answered for the other side.
    Hushpipe,
}

/// A side of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    Client,
    Server,
}

/// What is written of a frame; the name of the variant is the name of the member.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Body<'a> {
    Text(&'a str),
    Bytes(String),
    Withheld(String),
}

impl<'a> Body<'a> {
    fn of(line: &'a [u8]) -> Self {
        let frame = line.strip_suffix(b"\n").unwrap_or(line);
        match std::str::from_utf8(frame) {
            Ok(text) => Self::Text(text),
            Err(_) => Self::Bytes(STANDARD.encode(frame)),
        }
    }
}

/// A recording could not be begun.
#[derive(Debug, thiserror::Error)]
#[error("cannot record to `{}`", path.display())]
pub struct RecordError {
    path: PathBuf,
    source: io::Error,
}

impl Fault for RecordError {
    fn kind(&self) -> Kind {
        Kind::Io
    }

    fn hint(&self) -> Option<String> {
        let exists = self.source.kind() == io::ErrorKind::AlreadyExists;
        exists.then(|| "name a file that is not there yet, or move that one away".to_owned())
    }
}
