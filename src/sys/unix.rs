//! Linux and macOS. Twin of `windows.rs`.

use std::path::PathBuf;

use super::env::OwnEnv;
use super::path::Paths;

/// The folders of the user we run as.
pub(super) fn user_paths(env: &OwnEnv) -> Option<Paths> {
    let home = match env.var("HOME").filter(|home| !home.is_empty()) {
        Some(home) => PathBuf::from(home),
        None => nix::unistd::User::from_uid(nix::unistd::Uid::effective()).ok()??.dir,
    };
    home.is_absolute().then(|| Paths::below(&home))
}
