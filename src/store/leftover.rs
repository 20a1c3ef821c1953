//! What an install that was cut off leaves behind, and which installs there are.
//!
//! Leftovers are harmless: no receipt names them, so nothing starts from one. They take space until the next install,
//! which removes them, or until somebody asks for it.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use super::{Digest, Store, StoreError, remove};

/// What became of a folder that a cut-off install left.
#[derive(Debug)]
pub struct Removal {
    /// The folder.
    pub folder: PathBuf,
    /// Whether it is gone, and if not, why.
    pub outcome: Result<(), StoreError>,
}

impl Store {
    /// The folders that cut-off installs left. None while another process installs: what looks like it is its work.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        let turn = File::open(self.installs.join(".lock")).map(|lock| {
            let tried = lock.try_lock();
            (lock, tried)
        });
        match turn {
            Ok((_, Err(TryLockError::WouldBlock))) => Vec::new(),
            _ => self.named(|name| name.starts_with(".new-") || name.starts_with(OLD)),
        }
    }

    /// Removes what cut-off installs left, and gives an install whose replacement was cut off its name back. One that
    /// cannot be removed keeps no other.
    ///
    /// # Errors
    /// The store cannot be locked, or another account could change it.
    pub fn remove_leftovers(&self) -> Result<Vec<Removal>, StoreError> {
        if self.leftovers().is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.turn(&mut || {})?;
        let found = self.named(|name| name.starts_with(".new-") || name.starts_with(OLD));
        let tried = found.into_iter().map(|folder| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let outcome = match name.strip_prefix(OLD).map(str::parse::<Digest>) {
                Some(Ok(lock)) => self.finish_replacement(&lock),
                _ => remove(&folder),
            };
            Removal { folder, outcome }
        });
        Ok(tried.collect())
    }

    /// The lock entries that are installed.
    pub fn installed(&self) -> Vec<Digest> {
        let folders = self.named(|name| name.parse::<Digest>().is_ok());
        let digest = |folder: &PathBuf| folder.file_name()?.to_str()?.parse().ok();
        folders.iter().filter_map(digest).collect()
    }

    fn named(&self, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let entries = self.installs.read_dir().into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_str().is_some_and(&wanted))
            .map(|entry| entry.path())
            .collect();
        found.sort();
        found
    }
}

/// How a folder is called while another one takes its name.
const OLD: &str = ".old-";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::path::Paths;

    #[test]
    fn leftovers_go_and_a_cut_off_replacement_is_undone() {
        let home = tempfile::tempdir().expect("folder");
        let store = Store::of(&Paths::below(home.path()));
        assert!(store.remove_leftovers().expect("nothing to do").is_empty());
        let (first, second) = (Digest::hash(b"1"), Digest::hash(b"2"));
        let names = [
            ".new-abc".to_owned(),
            format!(".old-{first}"),
            format!(".old-{second}"),
            second.to_string(),
        ];
        for name in &names {
            std::fs::create_dir_all(store.installs.join(name).join("inside")).expect("made");
        }
        assert_eq!(store.installed(), [second]);
        assert_eq!(store.leftovers().len(), 3);
        let turn = store.turn(&mut || {}).expect("a turn");
        assert!(store.leftovers().is_empty(), "another process may be filling them");
        drop(turn);
        let removed = store.remove_leftovers().expect("a turn");
        assert_eq!(removed.iter().filter(|removal| removal.outcome.is_ok()).count(), 3);
        let mut left = store.installed();
        left.sort();
        let mut expected = [first, second];
        expected.sort();
        assert_eq!(left, expected);
        assert!(store.leftovers().is_empty());
    }
}
