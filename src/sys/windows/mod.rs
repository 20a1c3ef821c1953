//! Windows. Twin of `unix.rs`.

mod permission;
mod private;
mod terminal;

use std::path::PathBuf;

use super::env::OwnEnv;
use super::path::Paths;

pub(super) use permission::open_owned;
pub use private::{Readers, create_private_folder, open_lock_file, readers, sync_folder};
pub use terminal::Terminal;

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
