//! One contract for every kind of provider, through the real binary: a line for each kind, a plan for each case. Where a
//! case means nothing to a kind, the line says why; a kind without a line fails the test.

mod local;
#[cfg(all(feature = "vault", feature = "aws"))]
mod refused;
#[cfg(all(feature = "vault", feature = "aws"))]
mod remote;
#[cfg(all(feature = "vault", feature = "aws"))]
mod together;
mod world;

use std::thread;

use crate::context::TestContext;

/// What is tried with each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    /// The value is there.
    Found,
    /// Nothing is there.
    Missing,
    /// The value has no such field.
    WrongField,
    /// There is no such version, or no versions.
    WrongVersion,
    /// The store, or the system, refuses us; or we refuse what others could have written.
    Denied,
    /// Nobody is there to be asked.
    Unreachable,
    /// The other end is not who it should be.
    Untrusted,
    /// It takes longer than any provider may.
    Silent,
    /// What comes back cannot be understood.
    Malformed,
    /// What comes back ends too early.
    Truncated,
    /// 429, once with a time to wait that fits and then with one that does not.
    Busy,
    /// The value is longer than any may be.
    Huge,
    /// The value, or what it comes in, is not UTF-8.
    NotUtf8,
    /// The value changes between two launches.
    Changed,
    /// Two variables from one value are one fetch.
    Deduplicated,
    /// What may have passed a moment later is tried again.
    Retried,
    /// What was decided is not.
    Final,
}

const CASES: [Case; 17] = [
    Case::Found,
    Case::Missing,
    Case::WrongField,
    Case::WrongVersion,
    Case::Denied,
    Case::Unreachable,
    Case::Untrusted,
    Case::Silent,
    Case::Malformed,
    Case::Truncated,
    Case::Busy,
    Case::Huge,
    Case::NotUtf8,
    Case::Changed,
    Case::Deduplicated,
    Case::Retried,
    Case::Final,
];

/// It was tried and was as it must be, or why it means nothing to this kind.
type Tried = Result<(), &'static str>;

/// A kind of provider, and what tries a case of it.
type Line = (&'static str, fn(Case) -> Tried);

/// The lines, in the order of `KINDS`.
const LINES: &[Line] = &[
    ("keychain", local::keychain),
    ("local", local::store),
    #[cfg(all(feature = "vault", feature = "aws"))]
    ("vault", remote::vault),
    #[cfg(all(feature = "vault", feature = "aws"))]
    ("awssm", remote::secrets_manager),
    #[cfg(all(feature = "vault", feature = "aws"))]
    ("awsssm", remote::parameter_store),
    #[cfg(all(feature = "vault", feature = "aws"))]
    ("aws-sts", remote::sts),
    ("env", local::env),
    ("file", local::file),
];

#[test]
fn every_kind_of_provider_has_a_line() {
    let outcome = TestContext::new().run(&["schema"], "");
    let schema: serde_json::Value = serde_json::from_slice(&outcome.stdout).expect("a schema");
    let kinds = schema["$defs"]["Provider"]["oneOf"].as_array().expect("kinds");
    let kinds: Vec<_> = kinds.iter().map(|kind| &kind["properties"]["type"]["const"]).collect();
    let lines: Vec<_> = LINES.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, lines, "each kind of `KINDS` needs a line here, in the same order");
}

/// Tries every case of a kind; several at once, because some wait for a deadline.
fn try_all(kind: &str) {
    let (_, line) = LINES.iter().find(|(one, _)| *one == kind).expect("a line");
    thread::scope(|scope| {
        let trials = CASES.map(|case| (case, scope.spawn(move || line(case))));
        let outcomes = trials.map(|(case, trial)| (case, trial.join()));
        let failed = outcomes.iter().filter(|(_, outcome)| outcome.is_err());
        let failed: Vec<_> = failed.map(|(case, _)| case).collect();
        assert!(failed.is_empty(), "{kind}: {failed:?}, see above");
        for (case, outcome) in outcomes {
            let reason = outcome.expect("none failed").err();
            assert!(reason.is_none_or(|reason| reason.len() > 20), "{kind}, {case:?}: say why not");
        }
    });
}

#[test]
fn the_keychain_keeps_the_contract() {
    try_all("keychain");
}

#[test]
fn the_local_store_keeps_the_contract() {
    try_all("local");
}

#[test]
fn the_environment_keeps_the_contract() {
    try_all("env");
}

#[test]
fn files_keep_the_contract() {
    try_all("file");
}

#[cfg(all(feature = "vault", feature = "aws"))]
#[test]
fn vault_keeps_the_contract() {
    try_all("vault");
}

#[cfg(all(feature = "vault", feature = "aws"))]
#[test]
fn secrets_manager_keeps_the_contract() {
    try_all("awssm");
}

#[cfg(all(feature = "vault", feature = "aws"))]
#[test]
fn parameter_store_keeps_the_contract() {
    try_all("awsssm");
}

#[cfg(all(feature = "vault", feature = "aws"))]
#[test]
fn sts_keeps_the_contract() {
    try_all("aws-sts");
}
