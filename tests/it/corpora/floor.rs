//! Recall never falls: the committed table `tests/fixture/corpora.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::fixture;

/// Figures by class, then by place.
pub(super) type Table = BTreeMap<String, BTreeMap<String, u64>>;

const HEADER: &str = "\
# Redaction as it was when this file was last renewed. A test fails when it is worse;
# `HUSHPIPE_UPDATE=1 cargo test --test it corpora::` records what is better, and makes nothing worse.
# corpora, made: recall by class and place, in percent, rounded down.
";

/// Fails where a figure is worse than its floor, and says where it is better. `set` is a table of the file.
pub(super) fn hold(set: &str, measured: &Table, say: &mut String) {
    // Several sets are measured at a time, and all may renew the one file.
    static FILE: Mutex<()> = Mutex::new(());
    let _alone = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut sets = read();
    let floors = sets.entry(set.to_owned()).or_default();
    let (mut worse, mut better) = (Vec::new(), Vec::new());
    for (class, places) in measured {
        for (place, figure) in places {
            let places = floors.entry(class.clone()).or_default();
            let held = places.entry(place.clone()).or_default();
            let line = format!("{set}.{class}.{place}: {figure}, was {held}");
            if figure < held {
                worse.push(line);
            } else if figure > held {
                *held = *figure;
                better.push(line);
            }
        }
    }
    assert!(worse.is_empty(), "redaction got worse:\n{}\n{say}", worse.join("\n"));
    if better.is_empty() {
        return;
    }
    if std::env::var_os("HUSHPIPE_UPDATE").is_some() {
        write(&sets);
    } else {
        let renew = "redaction got better; record it with `HUSHPIPE_UPDATE=1 cargo test --test it corpora::`";
        *say += &format!("{renew}:\n  {}\n", better.join("\n  "));
    }
}

fn path() -> PathBuf {
    fixture::repository().join("tests/fixture/corpora.toml")
}

fn read() -> BTreeMap<String, Table> {
    let text = fs::read_to_string(path()).unwrap_or_default();
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path().display()))
}

fn write(sets: &BTreeMap<String, Table>) {
    let mut text = HEADER.to_owned();
    for (set, classes) in sets {
        text += &format!("\n[{set}]\n");
        for (class, places) in classes {
            let places: Vec<_> = places.iter().map(|(place, n)| format!("{place} = {n}")).collect();
            text += &format!("{class} = {{ {} }}\n", places.join(", "));
        }
    }
    fs::write(path(), text).expect("a written table");
}
