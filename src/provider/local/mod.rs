//! `local://name`: hushpipe's own store, for machines without a keychain. One age-encrypted file and its key.
//!
//! The store is `secrets/local.age` in the data folder, of mode 0600, in the format of `age`. Its key is where `key` of
//! `[providers.local]` says (`key/`): by default the file `local.key` in the config folder, so that
//! `age -d -i local.key local.age` opens it. That file beside the store is as good as plaintext to whoever can read this
//! user's files, and the first `secret set` says so; `secret rekey` moves a store to another key. The store is replaced
//! whole under a lock, so readers need none and two writers lose nothing.
//!
//! Refuses a key that others can read, a key or store that others could have written, a store without its key.

mod contents;
mod key;

use std::fs::File;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::detached::detached;
use super::{
    Failure, Fetched, Fetching, Fields, Leases, MAX_VALUE, Provider, ProviderKind, PutOutcome,
    Rekeyed, Sealer, Settings, StoredItem, Surroundings, WritableStore, config,
};
use crate::secret::{Secret, SecretRef};
use crate::sys::{clock, os, permission, private};
use contents::StoreContents;
use key::{Key, Named, NotOpened, Source};

pub(super) const KIND: ProviderKind = ProviderKind {
    scheme: "local",
    about: "hushpipe's own encrypted file, filled by `hushpipe secret set`",
    query: &[],
    fields: Fields::Json,
    built_in_settings: true,
    remote: false,
    settings: config::parse::<Local>,
    schema: config::describe::<Local>,
};

/// The largest store that is read, in bytes.
const MAX_STORE: u64 = 64 * 1024 * 1024;

/// Settings of the local provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Local {
    /// The encrypted file; by default `secrets/local.age` in the data folder.
    file: Option<PathBuf>,
    /// Where its key is: `file:///path`, `keychain://account`, `systemd-credential://name` or `passphrase-file:///path`;
    /// by default the file `local.key` in the config folder.
    #[schemars(with = "Option<String>", regex(pattern = key::PATTERN))]
    key: Option<Named>,
}

impl Settings for Local {
    fn open<'a>(&self, surroundings: Surroundings<'a>) -> Box<dyn Provider + 'a> {
        let Surroundings { paths, .. } = surroundings;
        let default_key = Named::File(paths.config.join("local.key"));
        let key = self.key.clone().unwrap_or_else(|| default_key.clone());
        Box::new(Store {
            file: self.file.clone().unwrap_or_else(|| paths.data.join("secrets/local.age")),
            key: Source::new(key, surroundings),
            default_key,
        })
    }
}

/// One store: where it is and where its key is.
#[derive(Debug, Clone)]
struct Store {
    file: PathBuf,
    key: Source,
    default_key: Named,
}

impl Provider for Store {
    fn check(&self, coordinate: &SecretRef) -> Result<(), Failure> {
        if !self.file.is_absolute() {
            let reason = "the `file` of a `local` provider is an absolute path";
            return Err(Failure::BadPath { reason });
        }
        check_name(&coordinate.path)
    }

    fn fetch<'a>(&'a self, coordinate: &'a SecretRef, _: &'a Leases) -> Fetching<'a> {
        let (store, reference) = (self.clone(), coordinate.clone());
        Box::pin(detached(move || store.get(&reference)))
    }

    fn unlock(&self, _coordinate: Option<&SecretRef>) -> Result<(), Failure> {
        self.key.unlock()
    }

    fn caution(&self) -> Option<String> {
        self.key.caution()
    }

    fn keeper(&self) -> Option<&dyn WritableStore> {
        Some(self)
    }
}

impl WritableStore for Store {
    fn put(&self, name: &str, value: &Secret) -> Result<PutOutcome, Failure> {
        check_name(name)?;
        if value.len() as u64 > MAX_VALUE {
            return Err(Failure::Unfit {
                reason: format!("is longer than {MAX_VALUE} bytes"),
                hint: None,
            });
        }
        let _lock = self.lock()?;
        let (mut contents, key) = match self.load()? {
            Some((contents, key)) => (contents, Some(key)),
            None => (StoreContents::default(), self.key.load()?),
        };
        let replaced = contents.set(name, value, clock::now());
        let (key, notice) = match key {
            Some(key) => (key, None),
            None => (self.key.create()?, self.key.caution()),
        };
        self.save(&contents, &key)?;
        Ok(PutOutcome { replaced, notice })
    }

    fn remove(&self, name: &str) -> Result<(), Failure> {
        let missing = || not_found(name, "`hushpipe secret list` shows what is stored".to_owned());
        if !self.file.exists() {
            return Err(missing());
        }
        let _lock = self.lock()?;
        let (mut contents, key) = self.load()?.ok_or_else(missing)?;
        if !contents.remove(name) {
            return Err(missing());
        }
        self.save(&contents, &key)
    }

