//! `local://name`: hushpipe's own store, for machines without a keychain. One age-encrypted file and its key.
//!
//! The store is `secrets/local.age` in the data folder, the key `local.key` in the config folder, both of mode 0600, in
//! the formats of `age` and `age-keygen`, so that `age -d -i local.key local.age` opens it. A key file beside the store
//! is as good as plaintext to whoever can read this user's files, and the first `secret set` says so; other key
//! sources come later. The store is replaced whole under a lock, so readers need none and two writers lose nothing.
//!
//! Refuses a key that others can read, a key or store that others could have written, a store without its key.

mod contents;
mod key;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::detached::detached;
use super::{
    Failure, Fetched, Fetching, Fields, Keeper, Kept, Kind, MAX_VALUE, Provider, Put, Settings,
    Surroundings, config,
};
use crate::secret::{Secret, SecretRef};
use crate::sys::{clock, os, permission, private};
use contents::Contents;

pub(super) const KIND: Kind = Kind {
    scheme: "local",
    about: "hushpipe's own encrypted file, filled by `hushpipe secret set`",
    query: &[],
    fields: Fields::Json,
    built_in_settings: true,
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
    /// The key file; by default `local.key` in the config folder.
    key_file: Option<PathBuf>,
}

impl Settings for Local {
    fn open<'a>(&self, surroundings: Surroundings<'a>) -> Box<dyn Provider + 'a> {
        let Surroundings { paths, .. } = surroundings;
        Box::new(Store {
            file: self.file.clone().unwrap_or_else(|| paths.data.join("secrets/local.age")),
            key_file: self.key_file.clone().unwrap_or_else(|| paths.config.join("local.key")),
        })
    }
}

/// One store: where its two files are.
#[derive(Debug, Clone)]
struct Store {
    file: PathBuf,
    key_file: PathBuf,
}

impl Provider for Store {
    fn check(&self, coordinate: &SecretRef) -> Result<(), Failure> {
        if !self.file.is_absolute() || !self.key_file.is_absolute() {
            return Err(Failure::BadPath {
                reason: "`file` and `key_file` of a `local` provider are absolute paths",
            });
        }
        check_name(&coordinate.path)
    }

    fn fetch<'a>(&'a self, coordinate: &'a SecretRef) -> Fetching<'a> {
        let (store, reference) = (self.clone(), coordinate.clone());
        Box::pin(detached(move || store.get(&reference)))
    }

    fn keeper(&self) -> Option<&dyn Keeper> {
        Some(self)
    }
}

impl Keeper for Store {
    fn put(&self, name: &str, value: &Secret) -> Result<Put, Failure> {
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
            None => (Contents::default(), self.key()?),
        };
        let replaced = contents.set(name, value, clock::now());
        let (key, notice) = match key {
            Some(key) => (key, None),
            None => (key::create(&self.key_file)?, Some(self.notice())),
        };
        self.save(&contents, &key)?;
        Ok(Put { replaced, notice })
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

    fn list(&self) -> Result<Vec<Kept>, Failure> {
        Ok(self.load()?.map(|(contents, _)| contents.kept()).unwrap_or_default())
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
        Ok(Fetched { value, version: Some(clock::utc(updated)), warning: None })
    }

    /// The decrypted store and its key; nothing where there is no store yet.
    fn load(&self) -> Result<Option<(Contents, age::x25519::Identity)>, Failure> {
        let Some(mut file) = open(&self.file)? else { return Ok(None) };
        let sealed = private::read_limited(&mut file, MAX_STORE)
            .map_err(|error| Failure::of_file("reading", &self.file, error))?;
        let key = self.key()?.ok_or_else(|| Failure::Damaged {
            path: self.file.clone(),
            reason: "its key file is missing",
            hint: format!(
                "put the key file back at `{}`, or move the store away and store its secrets again",
                self.key_file.display()
            ),
        })?;
        let plain = key::decrypt(&key, &sealed, &self.file, &self.key_file)?;
        let contents = Contents::parse(&plain).map_err(|reason| Failure::Damaged {
            path: self.file.clone(),
            reason,
            hint: "restore it from a backup, or move it away and store its secrets again".into(),
        })?;
        Ok(Some((contents, key)))
    }

    /// The key; nothing where there is none yet.
    fn key(&self) -> Result<Option<age::x25519::Identity>, Failure> {
        key::load(&self.key_file)
    }

    fn save(&self, contents: &Contents, key: &age::x25519::Identity) -> Result<(), Failure> {
        let plain: Zeroizing<Vec<u8>> = contents.to_json();
        age::encrypt(&key.to_public(), &plain)
            .map_err(io::Error::other)
            .and_then(|sealed| private::replace(&self.file, &sealed))
            .map_err(|error| Failure::of_file("writing", &self.file, error))
    }

    /// Keeps other writers out until it is dropped. Waits for them: each holds it for milliseconds.
    fn lock(&self) -> Result<File, Failure> {
        let path = self.file.with_extension("lock");
        private::lock(&path, &mut || ()).map_err(|error| Failure::of_file("locking", &path, error))
    }

    fn notice(&self) -> String {
        format!(
            "the local store's key is the file `{}` of mode 0600: whoever can read this user's files can read the \
             secrets, so this is as good as plaintext; a later version can take the key from elsewhere",
            self.key_file.display()
        )
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
