//! Recall never falls: the committed table `tests/fixture/corpora.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::fixture;

/// Whole percents by class, then by place.
pub(super) type Table = BTreeMap<String, BTreeMap<String, u64>>;

const HEADER: &str = "\
# Recall of redaction by class and place, in percent, rounded down: what it was when this file was last renewed.
# A test fails below it. `HUSHPIPE_UPDATE=1 cargo test --test it corpora::` raises what can be raised and lowers nothing.
";

/// Fails where a figure is below its floor, and says where the floor could be raised. `set` is a table of the file.
pub(super) fn hold(set: &str, measured: &Table, say: &mut String) {
    // Two sets are measured at a time, and both may renew the one file.
    static FILE: Mutex<()> = Mutex::new(());
    let _alone = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut sets = read();
    let floors = sets.entry(set.to_owned()).or_default();
    let mut fallen = Vec::new();
    let mut risen = Vec::new();
    for (class, places) in measured {
        for (place, percent) in places {
            let floor = floors.entry(class.clone()).or_default().entry(place.clone()).or_default();
            let line = format!("{set}.{class}.{place}: {percent} %, floor {floor} %");
            match (*percent).cmp(floor) {
                std::cmp::Ordering::Less => fallen.push(line),
                std::cmp::Ordering::Equal => {}
                std::cmp::Ordering::Greater => {
                    *floor = *percent;
                    risen.push(line);
                }
            }
        }
    }
    assert!(fallen.is_empty(), "recall fell:\n{}\n{say}", fallen.join("\n"));
    if risen.is_empty() {
        return;
    }
    if std::env::var_os("HUSHPIPE_UPDATE").is_some() {
        write(&sets);
    } else {
        let renew = "raise the floor with `HUSHPIPE_UPDATE=1 cargo test --test it corpora::`";
        *say += &format!("{renew}:\n  {}\n", risen.join("\n  "));
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
