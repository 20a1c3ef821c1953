//! The integration tests: one binary, one file per area; each line says what belongs there.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test's helpers may fail loudly and start programs; clippy exempts only functions marked #[test]"
)]

/// What the source tree must look like: layers, sizes, names, where `unsafe` may stand.
mod layers;
/// Storing secrets and taking them out again.
mod secret;
/// A person at a terminal.
#[cfg(target_os = "linux")]
mod terminal;
