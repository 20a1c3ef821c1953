//! Secret providers: where secrets are, one file each, and how a server's references become values.
//!
//! [`resolve()`](resolve::resolve) is the way in: it takes a server's requests and hands back every value or one error that names every
//! reference that failed. A provider fetches a *coordinate* (path and query, no field) once; fields are projected from
//! that one answer. What a provider cannot honour, a query key, a field, a path of the wrong shape, is an error and
//! never ignored, and is found by [`Providers::check`] before anything is fetched.
//!
//! To add one: a file that ends in its [`ProviderKind`], and its line in [`KINDS`].

#[cfg(feature = "aws")]
mod aws;
mod cache;
mod config;
mod detached;
mod env;
mod failure;
mod fetch;
mod fetched;
mod field;
mod file;
mod keeper;
mod keychain;
mod lease;
mod local;
#[cfg(feature = "vault")]
mod net;
#[cfg(any(feature = "vault", feature = "aws"))]
mod once;
#[cfg(feature = "aws")]
mod program;
pub mod resolve;
#[cfg(feature = "vault")]
mod vault;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::secret::{Secret, SecretRef};
use crate::sys::env::OwnEnv;
use crate::sys::path::Paths;
use fetch::Memo;

pub use config::ProviderConfig;
pub use failure::Failure;
pub use fetch::{fetch_one, log_in};
pub use fetched::{Fetched, Fetching, LoggingIn, Login, Unwrapped, Unwrapping};
pub use file::trim_newline;
pub use keeper::{PutOutcome, Rekeyed, Sealer, StoredItem, WritableStore};
pub use lease::{Holder, Lease, Leases};
pub use resolve::{Attempt, ResolveError, Resolved, attempt, resolve};

/// Every provider of this version, in the order in which help and schema show them.
pub static KINDS: &[ProviderKind] = &[
    keychain::KIND,
    local::KIND,
    #[cfg(feature = "vault")]
    vault::KIND,
    #[cfg(feature = "aws")]
    aws::SECRETS_MANAGER,
    #[cfg(feature = "aws")]
    aws::PARAMETER_STORE,
    #[cfg(feature = "aws")]
    aws::STS,
    env::KIND,
    file::KIND,
];

/// Schemes that hushpipe will know and this version does not.
pub const LATER: &[&str] = &[
    #[cfg(not(feature = "vault"))]
    "vault",
    #[cfg(not(feature = "aws"))]
    "awssm",
    #[cfg(not(feature = "aws"))]
    "awsssm",
    #[cfg(not(feature = "aws"))]
    "aws-sts",
    "gcpsm",
    "azkv",
    "op",
    "infisical",
    "doppler",
    "bws",
    "exec",
];

/// The largest value that is fetched or stored, in bytes.
pub const MAX_VALUE: u64 = 1024 * 1024;

/// One kind of provider: what it can be asked, and how it is made.
pub struct ProviderKind {
    /// The scheme of its references, and its `type` in `[providers.<name>]`.
    pub scheme: &'static str,
    /// What it reads, as the end of "reads …".
    pub about: &'static str,
    /// The query keys it understands.
    pub query: &'static [&'static str],
    /// Whether one field of a value can be asked for.
    pub fields: Fields,
    /// Whether `[providers.<scheme>]` may give settings to the built-in provider itself.
    pub built_in_settings: bool,
    /// Whether its values come over a network, so that keeping them for a time may make sense.
    pub remote: bool,
    /// Reads its settings from `[providers.<name>]`; an empty table where there is none.
    settings: config::Parse,
    /// Describes its settings in the manifest's JSON Schema.
    schema: config::Describe,
}

/// What `#field` means to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// A key of, or a dotted path into, a value that is JSON.
    Json,
    /// Nothing: asking for one is an error.
    None,
}

/// A provider's settings, as `[providers.<name>]` gives them.
pub trait Settings: fmt::Debug + Send + Sync {
    /// The provider with these settings. Does no I/O.
    fn open<'a>(&self, surroundings: Surroundings<'a>) -> Box<dyn Provider + 'a>;

    /// The references that it logs in with, each under the key that names it in the table.
    fn needs(&self) -> Vec<(&'static str, SecretRef)> {
        Vec::new()
    }

    /// The same settings for a built-in provider of another kind that has no table of its own, where one table is meant
    /// for both.
    fn shared_with(&self, _kind: &'static ProviderKind) -> Option<Arc<dyn Settings>> {
        None
    }

    /// What besides these settings says who logs in, and where: a token file's content, the variables that `from_env`
    /// lets in. A value that was kept for one identity is never given to another. Does no I/O before it is called.
    fn identity(&self, _surroundings: Surroundings<'_>) -> Identify {
        Box::new(Zeroizing::default)
    }
}

