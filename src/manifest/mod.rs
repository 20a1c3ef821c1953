//! `hushpipe.toml` and `hushpipe.lock`: finding, reading, checking, composing what each part owns.

pub mod lock;
pub mod server;

pub use server::{Cwd, Integrity, Level, Server};
