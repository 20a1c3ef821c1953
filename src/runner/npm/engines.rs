//! Which Node a package says it needs, in npm's own way of writing ranges.

use semver::{Comparator, Op, Version, VersionReq};

use super::Locked;
use crate::runner::NpmPackage;

impl Locked {
    /// What to say where the package asks for another Node than this version. A range that does not read says nothing, so
    /// that nobody is told anything false.
    pub fn unmet_engine(&self, package: &NpmPackage, node: &str) -> Option<String> {
        let own = self.packages.get(&format!("node_modules/{}", package.name))?;
        let range = own.engines.get("node")?;
        let version = Version::parse(node.trim_start_matches('v')).ok()?;
        let unmet = !accepts(range, &version)?;
        unmet.then(|| format!("`{package}` asks for Node `{range}` and gets {version}"))
    }
}

/// Whether an npm range takes a version; `None` where the range does not read.
fn accepts(range: &str, version: &Version) -> Option<bool> {
    let alternatives: Option<Vec<VersionReq>> = range.split("||").map(alternative).collect();
    // A range of releases says nothing against a pre-release of one: compare by its numbers.
    let version = Version::new(version.major, version.minor, version.patch);
    Some(alternatives?.iter().any(|alternative| alternative.matches(&version)))
}

/// One alternative of an npm range as Cargo writes it: commas between comparators, and a bare version is exactly that one.
fn alternative(text: &str) -> Option<VersionReq> {
    let text = match text.split_once(" - ") {
        Some((from, to)) => format!(">={} <={}", from.trim(), to.trim()),
        None => text.to_owned(),
    };
    let mut comparators = Vec::new();
    let mut operator = String::new();
    for word in text.split_whitespace() {
        operator.push_str(word);
        // `>= 18` has a space that belongs to nothing.
        if !word.ends_with(|c: char| "<>=~^".contains(c)) {
            comparators.push(comparator(&std::mem::take(&mut operator))?);
        }
    }
    Some(VersionReq { comparators: comparators.into_iter().flatten().collect() })
}

/// One comparator; `Some(None)` for one that takes every version.
fn comparator(text: &str) -> Option<Option<Comparator>> {
    if matches!(text, "*" | "x" | "X" | "latest") {
        return Some(None);
    }
    let mut comparator = Comparator::parse(&text.replace('v', "")).ok()?;
    let is_bare = text.starts_with(|c: char| c.is_ascii_digit() || c == 'v');
    if is_bare && comparator.op == Op::Caret {
        comparator.op = if comparator.patch.is_some() { Op::Exact } else { Op::Tilde };
    }
    Some(Some(comparator))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npms_ranges_are_read_as_npm_reads_them() {
        let version = Version::new(20, 20, 2);
        for range in [
            ">=18",
            ">= 18.0.0",
            "^18 || ^20 || >=22",
            "20",
            "20.x",
            "20.20",
            ">=18 <23",
            "18 - 22",
            "*",
            "",
            ">=v16.17.0",
            "~20.20.0",
        ] {
            assert_eq!(accepts(range, &version), Some(true), "{range}");
        }
        for range in [">=22", "^18", "18 || 19", "20.19", "20.20.1", ">=18 <20", "<20", ">20"] {
            assert_eq!(accepts(range, &version), Some(false), "{range}");
        }
        assert_eq!(accepts("node eighteen", &version), None);
    }
}
