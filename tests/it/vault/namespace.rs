//! A login in one namespace and secrets in another: each call goes to the namespace that it is about, and a login that is
//! looked for in the wrong one is refused in words that name the key.

use serde_json::{Value, json};

use super::stand_in::StandIn;
use super::user::{assert_refused, delivered, tested, user, with_token};
use crate::context::TestContext;

const SECRETS: [(&str, &str); 3] = [
    ("KEY", "corp://secret/app#key"),
    ("PGUSER", "corp://database/creds/ro#username"),
    ("PGPASSWORD", "corp://database/creds/ro#password"),
];

const AUTH: &str = r#"method = "approle", role_id = "role-of-tests", secret_id = "local://id", namespace = "root""#;

/// A stand-in whose root namespace has an AppRole, and whose namespace `team` has what it may read; a secret id.
fn stand_in(ttl: &str) -> (StandIn, String) {
    let stand_in = StandIn::start();
    stand_in.write("sys/namespaces/team", &json!({}));
    stand_in.write_in("team", "secret/data/app", &json!({"data": {"key": "of the team"}}));
    stand_in.write_in("team", "sys/mounts/database", &json!({"type": "database"}));
    let role = json!({"db_name": "db", "default_ttl": ttl, "max_ttl": "24h"});
    stand_in.write_in("team", "database/roles/ro", &role);
    let rules = ["secret/*", "database/creds/ro", "sys/leases/*"]
        .map(|path| format!("path \"team/{path}\" {{ capabilities = [\"read\", \"update\"] }}\n"));
    stand_in.write("sys/policies/acl/reads", &json!({"policy": rules.concat()}));
    stand_in.write("sys/auth/approle", &json!({"type": "approle"}));
    let role = json!({
        "role_id": "role-of-tests", "token_policies": "reads", "token_ttl": ttl, "token_max_ttl": "24h",
        "secret_id_num_uses": 9,
    });
    stand_in.write("auth/approle/role/app", &role);
    let made = stand_in.write("auth/approle/role/app/secret-id", &json!({}));
    let secret_id = made["data"]["secret_id"].as_str().expect("a secret id").to_owned();
    (stand_in, secret_id)
}

fn with_login(stand_in: &StandIn, secret_id: &str, auth: &str) -> TestContext {
    let table =
        format!("address = \"{}\"\nnamespace = \"team\"\nauth = {{ {auth} }}", stand_in.address);
    let user = user(&table, &SECRETS);
    user.set_secret("local://id", secret_id);
    user
}

/// The namespace that each path was asked for in, since the first so many requests.
fn asked_in(stand_in: &StandIn, skipped: usize) -> Vec<(String, String)> {
    let state = stand_in.state();
    let requests = state["requests"].as_array().expect("a list").iter().skip(skipped);
    let text = |request: &Value, what: &str| request[what].as_str().expect("text").to_owned();
    let asked = requests.map(|request| (text(request, "path"), text(request, "namespace")));
    let mut asked: Vec<_> = asked.collect();
    asked.sort();
    asked.dedup();
    asked
}

fn count_requests(stand_in: &StandIn) -> usize {
    stand_in.state()["requests"].as_array().expect("a list").len()
}

#[test]
fn a_login_in_the_root_namespace_reads_secrets_of_another_and_gives_all_back() {
    let (stand_in, secret_id) = stand_in("1h");
    let user = with_login(&stand_in, &secret_id, AUTH);
    let (tokens, before) = (stand_in.count("tokens_live"), count_requests(&stand_in));
    assert_eq!(delivered(&user)["KEY"], "of the team");
    let asked = asked_in(&stand_in, before);
    let of_login = |path: &str| path.starts_with("auth/");
    for (path, namespace) in &asked {
        let expected = if of_login(path) { "" } else { "team" };
        assert_eq!(namespace, expected, "{path}");
    }
    let paths: Vec<_> = asked.iter().map(|(path, _)| path.as_str()).collect();
    for path in [
        "auth/approle/login",
        "auth/approle/role/app/secret-id/lookup",
        "auth/token/revoke-self",
        "database/creds/ro",
        "secret/data/app",
        "sys/leases/revoke",
    ] {
        assert!(paths.contains(&path), "{path} is not among {paths:?}");
    }
    assert_eq!(stand_in.count("tokens_live"), tokens, "the token was revoked");
    assert_eq!(stand_in.count("accounts_live"), 0, "the account was given back");
    let (line, outcome) = tested(&user);
    assert_eq!(line["failure"], Value::Null, "{}", outcome.stderr);
}

#[test]
fn a_token_is_renewed_where_it_was_made_and_a_lease_where_it_was_given() {
    let (stand_in, secret_id) = stand_in("2s");
    let user = with_login(&stand_in, &secret_id, AUTH);
    let before = count_requests(&stand_in);
    let session = user.start();
    stand_in.wait_for_request("auth/token/renew-self");
    stand_in.wait_for_request("sys/leases/renew");
    drop(session);
    let asked = asked_in(&stand_in, before);
    assert!(asked.contains(&("auth/token/renew-self".into(), String::new())), "{asked:?}");
    assert!(asked.contains(&("sys/leases/renew".into(), "team".into())), "{asked:?}");
}

#[test]
fn a_session_token_is_made_in_the_namespace_of_the_token() {
    let (stand_in, _) = stand_in("1h");
    let more =
        "namespace = \"team\"\nauth = { method = \"token\", namespace = \"\" }\nchild_token = true";
    let user = with_token(&stand_in.address, &stand_in.root, more, &SECRETS[..1]);
    let before = count_requests(&stand_in);
    assert_eq!(delivered(&user)["KEY"], "of the team");
    let asked = asked_in(&stand_in, before);
    assert!(asked.contains(&("auth/token/create".into(), String::new())), "{asked:?}");
    assert!(asked.contains(&("auth/token/revoke-self".into(), String::new())), "{asked:?}");
}

#[test]
fn a_login_that_is_looked_for_in_the_wrong_namespace_says_what_to_write() {
    let (stand_in, secret_id) = stand_in("1h");
    let auth = AUTH.replace(", namespace = \"root\"", "");
    let user = with_login(&stand_in, &secret_id, &auth);
    let words = [
        "rejects the login with `approle` in the namespace `team`",
        "and that it is in the namespace `team`: say which one in `auth`, as in `auth = { …, namespace = \"root\" }`",
    ];
    assert_refused(&user, 77, &words);

    let token = stand_in.token("path \"team/secret/*\" { capabilities = [\"read\"] }", &json!({}));
    let more = "namespace = \"team\"";
    let user = with_token(&stand_in.address, &token, more, &[("KEY", "corp://secret/none#key")]);
    let outcome = user.run(&["doctor"], "");
    let said = "is not of the namespace `team`";
    assert!(outcome.text().contains(said), "{}", outcome.everything());
}
