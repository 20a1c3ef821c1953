//! The note to the model: a result in which something was replaced says so.
//!
//! A marker by itself looks like text of the server's, and models have written one over the secret it stood for. So the
//! result of a call gets one more block of text, for the model to read. Where a result has no list of content, another
//! block would make something else of it (a prompt, a resource, a task), and the note is a member of `_meta`, which
//! every revision allows in every result. Everything else stays byte for byte; a result without a marker gets nothing,
//! and no error, notification or list does.

use std::borrow::Cow;

use serde_json::json;

use super::marker::marker;
use super::{Action, Clean, Cleaned, Finding};
use crate::mcp::Envelope;
use crate::mcp::scan::members::{items, member, place};
use crate::mcp::scan::messages;

/// The name of the note in `_meta`, where its value is the list of the markers.
const WITHHELD: &str = "hushpipe/withheld";

/// More markers than this are not named.
const NAMED: usize = 8;

impl Cleaned<'_> {
    /// The message with a note, if it is a result in which something was replaced.
    pub fn with_note(self) -> Self {
        let markers = markers(&self.findings, "");
        match noted(self.clean.as_bytes(), &markers) {
            Some(bytes) => Self { clean: Clean::new(Cow::Owned(bytes)), ..self },
            None => self,
        }
    }

    /// A batch with a note in each such message that `takes` one.
    pub fn with_notes(self, takes: impl Fn(&Envelope) -> bool) -> Self {
        let batch = self.clean.as_bytes();
        let (mut out, mut copied) = (Vec::new(), 0);
        for (index, (message, envelope)) in messages(batch).enumerate() {
            let markers = markers(&self.findings, &format!("/{index}/"));
            if markers.is_empty() || !takes(&envelope) {
                continue;
            }
            if let Some(bytes) = noted(message, &markers) {
                let at = place(batch, message);
                out.extend_from_slice(&batch[copied..at.start]);
                out.extend_from_slice(&bytes);
                copied = at.end;
            }
        }
        if copied == 0 {
            return self;
        }
        out.extend_from_slice(&batch[copied..]);
        Self { clean: Clean::new(Cow::Owned(out)), ..self }
    }
}

/// The markers that were put in below this pointer, each once.
fn markers(findings: &[Finding], below: &str) -> Vec<String> {
    let mut markers: Vec<String> = Vec::new();
    let put =
        |finding: &&Finding| finding.action == Action::Replaced && finding.place.starts_with(below);
    for marker in findings.iter().filter(put).map(|finding| marker(&finding.what)) {
        if markers.len() < NAMED && !markers.contains(&marker) {
            markers.push(marker);
        }
    }
    markers
}

/// How every note begins.
const BEGINS: &str = "hushpipe withheld something from this result. ";

/// Whether a text of a result is a note of ours, or says it is one.
pub fn is_note(text: &str) -> bool {
    text.starts_with(BEGINS)
}

/// What the model reads.
fn words(markers: &[String]) -> String {
    format!(
        "{BEGINS}What stands in its place is no value, only a marker: {}. Do not write it into a file, a setting or a call, \
         where it would take the place of the real value: leave what it stands in as it is, or ask the user.",
        markers.join(", ")
    )
}

/// The message with the note, if it is a result that can take one.
fn noted(message: &[u8], markers: &[String]) -> Option<Vec<u8>> {
    if markers.is_empty() {
        return None;
    }
    let result = member(message, "result").filter(|result| is(result, b'{'))?;
    let (at, addition) = block(result, markers).or_else(|| meta(result, markers))?;
    let at = place(message, result).start + at;
    Some([&message[..at], addition.as_bytes(), &message[at..]].concat())
}

