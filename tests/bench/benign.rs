//! Traffic without a secret, made up in the shapes that servers send: what redaction has to let pass at full speed.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// SplitMix64: the same traffic on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn hex(&mut self, len: usize) -> String {
        let mut text = String::new();
        while text.len() < len {
            let _ = write!(text, "{:016x}", self.next());
        }
        text.truncate(len);
        text
    }

    fn base64(&mut self, len: usize) -> String {
        let bytes: Vec<u8> = (0..len / 32 + 1)
            .flat_map(|_| [self.next(), self.next(), self.next()].map(u64::to_le_bytes).concat())
            .collect();
        let mut text = STANDARD.encode(bytes);
        text.truncate(len / 4 * 4);
        text
    }

    fn sentence(&mut self) -> String {
        const WORDS: &[&str] = &[
            "the", "server", "answers", "with", "a", "list", "of", "open", "issues", "and",
            "their", "labels", "secret", "santa", "token", "budget", "key", "question", "password",
            "policy", "naïve", "Größe", "→",
        ];
        let count = 6 + self.below(14);
        let words: Vec<&str> = (0..count)
            .map(|_| WORDS[usize::try_from(self.below(WORDS.len() as u64)).unwrap()])
            .collect();
        words.join(" ") + "."
    }
}

/// Lines of JSON-RPC of about this many bytes in all, as an agent's afternoon has them: mostly results of a few
/// kilobytes, some of forty, notifications between them.
pub(crate) fn messages(bytes: usize) -> Vec<u8> {
    let mut random = Random(1);
    let mut lines = Vec::with_capacity(bytes + (64 << 10));
    while lines.len() < bytes {
        let (pick, size) =
            (random.below(10), 1 + random.below(6) + 30 * u64::from(random.below(20) == 0));
        let message = match pick {
            0 => progress(&mut random),
            1 | 2 => {
                result(&json!({"content": [], "structuredContent": records(&mut random, size)}))
            }
            3 | 4 => result(&text(&records(&mut random, size).to_string())),
            5 => result(&text(&git_log(&mut random, size))),
            6 => result(
                &json!({"content": [image(&mut random, 4096 * usize::try_from(size).unwrap())]}),
            ),
            7 => result(&text(&log(&mut random, 1024 * usize::try_from(size).unwrap()))),
            _ => result(&text(&prose(&mut random, 12 * size))),
        };
        lines.extend_from_slice(message.to_string().as_bytes());
        lines.push(b'\n');
    }
    lines
}

/// Lines of JSON-RPC with an image each, of about this many bytes in all.
pub(crate) fn images(bytes: usize) -> Vec<u8> {
    let mut random = Random(2);
    lines_of(bytes, || result(&json!({"content": [image(&mut random, 40 << 10)]})))
}

/// Lines of JSON-RPC with forty lines of source code each, of about this many bytes in all: this crate's own.
pub(crate) fn code(bytes: usize) -> Vec<u8> {
    let sources = [
        include_str!("../../src/redact/view.rs"),
        include_str!("../../src/redact/json.rs"),
        include_str!("../../src/redact/encoding.rs"),
        include_str!("../../src/mcp/fields.rs"),
        include_str!("../it/layers.rs"),
    ];
    let lines: Vec<&str> = sources.iter().flat_map(|source| source.split_inclusive('\n')).collect();
    let mut chunks = lines.chunks(40).cycle();
    lines_of(bytes, || result(&text(&chunks.next().unwrap_or_default().concat())))
}

/// A log of about this many bytes, as a server writes it on stderr.
pub(crate) fn logs(bytes: usize) -> Vec<u8> {
    log(&mut Random(3), bytes).into_bytes()
}

/// A tool result of about this many bytes as one line, half text and half structure.
pub(crate) fn frame(bytes: usize) -> Vec<u8> {
    let content = crate::child::content(bytes);
    format!("{{\"result\":{content},\"jsonrpc\":\"2.0\",\"id\":1}}\n").into_bytes()
}

fn lines_of(bytes: usize, mut message: impl FnMut() -> Value) -> Vec<u8> {
    let mut lines = Vec::with_capacity(bytes + (64 << 10));
    while lines.len() < bytes {
        lines.extend_from_slice(message().to_string().as_bytes());
        lines.push(b'\n');
    }
    lines
}

fn result(result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "result": result})
}

fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

fn progress(random: &mut Random) -> Value {
    let params =
        json!({"progressToken": random.base64(16), "progress": random.below(100), "total": 100});
    json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
}

fn records(random: &mut Random, count: u64) -> Value {
    let one = |_| {
        json!({
            "id": random.next() >> 12, "node": random.base64(32), "sha": random.hex(40), "title": random.sentence(),
            "url": format!("https://git.example/team/repo/issues/{}", random.below(9000)), "open": true,
            "user": {"login": "ana", "uuid": format!("{}-4{}", random.hex(8), random.hex(3))}, "score": 0.5,
        })
    };
    json!({"total": count, "nextPageToken": "c29tZSBjdXJzb3I", "items": (0..count * 3).map(one).collect::<Vec<_>>()})
}

fn git_log(random: &mut Random, count: u64) -> String {
    let one = |_| {
        format!(
            "commit {}\n    tree {}\n\n    {}\n\n",
            random.hex(40),
            random.hex(40),
            random.sentence()
        )
    };
    (0..count * 5).map(one).collect()
}

fn prose(random: &mut Random, sentences: u64) -> String {
    (0..sentences).map(|n| random.sentence() + if n % 4 == 3 { "\n\n" } else { " " }).collect()
}

fn image(random: &mut Random, bytes: usize) -> Value {
    json!({"type": "image", "mimeType": "image/png", "data": random.base64(bytes)})
}

fn log(random: &mut Random, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 200);
    while text.len() < bytes {
        let _ = writeln!(
            text,
            "2026-01-05T10:{:02}:{:02}.{:03}Z INFO  app::http request_id={} method=GET path=\"/v1/items/{}\" status=200 {}",
            random.below(60),
            random.below(60),
            random.below(1000),
            random.hex(16),
            random.below(100_000),
            random.sentence()
        );
    }
    text
}
