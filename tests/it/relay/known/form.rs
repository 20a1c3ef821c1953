//! The forms of section 6.1 of the design, written as programs write them and not as the redactor reads them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::json;

/// A text that gives a value away, and how much around it a redactor may leave.
pub(super) struct Form {
    /// What is said.
    pub(super) text: String,
    /// How many bytes of something else are encoded with the value, before it and behind it.
    pub(super) around: (usize, usize),
}

/// Every form of a value.
pub(super) fn forms(value: &str) -> Vec<Form> {
    let escaped = escaped(value);
    let percent = percent(value, b"-_.~");
    let mut forms: Vec<Form> = [
        value.to_owned(),
        self::escaped(&escaped),
        escaped.replace('/', "\\/").replace('<', "\\u003C"),
        escaped,
        value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
        value.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        self::percent(value, b"-_.~/+:@"),
        percent.replace('%', "%25"),
        percent,
        hex(value).to_uppercase(),
        hex(value),
    ]
    .map(|text| Form { text, around: (0, 0) })
    .into();
    if value.contains(' ') {
        // `application/x-www-form-urlencoded`.
        let text = self::percent(value, b"-_.* ").replace(' ', "+");
        forms.push(Form { text, around: (0, 0) });
    }
    forms.extend(quoted(value).into_iter().map(|text| Form { text, around: (0, 0) }));
    forms.extend(encoded(value));
    forms
}

/// Inside the syntax of something else, and as dumps of bytes.
fn quoted(value: &str) -> Vec<String> {
    let bytes = |separator: &str, one: fn(u8) -> String| {
        value.bytes().map(one).collect::<Vec<_>>().join(separator)
    };
    let entities = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mixed = |byte: u8| match byte.is_multiple_of(3) {
        true => format!("{byte:02X}"),
        false => format!("{byte:02x}"),
    };
    let mut quoted = vec![
        value.replace('\'', "'\\''"),
        value.replace('\'', "''"),
        value.replace('"', "\"\""),
        entities.replace('\'', "&#x27;").replace('"', "&quot;"),
        entities.replace('\'', "&#39;").replace('"', "&#34;"),
        bytes(" ", |byte| byte.to_string()),
        bytes(",", |byte| byte.to_string()),
        bytes(", ", |byte| byte.to_string()),
        bytes("", mixed),
        bytes(" ", |byte| format!("{byte:02x}")),
        bytes(":", |byte| format!("{byte:02X}")),
        bytes(", ", |byte| format!("0x{byte:02x}")),
        bytes(" ", |byte| format!("{byte:3}")),
        bytes(" ", |byte| format!("{byte:03o}")),
        bytes("", |byte| format!("\\{byte:03o}")),
        each(value, |c| format!("&#{:04};", u32::from(c))),
        each(value, |c| format!("\\u{{{:x}}}", u32::from(c))),
    ];
    if !value.contains('\n') {
        quoted.extend(signs_escaped(value));
    }
    quoted
}

/// The signs of a value escaped as an expression, Markdown or a properties file does it, CSS, quoted-printable, and HTML twice.
/// Of several lines each is found by itself.
fn signs_escaped(value: &str) -> [String; 4] {
    let entities = value.replace('&', "&amp;amp;").replace('<', "&amp;lt;");
    let escaped = |one: fn(char) -> String| -> String {
        let sign = |c: char| if c.is_ascii_punctuation() { one(c) } else { c.into() };
        value.chars().map(sign).collect()
    };
    [
        escaped(|c| format!("\\{c}")),
        escaped(|c| format!("\\{:x} ", u32::from(c))),
        escaped(|c| format!("={:02X}", u32::from(c))),
        entities,
    ]
}

fn each(value: &str, one: fn(char) -> String) -> String {
    value.chars().map(one).collect()
}

/// What is left when a value is cut at its start or in its middle: enough of it, at its end or at both ends.
pub(super) fn endings(value: &str) -> Vec<Form> {
    let least = value.len().div_ceil(2).max(16);
    let is_cut = |cut: &usize| value.is_char_boundary(*cut);
    let ends = (1..=value.len().saturating_sub(least)).filter(is_cut);
    let ends = ends.flat_map(|cut| [value[cut..].to_owned(), hex(&value[cut..])]);
    let half = value.len() / 2;
    let around =
        ["...", "\u{2026}", "[...]", "***", "\u{2026}(24)..."].into_iter().flat_map(|mark| {
            let cuts = (1..4).map(move |less| (half - less, half + less));
            let cuts =
                cuts.filter(|(a, b)| value.is_char_boundary(*a) && value.is_char_boundary(*b));
            let enough = cuts.filter(|(a, b)| a + value.len() - b >= least);
            enough
                .map(move |(a, b)| format!("{}{mark}{}", &value[..a], &value[b..]))
                .collect::<Vec<_>>()
        });
    ends.chain(around).map(|text| Form { text, around: (0, 0) }).collect()
}

/// Base64 and base64url, padded and not, in lines and not, at each of the three alignments.
fn encoded(value: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    for before in ["", "u", "u:"] {
        for after in ["", "x", " and more"] {
            let whole = format!("{before}{value}{after}");
            let around = (before.len(), after.len());
            let texts = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
            forms.extend(texts.map(|how| Form { text: how.encode(&whole), around }));
            forms.push(Form { text: percent(&STANDARD.encode(&whole), b""), around });
            for (lead, width, end) in [(40, 64, "\n"), (51, 76, "\r\n"), (40, 64, "\n    ")] {
                let long = STANDARD.encode(format!("{}{whole}", "u".repeat(lead)));
                let around = (lead + before.len(), after.len());
                forms.push(Form { text: wrapped(&long, width, end), around });
            }
        }
    }
    forms
}

/// What is left when a value is cut short: at least 16 bytes of it, and half.
pub(super) fn beginnings(value: &str) -> Vec<Form> {
    let least = value.len().div_ceil(2).max(16);
    let cuts = (least..value.len()).filter(|cut| value.is_char_boundary(*cut));
    cuts.flat_map(|cut| {
        let start = &value[..cut];
        let plain = [start.to_owned(), escaped(start), percent(start, b""), hex(start)];
        let plain = plain.map(|text| Form { text, around: (0, 0) });
        let encoded = ["", "u", "u:"].map(|before| Form {
            text: URL_SAFE_NO_PAD.encode(format!("{before}{start}")),
            around: (before.len(), 0),
        });
        plain.into_iter().chain(encoded)
    })
    .collect()
}

fn escaped(text: &str) -> String {
    let quoted = json!(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Percent-encoded but for letters, digits and these.
fn percent(text: &str, plain: &[u8]) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || plain.contains(&byte);
    let one =
        |byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

fn wrapped(text: &str, width: usize, end: &str) -> String {
    let lines: Vec<_> = text.as_bytes().chunks(width).map(String::from_utf8_lossy).collect();
    lines.join(end)
}