    fn rekey(&self, from: Option<&str>) -> Result<Rekeyed, Failure> {
        let from = from.map(str::parse).transpose()?.unwrap_or_else(|| self.default_key.clone());
        let old = Self { key: self.key.elsewhere(from), ..self.clone() };
        old.key.unlock()?;
        self.key.unlock()?;
        if !self.file.exists() {
            return Err(not_found(
                "anything",
                "there is no store to move to another key".to_owned(),
            ));
        }
        let _lock = self.lock()?;
        let (contents, _) = old.load()?.ok_or(Failure::Stopped)?;
        // A key that is there already serves: whoever put it there may have kept a copy.
        let key = self.key.load()?.map_or_else(|| self.key.create(), Ok)?;
        self.save(&contents, &key)?;
        Ok(Rekeyed { from: old.key.to_string(), to: self.key.to_string() })
    }

    fn sealer(&self) -> Option<Box<dyn Sealer>> {
        Some(Box::new(self.clone()))
    }

    fn list(&self) -> Result<Vec<StoredItem>, Failure> {
        Ok(self.load()?.map(|(contents, _)| contents.kept()).unwrap_or_default())
    }
}

impl Sealer for Store {
    fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, Failure> {
        let _lock = self.lock()?;
        // Opened where it is there, so that no new key is made for a store whose own is missing.
        let key = match self.load()? {
            Some((_, key)) => key,
            None => self.key.load()?.map_or_else(|| self.key.create(), Ok)?,
        };
        key.seal(plain)
            .map_err(|source| Failure::Io { action: "sealing a value".to_owned(), source })
    }

    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let key = self.key.load()?.ok_or(Failure::Stopped)?;
        key.open(sealed).map_err(|_| Failure::Stopped)
    }
}

impl Store {
    fn get(&self, reference: &SecretRef) -> Result<Fetched, Failure> {
        let missing = || {
            let hint = format!("ask the user to store it with `hushpipe secret set {reference}`");
            not_found(&reference.path, hint)
        };
        let (contents, _) = self.load()?.ok_or_else(missing)?;
        let (value, updated) = contents.take(&reference.path).ok_or_else(missing)?;
        Ok(Fetched {
            version: Some(clock::utc(updated)),
            created: Some(updated),
            ..Fetched::of(value)
        })
    }

    /// The decrypted store and its key; nothing where there is no store yet.
    fn load(&self) -> Result<Option<(StoreContents, Key)>, Failure> {
        let Some(mut file) = open(&self.file)? else { return Ok(None) };
        let sealed = private::read_limited(&mut file, MAX_STORE)
            .map_err(|error| Failure::of_file("reading", &self.file, error))?;
        let damaged =
            |reason, hint: String| Failure::Damaged { path: self.file.clone(), reason, hint };
        let restore =
            || "restore it from a backup, or move it away and store your secrets again".to_owned();
        let another = || {
            format!(
                "restore the key that it was created with as {}, or move the store to the new key with \
                 `hushpipe secret rekey --from KEY`, where KEY is {}",
                self.key,
                key::FORMS
            )
        };
        let key = self.key.load()?.ok_or_else(|| damaged("its key is missing", another()))?;
        let plain = key.open(&sealed).map_err(|not_opened| match not_opened {
            NotOpened::OtherKey => damaged("it was created with another key", another()),
            NotOpened::Damaged => {
                damaged("it is damaged, or another program changed it", restore())
            }
        })?;
        let contents = StoreContents::parse(&plain).map_err(|reason| damaged(reason, restore()))?;
        Ok(Some((contents, key)))
    }

    fn save(&self, contents: &StoreContents, key: &Key) -> Result<(), Failure> {
        let plain: Zeroizing<Vec<u8>> = contents.to_json();
        key.seal(&plain)
            .and_then(|sealed| private::replace(&self.file, &sealed))
            .map_err(|error| Failure::of_file("writing", &self.file, error))
    }

    /// Keeps other writers out until it is dropped. Waits for them: each holds it for milliseconds.
    fn lock(&self) -> Result<File, Failure> {
        let path = self.file.with_extension("lock");
        private::lock(&path, &mut || ()).map_err(|error| Failure::of_file("locking", &path, error))
    }
}

/// Opens a file of ours, if nobody else can have written it; nothing where there is none.
fn open(path: &Path) -> Result<Option<File>, Failure> {
    match permission::open_owned(path) {
        Ok(file) => Ok(Some(file)),
        Err(insecure) if insecure.is_missing() => Ok(None),
        Err(insecure) => Err(Failure::of_opening(path, insecure)),
    }
}

fn not_found(name: &str, hint: String) -> Failure {
    Failure::NotFound { place: format!("`{name}` in the local store"), hint }
}

/// Names are short and plain, so that they can be shown, typed and written in a manifest as they are.
fn check_name(name: &str) -> Result<(), Failure> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/@+".contains(&b);
    if name.is_empty() || name.len() > 128 || !name.bytes().all(plain) {
        return Err(Failure::BadPath {
            reason: "a `local` name is 1 to 128 letters, digits and `._-/@+`",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
