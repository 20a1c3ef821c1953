//! Whatever a Vault server does wrong, no token, no value, no lease id and no password of it appears anywhere but in the
//! server's own environment.

use std::thread;

use serde_json::{Value, json};

use super::traces_of;
use crate::context::TestContext;
use crate::vault::stand_in::StandIn;

const VALUE: &str = "canary/vault+0f9e8d7c6b5a~Zz";

/// What the login may do; all that it needs here and no more.
const RULES: &str = r#"
path "secret/data/app" { capabilities = ["read"] }
path "database/creds/ro" { capabilities = ["read"] }
path "sys/leases/revoke" { capabilities = ["update"] }
path "auth/token/create" { capabilities = ["update"] }
path "auth/approle/role/app/secret-id/lookup" { capabilities = ["update"] }
"#;

/// Everything that a session asks for, from its login to its end.
const ASKED: [&str; 8] = [
    "auth/approle/login",
    "auth/token/create",
    "auth/approle/role/app/secret-id/lookup",
    "sys/internal/ui/mounts/secret/app",
    "secret/data/app",
    "database/creds/ro",
    "sys/leases/revoke",
    "auth/token/revoke-self",
];

/// Everything that may go wrong with a request; what is said with a status repeats the token and the request.
fn faults() -> Vec<(&'static str, Value)> {
    vec![
        ("drop", json!({})),
        ("lose", json!({})),
        ("truncate", json!({})),
        ("malformed", json!({})),
        ("not_utf8", json!({})),
        ("huge", json!({"bytes": 16 << 20})),
        ("redirect", json!({"to": "http://127.0.0.1:9"})),
        ("status", json!({"status": 403})),
        ("status", json!({"status": 429, "retry_after": 30})),
        ("status", json!({"status": 500})),
    ]
}

/// A server with a value, accounts and AppRole, and a user who logs in there; the secret id is in the encrypted store.
fn world() -> (StandIn, TestContext) {
    let stand_in = StandIn::start();
    stand_in.database("1h", "24h");
    stand_in.write("secret/data/app", &json!({"data": {"key": VALUE}}));
    stand_in.write("sys/policies/acl/app", &json!({"policy": RULES}));
    stand_in.write("sys/auth/approle", &json!({"type": "approle"}));
    let role = json!({"role_id": "role", "token_policies": ["app"], "secret_id_num_uses": 100});
    stand_in.write("auth/approle/role/app", &role);
    let secret_id = stand_in.write("auth/approle/role/app/secret-id", &json!({}));
    let tables = format!(
        "[servers.server.secrets]\nTOKEN = \"corp://secret/app#key\"\n\
         \"PGUSER,PGPASSWORD\" = {{ ref = \"corp://database/creds/ro\", fields = [\"username\", \"password\"] }}\n\
         [providers.corp]\ntype = \"vault\"\naddress = \"{}\"\nchild_token = true\n\
         auth = {{ method = \"approle\", role_id = \"role\", secret_id = \"local://secret-id\" }}\n",
        stand_in.address
    );
    let context = TestContext::with_example("echo_server", &[], &tables);
    context.set_secret("local://secret-id", secret_id["data"]["secret_id"].as_str().unwrap());
    (stand_in, context)
}

fn assert_untold(stand_in: &StandIn, context: &TestContext, what: &str) {
    let traces = traces_of(context);
    for secret in stand_in.secrets().iter().map(String::as_str).chain([VALUE]) {
        traces.assert_without(secret, what);
    }
}

#[test]
fn nothing_of_a_vault_server_is_told_whatever_goes_wrong_with_it() {
    thread::scope(|scope| {
        for path in ASKED {
            scope.spawn(move || {
                let (stand_in, context) = world();
                for (kind, more) in faults() {
                    let before = stand_in.asked(path);
                    stand_in.fault(path, kind, &more, None);
                    assert_untold(&stand_in, &context, &format!("{kind} {more} at {path}"));
                    stand_in.tell(&json!({"do": "mend"}));
                    assert!(stand_in.asked(path) > before, "{path} was not asked for: {kind}");
                }
            });
        }
    });
}

/// The check itself: without a fault all of it is there, and is withheld.
#[test]
fn a_session_that_goes_well_withholds_what_a_vault_server_gave() {
    let (stand_in, context) = world();
    let mut session = context.start();
    session.initialize();
    let answer = session.call("environment", &json!({}));
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    for variable in ["TOKEN", "PGUSER", "PGPASSWORD"] {
        assert!(text.contains(&format!("[hushpipe:{variable}]")), "{text}");
    }
    assert!(stand_in.secrets().len() >= 5, "a secret id, two tokens, a lease, a password");
    let state = stand_in.state();
    for path in ASKED.iter().take(6) {
        assert!(stand_in.asked(path) > 0, "{path}: {}", state["requests"]);
    }
    assert_untold(&stand_in, &context, "no fault");
}
