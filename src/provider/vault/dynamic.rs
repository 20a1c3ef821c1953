//! What was given for a time only, as leases: an account that an engine made, and the token that we made ourselves.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::http::{Call, Link};
use super::session::Session;
use crate::provider::{Failure, Holder, Lease};
use crate::secret::Secret;

/// How long something lasts of which the server says 0: a token that never ends.
const FOR_GOOD: u64 = 10 * 365 * 24 * 3600;

/// A time as an answer gives it.
pub(super) fn seconds(given: Option<u64>) -> Duration {
    Duration::from_secs(given.filter(|seconds| *seconds > 0).unwrap_or(FOR_GOOD))
}

/// The lease of what an engine made.
pub(super) fn lease(
    about: String,
    lasts: Duration,
    renewable: bool,
    id: Secret,
    link: &Arc<Link>,
    session: &Session,
) -> Lease {
    let (link, token) = (Arc::clone(link), Arc::clone(&session.token));
    let goes_with_token = session.is_ours;
    let asked = Secret::new(lasts.as_secs().to_string().into_bytes());
    let made = Made { link, token, id, asked, goes_with_token };
    Lease { about, lasts, renewable, holder: Box::new(made) }
}

/// The lease of a token that we made.
pub(super) fn token_lease(
    about: String,
    lasts: Duration,
    renewable: bool,
    link: &Arc<Link>,
    token: &Arc<Secret>,
) -> Lease {
    let own = OwnToken { link: Arc::clone(link), token: Arc::clone(token) };
    Lease { about, lasts, renewable, holder: Box::new(own) }
}

/// What an engine made (API, "sys/leases").
struct Made {
    link: Arc<Link>,
    token: Arc<Secret>,
    id: Secret,
    /// What it lasted at first, in seconds, which is asked for again.
    asked: Secret,
    /// Whether it ends with the token, which is given back too.
    goes_with_token: bool,
}

impl Holder for Made {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<Duration, Failure>> + '_>> {
        Box::pin(async {
            let call = Call::post(
                "sys/leases/renew",
                &[("lease_id", &self.id), ("increment", &self.asked)],
            )?;
            let answer = self.link.send(&call, Some(&self.token)).await?;
            let envelope = answer.envelope(&self.link.place)?;
            Ok(Duration::from_secs(envelope.lease_duration.unwrap_or_default()))
        })
    }

    fn give_back(&self) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + '_>> {
        Box::pin(async {
            let call = Call::post("sys/leases/revoke", &[("lease_id", &self.id)])?;
            let answer = self.link.send(&call, Some(&self.token)).await?;
            match answer.status {
                // Few policies allow it, and what was given with a token ends with it.
                403 if self.goes_with_token => Ok(()),
                403 => Err(Failure::Denied {
                    reason: format!("{} does not let this login end it before its time", self.link.place),
                    hint: "ask for a policy that allows `update` on `sys/leases/revoke`, or set `child_token = true`"
                        .to_owned(),
                }),
                _ if answer.is_good() => Ok(()),
                _ => Err(answer.unusual(&self.link.place)),
            }
        })
    }
}

/// A token that we made (API, "auth/token").
struct OwnToken {
    link: Arc<Link>,
    token: Arc<Secret>,
}

impl Holder for OwnToken {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<Duration, Failure>> + '_>> {
        Box::pin(async {
            let call = Call::post("auth/token/renew-self", &[])?;
            let answer = self.link.send(&call, Some(&self.token)).await?;
            let auth = answer.envelope(&self.link.place)?.auth;
            Ok(Duration::from_secs(auth.and_then(|auth| auth.lease_duration).unwrap_or_default()))
        })
    }

    fn give_back(&self) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + '_>> {
        Box::pin(async {
            let call = Call::post("auth/token/revoke-self", &[])?;
            let answer = self.link.send(&call, Some(&self.token)).await?;
            if answer.is_good() { Ok(()) } else { Err(answer.unusual(&self.link.place)) }
        })
    }

    fn goes_last(&self) -> bool {
        true
    }
}
