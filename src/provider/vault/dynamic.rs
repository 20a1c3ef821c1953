//! What was given for a time only, as leases: an account that an engine made, and the token that we made ourselves.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::answer::Answer;
use super::http::{Link, VaultCall};
use super::session::VaultSession;
use crate::provider::{Failure, Holder, Lease, Leases};
use crate::secret::Secret;

/// How long something lasts of which the server says 0: a token that never ends.
const FOR_GOOD: u64 = 10 * 365 * 24 * 3600;

/// A time as an answer gives it.
pub(super) fn seconds(given: Option<u64>) -> Duration {
    Duration::from_secs(given.filter(|seconds| *seconds > 0).unwrap_or(FOR_GOOD))
}

/// Reads what an engine makes for whoever reads it. What is made is known to `leases`, whatever becomes of who asks.
pub(super) async fn make(
    call: VaultCall,
    about: String,
    link: &Arc<Link>,
    session: &VaultSession,
    leases: &Leases,
) -> Result<Answer, Failure> {
    let (link, token) = (Arc::clone(link), Arc::clone(&session.token));
    let goes_with_token = session.is_ours;
    let named = about.clone();
    let making = async move {
        let answer = link.send(&call, Some(&token)).await;
        let lease = answer.as_ref().ok();
        let lease = lease.and_then(|it| lease_in(it, named, &link, &token, goes_with_token));
        (answer, lease)
    };
    leases.make(about, making).await
}

fn lease_in(
    answer: &Answer,
    about: String,
    link: &Arc<Link>,
    token: &Arc<Secret>,
    goes_with_token: bool,
) -> Option<Lease> {
    let envelope = answer.read_envelope().filter(|_| answer.is_good())?;
    let (id, lasts) = (envelope.lease_id?, seconds(envelope.lease_duration));
    let asked = Secret::new(lasts.as_secs().to_string().into_bytes());
    let (link, token) = (Arc::clone(link), Arc::clone(token));
    let holder = Box::new(Made { link, token, id, asked, goes_with_token });
    Some(Lease { about, lasts, renewable: envelope.renewable.unwrap_or(false), holder })
}

/// Asks for a token that will be ours, as one's login or as a child of it. What is made is known to `leases`, too.
pub(super) async fn make_token(
    call: VaultCall,
    token: Option<Arc<Secret>>,
    about: String,
    link: &Arc<Link>,
    leases: &Leases,
) -> Result<Answer, Failure> {
    let (link, named) = (Arc::clone(link), about.clone());
    let making = async move {
        let answer = link.send(&call, token.as_deref()).await;
        let lease = answer.as_ref().ok().and_then(|it| token_lease_in(it, named, &link));
        (answer, lease)
    };
    leases.make(about, making).await
}

fn token_lease_in(answer: &Answer, about: String, link: &Arc<Link>) -> Option<Lease> {
    let auth = answer.read_envelope().filter(|_| answer.is_good())?.auth?;
    // One that is not kept by the server can be neither renewed nor revoked.
    if auth.is_batch() {
        return None;
    }
    let (token, lasts) = (Arc::new(auth.client_token?), seconds(auth.lease_duration));
    let holder = Box::new(OwnToken { link: Arc::clone(link), token });
    Some(Lease { about, lasts, renewable: auth.renewable.unwrap_or(false), holder })
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
            let call = VaultCall::post(
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
            let call = VaultCall::post("sys/leases/revoke", &[("lease_id", &self.id)])?;
            let answer = self.link.send(&call, Some(&self.token)).await?;
            match answer.status {
                // Few policies allow it, and what was given with a token ends with it.
                403 if self.goes_with_token => Ok(()),
                403 => Err(Failure::Denied {
                    reason: format!("{} does not let this login revoke it", self.link.place),
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
            let call = VaultCall::post("auth/token/renew-self", &[])?.of_login();
            let answer = self.link.send(&call, Some(&self.token)).await?;
            let auth = answer.envelope(&self.link.place)?.auth;
            Ok(Duration::from_secs(auth.and_then(|auth| auth.lease_duration).unwrap_or_default()))
        })
    }

    fn give_back(&self) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + '_>> {
        Box::pin(async {
            let call = VaultCall::post("auth/token/revoke-self", &[])?.of_login();
            let answer = self.link.send(&call, Some(&self.token)).await?;
            if answer.is_good() { Ok(()) } else { Err(answer.unusual(&self.link.place)) }
        })
    }

    fn goes_last(&self) -> bool {
        true
    }
}
