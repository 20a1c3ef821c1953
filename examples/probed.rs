//! A server that does not take the probe for its era well: `probed MANNER`.
//!
//! Apart from its manner with `server/discover` it answers every request, and says of an answer that it has got it. Knows no
//! secrets and reads no environment.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::{env, fs, thread};

use serde_json::{Value, json};

/// How it ends on the probe.
const ENDED: u8 = 3;

fn main() -> io::Result<ExitCode> {
    let manner = env::args().nth(1).unwrap_or_default();
    let mut probes = 0;
    for line in io::stdin().lock().lines() {
        let message: Value = serde_json::from_str(&line?)?;
        let id = &message["id"];
        match message["method"].as_str() {
            Some("server/discover") => {
                probes += 1;
                if probed(&manner, id, probes)? {
                    return Ok(ExitCode::from(ENDED));
                }
            }
            Some("initialize") => {
                let info = json!({"name": "probed", "version": "1.0.0"});
                say(
                    &json!({"jsonrpc": "2.0", "id": id, "result": {"protocolVersion": "2025-11-25", "capabilities": {},
                    "serverInfo": info}}),
                )?;
            }
            Some(_) if id.is_null() => {}
            Some(_) => say(&json!({"jsonrpc": "2.0", "id": id, "result": {}}))?,
            None if message.is_array() => return Ok(ExitCode::from(ENDED)),
            None => {
                say(&json!({"jsonrpc": "2.0", "method": "notifications/got", "params": message}))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Does what the manner says about a probe; whether to end on it.
fn probed(manner: &str, id: &Value, probes: usize) -> io::Result<bool> {
    match manner {
        "exit" => return Ok(true),
        "exit-at-second" => return Ok(probes == 2),
        "exit-at-batch" => {}
        "talk" => {
            say_much()?;
            return Ok(true);
        }
        "talk-and-answer" => {
            say_much()?;
            say(&json!({"jsonrpc": "2.0", "id": id, "result": {"resultType": "complete"}}))?;
            return Ok(true);
        }
        "answer-oddly" => {
            write_line(&format!(r#"{{"jsonrpc":"2.0","id":{id},"id":{id},"result":{{}}}}"#))?;
            return Ok(true);
        }
        "ask" => say(&json!({"jsonrpc": "2.0", "id": "asked", "method": "ping"}))?,
        "remove" => {
            fs::remove_file(env::current_exe()?)?;
            return Ok(true);
        }
        "fall-silent" => fall_silent()?,
        _ => {}
    }
    Ok(false)
}

/// More than a pipe holds, so that a client that does not read yet has got half of it.
fn say_much() -> io::Result<()> {
    let data = "x".repeat(100_000);
    say(
        &json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": data}}),
    )
}

fn say(message: &Value) -> io::Result<()> {
    write_line(&message.to_string())
}

fn write_line(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}

/// Closes stdout and stays.
#[cfg(unix)]
fn fall_silent() -> io::Result<()> {
    nix::unistd::close(1)?;
    thread::sleep(std::time::Duration::from_secs(180));
    Ok(())
}

#[cfg(not(unix))]
fn fall_silent() -> io::Result<()> {
    thread::sleep(std::time::Duration::from_secs(180));
    Ok(())
}
