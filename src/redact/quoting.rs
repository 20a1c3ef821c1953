//! How programs write a value down inside another syntax: quoted for a shell, SQL, YAML or CSV, as HTML or XML entities, as a
//! list of numbers, as a hex dump.
//!
//! Only spellings that differ from the value are made, so a value of letters and digits has few. Escapes of JSON and of
//! percent encoding are not here: [`super::view`] undoes them, over any of these.

use zeroize::Zeroizing;

/// A text that holds a value.
type Text = Zeroizing<Vec<u8>>;

/// The spellings of `value` that are plain text, without the value itself.
pub(super) fn quoted(value: &[u8]) -> Vec<Text> {
    let mut all: Vec<Text> = Vec::new();
    for (what, written) in REPLACED {
        if what.iter().any(|special| value.contains(special)) {
            all.push(replaced(value, |b| what.contains(&b).then_some(*written)));
        }
    }
    if value.iter().any(|b| !is_plain(*b)) {
        all.push(each(value, |b, out| {
            if !is_plain(b) {
                out.push(b'\\');
            }
            out.push(b);
        }));
        for [apostrophe, quote] in HTML {
            all.push(replaced(value, |b| entity(b, apostrophe, quote)));
        }
    }
    if value.iter().any(|b| matches!(b, b'"' | b'\\' | b'\n' | b'\r' | b'\t')) {
        // JSON inside what percent encoding hides: the views undo them in the other order.
        all.push(each(value, |b, out| match b {
            b'"' | b'\\' => out.extend([b'\\', b]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            b => out.push(b),
        }));
    }
    all.push(joined(value, "", |b| format!("&#{b};")));
    all.push(joined(value, "", |b| format!("&#x{b:x};")));
    all.retain(|text| **text != *value);
    all
}

/// The value as a list of numbers, as Node, Python, Rust and Go print bytes.
pub(super) fn numbers(value: &[u8]) -> [Text; 3] {
    [",", ", ", " "].map(|separator| joined(value, separator, |b| b.to_string()))
}

/// The value in hex with something between the bytes, in lower case: dumps, MAC-like notation, arrays of C, escapes of bytes.
pub(super) fn spaced_hex(value: &[u8]) -> Vec<Text> {
    let mut all: Vec<Text> = [" ", ":", "-"]
        .iter()
        .map(|separator| joined(value, separator, |b| format!("{b:02x}")))
        .collect();
    all.extend([",", ", "].map(|separator| joined(value, separator, |b| format!("0x{b:02x}"))));
    all
}

/// A value of hex digits, a UUID too, as programs write it that read it as a number: in any case, without dashes, and with
/// those of a UUID.
pub(super) fn hex_digits(value: &[u8]) -> Vec<Text> {
    let digits: Text = Zeroizing::new(value.iter().copied().filter(|b| *b != b'-').collect());
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return Vec::new();
    }
    let mut all = vec![digits.clone()];
    if digits.len() == 32 {
        let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        all.push(Zeroizing::new(parts.join(&b'-')));
    } else if value.len() != digits.len() {
        all.push(Zeroizing::new(value.to_vec()));
    }
    all
}

/// What one kind of quoting puts in place of some bytes.
const REPLACED: &[(&[u8], &str)] = &[
    // POSIX shells, as `printf %q` of other shells and Python's shlex write it.
    (b"'", "'\\''"),
    (b"'", "'\"'\"'"),
    // SQL and YAML.
    (b"'", "''"),
    // CSV, and batch files.
    (b"\"", "\"\""),
    // Double quotes of a shell, and PowerShell's.
    (b"\"", "\\\""),
    (b"$", "\\$"),
    (b"$", "`$"),
    // Templates of Compose, Make and GitHub.
    (b"$", "$$"),
];

/// The entities for `'` and `"`: of Python, of Go and JavaScript, of XML.
const HTML: [[&str; 2]; 4] =
    [["&#x27;", "&quot;"], ["&#39;", "&#34;"], ["&#39;", "&quot;"], ["&apos;", "&quot;"]];

fn entity<'a>(byte: u8, apostrophe: &'a str, quote: &'a str) -> Option<&'a str> {
    Some(match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'\'' => apostrophe,
        b'"' => quote,
        _ => return None,
    })
}

/// Whether `printf %q` leaves a byte as it is.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&byte) || !byte.is_ascii()
}

fn replaced<'a>(value: &[u8], with: impl Fn(u8) -> Option<&'a str>) -> Text {
    each(value, |byte, out| match with(byte) {
        Some(text) => out.extend(text.bytes()),
        None => out.push(byte),
    })
}

fn joined(value: &[u8], separator: &str, spell: impl Fn(u8) -> String) -> Text {
    let mut out: Text = Zeroizing::new(Vec::with_capacity(value.len() * (separator.len() + 4)));
    for (index, byte) in value.iter().enumerate() {
        if index > 0 {
            out.extend(separator.bytes());
        }
        out.extend(Zeroizing::new(spell(*byte)).bytes());
    }
    out
}

/// Room for the longest spelling of each byte at once: a vector that grows leaves a copy of the value behind.
fn each(value: &[u8], mut write: impl FnMut(u8, &mut Vec<u8>)) -> Text {
    let mut out: Text = Zeroizing::new(Vec::with_capacity(value.len() * 6));
    value.iter().for_each(|byte| write(*byte, &mut out));
    out
}
