//! The PyPI runner: the real uv resolves and installs, hushpipe records what it chose and holds it to that.
//!
//! Wheels only: building a source distribution runs its code, so that takes an exception in the user manifest, per package
//! and version. uv works in a folder with an empty configuration of its own, so that only the user's (and the system's)
//! uv configuration counts: no `uv.toml` or `pyproject.toml` on the way up, no `UV_INDEX…` variable, no pip
//! configuration. Only packages of an index are accepted: no git, path or URL dependency anywhere in the closure. What is
//! recorded names no index's host, so one lock serves a mirror as well.

mod failure;
mod install;
mod locked;
mod metadata;
mod misfit;
mod package;
mod pylock;
mod resolve;
mod uv;
mod version;
mod wheelless;

pub use install::{argv, install, programs};
pub use locked::{Locked, LockedPackage, Rejected};
pub use misfit::{Misfit, misfit};
pub use package::{Inexact, Pin, PypiPackage};
pub use resolve::{Request, resolve};
pub use uv::{Python, Uv};
pub use version::fitting;
