//! What can go wrong with uv, told apart by its words: it gives no codes.

use std::io;
use std::path::PathBuf;

use super::Rejected;
use crate::error::{Fault, Kind};
use crate::runner::refusal::{Refusal, What};

/// Why a package could not be locked or installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PypiError {
    /// There is no uv.
    #[error("uv was not found, neither on the login shell's PATH nor on yours")]
    NoUv,
    /// There is no such Python, and uv could not install one.
    #[error("there is no Python `{request}` on this machine")]
    NoPython {
        /// A version, specifiers or a path.
        request: String,
        /// Why none could be installed, where that was tried.
        source: Option<Refusal>,
    },
    /// uv could not be started, or its output not read.
    #[error("uv could not be run as `{}`", program.display())]
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
    /// uv gave up.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// uv wrote a lock that is not in its own format.
    #[error("uv wrote a `pylock.toml` for `{package}` that does not read")]
    Format {
        /// `name==version`.
        package: String,
        /// Where it stops reading.
        source: toml::de::Error,
    },
    /// The closure holds what is not accepted.
    #[error("package `{package}` is not accepted")]
    Rejected {
        /// `name==version`.
        package: String,
        /// What it holds.
        source: Rejected,
    },
    /// The package has no console script.
    #[error("package `{package}` has no programs")]
    NoProgram {
        /// `name==version`.
        package: String,
    },
    /// It is open which console script to run.
    #[error("package `{package}` has several programs: {}", list(programs))]
    SeveralPrograms {
        /// `name==version`.
        package: String,
        /// Their names.
        programs: Vec<String>,
    },
    /// The manifest names a console script that the package does not have.
    #[error("package `{package}` has no program `{bin}`; it has {}", list(programs))]
    NoSuchProgram {
        /// `name==version`.
        package: String,
        /// The name in the manifest.
        bin: String,
        /// The names in the package.
        programs: Vec<String>,
    },
    /// The entry point is not among the installed files.
    #[error("entry point `{entry}` is not among the installed programs")]
    NoEntry {
        /// The name of the console script.
        entry: String,
    },
}

impl PypiError {
    /// The failure of a run of uv for `package`, from what it wrote.
    pub(super) fn refused(package: &str, log: &[String]) -> Self {
        let words = log.join("\n");
        Refusal::new("uv", what(&words), package, &words).into()
    }
}

/// Parts of uv's sentences, and what each means. The order matters where one stands in the explanation of another.
const SENTENCES: &[(&str, What)] = &[
    ("Hash mismatch", What::Integrity),
    ("401 Unauthorized", What::Denied),
    ("403 Forbidden", What::Denied),
    ("unexpected argument", What::Outdated),
    ("error sending request", What::Unreachable),
    ("Failed to fetch", What::Unreachable),
    ("Failed to download", What::Unreachable),
    ("must be expressed as direct requirements", What::Source),
    ("Building source distributions", What::NoWheel),
    ("has no usable wheels", What::NoWheel),
    ("have no usable wheels", What::NoWheel),
    ("has no wheels with a matching", What::Platform),
    ("does not satisfy Python", What::Runtime),
    ("was not found in the package registry", What::NoPackage),
    ("there is no version of", What::NoVersion),
    ("there are no versions of", What::NoVersion),
    ("No solution found", What::Unsolvable),
];

fn what(words: &str) -> What {
    // uv breaks long explanations into lines.
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let found = SENTENCES.iter().find(|(sentence, _)| words.contains(sentence));
    found.map_or(What::Other, |(_, what)| *what)
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl Fault for PypiError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoUv | Self::NoPython { .. } => Kind::NotFound,
            Self::Start { .. } | Self::Format { .. } => Kind::Internal,
            Self::Files { .. } => Kind::Io,
            Self::NoEntry { .. } => Kind::Integrity,
            Self::Refused(refusal) => refusal.kind(),
            Self::Rejected { .. }
            | Self::NoProgram { .. }
            | Self::SeveralPrograms { .. }
            | Self::NoSuchProgram { .. } => Kind::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoUv => "install uv, for example with `pipx install uv`, and put it on your PATH",
            Self::NoPython { .. } => {
                "install it, or name another with `runtime = \"…\"` in the manifest"
            }
            Self::NoProgram { .. } => "look whether another package has the server's program",
            Self::SeveralPrograms { .. } | Self::NoSuchProgram { .. } => {
                "choose one with `bin = \"…\"` in the manifest"
            }
            Self::Refused(Refusal { what, .. }) => match what {
                What::NoPackage => "look at the name in the manifest",
                What::NoVersion => "look at the version in the manifest",
                What::NoWheel => {
                    "building it would run its code: to allow that, list it in `allow_sdist` of \
                     the user manifest, as `name==version`"
                }
                What::Unreachable => "look at the network, and at the index in your `uv.toml`",
                What::Denied => "log in with `uv auth login`, or look at your `uv.toml`",
                What::Integrity => {
                    "the registry, or a proxy before it, serves other content than when it was \
                     locked: find out why before you run `hushpipe lock` again"
                }
                What::Runtime => "choose a Python with `runtime = \"3.13\"` in the manifest",
                What::Outdated => "hushpipe needs uv 0.8 or newer: `uv --version` shows yours",
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

    #[test]
    fn sentences_decide_how_we_exit() {
        for (words, exit) in [
            (
                "error: No solution found when resolving dependencies\n  cause: Because x==9 has no usable wheels",
                78,
            ),
            ("error: Because nonsense was not found in the package\n  registry", 78),
            ("error: Failed to download `a==1`\n  cause: Hash mismatch for `a==1`", 65),
            (
                "error: Request failed\n  cause: Failed to fetch: `…`\n  cause: error sending request",
                69,
            ),
            ("error: Failed to fetch: `…`\n  cause: HTTP status client error (403 Forbidden)", 77),
            ("error: unexpected argument '--format' found", 125),
            ("error: something new", 125),
        ] {
            let log: Vec<String> = words.lines().map(str::to_owned).collect();
            let error = PypiError::refused("a==1", &log);
            assert_eq!(error.kind().exit_code(), exit, "{words}");
        }
    }
}
