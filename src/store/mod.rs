//! Installs of locked packages, one folder per lock entry, and what is true of each on this machine.
//!
//! An install is filled under another name, recorded, and only then given its own: a reader finds a whole one or none,
//! also after a crash. One process at a time installs; the others wait and find the work done. A folder is never
//! changed afterwards, only replaced: what a server itself has added to it is carried over then. Without a receipt an
//! install does not count, so nothing needs to be flushed but the receipt: a file that a power cut emptied has other
//! figures, and the check at launch refuses it.

mod leftover;
mod loadable;
mod receipt;
mod seal;
mod tree;
mod verify;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{self, Fault, Kind};
use crate::mcp::Era;
use crate::sys::path::Paths;
use crate::sys::permission::{self, Insecure};
use crate::sys::private;

pub use crate::sys::digest::{Digest, NotADigest};
pub use leftover::Removal;
pub use receipt::{
    Entries, EntryContent, EntryRecord, FolderRecord, Malformed, Receipt, Runtime, Tie,
};
pub use verify::{CheckResult, Depth, FileDifference, Flaw};

/// The store of one user.
#[derive(Debug, Clone)]
pub struct Store {
    installs: PathBuf,
    receipts: PathBuf,
}

/// What [`Store::install`] did.
#[derive(Debug)]
pub struct Installed {
    /// The receipt, now on disk.
    pub receipt: Receipt,
    /// Whether it had to be filled; otherwise a whole install was there.
    pub filled: bool,
}

impl Store {
    /// The store below these folders.
    pub fn of(paths: &Paths) -> Self {
        Self { installs: paths.data.join("store"), receipts: paths.state.join("receipts") }
    }

    /// Where the install of a lock entry is, or would be.
    pub fn folder(&self, lock: &Digest) -> PathBuf {
        self.installs.join(lock.to_string())
    }

    /// The folders that decide what runs: that of the installs and that of the receipts.
    pub fn folders(&self) -> [&Path; 2] {
        [&self.installs, &self.receipts]
    }

    /// Reads the receipt of a lock entry.
    ///
    /// # Errors
    /// [`StoreError::NotInstalled`] where there is none; others where it cannot be read or does not read.
    pub fn receipt(&self, lock: &Digest) -> Result<Receipt, StoreError> {
        let path = self.receipts.join(lock.to_string());
        let text = match permission::read_owned(&path) {
            Ok(text) => text,
            Err(error) if error.is_missing() => return Err(StoreError::NotInstalled),
            Err(error) => return Err(error.into()),
        };
        let receipt: Receipt = text.parse()?;
        match receipt.lock == *lock {
            true => Ok(receipt),
            false => Err(Malformed(format!("lock\t{}", receipt.lock)).into()),
        }
    }

    /// Compares an install with its receipt, and writes new figures to the receipt where only figures had changed and
    /// the receipt is writable.
    ///
    /// # Errors
    /// A file cannot be read, or another account could put a folder in the install's place behind the check. What differs
    /// is no error here: see [`CheckResult::differences`].
    pub fn check(&self, receipt: &Receipt, depth: Depth) -> Result<CheckResult, StoreError> {
        self.judge()?;
        let findings = verify::check(&self.folder(&receipt.lock), receipt, depth)?;
        if let Some(renewed) = &findings.renewed {
            // Next time is slower without it, and not less safe: a store may be read-only.
            let _ = self.save(renewed);
        }
        Ok(findings)
    }

    /// Adds to a receipt what a session has shown of the server's era.
    ///
    /// # Errors
    /// There is no such receipt any more, or it cannot be written.
    pub fn note_era(&self, lock: &Digest, era: Era) -> Result<(), StoreError> {
        let _turn = self.turn(&mut || ())?;
        let receipt = Receipt { era: Some(era), ..self.receipt(lock)? };
        self.save(&receipt)
    }

    /// Makes sure that a lock entry is installed and whole, run by the program `runtime`. One that is tied to another
    /// runtime is installed anew.
    ///
    /// `waiting` is called once if another process is installing. `fill` puts the files into an empty folder and returns
    /// the arguments that the runtime needs before the entry point.
    ///
    /// # Errors
    /// Those of `fill`, and [`StoreError`].
    pub fn install(
        &self,
        lock: Digest,
        runtime: Runtime,
        tie: Tie,
        waiting: &mut dyn FnMut(),
        fill: impl FnOnce(&Path) -> error::Result<Vec<String>>,
    ) -> error::Result<Installed> {
        let _turn = self.turn(waiting)?;
        self.finish_replacement(&lock)?;
        if let Some(mut receipt) = self.whole(&lock)?.filter(|whole| tie.fits(whole, &runtime)) {
            receipt.runtime = Runtime { flags: receipt.runtime.flags, ..runtime };
            self.save(&receipt)?;
            return Ok(Installed { receipt, filled: false });
        }
        let new = self.empty_folder()?;
        // Removed with all that is in it, should anything fail from here to its renaming.
        let flags = fill(new.path())?;
        let outside = (tie == Tie::One).then_some(runtime.path.as_path());
        let folders = tree::record(new.path(), outside)?;
        let tree = tree::digest(&folders).map_err(StoreError::from)?;
        let runtime = Runtime { flags, ..runtime };
        let receipt = Receipt { lock, tree, runtime, era: None, folders };
        self.put_in_place(new.path(), &receipt)?;
        let _ = new.keep();
        // The folder's own figures changed with its name, and those of folders that got data.
        let findings = verify::check(&self.folder(&lock), &receipt, Depth::Figures)?;
        let receipt = findings.renewed.unwrap_or(receipt);
        self.save(&receipt)?;
        Ok(Installed { receipt, filled: true })
    }

