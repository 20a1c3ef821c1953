//! The real servers: one home in which hushpipe installed all of `tests/fixture/servers/hushpipe.toml`.
//!
//! Made by the real `hushpipe sync` from the committed lockfile, once for all tests or benchmarks of a run. Tests only
//! read it; one that changes a manifest or an installed file makes a home of its own. Shared with `tests/bench`.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

/// A server of that manifest.
pub(crate) struct Server {
    /// Its name.
    pub(crate) name: &'static str,
    /// The variable that holds its secret.
    variable: Option<&'static str>,
}

impl Server {
    const fn new(name: &'static str, variable: Option<&'static str>) -> Self {
        Self { name, variable }
    }

    /// The variable of its secret, and the value: a canary that is nobody's credential.
    pub(crate) fn secret(&self) -> Option<(&'static str, String)> {
        self.variable.map(|variable| (variable, format!("canary-{}-5e1f0c9a72d84b36", self.name)))
    }
}

/// All servers of the manifest; benchmarks time the first three.
pub(crate) const SERVERS: &[Server] = &[
    Server::new("everything", Some("EVERYTHING_TOKEN")),
    Server::new("filesystem", None),
    Server::new("memory", None),
    Server::new("github", Some("GITHUB_PERSONAL_ACCESS_TOKEN")),
    Server::new("notion", Some("NOTION_TOKEN")),
    Server::new("firecrawl", Some("FIRECRAWL_API_KEY")),
    Server::new("slack", Some("SLACK_BOT_TOKEN")),
    Server::new("tavily", Some("TAVILY_API_KEY")),
];

/// The home in which they are installed and their secrets stored.
pub(crate) fn home() -> &'static Path {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let home = repository.join("target/fixture/home");
        let config = home.join(".config/hushpipe");
        fs::create_dir_all(&config).expect("a configuration folder");
        for file in ["hushpipe.toml", "hushpipe.lock"] {
            fs::copy(repository.join("tests/fixture/servers").join(file), config.join(file))
                .unwrap_or_else(|e| panic!("{file}: {e}"));
        }
        must(&mut hushpipe(&home, ["sync"]), "");
        for server in SERVERS {
            if let Some((_, value)) = server.secret() {
                let reference = format!("local://{}", server.name);
                must(&mut hushpipe(&home, ["secret", "set", &reference]), &value);
            }
        }
        home
    })
}

/// The argv that hushpipe starts a server with, to start it without hushpipe.
pub(crate) fn argv(name: &str) -> Vec<String> {
    let explained = must(&mut hushpipe(home(), ["explain", name, "--json"]), "");
    let explained: serde_json::Value =
        serde_json::from_slice(&explained.stdout).expect("explain --json prints JSON");
    serde_json::from_value(explained["argv"].clone()).expect("explain names the argv")
}

/// The real binary with this home and PATH in its environment, and nothing else.
pub(crate) fn hushpipe<I: IntoIterator<Item: AsRef<OsStr>>>(home: &Path, args: I) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hushpipe"));
    command.args(args);
    in_home(&mut command, home);
    command
}

/// Gives a command the smallest environment that a client gives: HOME and PATH; and a session bus that is not there, so
/// that the keychain of whoever runs the tests is out of reach.
pub(crate) fn in_home(command: &mut Command, home: &Path) {
    let path = env::var_os("PATH").expect("PATH is set");
    command.env_clear().env("HOME", home).env("PATH", path);
    command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}/no-bus", home.display()));
}

/// Runs a command that has to succeed, with this on its stdin.
pub(crate) fn must(command: &mut Command, stdin: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    // Small enough for the pipe, so that nobody waits for a reader.
    child.stdin.take().expect("a piped stdin").write_all(stdin.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("its output");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}: {said}", output.status);
    output
}
