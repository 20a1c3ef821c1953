//! A line of a manifest as an error may show it: what was written, without anything that may be a secret.
//!
//! Errors reach the model, the host's logs and the terminal, and the line that is wrong is often the one into which
//! somebody pasted a token. So this shows by a list and hides the rest: keys, and the values of keys that never hold a
//! secret ([`OPEN_KEYS`]). Other strings and bare words become `…`, comments are cut off, and what looks like a token is
//! hidden wherever it stands; of a package only what reads as one is shown, since a URL may hold a password. The line need
//! not be valid TOML: syntax errors are shown with it.

use crate::runner::NpmPackage;

/// Keys whose values are shown, outside tables named in [`CLOSED_TABLES`].
const OPEN_KEYS: &[&str] = &[
    "version",
    "npm",
    "pypi",
    "bin",
    "runtime",
    "cwd",
    "grace",
    "drain",
    "frame_limit",
    "integrity",
    "deliver",
    "sensitive",
    "pass",
    "dangerously_pass",
    "presets",
    "fields",
];

/// Tables in which only `pass` and its like are shown: a variable may have any name.
const CLOSED_TABLES: &[&str] = &["secrets", "env", "providers", "profiles"];

/// Open keys that name a package.
const PACKAGE_KEYS: &[&str] = &["npm", "pypi"];

/// Words that are shown of a header that does not end as one.
const HEADER_WORDS: &[&str] = &["servers", "secrets", "env", "providers", "profiles"];

/// Keys that stay open inside a closed table: lists of names, and words from a short list.
const ALWAYS_OPEN_KEYS: &[&str] = &["pass", "dangerously_pass", "presets", "deliver", "sensitive"];

/// The longest excerpt, in characters.
const MAX_CHARS: usize = 160;

/// `line` with what may be a secret hidden; `table` is the header it stands under.
pub(super) fn excerpt(line: &str, table: &str) -> String {
    let mut scan = Scan {
        out: String::new(),
        rest: line.trim(),
        header: is_header(line.trim()),
        spliced: is_spliced(line.trim()),
        closed: is_closed(table),
        open_value: None,
        package: false,
        expects_value: false,
        brackets: Vec::new(),
    };
    while scan.step() {}
    let text = scan.out.trim_end();
    match text.char_indices().nth(MAX_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Whether `text` holds a run that looks like a credential rather than a name: long, letters and digits, and mixed as
/// names are not.
pub(crate) fn looks_opaque(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "_+=-".contains(c))).any(|run| {
        let count = |test: fn(&u8) -> bool| run.bytes().filter(test).count();
        let digits = count(u8::is_ascii_digit);
        let upper = count(u8::is_ascii_uppercase);
        let lower = count(u8::is_ascii_lowercase);
        let mixed = upper > 0 && lower > 0 && digits > 0;
        run.len() >= 16 && upper + lower > 0 && (mixed || digits >= 6)
    })
}

/// Whether a line is a `[table]` header and nothing else, its last bracket possibly forgotten. Quoted names are hidden in
/// one. The lines of an array start with a bracket too, but have quotes right behind it.
fn is_header(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default().trim_end();
    let inner = line.trim_start_matches('[');
    let names = inner.trim_end_matches(']');
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    line.starts_with('[')
        && names.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && names.split(['"', '\'']).step_by(2).all(|part| part.bytes().all(is_bare))
        && (names.len() < inner.len() || !names.contains(['"', '\'']))
}

/// Whether a line opens like a header and does not end as one.
fn is_spliced(line: &str) -> bool {
    let code = line.split('#').next().unwrap_or_default();
    line.starts_with('[') && !(is_header(line) && code.contains(']'))
}

fn is_closed(table: &str) -> bool {
    table.split(['.', '[', ']', ' ', '"', '\'']).any(|part| CLOSED_TABLES.contains(&part))
}

/// A walk over one line.
struct Scan<'a> {
    out: String,
    rest: &'a str,
    /// The line is a `[table]` header: every word is a key.
    header: bool,
    /// The line is a header without its end, perhaps with another line's text in it.
    spliced: bool,
    /// Inside a table whose values are hidden.
    closed: bool,
    /// After `=`: whether the value may be shown.
    open_value: Option<bool>,
    /// After `=`: whether the value is to be a package.
    package: bool,
    /// Right behind `=`, `[` or `,`: only there does a value stand.
    expects_value: bool,
    brackets: Vec<char>,
}

