//! Figures of files. The standard library gives no handle-relative look-ups here, so a folder is its path.

use std::fs::Metadata;
use std::io;
use std::os::windows::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::sys::stat::{Facts, Shape, Stamp};

/// A folder.
pub struct Folder(PathBuf);

impl Folder {
    /// Opens a folder. A link in its place is refused.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        match std::fs::symlink_metadata(path)?.is_dir() {
            true => Ok(Self(path.to_owned())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// Opens a folder below this one. A link in its place is refused.
    ///
    /// # Errors
    /// What the file system says.
    pub fn below(&self, path: &str) -> io::Result<Self> {
        Self::open(&self.0.join(path))
    }

    /// The folder's own figures.
    ///
    /// # Errors
    /// What the file system says.
    pub fn facts(&self) -> io::Result<Facts> {
        Ok(facts(&std::fs::symlink_metadata(&self.0)?))
    }

    /// The figures of an entry; of a link itself, not of its target.
    ///
    /// # Errors
    /// What the file system says.
    pub fn facts_of(&self, name: &str) -> io::Result<Facts> {
        Ok(facts(&std::fs::symlink_metadata(self.0.join(name))?))
    }
}

/// The figures of an open file.
///
/// # Errors
/// What the file system says.
pub fn facts_of_file(file: &std::fs::File) -> io::Result<Facts> {
    Ok(facts(&file.metadata()?))
}

/// Takes the right to write from others: nothing to do, a profile is private by its access list.
///
/// # Errors
/// Never.
pub fn make_private(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn facts(metadata: &Metadata) -> Facts {
    let shape = if metadata.is_symlink() {
        Shape::Link
    } else if metadata.is_dir() {
        Shape::Folder
    } else {
        Shape::File
    };
    let size = if shape == Shape::Folder { 0 } else { metadata.file_size() };
    let stamp = Stamp {
        inode: 0,
        size,
        modified: nanoseconds(metadata.last_write_time()),
        changed: nanoseconds(metadata.creation_time()),
    };
    Facts { shape, exposed: false, stamp }
}

/// File times count 100 ns since 1601; the offset to 1970 is in the same unit.
fn nanoseconds(file_time: u64) -> i64 {
    const TO_1970: i64 = 116_444_736_000_000_000;
    i64::try_from(file_time).unwrap_or(0).saturating_sub(TO_1970).saturating_mul(100)
}
