//! Packages that come as source only: all that a closure needs, not only the first that uv meets.
//!
//! uv gives up at the first package without a wheel. It is asked again without that package, until nothing is missing. What
//! such a package needs itself is in its source, and reading that may run its code, so it is not looked at here.

use super::resolve::Asker;
use crate::runner::RunnerError;
use crate::runner::refusal::{Refusal, What};

/// A bound on how often uv is asked.
const MAX_PACKAGES: usize = 20;

/// The failure with every package that has no wheel, where that is the failure. `is_main` says that uv failed on the package
/// itself.
pub(super) fn all(
    asker: &Asker<'_>,
    failure: RunnerError,
    oldest: &str,
    is_main: bool,
) -> RunnerError {
    let mut refusal = match failure {
        RunnerError::Refused(refusal) if refusal.what == What::NoWheel => refusal,
        other => return other,
    };
    let mut found: Vec<String> = Vec::new();
    let mut words = refusal.words().to_owned();
    while let Some(id) = named_in(&words) {
        if found.contains(&id) || found.len() == MAX_PACKAGES {
            break;
        }
        found.push(id);
        if is_main {
            break;
        }
        let names: Vec<String> =
            found.iter().filter_map(|id| id.split("==").next()).map(str::to_owned).collect();
        match asker.closure(oldest, &names) {
            Err(RunnerError::Refused(next)) if next.what == What::NoWheel => {
                next.words().clone_into(&mut words);
            }
            _ => break,
        }
    }
    if !found.is_empty() {
        refusal = advising(refusal, asker, &found);
    }
    refusal.into()
}

fn advising(refusal: Refusal, asker: &Asker<'_>, found: &[String]) -> Refusal {
    let allowed = asker.package.allow_sdist.iter().map(ToString::to_string);
    let all: Vec<String> =
        allowed.chain(found.iter().cloned()).map(|id| format!("\"{id}\"")).collect();
    refusal.advising(Some(format!(
        "building them runs their code: to allow that, add `allow_sdist = [{}]` to the server's entry in the user manifest",
        all.join(", ")
    )))
}

/// The `name==version` of the package that uv says has no wheel.
fn named_in(words: &str) -> Option<String> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let at = words.windows(4).position(|four| matches!(four, [_, "has" | "have", "no", "usable"]));
    let named = at.and_then(|at| words.get(at)).filter(|word| word.contains("=="));
    named.map(|word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_without_a_wheel_is_read_with_its_version() {
        let words = "error: No solution found\n  cause: Because pandoc==2.4 has no usable\n wheels and only pandoc<=2.4 is available";
        assert_eq!(named_in(words), Some("pandoc==2.4".into()));
        assert_eq!(named_in("Because there is no version of x==9"), None);
    }
}
