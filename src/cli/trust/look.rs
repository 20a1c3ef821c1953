//! What deserves a second look before a server is accepted, changed or not.
//!
//! These are guesses from names and shapes: they draw the eye, and nothing depends on them. Of each kind only the first few
//! are told and the rest counted, so that many of one kind cannot push another out of sight.

use std::path::Path;

use super::show::named;
use crate::cli::literal::Literals;
use crate::launch::env::{glob, names_credential};
use crate::launch::preset::Preset;
use crate::manifest::{Argument, Cwd, Server};
use crate::plan::program::interpreter;
use crate::runner::Package;
use crate::trust::Terms;

/// How many of one kind are told.
const MAX_OF_KIND: usize = 5;

/// Variables that decide whom a server talks to and whom it believes. Upper case; names are compared in that.
const REDIRECTING: &[&str] = &[
    "*URL",
    "*URI",
    "*HOST",
    "*HOSTNAME",
    "*ENDPOINT*",
    "*ADDR",
    "*ADDRESS",
    "*SERVER",
    "*DOMAIN",
    "*ORIGIN",
    "*_BASE",
    "*PROXY*",
    "*TLS*",
    "*SSL*",
    "*_CA",
    "*_CA_*",
    "*CERT*",
    "*INSECURE*",
    "*VERIFY*",
];

/// Variables that decide what else a server starts, or whose settings it reads.
const STEERING: &[&str] = &[
    "HOME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "XDG_*",
    "SHELL",
    "COMSPEC",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "*_PAGER",
    "*_EDITOR",
    "BROWSER",
    "*ASKPASS",
    "*COMMAND",
    "*_CMD",
    "*_BIN",
    "*EXECUTABLE*",
    "GIT_*",
    "*CONFIG*",
    "*PLUGIN*",
    "*_RC",
];

/// Whether a variable of this name decides with whom, or by what, a server works.
pub(super) fn redirects(name: &str) -> bool {
    is_of(REDIRECTING, name) || is_of(STEERING, name)
}

fn is_of(patterns: &[&str], name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    patterns.iter().any(|pattern| glob(pattern, &name))
}

/// The lines, the most telling ones last: they stand right above the question.
pub(super) fn looks(server: &Server, terms: &Terms, scripts: &[String]) -> Vec<String> {
    let kinds = [
        of_scripts(scripts),
        of_variables(server),
        of_presets(server),
        of_passed(server),
        of_references(server),
        of_letters(terms),
        of_addresses(server),
        of_files(server),
        of_program(server),
    ];
    let told = |kind: Vec<String>| {
        let more = kind.len().saturating_sub(MAX_OF_KIND);
        let rest = (more > 0).then(|| format!("and {more} more like these"));
        kind.into_iter().take(MAX_OF_KIND).chain(rest).collect::<Vec<_>>()
    };
    kinds.into_iter().flat_map(told).collect()
}

fn of_scripts(scripts: &[String]) -> Vec<String> {
    let line = named(scripts).map(|names| {
        format!("hushpipe does not run the install scripts of {names}: the server may lack what they make")
    });
    line.into_iter().collect()
}

fn of_variables(server: &Server) -> Vec<String> {
    let plain = server.env.plain.keys().map(String::as_str);
    let requests = server.requests.values().flatten();
    let secrets = requests.flat_map(|request| &request.variables).map(String::as_str);
    let passed = server.env.pass.iter().map(String::as_str);
    let mut names: Vec<&str> = plain.chain(secrets).chain(passed).collect();
    names.sort_unstable();
    names.dedup();
    let line = |name: &&str| {
        if is_of(REDIRECTING, name) {
            Some(format!("`{name}` controls which host it contacts or trusts"))
        } else if is_of(STEERING, name) {
            Some(format!("`{name}` can change which programs it starts or which settings it reads"))
        } else {
            None
        }
    };
    names.iter().filter_map(line).collect()
}

