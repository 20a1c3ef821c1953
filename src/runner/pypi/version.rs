//! Versions of Python: which ones a package is for, and which one to suggest.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

use super::Python;
use crate::sys::machine::Interpreter;

/// The second number of the Pythons that packages are tried with, the newest last.
pub(super) const MINORS: std::ops::RangeInclusive<u64> = 10..=14;

/// The highest third number that a Python is assumed to have.
const LAST_PATCH: u64 = 40;

/// Whether a package is for some release of a version of one to three numbers.
pub(super) fn accepts_some(requires: &VersionSpecifiers, version: &Version) -> bool {
    let release = version.release().to_vec();
    match *release.as_slice() {
        [major] => {
            MINORS.clone().any(|minor| accepts_some(requires, &Version::new([major, minor])))
        }
        [major, minor] => {
            (0..=LAST_PATCH).any(|patch| requires.contains(&Version::new([major, minor, patch])))
        }
        _ => requires.contains(version),
    }
}

/// The version to write as `runtime` for a package with these specifiers: the newest that most packages have wheels for.
pub(super) fn suggested(requires: &VersionSpecifiers) -> Option<String> {
    const NEWEST_COMMON: u64 = 13;
    let common = MINORS.filter(|minor| *minor <= NEWEST_COMMON).rev();
    let mut minors = common.chain(MINORS.filter(|minor| *minor > NEWEST_COMMON));
    let minor = minors.find(|minor| accepts_some(requires, &Version::new([3, *minor])))?;
    Some(format!("3.{minor}"))
}

/// The specifiers behind the first of uv's sentences that names those of a package, as in `does not satisfy Python>=3.12`.
pub(super) fn specifiers_in(words: &str) -> Option<VersionSpecifiers> {
    let of_specifiers = |c: char| c.is_ascii_digit() || "<>=!~.,*".contains(c);
    let mut found = words.split("Python").skip(1).filter_map(|rest| {
        let end = rest.find(|c| !of_specifiers(c)).unwrap_or(rest.len());
        let text = rest[..end].trim_end_matches(['.', ',']);
        (!text.is_empty()).then(|| VersionSpecifiers::from_str(text).ok()).flatten()
    });
    found.next()
}

/// Those of the known Pythons that a lock is for, in their order. `wanted` is what the lock says: a version or specifiers.
pub fn fitting<'k>(wanted: &str, known: impl Iterator<Item = &'k Interpreter>) -> Vec<Python> {
    let numbers = Version::from_str(wanted).ok().map(|version| version.release().to_vec());
    let specifiers = VersionSpecifiers::from_str(wanted).ok();
    let fits = |python: &&Interpreter| match (&numbers, &specifiers) {
        (Some(numbers), _) => python.numbers().starts_with(numbers),
        (None, Some(specifiers)) => specifiers.contains(&Version::new(python.numbers())),
        (None, None) => false,
    };
    let as_python =
        |found: &Interpreter| Python { path: found.path.clone(), version: found.version.clone() };
    known.filter(fits).map(as_python).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specifiers(text: &str) -> VersionSpecifiers {
        text.parse().expect("specifiers")
    }

    #[test]
    fn the_suggested_version_is_one_that_the_package_is_for() {
        for (requires, version) in [
            (">=3.12", Some("3.13")),
            (">=3.10,<3.13", Some("3.12")),
            (">=3.12.4,<3.13", Some("3.12")),
            ("==3.11.*", Some("3.11")),
            (">=3.14", Some("3.14")),
            ("<3.9", None),
        ] {
            assert_eq!(suggested(&specifiers(requires)).as_deref(), version, "{requires}");
        }
    }

    #[test]
    fn what_uv_says_a_package_is_for_is_read() {
        let words = "Because the current Python version (3.11.7) does not satisfy Python>=3.12,<4 and a==1 depends on Python>=3.12,<4, we can conclude";
        assert_eq!(specifiers_in(words), Some(specifiers(">=3.12,<4")));
        assert_eq!(specifiers_in("depends on Python>=3.13."), Some(specifiers(">=3.13")));
        assert_eq!(specifiers_in("the Python of this machine"), None);
    }

    #[test]
    fn the_pythons_that_fit_keep_their_order() {
        let python = |version: &str| Interpreter { path: version.into(), version: version.into() };
        let known = ["3.11.7", "3.13.0", "3.12.1", "3.9.18"].map(python);
        let versions = |wanted: &str| -> Vec<String> {
            fitting(wanted, known.iter()).into_iter().map(|python| python.version).collect()
        };
        assert_eq!(versions(">=3.10"), ["3.11.7", "3.13.0", "3.12.1"]);
        assert_eq!(versions(">=3.12,<3.13"), ["3.12.1"]);
        assert_eq!(versions("3.13"), ["3.13.0"]);
        assert_eq!(versions("3"), ["3.11.7", "3.13.0", "3.12.1", "3.9.18"]);
        assert_eq!(versions("/usr/bin/python3"), [""; 0]);
    }
}
