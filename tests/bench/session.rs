//! One started program and the frames it exchanges, over plain blocking pipes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(crate) const INITIALIZE: &[u8] = br#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1.0.0"}}}
"#;

/// A started program. Ended by closing its stdin.
pub(crate) struct Session {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    frame: Vec<u8>,
}

impl Session {
    /// Starts a command; what it says on stderr is not looked at.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let stdout = child.stdout.take().expect("a piped stdout");
        let stdout = BufReader::with_capacity(256 * 1024, stdout);
        Self { stdin: child.stdin.take(), child, stdout, frame: Vec::new() }
    }

    /// Sends one frame and returns the next one that comes.
    pub(crate) fn exchange(&mut self, frame: &[u8]) -> &[u8] {
        self.stdin.as_mut().expect("stdin is open").write_all(frame).expect("the program reads");
        self.receive()
    }

    /// The next frame.
    pub(crate) fn receive(&mut self) -> &[u8] {
        self.frame.clear();
        let read = self.stdout.read_until(b'\n', &mut self.frame).expect("the program writes");
        assert!(read > 0, "the program ended: {:?}", self.child.wait());
        &self.frame
    }

    /// Opens the session; fails if the answer is not a result.
    pub(crate) fn initialize(&mut self) {
        let answer = self.exchange(INITIALIZE);
        let said = String::from_utf8_lossy(answer);
        assert!(said.contains("\"result\""), "no session: {said}");
    }

    /// The process id of the program.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.wait();
    }
}