/// The note as the last block of the result's content, and where in `result` that is. Content without a block gets
/// none: programs that find nothing there read `structuredContent`, and would not any more. A task that is done has the
/// result of its call in its own (specification 2026-07-28, tasks).
fn block(result: &[u8], markers: &[String]) -> Option<(usize, String)> {
    let content =
        |result| member(result, "content").filter(|content| items(content).next().is_some());
    let content = content(result).or_else(|| content(member(result, "result")?))?;
    let audience = json!({"audience": ["assistant"]});
    let block = json!({"type": "text", "text": words(markers), "annotations": audience});
    Some((place(result, content).end - 1, format!(",{block}")))
}

/// The note as a member of the result's `_meta`, and where in `result` that is. Nothing where the same name stands
/// there: another hushpipe has put it there.
fn meta(result: &[u8], markers: &[String]) -> Option<(usize, String)> {
    let comma = |object: &[u8]| if is_empty(object) { "" } else { "," };
    let note = format!("{}:{}", json!(WITHHELD), json!(markers));
    match member(result, "_meta") {
        None => Some((1, format!("\"_meta\":{{{note}}}{}", comma(result)))),
        Some(meta) if is(meta, b'{') && member(meta, WITHHELD).is_none() => {
            Some((place(result, meta).start + 1, format!("{note}{}", comma(meta))))
        }
        Some(_) => None,
    }
}

/// Whether a value begins with this bracket.
fn is(value: &[u8], bracket: u8) -> bool {
    value.first() == Some(&bracket)
}

