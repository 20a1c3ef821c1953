//! Fetching secrets for verbs that only look at them: what was given for a time goes back before the verb goes on, and what
//! could not is told.

use std::time::Duration;

use super::output::Output;
use super::runtime::{RuntimeError, block_on};
use crate::provider::resolve::{DEADLINE, within_limit};
use crate::provider::{Attempt, Failure, Leases, Login, Providers, attempt, fetch_one, log_in};
use crate::secret::{Secret, SecretRef, SecretRequest};

/// How long giving back may take before the verb goes on without.
const GIVE_BACK: Duration = Duration::from_secs(2);

/// Tries every reference of a server once.
///
/// # Errors
/// There is no runtime. What failed otherwise is in the attempts.
pub(super) fn attempt_once(
    requests: &[SecretRequest],
    providers: Providers<'_>,
    out: &Output,
) -> Result<Vec<Attempt>, RuntimeError> {
    block_on(async {
        let leases = Leases::default();
        let attempts = attempt(requests, providers, &leases, within_limit(DEADLINE)).await;
        give_back(&leases, out).await;
        attempts
    })
}

/// Fetches what one reference names.
///
/// # Errors
/// There is no runtime; or, inside, no such value.
pub(super) fn fetch_once(
    reference: &SecretRef,
    providers: Providers<'_>,
    out: &Output,
) -> Result<Result<Secret, Failure>, RuntimeError> {
    block_on(async {
        let leases = Leases::default();
        let fetched = fetch_one(reference, providers, &leases).await;
        give_back(&leases, out).await;
        fetched
    })
}

/// Logs in to each of these providers, at once, and gives back what that brought.
///
/// # Errors
/// There is no runtime; or, inside, who did not let us in.
pub(super) fn log_in_once(
    schemes: &[&str],
    providers: Providers<'_>,
    out: &Output,
) -> Result<Vec<Result<Login, Failure>>, RuntimeError> {
    block_on(async {
        let leases = Leases::default();
        let logins = log_in(schemes, providers, &leases).await;
        give_back(&leases, out).await;
        logins
    })
}

async fn give_back(leases: &Leases, out: &Output) {
    leases.give_back(GIVE_BACK).await.iter().for_each(|line| out.warn(line));
}
