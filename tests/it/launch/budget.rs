//! A client that is known to wait for a short time only is told the cause of a failed launch within it.

use std::os::unix::net::UnixListener;
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};

use crate::context::TestContext;
use crate::session::Session;
use crate::stage::request;

/// Opens a session as a client of this name; the answer.
fn open(user: &TestContext, client: &str) -> Value {
    let mut run = user.command(["run", "server"]);
    run.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}/bus", user.home().display()));
    let mut session = Session::start(run);
    let info = json!({"name": client, "version": "1.0.0"});
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info});
    session.send_json(&request(0, "initialize", &params));
    let answer = session.receive_json();
    assert_eq!(session.finish().code, Some(75));
    answer
}

/// The keychain accepts every connection and never answers. Cline gives a server 3 seconds in all, and the provider has 5:
/// two clients that start at once are answered in this order on a machine of any speed.
#[test]
fn a_client_in_a_hurry_is_told_before_the_provider_has_had_its_time() {
    let tables = "[servers.server.secrets]\nTOKEN = \"keychain://token\"\n";
    let user = TestContext::with_example("echo_server", &[], tables);
    let listener = UnixListener::bind(user.home().join("bus")).unwrap();
    thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = listener.accept() {
            kept.push(connection);
        }
    });
    let (sender, answers) = mpsc::channel();
    thread::scope(|scope| {
        for client in ["a-patient-client", "@cline/core"] {
            let (sender, user) = (sender.clone(), &user);
            scope.spawn(move || sender.send((client, open(user, client))));
        }
    });
    drop(sender);
    let answers: Vec<_> = answers.iter().collect();
    let order: Vec<_> = answers.iter().map(|(client, _)| *client).collect();
    assert_eq!(order, ["@cline/core", "a-patient-client"]);
    for (client, answer) in &answers {
        let error = &answer["error"];
        assert_eq!((&answer["id"], &error["code"]), (&json!(0), &json!(-32603)), "{client}");
        assert!(error["message"].as_str().unwrap().contains("TOKEN"), "{client}: {error}");
    }
}
