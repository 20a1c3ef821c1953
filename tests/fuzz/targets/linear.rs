//! No input is slower than linear: what was given, repeated to eight times the length, may take 24 times as long, and
//! a millisecond. The limit is far from what noise does and far from what a square would.

#![no_main]

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use hushpipe::mcp::fields::Fields;
use hushpipe::redact::Redactor;
use libfuzzer_sys::fuzz_target;

const SHORT: usize = 16 << 10;

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::armed([]));

fuzz_target!(|input: (&[u8], &[u8])| {
    let (head, unit) = input;
    if unit.is_empty() || head.len() + unit.len() > 512 {
        return;
    }
    let message = |bytes: usize| [head, &unit.repeat(bytes / unit.len())].concat();
    let (short, long) = (message(SHORT), message(8 * SHORT));
    let fair = |_| took(&long) <= 24 * took(&short) + Duration::from_millis(1);
    assert!((0..5).any(fair), "{} bytes took {:?}, {} took {:?}", short.len(), took(&short), long.len(), took(&long));
});

fn took(message: &[u8]) -> Duration {
    let begin = Instant::now();
    let _ = black_box(REDACTOR.frame(message, Fields::default()));
    let _ = black_box(REDACTOR.text(message));
    begin.elapsed()
}
