//! Every way to log in, against the stand-in: with what, how often, and what is left of it afterwards.

use serde_json::{Value, json};

use super::stand_in::{Certificates, StandIn};
use super::user::{assert_refused, delivered, tested, user, with_token};
use crate::context::{TestContext, finish, write_private};

const SECRETS: [(&str, &str); 2] =
    [("KEY", "corp://secret/app#key"), ("TWO", "corp://secret/other#key")];

/// The policy that reads [`SECRETS`].
fn prepare(stand_in: &StandIn) {
    stand_in.write("secret/data/app", &json!({"data": {"key": "value"}}));
    stand_in.write("secret/data/other", &json!({"data": {"key": "another"}}));
    let rules = "path \"secret/*\" { capabilities = [\"read\"] }";
    stand_in.write("sys/policies/acl/reads", &json!({"policy": rules}));
}

fn stand_in() -> StandIn {
    let stand_in = StandIn::start();
    prepare(&stand_in);
    stand_in
}

/// The secrets arrive after one login at this path, and its token is gone afterwards.
#[track_caller]
fn assert_logs_in(stand_in: &StandIn, user: &TestContext, path: &str) {
    let live = stand_in.count("tokens_live");
    let given = delivered(user);
    assert_eq!((given["KEY"].as_str(), given["TWO"].as_str()), ("value", "another"));
    assert_eq!(stand_in.asked(path), 1, "one login for all secrets");
    assert_eq!(stand_in.count("tokens_live"), live, "the token was revoked");
}

fn with_auth(stand_in: &StandIn, auth: &str) -> TestContext {
    user(&format!("address = \"{}\"\nauth = {{ {auth} }}", stand_in.address), &SECRETS)
}

/// An AppRole `app` at this mount with these settings; a secret id of it.
fn approle(stand_in: &StandIn, mount: &str, settings: &Value) -> String {
    stand_in.write(&format!("sys/auth/{mount}"), &json!({"type": "approle"}));
    let mut role =
        json!({"role_id": "role-of-tests", "token_policies": "reads", "token_ttl": "20m"});
    role.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    stand_in.write(&format!("auth/{mount}/role/app"), &role);
    let made = stand_in.write(&format!("auth/{mount}/role/app/secret-id"), &json!({}));
    made["data"]["secret_id"].as_str().unwrap().to_owned()
}

#[test]
fn an_application_logs_in_with_or_without_a_secret_id() {
    let stand_in = stand_in();
    let secret_id = approle(&stand_in, "apps/ci", &json!({}));
    let auth = "method = \"approle\", mount = \"apps/ci\", role_id = \"role-of-tests\"";
    let user = with_auth(&stand_in, &format!("{auth}, secret_id = \"local://id\""));
    user.set_secret("local://id", &secret_id);
    assert_logs_in(&stand_in, &user, "auth/apps/ci/login");
    approle(&stand_in, "open", &json!({"bind_secret_id": false}));
    let user = with_auth(&stand_in, &auth.replace("apps/ci", "open"));
    assert_logs_in(&stand_in, &user, "auth/open/login");
}

#[test]
fn a_secret_id_is_not_used_twice_when_an_answer_is_lost() {
    let stand_in = stand_in();
    let secret_id = approle(&stand_in, "approle", &json!({"secret_id_num_uses": 3}));
    let auth = "method = \"approle\", role_id = \"role-of-tests\", secret_id = \"local://id\"";
    let user = with_auth(&stand_in, auth);
    user.set_secret("local://id", &secret_id);
    stand_in.fault_once("auth/approle/login", "lose", &json!({}));
    let outcome = user.run(&["secret", "test", "server"], "");
    assert_ne!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(stand_in.asked("auth/approle/login"), 1, "neither again nor once for each secret");
}

/// A wrapping token for what a path answers.
fn wrapped(stand_in: &StandIn, path: &str, body: &Value) -> String {
    let request = json!({"do": "request", "path": path, "body": body, "wrap": "60s"});
    let answer = stand_in.tell(&request);
    answer["body"]["wrap_info"]["token"].as_str().expect("a wrapping token").to_owned()
}