fn is_empty(object: &[u8]) -> bool {
    object[1..].trim_ascii_start().first() == Some(&b'}')
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::mcp::fields::Fields;
    use crate::redact::spelling::armed;

    const VALUE: &str = "canary-note-90b2d4e1";

    /// The frame as the client gets it, and as it would be without a note.
    fn noted(frame: &str) -> (String, String) {
        let redactor = armed(&[("TOKEN", VALUE), ("OTHER", "canary-other-7f3a20")]);
        let clean =
            |cleaned: &Cleaned| String::from_utf8(cleaned.clean.as_bytes().to_vec()).unwrap();
        let cleaned = redactor.frame(frame.as_bytes(), Fields::default()).unwrap();
        let without = clean(&cleaned);
        let single = frame.trim_start().starts_with('{');
        let cleaned = if single {
            cleaned.with_note()
        } else {
            cleaned.with_notes(|envelope| envelope.result)
        };
        (clean(&cleaned), without)
    }

    /// Asserts that a frame gets a block behind `before` and nothing else.
    fn assert_block(frame: &str, before: &str) {
        let (got, without) = noted(frame);
        let at = without.find(before).unwrap() + before.len();
        let added = got.strip_prefix(&without[..at]).unwrap().strip_suffix(&without[at..]).unwrap();
        let block: Value = serde_json::from_str(added.strip_prefix(',').unwrap()).unwrap();
        assert_eq!(block["type"], "text");
        assert!(block["text"].as_str().unwrap().contains("[hushpipe:TOKEN]"), "{block}");
    }

    #[test]
    fn the_result_of_a_call_gets_one_more_block_and_stays_byte_for_byte() {
        for (frame, before) in [
            (
                r#"{"id":1,"result":{"content":[{"type":"text","text":"VALUE"}],"isError":true}}"#,
                r#"KEN]"}"#,
            ),
            (
                r#" { "result" : { "content" : [ {"type":"text","text":"VALUE"} ] , "x":1e0} ,"id":1}"#,
                r#"KEN]"} "#,
            ),
            (r#"{"id":1,"result":{"cont\u0065nt":["VALUE]"]}}"#, r#"KEN]]""#),
            (
                r#"{"id":1,"result":{"status":"completed","result":{"content":["VALUE"]}}}"#,
                r#"KEN]""#,
            ),
        ] {
            assert_block(&frame.replace("VALUE", VALUE), before);
        }
    }

    #[test]
    fn a_result_without_a_list_of_content_has_the_markers_in_its_meta() {
        let markers = r#""hushpipe/withheld":["[hushpipe:TOKEN]"]"#;
        for (frame, before, added) in [
            (
                r#"{"id":1,"result":{"messages":["VALUE"]}}"#,
                r#""result":{"#,
                format!("\"_meta\":{{{markers}}},"),
            ),
            (
                r#"{"id":1,"result":{"contents":[{"text":"VALUE"}],"_meta":{"a":1}}}"#,
                r#""_meta":{"#,
                format!("{markers},"),
            ),
            (
                r#"{"id":1,"result":{"content":[ ],"structuredContent":{"a":"VALUE"}}}"#,
                r#""result":{"#,
                format!("\"_meta\":{{{markers}}},"),
            ),
            (
                r#"{"id":1,"result":{"content":"VALUE","_meta": { } }}"#,
                r#""_meta": {"#,
                markers.to_owned(),
            ),
            (
                r#"{"id":1,"result":{"task":{"status":"VALUE"}}}"#,
                r#""result":{"#,
                format!("\"_meta\":{{{markers}}},"),
            ),
        ] {
            let (got, without) = noted(&frame.replace("VALUE", VALUE));
            assert_eq!(got, without.replacen(before, &format!("{before}{added}"), 1));
        }
    }

    #[test]
    fn nothing_else_gets_a_note() {
        for frame in [
            r#"{"id":1,"result":{"content":[{"type":"text","text":"plain"}]}}"#,
            r#"{"id":1,"error":{"code":1,"message":"VALUE"}}"#,
            r#"{"id":1,"result":"VALUE"}"#,
            r#"{"id":1,"result":["VALUE"]}"#,
            r#"{"id":1,"result":{"_meta":{"hushpipe/withheld":[]},"x":"VALUE"}}"#,
            r#"{"id":1,"result":{"_meta":null,"x":"VALUE"}}"#,
            r#"[{"id":1,"error":{"message":"VALUE"}},{"id":2,"result":{"content":[]}}]"#,
        ] {
            let (got, without) = noted(&frame.replace("VALUE", VALUE));
            assert_eq!(got, without);
        }
    }

    #[test]
    fn a_batch_has_a_note_in_each_answer_that_takes_one() {
        let batch = r#"[ {"id":1,"result":{"content":["VALUE"]}} , {"id":2,"result":{"content":["x"]}},{"method":"VALUE-not"},
            {"id":3,"result":{"content":["canary-other-7f3a20"]}}]"#;
        let (got, without) = noted(&batch.replace("VALUE-not", "x").replace("VALUE", VALUE));
        let got: Vec<Value> = serde_json::from_str(&got).unwrap();
        let without: Vec<Value> = serde_json::from_str(&without).unwrap();
        for (index, marker) in
            [(0, Some("[hushpipe:TOKEN]")), (1, None), (2, None), (3, Some("[hushpipe:OTHER]"))]
        {
            let Some(marker) = marker else {
                assert_eq!(got[index], without[index]);
                continue;
            };
            assert_eq!(got[index]["result"]["content"].as_array().map(Vec::len), Some(2));
            let text = got[index]["result"]["content"][1]["text"].as_str().unwrap();
            assert_eq!(text.matches("[hushpipe:").count(), 1);
            assert!(text.contains(marker), "{text}");
        }
    }

    #[test]
    fn a_note_names_each_marker_once_and_is_no_finding_itself() {
        let frame = format!(
            r#"{{"id":1,"result":{{"content":["{VALUE} {VALUE}","canary-other-7f3a20"]}}}}"#
        );
        let (got, _) = noted(&frame);
        let got: Value = serde_json::from_str(&got).unwrap();
        let note = got["result"]["content"][2]["text"].as_str().unwrap();
        assert_eq!(note.matches("[hushpipe:TOKEN]").count(), 1);
        assert_eq!(note.matches("[hushpipe:OTHER]").count(), 1);
        let (again, without) = noted(&got.to_string());
        assert_eq!(again, without);
        assert_eq!(again, got.to_string());
    }
}
