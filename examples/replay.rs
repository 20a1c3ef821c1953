//! Plays one side of a recorded session: `replay server RECORDING PIECES` on its own stdio, and
//! `replay client RECORDING PIECES PROGRAM [ARGUMENT…]` on that of a program that it starts.
//!
//! A recording (`hushpipe run --record`) has one order for the frames of both sides, and each side keeps to it: a frame is
//! written once all before it have arrived, byte for byte as recorded, and what arrives has to be what was recorded, byte
//! for byte. PIECES says how the frames between two of the other side are cut into writes: `all` at once, `one` byte at a
//! time, or `random:SEED`. At the end the client closes its side first, and nothing more may arrive. The last word of each
//! side on stderr is that it has replayed all.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [side, recording, pieces, program @ ..] = &args[..] else {
        return Err("replay server|client RECORDING PIECES [PROGRAM ARGUMENT…]".into());
    };
    let recording = fs::read_to_string(recording)?;
    let pieces = Pieces::named(pieces)?;
    match program {
        [] => play(side, &recording, pieces, io::stdin().lock(), io::stdout().lock())?,
        [program, args @ ..] => {
            let mut server = command(program).args(args).spawn()?;
            let (Some(input), Some(output)) = (server.stdout.take(), server.stdin.take()) else {
                return Err("no pipes".into());
            };
            play(side, &recording, pieces, BufReader::new(input), output)?;
            let status = server.wait()?;
            if !status.success() {
                return Err(format!("the server ended with {status}").into());
            }
        }
    }
    Ok(writeln!(io::stderr(), "the {side} has replayed all")?)
}

#[expect(clippy::disallowed_methods, reason = "a test's program, not part of hushpipe")]
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// Takes the part of `side` in a recording, to the end of the other side's output.
fn play(
    side: &str,
    recording: &str,
    mut pieces: Pieces,
    mut input: impl BufRead,
    mut output: impl Write,
) -> Outcome<()> {
    let mut ours = Vec::new();
    for (number, line) in recording.lines().enumerate() {
        let entry: Value = serde_json::from_str(line)?;
        // What hushpipe answered itself was said by neither side.
        if entry["from"] == "hushpipe" {
            continue;
        }
        let frame = frame(&entry)?;
        if entry["from"] == side {
            ours.extend(frame);
            continue;
        }
        pieces.write(&std::mem::take(&mut ours), &mut output)?;
        let mut arrived = Vec::new();
        input.read_until(b'\n', &mut arrived)?;
        if arrived != frame {
            return Err(differs(number + 1, &frame, &arrived));
        }
    }
    pieces.write(&ours, &mut output)?;
    // Of the client: the server's input ends here, and with it the session.
    drop(output);
    let mut rest = Vec::new();
    input.read_to_end(&mut rest)?;
    if !rest.is_empty() {
        return Err(differs(recording.lines().count() + 1, b"", &rest));
    }
    Ok(())
}

/// The bytes that a line of the recording stands for.
fn frame(entry: &Value) -> Outcome<Vec<u8>> {
    let mut frame = match (entry["text"].as_str(), entry["bytes"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(bytes)) => STANDARD.decode(bytes)?,
        // What was withheld is not there to be played.
        (None, None) => return Err(format!("no frame: {entry}").into()),
    };
    frame.push(b'\n');
    Ok(frame)
}

fn differs(number: usize, expected: &[u8], arrived: &[u8]) -> Box<dyn Error> {
    let at = expected.iter().zip(arrived).take_while(|(a, b)| a == b).count();
    let shown = |bytes: &[u8]| {
        let end = bytes.len().min(at + 60);
        String::from_utf8_lossy(&bytes[at.saturating_sub(60).min(end)..end]).into_owned()
    };
    let (expected, arrived) = (shown(expected), shown(arrived));
    format!("frame {number} differs at byte {at}: expected {expected:?}, got {arrived:?}").into()
}

/// How frames are cut into writes.
enum Pieces {
    All,
    One,
    /// The state of a linear congruential generator (Knuth's MMIX): the same lengths for the same seed.
    Random(u64),
}

impl Pieces {
    fn named(name: &str) -> Outcome<Self> {
        Ok(match (name, name.strip_prefix("random:")) {
            ("all", _) => Self::All,
            ("one", _) => Self::One,
            (_, Some(seed)) => Self::Random(seed.parse()?),
            _ => return Err(format!("no way to cut frames: {name}").into()),
        })
    }

    fn write(&mut self, mut frames: &[u8], out: &mut impl Write) -> io::Result<()> {
        while !frames.is_empty() {
            let (piece, rest) = frames.split_at(self.next_length().min(frames.len()));
            out.write_all(piece)?;
            out.flush()?;
            frames = rest;
        }
        Ok(())
    }

    fn next_length(&mut self) -> usize {
        match self {
            Self::All => usize::MAX,
            Self::One => 1,
            Self::Random(state) => {
                *state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                1 + (*state >> 33) as usize % 1000
            }
        }
    }
}
