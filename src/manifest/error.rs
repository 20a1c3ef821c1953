//! Why a manifest cannot be used.
//!
//! [`Error`] is the part's error; what is wrong inside a file is a list of [`Mistake`]s, all that one reading found, each
//! with its [`Place`]. No message shows a value: names, keys and package names only.

use std::fmt;
use std::path::PathBuf;

pub use super::mistake::Mistake;
use super::names;
pub use super::source::Place;
use crate::error::{Fault, Kind};
use crate::sys::permission::Insecure;

/// Why no manifest, or no server of it, is at hand.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The user has no manifest and no project manifest is named.
    #[error("there is no manifest at `{}`", .0.display())]
    Missing(PathBuf),
    /// The project manifest that was named is not there.
    #[error("there is no project manifest at `{}`", .0.display())]
    MissingProject(PathBuf),
    /// It cannot be read, or somebody else could have written it.
    #[error("the manifest cannot be trusted")]
    Insecure(#[source] Insecure),
    /// The operating system would not read it.
    #[error("cannot read the manifest")]
    Unreadable(#[source] Insecure),
    /// It is larger than 1 MiB.
    #[error("`{}` is larger than 1 MiB", .0.display())]
    TooLarge(PathBuf),
    /// What it says is wrong.
    #[error("{}", lines(mistakes))]
    Invalid {
        /// What is wrong, in the order of the file.
        mistakes: Vec<Mistake>,
        /// Where, in the same order.
        #[source]
        places: Places,
    },
    /// No manifest has such a server.
    #[error("there is no server `{}` in the manifest", names::shown(name))]
    UnknownServer {
        /// The name asked for.
        name: String,
        /// The servers there are.
        known: Vec<String>,
    },
    /// No manifest has such a profile.
    #[error("there is no profile `{}` in the manifest", names::shown(name))]
    UnknownProfile {
        /// The name asked for.
        name: String,
        /// The profiles there are.
        known: Vec<String>,
    },
}

impl Error {
    /// Mistakes of one file with their places, put in the order of the file.
    pub(super) fn invalid(mut found: Vec<(Mistake, Place)>) -> Self {
        found.sort_by_key(|(_, place)| (place.line, place.column));
        let (mistakes, places) = found.into_iter().unzip();
        Self::Invalid { mistakes, places: Places(places) }
    }
}

impl From<Insecure> for Error {
    fn from(insecure: Insecure) -> Self {
        match insecure {
            Insecure::Read { .. } => Self::Unreadable(insecure),
            _ => Self::Insecure(insecure),
        }
    }
}

impl Fault for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Insecure(insecure) | Self::Unreadable(insecure) => insecure.kind(),
            _ => Kind::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing(_) => Some("run `hushpipe init`".into()),
            Self::Insecure(insecure) | Self::Unreadable(insecure) => insecure.hint(),
            Self::Invalid { mistakes, .. } => {
                let mut hints: Vec<String> = mistakes.iter().filter_map(Mistake::hint).collect();
                hints.dedup();
                (!hints.is_empty()).then(|| hints.join("\n"))
            }
            Self::UnknownServer { name, known } => Some(choice("server", name, known)),
            Self::UnknownProfile { name, known } => Some(choice("profile", name, known)),
            Self::MissingProject(_) | Self::TooLarge(_) => None,
        }
    }
}

/// The nearest known name, or all of them.
fn choice(what: &str, name: &str, known: &[String]) -> String {
    match names::nearest(name, known.iter().map(String::as_str)) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if known.is_empty() => format!("the manifest has no {what} at all"),
        None => format!("known: `{}`", known.join("`, `")),
    }
}

fn lines<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join("\n")
}

/// Where the mistakes are, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places(pub Vec<Place>);

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&lines(&self.0))
    }
}

impl std::error::Error for Places {}
