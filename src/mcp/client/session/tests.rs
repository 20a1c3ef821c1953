//! Sessions with servers that are a function from one message to the lines they write for it.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::io::{AsyncBufReadExt, BufReader, DuplexStream, ReadHalf, WriteHalf};

use super::*;

type Ends = Session<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>;

/// Runs `client` against a server that `answers`, over pipes that hold `room` bytes. Returns its outcome and what the
/// server read.
async fn with<T>(
    room: usize,
    answers: impl Fn(&Value) -> Vec<String>,
    client: impl AsyncFnOnce(&mut Ends) -> T,
) -> (T, Vec<Value>) {
    let (ours, theirs) = tokio::io::duplex(room);
    let (output, input) = tokio::io::split(ours);
    let logs: Rc<RefCell<Vec<Value>>> = Rc::default();
    let mut session = Session::new(output, input, Duration::from_secs(20), None);
    let seen = logs.clone();
    let server = async move {
        let (read, mut write) = tokio::io::split(theirs);
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let message: Value = serde_json::from_str(&line).unwrap();
            let written = answers(&message).concat();
            seen.borrow_mut().push(message);
            if write.write_all(written.as_bytes()).await.is_err() {
                return;
            }
        }
    };
    let outcome = tokio::select! {
        outcome = client(&mut session) => outcome,
        () = async { server.await; std::future::pending().await } => unreachable!(),
    };
    (outcome, logs.take())
}

fn answer(request: &Value, body: Value) -> String {
    let mut answer = json!({"jsonrpc": "2.0", "id": request["id"]});
    answer.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    format!("{answer}\n")
}

/// A stateful server with one tool a page, three pages.
fn stateful(message: &Value) -> Vec<String> {
    let page = |name: &str, next: Value| {
        vec![answer(message, json!({"result": {"tools": [{"name": name}], "nextCursor": next}}))]
    };
    match (message["method"].as_str().unwrap_or_default(), message["params"]["cursor"].as_str()) {
        ("initialize", _) => {
            vec![answer(message, json!({"result": {"protocolVersion": "2024-11-05"}}))]
        }
        ("tools/list", None) => page("a", json!("two")),
        ("tools/list", Some("two")) => page("b", json!("three")),
        ("tools/list", Some("three")) => page("c", Value::Null),
        ("tools/call", _) => {
            vec![answer(message, json!({"result": {"got": message["params"]["arguments"]}}))]
        }
        _ => vec![],
    }
}

/// A stateless server: knows no `initialize`, and nothing without its `_meta`.
fn stateless(message: &Value) -> Vec<String> {
    let version = &message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
    let body = match message["method"].as_str() {
        Some("server/discover") if version == STATELESS => {
            json!({"result": {"supportedVersions": [STATELESS]}})
        }
        Some("tools/list") if version == STATELESS => {
            json!({"result": {"tools": [{"name": "new"}]}})
        }
        _ => json!({"error": {"code": -32022, "message": "Unsupported protocol version"}}),
    };
    vec![answer(message, body)]
}

fn names(tools: Vec<Box<RawValue>>) -> Vec<String> {
    tools.iter().map(|tool| tool.get().to_owned()).collect()
}

