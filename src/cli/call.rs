//! `hushpipe call`: calls one tool and prints its result as a person would want to read it.

use std::io::Read;
use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Context;
use super::connect::Connect;
use super::output::{printable, printable_json};
use crate::error::{Error, Fault, Kind};
use crate::mcp::client::ClientError;
use crate::redact::is_note;

/// Call a tool of a server
///
/// Exits with 1 when the tool or the server answers with an error.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe call everything echo message=hello
  hushpipe call everything get-sum '{\"a\": 2, \"b\": 40}'
  hushpipe call files read_text_file --json - < arguments.json")]
pub(super) struct CallArgs {
    #[command(flatten)]
    connect: Connect,

    /// The name of the tool
    #[arg(value_name = "TOOL")]
    tool: String,

    /// A JSON object, `-` to read one from stdin, or KEY=VALUE pairs, each value JSON if it parses, otherwise text
    #[arg(value_name = "ARGUMENTS")]
    arguments: Vec<String>,

    /// Print the result as the server wrote it
    #[arg(long)]
    json: bool,
}

impl CallArgs {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let arguments = match &self.arguments[..] {
            [dash] if dash == "-" => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).map_err(ArgumentError::Stdin)?;
                object(&text)?
            }
            [text] if text.trim_start().starts_with('{') => object(text)?,
            pairs => pairs.iter().map(|text| pair(text)).collect::<Result<_, _>>()?,
        };
        self.connect.run(context, async |session| {
            let raw = session.call(&self.tool, arguments).await?;
            let mut result: CallOutcome = serde_json::from_str(raw.get()).map_err(|source| {
                ClientError::Unreadable { method: "tools/call".to_owned(), source }
            })?;
            match self.json {
                true => context.out.data(&printable_json(raw.get())),
                false => {
                    let notes = result.take_notes();
                    notes.iter().for_each(|note| context.out.words(&printable(note)));
                    context.out.data(&printable(&result.text()));
                }
            }
            Ok(ExitCode::from(u8::from(result.is_error)))
        })
    }
}

/// Why the arguments cannot be sent.
#[derive(Debug, thiserror::Error)]
enum ArgumentError {
    #[error("could not read the arguments from stdin")]
    Stdin(#[source] std::io::Error),
    #[error("the arguments are not a JSON object")]
    NotAnObject(#[source] serde_json::Error),
    #[error("argument `{0}` is neither a JSON object nor KEY=VALUE")]
    NotAPair(String),
}

impl Fault for ArgumentError {
    fn kind(&self) -> Kind {
        match self {
            Self::Stdin(_) => Kind::Io,
            Self::NotAnObject(_) | Self::NotAPair(_) => Kind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Stdin(_) => None,
            Self::NotAnObject(_) | Self::NotAPair(_) => {
                Some(r#"write them as `'{"key": "value"}'` or as `key=value`"#.into())
            }
        }
    }
}

fn object(text: &str) -> Result<Map<String, Value>, ArgumentError> {
    serde_json::from_str(text).map_err(ArgumentError::NotAnObject)
}

fn pair(text: &str) -> Result<(String, Value), ArgumentError> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| ArgumentError::NotAPair(text.to_owned()))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((key.to_owned(), value))
}

/// The result of a call, as far as it is printed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CallOutcome {
    result_type: Option<String>,
    content: Vec<Value>,
    structured_content: Option<Value>,
    is_error: bool,
}

impl CallOutcome {
    /// What hushpipe says of the result in it: words, which are for stderr.
    fn take_notes(&mut self) -> Vec<String> {
        let note =
            |item: &Value| item["text"].as_str().filter(|text| is_note(text)).map(str::to_owned);
        let notes = self.content.iter().filter_map(note).collect();
        self.content.retain(|item| note(item).is_none());
        notes
    }

    fn text(&self) -> String {
        if let Some(kind) = self.result_type.as_deref().filter(|kind| *kind != "complete") {
            return format!("[not a final result: {kind}; `--json` shows it]");
        }
        let mut parts: Vec<_> = self.content.iter().map(shown).collect();
        let no_text = self.content.iter().all(|item| item["type"] != "text");
        if let Some(structured) = self.structured_content.as_ref().filter(|_| no_text) {
            parts.push(format!("{structured:#}"));
        }
        parts.join("\n")
    }
}

/// An item of content: its text, or in brackets what it is.
fn shown(item: &Value) -> String {
    let field = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let bytes = |base64: &Value| {
        let text = base64.as_str().unwrap_or_default().trim_end_matches('=');
        format!("{} bytes", text.len() * 3 / 4)
    };
    match item["type"].as_str() {
        Some("text") => field(&item["text"]),
        Some(kind @ ("image" | "audio")) => {
            format!("[{kind}, {}, {}]", field(&item["mimeType"]), bytes(&item["data"]))
        }
        Some("resource") => {
            let resource = &item["resource"];
            let what = match resource.get("blob") {
                Some(blob) => bytes(blob),
                None => {
                    return format!(
                        "[resource {}]\n{}",
                        field(&resource["uri"]),
                        field(&resource["text"])
                    );
                }
            };
            format!(
                "[resource {}, {}, {what}]",
                field(&resource["uri"]),
                field(&resource["mimeType"])
            )
        }
        Some("resource_link") => format!("[link to {}]", field(&item["uri"])),
        other => format!("[{}]", other.unwrap_or("content block without a type")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(value: Value) -> CallOutcome {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn text_is_printed_and_the_rest_is_described() {
        let result = outcome(json!({"content": [
            {"type": "text", "text": "hello"},
            {"type": "image", "mimeType": "image/png", "data": "AAECAw=="},
            {"type": "resource", "resource": {"uri": "demo://1", "text": "inside"}},
            {"type": "resource", "resource": {"uri": "demo://2", "mimeType": "a/b", "blob": "AAEC"}},
            {"type": "resource_link", "uri": "file:///x"},
            {"type": "new"},
        ], "structuredContent": {"a": 1}}));
        assert_eq!(
            result.text(),
            "hello\n[image, image/png, 4 bytes]\n[resource demo://1]\ninside\n[resource demo://2, a/b, 3 bytes]\n\
             [link to file:///x]\n[new]"
        );
    }

    #[test]
    fn structured_content_is_printed_where_there_is_no_text() {
        let result = outcome(json!({"content": [], "structuredContent": {"a": 1}}));
        assert_eq!(result.text(), "{\n  \"a\": 1\n}");
        let asking = outcome(json!({"resultType": "input_required", "inputRequests": {}}));
        assert_eq!(asking.text(), "[not a final result: input_required; `--json` shows it]");
    }

    #[test]
    fn a_pair_is_json_if_it_can_be_and_else_text() {
        let value = |text| pair(text).unwrap().1;
        assert_eq!(value("a=1"), json!(1));
        assert_eq!(value("a=x=y"), json!("x=y"));
        assert_eq!(value("a=\"1\""), json!("1"));
        assert_eq!(value("a=[1,2]"), json!([1, 2]));
        assert!(pair("a").is_err());
    }
}
