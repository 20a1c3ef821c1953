//! For tests: the spellings that a value may come in, made the way servers make them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use serde_json::json;

use super::Redactor;
use crate::mcp::fields::Fields;
use crate::secret::Secret;

/// A redactor for these values under these names.
pub(super) fn armed(values: &[(&str, &str)]) -> Redactor {
    let secrets: Vec<_> = values
        .iter()
        .map(|(name, value)| (*name, Secret::new(value.as_bytes().to_vec())))
        .collect();
    Redactor::armed(secrets.iter().map(|(name, secret)| (*name, secret)))
}

/// What a frame becomes that is not blocked.
pub(super) fn frame(redactor: &Redactor, frame: &str) -> String {
    let cleaned = redactor.frame(frame.as_bytes(), Fields::default()).expect("not blocked");
    String::from_utf8(cleaned.clean.as_bytes().to_vec()).expect("UTF-8")
}

/// A result with this text in it, as a server writes it.
pub(super) fn result(text: &str) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": text}]}})
        .to_string()
}

/// Every character as a JSON escape.
pub(super) fn escape_all(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn percent_all(text: &str, upper: bool) -> String {
    let one = |b: u8| if upper { format!("%{b:02X}") } else { format!("%{b:02x}") };
    text.bytes().map(one).collect()
}

fn percent_minimal(text: &str) -> String {
    let one = |b: u8| match b {
        b if b.is_ascii_alphanumeric() || b"-_.~/+".contains(&b) => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(one).collect()
}

fn wrapped(text: &str, width: usize, end: &str) -> String {
    let lines: Vec<_> = text.as_bytes().chunks(width).map(String::from_utf8_lossy).collect();
    lines.join(end)
}

/// The value as programs quote it, and its bytes as programs list them.
fn quotings(value: &str) -> Vec<String> {
    let joined = |separator: &str, one: fn(u8) -> String| {
        value.bytes().map(one).collect::<Vec<_>>().join(separator)
    };
    let html = |apostrophe: &str, quote: &str| {
        let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        value.replace('\'', apostrophe).replace('"', quote)
    };
    let numbers = |separator| joined(separator, |b| b.to_string());
    let mixed = |b: u8| if b.is_multiple_of(2) { format!("{b:02X}") } else { format!("{b:02x}") };
    let specials =
        |c: char| !c.is_ascii_alphanumeric() && c.is_ascii() && !"_-./:=@%+,".contains(c);
    vec![
        value.replace('\'', "'\\''"),
        value.replace('\'', "'\"'\"'"),
        value.replace('\'', "''"),
        value.replace('"', "\"\""),
        value.replace('$', "$$"),
        value.chars().fold(String::new(), |text, c| {
            if specials(c) { text + "\\" + &c.to_string() } else { text + &c.to_string() }
        }),
        html("&#x27;", "&quot;"),
        html("&#39;", "&#34;"),
        html("&apos;", "&quot;"),
        joined("", |b| format!("&#{b};")),
        format!("[{}]", numbers(",")),
        format!("[{}]", numbers(", ")),
        format!("[{}]", numbers(" ")),
        value.bytes().map(mixed).collect(),
        joined(" ", |b| format!("{b:02x}")),
        joined(":", |b| format!("{b:02X}")),
        joined(", ", |b| format!("0x{b:02x}")),
        format!("[\n  {}\n]", numbers(",\n  ")),
        joined(" ", |b| format!("{b:3}")),
        joined(" ", |b| format!("{b:03o}")),
        joined("", |b| format!("\\{b:03o}")),
        value.chars().map(|c| format!("&#{:04};", u32::from(c))).collect(),
        hex_dump(value),
    ]
}

/// What `hexdump -C` prints of a line of a file.
fn hex_dump(value: &str) -> String {
    let file = format!("TOKEN={value}\n");
    let lines = file.as_bytes().chunks(16).enumerate().map(|(line, bytes)| {
        let hex: Vec<_> = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let shown = |b: &u8| if b.is_ascii_graphic() { char::from(*b) } else { '.' };
        let text: String = bytes.iter().map(shown).collect();
        format!("{:08x}  {:47}  |{text}|\n", 16 * line, hex.join(" "))
    });
    lines.collect()
}

/// How many of [`spellings`] say nothing but the value; those behind have something around it.
pub(super) const PLAIN: usize = 14;

/// Every spelling of a value that section 6 of the design names, and some of their combinations.
pub(super) fn spellings(value: &str) -> Vec<String> {
    let hex: String = value.bytes().map(|b| format!("{b:02x}")).collect();
    let json = |text: &str| json!(text).to_string();
    let mut all = vec![
        value.to_owned(),
        json(value),
        json(&json(value)),
        json(&json(&json(value))),
        escape_all(value),
        json(&escape_all(value)),
        json(value).replace('/', "\\/"),
        percent_all(value, true),
        percent_all(value, false),
        percent_minimal(value),
        percent_minimal(&percent_minimal(value)),
        json(&percent_minimal(value)),
        hex.to_uppercase(),
        hex,
    ];
    all.extend(quotings(value));
    all.push(percent_minimal(&json!(value).to_string()));
    all.push(STANDARD.encode(STANDARD.encode(value)));
    for before in ["", "u", "us"] {
        for after in ["", "x", "xy", "xyz: and more"] {
            let around = format!("{before}{value}{after}");
            let long = format!("{}{around}", "u".repeat(45));
            all.push(STANDARD.encode(&around));
            all.push(STANDARD_NO_PAD.encode(&around));
            all.push(URL_SAFE.encode(&around));
            all.push(percent_minimal(&STANDARD.encode(&around)));
            for (width, end) in [(64, "\n"), (76, "\r\n"), (64, "\n    ")] {
                all.push(wrapped(&STANDARD.encode(&long), width, end));
            }
        }
    }
    all
}
