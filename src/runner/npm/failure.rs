//! What can go wrong with npm, told apart by the codes that npm itself gives.

use std::io;
use std::path::PathBuf;

use serde::Deserialize;

use super::Rejected;
use crate::error::{Fault, Kind};
use crate::runner::refusal::{Refusal, What};

/// Why a package could not be locked or installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpmError {
    /// There is no Node.
    #[error("node was not found, neither on the login shell's PATH nor on yours")]
    NoNode,
    /// There is no npm.
    #[error("npm was not found beside `{}` or on PATH", node.display())]
    NoNpm {
        /// The Node that was found.
        node: PathBuf,
    },
    /// npm could not be started, or its output not read.
    #[error("npm could not be run with `{}`", program.display())]
    Start {
        /// What was to be started.
        program: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file could not be read or written.
    #[error("`{}` cannot be used", path.display())]
    Files {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// npm gave up.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// npm wrote a lock that is not in its own format.
    #[error("npm wrote a `package-lock.json` for `{package}` that does not read")]
    Format {
        /// `name@version`.
        package: String,
        /// Where it stops reading.
        source: serde_json::Error,
    },
    /// The closure holds what is not accepted.
    #[error("package `{package}` is not accepted")]
    Rejected {
        /// `name@version`.
        package: String,
        /// What it holds.
        source: Rejected,
    },
    /// It is open which program of the package to run.
    #[error("package `{package}` has several programs: {}", list(programs))]
    SeveralPrograms {
        /// `name@version`.
        package: String,
        /// Their names.
        programs: Vec<String>,
    },
    /// The manifest names a program that the package does not have.
    #[error("package `{package}` has no program `{bin}`; it has {}", list(programs))]
    NoSuchProgram {
        /// `name@version`.
        package: String,
        /// The name in the manifest.
        bin: String,
        /// The names in the package.
        programs: Vec<String>,
    },
    /// The entry point is not among the installed files.
    #[error("entry point `{entry}` is not among the installed files")]
    NoEntry {
        /// Its path below the install.
        entry: String,
    },
    /// The entry point is a program for something else than Node.
    #[error("entry point `{entry}` is not run by node: its first line is `{line}`")]
    NotNode {
        /// Its path below the install.
        entry: String,
        /// Its first line.
        line: String,
    },
}

impl NpmError {
    /// The failure of a run of npm for `package`, from what it wrote.
    pub(super) fn refused(package: &str, stdout: &[u8], log: &[String]) -> Self {
        #[derive(Deserialize)]
        struct Report {
            error: Reported,
        }
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Reported {
            code: String,
            summary: String,
            detail: String,
        }
        let reported = serde_json::from_slice(stdout).map(|report: Report| report.error);
        let Reported { code, summary, detail } = reported.unwrap_or_default();
        let words = match summary.is_empty() {
            false => format!("{summary}\n{detail}"),
            true => log.join("\n"),
        };
        Refusal::new("npm", what(&code, log), package, &words).into()
    }
}

/// The name under which npm looks for git: none, so that it cannot fetch from a repository.
pub(super) const NO_GIT: &str = "hushpipe-runs-no-git";

fn what(code: &str, log: &[String]) -> What {
    match code {
        "E404" => What::NoPackage,
        "ETARGET" => What::NoVersion,
        "E401" | "E403" | "ENEEDAUTH" | "EOTP" => What::Denied,
        "EINTEGRITY" => What::Integrity,
        "EALLOWGIT" | "EALLOWREMOTE" | "EALLOWFILE" | "EALLOWDIRECTORY" => What::Source,
        "EUSAGE" => What::Mismatch,
        "EBADPLATFORM" | "EBADENGINE" => What::Platform,
        "ENOENT" if log.iter().any(|line| line.contains(NO_GIT)) => What::Source,
        "ECONNREFUSED" | "ECONNRESET" | "ENOTFOUND" | "EAI_AGAIN" | "ETIMEDOUT" | "ENETUNREACH"
        | "EHOSTUNREACH" | "EPIPE" | "ERR_SOCKET_TIMEOUT" | "FETCH_ERROR" | "E429" => {
            What::Unreachable
        }
        code if code.starts_with("E5") || code.contains("CERT") || code.contains("SSL") => {
            What::Unreachable
        }
        _ => What::Other,
    }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl Fault for NpmError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoNode | Self::NoNpm { .. } => Kind::NotFound,
            Self::Start { .. } | Self::Format { .. } => Kind::Internal,
            Self::Files { .. } => Kind::Io,
            Self::NoEntry { .. } => Kind::Integrity,
            Self::Rejected { .. }
            | Self::SeveralPrograms { .. }
            | Self::NoSuchProgram { .. }
            | Self::NotNode { .. } => Kind::Config,
            Self::Refused(refusal) => refusal.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoNode => "install Node.js, or put it on your PATH",
            Self::NoNpm { .. } => "install npm, or put it on your PATH",
            Self::SeveralPrograms { .. } | Self::NoSuchProgram { .. } => {
                "choose one with `bin = \"…\"` in the manifest"
            }
            Self::NotNode { .. } => "start it with `command = […]` in the user manifest",
            Self::Refused(Refusal { what, package, .. }) => match what {
                What::NoPackage => "look at the name in the manifest",
                What::NoVersion => {
                    let name = package.rsplit_once('@').map_or("", |(name, _)| name);
                    return Some(format!("`npm view {name} versions` shows which there are"));
                }
                What::Unreachable => "look at the network, and at `npm config get registry`",
                What::Denied => "log in with `npm login`, or look at your user's `.npmrc`",
                What::Integrity => {
                    "the registry, or a proxy before it, serves other content than when it was \
                     locked: find out why before you run `hushpipe lock` again"
                }
                What::Mismatch => "run `hushpipe lock`",
                _ => return None,
            },
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, log: &[&str]) -> NpmError {
        let report = format!(r#"{{"error":{{"code":"{code}","summary":"s","detail":"d\n\ne"}}}}"#);
        let log: Vec<_> = log.iter().map(|line| (*line).to_owned()).collect();
        NpmError::refused("a@1.0.0", report.as_bytes(), &log)
    }

    #[test]
    fn codes_decide_how_we_exit() {
        for (code, exit) in [
            ("E404", 78),
            ("ETARGET", 78),
            ("ECONNREFUSED", 69),
            ("E503", 69),
            ("SELF_SIGNED_CERT_IN_CHAIN", 69),
            ("E401", 77),
            ("EINTEGRITY", 65),
            ("EALLOWGIT", 78),
            ("EWHATEVER", 125),
        ] {
            assert_eq!(refused(code, &[]).kind().exit_code(), exit, "{code}");
        }
        let git = refused("ENOENT", &["npm error path hushpipe-runs-no-git"]);
        assert!(matches!(git, NpmError::Refused(Refusal { what: What::Source, .. })));
        assert!(matches!(
            refused("ENOENT", &[]),
            NpmError::Refused(Refusal { what: What::Other, .. })
        ));
    }

    #[test]
    fn the_words_are_npms_report_or_else_its_log() {
        let words = |error: &NpmError| std::error::Error::source(error).unwrap().to_string();
        assert_eq!(words(&refused("E404", &["log"])), "npm says: s\nd\ne");
        let error = NpmError::refused("a@1.0.0", b"not json", &["npm error x".to_owned()]);
        assert_eq!(words(&error), "npm says: npm error x");
    }
}
