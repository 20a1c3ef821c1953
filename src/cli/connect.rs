//! What `tools` and `call` share: a server started exactly as `run` starts it, and a session with it.
//!
//! The server is `hushpipe run NAME`, a process of its own, so what is printed is what a client would get: scrubbed, checked
//! and redacted. Its stderr is ours. When the launch fails, it has said so there, and its exit code becomes ours.

use std::ffi::OsString;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::output::{Output, one_line};
use super::runtime::block_on;
use super::{Context, Global};
use crate::error::Error;
use crate::manifest;
use crate::mcp::client::{Client, ClientError, OnLog, Session};
use crate::sys::command;

/// Which server to start, and how long to wait for it.
#[derive(Debug, Args)]
pub(super) struct Connect {
    /// The server's name in the manifest
    #[arg(value_name = "NAME")]
    server: String,

    /// Use the secret references of this profile
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// How long to wait for each answer, such as 60s, 500ms or 2m; an hour at most
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    timeout: Duration,

    /// Show the log messages that the server sends
    #[arg(long, short)]
    verbose: bool,
}

/// A length of time as the manifest writes it.
fn time(text: &str) -> Result<Duration, &'static str> {
    manifest::duration(text).ok_or("write it like `60s`, `500ms` or `2m`, an hour at most")
}

/// A session with a server that we started.
pub(super) type Opened = Session<tokio::process::ChildStdout, tokio::process::ChildStdin>;

impl Connect {
    /// Starts the server, does `work` in an open session, ends the server.
    pub(super) fn run(
        &self,
        context: &Context,
        work: impl AsyncFnOnce(&mut Opened) -> Result<ExitCode, ClientError>,
    ) -> Result<ExitCode, Error> {
        block_on(async {
            let command =
                command::itself(self.args(&context.global)).map_err(ClientError::Start)?;
            let mut client = Client::start(command, self.timeout, self.on_log(&context.out))?;
            let outcome = match client.session().open().await {
                Ok(()) => work(client.session()).await,
                Err(error) => Err(error),
            };
            let status = client.end().await;
            outcome.or_else(|error| failed(&context.out, error, status))
        })?
    }

    fn args(&self, global: &Global) -> Vec<OsString> {
        let mut args = Vec::new();
        if let Some(manifest) = &global.manifest {
            args.extend(["--manifest".into(), manifest.clone().into_os_string()]);
        }
        if let Some(project) = &global.project {
            args.extend(["--project".into(), project.clone().into_os_string()]);
        }
        args.push("run".into());
        if let Some(profile) = &self.profile {
            args.extend(["--profile".into(), profile.into()]);
        }
        args.extend(["--".into(), self.server.clone().into()]);
        args
    }

    fn on_log(&self, out: &Output) -> Option<OnLog> {
        let out = out.clone();
        self.verbose.then(|| -> OnLog { Box::new(move |log| out.words(&log_line(log))) })
    }
}

/// One line for a log message of the server.
fn log_line(log: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let level = log["level"].as_str().unwrap_or("log");
    let logger = log["logger"].as_str().map(|name| format!(" {name}")).unwrap_or_default();
    one_line(&format!("{level}{logger}: {}", text(&log["data"])))
}

/// Reports a failed session and returns its exit code: the server's own when it did not start or ended, 1 when it answered
/// with an error.
fn failed(out: &Output, error: ClientError, status: Option<ExitStatus>) -> Result<ExitCode, Error> {
    let code = status.and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    match &error {
        ClientError::Refused { error: refused, .. }
            if refused.is_launch_failure() && code > Some(0) =>
        {
            Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
        }
        ClientError::Refused { .. } => {
            out.report(&error.into());
            Ok(ExitCode::FAILURE)
        }
        ClientError::Ended { .. } if code > Some(0) => {
            out.report(&error.into());
            Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
        }
        _ => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_log_message_is_one_line_that_cannot_steer_the_terminal() {
        let log =
            json!({"level": "info", "logger": "db", "data": "a\nhushpipe: error: b\u{1b}[0m"});
        assert_eq!(log_line(&log), r"info db: a\nhushpipe: error: b\u{1b}[0m");
        assert_eq!(log_line(&json!({"data": {"a": 1}})), r#"log: {"a":1}"#);
    }
}
