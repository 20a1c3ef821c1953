//! Source code as benign text: what cargo and the test servers' packages have on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hushpipe::mcp::fields::Fields;
use hushpipe::redact::Redactor;
use serde_json::Value;

use super::sample::Place;
use crate::fixture;

/// About as much of a file as one call of a file server returns.
const CHUNK_LINES: usize = 40;

/// What was touched of one source.
#[derive(Default)]
pub(super) struct Touched {
    chunks: usize,
    touched_chunks: usize,
    lines: usize,
    touched_lines: usize,
    by_rule: BTreeMap<String, usize>,
    /// The first places, for a person to judge.
    places: Vec<String>,
}

/// The folders of the packages that `Cargo.lock` names, as far as they have been downloaded: what else a machine has in
/// its registry is no part of the figure.
pub(super) fn locked(cargo: &Path) -> Vec<PathBuf> {
    let lock = fs::read_to_string(fixture::repository().join("Cargo.lock")).unwrap();
    let lock: toml::Table = toml::from_str(&lock).unwrap();
    let packages = lock["package"].as_array().unwrap().iter();
    let folder = |package: &toml::Value| {
        Some(format!("{}-{}", package["name"].as_str()?, package["version"].as_str()?))
    };
    let names: Vec<_> =
        packages.map(|package| folder(package).expect("a name and a version")).collect();
    let registries = fs::read_dir(cargo.join("registry/src")).into_iter().flatten().flatten();
    let folders =
        registries.flat_map(|registry| names.iter().map(move |name| registry.path().join(name)));
    folders.filter(|folder| folder.is_dir()).collect()
}

/// One of so many source files below these folders, because all take minutes without optimisation: the same ones on
/// every machine, chosen by the path below their package. The same package installed twice counts once.
pub(super) fn files(folders: &[PathBuf], extensions: &[&str], one_of: u64) -> Vec<PathBuf> {
    let mut found = BTreeMap::new();
    for folder in folders {
        let mut files = Vec::new();
        collect(folder, extensions, &mut files);
        found.extend(files.into_iter().map(|path| (below_package(folder, &path), path)));
    }
    found.retain(|path, _| hash(path).is_multiple_of(one_of));
    found.into_values().collect()
}

/// The path of a file as it is on every machine.
fn below_package(folder: &Path, path: &Path) -> String {
    let parent = folder.parent().unwrap_or(folder);
    let text = path.strip_prefix(parent).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let below = |folder: &str| text.rsplit_once(folder).map(|(_, below)| below.to_owned());
    below("node_modules").or_else(|| below("site-packages")).unwrap_or(text)
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
            collect(&path, extensions, found);
        } else if kind.is_ok_and(|kind| kind.is_file())
            && path.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted))
        {
            found.push(path);
        }
    }
}

impl Touched {
    /// Measures these files, each chunk as the text block of a result.
    pub(super) fn of(files: &[PathBuf]) -> Self {
        let redactor = Redactor::armed([]);
        let mut touched = Self::default();
        for path in files {
            let Ok(text) = fs::read_to_string(path) else { continue };
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            for (number, chunk) in lines.chunks(CHUNK_LINES).enumerate() {
                touched.chunk(&redactor, path, number * CHUNK_LINES + 1, &chunk.concat());
            }
        }
        touched
    }

    fn chunk(&mut self, redactor: &Redactor, path: &Path, first: usize, text: &str) {
        self.chunks += 1;
        self.lines += text.lines().count();
        let frame = Place::Text.message(text).expect("a message").to_string();
        let cleaned = redactor.frame(frame.as_bytes(), Fields::default()).expect("no known value");
        if cleaned.findings.is_empty() {
            assert_eq!(cleaned.clean.as_bytes(), frame.as_bytes());
            return;
        }
        self.touched_chunks += 1;
        let left: Value = serde_json::from_slice(cleaned.clean.as_bytes()).expect("still JSON");
        let left = Place::Text.text_of(&left);
        // A marker may stand for several lines.
        let marked = left.lines().filter(|line| line.contains("[hushpipe:")).count();
        self.touched_lines += marked + text.lines().count().saturating_sub(left.lines().count());
        for finding in cleaned.findings {
            *self.by_rule.entry(finding.what).or_default() += 1;
        }
        if self.places.len() < 200 {
            let lines = text.lines().zip(left.lines());
            let (at, (before, _)) =
                lines.enumerate().find(|(_, (before, after))| before != after).unwrap_or_default();
            let shown: String = before.trim().chars().take(120).collect();
            self.places.push(format!("  {}:{}: {shown}\n", path.display(), first + at));
        }
    }

    /// How many chunks were touched, and of how many.
    pub(super) fn chunks(&self) -> (usize, usize) {
        (self.touched_chunks, self.chunks)
    }

    /// The figures in one line, then each rule.
    pub(super) fn report(&self, name: &str) -> String {
        let Self { chunks, touched_chunks, lines, touched_lines, by_rule, .. } = self;
        let in_million = touched_lines * 1_000_000 / lines.max(&1);
        let mut text = format!(
            "{name}: {touched_chunks} of {chunks} chunks of {CHUNK_LINES} lines, \
             {touched_lines} of {lines} lines ({in_million} in a million)\n"
        );
        for (rule, n) in by_rule {
            text += &format!("  {n:>5}  {rule}\n");
        }
        text
    }

    /// The first places, for a person to judge.
    pub(super) fn places(&self) -> String {
        self.places.concat()
    }
}
