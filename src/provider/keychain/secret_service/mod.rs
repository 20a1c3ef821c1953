//! The keychain on Linux: whatever program answers for the Secret Service on the session bus.
//!
//! Speaks to the bus that [`bus`] chose, over a socket whose owner was checked, and takes no address from the
//! environment by itself. Looking for an item and reading it never ask a person: the service is told to unlock in
//! [`Access::unlock`] only. Values cross the bus encrypted for this session.
//!
//! Attributes are those of `secret-tool store … service S username U`, its schema included, so that either program
//! replaces what the other stored.

mod bus;
mod failure;

use std::collections::HashMap;
use std::time::Duration;

use ::secret_service::{Collection, EncryptionType, Error, Item as Stored, SecretService};

use super::{
    Failure, Item, KeychainPlace, StoredItem, ambiguous, locked, no_service, refused, silent,
};
use crate::secret::Secret;
use crate::sys::env::OwnEnv;

/// The largest value that an item holds, in bytes: no less than any provider takes.
pub(super) const MAX_VALUE: usize = crate::provider::MAX_VALUE as usize;

/// The schema of items that `secret-tool` makes. It is part of what a later `secret-tool store` compares.
const SCHEMA: (&str, &str) = ("xdg:schema", "org.freedesktop.Secret.Generic");

/// The way to the session bus.
#[derive(Debug, Clone)]
pub(in crate::provider) struct Access(bus::Bus);

impl Access {
    /// What our environment and our user id say about the bus. Does no I/O.
    pub(in crate::provider) fn of(env: &OwnEnv) -> Self {
        Self(bus::Bus::of(env))
    }

    /// The item at a place; nothing where there is none.
    ///
    /// # Errors
    /// The keychain is not there, is locked, refuses, does not answer, or has several such items.
    pub(in crate::provider) fn get(
        &self,
        place: &KeychainPlace,
        limit: Duration,
    ) -> Result<Option<Item>, Failure> {
        self.ask(limit, async |service| {
            let Some(item) = find(service, place).await? else { return Ok(None) };
            let value = item.get_secret().await.map_err(failure::of)?;
            Ok(Some(Item { value, changed: item.get_modified().await.ok() }))
        })
    }

    /// Stores a value and returns whether there was one before.
    ///
    /// # Errors
    /// As [`Access::get`]; also where the keychain has no collection to store into.
    #[expect(clippy::disallowed_methods, reason = "storing: the value goes into the keychain")]
    pub(in crate::provider) fn put(
        &self,
        place: &KeychainPlace,
        value: &Secret,
        limit: Duration,
    ) -> Result<bool, Failure> {
        let bytes = value.expose();
        let content_type = match std::str::from_utf8(bytes) {
            Ok(_) => "text/plain",
            Err(_) => "application/octet-stream",
        };
        self.ask(limit, async |service| {
            if let Some(item) = find(service, place).await? {
                // In place: the item keeps its label and what other programs wrote beside it.
                item.set_secret(bytes, content_type).await.map_err(failure::of)?;
                return Ok(true);
            }
            let collection = default(service).await?.ok_or_else(|| {
                no_service("the keychain has no default collection to store values in")
            })?;
            let label = format!("{}/{}", place.service, place.account);
            let mut attributes = attributes(place);
            attributes.extend([SCHEMA]);
            let created =
                collection.create_item(&label, attributes, bytes, true, content_type).await;
            created.map(|_| false).map_err(failure::of)
        })
    }

    /// Removes an item and returns whether there was one.
    ///
    /// # Errors
    /// As [`Access::get`].
    pub(in crate::provider) fn remove(
        &self,
        place: &KeychainPlace,
        limit: Duration,
    ) -> Result<bool, Failure> {
        self.ask(limit, async |service| {
            let Some(item) = find(service, place).await? else { return Ok(false) };
            item.delete().await.map(|()| true).map_err(failure::of)
        })
    }

    /// Lists the items of a service, by account. Reads no value.
    ///
    /// # Errors
    /// As [`Access::get`].
    pub(in crate::provider) fn list(
        &self,
        service_name: &str,
        limit: Duration,
    ) -> Result<Vec<StoredItem>, Failure> {
        self.ask(limit, async |service| {
            let found = search(service, HashMap::from([("service", service_name)])).await?;
            let mut kept = Vec::new();
            for item in found.items {
                let mut attributes = item.get_attributes().await.map_err(failure::of)?;
                // Without an account no reference can name it.
                let Some(name) = attributes.remove("username") else { continue };
                let (created, updated) = (item.get_created().await, item.get_modified().await);
                kept.push(StoredItem {
                    name,
                    created: created.ok(),
                    updated: updated.ok(),
                    length: None,
                });
            }
            kept.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(kept)
        })
    }

