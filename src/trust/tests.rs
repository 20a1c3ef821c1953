//! Records are found again, hold no value, and differ where what is accepted differs.

use super::*;

const VALUE: &str = "a-plain-value-3f9";

fn terms() -> Terms {
    let fact = |says: &str, value: Option<&str>| Fact {
        says: says.to_owned(),
        value: value.map(str::to_owned),
    };
    Terms {
        entry: "e".repeat(64),
        lock: Some("l".repeat(64)),
        facts: BTreeMap::from([
            (FactKey::Secret("A".into()), fact("gets local://x as `A`", None)),
            (FactKey::Variable("b [x]".into()), fact("has `B` set to", Some(VALUE))),
        ]),
        packages: BTreeMap::from([("p@1.0.0".to_owned(), "00".to_owned())]),
    }
}

/// A ledger with [`terms`] accepted for the server `s`, and the folder it is in.
fn accepted() -> (tempfile::TempDir, Ledger) {
    let home = tempfile::tempdir().expect("a folder");
    let ledger = Ledger::of(&Paths::below(home.path()));
    ledger.accept(subject("s"), &terms()).expect("written");
    (home, ledger)
}

fn subject(server: &str) -> Subject<'_> {
    Subject { manifest: Path::new("/project/[x]\nhushpipe.toml"), server }
}

fn record(ledger: &Ledger) -> Record {
    ledger.record(subject("s")).expect("readable").expect("there")
}

#[test]
fn a_record_is_found_by_manifest_and_server_alone() {
    let (_home, ledger) = accepted();
    let head = |subject| ledger.head(subject).expect("readable");
    let found = head(subject("s")).expect("there");
    assert_eq!((found.entry, found.lock), (Some("e".repeat(64)), Some("l".repeat(64))));
    assert_eq!(head(subject("S")), None);
    assert_eq!(head(Subject { manifest: Path::new("/other/hushpipe.toml"), server: "s" }), None);
    assert!(terms().are_those_of(&record(&ledger)));
    assert_eq!(ledger.trusted().expect("readable").len(), 1);
    ledger.forget(&record(&ledger).head).expect("removed");
    assert_eq!(head(subject("s")), None);
}

#[test]
fn what_sync_records_is_no_trust() {
    let (_home, ledger) = accepted();
    ledger.synced(subject("own"), "l".repeat(64)).expect("written");
    assert_eq!(ledger.head(subject("own")).expect("readable").expect("there").entry, None);
    assert_eq!(ledger.trusted().expect("readable").len(), 1);
}

#[test]
fn a_record_holds_no_value() {
    let (_home, ledger) = accepted();
    let text = std::fs::read_to_string(ledger.file(subject("s"))).expect("there");
    assert!(text.contains("has `B` set to") && !text.contains(VALUE), "{text}");
}

#[test]
fn a_record_that_does_not_read_is_no_record() {
    let (_home, ledger) = accepted();
    let file = ledger.file(subject("s"));
    let text = std::fs::read_to_string(&file).expect("there");
    for broken in ["", "entry = 1", &text.replace("server =", "sever ="), &text[..90]] {
        std::fs::write(&file, broken).expect("written");
        assert!(matches!(ledger.head(subject("s")), Err(TrustError::Malformed { .. })), "{broken}");
    }
}

#[test]
fn differences_are_new_changed_or_removed() {
    let (_home, ledger) = accepted();
    let mut now = terms();
    assert_eq!(now.differences(Some(&record(&ledger))), []);
    assert_eq!(now.differences(None).len(), 2);
    let new = Fact { says: "works in `/x`".to_owned(), value: None };
    now.facts.insert(FactKey::With("c".into()), new);
    now.facts.remove(&FactKey::Secret("A".into()));
    if let Some(fact) = now.facts.get_mut(&FactKey::Variable("b [x]".into())) {
        fact.value = Some("another".to_owned());
    }
    let found = now.differences(Some(&record(&ledger)));
    let found: Vec<_> = found.iter().map(|found| (found.change, found.says.as_str())).collect();
    let expected = [
        (Change::Changed, "has `B` set to"),
        (Change::New, "works in `/x`"),
        (Change::Removed, "gets local://x as `A`"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn packages_are_new_removed_or_of_other_content() {
    let (_home, ledger) = accepted();
    let mut now = terms();
    assert_eq!(now.packages_since(&record(&ledger)), Packages::default());
    now.packages = BTreeMap::from([("p@1.0.0".to_owned(), "01".to_owned())]);
    assert_eq!(now.packages_since(&record(&ledger)).rehashed, ["p@1.0.0"]);
    now.packages = BTreeMap::from([("p@2.0.0".to_owned(), "00".to_owned())]);
    let changed = now.packages_since(&record(&ledger));
    assert_eq!((changed.new, changed.removed), (vec!["p@2.0.0".into()], vec!["p@1.0.0".into()]));
}
