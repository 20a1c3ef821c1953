//! Writes the findings of one launch down without making it wait.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Done, Event, Findings, What, add};
use crate::sys::clock;
use crate::sys::drain::{Drain, Queue};

/// From one writing to the next.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes findings of one server, and has a thread write them.
pub struct Writer {
    record: Arc<RecordFile>,
    events: Drain<Vec<Event>>,
}

/// Where they are written.
struct RecordFile {
    findings: Findings,
    server: String,
    manifest: PathBuf,
}

impl Writer {
    /// A writer for this server of this manifest (its links resolved). Nothing is written, and no thread is there,
    /// before something is found.
    pub fn new(findings: Findings, server: String, manifest: PathBuf) -> Self {
        let record = Arc::new(RecordFile { findings, server, manifest });
        Self { record, events: Drain::default() }
    }

    /// Takes one finding.
    pub fn found(&self, what: What, done: Done) {
        let record = Arc::clone(&self.record);
        let (server, manifest) = (record.server.clone(), record.manifest.clone());
        let event = Event { at: clock::now(), times: 1, server, manifest, what, done };
        self.events.fill(
            PAUSE,
            |events| add(events, event),
            move |events| {
                // What cannot be written down is no reason to stop relaying, nor to say so in the middle of a session.
                let _ = record.findings.add(&record.server, &record.manifest, events);
            },
        );
    }

    /// Waits until everything is written, or until `limit` has passed: a disk may be slow.
    pub fn flush(&self, limit: Duration) {
        self.events.flush(limit);
    }
}

/// The findings that came since the last writing are written together.
impl Queue for Vec<Event> {
    type Piece = Self;

    fn is_empty(&self) -> bool {
        <[Event]>::is_empty(self)
    }

    fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}
