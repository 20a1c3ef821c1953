//! Whatever a service of AWS does wrong, no value and no key of ours appears anywhere but in the server's own environment.

use std::thread;

use serde_json::{Value, json};

use super::traces_of;
use crate::context::TestContext;
use crate::vault::stand_in::StandIn;

/// What the services give, and what we log in with.
const VALUE: &str = "canary/manager+0f9e8d7c6b5a~Zz";
const PARAMETER: &str = "canary/parameter+1f9e8d7c6b5a~Zz";
const GIVEN_KEY: &str = "canary/given+key2f9e8d7c6b5a4321dcba4321";
const GIVEN_TOKEN: &str = "canary/given+token3f9e8d7c6b5a~Zz";
const OWN_KEY: &str = "canary/own+key4f9e8d7c6b5a4321dcba4321ab";
const OWN_TOKEN: &str = "canary/own+token5f9e8d7c6b5a~Zz";
const SECRETS: [&str; 6] = [VALUE, PARAMETER, GIVEN_KEY, GIVEN_TOKEN, OWN_KEY, OWN_TOKEN];

/// Everything that may go wrong with an answer; what is said with an error repeats the whole request and what would have
/// been the answer.
fn faults() -> Vec<(&'static str, Value)> {
    let error = |status: u16| ("error", json!({"status": status, "code": "SomethingException"}));
    vec![
        ("drop", json!({})),
        ("truncate", json!({})),
        ("malformed", json!({})),
        ("not_utf8", json!({})),
        ("huge", json!({"bytes": 16 << 20})),
        ("redirect", json!({"to": "http://127.0.0.1:9"})),
        error(400),
        error(429),
        error(500),
    ]
}

/// Services that have something to give, and a user who logs in there with keys from the encrypted store.
fn world() -> (StandIn, TestContext) {
    let stand_in = StandIn::of("aws");
    for put in [
        json!({"name": "app", "value": VALUE}),
        json!({"name": "parameter", "value": PARAMETER}),
        json!({"name": "mcp", "value": GIVEN_KEY, "token": GIVEN_TOKEN}),
    ] {
        let mut told = put;
        told["do"] = "put".into();
        stand_in.tell(&told);
    }
    let tables = format!(
        "[servers.server.secrets]\nTOKEN = \"awssm://app\"\nPARAMETER = \"awsssm://parameter\"\n\
         \"KEY,SESSION\" = {{ ref = \"aws-sts://arn:aws:iam::123456789012:role/mcp\", \
         fields = [\"secret_access_key\", \"session_token\"] }}\n\
         [providers.awssm]\ntype = \"awssm\"\nendpoint = \"{}\"\nregion = \"eu-central-1\"\n\
         access_key_id = \"AKIAQQQQQQQQQQQQQQQQ\"\nsecret_access_key = \"local://key\"\n\
         session_token = \"local://token\"\n",
        stand_in.address
    );
    let context = TestContext::with_example("echo_server", &[], &tables);
    context.set_secret("local://key", OWN_KEY);
    context.set_secret("local://token", OWN_TOKEN);
    (stand_in, context)
}

/// What a session says, in which nothing of AWS is told.
fn said(stand_in: &StandIn, context: &TestContext, what: &str) -> String {
    let traces = traces_of(context);
    for secret in SECRETS {
        traces.assert_without(secret, what);
    }
    for action in ["GetSecretValue", "GetParameter", "AssumeRole"] {
        assert!(stand_in.asked(action) > 0, "{what}: {action} was not asked for: {}", traces.said);
    }
    traces.said
}

#[test]
fn nothing_of_aws_is_told_whatever_goes_wrong_with_it() {
    thread::scope(|scope| {
        for (kind, more) in faults() {
            scope.spawn(move || {
                let (stand_in, context) = world();
                stand_in.fault("*", kind, &more, None);
                said(&stand_in, &context, &format!("{kind} {more}"));
            });
        }
    });
}

/// The check itself: without a fault all of it is there, and is withheld.
#[test]
fn a_session_that_goes_well_withholds_what_aws_gave() {
    let (stand_in, context) = world();
    let said = said(&stand_in, &context, "no fault");
    for variable in ["TOKEN", "PARAMETER", "KEY", "SESSION"] {
        assert!(said.contains(&format!("[hushpipe:{variable}]")), "{variable}: {said}");
    }
}
