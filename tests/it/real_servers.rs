//! Real servers of npm and PyPI driven by real clients: what a client gets through hushpipe is what it gets without it.
//!
//! Every server of `tests/fixture/servers/hushpipe.toml` is opened by every client. Calls whose answers are the same
//! every time are compared with the direct run; for all others `every_frame…` compares what the server wrote with what
//! the client got, byte for byte.

use std::fs;
#[cfg(target_os = "linux")]
use std::io::{self, Write};
use std::path::Path;
#[cfg(target_os = "linux")]
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, Entry, inspect};
use crate::context::{TestContext, finish, path_text};
use crate::servers::{self, SERVERS, Server, hushpipe};
use crate::session::Session;

/// A folder with the same few files each time, for the filesystem server and the memory server's data.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("notes")).unwrap();
    fs::write(folder.path().join("notes/hello.txt"), "good morning\nlines: 2\n").unwrap();
    fs::write(folder.path().join("odd.txt"), "tab\t quote\" \u{1F980} \u{7f}\n").unwrap();
    let entity = json!({"type": "entity", "name": "Ada", "entityType": "person", "observations": ["writes"]});
    fs::write(folder.path().join("memory.jsonl"), format!("{entity}\n")).unwrap();
    folder
}

fn through(server: &Server, folder: &Path) -> Entry {
    settings(Entry::hushpipe(server.name), server, folder)
}

/// The same program started by the client itself, with the secret in its configuration.
fn direct(server: &Server, folder: &Path) -> Entry {
    let mut entry = settings(Entry::of(servers::argv(server.name)), server, folder);
    if server.name == "slack" {
        entry = entry.with("SLACK_TEAM_ID", "T00000000");
    }
    entry.env.extend(server.secret().map(|(name, value)| (name.into(), value)));
    entry
}

/// What the client's configuration gives either way.
fn settings(entry: Entry, server: &Server, folder: &Path) -> Entry {
    match server.name {
        "memory" => entry.with("MEMORY_FILE_PATH", &path_text(&folder.join("memory.jsonl"))),
        // Nothing listens there: a call of a tool that needs the network fails at once and the same way.
        "notion" => entry.with("BASE_URL", "http://127.0.0.1:9"),
        "firecrawl" => entry.with("FIRECRAWL_API_URL", "http://127.0.0.1:9"),
        _ => entry,
    }
}

/// Calls whose answer is the same every time, a failing one among them.
fn calls(server: &Server) -> Vec<Value> {
    let call = |name: &str, arguments: Value| json!({"name": name, "arguments": arguments});
    match server.name {
        "everything" => vec![
            call("echo", json!({"message": "hello \u{1F980} \" \\ \u{7f}"})),
            call("get-sum", json!({"a": 0.1, "b": -2})),
            call("get-annotated-message", json!({"messageType": "error", "includeImage": true})),
            call("get-structured-content", json!({"location": "New York"})),
            call("get-tiny-image", json!({})),
            call("get-resource-links", json!({"count": 3})),
            call("get-sum", json!({"a": "not a number"})),
        ],
        "filesystem" => vec![
            call("list_allowed_directories", json!({})),
            call("read_text_file", json!({"path": "notes/hello.txt"})),
            call("read_text_file", json!({"path": "odd.txt"})),
            call("directory_tree", json!({"path": "."})),
            call("read_text_file", json!({"path": "not-there"})),
            call("read_text_file", json!({"path": "/etc/hostname"})),
        ],
        "memory" => vec![
            call("read_graph", json!({})),
            call("search_nodes", json!({"query": "Ada"})),
            call("open_nodes", json!({"names": ["Nobody"]})),
        ],
        "time" => {
            let zone = |zone: &str| json!({"source_timezone": zone, "time": "12:00", "target_timezone": "Nowhere/None"});
            vec![call("convert_time", zone("UTC")), call("get_current_time", json!({}))]
        }
        "git" => vec![call("git_status", json!({"repo_path": "not-there"}))],
        "github" => {
            vec![call("search_repositories", json!({"query": 7})), call("no_such", json!({}))]
        }
        _ => vec![call("no_such_tool", json!({}))],
    }
}

fn same_through_and_direct(client: Client) {
    for server in SERVERS {
        let (home, folder) = (servers::home(), folder());
        let calls = calls(server);
        let session = |entry: &Entry| client.session(home, folder.path(), entry, &calls);
        let relayed = session(&through(server, folder.path()));
        let direct = session(&direct(server, folder.path()));
        assert_eq!(relayed.report, direct.report, "{client:?} and {}", server.name);
        let tools = relayed.report["tools"]["tools"].as_array().map_or(0, Vec::len);
        assert!(tools > 0, "{client:?} and {}: no tools", server.name);
    }
}

#[test]
fn the_typescript_sdk_sees_every_server_as_without_hushpipe() {
    same_through_and_direct(Client::TypeScript);
}

#[test]
fn the_second_typescript_sdk_sees_every_server_as_without_hushpipe() {
    same_through_and_direct(Client::TypeScript2);
}

#[test]
fn the_python_sdk_sees_every_server_as_without_hushpipe() {
    same_through_and_direct(Client::Python);
}

#[test]
fn the_inspector_sees_every_server_as_without_hushpipe() {
    for server in SERVERS {
        let (home, folder) = (servers::home(), folder());
        let list = |entry: &Entry| inspect(home, folder.path(), entry, &["--method", "tools/list"]);
        let relayed = list(&through(server, folder.path()));
        let direct = list(&direct(server, folder.path()));
        assert_eq!(relayed.code, Some(0), "{}: {}", server.name, relayed.everything());
        assert_eq!(relayed.messages(), direct.messages(), "{}", server.name);
    }
}

