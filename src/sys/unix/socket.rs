//! A connection to a program of this user, such as the session bus. Linux only: no other system asks for one.

use std::path::Path;

use nix::unistd::Uid;
use tokio::net::UnixStream;

use super::permission::check_socket;
use crate::sys::permission::Insecure;

/// The id of the user we act as.
pub fn user_id() -> u32 {
    Uid::effective().as_raw()
}

/// Connects to a socket that nobody else can have put there and that a process of ours listens at. Waits for nothing:
/// a listener with no room is an error. Called within a runtime.
///
/// The mode of the socket is not judged, since a bus lets everybody knock and asks who they are. The process is: a
/// socket keeps the user id of who made it listen, whatever became of its name since.
///
/// # Errors
/// It is not there, is no socket, or somebody else made it or could have put another in its place.
pub async fn connect_owned(path: &Path) -> Result<UnixStream, Insecure> {
    check_socket(path)?;
    let failed = |error| Insecure::read(path, error);
    let stream = UnixStream::connect(path).await.map_err(failed)?;
    match stream.peer_cred().map_err(failed)?.uid() {
        uid if uid == user_id() => Ok(stream),
        uid => Err(Insecure::Peer { path: path.to_owned(), uid }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    fn connect(path: &Path) -> Result<UnixStream, Insecure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("runtime").block_on(connect_owned(path))
    }

    #[test]
    fn a_socket_of_ours_is_connected_to() {
        let folder = tempfile::tempdir().expect("folder");
        let (socket, link) = (folder.path().join("bus"), folder.path().join("link"));
        let _listener = UnixListener::bind(&socket).expect("bound");
        set_permissions(&socket, Permissions::from_mode(0o666)).expect("as a bus has it");
        symlink(&socket, &link).expect("linked");
        assert!(connect(&socket).is_ok());
        assert!(connect(&link).is_ok());
    }

    #[test]
    fn what_is_not_there_or_no_socket_says_so() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("file");
        assert!(connect(&file).expect_err("nothing").is_missing());
        std::fs::write(&file, "").expect("written");
        assert!(matches!(connect(&file), Err(Insecure::NotASocket(_))));
        assert!(matches!(connect(folder.path()), Err(Insecure::NotASocket(_))));
    }

    #[test]
    fn a_folder_that_others_can_change_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let socket = folder.path().join("bus");
        let _listener = UnixListener::bind(&socket).expect("bound");
        set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("opened");
        assert!(matches!(connect(&socket), Err(Insecure::WorldWritable(_))));
    }

    #[test]
    fn a_socket_of_another_user_is_refused() {
        if !Uid::effective().is_root() {
            return; // only root can give a file away
        }
        let folder = tempfile::tempdir().expect("folder");
        let socket = folder.path().join("bus");
        let _listener = UnixListener::bind(&socket).expect("bound");
        nix::unistd::chown(&socket, Some(Uid::from_raw(12345)), None).expect("given away");
        assert!(matches!(connect(&socket), Err(Insecure::Owner { uid: 12345, .. })));
    }
}
