//! Against RustyVault, which others wrote: what its answers lack of Vault's is missing and not wrong.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::rusty::RustyVault;
use super::stand_in::Certificates;
use super::user::{assert_refused, delivered, tested, user, with_token};

const VALUE: &str = "value-of-a-real-server";

/// A server that has [`VALUE`] as the field `key` of `secret/team/app`.
fn server() -> RustyVault {
    let server = RustyVault::start();
    server.write("secret/team/app", &json!({"key": VALUE, "port": 5432}));
    server
}

#[test]
fn a_secret_of_version_1_reaches_the_server_by_fields_and_as_a_whole() {
    let server = server();
    let secrets = [
        ("KEY", "corp://secret/team/app#key"),
        ("PORT", "corp://secret/team/app#port"),
        ("WHOLE", "corp://secret/team/app"),
    ];
    let user = with_token(&server.address, &format!("{}\n", server.root), "", &secrets);
    let given = delivered(&user);
    assert_eq!((given["KEY"].as_str(), given["PORT"].as_str()), (VALUE, "5432"));
    let whole: serde_json::Value = serde_json::from_str(&given["WHOLE"]).unwrap();
    assert_eq!(whole, json!({"key": VALUE, "port": 5432}));
}

/// In the shape that KV of version 2 has, which this server does not know: the second reading, after a 404.
#[test]
fn a_server_that_tells_no_engines_is_read_both_ways() {
    let server = server();
    let versioned = json!({
        "data": {"key": "second"},
        "metadata": {"version": 4, "created_time": "2026-01-02T03:04:05.6Z", "deletion_time": "", "destroyed": false},
    });
    server.write("secret/data/two", &versioned);
    let secrets = [("KEY", "corp://secret/two#key")];
    let user = with_token(&server.address, &server.root, "", &secrets);
    let (line, _) = tested(&user);
    assert_eq!((&line["version"], &line["created"]), (&json!("4"), &json!("2026-01-02T03:04:05Z")));
    assert_eq!(delivered(&user)["KEY"], "second");
}

#[test]
fn what_is_not_there_is_named() {
    let server = server();
    for (reference, words) in [
        (
            "corp://secret/team/none#key",
            ["`corp://secret/team/none` was not found", "`vault kv list secret/team`"],
        ),
        (
            "corp://secret/team/app#none",
            ["the field `none` was not found", "use a field that the value has"],
        ),
        (
            "corp://nowhere/app#key",
            ["`corp://nowhere/app` was not found", "`vault kv list nowhere`"],
        ),
    ] {
        let user = with_token(&server.address, &server.root, "", &[("KEY", reference)]);
        assert_refused(&user, 77, &words);
    }
}

#[test]
fn a_token_that_is_none_or_has_expired_is_said_to_be() {
    let server = server();
    let secrets = [("KEY", "corp://secret/team/app#key")];
    let made = server.write("auth/token/create", &json!({"ttl": "5s", "policies": ["default"]}));
    let token = made["auth"]["client_token"].as_str().unwrap();
    let user = with_token(&server.address, token, "", &secrets);
    assert_eq!(delivered(&user)["KEY"], VALUE);
    let words = ["does not accept the token: it has expired, or was revoked", "run `vault login`"];
    for _ in 0..60 {
        if tested(&user).1.code != Some(0) {
            break;
        }
        thread::sleep(Duration::from_millis(500));
    }
    assert_refused(&user, 77, &words);
    assert_refused(&with_token(&server.address, "no-such-token", "", &secrets), 77, &words);
    let none = user_without_token(&server);
    assert_refused(&none, 77, &["contains no token to log in with", "run `vault login`"]);
    assert_refused(
        &with_token(&server.address, "two\nlines", "", &secrets),
        74,
        &["it contains characters that no token has"],
    );
}

fn user_without_token(server: &RustyVault) -> crate::context::TestContext {
    user(&format!("address = \"{}\"", server.address), &[("KEY", "corp://secret/team/app#key")])
}

