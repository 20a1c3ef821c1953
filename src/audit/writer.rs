//! Writes the findings of one launch down without making it wait.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Done, Event, Findings, What, add};
use crate::sys::clock;

/// From one writing to the next.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes findings of one server, and has a thread write them.
pub struct Writer(Arc<Shared>);

struct Shared {
    findings: Findings,
    server: String,
    manifest: PathBuf,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    events: Vec<Event>,
    thread: bool,
    writing: bool,
    /// The session is over: what comes is written at once.
    hurry: bool,
}

impl Writer {
    /// A writer for this server of this manifest (its links resolved). Nothing is written, and no thread is there,
    /// before something is found.
    pub fn new(findings: Findings, server: String, manifest: PathBuf) -> Self {
        let (queue, changed) = (Mutex::default(), Condvar::new());
        Self(Arc::new(Shared { findings, server, manifest, queue, changed }))
    }

    /// Takes one finding.
    pub fn found(&self, what: What, done: Done) {
        let (server, manifest) = (self.0.server.clone(), self.0.manifest.clone());
        let event = Event { at: clock::now(), times: 1, server, manifest, what, done };
        let mut queue = self.0.lock();
        add(&mut queue.events, event);
        if !queue.thread {
            let shared = Arc::clone(&self.0);
            // Where there can be no more threads, the next finding tries again.
            let writing = std::thread::Builder::new().spawn(move || shared.write_forever());
            queue.thread = writing.is_ok();
        }
        drop(queue);
        self.0.changed.notify_all();
    }

    /// Waits until everything is written, or until `limit` has passed: a disk may be slow.
    pub fn flush(&self, limit: Duration) {
        let busy = |queue: &mut Queue| queue.thread && (queue.writing || !queue.events.is_empty());
        let mut queue = self.0.lock();
        queue.hurry = true;
        self.0.changed.notify_all();
        // Poisoned or timed out: either way there is nothing more to wait for.
        let _ = self.0.changed.wait_timeout_while(queue, limit, busy);
    }
}

impl Shared {
    /// No code that holds the lock can panic halfway through a change, so a poisoned queue is still whole.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_forever(&self) {
        loop {
            let mut queue = self
                .changed
                .wait_while(self.lock(), |queue| queue.events.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            let events = std::mem::take(&mut queue.events);
            queue.writing = true;
            drop(queue);
            // What cannot be written down is no reason to stop relaying, nor to say so in the middle of a session.
            let _ = self.findings.add(&self.server, &self.manifest, events);
            let mut queue = self.lock();
            queue.writing = false;
            self.changed.notify_all();
            let _ = self.changed.wait_timeout_while(queue, PAUSE, |queue| !queue.hurry);
        }
    }
}
