//! A server that says what a test tells it to, when it tells it: `puppet PORT`.
//!
//! Connects to that port on loopback, gives its process id as the first line, and then passes bytes on as they are: from
//! its stdin to the connection, from the connection to its stdout. Ends with its input, or when the other end of the
//! connection closes, as a server does that has failed.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::mpsc;
use std::{env, process, thread};

fn main() -> io::Result<ExitCode> {
    let port = env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let mut test = TcpStream::connect(("127.0.0.1", port))?;
    // A message is written in one piece and often waits for its answer.
    test.set_nodelay(true)?;
    writeln!(test, "{}", process::id())?;
    let (from_test, to_test) = (test.try_clone()?, test);
    let (over, first) = mpsc::channel();
    let told = over.clone();
    thread::spawn(move || {
        let _ = pass(from_test, io::stdout());
        told.send(())
    });
    thread::spawn(move || {
        let _ = pass(io::stdin(), to_test);
        over.send(())
    });
    let _ = first.recv();
    Ok(ExitCode::SUCCESS)
}

fn pass(mut source: impl Read, mut sink: impl Write) -> io::Result<()> {
    let mut bytes = vec![0; 1 << 16];
    loop {
        match source.read(&mut bytes)? {
            0 => return Ok(()),
            n => sink.write_all(&bytes[..n])?,
        }
        sink.flush()?;
    }
}