impl<'a> Scan<'a> {
    /// Takes one token; false at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        match first {
            '#' => return false,
            '"' | '\'' => self.string(first),
            c if c.is_whitespace() || "[]{},=".contains(c) => {
                self.rest = &self.rest[c.len_utf8()..];
                self.out.push(c);
                self.punctuation(c);
            }
            _ => self.bare(),
        }
        true
    }

    fn punctuation(&mut self, c: char) {
        self.expects_value |= match c {
            '=' | '[' => true,
            ',' => self.brackets.last() == Some(&'['),
            _ => false,
        };
        match c {
            '[' | '{' => {
                self.brackets.push(c);
                if c == '{' {
                    self.open_value = None;
                }
            }
            ']' | '}' => {
                self.brackets.pop();
            }
            ',' if self.brackets.last() == Some(&'{') => self.open_value = None,
            _ => {}
        }
    }

    fn string(&mut self, quote: char) {
        let triple: String = [quote; 3].iter().collect();
        if self.rest.starts_with(&triple) {
            // The lines of a multi-line string are not told apart from keys; hide to the end.
            self.out.push_str("\"…\"");
            self.rest = "";
            return;
        }
        let end = string_end(self.rest, quote);
        let (text, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        let inner = text[1..].strip_suffix(quote).filter(|_| end.is_some());
        if let (Some(key), true, false) = (inner, self.at_key(), self.header) {
            self.key(key, text);
        } else if self.may_show(text) && end.is_some() {
            self.out.push_str(text);
        } else {
            self.out.push_str("\"…\"");
        }
    }

    fn bare(&mut self) {
        let end = self.rest.find(|c: char| c.is_whitespace() || "[]{},=#\"'".contains(c));
        let (text, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if self.at_key() {
            self.key(text, text);
        } else if self.may_show(text) || matches!(text, "true" | "false") {
            self.out.push_str(text);
        } else {
            self.out.push('…');
        }
    }

    /// Whether what was just taken is a value that may be shown.
    fn may_show(&mut self, text: &str) -> bool {
        let is_value = std::mem::take(&mut self.expects_value);
        let text = text.trim_matches(['"', '\'']);
        let is_plain = match self.package {
            true => is_package(text),
            false => !(text.contains("://") || text.contains(':') && text.contains('@')),
        };
        is_value && self.open_value == Some(true) && is_plain && !looks_opaque(text)
    }

    /// Whether what was just taken stands where a key stands: before `=`, or in a header.
    fn at_key(&self) -> bool {
        let next = self.rest.trim_start();
        let before_equals = next.starts_with('=') && !next.starts_with("==");
        self.open_value.is_none() && (self.header || before_equals)
    }

    fn key(&mut self, key: &str, written: &str) {
        if self.spliced {
            // What is spliced into one may come from any other line.
            let known = |word| if HEADER_WORDS.contains(&word) { word } else { "…" };
            self.out.push_str(&key.split('.').map(known).collect::<Vec<_>>().join("."));
        } else {
            self.out.push_str(if looks_opaque(key) { "…" } else { written });
        }
        if self.header {
            return;
        }
        let last = key.rsplit('.').next().unwrap_or(key).trim();
        let closed = self.closed;
        self.closed |= is_closed(key);
        let keys = if closed || self.closed { ALWAYS_OPEN_KEYS } else { OPEN_KEYS };
        self.open_value = Some(keys.contains(&last));
        self.package = PACKAGE_KEYS.contains(&last);
    }
}

/// Whether a text reads as a package with a version, a range or a tag behind it, extras between; not as a URL, a path or
/// a credential before a host.
fn is_package(text: &str) -> bool {
    let split = text.char_indices().skip(1).find(|(_, c)| "@=[".contains(*c));
    let (name, version) = text.split_at(split.map_or(text.len(), |(at, _)| at));
    let of_version = |c: char| c.is_ascii_alphanumeric() || " .,-+_*^~<>=!|[]".contains(c);
    let version = version.strip_prefix('@').unwrap_or(version);
    NpmPackage::is_name(name) && version.chars().all(of_version)
}

/// Where a string that starts at 0 ends, its closing quote included.
fn string_end(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_shows_of_a_line() {
        let cases = [
            // What is wrong stays readable.
            ("", "version = 2", "version = 2"),
            ("", "[servers.github]", "[servers.github]"),
            ("", "[servers.github # c", "[servers.…"),
            ("[servers.x]", "pypi = \"m[pg,x]==1.4.*\"", "pypi = \"m[pg,x]==1.4.*\""),
            ("[servers.x]", "npm = \"m@>=1 <2 || 3.x\"", "npm = \"m@>=1 <2 || 3.x\""),
            ("", "[servers.\"a.b\"]", "[servers.\"…\"]"),
            ("[servers.x]", "npm = \"@a/b@^1.2.3\" # pin me", "npm = \"@a/b@^1.2.3\""),
            ("[servers.x]", "cwd = '/home/me/work'", "cwd = '/home/me/work'"),
            ("[servers.x]", "frame_limit = 64MiB", "frame_limit = 64MiB"),
            (
                "[servers.x.env]",
                "pass = [\"HTTPS_PROXY\", \"*\"]",
                "pass = [\"HTTPS_PROXY\", \"*\"]",
            ),
            // What may be a secret does not.
            ("[servers.x]", "args = [\"--password\", \"hunter2\"]", "args = [\"…\", \"…\"]"),
            ("[servers.x.secrets]", "TOKEN = \"hunter2\"", "TOKEN = \"…\""),
            ("[servers.x.secrets]", "TOKEN = hunter2", "TOKEN = …"),
            ("[servers.x.secrets]", "PIN = 12345678", "PIN = …"),
            ("[servers.x.secrets]", "version = \"hunter2\"", "version = \"…\""),
            ("[servers.x.secrets]", "TOKEN = { ref = \"hunter2\" }", "TOKEN = { ref = \"…\" }"),
            ("[servers.x.env]", "KEY = \"a\\\"hunter2\"", "KEY = \"…\""),
            ("[servers.x.env]", "KEY = \"hunter2", "KEY = \"…\""),
            ("[servers.x]", "npm = m@1\" # hunter2", "npm = m@1\"…\""),
            ("[servers.x.env]", "KEY = \"\"\"hunter2", "KEY = \"…\""),
            ("[servers.x.env]", "hunter2", "…"),
            ("[servers.x]", "secrets.npm = \"hunter2\"", "secrets.npm = \"…\""),
            (
                "[servers]",
                "x = { npm = \"a@1\", env = { npm = \"pw\" } }",
                "x = { npm = \"a@1\", env = { npm = \"…\" } }",
            ),
            ("[servers.x]", "npm = \"ghp_16C7e42F292c6912E7710c838347Ae178B4a\"", "npm = \"…\""),
            ("[servers.x.secrets]", "ghp_16C7e42F292c6912E7710c838347Ae178B4a = 1", "… = …"),
            ("[servers.x.env]", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC==", "…=="),
            ("", "\"hunter2\",", "\"…\","),
            ("[servers.x]", "npm = \"m@1\" hunter2", "npm = \"m@1\" …"),
            ("", "[servers.x.hunter2\"\"", "[…\"…\""),
            ("", "[servers.x.sA = \"hunter2\"", "[servers.….… = \"…\""),
            ("", "npm = \"m@1\", hunter2", "npm = \"m@1\", …"),
            ("", "[\"hunter2\"]", "[\"…\"]"),
            ("", "[args = [\"hunter2\"]", "[… = [\"…\"]"),
        ];
        for (table, line, shown) in cases {
            assert_eq!(excerpt(line, table), shown, "{table} {line}");
        }
    }

    #[test]
    fn a_password_of_any_length_stays_hidden() {
        let lines = [
            ("[servers.x]", "npm = \"https://user:CANARY@host/a.tgz\""),
            ("[servers.x]", "npm = \"git+ssh://CANARY@host/a.git\""),
            ("[servers.x]", "npm = \"user:CANARY@1.0.0\""),
            ("[servers.x]", "npm = \"a@npm:CANARY@1.0.0\""),
            ("[servers.x]", "npm = \"a@1.0.0@CANARY\""),
            ("[servers.x]", "npm = \"//CANARY/a\""),
            ("[servers.x]", "npm = 'https://user:CANARY@host'"),
            ("[servers]", "x = { npm = \"https://u:CANARY@host\", bin = \"a\" }"),
            ("[servers.x]", "pypi = \"a @ https://user:CANARY@host/a.whl\""),
            ("[servers.x]", "cwd = \"https://user:CANARY@host\""),
            ("[servers.x]", "runtime = \"user:CANARY@host\""),
            ("[servers.x.env]", "pass = [\"https://user:CANARY@host\"]"),
            ("", "[servers.x.CANARY"),
            ("", "[servers.CANARY # c]"),
            ("", "[CANARY"),
            ("", "[servers.x CANARY]"),
            ("", "[servers.x] CANARY"),
            ("", "[servers.x]CANARY"),
            ("", "[servers.x.CANARY = 1"),
        ];
        for length in 3..=40 {
            let canary: String = "q7zXk2vW9jR4mB8nT5cL".chars().cycle().take(length).collect();
            for (table, line) in lines {
                let shown = excerpt(&line.replace("CANARY", &canary), table);
                assert!(!shown.contains(&canary), "{line} of {length}: {shown}");
            }
        }
    }

    #[test]
    fn names_do_not_look_opaque() {
        for name in [
            "GITHUB_PERSONAL_ACCESS_TOKEN",
            "@modelcontextprotocol/server-github@2025.4.8",
            "@notionhq/notion-mcp-server@2.5.2",
            "/home/somebody/work/a-long-folder-name",
        ] {
            assert!(!looks_opaque(name), "{name}");
        }
    }
}
