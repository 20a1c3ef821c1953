//! The integration tests: one binary, one file per area; each line says what belongs there.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test's helpers may fail loudly and start programs; clippy exempts only functions marked #[test]"
)]

/// An agent cannot talk hushpipe out of a secret or into a project's server.
#[cfg(target_os = "linux")]
mod agents;
/// Secrets in AWS, here a real moto.
#[cfg(target_os = "linux")]
mod aws;
/// npm packages that bring others inside their archive.
#[cfg(unix)]
mod bundled;
/// The command line as a whole: its recorded reference, exit codes, where words and data go.
mod cli;
/// The MCP clients that people use, driven as programs.
mod client;
/// The world a test runs in: a home of its own, the real binary, what a program left behind.
mod context;
/// What redaction catches of labelled samples, and what it touches that is benign.
mod corpora;
/// What the documentation says is true.
mod docs;
/// What keeps servers from working, and the command that mends it.
mod doctor;
/// A package that asks for another Node than the one that runs it.
#[cfg(unix)]
mod engines;
/// What tests use and the repository does not hold: example programs, installed clients.
mod fixture;
/// Our own environment is attacker input: a test per variable.
#[cfg(target_os = "linux")]
mod hostile_environment;
/// The host matrix: every host with an environment and a configuration file of its own.
#[cfg(target_os = "linux")]
mod hosts;
/// Published leaks and failures of tools like ours, each with its link and our answer.
mod incident;
/// What runs is what was locked.
mod install;
/// Secrets in the operating system's keychain, here a real gnome-keyring.
#[cfg(target_os = "linux")]
mod keychain;
/// A session bus and a gnome-keyring of a test's own.
#[cfg(target_os = "linux")]
mod keyring;
/// A developer's laptop: every server's secret in a real keychain.
#[cfg(target_os = "linux")]
mod laptop;
/// How a server is started and ended, and what a client is told when it cannot be.
mod launch;
/// What the source tree must look like: layers, sizes, names, where `unsafe` may stand.
mod layers;
/// A canary, in every encoding, must appear nowhere.
mod leak;
/// What was given for a time only is renewed while the server runs, and given back when it stops.
#[cfg(all(target_os = "linux", feature = "vault"))]
mod lease;
/// A web service that repeats the credential it was sent.
mod loopback;
/// Sets of variables that a manifest asks for by one word.
mod preset;
/// What the kernel says of a process.
#[cfg(target_os = "linux")]
mod process;
/// One contract for every kind of provider.
#[cfg(target_os = "linux")]
mod provider;
/// Packages of PyPI: what runs is what was locked.
#[cfg(unix)]
mod pypi;
/// Which Python a package is locked for and runs on.
#[cfg(unix)]
mod pythons;
/// Real servers of npm and PyPI driven by real clients: through hushpipe is as without it.
mod real_servers;
/// The client never reads a secret that hushpipe injected.
mod redact;
/// What a manifest says of redaction, and `hushpipe redact`.
mod redact_settings;
/// stdout carries only MCP messages, byte for byte, from and to any kind of descriptor.
mod relay;
/// Recorded sessions of real clients and servers, replayed: through hushpipe is as without it.
mod replay;
/// Storing secrets and taking them out again.
mod secret;
/// The home with the installed real servers, shared with the benchmarks.
mod servers;
/// A live session with a program: send a frame, read a frame.
mod session;
/// Recorded messages against the schemas of the specification.
mod specification;
/// A server in a test's own hands.
mod stage;
/// A person at a terminal.
#[cfg(target_os = "linux")]
mod terminal;
/// The processes below one, shared with the benchmarks.
#[cfg(target_os = "linux")]
mod tree;
/// A project's server runs only as a person accepted it, and a user's own only as it was synced.
#[cfg(target_os = "linux")]
mod trust;
/// Secrets in HashiCorp Vault and OpenBao.
mod vault;
/// What was found is recorded without a value, and told with the line that lets it pass.
mod why;
