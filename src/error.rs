//! What every failure carries, and how it becomes an exit code and a message.
//!
//! Each part has its own error enum and implements [`Fault`] for it: a [`Kind`], which decides the exit code, and a
//! hint, the next thing a person should do. [`Error`] erases the part's type so that verbs can return any of them.
//! No message may hold the value of a secret: messages reach the model, the host's logs and the terminal.

use std::error::Error as StdError;
use std::fmt;

/// What class of failure this is. Decides the exit code (`sysexits.h` where one fits, else the launcher convention of
/// `timeout(1)` and POSIX).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The command line is wrong.
    Usage,
    /// An installed or locked file is not what was recorded.
    Integrity,
    /// A secret provider could not be reached.
    Unavailable,
    /// Reading or writing a file or a descriptor failed.
    Io,
    /// A deadline passed.
    Deadline,
    /// A provider refused us, or a secret is not there.
    Auth,
    /// The manifest, the lockfile or trust in them is wrong.
    Config,
    /// hushpipe itself failed.
    Internal,
    /// The program to start was found and cannot be run.
    NotRunnable,
    /// The program to start was not found.
    NotFound,
}

impl Kind {
    /// The exit code of a process that ends with this failure.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Integrity => 65,
            Self::Unavailable => 69,
            Self::Io => 74,
            Self::Deadline => 75,
            Self::Auth => 77,
            Self::Config => 78,
            Self::Internal => 125,
            Self::NotRunnable => 126,
            Self::NotFound => 127,
        }
    }

    /// A stable name for logs and for `error.data.kind` of a JSON-RPC error.
    pub fn token(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Integrity => "integrity",
            Self::Unavailable => "unavailable",
            Self::Io => "io",
            Self::Deadline => "deadline",
            Self::Auth => "auth",
            Self::Config => "config",
            Self::Internal => "internal",
            Self::NotRunnable => "not_runnable",
            Self::NotFound => "not_found",
        }
    }
}

/// What a part's error enum says of itself, beside its message and sources.
pub trait Fault: StdError {
    /// The class of the failure.
    fn kind(&self) -> Kind;

    /// The next step for the person, if one exists: one sentence, lower case, no full stop, commands in backticks.
    /// Written for a reader who may be an agent: "ask the user to run `…`" where the verb reveals or weakens.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// Any part's error, with its [`Fault`] facts kept.
pub struct Error(Box<dyn Fault + Send + Sync + 'static>);

impl Error {
    /// The class of the failure.
    pub fn kind(&self) -> Kind {
        self.0.kind()
    }

    /// The exit code of a process that ends with this failure.
    pub fn exit_code(&self) -> u8 {
        self.kind().exit_code()
    }

    /// The next step for the person, if one exists.
    pub fn hint(&self) -> Option<String> {
        self.0.hint()
    }

    /// The messages of the sources, outermost first; each line of a message is one entry.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut source = self.0.source();
        while let Some(error) = source {
            causes.extend(error.to_string().lines().map(str::to_owned));
            source = error.source();
        }
        causes
    }

    /// The whole report as it stands on stderr: `error:`, then `cause:` lines, then a `hint:`.
    pub fn report(&self) -> String {
        let mut report = String::new();
        for line in self.to_string().lines() {
            report.push_str(&format!("hushpipe: error: {line}\n"));
        }
        for cause in self.causes() {
            report.push_str(&format!("hushpipe: cause: {cause}\n"));
        }
        for line in self.hint().iter().flat_map(|hint| hint.lines()) {
            report.push_str(&format!("hushpipe: hint: {line}\n"));
        }
        report
    }
}

impl<F: Fault + Send + Sync + 'static> From<F> for Error {
    fn from(fault: F) -> Self {
        Self(Box::new(fault))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report())
    }
}

/// A result with any part's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("secret `TOKEN` for server `github` was not found")]
    struct Missing(#[source] std::io::Error);

    impl Fault for Missing {
        fn kind(&self) -> Kind {
            Kind::Auth
        }

        fn hint(&self) -> Option<String> {
            Some("ask the user to store it".into())
        }
    }

    #[test]
    fn a_report_has_error_cause_and_hint_lines() {
        let error = Error::from(Missing(std::io::Error::other("no item `x`")));
        assert_eq!(error.exit_code(), 77);
        assert_eq!(
            error.report(),
            "hushpipe: error: secret `TOKEN` for server `github` was not found\n\
             hushpipe: cause: no item `x`\n\
             hushpipe: hint: ask the user to store it\n"
        );
    }
}
