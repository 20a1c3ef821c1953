//! What was found is recorded without a value, and told with the line that lets it pass.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::context::TestContext;
use crate::session::Session;
use crate::stage::{Puppet, Stage, request};

const TOKEN: &str = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
const VALUE: &str = "canary-why-0a9b8c7d6e5f";
const SECRETS: &str = "[servers.server.secrets]\nTOKEN = \"local://token\"\n";

fn stage(tables: &str) -> Stage {
    let stage = Stage::new(&format!("{tables}{SECRETS}"));
    stage.context.set_secret("local://token", VALUE);
    stage
}

/// Has a tool answer with this text; what the client gets of it.
fn call(client: &mut Session, server: &mut Puppet, tool: &str, text: &str) -> String {
    client.send_json(&request(7, "tools/call", &json!({"name": tool})));
    server.answer("tools/call", &json!({"content": [{"type": "text", "text": text}]}));
    let answer = client.receive_json();
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A whole session in which a tool answers with this text; what the client got of it.
fn session(stage: &Stage, tool: &str, text: &str) -> String {
    let (mut client, mut server) = stage.open("2025-11-25");
    let got = call(&mut client, &mut server, tool, text);
    drop(server);
    client.finish();
    got
}

/// What `why --json` says, the newest first.
fn why(context: &TestContext) -> Vec<Value> {
    let outcome = context.run(&["why", "--json", "--last", "100"], "");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    serde_json::from_slice(&outcome.stdout).unwrap()
}

/// The files of the record.
fn records(context: &TestContext) -> Vec<PathBuf> {
    let folder = context.home().join(".local/state/hushpipe/findings");
    let listed = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    listed.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).collect()
}

/// The one revision that has batches lets a server answer several calls at once.
#[test]
fn what_each_answer_of_a_batch_held_is_told_with_its_tool_and_may_pass_there() {
    let open = |tables: &str| {
        let stage = stage(tables);
        let (mut client, mut server) = stage.open("2025-03-26");
        for (id, tool) in [(1, "get_issue"), (2, "search")] {
            client.send_json(&request(id, "tools/call", &json!({"name": tool})));
            server.receive();
        }
        let answer = |id: u32| json!({"id": id, "jsonrpc": "2.0", "result": {"content": [{"type": "text", "text": TOKEN}]}});
        let notice = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": TOKEN}});
        server.send_json(&json!([answer(2), notice, answer(1)]));
        let got = client.receive_json();
        drop(server);
        client.finish();
        (stage, got)
    };
    let (stage, got) = open("");
    assert!(!got.to_string().contains(TOKEN), "{got}");
    let told = why(&stage.context);
    let tool = |place: &str| &told.iter().find(|found| found["place"] == place).unwrap()["tool"];
    assert_eq!(tool("/0/result/content/0/text"), "search");
    assert_eq!(tool("/1/params/data"), &Value::Null);
    assert_eq!(tool("/2/result/content/0/text"), "get_issue");
    let (_, got) =
        open("[servers.server.redact]\nallow = [{ rule = \"github-pat\", tool = \"search\" }]\n");
    assert_eq!(got[0]["result"]["content"][0]["text"], TOKEN);
    assert_eq!(got[1]["params"]["data"], "[hushpipe:github-pat]");
    assert!(!got[2].to_string().contains(TOKEN), "{got}");
}

#[test]
fn a_record_that_has_grown_too_long_is_told_from_its_end() {
    let stage = stage("");
    session(&stage, "get_issue", TOKEN);
    let record = records(&stage.context).remove(0);
    let written = fs::read(&record).unwrap();
    fs::write(&record, [&vec![b' '; 2 << 20][..], b"\n", &written].concat()).unwrap();
    let all = why(&stage.context);
    assert_eq!((all.len(), &all[0]["name"]), (1, &Value::from("github-pat")));
}

#[test]
fn what_was_withheld_is_told_without_a_value() {
    let stage = stage("");
    let context = &stage.context;
    let nothing = context.run(&["why"], "");
    assert_eq!((nothing.code, nothing.text()), (Some(0), ""));
    assert!(nothing.stderr.contains("no findings yet"), "{}", nothing.stderr);

    session(&stage, "get_issue", &format!("{TOKEN} and {VALUE}"));
    let told = context.run(&["why", "server"], "");
    for words in [
        "server: `github-pat` was replaced",
        "GitHub personal access token, classic",
        "https://docs.github.com/",
        "the answer of `get_issue`, /result/content/0/text, 40 bytes",
        "under [servers.server.redact]: allow = [{ rule = \"github-pat\", tool = \"get_issue\", pointer = \"/result/content/0/text\" }]",
        "or only this value: allow = [{ hmac = \"",
        "server: `TOKEN` was replaced",
        "a known value is never allowed",
    ] {
        assert!(told.text().contains(words), "`{words}` is not in {}", told.text());
    }
    let all = why(context);
    assert_eq!(all.len(), 2, "{all:?}");
    let known = all.iter().find(|answer| answer["kind"] == "value").unwrap();
    assert_eq!((&known["hmac"], &known["allow"]), (&Value::Null, &Value::Null));
    assert_eq!(context.run(&["why", "another"], "").text(), "");
}

