//! The world a test runs in: a home folder of its own, an environment with nothing else in it, the real binary.
//!
//! Nothing here knows what hushpipe should answer; tests do. Always true: no test reads or writes the developer's own
//! home, and a program a test started is gone when its handle is dropped.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread;

use tempfile::TempDir;

use crate::fixture;
use crate::servers::{hushpipe, provide_uv};
use crate::session::Session;

/// A fresh user: an empty home with a private `hushpipe` configuration folder.
pub(crate) struct TestContext {
    // Shared with the sessions started in it: a test may drop the context before they end.
    home: Arc<TempDir>,
}

impl TestContext {
    /// A user who has done nothing yet.
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary home");
        let context = Self { home: Arc::new(home) };
        create_private(&context.config());
        context
    }

    /// A user whose manifest is this text.
    pub(crate) fn with_manifest(text: &str) -> Self {
        let context = Self::new();
        context.write_manifest(text);
        context
    }

    /// A user with one server called `server`, one of the programs in `examples/`, and these secrets and settings.
    pub(crate) fn with_example(example: &str, args: &[&str], tables: &str) -> Self {
        let mut command = vec![path_text(&fixture::example(example))];
        command.extend(args.iter().map(|arg| (*arg).to_owned()));
        let command = serde_json::to_string(&command).expect("a TOML array");
        Self::with_manifest(&format!(
            "version = 1\n[servers.server]\ncommand = {command}\n{tables}"
        ))
    }

    /// A user with an installation of this test server to change: from the committed lockfile, as `servers::home` is.
    pub(crate) fn with_installed(name: &str) -> Self {
        let context = Self::new();
        for file in ["hushpipe.toml", "hushpipe.lock"] {
            let text =
                fs::read_to_string(fixture::repository().join("tests/fixture/servers").join(file));
            write_private(&context.config().join(file), &text.expect("a committed fixture"));
        }
        provide_uv(context.home());
        let synced = context.run(&["sync", name], "");
        assert!(synced.code == Some(0), "sync failed: {}", synced.stderr);
        context
    }

    /// The home folder.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The folder of the manifest.
    pub(crate) fn config(&self) -> PathBuf {
        self.home().join(".config/hushpipe")
    }

    /// Replaces the user manifest.
    pub(crate) fn write_manifest(&self, text: &str) {
        write_private(&self.config().join("hushpipe.toml"), text);
    }

    /// Stores a secret as a person would, through stdin.
    pub(crate) fn set_secret(&self, reference: &str, value: &str) {
        let outcome = self.run(&["secret", "set", reference], value);
        assert!(outcome.code == Some(0), "secret set failed: {}", outcome.stderr);
    }

    /// The real binary with these arguments, in an environment of HOME and PATH.
    pub(crate) fn command<I: IntoIterator<Item: AsRef<OsStr>>>(&self, args: I) -> Command {
        hushpipe(self.home(), args)
    }

    /// Runs the real binary to its end, its stdin being this text.
    pub(crate) fn run(&self, args: &[&str], stdin: &str) -> Outcome {
        finish(self.command(args), stdin.as_bytes())
    }

    /// Runs `hushpipe run server` to its end, its stdin being these bytes.
    pub(crate) fn relay(&self, stdin: &[u8]) -> Outcome {
        finish(self.command(["run", "server"]), stdin)
    }

    /// Starts `hushpipe run server` and keeps both ends open.
    pub(crate) fn start(&self) -> Session {
        Session::start(self.command(["run", "server"])).within(Arc::clone(&self.home))
    }
}

/// A call of the echo server's tool that tells its environment.
pub(crate) const ASK_ENVIRONMENT: &str = concat!(
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"environment","arguments":{}}}"#,
    "\n"
);

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Everything on stdout, byte for byte.
    pub(crate) stdout: Vec<u8>,
    /// Everything on stderr.
    pub(crate) stderr: String,
}

impl Outcome {
    /// The environment of the echo server, as it tells it in answer to [`ASK_ENVIRONMENT`]; what is withheld is a marker.
    #[track_caller]
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let text = &self.messages()[0]["result"]["content"][0]["text"];
        let text = text.as_str().unwrap_or_else(|| panic!("{}", self.everything()));
        serde_json::from_str(text).expect("variables")
    }

    /// stdout as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("stdout is UTF-8")
    }

    /// stdout as one JSON value a line.
    pub(crate) fn messages(&self) -> Vec<serde_json::Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.text().lines().map(parse).collect()
    }

    /// stdout and stderr, where a canary must not be.
    pub(crate) fn everything(&self) -> String {
        format!("{}\n{}", String::from_utf8_lossy(&self.stdout), self.stderr)
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Self { code: output.status.code(), stdout: output.stdout, stderr }
    }
}

/// Runs a command to its end, feeding it this input while its output is read.
pub(crate) fn finish(mut command: Command, stdin: &[u8]) -> Outcome {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let mut sink = child.stdin.take().expect("a piped stdin");
    thread::scope(|scope| {
        // A program may end before it has read its input: that is for the test to judge, not for us.
        scope.spawn(move || sink.write_all(stdin));
        child.wait_with_output().expect("the program's output").into()
    })
}

/// Makes a folder and those above it, readable by the user only.
pub(crate) fn create_private(folder: &Path) {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).expect("a private folder");
}

/// Writes a file readable by the user only.
pub(crate) fn write_private(path: &Path, text: &str) {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    file.write_all(text.as_bytes()).expect("a written file");
}

/// The files below a folder that hold these bytes; links are not followed.
#[cfg(target_os = "linux")]
pub(crate) fn files_holding(folder: &Path, value: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let kind = entry.file_type().expect("its kind");
        if kind.is_dir() {
            found.extend(files_holding(&entry.path(), value));
        } else if kind.is_file() {
            let content = fs::read(entry.path()).unwrap_or_default();
            if content.windows(value.len()).any(|window| window == value) {
                found.push(entry.path());
            }
        }
    }
    found
}

/// A path as text, for manifests and argument lists.
pub(crate) fn path_text(path: &Path) -> String {
    path.to_str().expect("test paths are UTF-8").to_owned()
}
