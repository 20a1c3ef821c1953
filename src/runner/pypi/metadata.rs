//! What an installed wheel says of itself: its console scripts and the Pythons it is for.

use std::path::Path;

use pep440_rs::{Operator, Version, VersionSpecifiers};

use crate::runner::RunnerError;

/// What the wheel of a package says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    /// The names of its console scripts, sorted.
    pub(super) scripts: Vec<String>,
    /// The Pythons it is for.
    pub(super) requires_python: VersionSpecifiers,
}

/// Reads the one `*.dist-info` folder below `folder`.
pub(super) fn read(folder: &Path) -> Result<Metadata, RunnerError> {
    let at = |source| RunnerError::files(folder, source);
    for entry in std::fs::read_dir(folder).map_err(at)? {
        let place = entry.map_err(at)?.path();
        if place.extension().is_some_and(|suffix| suffix == "dist-info") {
            let text = |name: &str| std::fs::read_to_string(place.join(name)).unwrap_or_default();
            return Ok(Metadata {
                scripts: console_scripts(&text("entry_points.txt")),
                requires_python: requires_python(&text("METADATA")),
            });
        }
    }
    Err(at(std::io::ErrorKind::NotFound.into()))
}

/// A package installed in a folder that is not for this version of Python, and the versions that it is for.
pub(super) fn not_for(
    folder: &Path,
    version: &Version,
) -> Result<Option<(String, VersionSpecifiers)>, RunnerError> {
    let at = |source| RunnerError::files(folder, source);
    for entry in std::fs::read_dir(folder).map_err(at)? {
        let place = entry.map_err(at)?.path();
        let name = place.file_name().map(|name| name.to_string_lossy().into_owned());
        let Some(id) = name.as_deref().and_then(|name| name.strip_suffix(".dist-info")) else {
            continue;
        };
        let text = std::fs::read_to_string(place.join("METADATA")).unwrap_or_default();
        let requires = requires_python(&text);
        if !requires.contains(version) {
            return Ok(Some((id.replacen('-', "==", 1), requires)));
        }
    }
    Ok(None)
}

/// The oldest Python that something is for, and the specifiers that say which ones, that one included. Nothing older than
/// `floor`, because a lock for Pythons that no server runs on would hold old versions of everything.
pub(super) fn pythons(requires: &VersionSpecifiers, floor: &Version) -> (Version, String) {
    let bounds = requires.iter().filter(|one| {
        let operators = [Operator::GreaterThanEqual, Operator::GreaterThan, Operator::TildeEqual];
        operators.contains(one.operator())
    });
    let oldest = bounds.map(|one| one.version()).fold(floor, std::cmp::max);
    let others = requires.iter().filter(|one| one.operator() != &Operator::GreaterThanEqual);
    let others: String = others.map(|one| format!(",{one}")).collect();
    (oldest.clone(), format!(">={oldest}{others}"))
}

/// The names in the section `[console_scripts]` of an `entry_points.txt`.
fn console_scripts(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[console_scripts]";
        } else if inside && let Some((name, _)) = line.split_once('=') {
            names.push(name.trim().to_owned());
        }
    }
    names.sort();
    names
}

/// The field `Requires-Python` of the core metadata; anything, where it is missing or does not read.
fn requires_python(text: &str) -> VersionSpecifiers {
    let mut headers = text.lines().take_while(|line| !line.is_empty());
    let found = headers.find_map(|line| line.strip_prefix("Requires-Python:"));
    found.and_then(|specifiers| specifiers.trim().parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_scripts_are_told_from_other_entry_points() {
        let text = "[gui_scripts]\nx = a:b\n\n[console_scripts]\nserver = pkg.cli:main\nother=p:m\n[z]\ny = 1\n";
        assert_eq!(console_scripts(text), ["other", "server"]);
        assert_eq!(console_scripts(""), [""; 0]);
    }

    #[test]
    fn the_pythons_are_those_of_the_package_from_the_floor_up() {
        let floor = Version::new([3, 10]);
        for (metadata, oldest, all) in [
            ("Name: a\n\nRequires-Python: >=9\n", "3.10", ">=3.10"),
            ("Requires-Python: >=3.8\n", "3.10", ">=3.10"),
            ("Requires-Python: >=3.12\n", "3.12", ">=3.12"),
            ("Requires-Python: >=3.11,<3.14\n", "3.11", ">=3.11,<3.14"),
            ("Requires-Python: ~=3.11\n", "3.11", ">=3.11,~=3.11"),
            ("Requires-Python: nonsense\n", "3.10", ">=3.10"),
        ] {
            let found = pythons(&requires_python(metadata), &floor);
            assert_eq!((found.0.to_string().as_str(), found.1.as_str()), (oldest, all));
        }
    }
}
