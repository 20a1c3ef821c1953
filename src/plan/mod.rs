//! Manifest, lockfile and machine record put together into what one launch does.

pub mod program;
