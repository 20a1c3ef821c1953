//! A live session with a program that speaks MCP on its stdio: send a frame, read a frame, look at its processes.
//!
//! Frames are kept as bytes: a test of a relay compares what was written, not what it parses to. Waiting is bounded by
//! a limit far above anything a working program needs; reaching it fails the test with what stderr said.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::context::Outcome;

const LIMIT: Duration = Duration::from_secs(60);

/// A started program with both ends open. Killed when dropped.
pub(crate) struct Session {
    child: Child,
    stdin: Option<ChildStdin>,
    frames: Receiver<Vec<u8>>,
    stderr: Option<JoinHandle<String>>,
    next_id: u64,
    sent: Vec<u8>,
    received: Vec<u8>,
    home: Option<Arc<TempDir>>,
}

impl Session {
    /// Starts a command with pipes on its stdio.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, frames) = mpsc::channel();
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            let mut frame = Vec::new();
            while stdout.read_until(b'\n', &mut frame).is_ok_and(|read| read > 0) {
                if sender.send(std::mem::take(&mut frame)).is_err() {
                    break;
                }
            }
        });
        let stderr = Some(thread::spawn(move || text_of(stderr)));
        let stdin = child.stdin.take();
        let (sent, received) = (Vec::new(), Vec::new());
        Self { stdin, child, frames, stderr, next_id: 1, sent, received, home: None }
    }

    /// Keeps a home folder until the session is over.
    pub(crate) fn within(mut self, home: Arc<TempDir>) -> Self {
        self.home = Some(home);
        self
    }

    /// Sends these bytes and nothing else.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("stdin is still open");
        stdin.write_all(bytes).expect("the program reads its stdin");
        stdin.flush().unwrap();
        self.sent.extend_from_slice(bytes);
    }

    /// Sends a message and a line break.
    pub(crate) fn send_json(&mut self, message: &Value) {
        self.send(format!("{message}\n").as_bytes());
    }

    /// The next frame with its line break; fails the test when none comes.
    pub(crate) fn receive(&mut self) -> Vec<u8> {
        match self.frames.recv_timeout(LIMIT) {
            Ok(frame) => {
                self.received.extend_from_slice(&frame);
                frame
            }
            Err(RecvTimeoutError::Timeout) => panic!("no frame in {LIMIT:?}"),
            Err(RecvTimeoutError::Disconnected) => {
                let _ = self.child.wait();
                panic!("stdout ended; stderr: {}", self.stderr.take().unwrap().join().unwrap())
            }
        }
    }

    /// The next frame as JSON.
    pub(crate) fn receive_json(&mut self) -> Value {
        let frame = self.receive();
        serde_json::from_slice(&frame)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&frame)))
    }

    /// Sends a request and returns the answer to it; notifications that come before it are passed over.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.send(format!("{request}\n").as_bytes());
        loop {
            let answer = self.receive_json();
            if answer["id"] == id && answer.get("method").is_none() {
                return answer;
            }
        }
    }

    /// Opens the session as a client of the stateful revisions does; returns the answer to `initialize`.
    pub(crate) fn initialize(&mut self) -> Value {
        let info = json!({"name": "hushpipe-tests", "version": "1.0.0"});
        let params =
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info});
        let answer = self.request("initialize", &params);
        self.send(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
        answer
    }

    /// Calls a tool; returns the whole answer.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.request("tools/call", &json!({"name": tool, "arguments": arguments}))
    }

    /// Every byte sent and every byte received so far.
    pub(crate) fn recorded(&self) -> (Vec<u8>, Vec<u8>) {
        (self.sent.clone(), self.received.clone())
    }

    /// The process id of the program.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Closes the program's stdin, as a client that ends does first.
    pub(crate) fn close(&mut self) {
        self.stdin = None;
    }

    /// Closes stdin, waits for the end, returns what was not read yet.
    pub(crate) fn finish(mut self) -> Outcome {
        self.close();
        self.wait()
    }

    /// Waits for the end with stdin left as it is; returns what was not read yet.
    pub(crate) fn wait(&mut self) -> Outcome {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a waited-for child") {
                break status;
            }
            assert!(start.elapsed() < LIMIT, "still running after {LIMIT:?}");
            thread::sleep(Duration::from_millis(5));
        };
        let stdout = self.frames.iter().flatten().collect();
        let stderr = self.stderr.take().expect("waited once").join().expect("stderr was read");
        Outcome { code: status.code(), stdout, stderr }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text_of(mut source: impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = source.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
