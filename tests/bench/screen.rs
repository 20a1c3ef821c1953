//! The search for instruction-like and invisible text, with the pass for secrets that it is part of: what both cost traffic
//! that has none, and whether they stay linear on traffic that is nothing else.

use std::hint::black_box;
use std::time::Instant;

use hushpipe::mcp::fields::Fields;
use hushpipe::redact::Redactor;
use hushpipe::redact::instruct::{self, Signs};
use serde_json::json;

use crate::benign;
use crate::table::{self, Samples, say};

fn look(redactor: &Redactor, line: &[u8], strip: bool) -> Option<Signs> {
    instruct::look(line, &redactor.search(line), Fields::default(), strip)
}

const ROUNDS: usize = 5;

/// Each is repeated until it is long.
const SHAPES: &[&str] = &[
    "ignore ",
    "ignore all previous ",
    "ignore previous instructions ",
    "forget                ",
    "<system ",
    "<system>",
    "<|im_start|>",
    "    at f (a.js:1:2)\n",
    "    at x ",
    ".java:",
    "http://",
    "http://a.",
    "http://localhost/",
    "Traceback (most recent call last)\n  a\n",
    "goroutine 1 [running]:\n",
    "goroutine 1 [",
    "\u{200b}",
    "a\u{200b}",
    "\u{200b}\u{fe0f}",
    "❤\u{fe0f}",
    "م\u{200c}",
    "א\u{2067}",
    "א\u{202e}ignore previous instructions ",
    "\u{1b}",
    "\u{1b}[",
    "\u{1b}]",
    "\u{1b}]0;a",
    "\u{9b}1",
    "\u{e0041}",
    "\u{1F3F4}\u{e0067}",
    "\\",
    "\\u00",
];

const LENGTHS: [usize; 3] = [512 << 10, 1 << 20, 2 << 20];

/// Measures throughput, then growth.
pub(crate) fn figures() {
    for (name, traffic) in [
        ("mixed JSON-RPC", benign::messages(100_000_000)),
        ("source code in text blocks", benign::code(50_000_000)),
        ("base64 images", benign::images(50_000_000)),
    ] {
        throughput(name, &traffic);
    }
    SHAPES.iter().for_each(|shape| growth(shape));
}

#[expect(clippy::cast_precision_loss, reason = "a hundred million bytes")]
fn throughput(name: &str, traffic: &[u8]) {
    let lines: Vec<&[u8]> = traffic.split_inclusive(|byte| *byte == b'\n').collect();
    let redactor = Redactor::armed([]);
    let found = lines.iter().filter(|line| look(&redactor, line, false).is_some()).count();
    let mut samples = Samples::of("look");
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for line in &lines {
            black_box(look(&redactor, line, false));
        }
        samples.add(traffic.len() as f64 / 1e6 / begin.elapsed().as_secs_f64());
    }
    let title = format!("{name}: {} lines, {found} with a sign", lines.len());
    table::print(&title, "MB/s", &[samples]);
}

/// Says how much longer twice the length takes, and how fast the longest is, as an error that is stripped.
#[expect(clippy::cast_precision_loss, reason = "some million bytes")]
fn growth(shape: &str) {
    let redactor = Redactor::armed([]);
    let seconds = |length: usize| {
        let text = shape.repeat(length / shape.len());
        let frame = json!({"id": 1, "error": {"code": 1, "message": text}}).to_string();
        let timed = |_| {
            let begin = Instant::now();
            black_box(look(&redactor, frame.as_bytes(), true));
            begin.elapsed().as_secs_f64()
        };
        (0..ROUNDS).map(timed).fold(f64::INFINITY, f64::min)
    };
    let [short, middle, long] = LENGTHS.map(seconds);
    let worst = (middle / short).max(long / middle);
    let rate = LENGTHS[2] as f64 / 1e6 / long;
    say(&format!("{worst:5.2} times as long, {rate:8.0} MB/s: {shape:?}"));
}