#[tokio::test]
async fn a_stateful_server_is_opened_and_all_its_pages_are_read() {
    let (tools, read) = with(1 << 16, stateful, async |session: &mut Ends| {
        session.open().await.unwrap();
        names(session.tools().await.unwrap())
    })
    .await;
    assert_eq!(tools, [r#"{"name":"a"}"#, r#"{"name":"b"}"#, r#"{"name":"c"}"#]);
    assert_eq!(read[0]["params"]["protocolVersion"], STATEFUL);
    assert_eq!(read[1]["method"], "notifications/initialized");
    assert!(read.iter().all(|message| message["params"].get("_meta").is_none()));
}

#[tokio::test]
async fn a_stateless_server_is_asked_again_in_its_way() {
    let (tools, read) = with(1 << 16, stateless, async |session: &mut Ends| {
        session.open().await.unwrap();
        names(session.tools().await.unwrap())
    })
    .await;
    assert_eq!(tools, [r#"{"name":"new"}"#]);
    let methods: Vec<_> = read.iter().map(|message| message["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["initialize", "server/discover", "tools/list"]);
}

#[tokio::test]
async fn a_server_that_refuses_both_ways_is_quoted_from_the_first() {
    let refuse = |message: &Value| {
        let error = format!("no {}", message["method"].as_str().unwrap());
        vec![answer(message, json!({"error": {"code": -1, "message": error}}))]
    };
    let (opened, _) = with(1 << 16, refuse, async |session: &mut Ends| session.open().await).await;
    assert_eq!(
        opened.unwrap_err().to_string(),
        "the server refused `initialize`: no initialize (code -1)"
    );
}

#[tokio::test]
async fn a_refusal_of_ours_is_not_asked_again() {
    let refuse = |message: &Value| {
        let data = json!({"source": "hushpipe", "kind": "auth"});
        vec![answer(message, json!({"error": {"code": -32603, "message": "x", "data": data}}))]
    };
    let (opened, read) =
        with(1 << 16, refuse, async |session: &mut Ends| session.open().await).await;
    assert!(matches!(opened, Err(ClientError::Refused { error, .. }) if error.is_ours()));
    assert_eq!(read.len(), 1);
}

#[tokio::test]
async fn a_server_that_speaks_other_revisions_only_is_not_used() {
    let other = |message: &Value| match message["method"].as_str() {
        Some("server/discover") => {
            vec![answer(message, json!({"result": {"supportedVersions": ["2030-01-01"]}}))]
        }
        _ => stateless(message),
    };
    let (opened, _) = with(1 << 16, other, async |session: &mut Ends| session.open().await).await;
    assert!(
        matches!(opened, Err(ClientError::NoCommonRevision { versions }) if versions == ["2030-01-01"])
    );
}

#[tokio::test]
async fn what_the_server_asks_and_says_meanwhile_is_seen_to() {
    let chatty = |message: &Value| {
        let mut lines = vec![
            "starting up\n".to_owned(),
            "{\"id\":\"p\",\"method\":\"ping\"}\n".to_owned(),
            "{\"id\":2,\"method\":\"roots/list\"}\n".to_owned(),
            "{\"id\":3,\"method\":\"sampling/createMessage\",\"params\":{}}\n".to_owned(),
            "{\"id\":99,\"result\":{}}\n".to_owned(),
        ];
        match message["method"].as_str() {
            Some("initialize") => lines.extend(stateful(message)),
            Some(_) => lines = stateful(message),
            None => lines.clear(),
        }
        lines
    };
    let (_, read) = with(1 << 16, chatty, async |session: &mut Ends| {
        session.open().await.unwrap();
        session.tools().await.unwrap();
    })
    .await;
    let answers: Vec<_> = read.iter().filter(|message| message.get("method").is_none()).collect();
    assert_eq!(answers[0], &json!({"jsonrpc": "2.0", "id": "p", "result": {}}));
    assert_eq!(answers[1], &json!({"jsonrpc": "2.0", "id": 2, "result": {"roots": []}}));
    assert_eq!(answers[2]["error"]["code"], -32601);
    assert_eq!(answers.len(), 3);
}

#[tokio::test]
async fn log_messages_reach_who_asked_for_them() {
    let logs: Rc<RefCell<Vec<Value>>> = Rc::default();
    let seen = logs.clone();
    let logging = |message: &Value| {
        let log =
            json!({"method": "notifications/message", "params": {"level": "info", "data": "hi"}});
        [vec![format!("{log}\n")], stateful(message)].concat()
    };
    with(1 << 16, logging, async |session: &mut Ends| {
        session.on_log = Some(Box::new(move |log| seen.borrow_mut().push(log.clone())));
        session.open().await.unwrap();
    })
    .await;
    assert_eq!(logs.take(), [json!({"level": "info", "data": "hi"})]);
}

#[tokio::test]
async fn a_request_larger_than_any_pipe_meets_an_answer_larger_than_any_pipe() {
    let text = "x".repeat(300_000);
    let flood = |message: &Value| {
        let noise = vec!["{\"method\":\"notifications/progress\"}\n".to_owned(); 1000];
        [noise, stateful(message)].concat()
    };
    let (result, _) = with(64, flood, async |session: &mut Ends| {
        session.open().await.unwrap();
        let arguments = json!({"text": text}).as_object().unwrap().clone();
        session.call("echo", arguments).await.unwrap()
    })
    .await;
    assert_eq!(result.get(), json!({"got": {"text": text}}).to_string());
}

#[tokio::test]
async fn a_list_without_an_end_is_left() {
    let endless = |message: &Value| match message["method"].as_str() {
        Some("tools/list") => {
            vec![answer(message, json!({"result": {"tools": [], "nextCursor": "on"}}))]
        }
        _ => stateful(message),
    };
    let (tools, _) = with(1 << 16, endless, async |session: &mut Ends| {
        session.open().await.unwrap();
        session.tools().await
    })
    .await;
    assert!(matches!(tools, Err(ClientError::EndlessList)));
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let (opened, _) = with(
        1 << 16,
        |_| vec![],
        async |session: &mut Ends| {
            session.timeout = Duration::from_millis(1);
            session.open().await
        },
    )
    .await;
    assert_eq!(
        opened.unwrap_err().to_string(),
        "the server did not answer `initialize` within 0.001 s"
    );
}

#[tokio::test]
async fn a_server_that_ends_leaves_the_request_open() {
    let (ours, theirs) = tokio::io::duplex(100);
    drop(theirs);
    let (output, input) = tokio::io::split(ours);
    let mut session = Session::new(output, input, Duration::from_secs(20), None);
    let opened = session.open().await;
    assert!(matches!(opened, Err(ClientError::Ended { method }) if method == "initialize"));
}
