//! Several values of one region with one call, where a service has one.
//!
//! The names are announced first. The first fetch asks for all of them; the others wait for the same answer. A name that is
//! not in the answer is fetched by itself, and so is every name if the account may not make such a call.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::rc::Rc;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

use super::session::AwsSession;
use super::{AwsAccess, failure, region_of};
use crate::provider::once::Once;
use crate::provider::{Failure, Fetched, Leases};
use crate::secret::SecretRef;

/// The calls of one provider in one launch; `T` is what one of the values comes in.
pub(super) struct Batches<T> {
    /// Who is asked, for messages.
    service: &'static str,
    /// How many values one call may ask for.
    most: usize,
    all: RefCell<Vec<Rc<Batch<T>>>>,
}

/// What is asked for with one call, and its answer.
struct Batch<T> {
    region: Option<String>,
    names: Vec<String>,
    /// Nothing in it if the call was refused: one name may be the reason, so each is then asked for by itself.
    answer: Once<Option<Vec<T>>>,
}

impl<T> Batches<T> {
    /// Calls of `service` that ask for at most `most` values each.
    pub(super) fn new(service: &'static str, most: usize) -> Self {
        Self { service, most, all: RefCell::default() }
    }

    /// Groups what will be asked for into calls.
    pub(super) fn announce<'c>(&self, coordinates: impl Iterator<Item = &'c SecretRef>) {
        let mut by_region: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
        for SecretRef { path, .. } in coordinates {
            by_region.entry(region_of(path)).or_default().push(path.clone());
        }
        let batches = by_region.into_iter().flat_map(|(region, names)| {
            let batch = |names: &[String]| {
                let (region, names) = (region.map(str::to_owned), names.to_vec());
                Rc::new(Batch { region, names, answer: Once::default() })
            };
            let several = names.chunks(self.most).filter(|names| names.len() > 1);
            several.map(batch).collect::<Vec<_>>()
        });
        self.all.replace(batches.collect());
    }

    /// What `found` finds in the answer of the call that asks for this value, which `ask` sends; nothing where it is to be
    /// asked for by itself.
    ///
    /// # Errors
    /// There is no login, or nobody answers.
    pub(super) async fn fetch<E>(
        &self,
        name: &str,
        access: &AwsAccess<'_>,
        leases: &Leases,
        ask: impl AsyncFnOnce(&AwsSession, Vec<String>) -> Result<Vec<T>, SdkError<E>>,
        found: impl FnOnce(&[T]) -> Option<Fetched>,
    ) -> Result<Option<Fetched>, Failure>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let has = |batch: &&Rc<Batch<T>>| batch.names.iter().any(|one| one == name);
        let batch = self.all.borrow().iter().find(has).cloned();
        let Some(batch) = batch else { return Ok(None) };
        let ask = async {
            let session = access.session(batch.region.as_deref(), leases).await?;
            match ask(&session, batch.names.clone()).await {
                Ok(values) => Ok(Some(values)),
                Err(error) => failure::refused(&error, &session.place(self.service)).map(|_| None),
            }
        };
        let values = batch.answer.get_or_try_init(ask).await?;
        Ok(values.as_deref().and_then(found))
    }
}
