//! What a manifest asks of PyPI: exact versions, with extras, by normalised names.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use pep440_rs::Version;

/// A package of PyPI, what is installed with it, and which of all those may be built from source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PypiPackage {
    /// The package with the server.
    pub main: Pin,
    /// Packages installed beside it.
    pub with: Vec<Pin>,
    /// Packages that may be built from source, which runs their code; user manifest only.
    pub allow_sdist: Vec<Pin>,
}

/// `name[extra,…]==version`, the version exact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin {
    /// The name as PEP 503 normalises it.
    pub name: String,
    /// Its extras, normalised.
    pub extras: BTreeSet<String>,
    /// The exact version.
    pub version: Version,
}

/// A text is no [`Pin`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write a PyPI package as `name==version`")]
pub struct Inexact {
    /// The package's name with its extras, where that much reads.
    pub name: Option<String>,
    /// The exact version that was meant, where that can be told.
    pub meant: Option<String>,
}

impl FromStr for Pin {
    type Err = Inexact;

    fn from_str(text: &str) -> Result<Self, Inexact> {
        // Extras may have blanks between them.
        let from = text.find(']').unwrap_or(0);
        let end = text[from..].find(|c| "<>=!~;@ (".contains(c)).map_or(text.len(), |at| from + at);
        let (named, asked) = (text[..end].trim(), text[end..].trim());
        // `name @ https://…`: not of an index.
        if asked.contains([':', '/']) {
            return Err(Inexact { name: None, meant: None });
        }
        let Some((name, extras)) = name_and_extras(named) else {
            return Err(Inexact { name: None, meant: None });
        };
        let exact = asked.strip_prefix("==").and_then(|version| version.trim().parse().ok());
        match exact {
            Some(version) => Ok(Self { name, extras, version }),
            None => {
                let meant = meant(asked).map(|version| version.to_string());
                Err(Inexact { name: Some(named_with(&name, &extras)), meant })
            }
        }
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=={}", named_with(&self.name, &self.extras), self.version)
    }
}

impl fmt::Display for PypiPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.main.fmt(f)
    }
}

/// A name as PEP 503 has it: lower case, runs of `-`, `_` and `.` as one `-`. `None` where it cannot be a name.
pub(super) fn normalised(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let fits = is_edge(name.chars().next()) && is_edge(name.chars().next_back());
    let plain = parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_alphanumeric()));
    (fits && plain).then(|| parts.join("-").to_ascii_lowercase())
}

fn name_and_extras(text: &str) -> Option<(String, BTreeSet<String>)> {
    match text.split_once('[') {
        None => Some((normalised(text)?, BTreeSet::new())),
        Some((name, extras)) => {
            let extras = extras.strip_suffix(']')?.split(',').map(|extra| normalised(extra.trim()));
            Some((normalised(name.trim())?, extras.collect::<Option<_>>()?))
        }
    }
}

fn named_with(name: &str, extras: &BTreeSet<String>) -> String {
    if extras.is_empty() {
        return name.to_owned();
    }
    let extras: Vec<&str> = extras.iter().map(String::as_str).collect();
    format!("{name}[{}]", extras.join(","))
}

/// The exact version inside a range such as `>=1.2.3,<2`, `~=1.2` or `@1.2.3`.
fn meant(asked: &str) -> Option<Version> {
    let first = asked.split([',', ';']).next()?;
    first.trim_start_matches(['=', '>', '~', '^', '@', 'v', ' ']).trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_written_in_one_way() {
        for (text, expected) in [
            ("mcp-server-time==2026.10.19", "mcp-server-time==2026.10.19"),
            ("MCP_Server..Time == 1.0", "mcp-server-time==1.0"),
            ("psycopg[C, Pool]==3.1", "psycopg[c,pool]==3.1"),
            ("a==1.0.RC1", "a==1.0rc1"),
            ("a==v1.0+cu.12", "a==1.0+cu.12"),
        ] {
            assert_eq!(text.parse::<Pin>().map(|pin| pin.to_string()), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn ranges_are_refused_with_the_version_that_was_meant() {
        for (text, meant) in [
            ("a", None),
            ("a==", None),
            ("a==1.*", None),
            ("a==latest", None),
            ("a@latest", None),
            ("a@1.2", Some("1.2")),
            ("a>=1.2,<2", Some("1.2")),
            ("a~=1.2.3", Some("1.2.3")),
            ("a===1.2", Some("1.2")),
            ("a==1.2; python_version < '3'", Some("1.2")),
        ] {
            let inexact = text.parse::<Pin>().unwrap_err();
            assert_eq!(inexact.name.as_deref(), Some("a"), "{text}");
            assert_eq!(inexact.meant.as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn what_is_not_of_an_index_has_no_name() {
        for text in ["a @ https://e.example/a.whl", "git+https://e.example/a", "./a", "-e .", ""] {
            assert_eq!(text.parse::<Pin>().unwrap_err().name, None, "{text}");
        }
    }
}
