//! The keychain on Windows: generic credentials of the Credential Manager.
//!
//! The item of service S and account A has the target `S/A` and the user name A, as
//! `cmdkey /generic:S/A /user:A /pass` makes it. Windows never asks a person here.

mod blob;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use windows_native_keyring_store::Store;
use zeroize::Zeroizing;

use super::{Failure, Item, KeychainPlace, StoredItem, no_service};
use crate::secret::Secret;
use crate::sys::env::OwnEnv;

/// The largest value that an item holds, in bytes: `CRED_MAX_CREDENTIAL_BLOB_SIZE`.
pub(super) const MAX_VALUE: usize = blob::MAX;

/// The way to the keychain: the system knows it.
#[derive(Debug, Clone)]
pub(in crate::provider) struct Access;

impl Access {
    /// The Credential Manager of this user. Does no I/O.
    pub(in crate::provider) fn of(_env: &OwnEnv) -> Self {
        Self
    }

    /// The item at a place; nothing where there is none.
    ///
    /// # Errors
    /// The Credential Manager is not there or does not answer.
    pub(in crate::provider) fn get(
        &self,
        place: &KeychainPlace,
        _limit: Duration,
    ) -> Result<Option<Item>, Failure> {
        let blob = if_any(entry(place)?.get_secret())?.map(Zeroizing::new);
        Ok(blob.map(|blob| Item { value: blob::decode(&blob), changed: None }))
    }

    /// Stores a value and returns whether there was one before.
    ///
    /// # Errors
    /// As [`Access::get`]; also where the value has no form that would be read back as it is.
    #[expect(clippy::disallowed_methods, reason = "storing: the value goes into the keychain")]
    pub(in crate::provider) fn put(
        &self,
        place: &KeychainPlace,
        value: &Secret,
        _limit: Duration,
    ) -> Result<bool, Failure> {
        let blob = blob::encode(value.expose()).ok_or_else(|| Failure::Unfit {
            reason: "is binary data that would be read back as text".to_owned(),
            hint: Some("store it in base64, or in hushpipe's own store: `local://NAME`".to_owned()),
        })?;
        let entry = entry(place)?;
        let replaced = if_any(entry.get_attributes())?.is_some();
        entry.set_secret(&blob).map_err(failure)?;
        if !replaced {
            let user = HashMap::from([("username", place.account.as_str())]);
            entry.update_attributes(&user).map_err(failure)?;
        }
        Ok(replaced)
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
        let mut kept = Vec::new();
        for entry in store()?.search(&HashMap::new()).map_err(failure)? {
            let Some(attributes) = if_any(entry.get_attributes())? else { continue };
            let target = attributes.get("target_name").and_then(|name| name.strip_prefix(service));
            let Some(account) = target.and_then(|rest| rest.strip_prefix('/')) else { continue };
            let name = account.to_owned();
            kept.push(StoredItem { name, created: None, updated: None, length: None });
        }
        kept.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(kept)
    }

    /// Does nothing: the Credential Manager is open while its user is logged in.
    ///
    /// # Errors
    /// None.
    pub(in crate::provider) fn unlock(
        &self,
        _place: Option<&KeychainPlace>,
        _limit: Duration,
        _patience: Duration,
    ) -> Result<(), Failure> {
        Ok(())
    }
}

fn store() -> Result<Arc<Store>, Failure> {
    Store::new().map_err(failure)
}

fn entry(place: &KeychainPlace) -> Result<Entry, Failure> {
    let target = format!("{}/{}", place.service, place.account);
    let modifiers = HashMap::from([("target", target.as_str()), ("persistence", "Local")]);
    store()?.build(&place.service, &place.account, Some(&modifiers)).map_err(failure)
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
    match error {
        // `ERROR_NO_SUCH_LOGON_SESSION`: services and network logons have no Credential Manager.
        Error::NoStorageAccess(_) => no_service("this logon session has no Credential Manager"),
        Error::PlatformFailure(source) => unreachable(source.to_string()),
        Error::TooLong(what, limit) => Failure::Unfit {
            reason: format!(
                "does not fit the Credential Manager: its {what} is over {limit} bytes"
            ),
            hint: None,
        },
        _ => unreachable("the Credential Manager's answer was not understood".to_owned()),
    }
}

fn unreachable(reason: String) -> Failure {
    Failure::Unreachable {
        place: "the Credential Manager".to_owned(),
        source: std::io::Error::other(reason),
    }
}
