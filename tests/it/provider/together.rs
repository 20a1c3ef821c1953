//! Several providers in one launch, and what is around all of them: the deadline, the cache, `doctor`.

use serde_json::{Value, json};

use super::remote::{AWS_KEY, aws_table, start};
use super::world::{CANARY, World};
use crate::context::files_holding;
use crate::vault::stand_in::StandIn;

/// A user with Secrets Manager at this address, and with what else stands in its table.
fn user_of(server: &StandIn, more: &str) -> World {
    let mut world = World::new();
    world.set("KEY", AWS_KEY);
    world.providers = format!("{}{more}", aws_table("awssm", &server.address));
    world
}

/// A server with one secret, `app`.
fn server() -> StandIn {
    let server = start();
    server.tell(&json!({"do": "put", "name": "app", "value": CANARY}));
    server
}

#[test]
fn a_dead_provider_fails_at_the_deadline_and_every_reference_to_it_is_named() {
    let (alive, dead) = (server(), server());
    dead.fault("*", "slow", &json!({"seconds": 60}), None);
    let mut world = user_of(&alive, "");
    world.providers += &aws_table("awsssm", &dead.address);
    let references = [
        "awssm://app",
        "awsssm:///one",
        "env://KEY",
        "awsssm:///two?version=3",
        "awsssm:///one#field",
    ];
    let (outcome, lines) = world.test(&references, "");
    assert_eq!(outcome.code, Some(75), "{}", outcome.stderr);
    for (index, reference) in references.iter().enumerate() {
        let failed = reference.starts_with("awsssm");
        assert_eq!(lines[index]["failure"].is_string(), failed, "{lines}");
        let named = outcome.stderr.contains(&format!("from `{reference}`: "));
        assert_eq!(named, failed, "{reference}: {}", outcome.stderr);
    }
}

#[test]
fn what_a_provider_logs_in_with_is_named_when_it_is_missing() {
    let mut world = user_of(&server(), "");
    world.set("OTHER", "x");
    world.providers = world.providers.replace("env://KEY", "env://UNSET");
    let (outcome, _) = world.test(&["awssm://app", "env://OTHER"], "");
    assert_eq!(outcome.code, Some(77), "{}", outcome.stderr);
    let cause = "`VALUE` from `awssm://app`: its login needs `secret_access_key` from `env://UNSET`: the variable `UNSET`";
    assert!(outcome.stderr.contains(cause), "{}", outcome.stderr);
}

#[test]
fn a_login_that_could_not_work_is_a_mistake_of_the_manifest_at_its_place() {
    let world = |reference: &str| {
        let mut world = World::new();
        world.providers = aws_table("corp", "http://127.0.0.1:9")
            .replace("type = \"corp\"", "type = \"awssm\"")
            .replace("env://KEY", reference);
        world
    };
    for (reference, words) in [
        (
            "nobody://key",
            "provider `corp`: its login needs `secret_access_key` from `nobody://key`: there is no provider",
        ),
        ("env://KEY?version=1", "a `env` reference cannot have `?version=`"),
        ("corp://key", "provider `corp`: providers log in with each other: `corp` → `corp`"),
    ] {
        let (outcome, _) = world(reference).test(&["corp://app"], "");
        assert_eq!(outcome.code, Some(78), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("hushpipe.toml:2:"), "{}", outcome.stderr);
        assert!(outcome.stderr.matches("log in with each other").count() <= 1);
    }
}

#[test]
fn a_kept_value_is_given_without_asking_and_offline_at_any_age() {
    let server = server();
    let world = user_of(&server, "cache = { max_age = \"1s\" }\n");
    let origin = |lines: &Value| lines[0]["origin"].clone();
    let (outcome, lines) = world.test(&["awssm://app"], "");
    assert_eq!((outcome.code, origin(&lines)), (Some(0), json!("store")), "{}", outcome.stderr);
    assert!(lines[0]["age_seconds"].is_u64() && lines[0]["cached_seconds"].is_null(), "{lines}");
    assert_eq!(lines[0]["provider"], "awssm");

    // Whether a second has passed or not: nobody is asked.
    server.fault("*", "error", &json!({"status": 500, "code": "InternalError"}), None);
    let asked = server.asked("GetSecretValue");
    world.ask_for(&["awssm://app"], "");
    let outcome = world.run(&["secret", "test", "server", "--offline", "--json"], b"");
    let lines: Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    assert_eq!((outcome.code, origin(&lines)), (Some(0), json!("cache")), "{}", outcome.stderr);
    assert!(lines[0]["cached_seconds"].is_u64(), "{lines}");
    let launched = world.run(&["run", "server", "--offline"], b"");
    assert_eq!(launched.code, Some(0), "{}", launched.stderr);
    let said = "`awssm://app` comes from the cache and is ";
    assert!(launched.stderr.contains(said), "{}", launched.stderr);
    let checked = world.run(&["check", "--resolve", "--offline"], b"");
    assert_eq!(checked.code, Some(0), "{}", checked.everything());
    assert_eq!(server.asked("GetSecretValue"), asked);
    assert!(files_holding(world.home(), CANARY.as_bytes()).is_empty());

    let emptied = world.run(&["secret", "forget", "awssm"], b"");
    assert!(emptied.stderr.contains("1 value removed from the cache"), "{}", emptied.stderr);
    let outcome = world.run(&["run", "server", "--offline"], b"");
    assert_eq!(outcome.code, Some(69), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("`--offline` asks no store"), "{}", outcome.stderr);
}

#[test]
fn a_cache_for_what_is_here_anyway_is_a_mistake() {
    let mut world = World::new();
    world.providers =
        "[providers.here]\ntype = \"file\"\ncache = { max_age = \"10m\" }\n".to_owned();
    let (outcome, _) = world.test(&["here://x"], "");
    assert_eq!(outcome.code, Some(78), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("`cache` makes no sense for `file`"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("hushpipe.toml:"), "{}", outcome.stderr);
}

#[test]
fn doctor_logs_in_where_a_server_needs_it_and_sees_what_a_client_lacks() {
    let server = server();
    let world = user_of(&server, "");
    world.ask_for(&["awssm://app"], "");
    let said = world.run(&["doctor"], b"").everything();
    assert!(
        said.contains("`awssm` accepts our login as arn:aws:iam::123456789012:user/tests"),
        "{said}"
    );
    assert_eq!(server.asked("GetSecretValue"), 0);
    // The key is in a variable, which no client hands on.
    let outcome = world.run(&["doctor", "--as-client"], b"");
    let said = outcome.everything();
    assert!(said.contains("its login needs `secret_access_key` from `env://KEY`"), "{said}");
    assert!(said.contains("and `server` need it"), "{said}");
    assert_ne!(outcome.code, Some(0));
    // Nobody needs it, nobody is asked.
    let asked = server.asked("GetCallerIdentity");
    world.ask_for(&["env://KEY"], "");
    world.run(&["doctor"], b"");
    assert_eq!(server.asked("GetCallerIdentity"), asked);
}
