//! Values kept for a time between launches, where a provider's table asks for it: `cache = { max_age = "10m" }`.
//!
//! In memory of the kernel where there is such a thing (`memory.rs`), else in encrypted files (`file.rs`). A value is
//! kept under a digest, with this machine's key, of the provider's settings, of who logs in and of the reference, so a
//! change of any of them finds nothing. Never kept is what was given for a time only: an account, a token, a lease.
//! Past its `max_age` a value is given only to who asked for no store at all (`--offline`), with its age in a warning,
//! and after [`KEEP`] to nobody. A store that denies a value, or has it no more, ends it here too.
//!
//! Off by default. What a launch can read without asking, so can other programs of the same user.

mod file;
#[cfg_attr(target_os = "linux", path = "memory.rs")]
#[cfg_attr(not(target_os = "linux"), path = "no_memory.rs")]
mod memory;
mod settings;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::detached::detached;
use super::{Failure, Fetched, Providers, Sealer};
use crate::secret::reference::is_name;
use crate::secret::{Secret, SecretRef};
use crate::sys::clock;
use crate::sys::machine_key::MachineKey;
use crate::sys::path::Paths;
use file::CacheFolder;

pub(super) use settings::{Cache, describe};

/// How long a value is kept at all, for launches without a network. Every `max_age` is shorter.
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// The place of one value: where it is and how long it is good for.
pub(super) struct Place {
    /// The provider and what tells this value from its others.
    provider: String,
    digest: String,
    /// What all names of this machine's user begin with.
    start: String,
    folder: CacheFolder,
    sealer: Box<dyn Sealer>,
    max_age: Duration,
}

/// What stands before a value, as JSON of one line.
#[derive(Debug, Serialize, Deserialize)]
struct CacheHead {
    /// When the value was fetched, in seconds since 1970.
    fetched: u64,
    version: Option<String>,
    created: Option<u64>,
}

impl Place {
    /// Where the value of a coordinate is kept for who logs in with this; none where its provider has no cache.
    ///
    /// # Errors
    /// The machine has no key, or the local store none to seal with.
    pub(super) async fn of(
        coordinate: &SecretRef,
        login: Zeroizing<Vec<u8>>,
        providers: Providers<'_>,
    ) -> Result<Option<Self>, Failure> {
        let config = providers.config(&coordinate.provider)?;
        let Some(cache) = config.cache.clone() else { return Ok(None) };
        let (scheme, identify) = (config.kind.scheme, config.settings.identity(providers.0));
        let (coordinate, paths) = (coordinate.clone(), providers.0.paths.clone());
        let sealer = sealer(providers)?;
        detached(move || {
            let key = key(&paths)?;
            let (identity, reference) = (identify(), coordinate.to_string());
            let mut parts = Zeroizing::new(Vec::new());
            let reference = reference.as_bytes();
            for part in [scheme.as_bytes(), &cache.settings, &identity, &login, reference] {
                // With its length before each, so that no two sets of parts are the same bytes.
                parts.extend_from_slice(&(part.len() as u64).to_le_bytes());
                parts.extend_from_slice(part);
            }
            Ok(Some(Self {
                digest: key.hmac(&parts),
                start: start(&key),
                folder: CacheFolder::of(&folder(&paths), &coordinate.provider),
                provider: coordinate.provider,
                sealer,
                max_age: cache.max_age,
            }))
        })
        .await
    }

    /// The value, if there is one that is young enough, or any where `offline`; and the place again.
    ///
    /// # Errors
    /// There is no thread to look.
    pub(super) async fn find(self, offline: bool) -> Result<(Self, Option<Fetched>), Failure> {
        detached(move || {
            let found = self.read(offline);
            Ok((self, found))
        })
        .await
    }

    /// Keeps a value that was fetched just now.
    ///
    /// # Errors
    /// It could be kept neither in memory nor in a file.
    pub(super) async fn keep(self, fetched: &Fetched) -> Result<(), Failure> {
        let entry = entry(fetched, clock::now())?;
        detached(move || self.write(&entry)).await
    }

    /// Forgets the value.
    pub(super) async fn forget(self) {
        // Nothing comes of a thread that could not be started: the value ends by itself.
        let removing = detached(move || {
            self.remove();
            Ok(())
        });
        let _ = removing.await;
    }

