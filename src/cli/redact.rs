//! `hushpipe redact`.

use std::io::{self, Read};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Context;
use super::fetch::attempt_once;
use super::output::{Unwritten, one_line, printable_json};
use crate::error::{Error, Fault, Kind};
use crate::manifest::{self, Manifest, Server};
use crate::provider::Providers;
use crate::provider::resolve::all_or_nothing;
use crate::redact::settings::Settings;
use crate::redact::{self, Located, Redactor};
use crate::secret::SecretSet;
use crate::sys::machine_key::MachineKey;
use crate::sys::path::Paths;
use crate::trust::Ledger;

/// Redact stdin to stdout, by the same rules as a server's messages
///
/// JSON stays JSON, on one line or on several: every string and key is searched with its escapes decoded. Everything
/// else is text. Lines that belong together, such as a Kubernetes Secret or the entries of a `.netrc`, are searched and
/// printed together; all others are printed at once. The output equals the input except for markers such as
/// `[hushpipe:github-pat]`. Memory is bounded for input of any length; a line or a JSON document over 8 MiB counts as
/// text.
///
/// With --report, prints the findings instead of the text: line, rule, JSON pointer and length, never the value. The
/// exit code is then 1 if there are findings. Otherwise it is 0.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe redact < session.jsonl > shareable.jsonl
  some-program 2>&1 | hushpipe redact --format text
  hushpipe redact --report < app.log
  hushpipe redact --server github --known --report --json < recording.jsonl")]
pub(super) struct RedactArgs {
    /// Read every line as JSON, or as text; by default each line is judged by its look
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<InputFormat>,

    /// Print the findings instead of the text; exit with 1 if there are any
    #[arg(long)]
    report: bool,

    /// Write the report as JSON, one object a line
    #[arg(long, requires = "report")]
    json: bool,

    /// Use this server's own rules, `allow` list and level
    #[arg(long, value_name = "NAME")]
    server: Option<String>,

    /// Fetch that server's secrets, and search for them too
    #[arg(long, requires = "server")]
    known: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum InputFormat {
    Json,
    Text,
}

/// A finding, as `--json` writes it.
#[derive(Serialize)]
struct FindingLine<'a> {
    /// From 1 on.
    line: u64,
    kind: &'static str,
    /// The id of the rule, or the variable of a known value.
    name: &'a str,
    /// `null` in text.
    pointer: Option<&'a str>,
    /// In bytes.
    length: usize,
    /// What lets this value pass in `redact.allow`; `null` for a known value.
    hmac: Option<&'a str>,
}

impl RedactArgs {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let redactor = self.redactor(context)?;
        let format = match self.format {
            None => redact::Format::Auto,
            Some(InputFormat::Json) => redact::Format::Json,
            Some(InputFormat::Text) => redact::Format::Text,
        };
        let mut cleaner = redactor.lines(format);
        let mut stdin = io::stdin().lock();
        let (mut buffer, mut clean) = (vec![0; 64 * 1024], Vec::new());
        let (mut begun, mut found) = (false, false);
        loop {
            let read = match stdin.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(UnreadableInput::Read)?,
            };
            if !std::mem::replace(&mut begun, true) && is_utf16(&buffer[..read]) {
                return Err(UnreadableInput::Utf16.into());
            }
            clean.clear();
            match read {
                0 => cleaner.finish(&mut clean),
                read => cleaner.push(&buffer[..read], &mut clean),
            }
            let findings = cleaner.take_findings();
            found |= !findings.is_empty();
            if self.report {
                findings.iter().for_each(|finding| context.out.data(&self.line(finding)));
            } else {
                match context.out.bytes(&clean) {
                    // Whoever read it has seen enough.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
                    written => written.map_err(Unwritten)?,
                }
            }
            if read == 0 {
                break;
            }
        }
        Ok(ExitCode::from(u8::from(self.report && found)))
    }

    /// The built-in rules, or what a server of the manifest has besides.
    fn redactor(&self, context: &Context) -> Result<Redactor, Error> {
        let paths = Paths::of_user(&context.env)?;
        // Only what names a value by its HMAC needs the key, and that has been made by then.
        let key = || MachineKey::load(&paths).ok();
        let Some(name) = &self.server else {
            let key = if self.report { key() } else { None };
            return Ok(Redactor::with([], &Settings::default(), key));
        };
        let manifest = manifest::load(&context.sources(None), &paths)?;
        let server = manifest.server(name)?;
        let known = match self.known {
            true => fetch(server, &manifest, context, &paths)?,
            false => SecretSet::default(),
        };
        Ok(Redactor::new(&known, &[], &server.redact.redacting(), key()))
    }

    /// A finding as one line.
    fn line(&self, found: &Located) -> String {
        let Located { line, finding } = found;
        let pointer = finding.place.starts_with('/').then_some(&*finding.place);
        if !self.json {
            let place = pointer.map(|pointer| format!(" at {pointer}")).unwrap_or_default();
            let (what, length) = (&finding.what, finding.len);
            return one_line(&format!("line {line}: {what}{place}, {length} bytes"));
        }
        let kind = match finding.kind {
            redact::Kind::Value => "value",
            redact::Kind::Rule => "rule",
        };
        let (name, length, hmac) = (&*finding.what, finding.len, finding.hmac.as_deref());
        let line = FindingLine { line: *line, kind, name, pointer, length, hmac };
        printable_json(&serde_json::to_string(&line).unwrap_or_default())
    }
}

/// The secrets of a server that may run.
fn fetch(
    server: &Server,
    manifest: &Manifest,
    context: &Context,
    paths: &Paths,
) -> Result<SecretSet, Error> {
    let ledger = Ledger::of(paths);
    // What nobody accepted fetches nothing; the lock decides what runs, and nothing does.
    let _ = server.allow(&ledger)?;
    let providers = Providers::new(&manifest.providers, &context.env, paths);
    let attempts = attempt_once(&server.secrets, providers, &context.out)?;
    let resolved = all_or_nothing(&server.name, attempts)?;
    resolved.warnings.iter().for_each(|warning| context.out.warn(warning));
    Ok(resolved.secrets)
}

/// Whether a text begins with the mark of UTF-16, which some shells write into files. In it nothing looks like a
/// secret.
fn is_utf16(start: &[u8]) -> bool {
    matches!(start, [0xFF] | [0xFE] | [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..])
}

/// A text could not be read.
#[derive(Debug, thiserror::Error)]
enum UnreadableInput {
    #[error("stdin is UTF-16, and hushpipe finds no secrets in UTF-16")]
    Utf16,
    #[error("cannot read stdin")]
    Read(#[source] io::Error),
}

impl Fault for UnreadableInput {
    fn kind(&self) -> Kind {
        Kind::Io
    }

    fn hint(&self) -> Option<String> {
        matches!(self, Self::Utf16).then(|| "convert it to UTF-8 first".to_owned())
    }
}
