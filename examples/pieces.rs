//! A server that says what a file holds, in two pieces: `pieces FILE`.
//!
//! The file is a JSON array of texts. A request names one by its number in `params.arguments` (or `params`) and the byte
//! at which to cut it: `{"line": 7, "at": 12}`; it is the rest of the answer, behind the id. With `"stderr": true` it goes
//! to stderr instead, and the answer is an empty result. Each piece is written and flushed, with a pause between the two.

use std::io::{self, BufRead, Write};
use std::time::Duration;
use std::{env, fs, thread};

use serde_json::{Value, json};

/// Enough for a reader that is awake to take the first piece alone.
const PAUSE: Duration = Duration::from_micros(100);

fn main() -> io::Result<()> {
    let path = env::args().nth(1).unwrap_or_default();
    let texts: Vec<String> = serde_json::from_slice(&fs::read(path)?)?;
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let Some(id) = request.get("id") else { continue };
        let mut answer = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},").into_bytes();
        let head = answer.len();
        if request["method"] == "initialize" {
            let info = json!({"name": "pieces", "version": "1.0.0"});
            let result = json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info});
            answer.extend_from_slice(format!("\"result\":{result}}}\n").as_bytes());
            out.write_all(&answer)?;
            out.flush()?;
            continue;
        }
        let params = &request["params"];
        let asked = params.get("arguments").unwrap_or(params);
        let number = |name: &str| usize::try_from(asked[name].as_u64().unwrap_or(0)).unwrap_or(0);
        let text = texts.get(number("line")).map_or("", String::as_str).as_bytes();
        if asked["stderr"] == true {
            say(io::stderr(), text, number("at"))?;
            answer.extend_from_slice(b"\"result\":{\"content\":[]}}\n");
            out.write_all(&answer)?;
            out.flush()?;
            continue;
        }
        answer.extend_from_slice(text);
        answer.push(b'\n');
        say(&mut out, &answer, head + number("at"))?;
    }
    Ok(())
}

fn say(mut stream: impl Write, text: &[u8], at: usize) -> io::Result<()> {
    let (first, second) = text.split_at(at.min(text.len()));
    stream.write_all(first)?;
    stream.flush()?;
    thread::sleep(PAUSE);
    stream.write_all(second)?;
    stream.flush()
}