/// Finds out who logs in. Reads small files of this machine, so it is called where nobody has to wait for them.
pub type Identify = Box<dyn FnOnce() -> Zeroizing<Vec<u8>> + Send>;

/// What providers may know of the process and the user.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Our own environment, as it was when we started.
    pub env: &'a OwnEnv,
    /// The user's folders.
    pub paths: &'a Paths,
    /// `[providers.*]`, for what a provider logs in with.
    named: &'a BTreeMap<String, ProviderConfig>,
    /// What this launch has fetched already.
    memo: Option<&'a Memo>,
    /// Whether no store is asked over a network: what its cache has must do.
    offline: bool,
}

/// A place that secrets are fetched from.
pub trait Provider {
    /// Whether a coordinate's path is one that this provider could have. Does no I/O.
    ///
    /// # Errors
    /// [`Failure::BadPath`].
    fn check(&self, coordinate: &SecretRef) -> Result<(), Failure>;

    /// Fetches what stands at a coordinate, which passed [`Provider::check`].
    ///
    /// The future may be dropped at any point when the deadline passes, and must never block the thread: work that can
    /// goes to a detached thread (`detached.rs`). What was given for a time only goes into `leases` as soon as it is there.
    fn fetch<'a>(&'a self, coordinate: &'a SecretRef, leases: &'a Leases) -> Fetching<'a>;

    /// Announces what will be fetched, so that a provider can ask for several values with one call. Does no I/O.
    fn announce(&self, _coordinates: &[&SecretRef]) {}

    /// Exchanges a token that stands for one answer, once, for what it wraps. `place` is where that will be stored: where
    /// it tells what must be in the token, another one is refused and stays unused.
    fn unwrap<'a>(&'a self, _token: &'a Secret, _place: &'a SecretRef) -> Unwrapping<'a> {
        Box::pin(std::future::ready(Err(Failure::BadPath {
            reason: "only a `vault` provider can unwrap a token",
        })))
    }

    /// Logs in as a fetch would, and fetches nothing: for `doctor`. What was given for a time only goes into `leases`.
    /// A provider without a login has nothing to say.
    fn login<'a>(&'a self, _leases: &'a Leases) -> LoggingIn<'a> {
        Box::pin(std::future::ready(Ok(Login::default())))
    }

    /// Opens a store that is locked, if a person must and can: may show a dialog and waits for it, so only verbs that a
    /// person types call it. `coordinate` is what will be fetched or stored; without one it is the store as a whole.
    ///
    /// # Errors
    /// [`Failure::Denied`] where the person did not open it, or the store cannot be asked.
    fn unlock(&self, _coordinate: Option<&SecretRef>) -> Result<(), Failure> {
        Ok(())
    }

    /// What a person should know of how this store keeps its values, if there is something.
    fn caution(&self) -> Option<String> {
        None
    }

    /// The side that stores, where hushpipe may write to this provider.
    fn keeper(&self) -> Option<&dyn WritableStore> {
        None
    }
}

/// The providers of one manifest: the built-in ones and `[providers.*]`.
#[derive(Clone, Copy)]
pub struct Providers<'a>(Surroundings<'a>);

impl<'a> Providers<'a> {
    /// The providers that a manifest's `[providers.*]` tables and this process give. The name of a built-in provider means
    /// that one, with the settings of its table where it may have one; the manifest refuses to give it to another.
    pub fn new(
        named: &'a BTreeMap<String, ProviderConfig>,
        env: &'a OwnEnv,
        paths: &'a Paths,
    ) -> Self {
        Self(Surroundings { env, paths, named, memo: None, offline: false })
    }

    /// The same, which ask no store over a network: what stands in the cache is given at any age.
    pub fn offline(self, offline: bool) -> Self {
        Self(Surroundings { offline, ..self.0 })
    }

    /// Forgets what the cache has of one provider, or of all; how many values.
    ///
    /// # Errors
    /// This machine's key cannot be read.
    pub fn forget(&self, provider: Option<&str>) -> Result<usize, Failure> {
        cache::forget(provider, self.0.paths)
    }

