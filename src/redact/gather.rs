//! Which lines of a text belong together: what one line says of the next ones, or they of it.
//!
//! A Kubernetes Secret, the entries of a `.netrc`, a name with its value in the next line: in one line alone nothing of
//! them is a secret. Lines are held while one of these may be open, and no longer, so a stream without end goes on line
//! by line. What is held depends on the bytes alone, and is at most [`LIMIT`].

/// At most this much is held, in bytes.
pub(super) const LIMIT: usize = 64 * 1024;

/// What may be open behind a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Open {
    /// A manifest in YAML, whose names stand in this column.
    Manifest(usize),
    /// Entries of a `.netrc`.
    Logins,
    /// The value of a name, in the next line or in those that stand deeper than this column.
    Value { column: usize, met: bool },
    /// A command that goes on behind a `\`.
    Command,
    /// A table of Markdown.
    Table,
}

/// Lines that belong together.
#[derive(Default)]
pub(super) struct Gathered {
    open: Option<Open>,
    text: Vec<u8>,
}

/// What is to be done with a line.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// It has been kept, the first one.
    Begins,
    /// It has been kept with those before it.
    GoesOn,
    /// What was kept must go, then it has to be asked about again.
    Ends,
    /// It stands alone.
    Alone,
}

impl Gathered {
    /// Keeps a line, if it goes on with what was kept or something begins with it.
    pub(super) fn take(&mut self, line: &[u8]) -> Next {
        self.open = match self.open {
            Some(open) if self.text.len() + line.len() <= LIMIT => match open.behind(line) {
                Some(open) => Some(open),
                None => return Next::Ends,
            },
            Some(_) => return Next::Ends,
            None if line.len() > LIMIT => return Next::Alone,
            None => match Open::by(line) {
                Some(open) => Some(open),
                None => return Next::Alone,
            },
        };
        let next = if self.text.is_empty() { Next::Begins } else { Next::GoesOn };
        self.text.extend_from_slice(line);
        next
    }

    /// Whether nothing is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What was kept; nothing is any more.
    pub(super) fn release(&mut self) -> Vec<u8> {
        self.open = None;
        std::mem::take(&mut self.text)
    }
}

impl Open {
    /// What a line opens.
    fn by(line: &[u8]) -> Option<Self> {
        let (column, text) = content(line)?;
        let bare = |name: &&str| text == name.as_bytes();
        if text.starts_with(b"apiVersion:")
            || text.len() > 12 && text[..12].eq_ignore_ascii_case(b"kind: Secret")
            || text.eq_ignore_ascii_case(b"kind: Secret")
            || ["data:", "stringData:", "items:"].iter().any(bare)
        {
            return Some(Self::Manifest(column));
        }
        if text.starts_with(b"|") {
            return Some(Self::Table);
        }
        if text.ends_with(b"\\") {
            return Some(Self::Command);
        }
        if is_login(text) {
            return Some(Self::Logins);
        }
        let names = text.ends_with(b":")
            || text.ends_with(b"=")
            || text.ends_with(b"|")
            || text.ends_with(b">")
            || text.ends_with(b"-");
        let named =
            ["name:", "key:", "Name:", "Key:"].iter().any(|name| text.starts_with(name.as_bytes()));
        ((names || named) && speaks_of_a_secret(text)).then_some(Self::Value { column, met: false })
    }

    /// What is open behind a line that stands behind what is open; nothing where the line is no part of it.
    fn behind(self, line: &[u8]) -> Option<Self> {
        let Some((column, text)) = content(line) else {
            return (self != Self::Command).then_some(self);
        };
        let goes_on = match self {
            Self::Manifest(at) => column > at || column == at && is_yaml(text),
            Self::Logins => {
                let word = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
                ["machine", "default", "login", "password", "account", "macdef"]
                    .iter()
                    .any(|name| word == name.as_bytes())
            }
            Self::Value { column: at, met } => {
                return (!met || column > at).then_some(Self::Value { column: at, met: true });
            }
            // The line behind the last `\` is a part of it.
            Self::Command if text.ends_with(b"\\") => true,
            Self::Command => return Some(Self::Value { column: usize::MAX, met: true }),
            Self::Table => text.starts_with(b"|"),
        };
        goes_on.then_some(self)
    }
}

/// Where the text of a line begins behind its indentation and the dash of a list, and that text without its end; nothing
/// for a blank line and a comment.
fn content(line: &[u8]) -> Option<(usize, &[u8])> {
    let line = line.trim_ascii_end();
    let indent = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let item = if line[indent..].starts_with(b"- ") { 2 } else { 0 };
    let text = &line[indent + item..];
    (!text.is_empty() && !text.starts_with(b"#")).then_some((indent + item, text))
}

/// Whether a line may be one of a map in YAML.
fn is_yaml(text: &[u8]) -> bool {
    let name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.-/\"'".contains(byte);
    let len = text.iter().take_while(name).count();
    len > 0
        && text.get(len) == Some(&b':')
        && matches!(text.get(len + 1), None | Some(b' ' | b'\t'))
}

/// Whether a line is the first one of an entry of a `.netrc`.
fn is_login(text: &[u8]) -> bool {
    let words: Vec<&[u8]> =
        text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(4).collect();
    match words[..] {
        [first, ref rest @ ..] if first == b"machine" => {
            rest.len() == 1 || rest.get(1).is_some_and(|word| *word == b"login")
        }
        [first, ref rest @ ..] if first == b"default" => {
            rest.first().is_none_or(|word| *word == b"login")
        }
        _ => false,
    }
}

