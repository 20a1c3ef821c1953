//! Source code as benign text: what cargo and the test servers' packages have on this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use hushpipe::mcp::fields::Fields;
use hushpipe::redact::Redactor;
use serde_json::Value;

use super::sample::Place;

/// About as much of a file as one call of a file server returns.
const CHUNK_LINES: usize = 40;

/// How much of each source is looked at; all of it takes minutes without optimisation.
const BYTES: u64 = 24 << 20;

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

/// The source files below a folder, an even selection of about [`BYTES`] of them in the order of their paths. The same
/// package installed twice counts once.
pub(super) fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    collect(folder, extensions, &mut found);
    let mut seen = BTreeSet::new();
    let package = |path: &PathBuf| {
        let text = path.to_string_lossy().into_owned();
        let below = |folder: &str| text.rsplit_once(folder).map(|(_, below)| below.to_owned());
        below("node_modules").or_else(|| below("site-packages")).unwrap_or(text)
    };
    let mut files: Vec<_> = found.into_iter().filter(|path| seen.insert(package(path))).collect();
    let size = |path: &PathBuf| fs::metadata(path).map_or(0, |data| data.len());
    let step = (files.iter().map(size).sum::<u64>() / BYTES).max(1);
    let mut n = 0;
    files.retain(|_| {
        n += 1;
        n % step == 0
    });
    files
}

fn collect(folder: &Path, extensions: &[&str], found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
            collect(&path, extensions, found);
        } else if kind.is_ok_and(|kind| kind.is_file())
            && path.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted))
        {
            found.insert(path);
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

    /// The share of chunks that were touched, of a hundred thousand.
    pub(super) fn chunks_in_100_000(&self) -> u64 {
        (self.touched_chunks * 100_000 / self.chunks.max(1)) as u64
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
