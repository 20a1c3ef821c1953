//! What was given for a time only is renewed while the server runs and given back when it stops, however it stops: as seen
//! by the side that gives.

use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::context::{Outcome, TestContext, path_text, write_private};
use crate::process::{below, runs, signal};
use crate::session::Session;
use crate::stage::{Stage, opened, request};
use crate::vault::stand_in::StandIn;

/// What a login may do that ends its own leases.
const RULES: &str = r#"
path "database/creds/*" { capabilities = ["read"] }
path "secret/*" { capabilities = ["read"] }
path "sys/leases/revoke" { capabilities = ["update"] }
path "auth/token/create" { capabilities = ["update"] }
"#;

const ACCOUNT: &str = "\"PGUSER,PGPASSWORD\" = { ref = \"corp://database/creds/ro\", fields = [\"username\", \"password\"] }\n";

/// A Vault server that makes accounts, and a user who is logged in there.
struct World {
    stand_in: StandIn,
    tokens: u64,
}

impl World {
    /// Accounts are made for an hour.
    fn new() -> Self {
        Self::with_accounts_for("1h")
    }

    fn with_accounts_for(ttl: &str) -> Self {
        let stand_in = StandIn::start();
        stand_in.database(ttl, "24h");
        Self { stand_in, tokens: 0 }
    }

    /// The tables of a server with an account and what else it has, and of its provider with these settings besides.
    fn tables(&self, secrets: &str, settings: &str) -> String {
        let address = &self.stand_in.address;
        format!(
            "[servers.server.secrets]\n{secrets}\n\
             [providers.corp]\ntype = \"vault\"\naddress = \"{address}\"\n{settings}\n"
        )
    }

    /// Logs the user in, with a token that may do what is needed here.
    fn log_in(&mut self, home: &Path) {
        let token = self.stand_in.token(RULES, &json!({"ttl": "1h"}));
        write_private(&home.join(".vault-token"), &token);
        self.tokens = self.stand_in.count("tokens_live");
    }

    /// A user with this example as the server.
    fn user(&mut self, example: &str, args: &[&str], tables: &str) -> TestContext {
        let context = TestContext::with_example(example, args, tables);
        self.log_in(context.home());
        context
    }

    /// A user whose server behaves like this.
    fn with_manner(&mut self, manner: &[&str]) -> TestContext {
        let tables = self.tables(ACCOUNT, "");
        self.user("misbehave", manner, &tables)
    }

    fn account_lives(&self) {
        assert_eq!(
            (self.stand_in.count("accounts_made"), self.stand_in.count("accounts_live")),
            (1, 1)
        );
    }

    /// One account was made and nothing is left of it, nor of a token; nor is anything of them in what was said.
    fn all_is_returned(&self, outcome: &Outcome) {
        let state = self.stand_in.state();
        let figures =
            ["accounts_made", "accounts_live", "leases_live"].map(|what| state[what].as_u64());
        assert_eq!(figures, [Some(1), Some(0), Some(0)], "{}", outcome.everything());
        assert_eq!(state["tokens_live"], self.tokens, "{}", outcome.everything());
        let said = outcome.everything();
        for secret in self.stand_in.secrets() {
            assert!(!said.contains(&secret), "{secret} in {said}");
        }
    }
}

/// Opens a session; the server has its account then.
fn open(context: &TestContext) -> Session {
    let mut session = context.start();
    session.initialize();
    session
}

#[test]
fn a_lease_is_renewed_while_the_server_runs_and_ends_with_it() {
    let mut world = World::with_accounts_for("4s");
    let context = world.with_manner(&["serve"]);
    let session = open(&context);
    world.stand_in.wait_for("leases_renewed", |renewed| renewed >= 2);
    world.account_lives();
    let outcome = session.finish();
    assert_eq!(
        (outcome.code, outcome.stderr.contains("lease")),
        (Some(0), false),
        "{}",
        outcome.stderr
    );
    world.all_is_returned(&outcome);
}

#[test]
fn a_lease_is_given_back_when_the_client_or_a_signal_ends_the_session() {
    for manner in ["serve", "ignore-eof", "ignore-term"] {
        for stop in [None, Some(Signal::SIGTERM), Some(Signal::SIGINT), Some(Signal::SIGHUP)] {
            let mut world = World::new();
            let context = world.with_manner(&[manner]);
            let mut session = open(&context);
            world.account_lives();
            match stop {
                Some(stop) => signal(session.pid(), stop),
                None => session.close(),
            }
            let outcome = session.wait();
            assert_eq!(outcome.code, Some(0), "{manner}, {stop:?}: {}", outcome.stderr);
            world.all_is_returned(&outcome);
        }
    }
}

