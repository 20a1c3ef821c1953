//! The hosts that are programs for developers: the Inspector, FastMCP, programs on the SDKs.

use std::fs;
use std::process::{Command, Stdio};

use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::runtime;

use super::world::{GIVEN, Shown, World};
use crate::client::{self, Client};
use crate::context::{Outcome, finish};
use crate::fixture;

/// The Inspector's CLI, with the catalogue in the user's home that it reads when told of no other.
pub(super) fn inspector(world: &World) -> Shown {
    world.configure(".mcp-inspector/mcp.json", &mcp_servers(world));
    let inspect = |server: &str, request: &[&str]| {
        let mut command = world.settled(client::inspector());
        command.args(["--server", server]).args(request);
        succeeded(command, b"")
    };
    let listed = GIVEN.map(|(server, _)| inspect(server, &["--method", "tools/list"]));
    let call = ["--method", "tools/call", "--tool-name", "get-env"];
    shown(&listed, &inspect("everything", &call))
}

/// FastMCP's command line, with a configuration file in the project.
pub(super) fn fastmcp(world: &World) -> Shown {
    world.configure("project/mcp.json", &mcp_servers(world));
    let program = fixture::clients().join("python/bin/fastmcp");
    let fastmcp = |request: &[&str]| {
        let mut command = world.settled(Command::new(&program));
        command.args(request).arg("--json");
        succeeded(command, b"")
    };
    // With several servers in the file, a tool's name begins with its server's.
    let called = fastmcp(&["call", "mcp.json", "everything_get-env"]);
    shown(&[fastmcp(&["list", "mcp.json"])], &called)
}

/// A program on `@modelcontextprotocol/sdk`.
pub(super) fn typescript(world: &World) -> Shown {
    sdk(world, Client::TypeScript)
}

/// A program on `@modelcontextprotocol/client`.
pub(super) fn second_typescript(world: &World) -> Shown {
    sdk(world, Client::TypeScript2)
}

/// A program on PyPI's `mcp`.
pub(super) fn python(world: &World) -> Shown {
    sdk(world, Client::Python)
}

/// A program on `rmcp`: this one.
pub(super) fn rust(world: &World) -> Shown {
    world.configure("project/mcp.json", &mcp_servers(world));
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut shown = Shown { listed: String::new(), called: String::new(), said: String::new() };
    for (server, _) in GIVEN {
        runtime.block_on(rmcp_session(world, server, &mut shown));
    }
    shown.said += &format!("{}\n{}", shown.listed, shown.called);
    shown
}

async fn rmcp_session(world: &World, server: &str, shown: &mut Shown) {
    let entry = &configured(world)[server];
    let mut command = Command::new(entry["command"].as_str().expect("a command"));
    command.args(entry["args"].as_array().expect("arguments").iter().filter_map(Value::as_str));
    let command = tokio::process::Command::from(world.settled(command));
    let started = TokioChildProcess::builder(command).stderr(Stdio::piped()).spawn();
    let (transport, stderr) = started.expect("a server");
    let client = ().serve(transport).await.expect("a session");
    let tools = client.list_all_tools().await.expect("tools");
    if tools.iter().any(|tool| tool.name == "get-env") {
        let result = client.call_tool(CallToolRequestParams::new("get-env")).await;
        shown.called = serde_json::to_string(&result.expect("a result")).expect("JSON");
    }
    shown.listed += &serde_json::to_string(&tools).expect("JSON");
    client.cancel().await.expect("an end");
    let mut stderr = stderr.expect("a piped stderr");
    stderr.read_to_string(&mut shown.said).await.expect("text");
}

/// An SDK has no configuration file; such programs read the common one.
fn sdk(world: &World, client: Client) -> Shown {
    world.configure("project/mcp.json", &mcp_servers(world));
    let servers = configured(world);
    let session = |server: &str, calls: Value| {
        let mut spec = servers[server].clone();
        spec["env"] = json!({});
        spec["calls"] = calls;
        succeeded(world.settled(client.command()), spec.to_string().as_bytes())
    };
    let listed = GIVEN.map(|(server, _)| session(server, json!([])));
    shown(&listed, &session("everything", json!([{"name": "get-env", "arguments": {}}])))
}

/// The servers that the project's configuration file names.
fn configured(world: &World) -> Value {
    let read = fs::read_to_string(world.path("project/mcp.json")).expect("the file");
    let mut read: Value = serde_json::from_str(&read).expect("JSON");
    read["mcpServers"].take()
}

fn mcp_servers(world: &World) -> String {
    json!({"mcpServers": world.entries()}).to_string()
}

fn succeeded(command: Command, stdin: &[u8]) -> Outcome {
    let outcome = finish(command, stdin);
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
    outcome
}

fn shown(listed: &[Outcome], called: &Outcome) -> Shown {
    let said: Vec<String> = listed.iter().chain([called]).map(Outcome::everything).collect();
    let listed: Vec<&str> = listed.iter().map(Outcome::text).collect();
    Shown { listed: listed.join("\n"), called: called.text().to_owned(), said: said.join("\n") }
}
