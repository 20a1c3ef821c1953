//! `hushpipe tools`, and what it shares with `hushpipe call`: a server started exactly as a client starts it.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::output::printable;
use super::{Context, duration};
use crate::error::Error;
use crate::mcp::client::{Client, ClientError};
use crate::sys::command;

/// List a server's tools, started as `run` starts it
///
/// Starts `hushpipe run NAME` as a client would and prints what the client would get.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  hushpipe tools github\n  hushpipe tools github --json | jq '.[].name'")]
pub(super) struct Tools {
    /// The server, as the manifest names it
    name: String,

    #[command(flatten)]
    session: SessionArgs,
}

/// How a session of `tools` and `call` is held.
#[derive(Debug, Args)]
pub(super) struct SessionArgs {
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,

    /// How long to wait for each answer, such as 90s or 5m
    #[arg(long, default_value = "60s", value_parser = duration)]
    timeout: Duration,
}

impl Tools {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        self.session.with(context, &self.name, |client| {
            let tools = client.tools()?;
            if self.session.json {
                context.out.data(&format!("{:#}", json!(tools)));
            } else {
                tools.iter().for_each(|tool| context.out.data(&describe(tool)));
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

impl SessionArgs {
    /// Starts the server, lets `talk` use it, and ends it. A launch that failed has said why on stderr already; its exit
    /// code becomes ours.
    pub(super) fn with(
        &self,
        context: &Context,
        name: &str,
        talk: impl FnOnce(&mut Client) -> Result<ExitCode, ClientError>,
    ) -> Result<ExitCode, Error> {
        let command = command::ourselves(self.run_args(context, name)).map_err(ClientError::Spawn)?;
        let mut client = Client::start(command, self.timeout)?;
        match client.negotiate().and_then(|()| talk(&mut client)) {
            Ok(code) => Ok(code),
            Err(error) if error.is_own() => match client.end().ok().and_then(|status| status.code()) {
                Some(code) if code != 0 => Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))),
                _ => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    fn run_args(&self, context: &Context, name: &str) -> Vec<OsString> {
        let mut args = Vec::new();
        for (flag, path) in
            [("--manifest", &context.global.manifest), ("--project", &context.global.project)]
        {
            args.extend(path.iter().flat_map(|path| [flag.into(), path.clone().into_os_string()]));
        }
        args.extend(["run".into(), "--".into(), name.into()]);
        args
    }
}

/// A tool as a person reads it: name, first line of the description, arguments.
fn describe(tool: &Value) -> String {
    let text = |value: &Value| printable(value.as_str().unwrap_or_default());
    let description = text(&tool["description"]);
    let mut lines = vec![text(&tool["name"])];
    lines.extend(description.lines().next().map(|line| format!("    {line}")));
    let schema = &tool["inputSchema"];
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let required = schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
        let kind = property["type"].as_str().unwrap_or("any");
        let mark = if required { "" } else { "?" };
        lines.push(format!("    {}{mark}: {}", printable(name), printable(kind)));
    }
    lines.join("\n")
}
