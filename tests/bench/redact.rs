//! Redaction alone, in this process: how fast it lets benign traffic pass, how long a frame waits, what arming costs.

use std::fs;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use hushpipe::mcp::fields::Fields;
use hushpipe::redact::Redactor;
use hushpipe::secret::Secret;
use serde::de::IgnoredAny;

use crate::benign;
use crate::start::bench_program;
use crate::table::{self, Samples, say};

const ROUNDS: usize = 5;

/// Sizes of frames, and how many of each are timed.
const FRAMES: &[(&str, usize, usize)] = &[
    ("400 B", 300, 20_000),
    ("4 KiB", 4 << 10, 10_000),
    ("64 KiB", 64 << 10, 2_000),
    ("1 MiB", 1 << 20, 200),
    ("10 MiB", 10 << 20, 20),
];

/// Measures throughput, latency and arming.
pub(crate) fn figures() {
    let (rules, values) = (redactor(0), redactor(10));
    for (name, traffic) in [
        ("mixed JSON-RPC", benign::messages(100_000_000)),
        ("source code in text blocks", benign::code(50_000_000)),
        ("base64 images", benign::images(50_000_000)),
    ] {
        throughput(name, &traffic, &rules, &values);
    }
    logs(&benign::logs(50_000_000), &rules, &values);
    latency(&rules, &values);
    arming();
}

/// A redactor with all rules, for this many secrets.
fn redactor(secrets: u64) -> Redactor {
    let mut random = benign::Random(7);
    let made: Vec<(String, Secret)> = (0..secrets)
        .map(|n| {
            let value = format!("{:016x}-{:016X}", random.next(), random.next());
            (format!("SECRET_{n}"), Secret::new(value.into_bytes()))
        })
        .collect();
    Redactor::armed(made.iter().map(|(name, secret)| (name.as_str(), secret)))
}

/// A rival: what is done to all of the traffic.
type Rival<'a> = (&'a str, Box<dyn FnMut() + 'a>);

fn throughput(name: &str, traffic: &[u8], rules: &Redactor, values: &Redactor) {
    let lines: Vec<&[u8]> = traffic.split_inclusive(|byte| *byte == b'\n').collect();
    let touched = |line: &&&[u8]| {
        rules.frame(line, Fields::default()).is_ok_and(|cleaned| !cleaned.findings.is_empty())
    };
    let touched = lines.iter().filter(touched).count();
    let parse = |line: &[u8]| serde_json::from_slice::<IgnoredAny>(line).map(drop);
    let each = |redactor: &Redactor| {
        for line in &lines {
            let _ = black_box(redactor.frame(line, Fields::default()));
        }
    };
    let rivals: [Rival; 4] = [
        (
            "parse with serde_json",
            Box::new(|| lines.iter().for_each(|line| drop(black_box(parse(line))))),
        ),
        ("copy", Box::new(|| lines.iter().for_each(|line| drop(black_box(line.to_vec()))))),
        ("redact, rules", Box::new(|| each(rules))),
        ("redact, and 10 secrets", Box::new(|| each(values))),
    ];
    let title = format!("{name}: {} lines, {touched} touched", lines.len());
    rates(&title, traffic.len(), rivals);
}

fn logs(traffic: &[u8], rules: &Redactor, values: &Redactor) {
    let clean = |redactor: &Redactor| {
        let mut cleaner = redactor.stderr();
        let mut out = Vec::new();
        for piece in traffic.chunks(64 << 10) {
            out.clear();
            cleaner.push(piece, &mut out);
            black_box(&out);
        }
    };
    let rivals: [Rival; 3] = [
        ("copy", Box::new(|| drop(black_box(traffic.to_vec())))),
        ("redact, rules", Box::new(|| clean(rules))),
        ("redact, and 10 secrets", Box::new(|| clean(values))),
    ];
    rates("log on stderr", traffic.len(), rivals);
}

/// Prints megabytes a second, measured in turns.
#[expect(clippy::cast_precision_loss, reason = "a hundred million bytes")]
fn rates<const N: usize>(title: &str, bytes: usize, rivals: [Rival; N]) {
    let mut rows = rivals.map(|(name, work)| (Samples::of(name), work));
    for _ in 0..ROUNDS {
        for (samples, work) in &mut rows {
            samples.add(bytes as f64 / 1e6 / timed(work).as_secs_f64());
        }
    }
    table::print(title, "MB/s", &rows.map(|(samples, _)| samples));
}

fn latency(rules: &Redactor, values: &Redactor) {
    for (name, bytes, count) in FRAMES {
        let frame = benign::frame(*bytes);
        let each = |redactor: &Redactor| drop(black_box(redactor.frame(&frame, Fields::default())));
        let rivals: [Rival; 3] = [
            ("copy", Box::new(|| drop(black_box(frame.to_vec())))),
            ("redact, rules", Box::new(|| each(rules))),
            ("redact, and 10 secrets", Box::new(|| each(values))),
        ];
        let mut rows = rivals.map(|(name, work)| (Samples::of(name), work));
        for _ in 0..*count {
            for (samples, work) in &mut rows {
                samples.add(timed(work).as_secs_f64() * 1e6);
            }
        }
        table::print(
            &format!("one clean frame of {name}"),
            "µs",
            &rows.map(|(samples, _)| samples),
        );
    }
}

fn timed(work: &mut dyn FnMut()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

/// What a fresh process pays: measured by itself, because the rules are read once a process.
fn arming() {
    let mut rows = [Samples::of("arm all rules"), Samples::of("and compile each")];
    let mut memory = [Samples::of("arm all rules"), Samples::of("and compile each")];
    for _ in 0..20 {
        let output = Command::new(bench_program()).arg("--arm").output().expect("we start again");
        let said = String::from_utf8(output.stdout).expect("figures");
        let figures: Vec<f64> =
            said.split_whitespace().map(|n| n.parse().expect("a number")).collect();
        rows.iter_mut().zip(&figures[..2]).for_each(|(row, n)| row.add(*n));
        memory.iter_mut().zip(&figures[2..]).for_each(|(row, n)| row.add(*n));
    }
    table::print("arming with 10 secrets, in a fresh process", "ms", &rows);
    table::print("what that adds to the resident memory", "KiB", &memory);
}

/// The fresh process: arms, then meets every keyword of every rule; says milliseconds and KiB for both.
pub(crate) fn arm() {
    let before = resident();
    let begin = Instant::now();
    let redactor = redactor(10);
    let armed = (begin.elapsed().as_secs_f64() * 1e3, resident() - before);
    for shape in crate::shapes::of_rules() {
        black_box(redactor.text(&shape.unit).findings.len());
    }
    let compiled = (begin.elapsed().as_secs_f64() * 1e3, resident() - before);
    say(&format!("{} {} {} {}", armed.0, compiled.0, armed.1, compiled.1));
}

/// The resident set in KiB; nothing where there is no `/proc`.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}
