//! Several values of one region with one call, where a service has one.
//!
//! What is asked for is made known before; who comes first asks for all, the others wait for the same answer. What it does
//! not bring, and everything where the policy does not permit such a call, is left to be fetched one by one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use tokio::sync::OnceCell;

use super::session::Session;
use super::{Access, failure, region_of, same};
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
    answer: OnceCell<Result<Vec<T>, Missed>>,
}

/// Why a call brought nothing.
enum Missed {
    /// It was refused: each is asked for by itself.
    Refused,
    /// There is no login, or nobody to ask: so it would be for each.
    All(Arc<Failure>),
}

impl<T> Batches<T> {
    /// None yet, of so many values at most.
    pub(super) fn of(service: &'static str, most: usize) -> Self {
        Self { service, most, all: RefCell::default() }
    }

    /// Makes known what will be asked for.
    pub(super) fn expect<'c>(&self, coordinates: impl Iterator<Item = &'c SecretRef>) {
        let mut by_region: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
        for SecretRef { path, .. } in coordinates {
            by_region.entry(region_of(path)).or_default().push(path.clone());
        }
        let batches = by_region.into_iter().flat_map(|(region, names)| {
            let batch = |names: &[String]| {
                let (region, names) = (region.map(str::to_owned), names.to_vec());
                Rc::new(Batch { region, names, answer: OnceCell::new() })
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
        access: &Access<'_>,
        leases: &Leases,
        ask: impl AsyncFnOnce(&Session, Vec<String>) -> Result<Vec<T>, SdkError<E>>,
        found: impl FnOnce(&[T]) -> Option<Fetched>,
    ) -> Result<Option<Fetched>, Failure>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let has = |batch: &&Rc<Batch<T>>| batch.names.iter().any(|one| one == name);
        let batch = self.all.borrow().iter().find(has).cloned();
        let Some(batch) = batch else { return Ok(None) };
        let ask = async || {
            let all = |failure| Missed::All(Arc::new(failure));
            let session = access.session(batch.region.as_deref(), leases).await.map_err(all)?;
            let answer = ask(&session, batch.names.clone()).await;
            answer.map_err(|error| match failure::refused(&error, &session.place(self.service)) {
                Ok(_) => Missed::Refused,
                Err(failure) => all(failure),
            })
        };
        match batch.answer.get_or_init(ask).await {
            Ok(values) => Ok(found(values)),
            Err(Missed::Refused) => Ok(None),
            Err(Missed::All(failure)) => Err(same(failure)),
        }
    }
}
