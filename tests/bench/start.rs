//! From spawning a command to its answer to `initialize`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use tempfile::TempDir;

use crate::servers::{self, Server};
use crate::session::Session;
use crate::table::{self, Samples};

/// This program, which is also the trivial server.
pub(crate) fn bench_program() -> PathBuf {
    env::current_exe().expect("a program knows its path")
}

/// A home whose one server is the trivial one, started with one secret to look for.
pub(crate) struct Trivial(TempDir);

impl Trivial {
    /// Writes the manifest and stores the secret.
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary home");
        let config = home.path().join(".config/hushpipe");
        fs::create_dir_all(&config).expect("a configuration folder");
        private(&config);
        let manifest = format!(
            "version = 1\n[servers.trivial]\ncommand = [{:?}, \"--server\"]\n\
             [servers.trivial.secrets]\nTOKEN = \"local://token\"\n",
            bench_program().display().to_string()
        );
        fs::write(config.join("hushpipe.toml"), manifest).expect("a written manifest");
        let mut set = servers::hushpipe(home.path(), ["secret", "set", "local://token"]);
        servers::must(&mut set, "c4b1-9f27-made-up-for-a-benchmark-0d3e");
        Self(home)
    }

    /// The trivial server through hushpipe.
    pub(crate) fn run(&self) -> Command {
        servers::hushpipe(self.0.path(), ["run", "trivial"])
    }
}

#[cfg(unix)]
fn private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).expect("our own folder");
}

#[cfg(not(unix))]
fn private(_folder: &Path) {}

/// hushpipe's own start: a server that needs no time to start, with and without it.
pub(crate) fn own() {
    let trivial = Trivial::new();
    let mut direct = crate::rtt::direct();
    servers::in_home(&mut direct, trivial.0.path());
    let mut rows = [("direct", direct), ("hushpipe", trivial.run())];
    table::print("own start", "ms", &interleaved(&mut rows, 300));
}

/// Real servers: direct, through hushpipe, and by npx or uvx as most client configurations have it.
pub(crate) fn real_servers() {
    npm_servers();
    python_servers();
}

fn npm_servers() {
    let home = servers::home();
    for server in &servers::SERVERS[..3] {
        let mut rows = [
            ("direct", direct(server)),
            ("hushpipe run", servers::hushpipe(home, ["run", server.name])),
            ("npx --offline -y", npx(&["--offline"], server)),
            ("npx -y", npx(&[], server)),
        ];
        // Fills npx's cache.
        Session::start(&mut npx(&[], server)).initialize();
        table::print(server.name, "ms", &interleaved(&mut rows, 20));
    }
}

fn python_servers() {
    let home = servers::home();
    for server in servers::SERVERS.iter().filter(|server| PYTHON.contains(&server.name)) {
        let mut rows = [
            ("direct", direct(server)),
            ("hushpipe run", servers::hushpipe(home, ["run", server.name])),
            ("uvx --offline", uvx(&["--offline"], server)),
            ("uvx", uvx(&[], server)),
        ];
        // Fills uvx's cache, bytecode too.
        Session::start(&mut uvx(&[], server)).initialize();
        table::print(server.name, "ms", &interleaved(&mut rows, 20));
    }
}

/// The servers that are packages of PyPI.
const PYTHON: &[&str] = &["time", "git", "fetch"];

/// A server by the argv that hushpipe starts it with.
pub(crate) fn direct(server: &Server) -> Command {
    let argv = servers::argv(server.name);
    let mut command = Command::new(&argv[0]);
    command.args(&argv[1..]);
    servers::in_home(&mut command, servers::home());
    command
}

/// A server as a client configuration without hushpipe has it: its pinned package by npx.
pub(crate) fn npx(flags: &[&str], server: &Server) -> Command {
    let mut command = Command::new("npx");
    command.args(flags).arg("-y").args(words(server, "npm"));
    servers::in_home(&mut command, servers::home());
    command
}

/// A server as a client configuration without hushpipe has it: its pinned package by uvx. Nothing here keeps Python from
/// writing bytecode, or each start of uvx would compile everything.
fn uvx(flags: &[&str], server: &Server) -> Command {
    let mut command = Command::new(servers::uv_folder().join("uvx"));
    command.args(flags).args(words(server, "pypi"));
    servers::in_home(&mut command, servers::home());
    command
}

/// What the manifest starts for a server: its package, then its arguments.
fn words(server: &Server, key: &str) -> Vec<String> {
    let manifest = servers::home().join(".config/hushpipe/hushpipe.toml");
    let manifest = fs::read_to_string(manifest).expect("the manifest");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    let entry = &manifest["servers"][server.name];
    let args = entry.get("args").and_then(toml::Value::as_array).into_iter().flatten();
    let words = std::iter::once(&entry[key]).chain(args);
    words.filter_map(toml::Value::as_str).map(str::to_owned).collect()
}

fn interleaved(rows: &mut [(&str, Command)], rounds: usize) -> Vec<Samples> {
    let mut samples: Vec<Samples> = rows.iter().map(|(name, _)| Samples::of(*name)).collect();
    for round in 0..=rounds {
        for (row, (_, command)) in samples.iter_mut().zip(rows.iter_mut()) {
            let time = to_initialize(command);
            // The first round fills the caches of the file system.
            if round > 0 {
                row.add_time(time);
            }
        }
    }
    samples
}

fn to_initialize(command: &mut Command) -> Duration {
    let begin = Instant::now();
    let mut session = Session::start(command);
    session.initialize();
    begin.elapsed()
}
