//! Short-lived credentials of a role, three variables from one reference.

use super::server::{assert_wrong, credentials, given, refused, server, tested, tested_with};

fn secrets(query: &str) -> String {
    let role = server().text("/role");
    format!(
        "\"AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY,AWS_SESSION_TOKEN\" = {{ ref = \"aws-sts://{role}{query}\", \
         fields = [\"access_key_id\", \"secret_access_key\", \"session_token\"] }}"
    )
}

#[test]
fn one_reference_fills_three_variables_that_work() {
    let server = server();
    let person = server.person("reader", "");
    let print = "printf '%s\\n' \"$AWS_ACCESS_KEY_ID\" \"$AWS_SECRET_ACCESS_KEY\" \"$AWS_SESSION_TOKEN\" > \"$HOME/keys\"";
    let table = server.table("");
    let secrets = secrets("");
    person.write_manifest(&format!(
        "version = 1\n{table}[servers.server]\ncommand = [\"/bin/sh\", \"-c\", {}]\n[servers.server.secrets]\n{secrets}\n",
        serde_json::to_string(print).expect("TOML")
    ));
    let outcome = person.relay(b"");
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
    let keys =
        std::fs::read_to_string(person.home().join("keys")).expect("what the server was given");
    let [id, secret, token] = keys.lines().collect::<Vec<_>>()[..] else { panic!("three lines") };
    assert!(id.starts_with("ASIA"));
    // moto takes them as those of the role, whose policy lets it read.
    let person = server.person("nobody", "TOKEN = \"awssm://mcp/token\"");
    credentials(
        &person,
        &format!(
            "[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\naws_session_token = {token}\n"
        ),
    );
    assert_eq!(tested(&person)[0]["failure"], serde_json::Value::Null);
}

#[test]
fn what_is_said_of_them_holds_no_key_and_the_client_reads_none() {
    let person = server().person("reader", &secrets("?duration=15m&session_name=of-test"));
    for line in tested(&person) {
        assert_eq!(line["failure"], serde_json::Value::Null, "{line}");
    }
    let given = given(&person);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        assert_eq!(given[name], format!("[hushpipe:{name}]"));
    }
    // A project's environment changes neither whom we are nor where it is asked.
    for line in
        tested_with(&person, &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_PROFILE", "none")])
    {
        assert_eq!(line["failure"], serde_json::Value::Null, "{line}");
    }
}

#[test]
fn a_role_that_is_not_ours_is_denied_and_what_is_no_role_is_found_before_anybody_is_asked() {
    let role = server().text("/role");
    let secret = |reference: &str| format!("TOKEN = \"{reference}#session_token\"");
    let (failure, outcome) =
        refused(&server().person("nobody", &secret(&format!("aws-sts://{role}"))));
    let words = format!("does not give the role `{role}` to the profile `default`");
    assert!(failure.contains(&words), "{failure}");
    assert_eq!(outcome.code, Some(77), "{}", outcome.stderr);
    for (reference, words) in [
        (format!("aws-sts://{role}?duration=5m"), "is from `15m` to `12h`"),
        (format!("aws-sts://{role}?duration=soon"), "is from `15m` to `12h`"),
        ("aws-sts://mcp".to_owned(), "is the ARN of a role"),
    ] {
        assert_wrong(&server().person("reader", &secret(&reference)), words);
    }
}
