//! The client's half of a session: requests out, answers in, and whatever the server says in between.
//!
//! Asks for the latest stateful revision and takes whichever the server answers; a server that knows only the stateless one
//! refuses, and is asked again in its way. No capabilities are offered, so a server has nothing to ask of us; `ping` and
//! `roots/list` are answered all the same. Every wait has an end. Frames of any length are read: `hushpipe run`, which is
//! at the other end, has bounded them already.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use memchr::memchr;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::error::{ClientError, RpcError};
use crate::mcp::message::{self, Refusal};
use crate::mcp::scan::{Scanner, Shape};
use crate::mcp::{Id, Kind};

/// The revision that `initialize` asks for.
const STATEFUL: &str = "2025-11-25";
/// The revision for servers that have no `initialize`.
const STATELESS: &str = "2026-07-28";
/// A list with more pages than this has no end.
pub(super) const MAX_PAGES: usize = 1000;

/// A session over the server's standard streams.
pub struct Session<R, W> {
    output: R,
    /// Until the server closes it.
    input: Option<W>,
    /// Lines still to be written.
    outgoing: VecDeque<u8>,
    /// What was read and not taken yet.
    incoming: Vec<u8>,
    era: Era,
    last_id: u64,
    timeout: Duration,
    on_log: Option<OnLog>,
}

/// Which half of the protocol's history a session speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Era {
    /// Up to revision 2025-11-25: opened by `initialize`.
    Stateful,
    /// From revision 2026-07-28: every request describes itself.
    Stateless,
}

/// Is called with the `params` of each log message of the server.
pub type OnLog = Box<dyn FnMut(&Value)>;

/// A response, without its id.
#[derive(Deserialize)]
struct Response {
    result: Option<Box<RawValue>>,
    error: Option<Box<RpcError>>,
}

