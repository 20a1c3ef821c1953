//! The other ends: a server that does nothing but answer, the plainest relay one could write, a process that only arms.
//!
//! The server parses no JSON, so that a measured difference is the relay's. The naive rival copies bytes with two
//! threads and knows nothing of frames or secrets: what a relay costs before it does any of its work.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

/// Plays another role than the benchmark's if the arguments ask for one.
pub(crate) fn play(args: &[String]) -> bool {
    match args.split_first() {
        Some((role, _)) if role == "--server" => serve().expect("stdio works"),
        Some((role, command)) if role == "--pump" => pump(command),
        Some((role, _)) if role == "--arm" => crate::redact::arm(),
        _ => return false,
    }
    true
}

/// Answers each line with a result of as many bytes as its `"bytes":N` asks; of `"frames":K` all but the first are
/// notifications, because a request has one answer.
fn serve() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let (mut size, mut body) = (usize::MAX, String::new());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let bytes = number(&line, "\"bytes\":").unwrap_or(100);
        if bytes != size {
            (size, body) = (bytes, content(bytes));
        }
        let id = number(&line, "\"id\":").unwrap_or(0);
        let answer = format!("{{\"result\":{body},\"jsonrpc\":\"2.0\",\"id\":{id}}}\n");
        let notice =
            format!("{{\"params\":{body},\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}}\n");
        out.write_all(answer.as_bytes())?;
        for _ in 1..number(&line, "\"frames\":").unwrap_or(1) {
            out.write_all(notice.as_bytes())?;
        }
        out.flush()?;
    }
    Ok(())
}

fn number(line: &str, key: &str) -> Option<usize> {
    let tail = &line[line.find(key)? + key.len()..];
    tail[..tail.find(|c: char| !c.is_ascii_digit())?].parse().ok()
}

/// A tool result of about this many bytes with no secret in it: half of it records inside a text, as most servers send
/// them (so every quote in them is escaped), half of it the same records as structured content.
pub(crate) fn content(bytes: usize) -> String {
    let mut records = String::from("[");
    let mut n = 0_u64;
    while records.len() < bytes / 2 || n == 0 {
        let comma = if n == 0 { "" } else { "," };
        let hash = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let _ = write!(
            records,
            r#"{comma}{{"path":"src/part_{n}/mod.rs","commit":"{hash:016x}{hash:016x}","line":{n},"score":{}.5,"text":"A sentence about file number {n}, neither short nor long, as an issue tracker has them.","open":true}}"#,
            n % 97
        );
        n += 1;
    }
    records.push(']');
    let text = records.replace('"', "\\\"");
    let mut content = format!(r#"{{"content":[{{"type":"text","text":"{text}"}}]"#);
    if bytes > 2_000 {
        let _ = write!(content, r#","structuredContent":{{"records":{records}}}"#);
    }
    content.push('}');
    content
}

fn pump(command: &[String]) {
    let mut server = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let (sink, source) = (server.stdin.take().unwrap(), server.stdout.take().unwrap());
    thread::spawn(move || copy(io::stdin().lock(), sink));
    copy(source, io::stdout().lock());
    let _ = server.wait();
}

fn copy(source: impl Read, mut sink: impl Write) {
    let mut source = BufReader::with_capacity(64 * 1024, source);
    loop {
        let chunk = source.fill_buf().unwrap_or_default();
        let read = chunk.len();
        if read == 0 || sink.write_all(chunk).and_then(|()| sink.flush()).is_err() {
            return;
        }
        source.consume(read);
    }
}
