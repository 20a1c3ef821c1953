//! Windows. Twin of `unix.rs`.

mod machine;
mod stat;

use std::path::PathBuf;

use super::env::OwnEnv;
use super::path::Paths;

pub(crate) use machine::{end_session, is_program, login_shell, own_session, program_name};
pub use stat::{Folder, closed_to_others, facts_of_file, make_private, readable_by_umask};

/// The folders of the user we run as.
pub(super) fn user_paths(env: &OwnEnv) -> Option<Paths> {
    let folder = |name: &str| env.var(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let roaming = folder("APPDATA")?;
    let local = folder("LOCALAPPDATA")?;
    Some(Paths {
        home: folder("USERPROFILE")?,
        config: roaming.join("hushpipe"),
        data: local.join("hushpipe"),
        state: local.join("hushpipe").join("state"),
    })
}
