//! Redaction against labelled samples: what it catches by class and source, and what it touches that is benign.
//!
//! The samples of `../shared/corpora` and the source code of this machine are looked at where they are; a test whose
//! samples are missing says so and passes. Figures go to stderr, and with every miss into `target/corpora/`.

mod floor;
mod made;
mod recall;
mod sample;
mod source;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use hushpipe::redact::Redactor;
use serde_json::json;

use crate::context::TestContext;
use crate::fixture;
use floor::Bound;
use recall::Recall;
use sample::{Outcome, Place, Sample};
use source::Touched;

const LABELLED: &[&str] = &["gitleaks", "noseyparker", "detect-secrets", "secretlint"];
const BENIGN: &[&str] =
    &["benign-mcp-synthetic", "benign-image-b64", "benign-gitlog", "benign-lockfile"];

/// The labelled samples, or nothing where they are not beside the project.
fn labelled() -> Option<Vec<Sample>> {
    let files: Option<Vec<_>> = LABELLED.iter().map(|name| sample::read(name)).collect();
    if files.is_none() {
        say(&format!("skipped: no samples in {}\n", sample::folder().display()));
    }
    Some(files?.into_iter().flatten().collect())
}

fn say(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// Keeps what is too long for a log.
fn keep(name: &str, text: &str) -> PathBuf {
    let folder = fixture::repository().join("target/corpora");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn measure(set: &str, title: &str, samples: &[&Sample]) {
    let recall = Recall::of(samples.iter().copied());
    let mut report = recall.report(title);
    let path = keep(&format!("{set}.txt"), &format!("{report}\n{}", recall.misses()));
    floor::hold(set, Bound::Floor, &recall.percents(), &mut report);
    say(&format!("{report}  every miss: {}\n", path.display()));
}

#[test]
fn the_recall_of_labelled_samples_never_falls() {
    let Some(samples) = labelled() else { return };
    let secrets: Vec<_> = samples.iter().filter(|sample| sample.is_secret()).collect();
    measure("corpora", "recall of ../shared/corpora", &secrets);
}

/// The classes that the corpora have few samples of, made from documented formats and reported apart.
#[test]
fn the_recall_of_samples_made_here_never_falls() {
    let samples = made::all();
    measure("made", "recall of samples made at run time", &samples.iter().collect::<Vec<_>>());
}

#[test]
fn benign_samples_are_not_touched() {
    let redactor = Redactor::armed([]);
    let mut touched = Vec::new();
    for name in BENIGN {
        let Some(samples) = sample::read(name) else {
            return say(&format!("skipped: no samples in {}\n", sample::folder().display()));
        };
        for (sample, place) in samples.iter().flat_map(|s| Place::ALL.map(|place| (s, place))) {
            let outcome = place.redact(&redactor, &sample.text);
            if outcome.touched || outcome.left != sample.text {
                touched.push(format!("{name} / {} as {place}: {}", sample.rule, outcome.left));
            }
        }
        say(&format!("{name}: {} samples in three places\n", samples.len()));
    }
    assert!(touched.is_empty(), "{} touched:\n{}", touched.len(), touched.join("\n"));
}

/// What another tool's tests call benign for every tool; an opinion, so reported and not a failure.
#[test]
fn what_others_call_benign_is_reported() {
    let Some(samples) = labelled() else { return };
    let redactor = Redactor::armed([]);
    let benign: Vec<_> = samples.iter().filter(|sample| sample.is_benign()).collect();
    let left = |s: &&&Sample| Place::Text.redact(&redactor, &s.text).touched;
    let touched: Vec<_> = benign.iter().filter(left).collect();
    say(&format!("benign to other tools: {} of {} touched\n", touched.len(), benign.len()));
    for sample in touched {
        say(&format!("  {} / {}: {:?}\n", sample.source, sample.rule, sample.text));
    }
}

/// Section 9 of the design asks for at most 100 chunks in 100,000. The ceiling is for a developer's machine: one that runs
/// `.ci/run` has other packages in its registry, so there the figure is only shown.
#[test]
fn ever_less_source_code_is_touched() {
    let home = std::env::home_dir().unwrap();
    let cargo = std::env::var_os("CARGO_HOME").map_or(home.join(".cargo"), PathBuf::from);
    let modules = fixture::folder().join("home/.local/share/hushpipe/store");
    let sources = [
        ("cargo", cargo.join("registry/src"), &["rs", "c", "h", "py"][..]),
        ("packages", modules, &["js", "mjs", "cjs", "ts", "py"]),
    ];
    for (name, folder, extensions) in sources {
        let files = source::files(&folder, extensions);
        if files.is_empty() {
            say(&format!("skipped: no sources in {}\n", folder.display()));
            continue;
        }
        let touched = Touched::of(&files);
        let path = keep(&format!("{name}.txt"), &touched.places());
        let mut report = touched.report(&format!("source code, {name}"));
        let tens = touched.chunks_in_100_000().next_multiple_of(10);
        let figure = BTreeMap::from([(name.to_owned(), tens)]);
        let table = BTreeMap::from([("source-code".to_owned(), figure)]);
        if std::env::var_os("CI").is_none() {
            floor::hold("touched", Bound::Ceiling, &table, &mut report);
        }
        say(&format!("{report}  the places: {}\n", path.display()));
    }
}

/// The real program does to a call's result and to stderr what the library does: some samples of every class.
#[test]
fn the_real_program_catches_what_the_library_catches() {
    let made = made::all();
    let redactor = Redactor::armed([]);
    let context = TestContext::with_example("echo_server", &[], "");
    let mut session = context.start();
    session.initialize();
    let mut caught = 0;
    for sample in made.iter().step_by(23) {
        let expected = Place::Text.redact(&redactor, &sample.text);
        let answer = session.call("echo", &json!({"text": sample.text}));
        assert_eq!(Place::Text.text_of(&answer), expected.left);
        session.call("complain", &json!({"text": sample.text}));
        caught += usize::from(sample.is_caught(&expected));
    }
    assert!(caught > 10, "only {caught} were caught at all");
    let stderr = Outcome { left: session.finish().stderr, touched: true };
    for sample in made.iter().step_by(23) {
        let expected = Place::Stderr.redact(&redactor, &sample.text);
        assert_eq!(sample.is_caught(&stderr), sample.is_caught(&expected), "{:?}", sample.text);
    }
}