    /// The right to change the store, until dropped. The kernel ends it with the process, however that dies. Nobody has it
    /// in a store that others may change: what they put among fresh files would be recorded as installed.
    fn turn(&self, waiting: &mut dyn FnMut()) -> Result<File, StoreError> {
        let path = self.installs.join(".lock");
        let turn = private::lock(&path, waiting).map_err(|source| StoreError::io(&path, source))?;
        self.judge()?;
        Ok(turn)
    }

    /// Refuses a store in which another account could put a folder in the place of an install.
    fn judge(&self) -> Result<(), StoreError> {
        match permission::check_folder(&self.installs) {
            Err(error) if !error.is_missing() => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// A folder to fill, of a name that was never used: a package manager that outlived a killed hushpipe may still
    /// write to the last one.
    fn empty_folder(&self) -> Result<tempfile::TempDir, StoreError> {
        const PREFIX: &str = ".new-";
        let at = |source| StoreError::io(&self.installs, source);
        for entry in std::fs::read_dir(&self.installs).map_err(at)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                let _ = remove(&entry.path());
            }
        }
        tempfile::Builder::new().prefix(PREFIX).tempdir_in(&self.installs).map_err(at)
    }

    /// The receipt of an install that is as it was locked.
    fn whole(&self, lock: &Digest) -> Result<Option<Receipt>, StoreError> {
        let receipt = match self.receipt(lock) {
            Ok(receipt) => receipt,
            Err(StoreError::NotInstalled | StoreError::Malformed(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let findings = verify::check(&self.folder(lock), &receipt, Depth::Figures)?;
        let receipt = findings.renewed.unwrap_or(receipt);
        Ok(findings.differences.is_empty().then_some(receipt))
    }

    /// Gives a filled folder its name. A folder that has it already is not whole: only what its server added is kept,
    /// copied before anything is moved, so that being cut off loses nothing.
    fn put_in_place(&self, new: &Path, receipt: &Receipt) -> Result<(), StoreError> {
        let (place, old) = (self.folder(&receipt.lock), self.old(&receipt.lock));
        let moved = |from: &Path, to: &Path| {
            std::fs::rename(from, to).map_err(|source| StoreError::io(to, source))
        };
        if place.symlink_metadata().is_ok() {
            tree::carry_over(&place, new, receipt)?;
            moved(&place, &old)?;
        }
        moved(new, &place)?;
        remove(&old)
    }

    /// Finishes a replacement that was cut off between its two moves, or after them.
    fn finish_replacement(&self, lock: &Digest) -> Result<(), StoreError> {
        let (place, old) = (self.folder(lock), self.old(lock));
        if old.symlink_metadata().is_err() {
            return Ok(());
        }
        match place.symlink_metadata() {
            Ok(_) => remove(&old),
            Err(_) => {
                std::fs::rename(&old, &place).map_err(|source| StoreError::io(&place, source))
            }
        }
    }

    /// Where an install is while another one takes its name.
    fn old(&self, lock: &Digest) -> PathBuf {
        self.installs.join(format!(".old-{lock}"))
    }

    fn save(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let path = self.receipts.join(receipt.lock.to_string());
        private::replace(&path, receipt.to_text().as_bytes())
            .map_err(|source| StoreError::io(&path, source))
    }
}

/// Removes a folder or a file, if it is there.
fn remove(path: &Path) -> Result<(), StoreError> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(_) => return Ok(()),
    };
    removed.map_err(|source| StoreError::io(path, source))
}

/// Why the store could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no receipt of this lock entry on this machine.
    #[error("the locked package is not installed on this machine")]
    NotInstalled,
    /// A receipt is not readable, or another account could have written it or could change the store.
    #[error(transparent)]
    Insecure(#[from] Insecure),
    /// A receipt does not read.
    #[error("cannot read the receipt of an install")]
    Malformed(#[from] Malformed),
    /// A file's name is not UTF-8 or holds control characters.
    #[error("cannot record the name of `{}`", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// A package brought a link that leaves its install.
    #[error("link `{}` points outside the install", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A package brought something that is neither file, folder nor link.
    #[error("`{}` is neither a file, a folder nor a link", path.display())]
    Special {
        /// The entry.
        path: PathBuf,
    },
    /// A file changed while it was hashed.
    #[error("`{}` is being written", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// A thread of the check ended early.
    #[error("the check of the install did not finish")]
    Worker,
    /// The file system refused.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

impl StoreError {
    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

impl Fault for StoreError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotInstalled | Self::Malformed(_) => Kind::Config,
            Self::Name { .. } | Self::Link { .. } | Self::Special { .. } | Self::Busy { .. } => {
                Kind::Integrity
            }
            Self::Insecure(error) => error.kind(),
            Self::Worker => Kind::Internal,
            Self::Io { .. } => Kind::Io,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotInstalled | Self::Malformed(_) => Some("run `hushpipe sync`".into()),
            Self::Insecure(error) => error.hint(),
            Self::Io { source, path } if source.kind() == io::ErrorKind::PermissionDenied => {
                let look = || format!("check its owner and mode: `ls -ld {}`", path.display());
                Some(private::hint(source).unwrap_or_else(look))
            }
            _ => None,
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
