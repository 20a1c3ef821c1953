//! Secrets Manager: what a reference means, what a batch brings, and what is said of what cannot be had.

use super::server::{assert_gives, assert_wrong, credentials, refused, server, tested};
use crate::context::TestContext;

#[test]
fn a_secret_is_named_by_name_arn_or_partial_arn_and_by_stage_or_version() {
    let server = server();
    let arn = server.arn("mcp/token");
    let partial = &arn[..arn.len() - 7];
    let (old, new) = (server.text("/versions/old"), server.text("/versions/new"));
    assert_gives(&[
        ("awssm://mcp/token".to_owned(), "canary-token-current"),
        (format!("awssm://{arn}"), "canary-token-current"),
        (format!("awssm://{partial}"), "canary-token-current"),
        ("awssm://mcp/token?stage=AWSCURRENT".to_owned(), "canary-token-current"),
        ("awssm://mcp/token?stage=AWSPREVIOUS".to_owned(), "canary-token-previous"),
        (format!("awssm://mcp/token?version_id={old}"), "canary-token-previous"),
        (format!("awssm://mcp/token?stage=AWSCURRENT&version_id={new}"), "canary-token-current"),
        ("awssm://mcp/json#user".to_owned(), "canary-user"),
        ("awssm://mcp/json#deep.key".to_owned(), "canary-deep"),
    ]);
}

#[test]
fn what_is_said_of_a_secret_is_its_version_age_and_length() {
    let person =
        server().person("reader", "TOKEN = \"awssm://mcp/token\"\nBINARY = \"awssm://mcp/binary\"");
    let lines = tested(&person);
    assert_eq!(lines[0]["version"], server().text("/versions/new"));
    assert_eq!(lines[0]["length"], "canary-token-current".len());
    assert_eq!(lines[1]["length"], b"canary\xff\xfebinary".len(), "as bytes, not as base64");
}

#[test]
fn several_secrets_are_one_call_and_one_that_is_not_there_fails_alone() {
    let server = server();
    let mut secrets: String =
        (0..25).map(|number| format!("MANY_{number} = \"awssm://many/{number}\"\n")).collect();
    secrets += "MISSING = \"awssm://many/none\"\nDELETED = \"awssm://mcp/deleted\"\n";
    let lines = tested(&server.person("counted", &secrets));
    for line in &lines {
        let failure = line["failure"].as_str();
        match line["variable"].as_str().expect("a name") {
            "MISSING" => assert!(
                failure.expect("missing").contains("the secret `many/none` in Secrets Manager at"),
                "{failure:?}"
            ),
            "DELETED" => {
                assert!(
                    failure.expect("deleted").contains("is scheduled for deletion"),
                    "{failure:?}"
                )
            }
            _ => assert_eq!(failure, None, "{line}"),
        }
    }
    let asked = server.asked("counted");
    let count = |action: &str| asked.iter().filter(|asked| *asked == action).count();
    assert_eq!(count("BatchGetSecretValue"), 2, "27 in twenties: {asked:?}");
    assert_eq!(count("GetSecretValue"), 2, "only those that the batch did not bring: {asked:?}");
}

#[test]
fn where_a_batch_is_not_permitted_each_is_asked_for() {
    let person = server().person("single", "A = \"awssm://many/1\"\nB = \"awssm://many/2\"");
    for line in tested(&person) {
        assert_eq!(line["failure"], serde_json::Value::Null, "{line}");
    }
    let asked = server().asked("single");
    assert!(asked.iter().any(|asked| asked == "BatchGetSecretValue"), "{asked:?}");
}

#[test]
fn what_cannot_be_had_is_said_with_what_would_help() {
    let old = server().text("/versions/old");
    let wrong_pair = format!("awssm://mcp/token?stage=AWSCURRENT&version_id={old}");
    let nowhere = "awssm://mcp/token?version_id=00000000-0000-0000-0000-000000000000";
    for (user, reference, code, words, hint) in [
        (
            "reader",
            "awssm://mcp/none",
            77,
            "the secret `mcp/none` in Secrets Manager",
            "its region",
        ),
        (
            "reader",
            "awssm://mcp/deleted",
            77,
            "is scheduled for deletion",
            "restore-secret --secret-id mcp/deleted",
        ),
        (
            "reader",
            "awssm://mcp/token?stage=NONE",
            77,
            "the secret `mcp/token` in ",
            "list-secret-version-ids",
        ),
        ("reader", nowhere, 77, "the secret `mcp/token` in ", "list-secret-version-ids"),
        ("reader", &wrong_pair, 77, "the secret `mcp/token` in ", "list-secret-version-ids"),
        (
            "reader",
            "awssm://mcp/json#none",
            77,
            "the field `none` was not found",
            "a field that the value has",
        ),
        ("reader", "awssm://mcp/token#none", 78, "is not JSON", "leave `#field` out"),
        (
            "nobody",
            "awssm://mcp/token",
            77,
            "does not permit `secretsmanager:GetSecretValue` on the secret `mcp/token`",
            "in the policy of the profile `default`",
        ),
    ] {
        let (failure, outcome) =
            refused(&server().person(user, &format!("TOKEN = \"{reference}\"")));
        assert!(failure.contains(words), "{reference}: {failure}");
        assert!(outcome.stderr.contains(hint), "{reference}: {}", outcome.stderr);
        assert_eq!(outcome.code, Some(code), "{reference}: {}", outcome.stderr);
    }
}

#[test]
fn a_reference_that_no_secret_can_have_is_found_before_anybody_is_asked() {
    let parameter = "awssm://arn:aws:ssm:eu-central-1:123456789012:parameter/x";
    for (reference, words) in [
        ("awssm://mcp/tok en", "is the name or the ARN of a secret"),
        (parameter, "is the name or the ARN of a secret"),
        ("awssm://mcp/token?version=3", "cannot have `?version=`"),
    ] {
        assert_wrong(&server().person("reader", &format!("TOKEN = \"{reference}\"")), words);
    }
}

#[test]
fn an_answer_without_end_is_not_read_to_its_end() {
    let tables = format!(
        "[providers.awssm]\ntype = \"awssm\"\nregion = \"eu-central-1\"\nendpoint = \"{}\"\n\
         [servers.server.secrets]\nTOKEN = \"awssm://mcp/token\"\n",
        crate::loopback::never_ends()
    );
    let person = TestContext::with_example("echo_server", &[], &tables);
    let (id, secret) = server().keys("reader");
    let keys = format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    credentials(&person, &format!("[default]\n{keys}"));
    let (failure, outcome) = refused(&person);
    assert_eq!(failure, "the value is longer than 1048576 bytes");
    assert_eq!(outcome.code, Some(78), "{}", outcome.stderr);
}
