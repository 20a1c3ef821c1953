//! What a provider gave for a time only: a token that was made for this session, an account of a database.
//!
//! A [`Lease`] goes into [`Leases`] the moment that it is known, so that whatever happens next, a deadline, another
//! secret that is missing, the end of the server, it is given back. While the server runs it is renewed at two thirds
//! of its time. Always true: a lease is given back once, and its id is in no message.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::Failure;

/// Something that ends by itself unless it is renewed.
pub struct Lease {
    /// What it is, for messages, without its id: "the lease of `corp://database/creds/ro`".
    pub about: String,
    /// How long it lasts from now.
    pub lasts: Duration,
    /// Whether it can be renewed.
    pub renewable: bool,
    /// The side that renews it and gives it back.
    pub holder: Box<dyn Holder>,
}

/// What can be done with a lease. Owns what it needs: the provider that made it is gone by then.
pub trait Holder {
    /// Renews the lease; how long it lasts from now, which is shorter when its limit is near.
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<Duration, Failure>> + '_>>;

    /// Gives the lease back, so that what it stood for is of no use to anybody any more.
    fn give_back(&self) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + '_>>;
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({}, {} s)", self.about, self.lasts.as_secs())
    }
}

/// The leases of one launch, in the order in which they were given.
#[derive(Debug, Default)]
pub struct Leases(RefCell<Vec<Lease>>);

impl Leases {
    /// Takes a lease into care.
    pub fn add(&self, lease: Lease) {
        self.0.borrow_mut().push(lease);
    }

    /// Gives all of them back, the last first: what was given with a token goes before the token. What could not be given
    /// back within `limit` ends by itself; why is returned, one line each.
    pub async fn give_back(&self, limit: Duration) -> Vec<String> {
        let mut kept = Vec::new();
        let all = async {
            while let Some(lease) = self.take_last() {
                if let Err(failure) = lease.holder.give_back().await {
                    kept.push(format!(
                        "{} was not given back: {}",
                        lease.about,
                        failure.with_cause()
                    ));
                }
            }
        };
        if tokio::time::timeout(limit, all).await.is_err() {
            kept.push(format!("not everything was given back within {} ms", limit.as_millis()));
        }
        kept
    }

    fn take_last(&self) -> Option<Lease> {
        self.0.borrow_mut().pop()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}
