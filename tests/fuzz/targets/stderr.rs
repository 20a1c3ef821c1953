//! A server's log with a value in it, read in any pieces: what comes out does not depend on where it was cut, and the
//! value is not in it.

#![no_main]

use hushpipe::redact::Redactor;
use hushpipe::secret::Secret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8], &[u8], Vec<u8>)| {
    let (value, before, after, cuts) = input;
    let value = value.trim_ascii();
    let secret = Secret::new(value.to_vec());
    if secret.weakness().is_some() || may_be_of_a_marker(value) {
        return;
    }
    let redactor = Redactor::armed([("TOKEN", &secret)]);
    let log = [before, value, after].concat();
    let whole = cleaned(&redactor, &[&log]);
    let mut rest = &log[..];
    let mut pieces = Vec::new();
    for cut in cuts {
        let (piece, tail) = rest.split_at(rest.len().min(usize::from(cut)));
        pieces.push(piece);
        rest = tail;
    }
    pieces.push(rest);
    assert_eq!(cleaned(&redactor, &pieces), whole, "the cuts made a difference");
    assert!(memchr::memmem::find(&whole, value).is_none(), "the value is in the log");
});

/// Whether the value may stand in what is written for it, or begin or end there.
fn may_be_of_a_marker(value: &[u8]) -> bool {
    value.iter().any(|byte| b"[]".contains(byte))
        || memchr::memmem::find(b"[hushpipe:TOKEN]", value).is_some()
}

fn cleaned(redactor: &Redactor, pieces: &[&[u8]]) -> Vec<u8> {
    let mut cleaner = redactor.stderr();
    let mut out = Vec::new();
    pieces.iter().for_each(|piece| cleaner.push(piece, &mut out));
    cleaner.finish(&mut out);
    out
}
