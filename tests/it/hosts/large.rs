//! The hosts that people work in: Claude Code, Codex, Gemini CLI, OpenCode, as `.ci/hosts` installs them.
//!
//! Each is started as its user would, with its servers in its own configuration file. Codex calls a tool when a program
//! asks it to; the others only when their model wants it, so a [`Model`] on loopback takes that place.

use std::env::consts::ARCH;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::model::Model;
use super::world::{GIVEN, Shown, World};
use crate::context::{Outcome, finish, path_text};
use crate::fixture;
use crate::session::Session;

/// Claude Code: servers of the user's scope, one question without a terminal.
pub(super) fn claude_code(world: &World) -> Shown {
    let model = Model::start();
    world.configure(".claude.json", &json!({"mcpServers": world.entries()}).to_string());
    let claude = |args: &[&str]| {
        let mut command = world
            .settled(installed(&format!("@anthropic-ai/claude-code-linux-{}/claude", npm_arch())));
        command.args(args);
        command.env("ANTHROPIC_BASE_URL", &model.address).env("ANTHROPIC_API_KEY", "none");
        // Offer the model every tool at once, and wait for slow servers before the first question.
        command.env("ENABLE_TOOL_SEARCH", "false").env("MCP_CONNECTION_NONBLOCKING", "false");
        finish(command, b"")
    };
    let list = claude(&["mcp", "list"]);
    assert_connected(&list, "✔ Connected");
    let asked = claude(&["-p", "call it", "--allowedTools", "mcp__everything__get-env"]);
    shown(&model, &[list, asked])
}

/// Gemini CLI: servers of the user's settings.
pub(super) fn gemini_cli(world: &World) -> Shown {
    let model = Model::start();
    let auth = json!({"auth": {"selectedType": "gemini-api-key"}});
    let settings = json!({"mcpServers": world.entries(), "security": auth});
    world.configure(".gemini/settings.json", &settings.to_string());
    let gemini = |args: &[&str]| {
        let mut command = world.settled(Command::new("node"));
        command.arg(modules().join(".bin/gemini")).args(args);
        command.env("GOOGLE_GEMINI_BASE_URL", &model.address).env("GEMINI_API_KEY", "none");
        // It opens no server in a folder that the user has not called trusted.
        command.env("GEMINI_CLI_TRUST_WORKSPACE", "true");
        finish(command, b"")
    };
    let list = gemini(&["mcp", "list"]);
    assert_connected(&list, "Connected");
    let asked = gemini(&["-m", "gemini-2.5-flash", "--approval-mode", "yolo", "-p", "call it"]);
    shown(&model, &[list, asked])
}

/// OpenCode: servers and the model's address in the user's configuration.
pub(super) fn opencode(world: &World) -> Shown {
    let model = Model::start();
    let hushpipe = path_text(&world.hushpipe());
    let entry = |name| json!({"type": "local", "command": [hushpipe, "run", name]});
    let servers: Value = GIVEN.iter().map(|(name, _)| ((*name).to_owned(), entry(name))).collect();
    let provider = json!({
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": format!("{}/v1", model.address), "apiKey": "none"},
        "models": {"stand-in": {"name": "stand-in", "tool_call": true}},
    });
    let configuration =
        json!({"mcp": servers, "provider": {"local": provider}, "model": "local/stand-in"});
    world.configure(".config/opencode/opencode.json", &configuration.to_string());
    let opencode = |args: &[&str]| {
        let mut command =
            world.settled(installed(&format!("opencode-linux-{}/bin/opencode", npm_arch())));
        command.args(args);
        finish(command, b"")
    };
    let list = opencode(&["mcp", "list"]);
    assert_connected(&list, "connected");
    let asked = opencode(&["run", "call it"]);
    shown(&model, &[list, asked])
}

/// Codex, by the protocol that editors drive it with: it calls a tool for whoever asks.
pub(super) fn codex(world: &World) -> Shown {
    let hushpipe = path_text(&world.hushpipe());
    let entry = |(name, _): &(&str, &str)| {
        format!("[mcp_servers.{name}]\ncommand = \"{hushpipe}\"\nargs = [\"run\", \"{name}\"]\n")
    };
    world.configure(".codex/config.toml", &GIVEN.iter().map(entry).collect::<String>());
    let mut command = world.settled(installed(&format!(
        "@openai/codex-linux-{}/vendor/{ARCH}-unknown-linux-musl/bin/codex",
        npm_arch()
    )));
    command.arg("app-server");
    let mut session = Session::start(command);
    let client = json!({"name": "hushpipe-tests", "title": "tests", "version": "1.0.0"});
    session.request("initialize", &json!({"clientInfo": client}));
    session.send(b"{\"method\":\"initialized\"}\n");
    let listed = session.request("mcpServerStatus/list", &json!({}));
    let thread = session.request("thread/start", &json!({}));
    let call = json!({"threadId": thread["result"]["thread"]["id"], "server": "everything",
        "tool": "get-env", "arguments": {}});
    let called = session.request("mcpServer/tool/call", &call);
    let (_, received) = session.recorded();
    let end = session.finish();
    assert_eq!(end.code, Some(0), "{}", end.everything());
    let said = format!("{}\n{}", String::from_utf8_lossy(&received), end.everything());
    Shown { listed: listed.to_string(), called: called.to_string(), said }
}

/// Fails the test unless the host calls every server connected.
fn assert_connected(list: &Outcome, word: &str) {
    for (server, _) in GIVEN {
        let connected = |line: &str| line.contains(server) && line.contains(word);
        assert!(list.everything().lines().any(connected), "{server}: {}", list.everything());
    }
}

/// What a host with a model showed, `asked` being its runs.
fn shown(model: &Model, runs: &[Outcome]) -> Shown {
    let printed: Vec<String> = runs.iter().map(Outcome::everything).collect();
    let said = format!("{}\n{}", printed.join("\n"), model.said());
    let listed = model.offered().unwrap_or_else(|| panic!("no tools offered: {said}"));
    let called = model.result().unwrap_or_else(|| panic!("no call: {said}"));
    Shown { listed, called, said }
}

fn installed(program: &str) -> Command {
    Command::new(modules().join(program))
}

fn modules() -> PathBuf {
    let modules = fixture::folder().join("hosts/node_modules");
    assert!(modules.is_dir(), "the hosts are not installed: run `bash .ci/hosts`");
    modules
}

/// The processor as npm's packages name it.
fn npm_arch() -> &'static str {
    match ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}
