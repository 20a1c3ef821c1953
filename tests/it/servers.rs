//! The real servers: one home in which hushpipe installed all of `tests/fixture/servers/hushpipe.toml`.
//!
//! Made by the real `hushpipe sync` from the committed lockfile, once for all tests and benchmarks of a run. Never
//! written to by a test afterwards: one that changes files uses a home of its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::{env, fs};

/// A server that benchmarks time, and how npx would start it.
pub struct Timed {
    /// Its name in the manifest.
    pub name: &'static str,
    /// Its package, pinned.
    pub package: &'static str,
    /// Its arguments.
    pub args: &'static [&'static str],
}

/// The servers whose start and memory are measured.
pub const TIMED: &[Timed] = &[
    Timed {
        name: "everything",
        package: "@modelcontextprotocol/server-everything@2026.8.31",
        args: &[],
    },
    Timed {
        name: "filesystem",
        package: "@modelcontextprotocol/server-filesystem@2026.8.31",
        args: &["/usr/share"],
    },
    Timed { name: "memory", package: "@modelcontextprotocol/server-memory@2026.8.31", args: &[] },
];

/// The home in which they are installed.
pub fn home() -> &'static Path {
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
        must(&mut hushpipe(&home, ["sync"]));
        home
    })
}

/// The command that hushpipe would start for a server, to be run without it.
pub fn direct(home: &Path, name: &str) -> Command {
    let explained = must(&mut hushpipe(home, ["explain", name, "--json"]));
    let explained: serde_json::Value =
        serde_json::from_slice(&explained.stdout).expect("explain --json prints JSON");
    let argv: Vec<String> =
        serde_json::from_value(explained["argv"].clone()).expect("explain names the argv");
    let mut command = Command::new(&argv[0]);
    command.args(&argv[1..]);
    command
}

/// The real binary with this home and PATH in its environment, and nothing else.
pub fn hushpipe<I: IntoIterator<Item: AsRef<OsStr>>>(home: &Path, args: I) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hushpipe"));
    command.args(args);
    in_home(&mut command, home);
    command
}

/// Gives a command the smallest environment that a client gives: HOME and PATH.
pub fn in_home(command: &mut Command, home: &Path) {
    let path = env::var_os("PATH").expect("PATH is set");
    command.env_clear().env("HOME", home).env("PATH", path);
}

fn must(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}: {said}", output.status);
    output
}
