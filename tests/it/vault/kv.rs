//! Key/value secrets of both versions and accounts of a database, against the stand-in.

use serde_json::json;

use super::stand_in::StandIn;
use super::user::{assert_refused, delivered, tested, with_token};

/// A stand-in with two versions of `secret/app`, and with `old/app` in an engine of version 1.
fn stand_in() -> StandIn {
    let stand_in = StandIn::start();
    for value in ["first", "second"] {
        stand_in.write("secret/data/app", &json!({"data": {"key": value, "options": {"n": 1.50}}}));
    }
    stand_in.write("sys/mounts/old", &json!({"type": "kv", "options": {"version": "1"}}));
    stand_in.write("old/app", &json!({"key": "kept"}));
    stand_in
}

#[test]
fn the_version_of_the_engine_is_found_out_and_a_version_is_pinned() {
    let stand_in = stand_in();
    stand_in.write("sys/mounts/team/kv", &json!({"type": "kv", "options": {"version": "2"}}));
    stand_in.write("team/kv/data/deep/app", &json!({"data": {"key": "nested"}}));
    let secrets = [
        ("LATEST", "corp://secret/app#key"),
        ("PINNED", "corp://secret/app?version=1#key"),
        ("DEEP", "corp://secret/app#options.n"),
        ("OLD", "corp://old/app#key"),
        ("NESTED", "corp://team/kv/deep/app#key"),
    ];
    for preflight in [true, false] {
        stand_in.tell(&json!({"do": "preflight", "is": preflight}));
        // Without being told, nobody knows that a mount has a slash in its name.
        let more = if preflight { "" } else { "kv = { \"team/kv\" = 2 }" };
        let user = with_token(&stand_in.address, &stand_in.root, more, &secrets);
        let given = delivered(&user);
        let given = secrets.map(|(variable, _)| given[variable].as_str());
        assert_eq!(given, ["second", "first", "1.5", "kept", "nested"], "{preflight}");
    }
}

#[test]
fn a_version_and_its_time_are_told() {
    let stand_in = stand_in();
    let user =
        with_token(&stand_in.address, &stand_in.root, "", &[("KEY", "corp://secret/app#key")]);
    let (line, _) = tested(&user);
    assert_eq!(line["version"], "2");
    let created = line["created"].as_str().expect("a time");
    assert!(created.starts_with("20") && created.ends_with('Z'), "{created}");
}

#[test]
fn what_was_deleted_or_destroyed_or_never_there_is_told_apart() {
    let stand_in = stand_in();
    stand_in.write("secret/data/gone", &json!({"data": {"key": "value"}}));
    stand_in.write("secret/delete/gone", &json!({"versions": [1]}));
    stand_in.write("secret/destroy/app", &json!({"versions": [1]}));
    for (reference, words) in [
        (
            "corp://secret/gone#key",
            &[
                "the latest version, 1, of `secret/gone` was deleted at 20",
                "`vault kv undelete -mount=secret -versions=1 gone`",
            ][..],
        ),
        ("corp://secret/app?version=1#key", &["version 1 of `secret/app` was destroyed"]),
        (
            "corp://secret/app?version=7#key",
            &["was not found", "`vault kv metadata get secret/app`"],
        ),
        (
            "corp://secret/none#key",
            &["`corp://secret/none` was not found", "`vault kv list secret`"],
        ),
        ("corp://secret/data/app#key", &["leave `data/` out of the reference"]),
        ("corp://old/app?version=1#key", &["only KV version 2 keeps versions"]),
        ("corp://secret/app#none", &["the field `none` was not found"]),
    ] {
        let code = if words[0].starts_with("only KV version 2") { 78 } else { 77 };
        assert_refused(
            &with_token(&stand_in.address, &stand_in.root, "", &[("KEY", reference)]),
            code,
            words,
        );
    }
}

#[test]
fn what_a_policy_forbids_is_told_from_a_token_that_is_no_good() {
    let stand_in = stand_in();
    let secrets = [("KEY", "corp://secret/app#key")];
    let short = json!({"ttl": "60s"});
    let elsewhere = "path \"secret/data/other\" { capabilities = [\"read\"] }";
    let token = stand_in.token(elsewhere, &short);
    let user = with_token(&stand_in.address, &token, "", &secrets);
    assert_refused(
        &user,
        77,
        &["forbids reading `corp://secret/app`", "allows `read` on `secret/app`"],
    );
    stand_in.tell(&json!({"do": "advance", "seconds": 61}));
    assert_refused(&user, 77, &["does not accept the token: it has expired, or was revoked"]);

    let nothing = stand_in.token("path \"x\" { capabilities = [\"read\"] }", &short);
    let user = with_token(&stand_in.address, &nothing, "", &secrets);
    assert_refused(
        &user,
        77,
        &["forbids looking up the engine of `corp://secret/app`", "`kv = 2`"],
    );
}

