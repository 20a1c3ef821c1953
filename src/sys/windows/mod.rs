//! Windows. Twin of `unix.rs`.

mod machine;
mod permission;
mod private;
mod stat;
mod terminal;

use std::path::PathBuf;

use super::env::OwnEnv;
use super::path::Paths;

pub(crate) use machine::{end_session, is_program, login_shell, own_session, program_name};
pub(super) use permission::open_owned;
pub use private::{
    Readers, create_private_folder, let_others_read, open_lock_file, readers, sync_folder,
};
pub use stat::{Folder, facts_of_file, make_private};
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
