//! `hushpipe why`.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::Context;
use super::output::{json, one_line};
use crate::audit::{Done, Event, Findings, Kind, What};
use crate::error::{self, Error, Fault};
use crate::manifest::{self, Level, Manifest};
use crate::redact;
use crate::redact::settings::table;
use crate::sys::clock;
use crate::sys::path::Paths;

/// Show why something was withheld: the latest findings, and how to allow one
///
/// Every launch records its findings without their values: the time, the rule or secret, the tool, the place and the
/// length. hushpipe keeps the last hundred of each server. For each finding of a rule, `why` prints the manifest line
/// that would allow it, by its place or by its value. A known value is never allowed.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe why
  hushpipe why github --last 1
  hushpipe why github --json | jq '.[].place'")]
pub(super) struct Why {
    /// Only findings of this server
    #[arg(value_name = "SERVER")]
    server: Option<String>,

    /// How many of the newest findings to show
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    last: usize,

    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// One finding, as `--json` writes it.
#[derive(Serialize)]
struct ExplainedFinding {
    /// When it was found last, as RFC 3339.
    at: String,
    times: u64,
    server: String,
    manifest: String,
    #[serde(flatten)]
    what: What,
    done: Done,
    /// What the rule finds; `null` where nothing says it.
    description: Option<String>,
    /// Where the format is documented.
    source: Option<String>,
    /// What an entry of `redact.allow` would be; `null` where nothing may let it pass.
    allow: Option<AllowLines>,
}

/// The entries that let a finding pass.
#[derive(Serialize)]
struct AllowLines {
    /// The table of the manifest that has the list.
    table: String,
    /// By the rule and the place.
    place: String,
    /// By the value, where its HMAC is recorded.
    value: Option<String>,
}

impl Why {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        let latest = Findings::of(&paths).latest(self.server.as_deref()).map_err(Unreadable)?;
        // Only for the descriptions of its own rules: what was found is told whatever became of the manifest.
        let manifest = manifest::load(&context.sources(None), &paths).ok();
        let newest = latest.into_iter().rev().take(self.last);
        let answers: Vec<ExplainedFinding> =
            newest.map(|event| ExplainedFinding::of(event, manifest.as_ref())).collect();
        if self.json {
            context.out.data(&json(&answers));
        } else if answers.is_empty() {
            context.out.words("hushpipe: no findings yet");
        }
        for answer in answers.iter().filter(|_| !self.json) {
            answer.lines().iter().for_each(|line| context.out.data(&one_line(line)));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl ExplainedFinding {
    fn of(event: Event, manifest: Option<&Manifest>) -> Self {
        let Event { at, times, server, manifest: file, what, done } = event;
        let entry = manifest.and_then(|manifest| manifest.servers.get(&server));
        let entry = entry.filter(|entry| entry.resolved == file);
        let built_in = redact::description(&what.name).filter(|_| what.kind == Kind::Rule);
        let own = entry.and_then(|entry| entry.redact.rules.iter().find(|own| own.id == what.name));
        let own = own.filter(|own| what.kind == Kind::Rule && !own.description.is_empty());
        let description = built_in.map(|(description, _)| description.to_owned());
        // A project's list of what may pass would be refused.
        let is_projects = entry.is_some_and(|entry| entry.level == Level::Project);
        Self {
            at: clock::utc(at),
            times,
            allow: AllowLines::of(&server, &what, done).filter(|_| !is_projects),
            server,
            manifest: file.display().to_string(),
            done,
            description: description.or(own.map(|own| own.description.clone())),
            source: built_in.map(|(_, source)| source.to_owned()),
            what,
        }
    }

    /// The lines for people.
    fn lines(&self) -> Vec<String> {
        let What { name, tool, place, length, .. } = &self.what;
        let sent = is_sent(&self.what);
        let done = match self.done {
            Done::Passed if sent => "was sent on to the server",
            Done::Blocked if sent => "stopped its call",
            Done::Replaced => "was replaced",
            Done::Passed => "passed, because nothing can be replaced there",
            Done::Blocked => {
                "was withheld with its whole message, because nothing can be replaced there"
            }
            Done::Reported => "was left unchanged, because `redact.mode` is `report`",
        };
        let mut lines = vec![format!("{}  {}: `{name}` {done}", self.at, self.server)];
        let mut say = |what: &str, text: String| lines.push(format!("  {what:<7} {text}"));
        match (self.what.kind, &self.description) {
            (Kind::Value, _) => {
                say("secret", "a value that hushpipe gave to the server".to_owned())
            }
            (Kind::Rule, Some(description)) => say("rule", description.clone()),
            (Kind::Rule, None) => say("rule", "no longer in the manifest".to_owned()),
        }
        if let Some(source) = &self.source {
            say("source", source.clone());
        }
        let part = if sent { "the arguments" } else { "the answer" };
        let tool = tool.as_ref().map(|tool| format!("{part} of `{tool}`, "));
        let tool = tool.unwrap_or_default();
        let times = if self.times > 1 { format!(", {} times", self.times) } else { String::new() };
        say("where", format!("{tool}{place}, {length} bytes{times}"));
        match &self.allow {
            Some(AllowLines { table, place, value }) => {
                say("allow", format!("under [{table}]: allow = [{place}]"));
                if let Some(value) = value {
                    say("", format!("or only this value: allow = [{value}]"));
                }
            }
            None if self.what.kind == Kind::Value => {
                say("allow", "a known value is never allowed".to_owned());
            }
            None if self.done == Done::Passed => {}
            None => say("allow", "only the user manifest may have `allow`".to_owned()),
        }
        lines
    }
}

impl AllowLines {
    /// How to let a finding pass, unless it is a known value, or passes by itself.
    fn of(server: &str, what: &What, done: Done) -> Option<Self> {
        let What { kind, name, tool, place, hmac, .. } = what;
        // What passes where nothing can be replaced passes by itself; in arguments it is told, which this ends.
        if *kind == Kind::Value || done == Done::Passed && !is_sent(what) {
            return None;
        }
        let mut entry = format!("{{ rule = {}", quoted(name));
        if let Some(tool) = tool {
            entry += &format!(", tool = {}", quoted(tool));
        }
        // A pointer that was too long to keep has lost its end.
        let place = match place.strip_suffix('…') {
            Some(cut) => format!("{}/*", cut.rsplit_once('/').map_or("", |(before, _)| before)),
            None => place.clone(),
        };
        entry += &format!(", pointer = {} }}", quoted(&place));
        let value = hmac.as_ref().map(|hmac| format!("{{ hmac = {} }}", quoted(hmac)));
        Some(Self { table: table(server, None), place: entry, value })
    }
}

/// Whether it was found on its way to the server: in the arguments of a call.
fn is_sent(what: &What) -> bool {
    what.tool.is_some() && what.place.starts_with("/params/")
}

/// A text as a string of TOML, whose basic strings have the escapes of JSON's.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// What was found cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the record of findings")]
struct Unreadable(#[source] std::io::Error);

impl Fault for Unreadable {
    fn kind(&self) -> error::Kind {
        error::Kind::Io
    }
}
