//! Every frame a real server wrote is the frame the client got, unless it was redacted; and the other way round.

use std::fs;

use serde_json::{Value, json};

use crate::context::{TestContext, path_text};
use crate::fixture::example;
use crate::servers::{self, SERVERS, Server};

/// Calls that say much: large, binary, failing, with notifications, with the whole environment.
fn calls(server: &Server) -> Vec<Value> {
    let call = |name: &str, arguments: Value| json!({"name": name, "arguments": arguments});
    match server.name {
        "everything" => vec![
            call("get-env", json!({})),
            call("get-tiny-image", json!({})),
            call("trigger-long-running-operation", json!({"duration": 1, "steps": 3})),
            call("get-resource-reference", json!({"resourceType": "Blob", "resourceId": 2})),
            call("toggle-simulated-logging", json!({})),
            call("no-such-tool", json!({})),
        ],
        "filesystem" => vec![
            call("list_directory_with_sizes", json!({"path": "."})),
            call("read_text_file", json!({"path": "package-lock.json"})),
            call("get_file_info", json!({"path": "."})),
        ],
        "memory" => vec![
            call(
                "create_entities",
                json!({"entities": [{"name": "\u{1F980}", "entityType": "crab", "observations": []}]}),
            ),
            call("read_graph", json!({})),
        ],
        "github" => vec![call("search_users", json!({"q": 1})), call("get_me", json!({}))],
        _ => vec![call("no_such_tool", json!({}))],
    }
}

fn compare(server: &Server) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = vec![path_text(&example("tee")), path_text(folder.path())];
    command.extend(servers::argv(server.name));
    let mut manifest = format!(
        "version = 1\n[servers.server]\ncommand = {}\n[servers.server.env]\nSLACK_TEAM_ID = \"T00000000\"\nMEMORY_FILE_PATH = {:?}\n",
        json!(command),
        path_text(&folder.path().join("memory.jsonl")),
    );
    let secret = server.secret();
    if let Some((variable, _)) = &secret {
        manifest += &format!("[servers.server.secrets]\n{variable} = \"local://value\"\n");
    }
    let context = TestContext::with_manifest(&manifest);
    let value = secret.map_or_else(String::new, |(_, value)| value);
    if !value.is_empty() {
        context.set_secret("local://value", &value);
    }
    let mut command = context.command(["run", "server"]);
    command.current_dir(crate::fixture::clients().join("clients"));
    let mut session = crate::session::Session::start(command);
    session.initialize();
    session.request("tools/list", &json!({}));
    for call in calls(server) {
        session.request("tools/call", &call);
    }
    let (sent, mut received) = session.recorded();
    received.extend(session.finish().stdout);
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("to-server"), sent, "{}: what the client sent", server.name);
    let wrote = read("from-server");
    let (wrote, received) = (lines(&wrote), lines(&received));
    let mut redacted = 0;
    for (wrote, received) in wrote.iter().zip(&received) {
        if wrote != received {
            assert!(
                !value.is_empty() && wrote.contains(&value),
                "{}: changed: {wrote}",
                server.name
            );
            redacted += 1;
        }
        assert!(value.is_empty() || !received.contains(&value), "{}: {received}", server.name);
    }
    assert_eq!(wrote.len(), received.len(), "{}: as many frames", server.name);
    assert_eq!(redacted > 0, server.name == "everything", "{}: {redacted} redacted", server.name);
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.map(|line| String::from_utf8(line.to_vec()).unwrap()).collect()
}

#[test]
fn every_frame_a_server_wrote_is_the_frame_the_client_got_unless_redacted() {
    SERVERS.iter().for_each(compare);
}
