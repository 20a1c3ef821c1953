//! A whole MCP server on a page or two, and the server of most tests: `echo` says what it is told, `environment` prints
//! the variables it was started with, `complain` writes to stderr.
//!
//! Speaks the stateful revisions: answers requests, ignores notifications, ends at the end of its input.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let Ok(request) = serde_json::from_str::<Value>(&line?) else { continue };
        let Some(id) = request.get("id") else { continue };
        let reply = match answer(&request) {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(message) => {
                json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": message}})
            }
        };
        writeln!(out, "{reply}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(request: &Value) -> Result<Value, String> {
    let params = &request["params"];
    match request["method"].as_str().unwrap_or_default() {
        "initialize" => Ok(json!({
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "echo", "version": "1.0.0"},
        })),
        "ping" => Ok(json!({})),
        "tools/list" => Ok(json!({"tools": [
            tool("echo", "Says what it is told"),
            with_variables(tool("environment", "Prints the variables it was started with")),
            tool("complain", "Writes what it is told to stderr"),
        ]})),
        "tools/call" => call(&params["name"], params["arguments"]["text"].as_str()),
        other => Err(format!("Method not found: {other}")),
    }
}

fn tool(name: &str, description: &str) -> Value {
    let text = json!({"type": "string"});
    json!({"name": name, "description": description, "inputSchema": {"type": "object", "properties": {"text": text}}})
}

/// The tool with the shape of what it answers: a value for each variable.
fn with_variables(mut tool: Value) -> Value {
    tool["outputSchema"] = json!({"type": "object", "additionalProperties": {"type": "string"}});
    tool
}

fn call(name: &Value, text: Option<&str>) -> Result<Value, String> {
    let text = match name.as_str().unwrap_or_default() {
        "echo" => text.unwrap_or_default().to_owned(),
        "environment" => {
            let variables = json!(environment());
            let content = json!([{"type": "text", "text": variables.to_string()}]);
            return Ok(json!({"content": content, "structuredContent": variables}));
        }
        // Not listed: tests of what a server is started with know it.
        "arguments" => std::env::args().skip(1).collect::<Vec<_>>().join("\n"),
        "complain" => {
            let _ = writeln!(io::stderr(), "{}", text.unwrap_or_default());
            "said".into()
        }
        other => return Err(format!("Unknown tool: {other}")),
    };
    Ok(json!({"content": [{"type": "text", "text": text}]}))
}

#[expect(clippy::disallowed_methods, reason = "a server may look at its own environment")]
fn environment() -> BTreeMap<String, String> {
    std::env::vars().collect()
}
