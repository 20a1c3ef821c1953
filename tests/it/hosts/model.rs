//! A stand-in for the model behind a host: it asks for one call of a tool whose name ends in `get-env`, then says "done".
//!
//! The hosts are the real ones and need somebody to want the call; what they send here is what a model would have read.
//! Three dialects, told apart by the path: Anthropic's messages, Gemini's `streamGenerateContent`, OpenAI's chat completions, each
//! as a stream. On loopback, so that no account and no network is needed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// The tool that it wants called, whatever the host writes before the name.
const WANTED: &str = "get-env";

/// A service that ends with the test program.
pub(super) struct Model {
    /// Its address as a URL.
    pub(super) address: String,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl Model {
    /// Starts the service.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&heard);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let sink = Arc::clone(&sink);
                thread::spawn(move || answer(&connection, &sink));
            }
        });
        Self { address, heard }
    }

    /// The tools that the host offered with the first request that had the wanted one among them.
    pub(super) fn offered(&self) -> Option<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().find(|body| wanted(body).is_some()).map(|body| body["tools"].to_string())
    }

    /// The message with the call's result.
    pub(super) fn result(&self) -> Option<String> {
        self.heard.lock().unwrap().iter().find_map(result)
    }

    /// Every request, as text.
    pub(super) fn said(&self) -> String {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
    }
}

/// Reads one request, notes its body, answers and closes.
fn answer(mut connection: &TcpStream, heard: &Mutex<Vec<Value>>) -> io::Result<()> {
    let mut reader = BufReader::new(connection);
    let mut path = String::new();
    reader.read_line(&mut path)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let call = wanted(&body).filter(|_| result(&body).is_none());
    let said = if path.contains("/messages") {
        anthropic(call.as_deref())
    } else if path.contains(":streamGenerateContent") {
        gemini(call.as_deref())
    } else {
        openai(call.as_deref())
    };
    // Noted before the answer: who has the answer finds the request noted.
    heard.lock().unwrap().push(body);
    let length = said.len();
    write!(
        connection,
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{said}"
    )
}

/// The wanted tool's full name, if the request offers it.
fn wanted(request: &Value) -> Option<String> {
    fn search(value: &Value) -> Option<String> {
        match value {
            Value::Array(items) => items.iter().find_map(search),
            Value::Object(fields) => match fields.get("name") {
                Some(Value::String(name)) => name.ends_with(WANTED).then(|| name.clone()),
                _ => fields.values().find_map(search),
            },
            _ => None,
        }
    }
    search(&request["tools"])
}

/// The request's last message, if it is the result of a call.
fn result(request: &Value) -> Option<String> {
    let messages = request["messages"].as_array().or_else(|| request["contents"].as_array())?;
    let last = messages.last()?.to_string();
    let results = [r#""tool_result""#, r#""functionResponse""#, r#""role":"tool""#];
    results.iter().any(|word| last.contains(word)).then_some(last)
}

fn anthropic(call: Option<&str>) -> String {
    let (block, delta, stop) = match call {
        Some(name) => (
            json!({"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}),
            json!({"type": "input_json_delta", "partial_json": "{}"}),
            "tool_use",
        ),
        None => (
            json!({"type": "text", "text": ""}),
            json!({"type": "text_delta", "text": "done"}),
            "end_turn",
        ),
    };
    let usage = json!({"input_tokens": 1, "output_tokens": 1});
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "stand-in",
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage});
    let events = [
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
        json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": null}, "usage": usage}),
        json!({"type": "message_stop"}),
    ];
    let event = |event: &Value| {
        format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
    };
    events.iter().map(event).collect()
}

fn gemini(call: Option<&str>) -> String {
    let part = match call {
        Some(name) => json!({"functionCall": {"name": name, "args": {}}}),
        None => json!({"text": "done"}),
    };
    let candidate =
        json!({"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0});
    let usage = json!({"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2});
    format!("data: {}\n\n", json!({"candidates": [candidate], "usageMetadata": usage}))
}

fn openai(call: Option<&str>) -> String {
    let (delta, stop) = match call {
        Some(name) => {
            let function = json!({"name": name, "arguments": "{}"});
            let call =
                json!({"index": 0, "id": "call_1", "type": "function", "function": function});
            (json!({"role": "assistant", "tool_calls": [call]}), "tool_calls")
        }
        None => (json!({"role": "assistant", "content": "done"}), "stop"),
    };
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "stand-in", "choices": [choice]})
    };
    let (said, end) = (chunk(delta, Value::Null), chunk(json!({}), stop.into()));
    format!("data: {said}\n\ndata: {end}\n\ndata: [DONE]\n\n")
}
