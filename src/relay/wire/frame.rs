//! Cuts a stream of bytes into frames, one a line, and says what each one is.
//!
//! The reader writes straight into the buffer ([`Framer::space`]) and frames are borrowed from it, so a byte is copied only
//! when the buffer grows or the head of an unfinished line is moved to its front, once a line. Bytes are scanned as they
//! arrive: while a big frame is still coming in, the scanner works beside the writer, and a frame over the limit,
//! which is thrown away as it arrives, still gives its id. Frames are byte-exact, `\r` included; nothing is refused
//! here, an empty line is a frame too. Memory is bounded by the limit.

use memchr::memchr;

use crate::mcp::{Scanner, Shape};

/// The greatest length of a frame in bytes unless the manifest says otherwise: 64 MiB.
pub const DEFAULT_LIMIT: usize = 64 << 20;

/// What the buffer holds at first, and how much of it is free at least when the next read grows it: what a pipe holds.
const BASE: usize = 64 << 10;

/// The longest buffer that is kept when no frame is in it: with it, the answers that most tools give are read without
/// asking for memory again, which has to be cleared each time.
const KEPT: usize = 512 << 10;

/// One line of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A whole line.
    Whole {
        /// The bytes, line feed included: what goes on unchanged goes on in one write.
        line: &'a [u8],
        /// What they are.
        shape: Shape,
    },
    /// What stood after the last line feed when the stream ended.
    Partial {
        /// The bytes, at least one.
        bytes: &'a [u8],
        /// What they are; a last message may lack its line feed only.
        shape: Shape,
    },
    /// A line over the limit. Its bytes are gone.
    TooLong {
        /// How many bytes it had.
        length: u64,
        /// What it was.
        shape: Shape,
    },
}

/// Makes frames out of what a reader reads.
///
/// Use: read into [`space`](Self::space), say how much with [`filled`](Self::filled), take frames with
/// [`next_frame`](Self::next_frame) until there is none; at the end of the stream, [`finish`](Self::finish).
#[derive(Debug)]
pub struct Framer {
    limit: usize,
    scanner: Scanner,
    buffer: Vec<u8>,
    /// Where the current line starts in the buffer.
    start: usize,
    /// Up to where the current line is scanned: it has no line feed before.
    scanned: usize,
    /// Up to where the buffer is filled.
    end: usize,
    /// How many bytes of the current line were thrown away.
    dropped: u64,
}

impl Framer {
    /// A framer for frames of at most `limit` bytes, the line feed not counted.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            scanner: Scanner::default(),
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            end: 0,
            dropped: 0,
        }
    }

    /// Where to read to; never empty. Take all frames first: what is not taken makes the buffer grow.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            self.move_to(0);
            if self.buffer.len() > KEPT {
                // A big frame is rare: its memory goes back rather than waiting for the next.
                self.buffer = Vec::new();
            }
        }
        if self.buffer.len() - self.end < BASE / 2 && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.move_to(0);
        }
        if self.buffer.len() - self.end < BASE / 2 {
            // Twice as long each time, so that all growing together copies each byte about once, and no longer than the
            // longest line we keep needs.
            let longest = self.limit.saturating_add(BASE);
            let length = (2 * self.buffer.len()).min(longest).max(self.end + BASE);
            self.buffer.resize(length, 0);
        }
        &mut self.buffer[self.end..]
    }

    /// Says that the first `count` bytes of [`space`](Self::space) were read.
    pub fn filled(&mut self, count: usize) {
        self.end = self.buffer.len().min(self.end + count);
    }

    /// The next line, if its line feed has arrived.
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        let arrived = &self.buffer[self.scanned..self.end];
        let feed = memchr(b'\n', arrived);
        let line_end = self.scanned + feed.unwrap_or(arrived.len());
        self.scanner.feed(&self.buffer[self.scanned..line_end]);
        self.scanned = line_end;
        if line_end - self.start > self.limit || self.dropped > 0 {
            self.dropped += (line_end - self.start) as u64;
            self.start = line_end;
        }
        feed?;
        let line = self.start..line_end + 1;
        self.start = line.end;
        self.scanned = self.start;
        let shape = self.scanner.finish();
        Some(match std::mem::take(&mut self.dropped) {
            0 => Frame::Whole { line: &self.buffer[line], shape },
            length => Frame::TooLong { length, shape },
        })
    }

    /// What is left when the stream has ended and [`next_frame`](Self::next_frame) has no more; then the framer is empty.
    pub fn finish(&mut self) -> Option<Frame<'_>> {
        debug_assert_eq!(self.scanned, self.end, "all frames must be taken first");
        let bytes = self.start..self.end;
        self.start = self.end;
        let shape = self.scanner.finish();
        match std::mem::take(&mut self.dropped) {
            0 if bytes.is_empty() => None,
            0 => Some(Frame::Partial { bytes: &self.buffer[bytes], shape }),
            length => Some(Frame::TooLong { length, shape }),
        }
    }

    /// Moves the places in the buffer so that the current line starts at `start`.
    fn move_to(&mut self, start: usize) {
        self.scanned = self.scanned - self.start + start;
        self.end = self.end - self.start + start;
        self.start = start;
    }
}

#[cfg(test)]
mod tests;
