//! The figures of a single executable whose digest was once checked, so that a launch need not hash it again.
//!
//! One line per executable in a file of its own among the receipts: figures and digest, parted by tabs. A seal that is
//! missing, broken or of other figures only costs the time to hash.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::{Digest, Store};
use crate::sys::{os, permission, private};

impl Store {
    /// Whether an executable has this digest.
    ///
    /// # Errors
    /// The executable cannot be read.
    pub fn holds(&self, executable: &Path, expected: Digest) -> io::Result<bool> {
        let mut open = File::open(executable)?;
        let before = os::facts_of_file(&open)?.stamp;
        let line = |digest: Digest| {
            let (inode, size) = (before.inode, before.size);
            format!("{inode}\t{size}\t{}\t{}\t{digest}\n", before.modified, before.changed)
        };
        let seal = self.seal(executable);
        if permission::read_owned(&seal).is_ok_and(|sealed| sealed == line(expected)) {
            return Ok(true);
        }
        let digest = Digest::hash_reader(&mut open)?;
        let untouched = os::facts_of_file(&open)?.stamp == before;
        if digest == expected && untouched {
            // Next time is slower without it, and not less safe.
            let _ = private::replace(&seal, line(expected).as_bytes());
        }
        Ok(digest == expected && untouched)
    }

    fn seal(&self, executable: &Path) -> PathBuf {
        let name = Digest::hash(executable.as_os_str().as_encoded_bytes());
        self.receipts.join(format!("binary-{name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::path::Paths;

    #[test]
    fn an_executable_is_hashed_again_when_its_figures_change() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::of(&Paths::below(home.path()));
        let tool = home.path().join("tool");
        std::fs::write(&tool, "one").unwrap();
        assert!(store.holds(&tool, Digest::hash(b"one")).unwrap());
        assert!(!store.holds(&tool, Digest::hash(b"two")).unwrap());
        std::fs::write(&tool, "two").unwrap();
        assert!(!store.holds(&tool, Digest::hash(b"one")).unwrap());
        assert!(store.holds(&tool, Digest::hash(b"two")).unwrap());
    }

    #[test]
    fn a_seal_answers_without_reading_the_content() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::of(&Paths::below(home.path()));
        let tool = home.path().join("tool");
        std::fs::write(&tool, "one").unwrap();
        assert!(store.holds(&tool, Digest::hash(b"one")).unwrap());
        let seal = std::fs::read_to_string(store.seal(&tool)).unwrap();
        let other =
            seal.replace(&Digest::hash(b"one").to_string(), &Digest::hash(b"x").to_string());
        std::fs::write(store.seal(&tool), other).unwrap();
        assert!(store.holds(&tool, Digest::hash(b"x")).unwrap());
    }
}