#[cfg(target_os = "linux")]
#[test]
fn the_record_holds_no_value_and_is_the_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let stage = stage("");
    let context = &stage.context;
    session(&stage, VALUE, &format!("{TOKEN} and {VALUE}"));
    let records = records(context);
    assert_eq!(records.len(), 1);
    for file in records.iter().chain([&context.home().join(".local/state/hushpipe/machine.key")]) {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let state = context.home().join(".local/state");
    for value in [TOKEN, VALUE] {
        let holding = crate::context::files_holding(&state, value.as_bytes());
        assert_eq!(holding, Vec::<PathBuf>::new());
    }
    let said = context.run(&["why"], "").everything();
    assert!(!said.contains(VALUE) && !said.contains(TOKEN), "{said}");
}

#[test]
fn the_lines_that_it_prints_let_the_finding_pass() {
    let first = stage("");
    // No escape of the record, of JSON or of TOML may come between a name and itself.
    let tool = "it's a \"get\\issue\" é";
    assert_eq!(session(&first, tool, TOKEN), "[hushpipe:github-pat]");
    let allow = &why(&first.context)[0]["allow"];
    for (entry, elsewhere) in [("place", "[hushpipe:github-pat]"), ("value", TOKEN)] {
        let entry = allow[entry].as_str().unwrap();
        let tables = format!("[{}]\nallow = [{entry}]\n", allow["table"].as_str().unwrap());
        let manifest = fs::read_to_string(first.context.config().join("hushpipe.toml")).unwrap();
        let server = manifest.lines().take(3).collect::<Vec<_>>().join("\n");
        first.context.write_manifest(&format!("{server}\n{tables}{SECRETS}"));
        assert_eq!(session(&first, tool, TOKEN), TOKEN);
        assert_eq!(session(&first, "other", TOKEN), elsewhere);
    }
}

#[test]
fn the_same_again_counts_and_stderr_is_recorded_too() {
    let stage = stage("");
    let (mut client, mut server) = stage.open("2025-11-25");
    for _ in 0..5 {
        call(&mut client, &mut server, "t", TOKEN);
    }
    server.send(format!("a line that is no message: {TOKEN}\n").as_bytes());
    drop(server);
    client.finish();
    let all = why(&stage.context);
    let found = |place: &str| all.iter().find(|answer| answer["place"] == place).unwrap();
    assert_eq!(found("/result/content/0/text")["times"], 5);
    let stderr = found("stderr");
    assert_eq!(stderr["allow"]["place"], "{ rule = \"github-pat\", pointer = \"stderr\" }");
    assert_eq!((&stderr["times"], &stderr["tool"]), (&json!(1), &Value::Null));
}

#[test]
fn a_message_that_was_blocked_and_a_finding_that_passed_are_told() {
    let stage = stage("");
    let (mut client, mut server) = stage.open("2025-11-25");
    for (id, cursor) in [(1, VALUE), (2, TOKEN)] {
        client.send_json(&request(id, "tools/list", &json!({})));
        server.answer("tools/list", &json!({"tools": [], "nextCursor": cursor}));
        client.receive_json();
    }
    drop(server);
    client.finish();
    let all = why(&stage.context);
    let done: Vec<&Value> = all.iter().map(|answer| &answer["done"]).collect();
    assert!(done.contains(&&json!("blocked")) && done.contains(&&json!("passed")), "{all:?}");
    assert!(all.iter().all(|answer| answer["allow"].is_null()), "{all:?}");
}

#[test]
fn a_credential_in_arguments_is_told_and_may_pass() {
    let stage = stage("");
    let send = |arguments: &Value| {
        let (mut client, mut server) = stage.open("2025-11-25");
        let params = json!({"name": "t", "arguments": arguments});
        client.send_json(&request(1, "tools/call", &params));
        server.answer("tools/call", &json!({"content": []}));
        client.receive_json();
        drop(server);
        client.finish().stderr
    };
    let arguments = json!({"header": format!("token {TOKEN}")});
    assert!(send(&arguments).contains("github-pat"));
    let told = stage.context.run(&["why"], "");
    assert!(told.text().contains("`github-pat` was sent on to the server"), "{}", told.text());
    assert!(
        told.text().contains("the arguments of `t`, /params/arguments/header"),
        "{}",
        told.text()
    );
    let entry = why(&stage.context)[0]["allow"]["place"].as_str().unwrap().to_owned();
    let manifest = stage.context.config().join("hushpipe.toml");
    let before = fs::read_to_string(&manifest).unwrap();
    let allowing = format!("{before}[servers.server.redact]\nallow = [{entry}]\n");
    stage.context.write_manifest(&allowing);
    assert!(!send(&arguments).contains("github-pat"));
}

#[cfg(unix)]
#[test]
fn a_killed_run_keeps_what_it_found_and_several_at_once_lose_nothing() {
    let stage = stage("");
    let (mut first, mut one) = stage.open("2025-11-25");
    let (mut second, mut two) = stage.open("2025-11-25");
    call(&mut first, &mut one, "first", TOKEN);
    call(&mut second, &mut two, "second", TOKEN);
    let start = Instant::now();
    while why(&stage.context).len() < 2 {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is written");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Dropping a session kills its hushpipe.
    drop(first);
    drop((one, two));
    second.finish();
    let tools: Vec<Value> = why(&stage.context).into_iter().map(|mut a| a["tool"].take()).collect();
    assert!(tools.contains(&json!("first")) && tools.contains(&json!("second")), "{tools:?}");
}