/// A page of tools.
#[derive(Deserialize)]
struct Page {
    tools: Vec<Box<RawValue>>,
    #[serde(rename = "nextCursor")]
    next_cursor: Option<String>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Session<R, W> {
    /// A session that is not open yet. Each answer may take up to `timeout`.
    pub fn new(output: R, input: W, timeout: Duration, on_log: Option<OnLog>) -> Self {
        Self {
            output,
            input: Some(input),
            outgoing: VecDeque::new(),
            incoming: Vec::new(),
            era: Era::Stateful,
            last_id: 0,
            timeout,
            on_log,
        }
    }

    /// Closes the server's input and reads until it closes its output: what it still writes must go somewhere, or it
    /// waits for us.
    pub(super) async fn close(&mut self) {
        self.input = None;
        let mut rest = [0; 8192];
        while matches!(self.output.read(&mut rest).await, Ok(1..)) {}
    }

    /// Opens the session, in the server's era.
    ///
    /// # Errors
    /// The server answered neither `initialize` nor `server/discover` with a result.
    pub async fn open(&mut self) -> Result<(), ClientError> {
        let hello = json!({ "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": who() });
        match self.request("initialize", hello).await {
            Ok(_) => {
                self.send(message::notification("notifications/initialized"));
                Ok(())
            }
            Err(ClientError::Refused { method, error }) if !error.is_ours() => {
                // A stateless server may say so with −32022, −32601 or any other code: asking is surer than guessing.
                self.era = Era::Stateless;
                match self.discover().await {
                    Err(ClientError::Refused { .. }) => Err(ClientError::Refused { method, error }),
                    discovered => discovered,
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn discover(&mut self) -> Result<(), ClientError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Discovered {
            supported_versions: Vec<String>,
        }
        let versions =
            self.read::<Discovered>("server/discover", json!({})).await?.supported_versions;
        match versions.iter().any(|version| version == STATELESS) {
            true => Ok(()),
            false => Err(ClientError::NoCommonRevision { versions }),
        }
    }

    /// All tools of the server, each as it was written.
    ///
    /// # Errors
    /// The server did not answer, or not with a list.
    pub async fn tools(&mut self) -> Result<Vec<Box<RawValue>>, ClientError> {
        let mut tools = Vec::new();
        let mut params = json!({});
        for _ in 0..MAX_PAGES {
            let page: Page = self.read("tools/list", params).await?;
            tools.extend(page.tools);
            match page.next_cursor {
                Some(cursor) => params = json!({ "cursor": cursor }),
                None => return Ok(tools),
            }
        }
        Err(ClientError::EndlessList)
    }

    /// The result of calling a tool, as it was written.
    ///
    /// # Errors
    /// The server did not answer, or answered with an error of the protocol.
    pub async fn call(
        &mut self,
        tool: &str,
        arguments: Map<String, Value>,
    ) -> Result<Box<RawValue>, ClientError> {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// Makes a request and reads its result as `T`.
    async fn read<T: for<'a> Deserialize<'a>>(
        &mut self,
        method: &str,
        params: Value,
    ) -> Result<T, ClientError> {
        let result = self.request(method, params).await?;
        serde_json::from_str(result.get()).map_err(|source| unreadable(method, source))
    }

    /// Makes a request and returns its result.
    async fn request(
        &mut self,
        method: &str,
        mut params: Value,
    ) -> Result<Box<RawValue>, ClientError> {
        if self.era == Era::Stateless {
            params["_meta"] = self.meta();
        }
        self.last_id += 1;
        let id = Id::from(self.last_id);
        self.send(message::request(&id, method, &params));
        let timeout = self.timeout;
        tokio::time::timeout(timeout, self.answer(&id, method))
            .await
            .unwrap_or_else(|_| Err(ClientError::Deadline { method: method.to_owned(), timeout }))
    }

    /// What a stateless request says of its maker.
    fn meta(&self) -> Value {
        let mut meta = json!({
            "io.modelcontextprotocol/protocolVersion": STATELESS,
            "io.modelcontextprotocol/clientInfo": who(),
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        if self.on_log.is_some() {
            meta["io.modelcontextprotocol/logLevel"] = json!("debug");
        }
        meta
    }

    /// Queues a line; it is written while we wait for the next answer.
    fn send(&mut self, line: Vec<u8>) {
        self.outgoing.extend(line);
        self.outgoing.push_back(b'\n');
    }

    /// Waits for the answer to a request, and sees to everything else meanwhile.
    async fn answer(&mut self, id: &Id, method: &str) -> Result<Box<RawValue>, ClientError> {
        let mut scanned = 0;
        loop {
            while let Some(feed) = memchr(b'\n', &self.incoming[scanned..]) {
                let rest = self.incoming.split_off(scanned + feed + 1);
                let line = std::mem::replace(&mut self.incoming, rest);
                scanned = 0;
                if self.is_answer(&line, id) {
                    return result(&line, method);
                }
            }
            scanned = self.incoming.len();
            if !self.exchange().await? {
                return Err(ClientError::Ended { method: method.to_owned() });
            }
        }
    }

    /// Writes some of what is queued or reads some of what comes, whichever is possible first: a server that is busy writing
    /// may not read, and the other way round. `false` at the end of its output.
    async fn exchange(&mut self) -> Result<bool, ClientError> {
        tokio::select! {
            written = write(&mut self.input, &mut self.outgoing), if !self.outgoing.is_empty() => {
                if written.is_err() {
                    // Its input is closed: what it has written so far is still read.
                    self.input = None;
                    self.outgoing.clear();
                }
                Ok(true)
            }
            read = self.output.read_buf(&mut self.incoming) => {
                read.map(|count| count > 0).map_err(ClientError::Read)
            }
        }
    }

    /// Whether a line is the answer to `id`. Sees to it if it is something else.
    fn is_answer(&mut self, line: &[u8], id: &Id) -> bool {
        let mut scanner = Scanner::default();
        scanner.feed(line);
        let Shape::Object(envelope) = scanner.finish() else { return false };
        let method = envelope.method.usable().map_or("", String::as_str);
        match (envelope.kind(), envelope.id.usable()) {
            (Some(Kind::Response), Some(answered)) => return answered == id,
            (Some(Kind::Request), Some(asked)) => self.send(match method {
                "ping" => message::result(asked, &json!({})),
                "roots/list" => message::result(asked, &json!({ "roots": [] })),
                _ => Refusal::no_such_method(method).answer(Some(asked)),
            }),
            (Some(Kind::Notification), _) if method == "notifications/message" => {
                if let (Some(on_log), Ok(log)) =
                    (&mut self.on_log, serde_json::from_slice::<Value>(line))
                {
                    on_log(&log["params"]);
                }
            }
            _ => {}
        }
        false
    }
}

/// Writes some of what is queued.
async fn write<W: AsyncWrite + Unpin>(
    input: &mut Option<W>,
    outgoing: &mut VecDeque<u8>,
) -> io::Result<usize> {
    match input {
        Some(input) => input.write_buf(outgoing).await,
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

/// The result in the answer to a request, or its error.
fn result(line: &[u8], method: &str) -> Result<Box<RawValue>, ClientError> {
    let response: Response =
        serde_json::from_slice(line).map_err(|source| unreadable(method, source))?;
    match (response.result, response.error) {
        (_, Some(error)) => Err(ClientError::Refused { method: method.to_owned(), error }),
        (Some(result), None) => Ok(result),
        (None, None) => Err(unreadable(method, serde::de::Error::missing_field("result"))),
    }
}

fn unreadable(method: &str, source: serde_json::Error) -> ClientError {
    ClientError::Unreadable { method: method.to_owned(), source }
}

/// Who we say we are.
fn who() -> Value {
    json!({ "name": "hushpipe", "version": env!("CARGO_PKG_VERSION") })
}

#[cfg(test)]
mod tests;