fn of_presets(server: &Server) -> Vec<String> {
    let line = |preset: &Preset| {
        let reach = match preset {
            Preset::Ssh => "your SSH agent, and so every host that your keys can log in to",
            Preset::Docker => "the Docker daemon, which can control this whole machine",
            Preset::Node | Preset::Python | Preset::CorpProxy => return None,
        };
        Some(format!("the preset `{}` gives it access to {reach}", preset.name()))
    };
    server.env.presets.iter().filter_map(line).collect()
}

fn of_passed(server: &Server) -> Vec<String> {
    let names = server.env.pass.iter().filter(|name| names_credential(name));
    names
        .map(|name| {
            format!("`{name}` looks like a credential, and variables under `pass` are not redacted")
        })
        .collect()
}

fn of_references(server: &Server) -> Vec<String> {
    let requests = server.requests.values().flatten();
    let outside =
        requests.filter(|request| matches!(request.reference.provider.as_str(), "env" | "file"));
    outside
        .map(|request| {
            let variables = request.variables.join(",");
            let reference = &request.reference;
            format!("`{variables}` comes from outside your secret stores: {reference}")
        })
        .collect()
}

/// Words with letters that can pass for others: a Cyrillic `а` in a host name is another host.
fn of_letters(terms: &Terms) -> Vec<String> {
    let texts = terms.facts.values().flat_map(|fact| [Some(&fact.says), fact.value.as_ref()]);
    let words = texts.flatten().flat_map(|text| text.split_whitespace());
    let spelt = |word: &str| {
        let letter = |c: char| match c.is_ascii() {
            true => c.to_string(),
            false => c.escape_unicode().to_string(),
        };
        let spelt: String = word.chars().map(letter).collect();
        format!("letters outside ASCII can look like others: {spelt}")
    };
    let mut lines: Vec<String> = words.filter(|word| !word.is_ascii()).map(spelt).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

fn of_addresses(server: &Server) -> Vec<String> {
    let shown = Literals::new(server).arguments().into_iter();
    let words =
        shown.filter(|shown| shown.argument.plain().is_some_and(|word| word.contains("://")));
    words.map(|shown| format!("an argument contains a URL: {}", shown.text)).collect()
}

/// Files that arguments and settings name: what they hold may change after they were accepted, and may be code.
fn of_files(server: &Server) -> Vec<String> {
    let args = server.args.iter().filter_map(Argument::plain);
    let args = args.filter(|word| names_file(server, word));
    let args = args.map(|word| format!("an argument names a file that is not pinned: {word}"));
    let settings = server.env.plain.iter().filter(|(_, value)| names_file(server, value));
    let settings =
        settings.map(|(name, value)| format!("`{name}` names a file that is not pinned: {value}"));
    settings.chain(args).collect()
}

/// Whether a word is the path of a file, in one of the forms that programs take: `path`, `--option=path`, `@path`,
/// `file://path`. The folder that the client will start us in is not known here; the project's own is the best guess.
fn names_file(server: &Server, word: &str) -> bool {
    let behind = word.split_once('=').map_or(word, |(_, value)| value);
    let folder = match &server.cwd {
        Cwd::Path(path) => Some(path.as_path()),
        Cwd::Client => server.manifest.parent(),
    };
    [word, behind].into_iter().any(|text| {
        let text = text.strip_prefix("file://").unwrap_or(text).trim_start_matches('@');
        !text.is_empty() && folder.unwrap_or(Path::new("/")).join(text).is_file()
    })
}

fn of_program(server: &Server) -> Vec<String> {
    let Package::Binary(binary) = &server.package else { return Vec::new() };
    let path = binary.path.display();
    let mut lines = Vec::new();
    if !binary.path.is_file() {
        lines.push(format!("`{path}` does not exist yet, so nothing is known about it"));
    }
    if let Some(name) = interpreter(&binary.path) {
        lines.push(format!(
            "`{path}` is not pinned: it is `{name}`, and the digest does not cover the code that it runs"
        ));
    }
    lines
}
