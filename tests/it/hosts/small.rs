//! The hosts that are programs for developers: the Inspector, FastMCP, programs on the SDKs.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

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

/// An SDK has no configuration file; such programs read the common one.
fn sdk(world: &World, client: Client) -> Shown {
    world.configure("project/mcp.json", &mcp_servers(world));
    let read = fs::read_to_string(world.path("project/mcp.json")).expect("the file");
    let read: Value = serde_json::from_str(&read).expect("JSON");
    let session = |server: &str, calls: Value| {
        let mut spec = read["mcpServers"][server].clone();
        spec["env"] = json!({});
        spec["calls"] = calls;
        succeeded(world.settled(client.command()), spec.to_string().as_bytes())
    };
    let listed = GIVEN.map(|(server, _)| session(server, json!([])));
    shown(&listed, &session("everything", json!([{"name": "get-env", "arguments": {}}])))
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