#[test]
fn a_wrapped_secret_id_is_stored_unwrapped_and_a_used_token_is_an_alarm() {
    let stand_in = stand_in();
    approle(&stand_in, "approle", &json!({}));
    let token = &wrapped(&stand_in, "auth/approle/role/app/secret-id", &json!({}));
    let auth = "method = \"approle\", role_id = \"role-of-tests\", secret_id = \"local://id\"";
    let user = with_auth(&stand_in, auth);
    let stored =
        user.run(&["secret", "set", "local://id", "--unwrap", "corp"], &format!("{token}\n"));
    assert_eq!(stored.code, Some(0), "{}", stored.stderr);
    let said = "stored `local://id`, 36 bytes, made at `auth/approle/role/app/secret-id`";
    assert!(stored.stderr.contains(said), "{}", stored.stderr);
    assert_logs_in(&stand_in, &user, "auth/approle/login");
    let again = user.run(&["secret", "set", "local://id", "--unwrap", "corp"], token);
    assert_eq!(again.code, Some(77), "{}", again.stderr);
    assert!(again.stderr.contains("it has been used before, or has expired"), "{}", again.stderr);
    assert!(!again.everything().contains(token));
    let wrong = user.run(&["secret", "set", "local://id", "--unwrap", "local"], token);
    assert_eq!(wrong.code, Some(78), "{}", wrong.stderr);
}

/// Whoever comes across a wrapping token can use it up and wrap something else, but not at the same path.
#[test]
fn a_wrapping_token_that_was_put_in_the_place_of_another_is_told_and_not_used() {
    let stand_in = stand_in();
    approle(&stand_in, "approle", &json!({}));
    approle(&stand_in, "other", &json!({}));
    let auth = "method = \"approle\", role_id = \"role-of-tests\", secret_id = \"local://id\"";
    let user = with_auth(&stand_in, auth);
    let forged = json!({"secret_id": "canary-forged"});
    for (path, body) in
        [("sys/wrapping/wrap", &forged), ("auth/other/role/app/secret-id", &json!({}))]
    {
        let token = wrapped(&stand_in, path, body);
        let refused = user.run(&["secret", "set", "local://id", "--unwrap", "corp"], &token);
        assert_eq!(refused.code, Some(77), "{}", refused.everything());
        let said = format!(
            "created this wrapping token at `{path}`, not for a secret id of `auth/approle`"
        );
        assert!(refused.stderr.contains(&said), "{}", refused.stderr);
        assert_eq!(stand_in.asked("sys/wrapping/unwrap"), 0);
        let listed = user.run(&["secret", "list"], "");
        assert!(!listed.text().contains("local://id"), "{}", listed.text());
    }
    // Of what is no secret id of the login's nobody knows where it should come from.
    let token = wrapped(&stand_in, "sys/wrapping/wrap", &json!({"password": "something"}));
    let stored = user.run(&["secret", "set", "local://other", "--unwrap", "corp"], &token);
    let said = "stored `local://other`, 9 bytes, made at `sys/wrapping/wrap`";
    assert!(stored.stderr.contains(said), "{}", stored.everything());
}

#[test]
fn people_log_in_with_passwords() {
    let stand_in = stand_in();
    for method in ["userpass", "ldap"] {
        stand_in.write(&format!("sys/auth/{method}"), &json!({"type": method}));
        let settings =
            json!({"password": "canary-right", "token_policies": "reads", "token_ttl": "20m"});
        stand_in.write(&format!("auth/{method}/users/ann"), &settings);
        let auth = format!("method = \"{method}\", username = \"ann\", password = \"local://pw\"");
        let user = with_auth(&stand_in, &auth);
        user.set_secret("local://pw", "canary-right");
        assert_logs_in(&stand_in, &user, &format!("auth/{method}/login/ann"));
        user.set_secret("local://pw", "canary-\"wrong\"");
        let words =
            [&*format!("rejects the login with `{method}`"), "the user name and the password"];
        assert_refused(&user, 77, &words);
        assert!(!tested(&user).1.everything().contains("canary"));
    }
}

