//! What a person reads before they accept a server: every fact that is new, changed or gone, and what deserves a second
//! look.
//!
//! All of it comes from a project that may be hostile. Each fact is one line whatever it holds, nothing steers the
//! terminal, and long values are cut with their length told, so that nothing can be pushed out of sight or forged.

use std::fmt::Write as _;

use crate::cli::output::printable;
use crate::launch::env::{glob, names_credential};
use crate::launch::preset::Preset;
use crate::manifest::Server;
use crate::trust::{Change, Difference, Packages, Record, Terms};

/// The longest text of a project that is shown of one fact, in characters.
const MAX_SHOWN: usize = 400;

/// How many packages are named in one line.
const MAX_PACKAGES: usize = 12;

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

/// The whole screen but the question. `scripts` are the locked packages that have install scripts.
pub(super) fn screen(
    server: &Server,
    terms: &Terms,
    scripts: &[String],
    before: Option<&Record>,
) -> String {
    let mut screen = format!("\nserver `{}` of {}\n", server.name, one_line(&path(server)));
    screen.push_str(match before {
        None => "You have not accepted it before:\n",
        Some(_) => "You have accepted it before. Since then:\n",
    });
    let differences = terms.differences(before);
    for difference in &differences {
        let _ = writeln!(screen, "  {}", line(difference, before.is_some()));
    }
    let packages = before.map(|record| terms.packages_since(record));
    let of_packages = match &packages {
        None => locked(terms),
        Some(packages) => changed(packages),
    };
    for text in &of_packages {
        let _ = writeln!(screen, "  {}", one_line(text));
    }
    if differences.is_empty() && of_packages.is_empty() {
        let _ = writeln!(screen, "  something about how it is locked has changed");
    }
    let scripts = named(scripts).map(|names| {
        format!("install scripts, which never run, belong to {names}: it may lack what they make")
    });
    for warning in warnings(server).into_iter().chain(scripts) {
        let _ = writeln!(screen, "  look:  {}", one_line(&warning));
    }
    screen.push_str("It runs as you, with all that you may read and write.");
    screen
}

fn path(server: &Server) -> String {
    server.manifest.display().to_string()
}

/// One fact with what became of it.
fn line(difference: &Difference, was_accepted: bool) -> String {
    let Difference { change, says, value, before } = difference;
    let word = match change {
        _ if !was_accepted => "",
        Change::New => "new:      ",
        Change::Changed => "changed:  ",
        Change::Removed => "removed:  ",
    };
    let value = value.as_ref().map(|value| format!(" {value}")).unwrap_or_default();
    let before = before.as_ref().map(|before| format!(", before: {before}")).unwrap_or_default();
    format!("{word}{}", one_line(&format!("{says}{value}{before}")))
}

/// What is locked, of a server that was never accepted.
fn locked(terms: &Terms) -> Vec<String> {
    match terms.packages.len() {
        0 => Vec::new(),
        count => vec![format!("is locked with {count} packages")],
    }
}

/// What is locked otherwise than before.
fn changed(packages: &Packages) -> Vec<String> {
    let Packages { new, removed, rehashed } = packages;
    let line = |word: &str, names: &[String]| Some(format!("{word} {}", named(names)?));
    let lines = [
        line("locked anew:", new),
        line("no longer locked:", removed),
        line("same version, OTHER CONTENT:", rehashed),
    ];
    lines.into_iter().flatten().collect()
}

/// Packages in one line; `None` where there are none.
fn named(names: &[String]) -> Option<String> {
    let first = names.iter().take(MAX_PACKAGES).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MAX_PACKAGES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("{first}{more}"))
}

/// What deserves a second look, changed or not.
fn warnings(server: &Server) -> Vec<String> {
    let mut warnings = Vec::new();
    let plain = server.env.plain.keys().map(String::as_str);
    let requests = server.requests.values().flatten();
    let secrets = requests.flat_map(|request| &request.variables).map(String::as_str);
    let passed = server.env.pass.iter().map(String::as_str);
    let mut names: Vec<&str> = plain.chain(secrets).chain(passed).collect();
    names.sort_unstable();
    names.dedup();
    for name in names.into_iter().filter(|name| redirects(name)) {
        warnings.push(format!("`{name}` can decide whom it talks to, or whom it believes"));
    }
    for preset in &server.env.presets {
        let reach = match preset {
            Preset::Ssh => "your SSH agent, and so every host that its keys open",
            Preset::Docker => "Docker's daemon, and so this machine",
            Preset::Node | Preset::Python | Preset::CorpProxy => continue,
        };
        warnings.push(format!("the preset `{}` lets it reach {reach}", preset.name()));
    }
    for name in server.env.pass.iter().filter(|name| names_credential(name)) {
        warnings.push(format!("`{name}` names a credential, and what passes is not redacted"));
    }
    for word in server.args.iter().filter(|word| word.contains("://")) {
        warnings.push(format!("an argument names an address: {word}"));
    }
    for request in server.requests.values().flatten() {
        if matches!(request.reference.provider.as_str(), "env" | "file") {
            warnings.push(format!(
                "`{}` comes from outside your secret stores: {}",
                request.variables.join(","),
                request.reference
            ));
        }
    }
    warnings
}

fn redirects(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    REDIRECTING.iter().any(|pattern| glob(pattern, &name))
}

/// A text as one line that a terminal only shows, cut where it is too long.
fn one_line(text: &str) -> String {
    let line = printable(text).replace('\n', "\\n").replace('\t', "\\t");
    match line.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{}… ({} characters)", &line[..at], text.chars().count()),
        None => line,
    }
}
