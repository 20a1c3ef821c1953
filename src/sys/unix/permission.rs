//! Who may write a file, on Linux and macOS. Twin of `windows/permission.rs`.
//!
//! The file and its own folder: owner is the user or root, not writable by all, not writable by the group unless the
//! group is the user's private one (Debian and Fedora give each account one, with umask 002). Folders further up: owner is
//! the user, root or nobody, and not writable by all. The bits of a sticky folder pass everywhere, since only its owner can
//! rename another's file in it. Symlinks are
//! followed one by one, so the folders of each link are judged as well as those of its target, and so is the owner of
//! each link: in a sticky folder anybody may leave one.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User};

use crate::sys::permission::Insecure;

/// As many symlinks as Linux itself follows in one path.
const MAX_LINKS: usize = 40;

/// Opens a regular file for reading, if only the user or root can have written it.
pub(in crate::sys) fn open_owned(path: &Path) -> Result<File, Insecure> {
    // Without O_NONBLOCK, opening a pipe that a project put in a manifest's place would wait for ever.
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC);
    let file = options.open(path).map_err(|error| Insecure::read(path, error))?;
    let facts = file.metadata().map_err(|error| Insecure::read(path, error))?;
    if !facts.is_file() {
        return Err(Insecure::NotAFile(path.to_owned()));
    }
    // The way first: of a file behind somebody else's link, nothing is to be fixed.
    judge_folders(path)?;
    judge_near(path, &facts)?;
    Ok(file)
}

/// The rules for every folder that leads to a file, and for the links on the way.
fn judge_folders(path: &Path) -> Result<(), Insecure> {
    for (folder, is_own) in &PathWalk::along(path)?.folders {
        let facts = folder.symlink_metadata().map_err(|error| Insecure::read(folder, error))?;
        if *is_own && !is_sticky(&facts) {
            judge_near(folder, &facts)?;
        }
        judge_far(folder, &facts)?;
    }
    Ok(())
}

/// Judges a folder as the one that holds a manifest is judged, and every folder that leads to it.
pub(in crate::sys) fn check_folder(path: &Path) -> Result<(), Insecure> {
    let way = PathWalk::along(path)?;
    let facts = path.metadata().map_err(|error| Insecure::read(path, error))?;
    if !is_sticky(&facts) {
        judge_near(path, &facts)?;
    }
    way.judge_far()
}

/// Judges a socket: it is one, of the user or root, and through no folder of its way could everybody have put it there.
/// A group may write its folder, as it may `/var/run` of macOS.
pub(super) fn check_socket(path: &Path) -> Result<(), Insecure> {
    PathWalk::along(path)?.judge_far()?;
    let facts = path.metadata().map_err(|error| Insecure::read(path, error))?;
    if !facts.file_type().is_socket() {
        return Err(Insecure::NotASocket(path.to_owned()));
    }
    judge_owner(path, &facts)
}

/// Whether an absolute path leads to a socket that nobody else can have put there.
pub(crate) fn is_own_socket(path: &Path) -> bool {
    path.is_absolute() && check_socket(path).is_ok()
}

/// The rules for the file and its own folder.
fn judge_near(path: &Path, facts: &Metadata) -> Result<(), Insecure> {
    judge_owner(path, facts)?;
    if facts.mode() & 0o002 != 0 {
        return Err(Insecure::WorldWritable(path.to_owned()));
    }
    if facts.mode() & 0o020 != 0 && !is_private_group(facts.gid()) {
        return Err(Insecure::GroupWritable(path.to_owned()));
    }
    Ok(())
}

/// The rule for every folder on the way. Its owner can put another folder in the place of the next one.
fn judge_far(path: &Path, facts: &Metadata) -> Result<(), Insecure> {
    if facts.uid() != NOBODY {
        judge_owner(path, facts)?;
    }
    if facts.mode() & 0o002 != 0 && !is_sticky(facts) {
        return Err(Insecure::WorldWritable(path.to_owned()));
    }
    Ok(())
}

/// The user that Linux shows for ids which this user namespace does not map, and NFS for those that it hides: `/home` of a
/// container or of a file server is root's and looks like this.
const NOBODY: u32 = 65_534;

