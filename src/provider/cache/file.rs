//! Values in files, where there is no memory for them: one encrypted file for each, of mode 0600, in the state folder.
//!
//! Encrypted with the key of the local store, wherever that is kept (`local/key/`); the file's name is a digest under
//! the machine's key. A file that cannot be opened, or was made with another key, counts as none.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::super::{Failure, MAX_VALUE, Sealer};
use crate::sys::{permission, private};

/// What a file may hold besides a value, in bytes.
const ROOM: u64 = 64 * 1024;

/// The ending of the files' names.
const ENDING: &str = "age";

/// The files of one provider.
pub(super) struct CacheFolder {
    path: PathBuf,
}

impl CacheFolder {
    /// The files of a provider, in a folder called like it. Does no I/O.
    pub(super) fn of(cache: &Path, provider: &str) -> Self {
        Self { path: cache.join(provider) }
    }

    /// Keeps some bytes under a name, in place of what was there.
    ///
    /// # Errors
    /// The key cannot be had, or the file not be written.
    pub(super) fn put(&self, name: &str, bytes: &[u8], sealer: &dyn Sealer) -> Result<(), Failure> {
        let sealed = sealer.seal(bytes)?;
        let path = self.file(name);
        private::replace(&path, &sealed).map_err(|error| Failure::of_file("writing", &path, error))
    }

    /// What is kept under a name.
    pub(super) fn get(&self, name: &str, sealer: &dyn Sealer) -> Option<Zeroizing<Vec<u8>>> {
        let mut file = permission::open_owned(&self.file(name)).ok()?;
        let sealed = private::read_limited(&mut file, MAX_VALUE + ROOM).ok()?;
        sealer.open(&sealed).ok()
    }

    /// Drops what is kept under a name; whether there was something.
    pub(super) fn remove(&self, name: &str) -> bool {
        fs::remove_file(self.file(name)).is_ok()
    }

    /// Drops what is older than this; how many there were.
    pub(super) fn remove_older(&self, age: Duration) -> usize {
        let Ok(entries) = fs::read_dir(&self.path) else { return 0 };
        let is_old = |path: &Path| {
            let written = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
            let old = |written| SystemTime::now().duration_since(written).is_ok_and(|is| is >= age);
            path.extension().is_some_and(|ending| ending == ENDING) && written.is_ok_and(old)
        };
        let paths = entries.flatten().map(|entry| entry.path()).filter(|path| is_old(path));
        paths.filter(|path| fs::remove_file(path).is_ok()).count()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name).with_extension(ENDING)
    }
}
