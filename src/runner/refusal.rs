//! A package manager gave up: which class of failure that is, in words that are the same for every manager.

use crate::error::Kind;

/// A package manager gave up.
#[derive(Debug, thiserror::Error)]
#[error("{}", headline(self))]
pub struct Refusal {
    /// Which package manager.
    pub tool: &'static str,
    /// What class of failure it is.
    pub what: What,
    /// The package that was to be locked or installed, with its version.
    pub package: String,
    /// What to do about it with this package manager.
    advice: Option<String>,
    /// The package manager's own words.
    source: PackagerWords,
}

/// Classes of package managers' failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// The registry knows no such package.
    NoPackage,
    /// The package has no such version.
    NoVersion,
    /// A package comes as source only.
    NoWheel,
    /// Dependencies contradict each other.
    Unsolvable,
    /// The registry could not be reached.
    Unreachable,
    /// The registry wants other credentials.
    Denied,
    /// An archive is not the one that was locked.
    Integrity,
    /// A dependency is not of a registry.
    Source,
    /// The lock and its package do not fit together.
    Mismatch,
    /// The package is not for this machine.
    Platform,
    /// The package is for another version of its runtime.
    Runtime,
    /// A runtime could not be fetched.
    Fetch,
    /// The package manager does not know what we ask of it.
    Outdated,
    /// Anything else.
    Other,
}

/// A package manager's own words.
#[derive(Debug, thiserror::Error)]
#[error("{tool} says: {words}")]
struct PackagerWords {
    tool: &'static str,
    words: String,
}

impl Refusal {
    /// A failure of `tool` for `package`, with what it said.
    pub(super) fn new(tool: &'static str, what: What, package: &str, words: &str) -> Self {
        let lines: Vec<_> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let source = PackagerWords { tool, words: lines.join("\n") };
        Self { tool, what, package: package.to_owned(), advice: None, source }
    }

    /// The package manager's own words.
    pub(super) fn words(&self) -> &str {
        &self.source.words
    }

    /// The same as a failure to fetch a runtime, whose version stands for the package.
    pub(super) fn of_fetching(self) -> Self {
        Self { what: What::Fetch, advice: None, ..self }
    }

    /// The same with what to do about it.
    pub(super) fn advising(self, advice: Option<String>) -> Self {
        Self { advice, ..self }
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self.what {
            What::Integrity => {
                "the registry, or a proxy in between, now serves different content than when you locked it: find out why before you run `hushpipe lock` again"
            }
            What::NoPackage => "check the name in the manifest",
            _ => return self.advice.clone(),
        };
        Some(hint.to_owned())
    }

    /// The class of the failure, as the exit code has it.
    pub(super) fn kind(&self) -> Kind {
        match self.what {
            What::Unreachable | What::Fetch => Kind::Unavailable,
            What::Denied => Kind::Auth,
            What::Integrity => Kind::Integrity,
            What::Outdated | What::Other => Kind::Internal,
            What::NoPackage
            | What::NoVersion
            | What::NoWheel
            | What::Unsolvable
            | What::Source
            | What::Mismatch
            | What::Platform
            | What::Runtime => Kind::Config,
        }
    }
}

fn headline(refusal: &Refusal) -> String {
    let Refusal { tool, package, .. } = refusal;
    match refusal.what {
        What::NoPackage => format!("package `{package}` or a dependency is not in the registry"),
        What::NoVersion => format!("package `{package}` or a dependency has no such version"),
        What::NoWheel => format!("package `{package}` or a dependency comes as source only"),
        What::Unsolvable => {
            format!("the dependencies of package `{package}` contradict each other")
        }
        What::Unreachable => format!("the registry could not be reached for package `{package}`"),
        What::Denied => format!("the registry refused package `{package}`"),
        What::Integrity => {
            format!("the registry's archive for package `{package}` differs from the locked one")
        }
        What::Source => format!("package `{package}` needs something that is not in a registry"),
        What::Mismatch => format!("the lock entry of package `{package}` contradicts itself"),
        What::Platform => format!("package `{package}` is not for this machine"),
        What::Runtime => format!("package `{package}` needs another version of its runtime"),
        What::Fetch => format!("{tool} could not install Python `{package}`"),
        What::Outdated => format!("{tool} is too old, or too new, for package `{package}`"),
        What::Other => format!("{tool} failed for package `{package}`"),
    }
}