#[test]
fn the_inspector_calls_a_tool_and_reads_the_name_but_not_the_value() {
    let (home, folder) = (servers::home(), folder());
    let request = ["--method", "tools/call", "--tool-name", "get-env"];
    let called = inspect(home, folder.path(), &Entry::hushpipe("everything"), &request);
    let (name, value) = SERVERS[0].secret().unwrap();
    assert_eq!(called.code, Some(0), "{}", called.everything());
    assert!(called.text().contains(&format!("[hushpipe:{name}]")), "{}", called.text());
    assert!(!called.everything().contains(&value), "{}", called.everything());
}

/// The names that a real server sees are the keep-list, PATH and what the manifest names, whoever the client is.
#[test]
fn a_real_server_sees_exactly_the_expected_names() {
    let (home, folder) = (servers::home(), folder());
    let calls = [json!({"name": "get-env", "arguments": {}})];
    for client in [Client::TypeScript, Client::Python] {
        let entry = Entry::hushpipe("everything").with("AWS_SECRET_ACCESS_KEY", "canary-env-3d1");
        let seen = client.session(home, folder.path(), &entry, &calls);
        let text = seen.report["results"][0]["content"][0]["text"].as_str().unwrap();
        let environment: serde_json::Map<String, Value> = serde_json::from_str(text).unwrap();
        let mut names: Vec<&str> = environment.keys().map(String::as_str).collect();
        names.sort_unstable();
        // `in_home` gives the client HOME and PATH only, and it hands on what it has.
        assert_eq!(names, ["EVERYTHING_TOKEN", "HOME", "PATH"], "{client:?}");
        assert_eq!(environment["EVERYTHING_TOKEN"], "[hushpipe:EVERYTHING_TOKEN]");
        assert!(!seen.stderr.contains("canary"), "{}", seen.stderr);
    }
}

/// `echo … | hushpipe run everything`: the end of the input does not cut off the answers to it.
#[test]
fn requests_from_a_pipe_are_all_answered() {
    let info = json!({"name": "hushpipe-tests", "version": "1.0.0"});
    let opening = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info});
    let call = json!({"name": "echo", "arguments": {"message": "from a pipe"}});
    let request = |id: u32, method: &str, params: Value| {
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string() + "\n"
    };
    let input = request(1, "initialize", opening) + &request(2, "tools/call", call);
    let outcome = finish(hushpipe(servers::home(), ["run", "everything"]), input.as_bytes());
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
    let answers = outcome.messages();
    let answer = |id| answers.iter().find(|message| message["id"] == id).expect("an answer");
    assert_eq!(answer(1)["result"]["serverInfo"]["name"], "mcp-servers/everything");
    assert_eq!(answer(2)["result"]["content"][0]["text"], "Echo: from a pipe");
}

/// `npx` asks the registry for over a minute before it starts what it has, `uvx` fails.
#[cfg(target_os = "linux")]
#[test]
fn every_locked_server_starts_without_a_network() {
    let home = servers::home();
    for server in SERVERS {
        let Some(command) = without_network(home, &["run", server.name]) else {
            let _ =
                writeln!(io::stderr(), "skipped: no namespace without a network to be had here");
            return;
        };
        let mut session = Session::start(command);
        let opened = session.initialize();
        assert!(opened["result"]["serverInfo"].is_object(), "{}: {opened}", server.name);
        let listed = session.request("tools/list", &json!({}));
        let tools = listed["result"]["tools"].as_array().map_or(0, Vec::len);
        assert!(tools > 0, "{}: {listed}", server.name);
        assert_eq!(session.finish().code, Some(0), "{}", server.name);
    }
}

/// hushpipe with these arguments where no address can be reached, not even loopback; `None` where that is forbidden.
#[cfg(target_os = "linux")]
fn without_network(home: &Path, args: &[&str]) -> Option<Command> {
    // The first is for root, in containers that allow no user namespaces; the second for everybody else.
    let ways: [&[&str]; 2] = [&["--net"], &["--map-current-user", "--net"]];
    let works = |way: &&&[&str]| {
        Command::new("unshare").args(**way).arg("true").output().is_ok_and(|o| o.status.success())
    };
    let mut command = Command::new("unshare");
    command.args(*ways.iter().find(works)?).arg(env!("CARGO_BIN_EXE_hushpipe")).args(args);
    servers::in_home(&mut command, home);
    Some(command)
}

/// It keeps its data in its own installed folder: that is neither tampering nor lost.
#[test]
fn server_memory_starts_again_with_its_data() {
    let context = TestContext::with_installed("memory");
    let call = |session: &mut Session, tool: &str, arguments: Value| {
        session.initialize();
        session.call(tool, &arguments)["result"]["content"][0]["text"].to_string()
    };
    let entity = json!({"name": "Grace", "entityType": "person", "observations": ["compiles"]});
    let mut first = Session::start(context.command(["run", "memory"]));
    call(&mut first, "create_entities", json!({"entities": [entity]}));
    assert_eq!(first.finish().code, Some(0));
    for _ in 0..2 {
        let mut again = Session::start(context.command(["run", "memory"]));
        let graph = call(&mut again, "read_graph", json!({}));
        assert!(graph.contains("Grace") && graph.contains("compiles"), "{graph}");
        assert_eq!(again.finish().code, Some(0));
    }
    let verified = context.run(&["verify", "memory"], "");
    assert_eq!(verified.code, Some(0), "{}", verified.everything());
    assert!(verified.everything().contains("memory.json"), "{}", verified.everything());
}
