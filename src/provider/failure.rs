//! Why a reference gave no value. Names places, keys and commands; never holds a value or a part of one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Fault, Kind};
use crate::secret::SecretRef;
use crate::sys::permission::Insecure;

/// Why one reference could not be honoured, or a store could not be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// No provider has this scheme.
    #[error("there is no provider `{scheme}`; hushpipe knows {}", known.join(", "))]
    UnknownProvider {
        /// The scheme as written.
        scheme: String,
        /// The providers that there are, in backticks.
        known: Vec<String>,
    },
    /// A provider of a later version.
    #[error("provider `{scheme}` is not in this version of hushpipe")]
    NotInThisVersion {
        /// The scheme as written.
        scheme: String,
    },
    /// A provider that does not work without `[providers.<name>]`.
    #[error("provider `{scheme}` needs settings: {reason}")]
    NeedsSettings {
        /// The provider.
        scheme: &'static str,
        /// What is missing.
        reason: String,
    },
    /// A query key that the provider does not understand.
    #[error("a `{scheme}` reference cannot have `?{key}=`")]
    UnknownKey {
        /// The provider.
        scheme: &'static str,
        /// The key.
        key: String,
    },
    /// A field of a provider whose values have none.
    #[error("a `{scheme}` reference cannot have a `#field`")]
    NoFields {
        /// The provider.
        scheme: &'static str,
    },
    /// A path that the provider could not have.
    #[error("{reason}")]
    BadPath {
        /// What the path must be.
        reason: &'static str,
    },
    /// A provider that hushpipe does not store into.
    #[error("hushpipe cannot store values in `{scheme}`")]
    CannotStore {
        /// The scheme as written.
        scheme: String,
        /// The providers that it stores into, in backticks.
        stores: Vec<String>,
    },
    /// There is nothing at the place.
    #[error("{place} was not found")]
    NotFound {
        /// What was looked for, where.
        place: String,
        /// How it gets there.
        hint: String,
    },
    /// There was something at the place.
    #[error("{reason}")]
    Gone {
        /// What, and what became of it.
        reason: String,
        /// How it comes back.
        hint: String,
    },
    /// The provider, or the operating system, refuses us; or we refuse what others can read.
    #[error("{reason}")]
    Denied {
        /// What was refused and why.
        reason: String,
        /// What opens it.
        hint: String,
    },
    /// Somebody else could have written the file, or it is no file.
    #[error(transparent)]
    Insecure(Insecure),
    /// The provider did not answer.
    #[error("{place} could not be reached")]
    Unreachable {
        /// The provider or its address.
        place: String,
        /// What the network said.
        #[source]
        source: io::Error,
    },
    /// No store may be asked, and the cache has no such value.
    #[error("`--offline` asks no store, and the cache does not have this value")]
    Offline {
        /// How it gets there.
        hint: String,
    },
    /// The other end is not who it should be.
    #[error("{place} is not trusted: {reason}")]
    Untrusted {
        /// The provider's address.
        place: String,
        /// What is wrong with its certificate.
        reason: String,
        /// What makes it trusted.
        hint: String,
    },
    /// The provider answers, and not with what was asked for: it is overloaded, or what it says cannot be understood.
    #[error("{place} {reason}")]
    BadAnswer {
        /// The provider or its address.
        place: String,
        /// What it did, as in "answered 500"; nothing of what it said.
        reason: String,
        /// What to do, where there is something.
        hint: Option<String>,
    },
    /// A provider logs in with a reference that had no value.
    #[error("its login needs `{key}` from `{reference}`: {source}")]
    Login {
        /// The key of the provider's table.
        key: &'static str,
        /// The reference that stands there.
        reference: SecretRef,
        /// Why it had no value.
        source: Arc<Failure>,
    },
    /// Providers that log in with each other's secrets.
    #[error("providers log in with each other: {}", way.join(" → "))]
    Cycle {
        /// The way from a provider back to it, each in backticks.
        way: Vec<String>,
    },
    /// The provider had not answered when its time was over.
    #[error("no answer within {} ms", after.as_millis())]
    Deadline {
        /// How long it was waited for.
        after: Duration,
    },
    /// This machine has no such store.
    #[error("{reason}")]
    NoService {
        /// What was looked for and is not there.
        reason: String,
        /// What to use instead.
        hint: String,
    },
    /// The store gave no answer in the time that its own calls may take.
    #[error("{place} gave no answer within {} ms", after.as_millis())]
    NoAnswer {
        /// The store.
        place: String,
        /// How long it was waited for.
        after: Duration,
        /// What it may wait for.
        hint: String,
    },
    /// Several values answer to one reference.
    #[error("{reason}")]
    Ambiguous {
        /// How many are where.
        reason: String,
        /// How to leave one.
        hint: String,
    },
    /// Reading or writing failed.
    #[error("{action} failed")]
    Io {
        /// What was being done, as in "reading `/path`".
        action: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A store of ours cannot be understood.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
        /// What makes it right.
        hint: String,
    },
    /// What is kept where a key should be is none.
    #[error("{place} cannot be used: {reason}")]
    BadKey {
        /// Where.
        place: String,
        /// What is wrong with it.
        reason: &'static str,
        /// What makes it right.
        hint: String,
    },
    /// There is a value, and it cannot be what was asked for.
    #[error("the value {reason}")]
    Unfit {
        /// What is wrong with it, as the end of "the value …".
        reason: String,
        /// What makes it right.
        hint: Option<String>,
    },
    /// What several fetches failed with, because they share a login.
    #[error(transparent)]
    Shared(Arc<Failure>),
    /// The provider ended without an answer: a defect of ours.
    #[error("the provider stopped without answering")]
    Stopped,
}

