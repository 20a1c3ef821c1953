//! What is repeated to be slow: shapes from the code's own keywords, names and keys, and the places where they stand.

use std::collections::BTreeSet;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hushpipe::mcp::fields::Fields;
use hushpipe::redact::Redactor;
use serde_json::json;

/// How much of a log the relay reads at once.
const READ: usize = 16 << 10;

/// A text that is repeated.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) name: String,
    /// What is repeated.
    pub(crate) unit: Vec<u8>,
}

/// Where it is repeated.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// In the text of a result.
    Result,
    /// In the server's log.
    Stderr,
    /// As the keys of one object, with a finding before them, so that all is walked through.
    Keys,
    /// As the texts of a result's content.
    Values,
    /// As the keys of objects within each other.
    Nested,
    /// As the items of a result's content, which are JSON.
    Items,
}

impl Shape {
    /// A text, which is its own name.
    fn of(unit: &str) -> Self {
        Self::named(format!("{unit:?}"), unit)
    }

    fn named(name: String, unit: &str) -> Self {
        Self { name, unit: unit.as_bytes().to_vec() }
    }

    /// An input of about this many bytes.
    pub(crate) fn input(&self, place: Place, len: usize) -> Vec<u8> {
        let unit = String::from_utf8_lossy(&self.unit);
        let quoted = json!(unit).to_string();
        let repeat = |text: &str| text.repeat(len.div_ceil(text.len()));
        let hit = json!({"text": filled("ghp_{base62:36}")});
        let content =
            |items: String| format!(r#"{{"id":1,"result":{{"content":[{items}{hit}]}}}}"#);
        match place {
            Place::Stderr => return self.unit.repeat(len.div_ceil(self.unit.len())),
            Place::Result => {
                let text = repeat(&unit);
                json!({"id": 1, "result": {"content": [{"type": "text", "text": text}]}})
                    .to_string()
            }
            Place::Keys => {
                let members = repeat(&format!(r#"{quoted}:"QUJDREVG","#));
                format!(r#"{{"id":1,"result":{{"hit":{hit},{members}"end":0}}}}"#)
            }
            Place::Values => content(repeat(&format!("{},", json!({"text": unit})))),
            Place::Nested => {
                let open = format!("{{{quoted}:");
                let depth = len.div_ceil(open.len() + 1);
                let (open, close) = (open.repeat(depth), "}".repeat(depth));
                format!(r#"{{"id":1,"result":{{"hit":{hit},"deep":{open}0{close}}}}}"#)
            }
            Place::Items => content(repeat(&format!("{unit},"))),
        }
        .into_bytes()
    }
}

impl Place {
    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Result => "result",
            Self::Stderr => "stderr",
            Self::Keys => "keys",
            Self::Values => "values",
            Self::Nested => "nested",
            Self::Items => "items",
        }
    }

    /// Redacts an input.
    pub(crate) fn look(self, redactor: &Redactor, input: &[u8]) {
        match self {
            // As the relay reads it.
            Self::Stderr => {
                let (mut cleaner, mut out) = (redactor.stderr(), Vec::new());
                for read in input.chunks(READ) {
                    out.clear();
                    cleaner.push(read, &mut out);
                    black_box((&out, cleaner.take_findings()));
                }
                cleaner.finish(&mut out);
                black_box(out);
            }
            _ => {
                let _ = black_box(redactor.frame(input, Fields::default()));
            }
        }
    }
}

/// What every rule is tried with, and texts that are dense in something.
pub(crate) fn of_rules() -> Vec<Shape> {
    let mut shapes: Vec<Shape> = DENSE.iter().map(|unit| Shape::of(unit)).collect();
    rules().iter().for_each(|rule| of_rule(rule, &mut shapes));
    shapes
}

/// A source file of this program.
fn source(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every rule that is built in.
fn rules() -> Vec<toml::Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/redact/rule");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the rules").flatten().map(|e| e.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let rules = |path: &PathBuf| {
        let file: toml::Table =
            fs::read_to_string(path).expect("a rule file").parse().expect("TOML");
        file["rule"].as_array().expect("rules").clone()
    };
    files.iter().flat_map(rules).collect()
}

/// The strings of a list in a rule.
fn strings<'r>(rule: &'r toml::Value, key: &str) -> Vec<&'r str> {
    let list = rule.get(key).and_then(toml::Value::as_array).into_iter().flatten();
    list.filter_map(toml::Value::as_str).collect()
}

/// Shapes made from the code's own keywords and keys, each in every place: all keywords of all rules, the names of
/// secrets with every separator, the names of the protocol, blocks of base64.
pub(crate) fn generated() -> Vec<(Shape, Place)> {
    let keywords: BTreeSet<String> = rules()
        .iter()
        .flat_map(|rule| strings(rule, "keywords"))
        .map(|keyword| keyword.replace('?', "a"))
        .collect();
    let fields = source("src/redact/rule/field/words.rs");
    let words = quoted(&fields).filter(|word| word.bytes().all(|b| b.is_ascii_lowercase()));
    let names: BTreeSet<&str> = words.collect();
    let mut units: Vec<String> = keywords.into_iter().collect();
    units.extend(names.iter().map(|name| format!("{name}=")));
    units.extend(names.iter().map(|name| format!("Set-Cookie: {name}=")));
    for separator in SEPARATORS {
        units.extend(
            ["password", "api_key", "X-Auth-Token", "cookie: sid", "server"]
                .map(|name| format!("{name}{separator}")),
        );
    }
    let protocol = source("src/mcp/fields.rs");
    let keys: BTreeSet<&str> = quoted(&protocol).filter(|key| !key.contains(' ')).collect();
    let keys = keys.into_iter().map(str::to_owned);
    let places = |unit: String| {
        let shape = move |place| (Shape::of(&unit), place);
        [Place::Result, Place::Stderr, Place::Keys, Place::Values, Place::Nested].map(shape)
    };
    let mut shapes: Vec<_> = units.into_iter().chain(keys).flat_map(places).collect();
    shapes.extend(blocks().into_iter().map(|item| (Shape::of(&item), Place::Items)));
    shapes
}

/// What stands between a name and a value, or between two of those.
const SEPARATORS: &[&str] = &[
    "=", ":", ": ", "=>", " = ", "\":\"", "\": \"", "', '", "\n", " ", "; ", " | ", "\t", "://",
    "@", "&", "/", "-", " is ", "='", "(\"", "<", ">", " -p", "\\n", "%3D", "&quot;",
];

/// Items of a result's content that are, or look like, blocks of base64.
fn blocks() -> Vec<String> {
    let token = filled("ghp_{base62:36}");
    let held = STANDARD.encode(format!("GITHUB_TOKEN={token}\n"));
    let item = |data: &str, kind: &str| {
        json!({"type": "resource", "data": data, "mimeType": kind}).to_string()
    };
    vec![
        item("AAAA", "image/png"),
        item(&held, "text/plain"),
        item(&held, "image/png"),
        json!({"uri": "file:///a", "blob": held}).to_string(),
        json!({"blob": held}).to_string(),
        json!({"data": "AAAAAAAAAAAA"}).to_string(),
        json!({"data": "no base64: password="}).to_string(),
        json!({"text": token, "data": "AAAAAAAA"}).to_string(),
    ]
}

/// What stands in double quotes in a source file, line by line.
fn quoted(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| line.split('"').skip(1).step_by(2)).filter(|text| text.len() >= 3)
}

