//! Windows. Twin of `unix.rs`.

mod private;

use std::path::PathBuf;

use super::env::OwnEnv;
use super::path::Paths;

pub use private::{
    Access, create_private_folder, open_lock_file, open_without_waiting, sync_folder,
};

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
