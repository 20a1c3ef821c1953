//! Five secrets over three providers, in front of servers that take their time: what all take together, against what
//! the slowest of them takes in the same launch.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use hushpipe::provider::resolve::{DEADLINE, within_limit};
use hushpipe::provider::{Leases, ProviderConfig, Providers, attempt};
use hushpipe::secret::{Delivery, SecretRequest};
use hushpipe::sys::env::OwnEnv;
use hushpipe::sys::path::Paths;
use serde_json::{Value, json};

use crate::table::{Samples, print};

const ROUNDS: usize = 25;

/// A program that stands in for a server, as for the tests. It ends with this.
struct StandIn(Child, BufReader<std::process::ChildStdout>);

impl StandIn {
    fn start(server: &str) -> (Self, Value) {
        let program = format!("{}/tests/fixture/{server}/stand_in.py", env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new("python3");
        command.arg(program).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 runs");
        let mut says = BufReader::new(child.stdout.take().expect("a pipe"));
        let ready = read(&mut says);
        (Self(child, says), ready)
    }

    fn tell(&mut self, what: &Value) {
        writeln!(self.0.stdin.as_mut().expect("a pipe"), "{what}").expect("it runs");
        read(&mut self.1);
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read(says: &mut impl BufRead) -> Value {
    let mut line = String::new();
    says.read_line(&mut line).expect("a line");
    serde_json::from_str(&line).expect("JSON")
}

/// Measures whole resolutions.
pub(crate) fn five_secrets() {
    let home = tempfile::tempdir().expect("a folder");
    let token = home.path().join("token");
    let (mut vault, ready) = StandIn::start("vault");
    std::fs::write(&token, ready["root"].as_str().expect("a token")).expect("written");
    vault
        .tell(&json!({"do": "request", "path": "secret/data/app", "body": {"data": {"key": "v"}}}));
    vault.tell(&json!({"do": "fault", "path": "secret/*", "kind": "slow", "seconds": 0.12}));
    let mut named = BTreeMap::from([(
        "vault".to_owned(),
        config(&format!(
            "type = \"vault\"\naddress = {}\nauth = {{ method = \"token\", token = \"file://{}\" }}",
            ready["address"],
            token.display()
        )),
    )]);
    let mut servers = Vec::new();
    for (kind, seconds) in [("awssm", 0.08), ("awsssm", 0.04)] {
        let (mut server, ready) = StandIn::start("aws");
        for name in ["one", "two"] {
            server.tell(&json!({"do": "put", "name": name, "value": "value"}));
        }
        server.tell(&json!({"do": "fault", "path": "*", "kind": "slow", "seconds": seconds}));
        let account = format!(
            "type = \"{kind}\"\nregion = \"eu-central-1\"\nendpoint = {}\naccess_key_id = \"AKIAIOSFODNN7EXAMPLE\"\n\
             secret_access_key = \"file://{}\"",
            ready["address"],
            token.display()
        );
        named.insert(kind.to_owned(), config(&account));
        servers.push(server);
    }
    let references =
        ["vault://secret/app#key", "awssm://one", "awssm://two", "awsssm:///one", "awsssm:///two"];
    let requests = references.map(request);
    let (env, paths) = (OwnEnv::copy(), Paths::below(home.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let [mut slowest, mut together] = ["the slowest provider", "all five secrets"].map(Samples::of);
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let providers = Providers::new(&named, &env, &paths);
        let leases = Leases::default();
        let attempts =
            runtime.block_on(attempt(&requests, providers, &leases, within_limit(DEADLINE)));
        together.add_time(begin.elapsed());
        for attempt in &attempts {
            assert!(attempt.outcome.is_ok(), "{attempt:?}");
        }
        slowest.add_time(attempts.iter().map(|attempt| attempt.took).max().expect("five"));
    }
    print("five secrets over three providers", "ms", &[slowest, together]);
}

fn config(table: &str) -> ProviderConfig {
    toml::from_str(table).expect("settings")
}

fn request(reference: &str) -> SecretRequest {
    SecretRequest {
        variables: vec!["VALUE".to_owned()],
        reference: reference.parse().expect("a reference"),
        fields: Vec::new(),
        deliver: Delivery::Env,
        sensitive: true,
        default: None,
    }
}
