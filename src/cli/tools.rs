//! `hushpipe tools`: what a client sees of a server's tools, as a usage line and a description each.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::Context;
use super::connect::Connect;
use super::output::{printable, printable_json};
use crate::error::Error;

/// List the tools of a server
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe tools github
  hushpipe tools github --json | jq -r '.[].name'")]
pub(super) struct ToolsArgs {
    #[command(flatten)]
    connect: Connect,

    /// Print the tools as the server described them: a JSON array, one tool a line
    #[arg(long)]
    json: bool,
}

impl ToolsArgs {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        self.connect.run(context, async |session| {
            let tools = session.tools().await?;
            let tools = tools.iter().map(|tool| tool.get());
            if self.json {
                let tools: Vec<_> = tools.map(printable_json).collect();
                context.out.data(&format!("[{}]", tools.join(",\n")));
            } else {
                for tool in tools.filter_map(|tool| serde_json::from_str(tool).ok()) {
                    context.out.data(&printable(&summary(&tool)));
                }
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// The longest description that is printed, in characters.
const DESCRIPTION: usize = 160;

/// A usage line and, below it, the first line of the description.
fn summary(tool: &Value) -> String {
    let name = one_line(tool["name"].as_str().unwrap_or_default());
    let description = tool["description"].as_str().or(tool["title"].as_str()).unwrap_or_default();
    let first = description.trim().lines().next().unwrap_or_default();
    let mut summary = format!("{name}{}", arguments(&tool["inputSchema"]));
    if !first.is_empty() {
        let short: String = first.chars().take(DESCRIPTION).collect();
        let more = if short.len() < description.trim().len() { "…" } else { "" };
        summary.push_str(&format!("\n    {short}{more}"));
    }
    summary
}

/// The arguments of a tool: ` name=<type>` for one that it needs, in brackets where it can do without.
fn arguments(schema: &Value) -> String {
    let required = |name: &String| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|needed| needed == name))
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    let (needed, optional): (Vec<_>, Vec<_>) = properties.partition(|(name, _)| required(name));
    let form = |(name, schema): (&String, &Value)| one_line(&format!("{name}=<{}>", kind(schema)));
    let needed = needed.into_iter().map(|argument| format!(" {}", form(argument)));
    let optional = optional.into_iter().map(|argument| format!(" [{}]", form(argument)));
    needed.chain(optional).collect()
}

/// What an argument is: its values, if they are few, else its type.
fn kind(schema: &Value) -> String {
    let words = |values: &Value| {
        let values = values.as_array()?.iter();
        let words: Vec<_> = values.filter_map(Value::as_str).collect();
        (!words.is_empty()).then(|| words.join("|"))
    };
    let named = || schema["type"].as_str().map(str::to_owned);
    words(&schema["enum"])
        .filter(|words| words.len() <= 60)
        .or_else(named)
        .or_else(|| words(&schema["type"]))
        .unwrap_or_else(|| "any".to_owned())
}

/// The text without line breaks, so that a name cannot look like a tool of its own.
fn one_line(text: &str) -> String {
    text.replace(char::is_whitespace, " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tool_is_a_usage_line_and_a_description() {
        let tool = json!({
            "name": "add",
            "description": "Adds.\nAt length.",
            "inputSchema": {
                "properties": {
                    "note": {},
                    "a": {"type": "number"},
                    "how": {"type": "string", "enum": ["fast", "slow"]},
                    "b": {"type": ["number", "null"]},
                },
                "required": ["a", "b"],
            },
        });
        assert_eq!(
            summary(&tool),
            "add a=<number> b=<number|null> [note=<any>] [how=<fast|slow>]\n    Adds.…"
        );
    }

    #[test]
    fn a_tool_without_anything_is_its_name() {
        assert_eq!(summary(&json!({"name": "a\nb"})), "a b");
    }
}