#[test]
fn a_lease_is_given_back_when_the_server_ends_by_itself() {
    for (manner, code) in [(&["die-at-call"][..], 137), (&["exit-at-call", "3"], 3)] {
        let mut world = World::new();
        let context = world.with_manner(manner);
        let mut session = open(&context);
        world.account_lives();
        let answer = session.call("any", &json!({}));
        assert_eq!(answer["error"]["code"], -32603, "{answer}");
        let outcome = session.wait();
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        world.all_is_returned(&outcome);
    }
}

/// A server that crashes may leave processes that still use its account: they end before it does.
#[test]
fn what_a_server_leaves_behind_is_gone_before_its_lease_is_given_back() {
    let mut world = World::new();
    let context = world.with_manner(&["leave-child", "left-behind-by-the-server"]);
    let mut session = open(&context);
    let left = below(session.pid(), "deaf\0left-behind-by-the-server");
    world.stand_in.fault("sys/leases/revoke", "delay", &json!({"seconds": 300}), None);
    signal(below(session.pid(), "leave-child"), Signal::SIGKILL);
    world.stand_in.wait_for_request("sys/leases/revoke");
    assert!(!runs(left));
    assert_eq!(session.wait().code, Some(137));
}

#[test]
fn a_session_s_own_token_goes_back_after_what_was_made_with_it() {
    let mut world = World::new();
    let tables = world.tables(ACCOUNT, "child_token = true");
    let context = world.user("misbehave", &["serve"], &tables);
    let session = open(&context);
    assert_eq!(world.stand_in.count("tokens_live"), world.tokens + 1);
    let outcome = session.finish();
    world.all_is_returned(&outcome);
    let state = world.stand_in.state();
    let paths: Vec<&str> =
        state["requests"].as_array().unwrap().iter().map(|r| r["path"].as_str().unwrap()).collect();
    assert_eq!(paths[paths.len() - 2..], ["sys/leases/revoke", "auth/token/revoke-self"]);
}

#[test]
fn a_launch_that_fails_gives_back_what_it_was_given() {
    // A program that the system cannot start.
    let mut world = World::new();
    let context = TestContext::new();
    world.log_in(context.home());
    let program = context.home().join("program");
    std::fs::write(&program, b"\x7fELF is all there is of it").unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&program, executable).unwrap();
    let command = json!([path_text(&program)]).to_string();
    let tables = world.tables(ACCOUNT, "");
    context
        .write_manifest(&format!("version = 1\n[servers.server]\ncommand = {command}\n{tables}"));
    fails(&world, &context, 125);

    // Another secret is missing.
    let mut world = World::new();
    let tables = world.tables(&format!("{ACCOUNT}OTHER = \"corp://secret/none#key\"\n"), "");
    let context = world.user("misbehave", &["serve"], &tables);
    fails(&world, &context, 77);

    // Another secret does not come in time.
    let mut world = World::new();
    let tables = world.tables(&format!("{ACCOUNT}OTHER = \"slow://secret/app#key\"\n"), "");
    let slow = StandIn::start();
    slow.fault("*", "delay", &json!({"seconds": 300}), None);
    let other = format!("[providers.slow]\ntype = \"vault\"\naddress = \"{}\"\n", slow.address);
    let context = world.user("misbehave", &["serve"], &(tables + &other));
    fails(&world, &context, 75);
}

