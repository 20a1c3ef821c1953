//! The integration tests: one binary, one file per area; each line says what belongs there.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test's helpers may fail loudly and start programs; clippy exempts only functions marked #[test]"
)]

/// The MCP clients that people use, driven as programs.
mod client;
/// The world a test runs in: a home of its own, the real binary, what a program left behind.
mod context;
/// What tests use and the repository does not hold: example programs, installed clients.
mod fixture;
/// What the source tree must look like: layers, sizes, names, where `unsafe` may stand.
mod layers;
/// Real npm servers driven by real clients: through hushpipe is as without it.
mod real_servers;
/// The home with the installed real servers, shared with the benchmarks.
mod servers;
/// A live session with a program: send a frame, read a frame.
mod session;
