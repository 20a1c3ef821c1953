//! A queue that a thread of its own empties, so that whoever fills it waits for no disk and no slow reader.
//!
//! There is no thread before there is something to write. It takes pieces off the queue in their order and writes one at
//! a time, without holding the lock; nothing is lost while the process lives and the queue keeps it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What waits to be written.
pub trait Queue: Default + Send + 'static {
    /// What is written at once.
    type Piece;

    /// Whether nothing waits.
    fn is_empty(&self) -> bool;

    /// Takes what is written next, of a queue that is not empty.
    fn take(&mut self) -> Self::Piece;
}

/// A queue and its thread. Clones share both.
pub struct Drain<Q>(Arc<Shared<Q>>);

struct Shared<Q> {
    state: Mutex<DrainState<Q>>,
    changed: Condvar,
}

#[derive(Default)]
struct DrainState<Q> {
    queue: Q,
    thread: bool,
    writing: bool,
    /// Somebody waits: there is no pause any more.
    hurry: bool,
}

impl<Q: Queue> Drain<Q> {
    /// Fills the queue. The first time, a thread begins that passes each piece to `write`, with this long a pause from
    /// one to the next.
    pub fn fill(
        &self,
        pause: Duration,
        fill: impl FnOnce(&mut Q),
        write: impl FnMut(Q::Piece) + Send + 'static,
    ) {
        let mut state = self.0.lock();
        fill(&mut state.queue);
        if !state.thread {
            let shared = Arc::clone(&self.0);
            // Where there can be no more threads, who comes next tries again.
            let writing =
                std::thread::Builder::new().spawn(move || shared.write_forever(pause, write));
            state.thread = writing.is_ok();
        }
        drop(state);
        self.0.changed.notify_all();
    }

    /// Waits until everything is written, or until `limit` has passed: a disk may be slow, and nobody may be reading.
    pub fn flush(&self, limit: Duration) {
        let busy =
            |state: &mut DrainState<Q>| state.thread && (state.writing || !state.queue.is_empty());
        let mut state = self.0.lock();
        state.hurry = true;
        self.0.changed.notify_all();
        // Poisoned or timed out: either way there is nothing more to wait for.
        let _ = self.0.changed.wait_timeout_while(state, limit, busy);
    }
}

impl<Q: Queue> Shared<Q> {
    /// No code that holds the lock can panic halfway through a change, so a poisoned queue is still whole.
    fn lock(&self) -> MutexGuard<'_, DrainState<Q>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_forever(&self, pause: Duration, mut write: impl FnMut(Q::Piece)) {
        loop {
            let mut state = self
                .changed
                .wait_while(self.lock(), |state| state.queue.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            let piece = state.queue.take();
            state.writing = true;
            drop(state);
            write(piece);
            let mut state = self.lock();
            state.writing = false;
            self.changed.notify_all();
            if !pause.is_zero() {
                let _ = self.changed.wait_timeout_while(state, pause, |state| !state.hurry);
            }
        }
    }
}

impl<Q: Queue> Default for Drain<Q> {
    fn default() -> Self {
        Self(Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() }))
    }
}

impl<Q> Clone for Drain<Q> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    impl Queue for Vec<u32> {
        type Piece = u32;

        fn is_empty(&self) -> bool {
            <[u32]>::is_empty(self)
        }

        fn take(&mut self) -> u32 {
            self.remove(0)
        }
    }

    #[test]
    fn pieces_are_written_in_their_order_and_a_pause_ends_where_somebody_waits() {
        let (drain, (sent, written)) = (Drain::<Vec<u32>>::default(), mpsc::channel());
        for number in 0..100 {
            let sent = sent.clone();
            let write = move |piece| sent.send(piece).unwrap();
            drain.clone().fill(Duration::from_hours(1), |queue| queue.push(number), write);
        }
        drain.flush(Duration::from_hours(1));
        assert_eq!(written.try_iter().collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
    }
}
