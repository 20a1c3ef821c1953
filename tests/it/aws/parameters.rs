//! Parameter Store: always decrypted, by version or label, several in one call.

use super::server::{assert_gives, assert_wrong, refused, server, tested};

#[test]
fn a_parameter_is_decrypted_and_named_by_version_or_label() {
    assert_gives(&[
        ("awsssm://plain", "canary-plain"),
        ("awsssm:///mcp/secure", "canary-secure-2"),
        ("awsssm:///mcp/secure?version=1", "canary-secure-1"),
        ("awsssm:///mcp/secure?label=first", "canary-secure-1"),
        ("awsssm://arn:aws:ssm:eu-central-1:123456789012:parameter/mcp/secure", "canary-secure-2"),
        ("awsssm:///aws/reference/secretsmanager/mcp/token", "canary-token-current"),
    ]);
}

#[test]
fn several_parameters_are_one_call_for_every_ten() {
    let server = server();
    let mut secrets: String =
        (0..12).map(|number| format!("MANY_{number} = \"awsssm:///many/{number}\"\n")).collect();
    secrets += "MISSING = \"awsssm:///many/none\"\n";
    for line in tested(&server.person("counted2", &secrets)) {
        let failure = line["failure"].as_str();
        match line["variable"].as_str() {
            Some("MISSING") => {
                assert!(failure.expect("missing").contains("the parameter `/many/none`"))
            }
            _ => assert_eq!((failure, &line["version"]), (None, &"1".into()), "{line}"),
        }
    }
    let asked = server.asked("counted2");
    let count = |action: &str| asked.iter().filter(|asked| *asked == action).count();
    assert_eq!((count("GetParameters"), count("GetParameter")), (2, 1), "{asked:?}");
}

#[test]
fn where_a_batch_is_not_permitted_each_is_asked_for() {
    let person = server().person("single", "A = \"awsssm:///many/1\"\nB = \"awsssm:///many/2\"");
    for line in tested(&person) {
        assert_eq!(line["failure"], serde_json::Value::Null, "{line}");
    }
}

#[test]
fn what_cannot_be_had_is_said_with_what_would_help() {
    for (user, reference, code, words) in [
        ("reader", "awsssm:///mcp/none", 77, "the parameter `/mcp/none` in Parameter Store"),
        ("reader", "awsssm:///mcp/secure?version=9", 77, "this version of the parameter"),
        (
            "nobody",
            "awsssm:///mcp/secure",
            77,
            "does not permit `ssm:GetParameter` on the parameter",
        ),
    ] {
        let (failure, outcome) =
            refused(&server().person(user, &format!("TOKEN = \"{reference}\"")));
        assert!(failure.contains(words), "{reference}: {failure}");
        assert_eq!(outcome.code, Some(code), "{reference}: {}", outcome.stderr);
    }
}

#[test]
fn a_reference_that_no_parameter_can_have_is_found_before_anybody_is_asked() {
    for (reference, words) in [
        ("awsssm://mcp/secure", "a parameter with `/` in its name starts with one"),
        ("awsssm:///mcp/secure?version=x", "is a number from 1 on"),
        ("awsssm:///mcp/secure?version=1&label=first", "not both"),
    ] {
        assert_wrong(&server().person("reader", &format!("TOKEN = \"{reference}\"")), words);
    }
}
