//! Servers that do not serve: what is tried again, what is not, and that a token goes to its server only.

use std::net::TcpListener;

use serde_json::json;

use super::stand_in::{Certificates, StandIn};
use super::user::{assert_refused, delivered, tested, with_token};

const SECRETS: [(&str, &str); 1] = [("KEY", "corp://secret/app#key")];

fn stand_in() -> StandIn {
    let stand_in = StandIn::start();
    stand_in.write("secret/data/app", &json!({"data": {"key": "value"}}));
    stand_in
}

#[test]
fn a_token_does_not_follow_a_standby_elsewhere() {
    let (stand_in, other) = (stand_in(), stand_in());
    stand_in.fault("*", "redirect", &json!({"to": other.address}), None);
    let user = with_token(&stand_in.address, &stand_in.root, "", &SECRETS);
    let words = [
        "redirects to another address, and hushpipe does not send a token there",
        "set `address` to the active node",
    ];
    assert_refused(&user, 69, &words);
    assert_eq!(other.state()["requests"], json!([]));
}

#[test]
fn what_may_pass_is_tried_again_and_what_a_person_must_mend_is_not() {
    let stand_in = stand_in();
    let user = with_token(&stand_in.address, &stand_in.root, "", &SECRETS);
    for (kind, more) in [
        ("status", json!({"status": 429, "retry_after": 1})),
        ("status", json!({"status": 502})),
        ("drop", json!({})),
        ("truncate", json!({})),
    ] {
        stand_in.fault_once("secret/data/app", kind, &more);
        let before = stand_in.asked("secret/data/app");
        assert_eq!(delivered(&user)["KEY"], "value", "{kind} {more}");
        assert_eq!(stand_in.asked("secret/data/app"), before + 2, "{kind} {more}");
    }
    for (status, words) in [
        (429, "received too many requests (429)"),
        (472, "is a standby that does not answer"),
        (473, "is a standby that does not answer"),
        (501, "is not initialized"),
        (500, "answered 500"),
    ] {
        stand_in.fault("secret/data/app", "status", &json!({"status": status}), None);
        assert_refused(&user, 69, &[words]);
        assert!(!tested(&user).1.everything().contains(&stand_in.root));
        stand_in.tell(&json!({"do": "mend"}));
    }
    stand_in.tell(&json!({"do": "health", "as": "sealed"}));
    let before = stand_in.state()["requests"].as_array().unwrap().len();
    assert_refused(&user, 69, &["is sealed", "`vault operator unseal`"]);
    assert_eq!(stand_in.state()["requests"].as_array().unwrap().len(), before + 1);
}

#[test]
fn an_answer_that_is_none_is_not_guessed_at() {
    let stand_in = stand_in();
    let user = with_token(&stand_in.address, &stand_in.root, "", &SECRETS);
    for (kind, more, words) in [
        ("malformed", json!({}), "did not answer like a Vault server"),
        ("not_utf8", json!({}), "did not answer like a Vault server"),
        ("huge", json!({"bytes": 4 << 20}), "is longer than 1048576 bytes"),
    ] {
        stand_in.fault("secret/data/app", kind, &more, None);
        let (_, outcome) = tested(&user);
        assert!(outcome.stderr.contains(words), "{kind}: {}", outcome.stderr);
        stand_in.tell(&json!({"do": "mend"}));
    }
}

#[test]
fn nobody_or_somebody_else_at_the_address_is_said() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let user = with_token(&format!("http://{free}"), "token", "", &SECRETS);
    assert_refused(
        &user,
        69,
        &[&format!("`http://{free}` could not be reached: Connection refused")],
    );
    let user = with_token("https://no-such-host.invalid", "token", "", &SECRETS);
    assert_refused(&user, 69, &["could not be reached: could not look up its name"]);
    let stand_in = stand_in();
    let tls = stand_in.address.replace("http://", "https://");
    assert_refused(&with_token(&tls, &stand_in.root, "", &SECRETS), 69, &["does not speak TLS"]);
}

#[test]
fn a_certificate_may_be_for_a_name_that_the_manifest_gives() {
    let tls = Certificates::new();
    let stand_in = StandIn::behind(&tls);
    stand_in.write("secret/data/app", &json!({"data": {"key": "value"}}));
    let trusting = format!("ca_cert = \"{}\"", tls.path("authority.pem").display());
    let user = with_token(&stand_in.address, &stand_in.root, &trusting, &SECRETS);
    assert_eq!(delivered(&user)["KEY"], "value");
    let named = format!("{trusting}\ntls_server_name = \"stand-in.example\"");
    let user = with_token(&stand_in.address, &stand_in.root, &named, &SECRETS);
    assert_refused(&user, 69, &["its certificate is for another name"]);
}
