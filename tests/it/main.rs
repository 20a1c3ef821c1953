//! The integration tests: one binary, one file per area; each line says what belongs there.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test's helpers may fail loudly and start programs; clippy exempts only functions marked #[test]"
)]

/// The world a test runs in: a home of its own, the real binary, what a program left behind.
mod context;
/// What tests use and the repository does not hold: example programs, MCP clients, installed servers.
mod fixture;
/// What the source tree must look like: layers, sizes, names, where `unsafe` may stand.
mod layers;
/// A live session with a program: send a frame, read a frame.
mod session;