#[test]
fn machines_log_in_with_tokens_of_their_platform() {
    let stand_in = stand_in();
    for method in ["jwt", "kubernetes"] {
        stand_in.write(&format!("sys/auth/{method}"), &json!({"type": method}));
        let role =
            json!({"right": ["canary.right.token"], "token_policies": "reads", "token_ttl": "20m"});
        stand_in.write(&format!("auth/{method}/role/mcp"), &role);
        let context = TestContext::new();
        let file = context.home().join("token");
        let place = file.display();
        let auth = match method {
            "jwt" => format!("method = \"jwt\", role = \"mcp\", jwt = \"file://{place}\""),
            _ => format!("method = \"kubernetes\", role = \"mcp\", token_file = \"{place}\""),
        };
        let user = with_auth(&stand_in, &auth);
        write_private(&file, "canary.right.token\n");
        assert_logs_in(&stand_in, &user, &format!("auth/{method}/login"));
        write_private(&file, "canary.wrong.token");
        assert_refused(
            &user,
            77,
            &[&format!("rejects the login with `{method}`"), "whether the token is still good"],
        );
        assert!(!tested(&user).1.everything().contains("canary"));
    }
}

#[test]
fn a_certificate_logs_in() {
    let tls = Certificates::new();
    let stand_in = StandIn::behind(&tls);
    prepare(&stand_in);
    stand_in.write("sys/auth/cert", &json!({"type": "cert"}));
    let role =
        json!({"common_name": "hushpipe-tests", "token_policies": "reads", "token_ttl": "20m"});
    stand_in.write("auth/cert/certs/tests", &role);
    let table = |certificate: &str| {
        let path = |file: &str| tls.path(file).display().to_string();
        format!(
            "address = \"{}\"\nca_cert = \"{}\"\nclient_cert = \"{}\"\nclient_key = \"{}\"\nauth = {{ method = \"cert\", role = \"tests\" }}",
            stand_in.address,
            path("authority.pem"),
            path(&format!("{certificate}.pem")),
            path(&format!("{certificate}.key")),
        )
    };
    assert_logs_in(&stand_in, &user(&table("client"), &SECRETS), "auth/cert/login");
    assert_refused(
        &user(&table("server"), &SECRETS),
        77,
        &["rejects the login with `cert`", "check `client_cert`"],
    );
}

#[test]
fn a_token_is_a_reference_or_a_variable_only_where_the_manifest_says_so() {
    let stand_in = stand_in();
    let user = with_auth(&stand_in, "method = \"token\", token = \"local://token\"");
    user.set_secret("local://token", &format!(" {}\n\n", stand_in.root));
    assert_eq!(delivered(&user)["KEY"], "value");

    let vars = [("VAULT_ADDR", stand_in.address.as_str()), ("VAULT_TOKEN", stand_in.root.as_str())];
    let test = |table: &str| {
        let user = super::user::user(table, &SECRETS);
        let mut command = user.command(["secret", "test", "server"]);
        command.envs(vars);
        finish(command, b"")
    };
    assert_eq!(test("from_env = true").code, Some(0));
    let untold = test("");
    assert_eq!(untold.code, Some(78), "{}", untold.stderr);
    assert!(untold.stderr.contains("set the server's address"), "{}", untold.stderr);
    let address_only = test(&format!("address = \"{}\"", stand_in.address));
    assert!(
        address_only.stderr.contains("contains no token to log in with"),
        "{}",
        address_only.stderr
    );
}

#[test]
fn a_session_gets_a_token_of_its_own_and_the_users_own_is_left_alone() {
    let stand_in = stand_in();
    let may = "path \"secret/*\" { capabilities = [\"read\"] } path \"auth/token/create\" { capabilities = [\"update\"] }";
    let token = stand_in.token(may, &json!({}));
    let (made, live) = (stand_in.count("tokens_made"), stand_in.count("tokens_live"));
    for child in ["child_token = true", "child_token = { ttl = \"2m\", policies = [\"default\"] }"]
    {
        let user = with_token(&stand_in.address, &token, child, &SECRETS);
        let outcome = user.run(&["secret", "test", "server"], "");
        // The second child may read nothing.
        assert_eq!(
            outcome.code,
            Some(if child.contains("ttl") { 77 } else { 0 }),
            "{}",
            outcome.stderr
        );
    }
    assert_eq!((stand_in.count("tokens_made"), stand_in.count("tokens_live")), (made + 2, live));

    let plain = stand_in.token("path \"secret/*\" { capabilities = [\"read\"] }", &json!({}));
    let live = stand_in.count("tokens_live");
    let user = with_token(&stand_in.address, &plain, "child_token = true", &SECRETS);
    assert_eq!(delivered(&user)["KEY"], "value");
    let warning = tested(&user).0["warning"].take();
    assert!(warning.as_str().unwrap().contains("`update` on `auth/token/create`"), "{warning}");
    assert_eq!(stand_in.count("tokens_live"), live);
}
