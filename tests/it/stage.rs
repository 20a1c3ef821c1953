//! A server in a test's own hands: what it was sent, what it says, and when, between the two ends of one relay.
//!
//! Each server that hushpipe starts here is a `puppet` (see `examples/`) whose strings a test holds. Bytes are kept as
//! bytes. Waiting is bounded by a limit far above anything a working program needs; reaching it fails the test.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::context::TestContext;
use crate::session::Session;

const LIMIT: Duration = Duration::from_secs(60);

/// A user whose server is a puppet.
pub(crate) struct Stage {
    /// The user.
    pub(crate) context: TestContext,
    listener: TcpListener,
}

impl Stage {
    /// A user with these settings of the server.
    pub(crate) fn new(tables: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("set");
        let port = listener.local_addr().expect("its address").port().to_string();
        Self { context: TestContext::with_example("puppet", &[&port], tables), listener }
    }

    /// A client, and the server that was started for it.
    pub(crate) fn start(&self) -> (Session, Puppet) {
        (self.context.start(), self.next())
    }

    /// A client and a server that have opened a session of this revision.
    pub(crate) fn open(&self, revision: &str) -> (Session, Puppet) {
        let (mut client, mut server) = self.start();
        let info = json!({"name": "hushpipe-tests", "version": "1.0.0"});
        let params = json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": info});
        client.send_json(&request("open", "initialize", &params));
        let id = server.receive_json()["id"].take();
        server.send_json(&json!({"jsonrpc": "2.0", "id": id, "result": opened(revision)}));
        assert_eq!(client.receive_json()["id"], "open");
        (client, server)
    }

    /// The next server that hushpipe starts.
    pub(crate) fn next(&self) -> Puppet {
        let start = Instant::now();
        loop {
            match self.listener.accept() {
                Ok((connection, _)) => return Puppet::of(connection),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    assert!(start.elapsed() < LIMIT, "no server was started");
                    thread::sleep(Duration::from_millis(2));
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Fails the test when another server was started.
    pub(crate) fn no_more(&self) {
        assert!(self.listener.accept().is_err(), "another server was started");
    }
}

/// A server whose strings the test holds. It ends when this is dropped.
pub(crate) struct Puppet {
    /// Its process id.
    pub(crate) pid: u32,
    connection: BufReader<TcpStream>,
}

impl Puppet {
    fn of(connection: TcpStream) -> Self {
        connection.set_nonblocking(false).expect("set");
        connection.set_nodelay(true).expect("set");
        connection.set_read_timeout(Some(LIMIT)).expect("set");
        let mut puppet = Self { pid: 0, connection: BufReader::new(connection) };
        puppet.pid = String::from_utf8(puppet.receive()).unwrap().trim_end().parse().unwrap();
        puppet
    }

    /// Writes these bytes to stdout and nothing else.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.connection.get_mut().write_all(bytes).expect("the server is there");
    }

    /// Writes a message and a line break.
    pub(crate) fn send_json(&mut self, message: &Value) {
        self.send(format!("{message}\n").as_bytes());
    }

    /// The same, where the server may have ended.
    pub(crate) fn try_send_json(&mut self, message: &Value) {
        let _ = self.connection.get_mut().write_all(format!("{message}\n").as_bytes());
    }

    /// The next line of stdin with its line break; fails the test when none comes.
    pub(crate) fn receive(&mut self) -> Vec<u8> {
        let mut line = Vec::new();
        self.connection.read_until(b'\n', &mut line).expect("a line for the server");
        assert!(line.ends_with(b"\n"), "the server's input ended: {}", text(&line));
        line
    }

    /// The next line as JSON.
    pub(crate) fn receive_json(&mut self) -> Value {
        let line = self.receive();
        serde_json::from_slice(&line).unwrap_or_else(|e| panic!("{e}: {}", text(&line)))
    }

    /// Answers the next request of this method with a result; fails the test when another message comes.
    pub(crate) fn answer(&mut self, method: &str, result: &Value) {
        let request = self.receive_json();
        assert_eq!(request["method"], method, "{request}");
        self.send_json(&json!({"jsonrpc": "2.0", "id": request["id"], "result": result}));
    }
}

/// A request.
pub(crate) fn request(id: impl Into<Value>, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

/// The result of `initialize`.
pub(crate) fn opened(revision: &str) -> Value {
    let info = json!({"name": "puppet", "version": "1.0.0"});
    json!({"protocolVersion": revision, "capabilities": {"tools": {}}, "serverInfo": info})
}

/// Bytes for a message of a test.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
