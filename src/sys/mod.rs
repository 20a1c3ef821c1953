//! Facts of the operating system: our own environment, paths, child processes, descriptors.
//!
//! What differs by platform is in twin folders with the same names inside: `unix` and `windows`, one of which is
//! `os`. Only here is `unsafe` allowed, each with its SAFETY note.

pub mod clock;
pub mod command;
pub mod digest;
pub mod drain;
pub mod env;
pub mod machine;
pub mod machine_key;
pub mod path;
pub mod permission;
pub mod private;
pub mod stat;
#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

#[cfg(unix)]
pub use unix as os;
#[cfg(windows)]
pub use windows as os;
