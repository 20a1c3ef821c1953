//! Why uv gave up, told by its words: it gives no codes.

use super::version::{specifiers_in, suggested};
use crate::runner::RunnerError;
use crate::runner::refusal::{Refusal, What};

/// The failure of a run of uv for `package`, from what it wrote.
pub(super) fn refused(package: &str, log: &[String]) -> RunnerError {
    let words = log.join("\n");
    let what = what(&words);
    Refusal::new("uv", what, package, &words).advising(advice(what, &words)).into()
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

/// What to do about a failure of uv's.
fn advice(what: What, words: &str) -> Option<String> {
    let advice = match what {
        What::NoVersion => "check the version in the manifest",
        What::NoWheel => {
            "building it runs its code: to allow that, list it in `allow_sdist` of the user manifest, as `name==version`"
        }
        What::Unreachable => "check the network and the index in your `uv.toml`",
        What::Denied => "log in with `uv auth login`, or check your `uv.toml`",
        What::Runtime => {
            let version = specifiers_in(words).and_then(|requires| suggested(&requires))?;
            return Some(format!(
                "write `runtime = \"{version}\"` in the manifest, or leave `runtime` out"
            ));
        }
        What::Outdated => "hushpipe needs uv 0.8 or newer: `uv --version` shows yours",
        _ => return None,
    };
    Some(advice.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;

    #[test]
    fn the_suggested_python_is_one_that_the_package_is_for() {
        let words = "error: No solution found\n  cause: Because the requested Python version (>=3.13) does not satisfy Python>=3.11,<3.13 and a==1 depends on Python>=3.11,<3.13, …";
        let hint = refused("a==1", &[words.to_owned()]).hint().unwrap_or_default();
        assert!(hint.contains("runtime = \"3.12\""), "{hint}");
    }

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
            let error = refused("a==1", &log);
            assert_eq!(error.kind().exit_code(), exit, "{words}");
        }
    }
}
