//! Published leaks and failures of tools like ours, each with its link and our answer.

/// What redactors and scanners of others let through, spoil or show in part.
mod redaction;

use serde_json::{Value, json};

use crate::client::{Client, Entry};
use crate::context::TestContext;
use crate::loopback;
use crate::servers::{self, SERVERS};

/// One call of a real server whose web service repeats the credential in its refusal: what it gives directly and
/// through hushpipe.
fn refused_call(name: &str, url: &str, tool: &str, arguments: &Value) -> (String, String) {
    let server = SERVERS.iter().find(|server| server.name == name).unwrap();
    let (variable, value) = server.secret().unwrap();
    let service = loopback::repeats_authorization();
    let folder = tempfile::tempdir().unwrap();
    let calls = [json!({"name": tool, "arguments": arguments})];
    let said = |entry: Entry| {
        let seen = Client::TypeScript.session(servers::home(), folder.path(), &entry, &calls);
        format!("{}\n{}", seen.report["results"], seen.stderr)
    };
    let direct = said(Entry::of(servers::argv(name)).with(url, &service).with(variable, &value));
    let relayed = said(Entry::hushpipe(name).with(url, &service));
    assert!(direct.contains(&value), "{name} no longer leaks: {direct}");
    assert!(!relayed.contains(&value), "{relayed}");
    assert!(relayed.contains(&format!("Bearer [hushpipe:{variable}]")), "{relayed}");
    (direct, relayed)
}

/// An API's error page repeats the request's credential; the server passes it on as the tool's result.
#[test]
fn firecrawl_repeats_its_key_in_a_tool_result() {
    let url = "https://example.com/";
    refused_call("firecrawl", "FIRECRAWL_API_URL", "firecrawl_scrape", &json!({"url": url}));
}

/// The same inside a JSON text inside the result, so every quote around it is escaped twice.
#[test]
fn notion_repeats_its_token_in_escaped_json() {
    let (direct, _) = refused_call("notion", "BASE_URL", "API-get-self", &json!({}));
    assert!(
        direct.contains(r#"\\\"message\\\":"#) || direct.contains(r#"\"message\":"#),
        "{direct}"
    );
}

/// dotenv 17 greets on stdout; strict clients drop the session at the first line that is no message.
/// <https://github.com/motdotla/dotenv/issues/860>, <https://github.com/brave/brave-search-mcp-server/issues/32>
#[test]
fn a_greeting_on_stdout_does_not_reach_the_client() {
    let greeting = "[dotenv@17.0.0] injecting env (1) from .env\n";
    let context = TestContext::with_example("misbehave", &["banner", greeting], "");
    let mut session = context.start();
    session.initialize();
    let outcome = session.finish();
    assert_eq!(outcome.text(), "");
    assert!(outcome.stderr.contains("injecting env"), "{}", outcome.stderr);
}

/// A proxy that reads lines through a 1 MiB buffer ended the session at the first larger one.
/// <https://github.com/stacklok/toolhive/issues/1535>, <https://github.com/gravitational/teleport/issues/67000>
#[test]
fn a_line_over_one_mebibyte_passes() {
    let context = TestContext::with_example("misbehave", &["huge", "3000000"], "");
    let mut session = context.start();
    session.initialize();
    let answer = session.request("tools/call", &json!({"name": "big"}));
    assert_eq!(answer["result"]["content"][0]["text"].as_str().map(str::len), Some(3_000_000));
}

/// `npx` ends at SIGTERM and leaves the server it started; a laptop collected 46 of them, 5 GB.
/// <https://github.com/anthropics/claude-code/issues/76306>
#[cfg(target_os = "linux")]
#[test]
fn a_real_server_is_gone_after_sigterm_and_after_sigkill() {
    use crate::process::{signal, wait_until_gone};
    use crate::session::Session;
    use nix::sys::signal::Signal;

    for stop in [Signal::SIGTERM, Signal::SIGKILL] {
        let mut command = servers::hushpipe(servers::home(), ["run", "everything"]);
        command.current_dir(servers::home());
        let mut session = Session::start(command);
        session.initialize();
        let tree = crate::tree::of(session.pid());
        signal(session.pid(), stop);
        session.wait();
        wait_until_gone(&tree);
    }
}

/// A reference that nothing resolves went to the service as if it were the token: a bare 401 and a long search.
/// <https://github.com/QwenLM/qwen-code/issues/11499>
#[test]
fn an_unresolved_reference_is_an_error_not_a_value() {
    for text in ["op://vault/item/field", "${GITHUB_TOKEN}"] {
        let tables = format!("[servers.server.env]\nTOKEN = \"{text}\"\n");
        let outcome = TestContext::with_example("echo_server", &[], &tables).relay(b"");
        assert_eq!(outcome.code, Some(78), "{}", outcome.everything());
        assert!(outcome.stderr.contains("TOKEN"), "{}", outcome.stderr);
    }
}

/// A result's text was searched but its structured copy was not.
/// <https://github.com/docker/mcp-gateway>, GoogleCloudPlatform/cloud-networking-solutions PR 64
#[test]
fn the_structured_copy_of_a_result_is_searched_too() {
    let value = "canary-incident-structured-41";
    let frame = json!({"jsonrpc": "2.0", "id": 1, "result": {
        "content": [{"type": "text", "text": "see the structured content"}],
        "structuredContent": {"auth": {"note": format!("key {value}")}},
    }});
    let outcome = crate::redact::relayed(value, format!("{frame}\n").as_bytes());
    assert!(!outcome.everything().contains(value), "{}", outcome.everything());
    assert!(outcome.text().contains("[hushpipe:TOKEN]"), "{}", outcome.text());
}

/// A redactor that worked line by line stopped relaying at the first line that is not UTF-8.
/// Found in teller 2 (`map_while(Result::ok)`); <https://github.com/tellerops/teller>
#[test]
fn a_value_is_found_beside_invalid_utf8_and_the_stream_goes_on() {
    let value = "canary-incident-utf8-5577";
    let mut script = b"{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"params\":\"\xff\xfe ".to_vec();
    script.extend_from_slice(value.as_bytes());
    script.extend_from_slice(b" \xc3\"}\n{\"jsonrpc\":\"2.0\",\"method\":\"after\"}\n");
    let outcome = crate::redact::relayed(value, &script);
    let stdout = String::from_utf8_lossy(&outcome.stdout);
    assert!(!stdout.contains(value) && stdout.contains("\"after\""), "{stdout}");
}