#[test]
fn the_manifest_may_say_what_the_server_will_not() {
    let stand_in = stand_in();
    let rules = "path \"secret/data/app\" { capabilities = [\"read\"] }";
    let token = stand_in.token(rules, &json!({}));
    stand_in.fault("sys/internal/*", "status", &json!({"status": 403}), None);
    let secrets = [("KEY", "corp://secret/app#key")];
    assert_refused(&with_token(&stand_in.address, &token, "", &secrets), 77, &["`kv = 2`"]);
    for told in ["kv = 2", "kv = \"2\"", "kv = { secret = 2 }"] {
        assert_eq!(
            delivered(&with_token(&stand_in.address, &token, told, &secrets))["KEY"],
            "second"
        );
    }
    let user = with_token(&stand_in.address, &stand_in.root, "kv = 1", &secrets);
    assert_refused(&user, 77, &["`corp://secret/app` was not found"]);
}

#[test]
fn a_namespace_is_the_one_of_the_manifest() {
    let stand_in = stand_in();
    stand_in.write("sys/namespaces/team", &json!({}));
    stand_in.write_in("team", "secret/data/app", &json!({"data": {"key": "of the team"}}));
    let secrets = [("KEY", "corp://secret/app#key")];
    for (namespace, expected) in [("", "second"), ("namespace = \"team\"", "of the team")] {
        let user = with_token(&stand_in.address, &stand_in.root, namespace, &secrets);
        assert_eq!(delivered(&user)["KEY"], expected);
    }
}

#[test]
fn an_account_is_made_once_for_all_its_fields_and_ends_with_its_use() {
    let stand_in = stand_in();
    stand_in.database("1h", "24h");
    let secrets = [
        ("PGUSER", "corp://database/creds/ro#username"),
        ("PGPASSWORD", "corp://database/creds/ro#password"),
    ];
    let user = with_token(&stand_in.address, &stand_in.root, "", &secrets);
    let (line, outcome) = tested(&user);
    assert_eq!(line["lease_seconds"], 3600, "{}", outcome.stderr);
    assert_eq!((stand_in.count("leases_made"), stand_in.count("accounts_live")), (1, 0));
    let user = with_token(
        &stand_in.address,
        &stand_in.root,
        "",
        &[("KEY", "corp://database/creds/ro#none")],
    );
    assert_refused(&user, 77, &["the field `none` was not found"]);
    assert_eq!((stand_in.count("leases_made"), stand_in.count("accounts_live")), (2, 0));
}

#[test]
fn an_answer_that_was_lost_makes_no_second_account() {
    let stand_in = stand_in();
    stand_in.database("1h", "24h");
    for preflight in [true, false] {
        stand_in.tell(&json!({"do": "preflight", "is": preflight}));
        let before = stand_in.count("leases_made");
        stand_in.fault_once("database/creds/ro", "lose", &json!({}));
        let secrets = [("PGUSER", "corp://database/creds/ro#username")];
        let user = with_token(&stand_in.address, &stand_in.root, "", &secrets);
        assert_ne!(tested(&user).1.code, Some(0));
        assert_eq!(stand_in.count("leases_made"), before + 1, "{preflight}");
        stand_in.tell(&json!({"do": "mend"}));
    }
}

#[test]
fn an_account_without_leave_to_end_it_ends_with_the_token_of_the_session() {
    let stand_in = stand_in();
    stand_in.database("1h", "24h");
    let rules = "path \"database/creds/ro\" { capabilities = [\"read\"] } \
                 path \"auth/token/create\" { capabilities = [\"update\"] }";
    let token = stand_in.token(rules, &json!({}));
    let live = stand_in.count("tokens_live");
    let secrets = [("PGUSER", "corp://database/creds/ro#username")];
    let (_, outcome) = tested(&with_token(&stand_in.address, &token, "", &secrets));
    let said =
        "could not revoke the lease of `corp://database/creds/ro`, which expires by itself in";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    assert_eq!(stand_in.count("accounts_live"), 1);
    let user = with_token(&stand_in.address, &token, "child_token = true", &secrets);
    assert_eq!(tested(&user).1.code, Some(0));
    let after = (
        stand_in.count("leases_made"),
        stand_in.count("accounts_live"),
        stand_in.count("tokens_live"),
    );
    assert_eq!(after, (2, 1, live));
}

#[test]
fn an_account_is_given_back_however_odd_the_rest_of_its_answer() {
    let stand_in = stand_in();
    stand_in.database("1h", "24h");
    let secrets = [("PGUSER", "corp://database/creds/ro#username")];
    let user = with_token(&stand_in.address, &stand_in.root, "", &secrets);
    for odd in [
        json!({"lease_duration": -1}),
        json!({"lease_duration": 1e40, "renewable": "true"}),
        json!({"lease_duration": "60", "auth": {"client_token": 5}}),
    ] {
        stand_in.fault_once("database/creds/ro", "alter", &json!({"to": odd}));
        assert_eq!(tested(&user).1.code, Some(0), "{odd}");
        assert_eq!(stand_in.count("accounts_live"), 0, "{odd}");
    }
    assert_eq!(stand_in.count("leases_made"), 3);
}
