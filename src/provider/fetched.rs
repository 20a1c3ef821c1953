//! What a provider gives: a value, a login, what a token wraps; each with what it said of that.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::Failure;
use crate::secret::Secret;

/// A fetch under way. Not `Send`: everything runs on the one thread of the runtime.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Fetched, Failure>> + 'a>>;

/// A login under way.
pub type LoggingIn<'a> = Pin<Box<dyn Future<Output = Result<Login, Failure>> + 'a>>;

/// What a provider said when it was logged in to.
#[derive(Debug, Default)]
pub struct Login {
    /// As whom, in the provider's words, as in "`token` with the policies `default`, `orders`"; never a token or a key.
    pub identity: Option<String>,
    /// How long the login is good for.
    pub lasts: Option<Duration>,
    /// What the person should know although it worked.
    pub warning: Option<String>,
}

/// What a provider answered.
#[derive(Debug)]
pub struct Fetched {
    /// The whole value.
    pub value: Secret,
    /// What tells this value from an earlier one at the same place, in the provider's words; never derived from the value.
    pub version: Option<String>,
    /// When this version was made, in seconds since 1970, where the provider says.
    pub created: Option<u64>,
    /// How long the value is good for, where it was given for a time only.
    pub lasts: Option<Duration>,
    /// What the person should know although it worked.
    pub warning: Option<String>,
    /// How long ago the store gave it, where it was in the cache and the store was not asked.
    pub cached: Option<Duration>,
}

impl Fetched {
    /// A value of which nothing else is known.
    pub fn of(value: Secret) -> Self {
        Self { value, version: None, created: None, lasts: None, warning: None, cached: None }
    }
}

/// A token being exchanged for what it wraps.
pub type Unwrapping<'a> = Pin<Box<dyn Future<Output = Result<Unwrapped, Failure>> + 'a>>;

/// What a token wrapped.
#[derive(Debug)]
pub struct Unwrapped {
    /// The value.
    pub value: Secret,
    /// Where the server made it, as in `auth/approle/role/app/secret-id`, where that can be shown.
    pub made_at: Option<String>,
}
