//! `keychain://[service/]account`: the keychain of the operating system.
//!
//! The Secret Service on Linux (GNOME Keyring, KWallet, KeePassXC), the login keychain on macOS, the Credential Manager on
//! Windows. An item is found by its service, `hushpipe` where the reference names none, and its account, so items that
//! `secret-tool`, `security` or `cmdkey` made are found too. A fetch never opens a dialog: a locked keychain is an error
//! that says how to unlock it, and only [`Provider::unlock`], which verbs call that a person types, asks for a password.
//!
//! Every call has a time limit of its own and runs where nobody has to wait for it.

mod place;
#[cfg_attr(all(unix, not(target_os = "macos")), path = "secret_service/mod.rs")]
#[cfg_attr(target_os = "macos", path = "macos.rs")]
#[cfg_attr(windows, path = "windows/mod.rs")]
mod store;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::detached::detached;
use super::{
    Failure, Fetched, Fetching, Fields, Leases, Provider, ProviderKind, PutOutcome, Settings,
    StoredItem, Surroundings, WritableStore, config, file,
};
use crate::secret::{Secret, SecretRef};
use crate::sys::clock;

pub(super) use place::KeychainPlace;
pub(super) use store::Access;

pub(super) const KIND: ProviderKind = ProviderKind {
    scheme: "keychain",
    about: "the operating system's keychain",
    query: &[],
    fields: Fields::Json,
    built_in_settings: false,
    remote: false,
    settings: config::parse::<Keychain>,
    schema: config::describe::<Keychain>,
};

/// The service of items whose reference names none.
const SERVICE: &str = "hushpipe";

/// How long the keychain may take over what needs no person: a little less than any provider may (`resolve.rs`), so that
/// its own error comes first.
pub(super) const LIMIT: Duration = Duration::from_millis(4500);

/// How long a person may take to type a password.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// Settings of the keychain provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Keychain {
    /// The service of items whose reference names none; by default `hushpipe`.
    service: Option<String>,
}

impl Settings for Keychain {
    fn open<'a>(&self, surroundings: Surroundings<'a>) -> Box<dyn Provider + 'a> {
        Box::new(Items {
            service: self.service.clone().unwrap_or_else(|| SERVICE.to_owned()),
            access: Access::of(surroundings.env),
        })
    }
}

/// The items of one keychain.
struct Items {
    service: String,
    access: Access,
}

impl Items {
    fn place(&self, path: &str) -> Result<KeychainPlace, Failure> {
        KeychainPlace::parse(path, &self.service)
    }
}

impl Provider for Items {
    fn check(&self, coordinate: &SecretRef) -> Result<(), Failure> {
        self.place(&coordinate.path).map(|_| ())
    }

    fn fetch<'a>(&'a self, coordinate: &'a SecretRef, _: &'a Leases) -> Fetching<'a> {
        Box::pin(async {
            let (access, place) = (self.access.clone(), self.place(&coordinate.path)?);
            let reference = coordinate.clone();
            detached(move || fetch(&access, &place, &reference)).await
        })
    }

    fn unlock(&self, coordinate: Option<&SecretRef>) -> Result<(), Failure> {
        let place = coordinate.map(|coordinate| self.place(&coordinate.path)).transpose()?;
        self.access.unlock(place.as_ref(), LIMIT, PATIENCE)
    }

    fn keeper(&self) -> Option<&dyn WritableStore> {
        Some(self)
    }
}

impl WritableStore for Items {
    fn put(&self, name: &str, value: &Secret) -> Result<PutOutcome, Failure> {
        let place = self.place(name)?;
        if value.len() > store::MAX_VALUE {
            return Err(Failure::Unfit {
                reason: format!(
                    "is longer than the {} bytes that a keychain item holds",
                    store::MAX_VALUE
                ),
                hint: Some("keep it in hushpipe's own store: `local://NAME`".to_owned()),
            });
        }
        let replaced = self.access.put(&place, value, LIMIT)?;
        Ok(PutOutcome { replaced, notice: None })
    }

    fn remove(&self, name: &str) -> Result<(), Failure> {
        let place = self.place(name)?;
        let missing = || place.not_found("`hushpipe secret list` shows what is stored".to_owned());
        if self.access.remove(&place, LIMIT)? { Ok(()) } else { Err(missing()) }
    }

    fn list(&self) -> Result<Vec<StoredItem>, Failure> {
        self.access.list(&self.service, LIMIT)
    }

    fn reach(&self) -> Result<(), Failure> {
        self.access.list(&self.service, LIMIT).map(drop)
    }
}

/// An item as the keychain gives it.
pub(super) struct Item {
    /// Its bytes.
    value: Vec<u8>,
    /// When it was last changed, in seconds since 1970, where the keychain says.
    changed: Option<u64>,
}

impl Item {
    /// Its bytes, which are the caller's to zero.
    pub(super) fn into_value(self) -> Vec<u8> {
        self.value
    }
}

fn fetch(
    access: &Access,
    place: &KeychainPlace,
    reference: &SecretRef,
) -> Result<Fetched, Failure> {
    let item = access.get(place, LIMIT)?.ok_or_else(|| {
        let hint = format!("ask the user to store it with `hushpipe secret set {reference}`");
        place.not_found(hint)
    })?;
    let changed = item.changed;
    let mut value = item.into_value();
    file::trim_newline(&mut value);
    Ok(Fetched {
        version: changed.map(clock::utc),
        created: changed,
        ..Fetched::of(Secret::new(value))
    })
}

/// The keychain is there and will not show what is in it until a person unlocks it.
#[cfg(unix)]
fn locked() -> Failure {
    Failure::Denied {
        reason: "the keychain is locked".to_owned(),
        hint: "ask the user to unlock it: log in at the desktop, or run `hushpipe secret test NAME`, which asks for its \
               password"
            .to_owned(),
    }
}

/// A person, or a policy of the system, said no.
#[cfg(unix)]
fn refused(reason: &str) -> Failure {
    Failure::Denied {
        reason: reason.to_owned(),
        hint: "ask the user to allow it in the keychain, or to keep the secret in `local://NAME`"
            .to_owned(),
    }
}

/// There is no keychain to ask.
fn no_service(reason: impl Into<String>) -> Failure {
    Failure::NoService {
        reason: reason.into(),
        hint: "on a machine without a desktop (a server, a container, WSL) keep secrets in hushpipe's own store: \
               `local://NAME`"
            .to_owned(),
    }
}

/// Several items answer to one reference.
#[cfg(all(unix, not(target_os = "macos")))]
fn ambiguous(place: &KeychainPlace, count: usize) -> Failure {
    Failure::Ambiguous {
        reason: format!("{count} items of the keychain are {place}"),
        hint:
            "remove all but one with the keychain's own program, or store one under another account"
                .to_owned(),
    }
}

/// The keychain took too long.
#[cfg(all(unix, not(target_os = "macos")))]
fn silent(after: Duration) -> Failure {
    Failure::NoAnswer {
        place: "the keychain".to_owned(),
        after,
        hint: "it may be waiting for you: look for a dialog, or restart it by logging out and in"
            .to_owned(),
    }
}