    /// Has the keychain ask a person for its password, if what stands at this place, or a new item, needs it. Only where a
    /// person is asked, `patience` counts; whatever needs none may take as long as anywhere else.
    ///
    /// # Errors
    /// As [`Access::get`], or the person did not give it.
    pub(in crate::provider) fn unlock(
        &self,
        place: Option<&KeychainPlace>,
        limit: Duration,
        patience: Duration,
    ) -> Result<(), Failure> {
        runtime()?.block_on(async {
            let service = within(limit, self.connect()).await?;
            if let Some(collection) = within(limit, locked_default(&service)).await? {
                within(patience, async { collection.unlock().await.map_err(failure::of) }).await?;
            }
            let Some(place) = place else { return Ok(()) };
            let found = within(limit, search(&service, attributes(place))).await?;
            if !found.items.is_empty() || !found.is_partial {
                return Ok(());
            }
            let unlock_each = async {
                let found = service.search_items(attributes(place)).await?;
                for item in &found.locked {
                    item.unlock().await?;
                }
                Ok(())
            };
            within(patience, async { unlock_each.await.map_err(failure::of) }).await
        })
    }

    /// Connects, and asks the service for something.
    fn ask<T>(
        &self,
        limit: Duration,
        work: impl AsyncFnOnce(&SecretService<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let asked = async { work(&self.connect().await?).await };
        runtime()?.block_on(within(limit, asked))
    }

    async fn connect(&self) -> Result<SecretService<'static>, Failure> {
        let connection = self.0.connect().await?;
        let service = SecretService::connect_with_existing(EncryptionType::Dh, connection);
        service.await.map_err(failure::of)
    }
}

/// A runtime for one call, which blocks its thread.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|source| Failure::Io { action: "starting a runtime".to_owned(), source })
}

/// What comes of something that may take this long.
async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(limit, asked).await.unwrap_or_else(|_| Err(silent(limit)))
}

/// What a keychain holds of something, as far as it can be seen without asking a person.
struct FoundItems<'a> {
    items: Vec<Stored<'a>>,
    /// Whether a collection was locked and not looked into.
    is_partial: bool,
}

/// Looks through the collections that are unlocked. Not by `SearchItems` of the service, for which KeePassXC opens a
/// dialog when a database is locked ("prompt to unlock database before searching", on by default).
async fn search<'a>(
    service: &'a SecretService<'_>,
    attributes: HashMap<&str, &str>,
) -> Result<FoundItems<'a>, Failure> {
    let mut found = FoundItems { items: Vec::new(), is_partial: false };
    for collection in service.get_all_collections().await.map_err(failure::of)? {
        if collection.is_locked().await.map_err(failure::of)? {
            found.is_partial = true;
            continue;
        }
        let items = collection.search_items(attributes.clone()).await.map_err(failure::of)?;
        for path in items.iter().map(|item| item.item_path.clone()) {
            found.items.push(service.get_item_by_path(path).await.map_err(failure::of)?);
        }
    }
    if found.items.is_empty() && found.is_partial && locked_default(service).await?.is_some() {
        return Err(locked());
    }
    Ok(found)
}

/// The one item at a place; nothing where there is none in what is unlocked.
async fn find<'a>(
    service: &'a SecretService<'_>,
    place: &KeychainPlace,
) -> Result<Option<Stored<'a>>, Failure> {
    let mut found = search(service, attributes(place)).await?;
    match found.items.len() {
        0 | 1 => Ok(found.items.pop()),
        several => Err(ambiguous(place, several)),
    }
}

/// The collection that new items go to, where it is locked.
async fn locked_default<'a>(
    service: &'a SecretService<'_>,
) -> Result<Option<Collection<'a>>, Failure> {
    let Some(collection) = default(service).await? else { return Ok(None) };
    let locked = collection.is_locked().await.map_err(failure::of)?;
    Ok(locked.then_some(collection))
}

/// The collection that new items go to; nothing where a keychain has none, as on WSL.
async fn default<'a>(service: &'a SecretService<'_>) -> Result<Option<Collection<'a>>, Failure> {
    match service.get_default_collection().await {
        Ok(collection) => Ok(Some(collection)),
        Err(Error::NoResult) => Ok(None),
        Err(error) => Err(failure::of(error)),
    }
}

/// What an item is found by.
fn attributes(place: &KeychainPlace) -> HashMap<&str, &str> {
    HashMap::from([("service", place.service.as_str()), ("username", place.account.as_str())])
}
