//! Fetching secrets for verbs that only look at them: what was given for a time goes back before the verb goes on.

use std::time::Duration;

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
) -> Result<Vec<Attempt>, RuntimeError> {
    block_on(async {
        let leases = Leases::default();
        let attempts = attempt(requests, providers, &leases, within_limit(DEADLINE)).await;
        leases.give_back(GIVE_BACK).await;
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
) -> Result<Result<Secret, Failure>, RuntimeError> {
    block_on(async {
        let leases = Leases::default();
        let fetched = fetch_one(reference, providers, &leases).await;
        leases.give_back(GIVE_BACK).await;
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
) -> Result<Vec<Result<Login, Failure>>, RuntimeError> {
    block_on(async {
        let leases = Leases::default();
        let logins = log_in(schemes, providers, &leases).await;
        leases.give_back(GIVE_BACK).await;
        logins
    })
}
