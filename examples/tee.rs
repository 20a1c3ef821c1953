//! Stands between hushpipe and a server and writes down every byte that passes: `tee FOLDER PROGRAM [ARGUMENT…]`.
//!
//! `FOLDER/to-server` and `FOLDER/from-server` then hold what each side really wrote, so that a test can tell a frame
//! that was relayed from one that was changed. stderr is the server's own. Ends when the server ends, with its code.

use std::env;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;

fn main() -> io::Result<ExitCode> {
    let mut args = env::args_os().skip(1);
    let folder = PathBuf::from(args.next().unwrap_or_default());
    let program = args.next().unwrap_or_default();
    let mut server = command(Path::new(&program)).args(args).spawn()?;
    let (to_server, from_server) = (server.stdin.take(), server.stdout.take());
    let requests = File::create(folder.join("to-server"))?;
    // Ends with this process: a read from stdin cannot be interrupted.
    thread::spawn(move || to_server.map(|sink| pass(io::stdin(), sink, requests)));
    let answers = File::create(folder.join("from-server"))?;
    if let Some(source) = from_server {
        pass(source, io::stdout(), answers)?;
    }
    let code = server.wait()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

#[expect(clippy::disallowed_methods, reason = "a test's program, not part of hushpipe")]
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// Writes a chunk down before it passes it on: what a reader has seen is always in the file.
fn pass(mut source: impl Read, mut sink: impl Write, mut copy: File) -> io::Result<()> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = source.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        copy.write_all(&chunk[..read])?;
        sink.write_all(&chunk[..read])?;
        sink.flush()?;
    }
}