/// The launch fails, and the client is told while what was given goes back.
fn fails(world: &World, context: &TestContext, code: i32) {
    let outcome = context.relay(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n");
    assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
    assert!(outcome.messages()[0]["error"].is_object(), "{}", outcome.text());
    world.all_is_returned(&outcome);
}

/// The other side makes it whether anybody waits for the answer or not.
#[test]
fn an_account_that_is_still_on_its_way_goes_back_when_it_has_come() {
    for (settings, late) in [("", "database/creds/*"), ("child_token = true", "auth/token/create")]
    {
        let mut world = World::new();
        world.stand_in.fault(late, "slow", &json!({"seconds": 0.7}), None);
        let tables = world.tables(ACCOUNT, settings);
        let context = world.user("misbehave", &["serve"], &tables);
        let mut session = context.start();
        let tokens = world.tokens;
        match settings {
            "" => world.stand_in.wait_for("accounts_live", |live| live == 1),
            _ => world.stand_in.wait_for("tokens_live", |live| live == tokens + 1),
        }
        signal(session.pid(), Signal::SIGTERM);
        let outcome = session.wait();
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert_eq!(world.stand_in.count("accounts_live"), 0, "{}", outcome.everything());
        assert_eq!(world.stand_in.count("tokens_live"), tokens, "{}", outcome.everything());
    }
}

/// The answer with the account may not come at all: then it goes with the token.
#[test]
fn a_signal_while_secrets_are_fetched_gives_back_what_is_there() {
    let mut world = World::new();
    let tables = world
        .tables(&format!("{ACCOUNT}OTHER = \"corp://secret/slow#key\"\n"), "child_token = true");
    world.stand_in.fault("secret/*", "delay", &json!({"seconds": 300}), None);
    let context = world.user("misbehave", &["serve"], &tables);
    let mut session = context.start();
    world.stand_in.wait_for("accounts_live", |live| live == 1);
    signal(session.pid(), Signal::SIGTERM);
    let outcome = session.wait();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    world.all_is_returned(&outcome);
}

/// The probe shield puts another server in the place of one that cannot bear to be asked for its era.
#[test]
fn a_server_that_is_started_again_gets_the_same_account() {
    let mut world = World::new();
    let stage = Stage::new(&world.tables(ACCOUNT, ""));
    world.log_in(stage.context.home());
    let (mut client, mut server) = stage.start();
    client.send_json(&request("probe", "server/discover", &json!({})));
    assert_eq!(server.receive_json()["method"], "server/discover");
    drop(server);
    assert_eq!(client.receive_json()["error"]["code"], -32601);
    client.send_json(&request(1, "initialize", &json!({"protocolVersion": "2025-11-25"})));
    let mut server = stage.next();
    server.answer("initialize", &opened("2025-11-25"));
    assert_eq!(client.receive_json()["id"], 1);
    world.account_lives();
    let outcome = client.finish();
    world.all_is_returned(&outcome);
}

#[test]
fn no_second_account_is_made_for_one_launch() {
    // Of several variables, fields and entries.
    let several = format!("{ACCOUNT}ALL = \"corp://database/creds/ro\"\n");
    // However the answer comes, or does not. Of one that never arrives only the token can be taken back.
    for (kind, more, works) in [
        ("none", json!({}), true),
        ("slow", json!({"seconds": 1}), true),
        ("lose", json!({}), false),
        ("truncate", json!({}), false),
        ("malformed", json!({}), false),
    ] {
        let mut world = World::new();
        let tables = world.tables(&several, "child_token = true");
        let context = world.user("misbehave", &["serve"], &tables);
        if kind != "none" {
            world.stand_in.fault("database/creds/*", kind, &more, None);
        }
        let outcome = context.relay(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n");
        let answer: Value = outcome.messages().remove(0);
        assert_eq!(answer["result"].is_object(), works, "{kind}: {}", outcome.everything());
        world.all_is_returned(&outcome);
    }
}

#[test]
fn a_lease_that_cannot_be_renewed_is_told_once() {
    let mut world = World::with_accounts_for("3s");
    let context = world.with_manner(&["serve"]);
    world.stand_in.fault("sys/leases/renew", "status", &json!({"status": 500}), None);
    let session = open(&context);
    world.stand_in.wait_for("accounts_live", |live| live == 0);
    // Said in time or not at all: the server is stopped a moment after the lease has ended.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let outcome = session.finish();
    let said = "the lease of `corp://database/creds/ro` could not be renewed and has ended";
    assert_eq!(outcome.stderr.matches(said).count(), 1, "{}", outcome.stderr);
    world.all_is_returned(&outcome);
}

#[test]
fn a_side_that_does_not_answer_keeps_nobody() {
    let mut world = World::new();
    let context = world.with_manner(&["serve"]);
    let session = open(&context);
    world.stand_in.fault("sys/leases/revoke", "delay", &json!({"seconds": 300}), None);
    let outcome = session.finish();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let said =
        "could not revoke the lease of `corp://database/creds/ro`, which expires by itself in";
    assert_eq!(outcome.stderr.matches(said).count(), 1, "{}", outcome.stderr);
}