#[test]
fn an_application_logs_in_until_its_secret_id_is_used_up() {
    let server = server();
    server.write("sys/auth/approle", &json!({"type": "approle"}));
    let role = json!({"token_policies": "default", "token_ttl": "1h", "secret_id_num_uses": 2});
    server.write("auth/approle/role/tests", &role);
    let role_id = server.read("auth/approle/role/tests/role-id")["data"]["role_id"].take();
    let secret_id = server.write("auth/approle/role/tests/secret-id", &json!({}));
    let secret_id = secret_id["data"]["secret_id"].as_str().unwrap();
    let table = format!(
        "address = \"{}\"\nauth = {{ method = \"approle\", role_id = {role_id}, secret_id = \"local://id\" }}",
        server.address
    );
    let user = user(&table, &[("KEY", "corp://secret/team/app#key")]);
    user.set_secret("local://id", secret_id);
    let (line, outcome) = tested(&user);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let warning = line["warning"].as_str().unwrap();
    assert!(warning.contains("the secret id in `local://id` allows 1 more login"), "{warning}");
    let (line, _) = tested(&user);
    let warning = line["warning"].as_str().unwrap();
    assert!(warning.contains("this was the last login that the secret id"), "{warning}");
    let words =
        ["rejects the login with `approle`", "whether the secret id has expired or was used up"];
    assert_refused(&user, 77, &words);
    assert!(!tested(&user).1.everything().contains(secret_id));
}

#[test]
fn a_password_logs_in_and_a_wrong_one_does_not() {
    let server = server();
    server.write("sys/auth/people", &json!({"type": "userpass"}));
    server.write(
        "auth/people/users/ann",
        &json!({"password": "canary-right", "policies": "default"}),
    );
    let table = format!(
        "address = \"{}\"\nauth = {{ method = \"userpass\", mount = \"people\", username = \"ann\", password = \"local://pw\" }}",
        server.address
    );
    let user = user(&table, &[("KEY", "corp://secret/team/app#key")]);
    user.set_secret("local://pw", "canary-right");
    assert_eq!(delivered(&user)["KEY"], VALUE);
    user.set_secret("local://pw", "canary-wrong");
    let words = [
        "rejects the login with `userpass`",
        "the user name and the password",
        "mounted at `auth/people`",
    ];
    assert_refused(&user, 77, &words);
    assert!(!tested(&user).1.everything().contains("canary"));
}

#[test]
fn a_server_that_was_restarted_is_said_to_be_sealed() {
    let mut server = server();
    let user =
        with_token(&server.address, &server.root, "", &[("KEY", "corp://secret/team/app#key")]);
    server.restart();
    assert_refused(&user, 69, &["is sealed", "`vault operator unseal`"]);
    server.unseal();
    assert_eq!(delivered(&user)["KEY"], VALUE);
}

#[test]
fn a_server_behind_tls_is_trusted_by_the_authority_that_the_manifest_names() {
    let tls = Certificates::new();
    let server = RustyVault::behind(&tls);
    server.write("secret/team/app", &json!({"key": VALUE}));
    let secrets = [("KEY", "corp://secret/team/app#key")];
    let trusting = format!("ca_cert = \"{}\"", tls.path("authority.pem").display());
    assert_eq!(
        delivered(&with_token(&server.address, &server.root, &trusting, &secrets))["KEY"],
        VALUE
    );

    let words =
        ["is not trusted: its certificate is signed by an unknown authority", "`ca_cert = "];
    assert_refused(&with_token(&server.address, &server.root, "", &secrets), 69, &words);
    let others = Certificates::new();
    let other = format!("ca_cert = \"{}\"", others.path("authority.pem").display());
    assert_refused(&with_token(&server.address, &server.root, &other, &secrets), 69, &words[..1]);
    let key = format!("ca_cert = \"{}\"", tls.path("authority.key").display());
    let words = ["it contains no certificate in PEM form"];
    assert_refused(&with_token(&server.address, &server.root, &key, &secrets), 74, &words);
    let named = format!("{trusting}\ntls_server_name = \"vault.example\"");
    let words = ["its certificate is for another name", "`tls_server_name`"];
    assert_refused(&with_token(&server.address, &server.root, &named, &secrets), 69, &words);
    let clear = server.address.replace("https://", "http://");
    let user = with_token(&clear, &server.root, "", &secrets);
    assert_ne!(tested(&user).1.code, Some(0));
}
