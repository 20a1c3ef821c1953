//! A server that does one thing wrong: `misbehave MANNER [VALUE]`.
//!
//! Apart from its manner it answers `initialize` and every other request, so that a test sees what the manner does and
//! nothing else. Knows no secrets and reads no environment.

use std::io::{self, BufRead, Write};
use std::process::{Command, ExitCode};
use std::time::Duration;
use std::{env, fs, thread};

use serde_json::{Value, json};

/// A request that hushpipe answers with an error of its own.
const UNCLEAR: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"Method\":\"x\"}\n";

fn main() -> io::Result<ExitCode> {
    let manner = env::args().nth(1).unwrap_or_default();
    let value = env::args().nth(2).unwrap_or_default();
    let number = value.parse().unwrap_or(0);
    match manner.as_str() {
        "exit-first" => return Ok(code(number)),
        "deaf" => oversleep(),
        "banner" => say(value.as_bytes())?,
        "flood-stderr" => flood(number, 0)?,
        "ignore-term" => ignore_term(),
        "leave-child" => leave_child("deaf", &value)?,
        "stubborn" => {
            ignore_term();
            leave_child("alone", &value)?;
        }
        "alone" => {
            set_apart()?;
            oversleep();
        }
        "swallow" => return io::copy(&mut io::stdin(), &mut io::sink()).map(|_| code(0)),
        _ => {}
    }
    for line in io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let Some(id) = request.get("id") else { continue };
        let opening = request["method"] == "initialize";
        match manner.as_str() {
            "exit-at-initialize" if opening => return Ok(code(number)),
            "exit-at-call" if !opening => return Ok(code(number)),
            "die-at-call" if !opening => die(),
            "half-answer" if !opening => {
                say(&line_of(id, "x")[..20])?;
                return Ok(code(number));
            }
            "flood-calls" if !opening => {
                flood(number, 1000)?;
                say(&line_of(id, "well"))?;
            }
            "huge" if !opening => say_huge(id, number)?,
            "raw" if !opening => say(&fs::read(&value)?)?,
            "ask-much" if !opening => {
                say(&UNCLEAR.repeat(number))?;
                say(&line_of(id, "well"))?;
            }
            _ if opening => say(&opened(id))?,
            "stubborn" => {}
            _ => say(&line_of(id, "well"))?,
        }
    }
    match manner.as_str() {
        "ignore-eof" | "ignore-term" | "stubborn" => oversleep(),
        "half-line" => say(value.as_bytes())?,
        _ => {}
    }
    Ok(code(number))
}

fn code(number: usize) -> ExitCode {
    ExitCode::from(u8::try_from(number).unwrap_or(0))
}

fn say(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

fn opened(id: &Value) -> Vec<u8> {
    let info = json!({"name": "misbehave", "version": "1.0.0"});
    let result = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": info});
    format!("{}\n", json!({"jsonrpc": "2.0", "id": id, "result": result})).into_bytes()
}

fn line_of(id: &Value, text: &str) -> Vec<u8> {
    let result = json!({"content": [{"type": "text", "text": text}]});
    format!("{}\n", json!({"jsonrpc": "2.0", "id": id, "result": result})).into_bytes()
}

/// A frame of at least this many bytes with its id at the end, as the TypeScript SDK writes them.
fn say_huge(id: &Value, bytes: usize) -> io::Result<()> {
    say(br#"{"result":{"content":[{"type":"text","text":""#)?;
    say(&vec![b'a'; bytes])?;
    say(format!("\"}}]}},\"jsonrpc\":\"2.0\",\"id\":{id}}}\n").as_bytes())
}

/// Writes far more to stderr than a pipe holds before it goes on: a launcher that does not drain it hangs us.
/// The lines are at least this wide.
fn flood(lines: usize, width: usize) -> io::Result<()> {
    let mut err = io::stderr().lock();
    let said = |line| format!("line {line} of a very talkative server");
    (0..lines).try_for_each(|line| err.write_all(format!("{:width$}\n", said(line)).as_bytes()))
}

/// Far longer than any test waits, and not for ever: a test that fails leaves nothing behind for long.
fn oversleep() -> ! {
    thread::sleep(Duration::from_secs(180));
    std::process::abort()
}

#[cfg(unix)]
fn ignore_term() {
    let mut term = nix::sys::signal::SigSet::empty();
    term.add(nix::sys::signal::Signal::SIGTERM);
    let _ = term.thread_block();
}

#[cfg(not(unix))]
fn ignore_term() {}

/// Goes into a session of its own, as a daemon does, and is deaf to TERM.
#[cfg(unix)]
fn set_apart() -> io::Result<()> {
    ignore_term();
    nix::unistd::setsid()?;
    Ok(())
}

#[cfg(not(unix))]
fn set_apart() -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn die() -> ! {
    let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
    oversleep()
}

#[cfg(not(unix))]
fn die() -> ! {
    std::process::abort()
}

/// Starts a second copy that holds no pipe of ours and outlives us, as a browser or a language server would.
#[expect(clippy::disallowed_methods, reason = "a test's program, not part of hushpipe")]
fn leave_child(manner: &str, mark: &str) -> io::Result<()> {
    use std::process::Stdio;
    let mut child = Command::new(env::current_exe()?);
    child.args([manner, mark]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    child.spawn().map(drop)
}