    fn read(&self, offline: bool) -> Option<Fetched> {
        let bytes = memory::get(&self.name())
            .or_else(|| self.folder.get(&self.digest, self.sealer.as_ref()))?;
        let found = parse(&bytes, clock::now())?;
        let age = found.cached?;
        (age < self.max_age || (offline && age < KEEP)).then_some(found)
    }

    fn write(&self, entry: &[u8]) -> Result<(), Failure> {
        if memory::put(&self.name(), entry, KEEP) {
            self.folder.remove(&self.digest);
            return Ok(());
        }
        memory::remove(&self.name());
        self.folder.remove_older(KEEP);
        self.folder.put(&self.digest, entry, self.sealer.as_ref())
    }

    fn remove(&self) {
        memory::remove(&self.name());
        self.folder.remove(&self.digest);
    }

    /// The name in memory, which everything of this user shares.
    fn name(&self) -> String {
        format!("{}{}:{}", self.start, self.provider, self.digest)
    }
}

/// Forgets everything that is kept for a provider, or for all; how many values.
///
/// # Errors
/// This is no provider's name, or the machine's key cannot be read.
pub(super) fn forget(provider: Option<&str>, paths: &Paths) -> Result<usize, Failure> {
    if provider.is_some_and(|provider| !is_name(provider)) {
        // Not only a typing mistake: the name is a folder's too.
        return Err(Failure::BadPath {
            reason: "a provider's name is a letter, then letters, digits, `.`, `_`, `-`",
        });
    }
    let start = start(&key(paths)?);
    let start = provider.map_or(start.clone(), |provider| format!("{start}{provider}:"));
    let in_memory = memory::names(&start).iter().filter(|name| memory::remove(name)).count();
    let folder = folder(paths);
    let providers: Vec<String> = match provider {
        Some(provider) => vec![provider.to_owned()],
        None => {
            let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
        }
    };
    let all = Duration::ZERO;
    let in_files = providers.iter().map(|name| CacheFolder::of(&folder, name).remove_older(all));
    Ok(in_memory + in_files.sum::<usize>())
}

fn folder(paths: &Paths) -> std::path::PathBuf {
    paths.state.join("cache")
}

fn key(paths: &Paths) -> Result<MachineKey, Failure> {
    let action = "reading the key of this machine".to_owned();
    MachineKey::load(paths).map_err(|source| Failure::Io { action, source })
}

/// What the names of all values of one user of one machine begin with.
fn start(key: &MachineKey) -> String {
    format!("hushpipe:{:.16}:", key.hmac(b"cache"))
}

/// What seals files: the local store's key.
fn sealer(providers: Providers<'_>) -> Result<Box<dyn Sealer>, Failure> {
    let local = providers.open("local")?;
    local.keeper().and_then(|keeper| keeper.sealer()).ok_or(Failure::Stopped)
}

/// A value with its head before it.
#[expect(
    clippy::disallowed_methods,
    reason = "keeping: the value goes into memory or a sealed file"
)]
fn entry(fetched: &Fetched, now: u64) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let Fetched { value, version, created, .. } = fetched;
    let head = CacheHead { fetched: now, version: version.clone(), created: *created };
    let head = serde_json::to_vec(&head).map_err(|_| Failure::Stopped)?;
    let mut entry = Zeroizing::new(Vec::with_capacity(head.len() + 1 + value.len()));
    entry.extend_from_slice(&head);
    entry.push(b'\n');
    entry.extend_from_slice(value.expose());
    Ok(entry)
}

/// The value of an entry, with its age.
fn parse(entry: &[u8], now: u64) -> Option<Fetched> {
    let end = memchr::memchr(b'\n', entry)?;
    let CacheHead { fetched, version, created } = serde_json::from_slice(&entry[..end]).ok()?;
    // From the future: the clock was set back, and the age is not known.
    let age = Duration::from_secs(now.checked_sub(fetched)?);
    let value = Secret::new(entry[end + 1..].to_vec());
    Some(Fetched { version, created, cached: Some(age), ..Fetched::of(value) })
}

#[cfg(test)]
mod tests;