fn judge_owner(path: &Path, facts: &Metadata) -> Result<(), Insecure> {
    stranger(facts).map_or(Ok(()), |uid| Err(Insecure::Owner { path: path.to_owned(), uid }))
}

fn judge_link(path: &Path, facts: &Metadata) -> Result<(), Insecure> {
    stranger(facts).map_or(Ok(()), |uid| Err(Insecure::Link { path: path.to_owned(), uid }))
}

/// Whose it is, where it is neither ours nor root's.
fn stranger(facts: &Metadata) -> Option<u32> {
    let uid = facts.uid();
    (uid != 0 && uid != Uid::effective().as_raw()).then_some(uid)
}

fn is_sticky(facts: &Metadata) -> bool {
    facts.mode() & 0o1000 != 0
}

/// Whether the group is the user's own: primary, of the same name, with no other member.
fn is_private_group(gid: u32) -> bool {
    let Ok(Some(user)) = User::from_uid(Uid::effective()) else { return false };
    let Ok(Some(group)) = Group::from_gid(Gid::from_raw(gid)) else { return false };
    user.gid == group.gid
        && user.name == group.name
        && group.mem.iter().all(|member| *member == user.name)
}

/// Every folder that a path leads through, links resolved one at a time.
struct PathWalk {
    /// Each folder, and whether it directly holds the file or a link to it.
    folders: Vec<(PathBuf, bool)>,
    links: usize,
}

impl PathWalk {
    /// Walks an absolute path from the root.
    fn along(path: &Path) -> Result<Self, Insecure> {
        let mut walk = Self { folders: Vec::new(), links: 0 };
        let mut here = PathBuf::from("/");
        let mut ahead = names(path);
        while let Some(name) = ahead.pop_front() {
            walk.folders.push((here.clone(), ahead.is_empty()));
            if name == ".." {
                here.pop();
                continue;
            }
            let next = here.join(&name);
            let facts = next.symlink_metadata().map_err(|error| Insecure::read(&next, error))?;
            if facts.is_symlink() {
                walk.count_link(path)?;
                judge_link(&next, &facts)?;
                let target = next.read_link().map_err(|error| Insecure::read(&next, error))?;
                if target.is_absolute() {
                    here = PathBuf::from("/");
                }
                names(&target).into_iter().rev().for_each(|name| ahead.push_front(name));
            } else {
                here = next;
            }
        }
        Ok(walk)
    }

    /// The rule for every folder on the way, for each of them.
    fn judge_far(&self) -> Result<(), Insecure> {
        self.folders.iter().try_for_each(|(folder, _)| {
            let facts = folder.symlink_metadata().map_err(|error| Insecure::read(folder, error))?;
            judge_far(folder, &facts)
        })
    }

    fn count_link(&mut self, path: &Path) -> Result<(), Insecure> {
        self.links += 1;
        if self.links > MAX_LINKS { Err(Insecure::Links(path.to_owned())) } else { Ok(()) }
    }
}

