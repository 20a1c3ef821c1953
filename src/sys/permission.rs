//! Whether another account could have written a file that decides what hushpipe runs.
//!
//! A manifest names programs and where secrets are, so whoever can change it can run code as the user. Reading one goes
//! through [`open_owned`]: the file is opened first and judged by its own descriptor, then every folder that leads to it
//! is judged, through each symlink and along each link's own folders. The rules differ by platform: they are in
//! `unix/permission.rs` and `windows/permission.rs`.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::os;
use crate::error::{Fault, Kind};

/// Opens a regular file for reading, if only the user or root can have written it.
///
/// # Errors
///
/// [`Insecure::Read`] when it cannot be opened, [`Insecure::NotAFile`] when it is a folder, a device or a pipe, and the
/// other variants when another account could change it or put another file in its place.
pub fn open_owned(path: &Path) -> Result<std::fs::File, Insecure> {
    let path = std::path::absolute(path).map_err(|error| Insecure::read(path, error))?;
    os::open_owned(&path)
}

/// The longest text that is read whole, in MiB. The largest lockfile on record has 2 MiB for 3,000 packages.
const LONGEST_MIB: u64 = 16;

/// Reads a text file, if only the user or root can have written it.
///
/// # Errors
/// As [`open_owned`]; [`Insecure::Read`] also where it is not UTF-8; [`Insecure::TooLarge`] where it is over 16 MiB.
pub fn read_owned(path: &Path) -> Result<String, Insecure> {
    let limit = LONGEST_MIB << 20;
    let file = open_owned(path)?;
    let size = file.metadata().map_or(0, |facts| facts.len());
    if size > limit {
        return Err(Insecure::TooLarge(path.to_owned()));
    }
    let mut text = String::with_capacity(usize::try_from(size).unwrap_or(0));
    let read = file.take(limit + 1).read_to_string(&mut text);
    // It may have grown since.
    match read.map_err(|error| Insecure::read(path, error))? as u64 > limit {
        true => Err(Insecure::TooLarge(path.to_owned())),
        false => Ok(text),
    }
}

/// Judges a folder as the one that holds a manifest is judged, and every folder that leads to it.
///
/// # Errors
/// As [`open_owned`], for a folder.
pub fn check_folder(path: &Path) -> Result<(), Insecure> {
    let path = std::path::absolute(path).map_err(|error| Insecure::read(path, error))?;
    os::check_folder(&path)
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Insecure {
    /// Opening it, or looking at a folder on the way, failed.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file, or the folder on the way.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is not a regular file.
    #[error("`{}` is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// It is not a socket.
    #[error("`{}` is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// It is a socket, and somebody else's process listens there.
    #[error("the process at `{}` belongs to user id {uid}, not to you", path.display())]
    Peer {
        /// The socket.
        path: PathBuf,
        /// Whose process it is.
        uid: u32,
    },
    /// It belongs to somebody else.
    #[error("`{}` belongs to user id {uid}, not to you or root", path.display())]
    Owner {
        /// The file or folder.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// It is reached through somebody else's symlink.
    #[error("link `{}` belongs to user id {uid}, not to you or root", path.display())]
    Link {
        /// The link.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// Its group may write to it.
    #[error("every member of its group can change `{}`", .0.display())]
    GroupWritable(PathBuf),
    /// Everybody may write to it.
    #[error("every account on this machine can change `{}`", .0.display())]
    WorldWritable(PathBuf),
    /// It is longer than any file of its kind.
    #[error("`{}` is larger than {LONGEST_MIB} MiB", .0.display())]
    TooLarge(PathBuf),
    /// Symlinks lead in a circle, or through more than 40.
    #[error("`{}` goes through too many symlinks", .0.display())]
    Links(PathBuf),
}

impl Insecure {
    /// A failure of the operating system at `path`.
    pub(in crate::sys) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    /// The command that fixes it, as a person types it.
    pub fn fix(&self) -> Option<String> {
        match self {
            Self::GroupWritable(path) => Some(format!("chmod g-w {}", quoted(path))),
            Self::WorldWritable(path) => Some(format!("chmod go-w {}", quoted(path))),
            Self::Owner { path, .. } => Some(format!("sudo chown \"$USER\" {}", quoted(path))),
            // Taking the link over would accept what its maker made it lead to.
            Self::Link { path, .. } => Some(format!("rm {}", quoted(path))),
            _ => None,
        }
    }

    /// Whether there simply is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

impl Fault for Insecure {
    fn kind(&self) -> Kind {
        match self {
            Self::Read { .. } => Kind::Io,
            _ => Kind::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Owner { .. } => {
                self.fix().map(|fix| format!("make it yours with `{fix}`, or copy it"))
            }
            Self::Link { .. } => {
                self.fix().map(|fix| format!("check where it points, then remove it with `{fix}`"))
            }
            Self::GroupWritable(_) | Self::WorldWritable(_) => {
                self.fix().map(|fix| format!("run `{fix}`"))
            }
            Self::TooLarge(_) => {
                Some("restore it from a backup or from version control".to_owned())
            }
            Self::Read { .. }
            | Self::NotAFile(_)
            | Self::NotASocket(_)
            | Self::Peer { .. }
            | Self::Links(_) => None,
        }
    }
}

/// A path as one word of a shell command line.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let separator = |c: char| c == '/' || std::path::is_separator(c);
    let plain = |c: char| c.is_alphanumeric() || separator(c) || "._-+@:,".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_one_shell_word() {
        assert_eq!(quoted(Path::new("/a/b-c.toml")), "/a/b-c.toml");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
