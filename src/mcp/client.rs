//! A small MCP client over the stdio of a child process, for `tools` and `call`.
//!
//! Speaks the stateful revisions first and the stateless one (2026-07-28) when a server refuses `initialize`. Answers what
//! a server may ask in between: `ping`, and "no" to everything else. Never leaves the child behind.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::error::{Fault, Kind};

/// The newest stateful revision, offered first.
const STATEFUL: &str = "2025-11-25";

/// The stateless revision, spoken to servers that know no `initialize`.
const STATELESS: &str = "2026-07-28";

/// How long the child may take to end after its stdin is closed; a launcher's own shutdown fits in.
const CLOSE: Duration = Duration::from_secs(5);

/// A connection to one server.
pub struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Vec<u8>>,
    requests: u64,
    stateless: bool,
    timeout: Duration,
}

impl Client {
    /// Starts `command`; `timeout` bounds each answer.
    ///
    /// # Errors
    /// The command does not start.
    pub fn start(mut command: Command, timeout: Duration) -> Result<Self, ClientError> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().map_err(ClientError::Spawn)?;
        let (sender, lines) = channel();
        let stdin = child.stdin.take();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut stdout = BufReader::new(stdout);
                let mut line = Vec::new();
                while stdout.read_until(b'\n', &mut line).is_ok_and(|n| n > 0)
                    && sender.send(std::mem::take(&mut line)).is_ok()
                {}
            });
        }
        Ok(Self { child, stdin, lines, requests: 0, stateless: false, timeout })
    }

    /// Agrees on a protocol revision; the first thing to do.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn negotiate(&mut self) -> Result<(), ClientError> {
        let params = json!({
            "protocolVersion": STATEFUL,
            "capabilities": {},
            "clientInfo": client_info(),
        });
        match self.request("initialize", params) {
            Ok(_) => self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })),
            Err(ClientError::Answer { ref error }) if refuses_initialize(error) => {
                self.stateless = true;
                self.request("server/discover", json!({})).map(|_| ())
            }
            Err(error) => Err(error),
        }
    }

    /// All tools of the server, every page.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn tools(&mut self) -> Result<Vec<Value>, ClientError> {
        let mut tools = Vec::new();
        let mut params = json!({});
        loop {
            let mut page = self.request("tools/list", params)?;
            if let Some(Value::Array(found)) = page.get_mut("tools").map(Value::take) {
                tools.extend(found);
            }
            match page.get("nextCursor") {
                Some(cursor) if !cursor.is_null() => params = json!({ "cursor": cursor }),
                _ => return Ok(tools),
            }
        }
    }

    /// Calls a tool and returns its result, an `isError` result included.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn call(&mut self, tool: &str, arguments: Value) -> Result<Value, ClientError> {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// Sends one request and waits for its answer.
    ///
    /// # Errors
    /// The server answers with an error, ends, or does not answer in time.
    pub fn request(&mut self, method: &str, mut params: Value) -> Result<Value, ClientError> {
        self.requests += 1;
        let id = self.requests;
        if self.stateless {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": STATELESS,
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": client_info(),
            });
        }
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        let deadline = Instant::now() + self.timeout;
        loop {
            let line = match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => {
                    return Err(ClientError::Timeout { method: method.to_owned(), after: self.timeout });
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            };
            let mut message: Value = serde_json::from_slice(&line).map_err(ClientError::NotJson)?;
            if message.get("method").is_some() {
                self.reply(&message)?;
            } else if message["id"] == json!(id) {
                return match message.get_mut("error").map(Value::take) {
                    Some(error) if !error.is_null() => Err(ClientError::Answer { error }),
                    _ => Ok(message["result"].take()),
                };
            }
        }
    }

    /// Answers a request of the server; notifications need no answer.
    fn reply(&mut self, message: &Value) -> Result<(), ClientError> {
        let Some(id) = message.get("id").filter(|id| !id.is_null()) else { return Ok(()) };
        let mut answer = json!({ "jsonrpc": "2.0", "id": id });
        if message["method"] == "ping" {
            answer["result"] = json!({});
        } else {
            answer["error"] = json!({ "code": -32601, "message": "this client offers no such method" });
        }
        self.send(&answer)
    }

    fn send(&mut self, message: &Value) -> Result<(), ClientError> {
        let Some(stdin) = &mut self.stdin else { return Err(self.ended()) };
        match stdin.write_all(format!("{message}\n").as_bytes()).and_then(|()| stdin.flush()) {
            Ok(()) => Ok(()),
            Err(_) => Err(self.ended()),
        }
    }

    fn ended(&mut self) -> ClientError {
        ClientError::Ended { status: self.end().ok() }
    }

    /// Closes the connection and waits for the child; ends it when it does not end by itself.
    ///
    /// # Errors
    /// The child cannot be waited for.
    pub fn end(&mut self) -> io::Result<ExitStatus> {
        self.stdin = None;
        let deadline = Instant::now() + CLOSE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.child.kill()?;
        self.child.wait()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Already ended in the usual case; otherwise there is nobody left to tell.
        let _ = self.end();
    }
}

fn client_info() -> Value {
    json!({ "name": "hushpipe", "version": env!("CARGO_PKG_VERSION") })
}

/// Whether an error means that the server knows only the stateless revision: unsupported version, or no such method.
fn refuses_initialize(error: &Value) -> bool {
    let from_us = error["data"]["source"] == "hushpipe";
    !from_us && matches!(error["code"].as_i64(), Some(-32022 | -32601))
}

/// Why a server could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The command did not start.
    #[error("the server's launcher could not be started")]
    Spawn(#[source] io::Error),
    /// The child ended while an answer was awaited.
    #[error("the server ended before it answered")]
    Ended {
        /// How, where that could be learnt.
        status: Option<ExitStatus>,
    },
    /// No answer came in time.
    #[error("no answer to `{method}` after {} s", after.as_secs())]
    Timeout {
        /// What was asked.
        method: String,
        /// How long was waited.
        after: Duration,
    },
    /// The server answered with an error.
    #[error("the server answered with an error: {}", error["message"].as_str().unwrap_or("(no message)"))]
    Answer {
        /// The error object.
        error: Value,
    },
    /// The server sent a line that is not JSON to a strict reader.
    #[error("the server sent a message that is not JSON")]
    NotJson(#[source] serde_json::Error),
}

impl ClientError {
    /// Whether hushpipe itself refused or failed, and has said so on stderr already.
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Answer { error } if error["data"]["source"] == "hushpipe")
    }
}

impl Fault for ClientError {
    fn kind(&self) -> Kind {
        match self {
            Self::Spawn(_) => Kind::Internal,
            Self::Timeout { .. } => Kind::Deadline,
            Self::Ended { .. } | Self::Answer { .. } | Self::NotJson(_) => Kind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Timeout { .. } => Some("give it more time with `--timeout`".into()),
            Self::Answer { .. } => Some("run `hushpipe tools NAME` to see the tools and their arguments".into()),
            _ => None,
        }
    }
}