    /// The same, which fetch nothing twice that this memo knows.
    fn remembering<'b>(self, memo: &'b Memo) -> Providers<'b>
    where
        'a: 'b,
    {
        Providers(Surroundings { memo: Some(memo), ..self.0 })
    }

    /// Whether a reference could be honoured: its provider is known, takes its query keys and its field, could have its
    /// path, and so on for what that provider logs in with. Does no I/O.
    ///
    /// # Errors
    /// The first thing that could not.
    pub fn check(&self, reference: &SecretRef) -> Result<&'static ProviderKind, Failure> {
        self.check_behind(&[], reference)
    }

    /// The same for a reference that the last of these providers logs in with, which the one before it needs, and so on.
    fn check_behind(
        &self,
        way: &[&str],
        reference: &SecretRef,
    ) -> Result<&'static ProviderKind, Failure> {
        let config = self.config(&reference.provider)?;
        let kind = config.kind;
        if let Some(key) = reference.query.keys().find(|key| !kind.query.contains(&key.as_str())) {
            return Err(Failure::UnknownKey { scheme: kind.scheme, key: key.clone() });
        }
        if kind.fields == Fields::None && reference.field.is_some() {
            return Err(Failure::NoFields { scheme: kind.scheme });
        }
        config.settings.open(self.0).check(reference)?;
        let provider = reference.provider.as_str();
        let round = way.iter().position(|name| *name == provider);
        let way = [way, &[provider]].concat();
        if let Some(start) = round {
            let way = way[start..].iter().map(|name| format!("`{name}`")).collect();
            return Err(Failure::Cycle { way });
        }
        self.check_needs(&way, &config)?;
        Ok(kind)
    }

    /// Whether a provider could be logged in to: each reference that stands in its table for that could be honoured. Does
    /// no I/O.
    ///
    /// # Errors
    /// [`Failure::Login`] or [`Failure::Cycle`]; or there is no such provider.
    pub fn check_login(&self, scheme: &str) -> Result<(), Failure> {
        self.check_needs(&[scheme], self.config(scheme)?.as_ref())
    }

    fn check_needs(&self, way: &[&str], config: &ProviderConfig) -> Result<(), Failure> {
        for (key, needed) in config.settings.needs() {
            self.check_behind(way, &needed).map_err(|failure| match failure {
                cycle @ Failure::Cycle { .. } => cycle,
                other => Failure::Login { key, reference: needed.clone(), source: Arc::new(other) },
            })?;
        }
        Ok(())
    }

    /// The provider that a scheme names.
    ///
    /// # Errors
    /// There is none, or its settings are missing.
    pub fn open(&self, scheme: &str) -> Result<Box<dyn Provider + 'a>, Failure> {
        Ok(self.config(scheme)?.settings.open(self.0))
    }

    /// Every provider that can be opened, by scheme: the built-in ones, then `[providers.*]`.
    pub fn schemes(&self) -> impl Iterator<Item = &str> {
        let built_in = KINDS.iter().map(|kind| kind.scheme);
        let named = self.0.named.keys().map(String::as_str);
        built_in.chain(named.filter(|name| kind(name).is_none()))
    }

    /// Whether a provider's values come over a network.
    pub fn is_remote(&self, scheme: &str) -> bool {
        self.config(scheme).is_ok_and(|config| config.kind.remote)
    }

    fn config(&self, scheme: &str) -> Result<Cow<'a, ProviderConfig>, Failure> {
        match (kind(scheme), self.0.named.get(scheme)) {
            (Some(kind), Some(config)) if kind.built_in_settings => Ok(Cow::Borrowed(config)),
            (Some(kind), _) => {
                let mut tables = KINDS.iter().filter_map(|other| self.0.named.get(other.scheme));
                let shared = |table: &ProviderConfig| {
                    let settings = table.settings.shared_with(kind)?;
                    Some(ProviderConfig { kind, settings, cache: table.cache.clone() })
                };
                match tables.find_map(shared) {
                    Some(config) => Ok(Cow::Owned(config)),
                    None => ProviderConfig::without_settings(kind).map(Cow::Owned),
                }
            }
            (None, Some(config)) => Ok(Cow::Borrowed(config)),
            (None, None) if LATER.contains(&scheme) => {
                Err(Failure::NotInThisVersion { scheme: scheme.to_owned() })
            }
            (None, None) => Err(Failure::UnknownProvider {
                scheme: scheme.to_owned(),
                known: self.schemes().map(|known| format!("`{known}`")).collect(),
            }),
        }
    }
}

/// The built-in provider of a scheme.
pub fn kind(scheme: &str) -> Option<&'static ProviderKind> {
    KINDS.iter().find(|kind| kind.scheme == scheme)
}

impl fmt::Debug for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme)
    }
}

#[cfg(test)]
mod tests;
