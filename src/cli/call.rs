//! `hushpipe call`.

use std::io::Read;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};

use super::Context;
use super::output::printable;
use super::tools::SessionArgs;
use crate::error::{Error, Fault, Kind};

/// Call a tool of a server, started as `run` starts it
///
/// Prints what a client would get: text as it is, anything else by kind and size. Exits with 1 when the tool says that
/// it failed.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  hushpipe call everything get-env\n  hushpipe call everything echo '{\"message\": \"hello\"}'\n  hushpipe call files read_file - < arguments.json")]
pub(super) struct Call {
    /// The server, as the manifest names it
    name: String,

    /// The tool
    tool: String,

    /// The arguments as a JSON object; `-` reads them from standard input
    #[arg(default_value = "{}", hide_default_value = true)]
    arguments: String,

    #[command(flatten)]
    session: SessionArgs,
}

impl Call {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let arguments = Value::Object(self.arguments()?);
        self.session.with(context, &self.name, |client| {
            let result = client.call(&self.tool, arguments)?;
            if self.session.json {
                context.out.data(&format!("{result:#}"));
            } else {
                describe(&result).iter().for_each(|block| context.out.data(block));
            }
            Ok(if result["isError"] == json!(true) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
        })
    }

    fn arguments(&self) -> Result<Map<String, Value>, CallError> {
        let text = match self.arguments.as_str() {
            "-" => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).map_err(CallError::Stdin)?;
                text
            }
            text => text.to_owned(),
        };
        match serde_json::from_str(&text).map_err(CallError::NotJson)? {
            Value::Object(arguments) => Ok(arguments),
            _ => Err(CallError::NotAnObject),
        }
    }
}

/// A result as a person reads it, block by block. Structured content counts only where there is no text: servers repeat
/// it there.
fn describe(result: &Value) -> Vec<String> {
    let content = result["content"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut blocks: Vec<String> = content.iter().map(block).collect();
    if blocks.is_empty() && !result["structuredContent"].is_null() {
        blocks.push(printable(&format!("{:#}", result["structuredContent"])));
    }
    blocks
}

fn block(block: &Value) -> String {
    let text = |value: &Value| printable(value.as_str().unwrap_or_default());
    let kind = text(&block["type"]);
    match kind.as_str() {
        "text" => text(&block["text"]),
        "resource_link" => format!("[resource {}]", text(&block["uri"])),
        "resource" if block["resource"]["text"].is_string() => text(&block["resource"]["text"]),
        "resource" => format!("[resource {}]", text(&block["resource"]["uri"])),
        _ => {
            let size = block["data"].as_str().map_or(0, str::len);
            format!("[{kind} {}, {size} characters of base64]", text(&block["mimeType"]))
        }
    }
}

/// Why the arguments cannot be sent.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("the arguments could not be read from standard input")]
    Stdin(#[source] std::io::Error),
    #[error("the arguments are not JSON")]
    NotJson(#[source] serde_json::Error),
    #[error("the arguments are not a JSON object")]
    NotAnObject,
}

impl Fault for CallError {
    fn kind(&self) -> Kind {
        match self {
            Self::Stdin(_) => Kind::Io,
            Self::NotJson(_) | Self::NotAnObject => Kind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        Some("write them as one JSON object, such as '{\"message\": \"hello\"}'".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_shown_by_block_and_nothing_steers_the_terminal() {
        let result = json!({ "content": [
            { "type": "text", "text": "a\u{1b}[2J" },
            { "type": "image", "mimeType": "image/png", "data": "AAAA" },
            { "type": "resource_link", "uri": "file:///x" },
        ], "structuredContent": { "a": 1 } });
        assert_eq!(
            describe(&result),
            ["a\\u{1b}[2J", "[image image/png, 4 characters of base64]", "[resource file:///x]"]
        );
        assert_eq!(describe(&json!({ "content": [], "structuredContent": [1] })), ["[\n  1\n]"]);
    }
}