impl Failure {
    /// What reading or writing a file failed with, in the words that fit the cause.
    pub(super) fn of_file(action: &str, path: &Path, source: io::Error) -> Self {
        let place = format!("`{}`", path.display());
        match source.kind() {
            io::ErrorKind::NotFound => {
                Self::NotFound { hint: format!("put the file at {place}"), place }
            }
            io::ErrorKind::PermissionDenied => Self::Denied {
                reason: format!("{action} {place} is not permitted"),
                hint: format!(
                    "make it readable for this user, for example with `chmod u+r {}`",
                    path.display()
                ),
            },
            _ => Self::Io { action: format!("{action} {place}"), source },
        }
    }

    /// Why a file was not opened.
    pub(super) fn of_opening(path: &Path, insecure: Insecure) -> Self {
        match insecure {
            Insecure::Read { source, .. } => Self::of_file("reading", path, source),
            insecure => Self::Insecure(insecure),
        }
    }

    /// The message and what caused it, on one line.
    pub fn with_cause(&self) -> String {
        let source = match self {
            // Said already.
            Self::Login { source, .. } => std::error::Error::source(source),
            Self::Shared(one) => return one.with_cause(),
            other => std::error::Error::source(other),
        };
        match source {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}

impl Fault for Failure {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound { .. } | Self::Gone { .. } | Self::Denied { .. } => Kind::Auth,
            Self::Unreachable { .. }
            | Self::Offline { .. }
            | Self::NoService { .. }
            | Self::Untrusted { .. }
            | Self::BadAnswer { .. } => Kind::Unavailable,
            Self::Login { source, .. } => source.kind(),
            Self::Deadline { .. } | Self::NoAnswer { .. } => Kind::Deadline,
            Self::Io { .. } | Self::Damaged { .. } | Self::BadKey { .. } => Kind::Io,
            Self::Insecure(insecure) => insecure.kind(),
            Self::Shared(shared) => shared.kind(),
            Self::Stopped => Kind::Internal,
            _ => Kind::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { hint, .. }
            | Self::Gone { hint, .. }
            | Self::Denied { hint, .. }
            | Self::NoService { hint, .. }
            | Self::Offline { hint }
            | Self::NoAnswer { hint, .. }
            | Self::Untrusted { hint, .. }
            | Self::Ambiguous { hint, .. }
            | Self::Damaged { hint, .. }
            | Self::BadKey { hint, .. } => Some(hint.clone()),
            Self::Unfit { hint, .. } | Self::BadAnswer { hint, .. } => hint.clone(),
            Self::Login { source, .. } => source.hint(),
            Self::Insecure(insecure) => insecure.hint(),
            Self::Shared(shared) => shared.hint(),
            Self::CannotStore { scheme, stores } => Some(format!(
                "add the value to `{scheme}` yourself, or store it in {}",
                stores.join(" or ")
            )),
            Self::UnknownKey { scheme, .. } => {
                let keys = super::kind(scheme).map_or(&[][..], |kind| kind.query);
                Some(match keys {
                    [] => format!("a `{scheme}` reference takes no `?key=value`"),
                    keys => format!("a `{scheme}` reference takes `{}`", keys.join("`, `")),
                })
            }
            _ => None,
        }
    }
}
