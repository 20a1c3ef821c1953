//! The keychain on macOS: the user's login keychain, generic passwords, as `security add-generic-password -s S -a A`
//! makes them.
//!
//! While hushpipe fetches, macOS is told to show no dialog, so that an item that would ask, because the keychain is
//! locked or because another program made it, is an error instead. A verb that stores may show one: a person typed it.

use std::collections::HashMap;
use std::time::Duration;

use apple_native_keyring_store::keychain::Store;
use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use security_framework::os::macos::keychain::{SecKeychain, SecPreferencesDomain};

use super::{Failure, Item, KeychainPlace, StoredItem, locked, no_service, refused};
use crate::secret::Secret;
use crate::sys::env::OwnEnv;

/// The largest value that an item holds, in bytes: no less than any provider takes.
pub(super) const MAX_VALUE: usize = crate::provider::MAX_VALUE as usize;

/// The way to the keychain: the system knows it.
#[derive(Debug, Clone)]
pub(in crate::provider) struct Access;

impl Access {
    /// The keychain of this user. Does no I/O.
    pub(in crate::provider) fn of(_env: &OwnEnv) -> Self {
        Self
    }

    /// The item at a place; nothing where there is none. Shows no dialog. Takes no limit: the caller's thread is
    /// detached, and the system's call cannot be ended.
    ///
    /// # Errors
    /// The keychain is not there, is locked or refuses.
    pub(in crate::provider) fn get(
        &self,
        place: &KeychainPlace,
        _limit: Duration,
    ) -> Result<Option<Item>, Failure> {
        let _silent =
            SecKeychain::disable_user_interaction().map_err(|error| of_code(error.code()))?;
        let value = if_any(entry(place)?.get_secret())?;
        Ok(value.map(|value| Item { value, changed: None }))
    }

    /// Stores a value and returns whether there was one before.
    ///
    /// # Errors
    /// As [`Access::get`].
    #[expect(clippy::disallowed_methods, reason = "storing: the value goes into the keychain")]
    pub(in crate::provider) fn put(
        &self,
        place: &KeychainPlace,
        value: &Secret,
        _limit: Duration,
    ) -> Result<bool, Failure> {
        let listed = self.list(&place.service, _limit)?;
        entry(place)?.set_secret(value.expose()).map_err(failure)?;
        Ok(listed.iter().any(|kept| kept.name == place.account))
    }

    /// Removes an item and returns whether there was one.
    ///
    /// # Errors
    /// As [`Access::get`].
    pub(in crate::provider) fn remove(
        &self,
        place: &KeychainPlace,
        _limit: Duration,
    ) -> Result<bool, Failure> {
        if_any(entry(place)?.delete_credential()).map(|done| done.is_some())
    }

    /// Lists the items of a service, by account. Reads no value.
    ///
    /// # Errors
    /// As [`Access::get`].
    pub(in crate::provider) fn list(
        &self,
        service: &str,
        _limit: Duration,
    ) -> Result<Vec<StoredItem>, Failure> {
        let store = Store::new().map_err(failure)?;
        let found = store.search(&HashMap::from([("service", service)])).map_err(failure)?;
        let names = found.iter().filter_map(|entry| Some(entry.get_specifiers()?.1));
        let mut kept: Vec<StoredItem> = names
            .map(|name| StoredItem { name, created: None, updated: None, length: None })
            .collect();
        kept.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(kept)
    }

    /// Has macOS ask a person for the keychain's password, if it is locked.
    ///
    /// # Errors
    /// As [`Access::get`], or the person did not give it.
    pub(in crate::provider) fn unlock(
        &self,
        _place: Option<&KeychainPlace>,
        _limit: Duration,
        _patience: Duration,
    ) -> Result<(), Failure> {
        let keychain = SecKeychain::default_for_domain(SecPreferencesDomain::User);
        let unlocked = keychain.and_then(|mut keychain| keychain.unlock(None));
        unlocked.map_err(|error| of_code(error.code()))
    }
}

fn entry(place: &KeychainPlace) -> Result<Entry, Failure> {
    let store = Store::new().map_err(failure)?;
    store.build(&place.service, &place.account, None).map_err(failure)
}

/// What was answered, where there is an item.
fn if_any<T>(answer: keyring_core::Result<T>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

/// The failure that an error of the store stands for. Never shows what an error holds of a value.
fn failure(error: Error) -> Failure {
    let (Error::PlatformFailure(source) | Error::NoStorageAccess(source)) = error else {
        return unreachable("could not read the keychain's answer".to_owned());
    };
    match source.downcast_ref::<security_framework::base::Error>() {
        Some(error) => of_code(error.code()),
        None => unreachable(source.to_string()),
    }
}

/// The failure that a status of the Security framework stands for (`SecBase.h`).
fn of_code(code: i32) -> Failure {
    const USER_CANCELED: i32 = -128;
    const NOT_AVAILABLE: i32 = -25291;
    const AUTH_FAILED: i32 = -25293;
    const NO_SUCH_KEYCHAIN: i32 = -25294;
    const NO_DEFAULT_KEYCHAIN: i32 = -25307;
    const INTERACTION_NOT_ALLOWED: i32 = -25308;
    const INTERACTION_REQUIRED: i32 = -25315;
    match code {
        INTERACTION_NOT_ALLOWED | INTERACTION_REQUIRED => locked(),
        AUTH_FAILED | USER_CANCELED => refused("the keychain does not give hushpipe this item"),
        NOT_AVAILABLE | NO_SUCH_KEYCHAIN | NO_DEFAULT_KEYCHAIN => {
            no_service("this user has no login keychain")
        }
        code => unreachable(format!("macOS reports {code}: `security error {code}` explains it")),
    }
}

fn unreachable(reason: String) -> Failure {
    Failure::Unreachable { place: "the keychain".to_owned(), source: std::io::Error::other(reason) }
}
