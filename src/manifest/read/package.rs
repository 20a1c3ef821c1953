//! What a server starts: exactly one of `npm`, `pypi`, `binary`, `command`.
//!
//! A version is exact or it is an error. Which version was meant is told without asking a registry: `^1.2.3` means
//! 1.2.3 as far as the writer knows; a tag or a partial version means something only the registry knows.

use std::path::PathBuf;

use semver::Version;
use toml::Spanned;

use super::super::error::Mistake;
use super::super::names;
use super::super::server::Level;
use super::super::table::word::Word;
use super::super::table::{Binary, Server};
use super::{Around, Mistakes, setting};
use crate::runner::pypi::{Inexact, Pin};
use crate::runner::{BinaryPackage, NpmPackage, Package, PypiPackage};

/// The package of a server's table.
pub(super) fn package(
    name: &Spanned<String>,
    table: &Server,
    around: Around<'_>,
    findings: &mut Mistakes,
) -> Option<Package> {
    let Server { npm: of_npm, pypi: of_pypi, binary: file, command: argv, .. } = table;
    let keys = [of_npm.is_some(), of_pypi.is_some(), file.is_some(), argv.is_some()];
    let found = keys.iter().filter(|there| **there).count();
    if found != 1 {
        let server = names::shown(name.get_ref()).to_owned();
        findings.add(name.span(), Mistake::Package { server, found });
        return None;
    }
    misplaced(table, findings);
    match (of_npm, of_pypi, file, argv) {
        (Some(spec), ..) => findings.keep(spec.span(), npm(spec.get_ref())).map(Package::Npm),
        (_, Some(spec), ..) => pypi(spec, table, around, findings).map(Package::Pypi),
        (_, _, Some(file), _) => binary(file.get_ref(), findings).map(Package::Binary),
        (.., Some(words)) => command(words, around, findings).map(Package::Command),
        _ => None,
    }
}

/// Names the keys that mean nothing for this kind of package.
fn misplaced(table: &Server, findings: &mut Mistakes) {
    let is_package = table.npm.is_some() || table.pypi.is_some();
    for (key, value) in [("bin", &table.bin), ("runtime", &table.runtime)] {
        if let Some(value) = value.as_ref().filter(|_| !is_package) {
            findings.add(value.span(), Mistake::OnlyFor { key, kinds: "`npm` and `pypi`" });
        }
    }
    for (key, list) in [("with", &table.with), ("allow_sdist", &table.allow_sdist)] {
        if let Some(first) = list.first().filter(|_| table.pypi.is_none()) {
            findings.add(first.span(), Mistake::OnlyFor { key, kinds: "`pypi`" });
        }
    }
    if let Some(first) = table.allow_scripts.first().filter(|_| table.npm.is_none()) {
        findings.add(first.span(), Mistake::OnlyFor { key: "allow_scripts", kinds: "`npm`" });
    }
}

/// The packages of npm whose install scripts may run.
pub(super) fn allowed_scripts(
    table: &Server,
    around: Around<'_>,
    findings: &mut Mistakes,
) -> Vec<NpmPackage> {
    if let Some(first) = table.allow_scripts.first().filter(|_| around.level == Level::Project) {
        findings.add(first.span(), Mistake::UserOnly("`allow_scripts`".into()));
    }
    let specs = table.allow_scripts.iter();
    specs.filter_map(|spec| findings.keep(spec.span(), npm(spec.get_ref()))).collect()
}

/// `name[extra]==1.2.3` of PyPI, and what comes with it.
fn pypi(
    spec: &Spanned<String>,
    table: &Server,
    around: Around<'_>,
    findings: &mut Mistakes,
) -> Option<PypiPackage> {
    let main = pin("pypi", spec, findings);
    let mut pins = |key, list: &[Spanned<String>]| -> Vec<Pin> {
        list.iter().filter_map(|spec| pin(key, spec, findings)).collect()
    };
    let (with, allow_sdist) = (pins("with", &table.with), pins("allow_sdist", &table.allow_sdist));
    if let Some(first) = table.allow_sdist.first().filter(|_| around.level == Level::Project) {
        findings.add(first.span(), Mistake::UserOnly("`allow_sdist`".into()));
    }
    Some(PypiPackage { main: main?, with, allow_sdist })
}

/// One exact version of a package of PyPI.
fn pin(key: &'static str, spec: &Spanned<String>, findings: &mut Mistakes) -> Option<Pin> {
    let pin = spec.get_ref().parse().map_err(|Inexact { name, meant }| match name {
        Some(name) => Mistake::InexactPypi { name, write: meant },
        None => Mistake::NotPypi { key },
    });
    findings.keep(spec.span(), pin)
}

/// `name@1.2.3` of the npm registry.
fn npm(spec: &str) -> Result<NpmPackage, Mistake> {
    let (name, asked) = match spec.char_indices().skip(1).find(|(_, c)| *c == '@') {
        Some((at, _)) => (&spec[..at], &spec[at + 1..]),
        None => (spec, ""),
    };
    if !NpmPackage::is_name(name) || asked.contains([':', '/']) {
        return Err(Mistake::NotRegistry);
    }
    match Version::parse(asked) {
        Ok(version) if version.build.is_empty() => {
            Ok(NpmPackage { name: name.to_owned(), version })
        }
        Ok(_) | Err(_) => {
            let write = meant(asked).map(|version| version.to_string());
            let asked = names::shown(asked).to_owned();
            Err(Mistake::Inexact { name: name.to_owned(), write, asked })
        }
    }
}

/// The exact version inside a range such as `^1.2.3`, `v1.2.3` or `>=1.2.3 <2`.
fn meant(asked: &str) -> Option<Version> {
    let first = asked.trim_start_matches(['^', '~', '=', '>', '<', 'v', ' ']).split(' ').next()?;
    let mut version = Version::parse(first).ok()?;
    // npm ignores what follows a `+`; the registry has no such versions.
    version.build = semver::BuildMetadata::EMPTY;
    Some(version)
}

fn binary(table: &Binary, findings: &mut Mistakes) -> Option<BinaryPackage> {
    let path = setting::absolute("path", table.path.get_ref(), "");
    let path = findings.keep(table.path.span(), path);
    let hex = table.sha256.get_ref();
    let is_digest = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_digest {
        findings.add(table.sha256.span(), Mistake::Digest);
    }
    Some(BinaryPackage { path: path?, sha256: hex.to_ascii_lowercase() }).filter(|_| is_digest)
}

/// The program of a `command`. The words behind it are arguments (`words.rs`).
fn command(
    words: &Spanned<Vec<Spanned<Word>>>,
    around: Around<'_>,
    findings: &mut Mistakes,
) -> Option<String> {
    if around.level == Level::Project {
        findings.add(words.span(), Mistake::UserOnly("`command`".into()));
        return None;
    }
    let program = match words.get_ref().first().map(Spanned::get_ref) {
        Some(Word::Plain(program)) if !program.is_empty() => program,
        // `words.rs` says what is wrong.
        Some(Word::Secret(_)) => return None,
        _ => {
            findings.add(words.span(), Mistake::Empty("command"));
            return None;
        }
    };
    // A program is found by its full path or by name in the recorded PATH, never relative to where a client started us.
    if program.contains(std::path::is_separator) && !PathBuf::from(program).is_absolute() {
        let mistake = Mistake::Path { key: "command", other: " or the name of a program" };
        findings.add(words.span(), mistake);
        return None;
    }
    Some(program.clone())
}
