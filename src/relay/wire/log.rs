//! Our stderr: a queue and a thread that writes it, so that a slow reader blocks nothing.
//!
//! What does not fit the queue is dropped and counted, and the count is written when there is room again.

use std::collections::VecDeque;
use std::time::Duration;

use crate::sys::drain::{Drain, Queue};
use crate::sys::os;

/// How much may wait for a slow reader, in bytes.
const QUEUE_LIMIT: usize = 1 << 20;

/// The queue in front of our stderr. Clones share it.
#[derive(Clone, Default)]
pub struct Log(Drain<Chunks>);

#[derive(Default)]
struct Chunks {
    chunks: VecDeque<Vec<u8>>,
    bytes: usize,
    dropped: usize,
}

impl Log {
    /// Writes a line of our own, with `hushpipe: ` in front. The caller makes sure that it holds no value.
    pub fn note(&self, line: &str) {
        self.push(format!("hushpipe: {line}\n").as_bytes());
    }

    /// Writes bytes that are redacted already.
    pub fn push(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.0.fill(
            Duration::ZERO,
            |chunks| chunks.add(bytes),
            |chunk| {
                // A stderr that cannot be written is no reason to stop relaying; the log is lost, as it would be without
                // us.
                let _ = os::write_stderr(&chunk);
            },
        );
    }

    /// Waits until everything is written, or until `limit` has passed: nobody may be reading.
    pub fn flush(&self, limit: Duration) {
        self.0.flush(limit);
    }
}

impl Chunks {
    fn add(&mut self, bytes: &[u8]) {
        if self.bytes + bytes.len() > QUEUE_LIMIT {
            self.dropped += bytes.len();
            return;
        }
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            let notice =
                format!("hushpipe: dropped {dropped} bytes of server log, stderr is not read\n");
            self.append(notice.into_bytes());
        }
        self.append(bytes.to_vec());
    }

    fn append(&mut self, chunk: Vec<u8>) {
        self.bytes += chunk.len();
        self.chunks.push_back(chunk);
    }
}

impl Queue for Chunks {
    type Piece = Vec<u8>;

    fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    fn take(&mut self) -> Vec<u8> {
        let chunk = self.chunks.pop_front().unwrap_or_default();
        self.bytes -= chunk.len();
        chunk
    }
}