/// Whether a line has a word that names of secrets have.
fn speaks_of_a_secret(text: &[u8]) -> bool {
    let text = text[text.len().saturating_sub(128)..].to_ascii_lowercase();
    let words = ["key", "token", "secret", "pass", "pwd", "cred", "auth"];
    words.iter().any(|word| memchr::memmem::find(&text, word.as_bytes()).is_some())
}

/// Reads one JSON object or array that is written over several lines (RFC 8259).
#[derive(Default)]
pub(super) struct Reader {
    /// What closes each open container.
    open: Vec<u8>,
    wanted: Wanted,
}

/// What may come next.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    #[default]
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    CommaOrEnd,
}

/// What a document is behind a line.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Document {
    /// It goes on.
    Open,
    /// It has ended with the line.
    Whole,
    /// It is none.
    None,
}

impl Reader {
    /// Takes the next line. A string ends where its line does.
    pub(super) fn take(&mut self, line: &[u8]) -> Document {
        let mut rest = line.trim_ascii();
        while !rest.is_empty() {
            let Some(len) = self.token(rest) else { return Document::None };
            rest = rest[len..].trim_ascii_start();
            if self.open.is_empty() {
                return if rest.is_empty() { Document::Whole } else { Document::None };
            }
        }
        if self.open.is_empty() { Document::None } else { Document::Open }
    }

    /// Reads the token at the start of a text that is not empty; its length.
    fn token(&mut self, text: &[u8]) -> Option<usize> {
        use Wanted::{Colon, CommaOrEnd, Name, NameOrEnd, Value, ValueOrEnd};
        let in_object = self.open.last() == Some(&b'}');
        let (len, next) = match (text[0], self.wanted) {
            (b'"', Name | NameOrEnd) => (string_len(text)?, Colon),
            (b'"', Value | ValueOrEnd) => (string_len(text)?, CommaOrEnd),
            (b'{', Value | ValueOrEnd) => {
                self.open.push(b'}');
                (1, NameOrEnd)
            }
            (b'[', Value | ValueOrEnd) => {
                self.open.push(b']');
                (1, ValueOrEnd)
            }
            (b':', Colon) => (1, Value),
            (b',', CommaOrEnd) => (1, if in_object { Name } else { Value }),
            (end @ (b'}' | b']'), NameOrEnd | ValueOrEnd | CommaOrEnd) => {
                (self.open.pop()? == end).then_some((1, CommaOrEnd))?
            }
            (_, Value | ValueOrEnd) => {
                let in_word = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                let word = &text[..text.iter().take_while(in_word).count()];
                let number = word.first().is_some_and(|b| b.is_ascii_digit() || *b == b'-');
                let literal = [&b"true"[..], b"false", b"null"].contains(&word);
                (number || literal).then_some((word.len(), CommaOrEnd))?
            }
            _ => return None,
        };
        self.wanted = next;
        Some(len)
    }
}

/// The length of the string at the start of a text, with its quotes.
fn string_len(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        match text[at] {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text as they are held together.
    fn groups(text: &str) -> Vec<String> {
        let mut gathered = Gathered::default();
        let mut groups = Vec::new();
        for line in text.split_inclusive('\n') {
            let mut next = gathered.take(line.as_bytes());
            if next == Next::Ends {
                groups.push(gathered.release());
                next = gathered.take(line.as_bytes());
            }
            if next == Next::Alone {
                groups.push(line.as_bytes().to_vec());
            }
        }
        groups.push(gathered.release());
        let texts = groups.into_iter().map(|group| String::from_utf8(group).unwrap());
        texts.filter(|group| !group.is_empty()).collect()
    }

    #[test]
    fn what_belongs_together_is_held_and_nothing_else_is() {
        for together in [
            "apiVersion: v1\nkind: Secret\n\n# one\ndata:\n  a: b\ntype: Opaque\n",
            "  data:\n    pin: cGlu\n  kind: Secret\n",
            "items:\n- data:\n    pin: cGlu\nkind: SecretList\n",
            "machine a\n  login b\n  password c\n\nmachine d login e\npassword f\n",
            "client_secret: |\n  a\n  b\n",
            "API key:\nvalue\n",
            "- name: DB_PASSWORD\n  value: x\n",
            "curl -u \\\n  a:b \\\n  https://a.example\n",
            "| token |\n|---|\n| a |\n",
        ] {
            assert_eq!(groups(together), [together]);
            let around = format!("INFO: started\n{together}2026-01-01 done\n");
            assert_eq!(groups(&around), ["INFO: started\n", together, "2026-01-01 done\n"]);
        }
        for apart in [
            "INFO: a\nnpm: b\n",
            "listening on:\n  port 80\n",
            "the machine is up\n and runs\n",
            "default values\nare used\n",
        ] {
            assert_eq!(groups(apart).len(), 2, "{apart}");
        }
        let long = format!("data:\n{}", "  a: b\n".repeat(20_000));
        assert!(groups(&long).iter().all(|group| group.len() <= LIMIT));
    }

    #[test]
    fn a_document_over_lines_ends_where_its_brackets_do() {
        let mut reader = Reader::default();
        for (line, expected) in [
            ("{\n", Document::Open),
            (" \"a\": [1, \"}\",\n", Document::Open),
            ("null, {\"b\": -2.5e3}]\r\n", Document::Open),
            ("}\n", Document::Whole),
        ] {
            assert_eq!(reader.take(line.as_bytes()), expected, "{line}");
        }
        for none in [
            "{ a: 1\n",
            "[info] x\n",
            "{\"a\n",
            "[1]]\n",
            "plain\n",
            "{} x\n",
            "{{\n",
            "[{} {\n",
            "[1,]\n",
            "{\"a\",\n",
        ] {
            assert_eq!(Reader::default().take(none.as_bytes()), Document::None, "{none}");
        }
    }
}
