//! Input made to be slow: the keywords and cut examples of every rule, and what is dense in escapes, brackets and lines.
//!
//! Each is measured at several lengths, as a result and as stderr. Twice the length may take at most 2.3 times as long;
//! what takes longer is measured again, at once and after everything else, before it is believed.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use hushpipe::mcp::fields::Fields;
use hushpipe::redact::Redactor;
use serde_json::json;

use crate::table::say;

/// Doubling, and all beyond the pieces in which long texts are looked at and beyond where an allocator changes its way:
/// a step there is no growth. What is not linear inside a piece shows among the slowest.
const LENGTHS: [usize; 3] = [512 << 10, 1 << 20, 2 << 20];

/// More than this is not linear.
const LIMIT: f64 = 2.3;

/// How often what takes longer is measured again when everything else is: a neighbour of this machine may be busy for
/// longer than one measurement takes.
const AGAIN: usize = 4;

/// How much of a log the relay reads at once.
const READ: usize = 16 << 10;

/// A text that is repeated.
pub(crate) struct Shape {
    name: String,
    /// What is repeated.
    pub(crate) unit: Vec<u8>,
}

/// Where a text stands.
#[derive(Clone, Copy)]
enum Place {
    Result,
    Stderr,
}

/// One shape in one place.
struct Growth {
    name: String,
    /// The shortest time for each length.
    best: [f64; LENGTHS.len()],
    /// At the greatest length.
    megabytes_a_second: f64,
}

/// Measures every shape; prints what is not linear, and the slowest.
pub(crate) fn of_every_rule() {
    let redactor = Redactor::armed([]);
    let shapes = shapes();
    let places = shapes.iter().flat_map(|shape| [(shape, Place::Result), (shape, Place::Stderr)]);
    let none = [f64::INFINITY; LENGTHS.len()];
    let first = |(shape, place)| (shape, place, growth(&redactor, shape, place, none));
    let mut all: Vec<_> = places.map(first).collect();
    for _ in 0..AGAIN {
        for (shape, place, known) in all.iter_mut().filter(|(.., known)| known.is_steep()) {
            *known = growth(&redactor, shape, *place, known.best);
        }
    }
    let all = all.into_iter().map(|(.., growth)| growth);
    let (steep, fine): (Vec<_>, Vec<_>) = all.partition(Growth::is_steep);
    say(&format!("\n{} are linear, {} are not:", fine.len(), steep.len()));
    steep.iter().for_each(Growth::print);
    let mut all: Vec<_> = steep.into_iter().chain(fine).collect();
    all.sort_by(|a, b| a.megabytes_a_second.total_cmp(&b.megabytes_a_second));
    say("\nthe slowest");
    all.iter().take(20).for_each(Growth::print);
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Result => "result",
            Self::Stderr => "stderr",
        }
    }

    /// What is measured for a text.
    fn input(self, text: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Result => {
                let text = String::from_utf8_lossy(&text);
                json!({"id": 1, "result": {"content": [{"type": "text", "text": text}]}})
                    .to_string()
                    .into_bytes()
            }
            Self::Stderr => text,
        }
    }

    fn look(self, redactor: &Redactor, input: &[u8]) {
        match self {
            Self::Result => {
                let _ = black_box(redactor.frame(input, Fields::default()));
            }
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
        }
    }
}

impl Growth {
    fn is_steep(&self) -> bool {
        worst(&self.best) > LIMIT
    }

    fn print(&self) {
        let Self { name, best, megabytes_a_second } = self;
        let worst = worst(best);
        say(&format!("  {megabytes_a_second:>9.1} MB/s   {worst:.2} x   {name}"));
    }
}

/// The worst of the ratios from one length to the next.
fn worst(best: &[f64]) -> f64 {
    best.windows(2).map(|pair| pair[1] / pair[0]).fold(0.0, f64::max)
}

/// Measures one shape in one place, given the shortest times so far.
fn growth(
    redactor: &Redactor,
    shape: &Shape,
    place: Place,
    mut best: [f64; LENGTHS.len()],
) -> Growth {
    let inputs = LENGTHS.map(|len| place.input(shape.unit.repeat(len.div_ceil(shape.unit.len()))));
    // In turns; the shortest of each counts, since a busy machine only ever adds.
    for _ in 0..4 {
        for _ in 0..3 {
            for (best, input) in best.iter_mut().zip(&inputs) {
                let begin = Instant::now();
                place.look(redactor, input);
                *best = best.min(begin.elapsed().as_secs_f64());
            }
        }
        if worst(&best) <= LIMIT {
            break;
        }
    }
    let (last, time) = (&inputs[LENGTHS.len() - 1], best[LENGTHS.len() - 1]);
    #[expect(clippy::cast_precision_loss, reason = "a few million bytes")]
    let megabytes_a_second = last.len() as f64 / 1e6 / time;
    Growth { name: format!("{}: {}", place.name(), shape.name), best, megabytes_a_second }
}

/// Everything that is repeated.
pub(crate) fn shapes() -> Vec<Shape> {
    let mut shapes: Vec<Shape> =
        DENSE.iter().map(|unit| Shape::of(format!("{unit:?}"), unit)).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/redact/rule");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the rules").flatten().map(|e| e.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    for path in files {
        let text = fs::read_to_string(&path).expect("a rule file");
        let file: toml::Table = text.parse().expect("TOML");
        for rule in file["rule"].as_array().expect("rules") {
            of_rule(rule, &mut shapes);
        }
    }
    shapes
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
    let strings = |key: &str| {
        let list = rule.get(key).and_then(toml::Value::as_array).into_iter().flatten();
        list.filter_map(toml::Value::as_str).collect::<Vec<_>>()
    };
    let id = rule["id"].as_str().unwrap_or_default();
    for keyword in strings("keywords").into_iter().take(1) {
        for (name, tail) in [("alone", ""), ("apart", " "), ("with a tail", &*"aB3-".repeat(200))] {
            shapes
                .push(Shape::of(format!("{id}: {keyword:?} {name}"), &format!("{keyword}{tail}")));
        }
    }
    for example in strings("examples").into_iter().take(1).map(filled) {
        let cut = example.floor_char_boundary(example.len() * 3 / 4);
        shapes.push(Shape::of(format!("{id}: an example cut short"), &example[..cut]));
        shapes.push(Shape::of(format!("{id}: an example"), &example));
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

impl Shape {
    fn of(name: String, unit: &str) -> Self {
        Self { name, unit: unit.as_bytes().to_vec() }
    }
}
