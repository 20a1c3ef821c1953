//! The MCP clients that people use, driven as programs: the TypeScript SDKs, the Python SDK, the Inspector's CLI.
//!
//! Each opens a session with whatever program it is told to start, lists the tools, calls some, and its view of all
//! that comes back as data. What the client itself and the server said on stderr is kept too: a host would log it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::context::{Outcome, finish};
use crate::fixture;
use crate::servers::in_home;

/// A client program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// `@modelcontextprotocol/sdk`.
    TypeScript,
    /// `@modelcontextprotocol/client`, its successor.
    TypeScript2,
    /// PyPI's `mcp`.
    Python,
}

/// What a client's configuration says of one server.
pub(crate) struct Entry {
    /// The program and its arguments.
    pub(crate) argv: Vec<String>,
    /// Variables on top of the client's own few.
    pub(crate) env: Vec<(String, String)>,
}

impl Entry {
    /// A server started through hushpipe.
    pub(crate) fn hushpipe(name: &str) -> Self {
        Self::of([env!("CARGO_BIN_EXE_hushpipe"), "run", name])
    }

    /// A server started by this command.
    pub(crate) fn of<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self { argv: argv.into_iter().map(Into::into).collect(), env: Vec::new() }
    }

    /// The same with one more variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }
}

/// What a session gave.
#[derive(Debug)]
pub(crate) struct Seen {
    /// `server`, `capabilities`, `instructions`, `tools`, `results`: see `tests/fixture/clients`.
    pub(crate) report: Value,
    /// The client's stderr, which holds the server's.
    pub(crate) stderr: String,
}

impl Client {
    /// One session started in `folder` by a user with this home; `calls` are the parameters of `tools/call`.
    pub(crate) fn session(
        self,
        home: &Path,
        folder: &Path,
        entry: &Entry,
        calls: &[Value],
    ) -> Seen {
        let mut command = self.command();
        in_home(&mut command, home);
        command.current_dir(folder);
        let env: serde_json::Map<_, _> =
            entry.env.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let (program, args) = entry.argv.split_first().expect("a program");
        let spec = json!({"command": program, "args": args, "env": env, "calls": calls});
        let outcome = finish(command, spec.to_string().as_bytes());
        assert_eq!(outcome.code, Some(0), "{self:?}: {}", outcome.everything());
        Seen { report: outcome.messages().remove(0), stderr: outcome.stderr }
    }

    /// The client's program: it takes a session's specification on stdin and prints the report.
    pub(crate) fn command(self) -> Command {
        let clients = fixture::clients();
        let (program, script, args) = match self {
            Self::TypeScript => (PathBuf::from("node"), "sdk.mjs", &["1"][..]),
            Self::TypeScript2 => (PathBuf::from("node"), "sdk.mjs", &["2"][..]),
            Self::Python => (clients.join("python/bin/python"), "sdk.py", &[][..]),
        };
        let mut command = Command::new(program);
        command.arg(clients.join("clients").join(script)).args(args);
        command
    }
}

/// One run of the Inspector's CLI: `request` is its words for one request, such as `--method tools/list`.
pub(crate) fn inspect(home: &Path, folder: &Path, entry: &Entry, request: &[&str]) -> Outcome {
    let mut command = inspector();
    in_home(&mut command, home);
    command.current_dir(folder).arg("-q");
    for (name, value) in &entry.env {
        command.arg("-e").arg(format!("{name}={value}"));
    }
    command.args(&entry.argv).args(request);
    finish(command, b"")
}

/// The Inspector's CLI, printing JSON.
pub(crate) fn inspector() -> Command {
    let inspector = fixture::clients().join("clients/node_modules/.bin/mcp-inspector");
    let mut command = Command::new("node");
    command.arg(inspector).args(["--cli", "--format", "json"]);
    command
}
