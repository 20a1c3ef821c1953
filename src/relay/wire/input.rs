//! Reads the client's input, with a look ahead: its first message shows the era and the client's name, and both are needed
//! before the server is started.

use std::io;

use crate::mcp::{Envelope, Kind, Params, Scanner, Shape};
use crate::sys::os::Reader;

/// How far ahead is looked for the end of the first message. None on record is longer than a few kilobytes.
const AHEAD: usize = 64 << 10;

/// The client's end that we read from.
pub struct Input {
    reader: Reader,
    ahead: Vec<u8>,
    closed: bool,
}

/// The first request of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Its envelope.
    pub envelope: Envelope,
    /// What the client calls itself.
    pub client: Option<String>,
}

impl Input {
    /// Takes over standard input.
    ///
    /// # Errors
    /// The descriptor cannot be used.
    pub fn take_over() -> io::Result<Self> {
        Ok(Self { reader: Reader::stdin()?, ahead: Vec::new(), closed: false })
    }

    /// The first message that is still to be read, if it is a request; waits for it and leaves it to be read. `None` for
    /// anything else, and when the client closes its end before. May be dropped and called again.
    pub async fn opening(&mut self) -> Option<Opening> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.ahead) {
                return opening(&self.ahead[..end]);
            }
            if self.closed || self.ahead.len() >= AHEAD {
                return None;
            }
            let mut part = [0; 8192];
            match self.reader.read(&mut part).await {
                Ok(n) if n > 0 => self.ahead.extend_from_slice(&part[..n]),
                _ => self.closed = true,
            }
        }
    }

    /// Takes away the first line, which [`opening`](Self::opening) has looked at.
    pub fn skip_line(&mut self) {
        let end = memchr::memchr(b'\n', &self.ahead).map_or(self.ahead.len(), |end| end + 1);
        self.ahead.drain(..end);
    }

    /// Whether the client has closed its end without another word.
    pub fn is_over(&self) -> bool {
        self.closed && self.ahead.is_empty()
    }

    /// Reads some bytes; 0 is the end of the stream.
    ///
    /// # Errors
    /// What the operating system says.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            return if self.closed { Ok(0) } else { self.reader.read(buffer).await };
        }
        let count = buffer.len().min(self.ahead.len());
        buffer[..count].copy_from_slice(&self.ahead[..count]);
        self.ahead.drain(..count);
        Ok(count)
    }

    /// A future that ends when the client has closed its end, while what it sent may still wait to be read; never for
    /// files and terminals.
    ///
    /// # Errors
    /// The descriptor could not be watched.
    pub fn hangup(&self) -> io::Result<impl Future<Output = ()> + use<>> {
        self.reader.hangup()
    }
}

fn opening(line: &[u8]) -> Option<Opening> {
    let mut scanner = Scanner::default();
    scanner.feed(line);
    match scanner.finish() {
        Shape::Object(envelope) if envelope.kind() == Some(Kind::Request) => {
            let params = Params::read(line, Some(Kind::Request));
            // What readers could take for different requests is for the relay to refuse.
            let clear = !envelope.ambiguous && !params.ambiguous;
            clear.then(|| Opening { client: params.client(), envelope })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_request_that_all_readers_take_for_the_same_opens() {
        let opens = |line: &str| opening(line.as_bytes()).is_some();
        assert!(opens(r#"{"id":1,"method":"server/discover","params":{}}"#));
        for other in [
            r#"{"method":"server/discover"}"#,
            r#"{"id":1,"id":2,"method":"server/discover"}"#,
            r#"{"id":1,"method":"server/discover","Method":"tools/call"}"#,
            r#"{"id":1,"method":"server/discover","params":{"name":"a","Name":"b"}}"#,
            r#"[{"id":1,"method":"server/discover"}]"#,
            "Content-Length: 20",
        ] {
            assert!(!opens(other), "{other}");
        }
    }
}
