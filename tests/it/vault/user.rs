//! A user whose server gets its secrets from the provider `corp`, and what becomes of them.

use std::collections::BTreeMap;

use crate::context::{ASK_ENVIRONMENT, Outcome, TestContext, write_private};

/// A user with this table for `corp` and these secrets, each `VARIABLE = reference`. They are no secrets to redaction, so
/// that the server can tell them.
pub(super) fn user(table: &str, secrets: &[(&str, &str)]) -> TestContext {
    let secrets = secrets.iter().map(|(variable, reference)| {
        format!("{variable} = {{ ref = \"{reference}\", sensitive = false }}\n")
    });
    let tables = format!(
        "[servers.server.secrets]\n{}[providers.corp]\ntype = \"vault\"\n{table}\n",
        secrets.collect::<String>()
    );
    TestContext::with_example("echo_server", &[], &tables)
}

/// The same, the token in the file that `vault login` leaves.
pub(super) fn with_token(
    address: &str,
    token: &str,
    more: &str,
    secrets: &[(&str, &str)],
) -> TestContext {
    let user = user(&format!("address = \"{address}\"\n{more}"), secrets);
    write_private(&user.home().join(".vault-token"), token);
    user
}

/// What the server gets, through `run`.
pub(super) fn delivered(user: &TestContext) -> BTreeMap<String, String> {
    user.relay(ASK_ENVIRONMENT.as_bytes()).environment()
}

/// What `secret test` says of the only secret.
pub(super) fn tested(user: &TestContext) -> (serde_json::Value, Outcome) {
    let outcome = user.run(&["secret", "test", "server", "--json"], "");
    let mut lines: serde_json::Value =
        serde_json::from_str(outcome.text()).unwrap_or_else(|_| panic!("{}", outcome.everything()));
    (lines[0].take(), outcome)
}

/// The secret is refused with this exit code, in words that hold all of these.
#[track_caller]
pub(super) fn assert_refused(user: &TestContext, code: i32, words: &[&str]) {
    let (_, outcome) = tested(user);
    for word in words {
        assert!(outcome.stderr.contains(word), "`{word}` is not in:\n{}", outcome.stderr);
    }
    assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
}