/// The names of a path in order, `..` included.
fn names(path: &Path) -> VecDeque<OsString> {
    let name = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path, bits: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(bits)).expect("chmod");
    }

    /// `home` (0700) with `config/manifest` (0700, 0600) inside, below a sticky temporary folder.
    fn layout() -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().expect("temporary folder");
        let config = home.path().join("config");
        fs::create_dir(&config).expect("mkdir");
        mode(&config, 0o700);
        let file = config.join("manifest");
        fs::write(&file, "version = 1").expect("write");
        mode(&file, 0o600);
        (home, file)
    }

    #[test]
    fn a_file_of_the_user_in_private_folders_opens() {
        let (_home, file) = layout();
        open_owned(&file).expect("opens");
    }

    #[test]
    fn a_file_that_others_may_write_is_refused() {
        let (_home, file) = layout();
        mode(&file, 0o602);
        assert!(matches!(open_owned(&file), Err(Insecure::WorldWritable(path)) if path == file));
    }

    #[test]
    fn a_folder_that_others_may_write_is_refused_at_any_depth() {
        let (home, file) = layout();
        let config = home.path().join("config");
        mode(&config, 0o707);
        assert!(matches!(open_owned(&file), Err(Insecure::WorldWritable(path)) if path == config));
        mode(&config, 0o700);
        mode(home.path(), 0o707);
        assert!(
            matches!(open_owned(&file), Err(Insecure::WorldWritable(path)) if path == home.path())
        );
        mode(home.path(), 0o1707);
        open_owned(&file).expect("a sticky folder passes");
    }

    #[test]
    fn a_group_that_is_not_the_users_own_is_refused_for_the_file_and_its_folder_only() {
        let (home, file) = layout();
        let foreign = Group::from_name("daemon").expect("groups").map(|group| group.gid);
        let Some(gid) = foreign.filter(|_| Uid::effective().is_root()) else { return };
        for path in [&file, &home.path().join("config")] {
            nix::unistd::chown(path, None, Some(gid)).expect("chgrp");
            mode(path, 0o770);
            assert!(
                matches!(open_owned(&file), Err(Insecure::GroupWritable(found)) if found == *path)
            );
            mode(path, 0o700);
        }
        nix::unistd::chown(home.path(), None, Some(gid)).expect("chgrp");
        mode(home.path(), 0o770);
        open_owned(&file).expect("folders further up may be a group's");
    }

    #[test]
    fn the_folders_of_a_link_and_of_its_target_are_both_judged() {
        let (home, file) = layout();
        let (elsewhere, _) = layout();
        let link = elsewhere.path().join("config/link");
        symlink(&file, &link).expect("symlink");
        open_owned(&link).expect("both chains are private");

        mode(&elsewhere.path().join("config"), 0o777);
        assert!(matches!(open_owned(&link), Err(Insecure::WorldWritable(_))), "the link's folder");
        mode(&elsewhere.path().join("config"), 0o700);
        mode(home.path(), 0o777);
        assert!(matches!(open_owned(&link), Err(Insecure::WorldWritable(_))), "the target's chain");
    }

    #[test]
    fn pipes_folders_and_circles_end_at_once() {
        let (home, _) = layout();
        let pipe = home.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).expect("mkfifo");
        assert!(matches!(open_owned(&pipe), Err(Insecure::NotAFile(_))));
        assert!(matches!(open_owned(home.path()), Err(Insecure::NotAFile(_))));

        let circle = home.path().join("circle");
        symlink(&circle, &circle).expect("symlink");
        assert!(matches!(open_owned(&circle), Err(Insecure::Read { .. })));
        assert!(matches!(PathWalk::along(&circle), Err(Insecure::Links(_))));
        assert!(open_owned(&home.path().join("absent")).expect_err("absent").is_missing());
    }

    #[test]
    fn a_folder_further_up_of_somebody_else_is_refused() {
        let (home, file) = layout();
        if !Uid::effective().is_root() {
            return; // only root can give a folder away
        }
        let give = |uid| nix::unistd::chown(home.path(), Some(Uid::from_raw(uid)), None);
        for mode_of_it in [0o755, 0o1777] {
            mode(home.path(), mode_of_it);
            give(4242).expect("chown");
            let refused = open_owned(&file).expect_err("somebody else's");
            assert!(matches!(refused, Insecure::Owner { path, uid: 4242 } if path == home.path()));
            give(NOBODY).expect("chown");
            open_owned(&file).expect("an id that is not mapped here");
            give(0).expect("chown");
        }
    }

    #[test]
    fn a_file_or_link_of_somebody_else_is_refused() {
        let (home, file) = layout();
        if !Uid::effective().is_root() {
            return;
        }
        let stranger = Some(Uid::from_raw(4242));
        let link = home.path().join("link");
        symlink(&file, &link).expect("symlink");
        nix::unistd::fchownat(
            nix::fcntl::AT_FDCWD,
            &link,
            stranger,
            None,
            nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW,
        )
        .expect("chown");
        mode(&file, 0o666);
        let error = open_owned(&link).expect_err("somebody else's");
        assert_eq!(
            error.fix(),
            Some(format!("rm {}", link.display())),
            "not a chmod of its target"
        );
        assert!(matches!(error, Insecure::Link { path, uid: 4242 } if path == link));
        mode(&file, 0o600);
        nix::unistd::chown(&file, stranger, None).expect("chown");
        assert!(matches!(open_owned(&file), Err(Insecure::Owner { path, .. }) if path == file));
    }
}
