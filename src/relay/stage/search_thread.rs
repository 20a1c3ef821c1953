//! Searches long messages on a thread of their own, so that the loop still hears signals, timers and the other side.
//!
//! A message of usual length stays on the loop, because a hand-over takes longer than its search. What is searched there is
//! sent only when the search has ended, so the order of messages is the same, and a session that ends before sends
//! nothing of it.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Deref;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::Builder;

use tokio::sync::oneshot;

use crate::redact::Redactor;
use crate::relay::session::{Progress, Session};

/// A longer message is searched on a thread. In bytes: the slowest search of one takes some tens of milliseconds.
const LONG: usize = 256 << 10;

/// A message of the server on its way to the client.
pub(crate) enum Line<'l> {
    /// Searched on the loop.
    Short(Cow<'l, [u8]>),
    /// Searched on a thread of its own.
    Long(Arc<Vec<u8>>),
}

impl<'l> From<Cow<'l, [u8]>> for Line<'l> {
    fn from(line: Cow<'l, [u8]>) -> Self {
        match line.len() > LONG {
            true => Self::Long(Arc::new(line.into_owned())),
            false => Self::Short(line),
        }
    }
}

impl Deref for Line<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(line) => line,
            Self::Long(line) => line,
        }
    }
}

/// Marks the session as searching while it lives.
struct Searching<'s>(&'s Cell<Progress>);

impl<'s> Searching<'s> {
    fn begin(progress: &'s Cell<Progress>) -> Self {
        progress.set(progress.get().searching(true));
        Self(progress)
    }
}

impl Drop for Searching<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().searching(false));
    }
}

/// Does this work on a message: on the search thread if it is a long one.
pub(crate) async fn work_on<T: Send + 'static>(
    session: &Session<'_>,
    line: &Line<'_>,
    work: impl FnOnce(&Redactor, &[u8]) -> T + Send + 'static,
) -> T {
    match line {
        Line::Short(line) => work(session.redactor, line),
        Line::Long(line) => {
            let (redactor, line) = (Arc::clone(session.redactor), Arc::clone(line));
            on_thread(session, move || work(&redactor, &line)).await
        }
    }
}

/// Does this work on a thread of its own and waits for it; on the loop where there can be no more threads.
pub(crate) async fn on_thread<T: Send + 'static>(
    session: &Session<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let _searching = Searching::begin(&session.progress);
    let (done, result) = oneshot::channel();
    let (hand_over, work_there) = std::sync::mpsc::sync_channel(1);
    let there = Builder::new().name("search".to_owned()).spawn(move || {
        let work: Option<Box<dyn FnOnce() -> T + Send>> = work_there.recv().ok();
        // Nobody waits any more where the session has ended.
        let _ = work.map(|work| done.send(work()));
    });
    let Ok(there) = there else { return work() };
    let _ = hand_over.send(Box::new(work));
    match result.await {
        Ok(result) => result,
        // It panicked, and so do we.
        Err(_) => match there.join() {
            Err(panic) => resume_unwind(panic),
            Ok(()) => std::future::pending().await,
        },
    }
}
