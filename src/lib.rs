//! hushpipe starts pinned MCP servers with secrets from your stores and keeps those secrets out of what comes back.
//!
//! A person lists `hushpipe run github` as the `command` of an MCP server. This crate is that program; `src/main.rs`
//! only calls [`cli::main`].
//!
//! # Theory of operation
//!
//! **manifest → plan → secrets → launch → relay → exit code.** `cli/run.rs` tells it in one function:
//!
//! 1. [`manifest`] reads `hushpipe.toml` into types that cannot be wrong, and refuses a file that others may write. What
//!    comes from a project runs only as a person accepted it ([`trust`]).
//! 2. [`plan`] decides, without acting, what will run: the locked and installed program, its arguments, its environment
//!    by name. [`store`] checks the install against what was recorded when it was made; nothing is resolved or
//!    downloaded.
//! 3. [`provider`] turns this server's secret references into values, all or nothing, under one deadline.
//! 4. [`launch`] starts the program with an environment that began empty: it has a guard do it ([`sys::os::Guard`]), a second
//!    process forked before the first thread exists, which ends the server's tree however we end.
//! 5. [`relay`] moves one JSON-RPC message a line in both directions and the server's log beside them. A call that
//!    would write a marker over a secret is refused; what leaves for the client passes [`redact`] last. [`audit`]
//!    records what was found, without a value.
//! 6. The exit code is the server's own, or says which step failed ([`error::Kind`]). A failed launch is also answered on
//!    stdout, as an error to each request, because few people open logs.
//!
//! # Layers
//!
//! Imports point down; parts do not know each other (`tests/it/layers.rs` proves both).
//!
//! | layer | modules |
//! |---|---|
//! | surface | [`cli`] |
//! | joining | [`manifest`], [`plan`], [`relay`] |
//! | parts | [`provider`], [`runner`], [`store`], [`trust`], [`launch`], [`redact`], [`audit`] |
//! | words | [`error`], [`secret`], [`mcp`], [`sys`] |
//!
//! # Promises carried by types
//!
//! - A secret is never printed: [`secret::Secret`] has no `Display`, `Serialize` or `Clone`, and the one method that shows
//!   its bytes is forbidden by a lint but at named places.
//! - A child sees only what was chosen: [`sys::env::ScrubbedEnv`] starts empty and is all that [`sys::command`] takes.
//! - Nothing unredacted reaches the client: its writer takes [`redact::Clean`] bytes, which only [`redact`] makes.
//!
//! # Concurrency
//!
//! A launch runs on one thread with one poller: two system calls a message and no hand-over. Threads exist only where a
//! descriptor cannot be polled (files, terminals, our stderr) or a call may block for long.

pub mod audit;
pub mod cli;
pub mod error;
pub mod launch;
pub mod manifest;
pub mod mcp;
pub mod plan;
pub mod provider;
pub mod redact;
pub mod relay;
pub mod runner;
pub mod secret;
pub mod store;
pub mod sys;
pub mod trust;

#[doc = include_str!("manual/providers.md")]
pub mod manual {}
