//! The side of a provider that stores: for the verbs that a person runs, and for what is sealed outside a store.

use zeroize::Zeroizing;

use super::Failure;
use crate::secret::Secret;

/// A provider that hushpipe can store into: blocking calls, for the verbs that a person runs.
pub trait WritableStore {
    /// Stores a value under a name, in place of an earlier one.
    ///
    /// # Errors
    /// The name or the value cannot be held, or the store cannot be read or written; nothing has changed then.
    fn put(&self, name: &str, value: &Secret) -> Result<PutOutcome, Failure>;

    /// Removes a name.
    ///
    /// # Errors
    /// [`Failure::NotFound`], or the store cannot be read or written; nothing has changed then.
    fn remove(&self, name: &str) -> Result<(), Failure>;

    /// Seals the store anew with the key that its settings name, having opened it with the key at `from`, or with the one
    /// that it has without settings. The old key stays where it is.
    ///
    /// # Errors
    /// The store has no key of its own, or either key is not there or not right; nothing has changed then.
    fn rekey(&self, _from: Option<&str>) -> Result<Rekeyed, Failure> {
        Err(Failure::BadPath { reason: "only a `local` store has a key of its own" })
    }

    /// What seals files with this store's key, where it has one of its own.
    fn sealer(&self) -> Option<Box<dyn Sealer>> {
        None
    }

    /// Lists what is stored, by name, without a value. An absent store is an empty one.
    ///
    /// # Errors
    /// The store is there and cannot be read, or [`Failure::NoService`] where this machine can have none.
    fn list(&self) -> Result<Vec<StoredItem>, Failure>;

    /// Whether the store is there and answers. A store that is made when it is first needed is there.
    ///
    /// # Errors
    /// It is not, or is locked.
    fn reach(&self) -> Result<(), Failure> {
        self.list().map(drop)
    }
}

/// Seals what is kept outside a store with the store's key: blocking calls, on any thread.
pub trait Sealer: Send {
    /// Seals some bytes. Makes the key where there is none yet.
    ///
    /// # Errors
    /// The key cannot be had, or not be made.
    fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, Failure>;

    /// Opens what was sealed.
    ///
    /// # Errors
    /// The key cannot be had, or is another one; or this is nothing that was sealed.
    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure>;
}

/// What storing did.
#[derive(Debug, PartialEq, Eq)]
pub struct PutOutcome {
    /// Whether there was a value under this name before.
    pub replaced: bool,
    /// What the person must know about how it is kept, where this call decided it.
    pub notice: Option<String>,
}

/// What a change of keys did.
#[derive(Debug, PartialEq, Eq)]
pub struct Rekeyed {
    /// The key that no longer opens the store.
    pub from: String,
    /// The key that does.
    pub to: String,
}

/// One stored secret, without its value.
#[derive(Debug, PartialEq, Eq)]
pub struct StoredItem {
    /// Its name.
    pub name: String,
    /// When it was first stored, in seconds since 1970, where the store says.
    pub created: Option<u64>,
    /// When it was last stored, in seconds since 1970, where the store says.
    pub updated: Option<u64>,
    /// Its length in bytes, where the store says without showing the value.
    pub length: Option<usize>,
}