/// Texts in which one layer of decoding, or the walk, meets something at every byte.
const DENSE: &[&str] = &[
    "\\",
    "\"",
    "\\\"",
    "\\\\\"",
    "\\u0041",
    "\\u005c",
    "\\\\u0041",
    "%41",
    "%25",
    "%",
    "[",
    "{",
    "]",
    "{\"a\":[",
    "\n",
    "\r\n",
    "A",
    "é",
    "€",
    "\0",
    " ",
    "-----",
    "-----BEGIN ",
    "eyJ",
    "eyJhbGciOi.",
    "://",
    "a:b@",
    "=",
    ":",
    "a=b&",
    "password=",
    "Authorization: ",
    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY\n",
    "0123456789abcdef",
];

/// A keyword alone, with a space, with a long tail; an example, and one cut short.
fn of_rule(rule: &toml::Value, shapes: &mut Vec<Shape>) {
    let id = rule["id"].as_str().unwrap_or_default();
    for keyword in strings(rule, "keywords").into_iter().take(1) {
        for (name, tail) in [("alone", ""), ("apart", " "), ("with a tail", &*"aB3-".repeat(200))] {
            let unit = format!("{keyword}{tail}");
            shapes.push(Shape::named(format!("{id}: {keyword:?} {name}"), &unit));
        }
    }
    for example in strings(rule, "examples").into_iter().take(1).map(filled) {
        let cut = example.floor_char_boundary(example.len() * 3 / 4);
        shapes.push(Shape::named(format!("{id}: an example cut short"), &example[..cut]));
        shapes.push(Shape::named(format!("{id}: an example"), &example));
    }
}

/// An example with its placeholders (`{base62:36}`) filled in.
fn filled(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
    {
        text += before;
        rest = after;
        match name.split_once(':').map(|(alphabet, len)| (alphabet, len.parse::<usize>())) {
            Some((alphabet, Ok(len))) => {
                let letters = match alphabet {
                    "digit" => "3141592653",
                    "hex" => "5c504ed432cb5113",
                    "base32" => "Q7XMPLE2345ABCDE",
                    _ => "9aB3xQ7kLm2PvR8sTu4WyZ6cDf",
                };
                text.extend(letters.chars().cycle().take(len));
            }
            _ if name == "dashes" => text += "-----",
            _ if name == "key" => text += &["PRIVATE", "KEY"].join(" "),
            _ => text = text + "{" + name + "}",
        }
    }
    text + rest
}
