//! What a person reads before they accept a server: every fact that is new, changed or gone, and what deserves a second
//! look (`look.rs`).
//!
//! All of it comes from a project that may be hostile. Each fact is one line whatever it holds and nothing steers the
//! terminal, so that nothing can be forged. What is too long to show is told by its length and digest, so that it cannot
//! change unseen. What matters most stands nearest to the question: what is started, what it gets, what to look at; a
//! flood of settings scrolls away above it, and only settings that decide nothing about its peers are left out, counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::look::{self, redirects};
use crate::cli::literal::Literals;
use crate::cli::output::one_line;
use crate::manifest::Server;
use crate::trust::{Change, Difference, FactKey, Packages, Record, Terms, mark};

/// The longest text of a project that is shown whole, in characters; of a longer one, how much of its start and end.
const MAX_SHOWN: usize = 400;
const SHOWN_START: usize = 300;
const SHOWN_END: usize = 100;

/// How many packages are named in one line.
const MAX_PACKAGES: usize = 12;

/// How many settings are shown that redirect nothing.
const MAX_SETTINGS: usize = 40;

/// How many lines a person's terminal has at least; a longer screen says how long it is.
const MAX_LINES: usize = 24;

/// The whole screen but the question. `scripts` are the locked packages that have install scripts.
pub(super) fn screen(
    server: &Server,
    terms: &Terms,
    scripts: &[String],
    before: Option<&Record>,
) -> String {
    let mut lines = vec![String::new(), heading(server)];
    lines.push(match before {
        None => "You have not accepted this server before:".to_owned(),
        Some(_) => "You have accepted this server before. Since then:".to_owned(),
    });
    let start = lines.len();
    let hidden = Hidden::of(server);
    let hides_some = facts(terms, before, &hidden, &mut lines);
    let of_packages = before.map_or_else(|| locked(terms), |record| changed(terms, record));
    lines.extend(of_packages.iter().map(|text| format!("  {}", spelt(text))));
    if lines.len() == start {
        lines.push("  its entry has changed in a way that is not listed here".to_owned());
    }
    let mut looks = look::looks(server, &hidden.applied(terms), scripts);
    looks.extend(hidden.looks);
    if hides_some || lines.iter().any(|line| line.contains(CUT)) {
        let name = &server.name;
        looks.push(format!("some of it is not shown: read `[servers.{name}]` in the manifest too"));
    }
    let count = lines.len() + looks.len();
    if count > MAX_LINES {
        looks.push(format!("this is {count} lines long: scroll up to read it from the start"));
    }
    lines.extend(looks.iter().map(|text| format!("  check: {}", piece(text))));
    // Once more, where nothing can stand between it and the question.
    let package = piece(&server.package.to_string());
    lines
        .push(format!("{package} will run as you: it can read and write everything that you can."));
    lines.join("\n")
}

/// The server and where it is from: the file that was read, and the name it was found by where that is another.
fn heading(server: &Server) -> String {
    let (named, file) = (server.manifest.display().to_string(), server.resolved.display());
    // Windows resolves every path to one with this in front.
    let file = file.to_string().trim_start_matches(r"\\?\").to_owned();
    let link = match named == file {
        true => String::new(),
        false => format!(" (through the link `{}`)", piece(&named)),
    };
    format!("server `{}` of {}{link}", server.name, piece(&file))
}

/// The facts, those first that matter least. Returns whether some settings are left out.
fn facts(terms: &Terms, before: Option<&Record>, hidden: &Hidden, lines: &mut Vec<String>) -> bool {
    let mut differences = terms.differences(before);
    for Difference { key, value, .. } in &mut differences {
        if let (Some(shown), Some(_)) = (hidden.values.get(key), &value) {
            *value = Some(shown.clone());
        }
    }
    differences.sort_by_key(|difference| Reverse(difference.key.distance()));
    let is_setting = |difference: &Difference| matches!(&difference.key, FactKey::Variable(name) if !redirects(name));
    let (settings, others): (Vec<_>, Vec<_>) = differences.into_iter().partition(is_setting);
    let line = |difference: &Difference| format!("  {}", line(difference, before.is_some()));
    lines.extend(settings.iter().take(MAX_SETTINGS).map(line));
    let more = settings.len().saturating_sub(MAX_SETTINGS);
    if more > 0 {
        lines.push(format!("  and {more} more settings that are not shown"));
    }
    lines.extend(others.iter().map(line));
    more > 0
}

/// Literal credentials of the entry, which the screen does not show: somebody may look over the person's shoulder, and
/// terminals keep what they showed.
struct Hidden {
    /// What is shown instead of a fact's value, by the key of the fact.
    values: BTreeMap<FactKey, String>,
    /// Where something is not shown.
    looks: Vec<String>,
}

impl Hidden {
    fn of(server: &Server) -> Self {
        let literals = Literals::new(server);
        let mut hidden = Self { values: BTreeMap::new(), looks: Vec::new() };
        let look = |place: String| {
            format!("{place} looks like a credential and is partly hidden: read it in the manifest")
        };
        let arguments = literals.arguments();
        let places = arguments.iter().filter(|shown| shown.is_credential);
        hidden.looks.extend(places.map(|shown| look(shown.argument.place.to_string())));
        if !hidden.looks.is_empty() {
            let texts: Vec<_> = arguments.iter().map(|shown| &shown.text).collect();
            hidden.values.insert(FactKey::Args, json!(texts).to_string());
        }
        for (name, value) in &server.env.plain {
            if let Some(shown) = literals.hide_in_setting(name, value) {
                hidden.values.insert(FactKey::Variable(name.clone()), json!(shown).to_string());
                hidden.looks.push(look(format!("`{name}`")));
            }
        }
        hidden
    }

    /// The terms without the credentials.
    fn applied(&self, terms: &Terms) -> Terms {
        let mut terms = terms.clone();
        for (key, shown) in &self.values {
            if let Some(fact) = terms.facts.get_mut(key) {
                fact.value = Some(shown.clone());
            }
        }
        terms
    }
}

/// One fact with what became of it.
fn line(difference: &Difference, was_accepted: bool) -> String {
    let Difference { change, key: _, says, value, before, before_mark } = difference;
    let mut line = match change {
        _ if !was_accepted => "",
        Change::New => "new:      ",
        Change::Changed => "changed:  ",
        Change::Removed => "removed:  ",
    }
    .to_owned();
    line.push_str(&piece(says));
    if let Some(value) = value {
        let _ = write!(line, " {}", piece(value));
    }
    if let Some(before) = before {
        let _ = write!(line, ", before: {}", piece(before));
    }
    // What a setting was is not recorded; where it can be read in full, nobody needs its digest.
    if let (Some(mark), Some(true)) = (before_mark, value.as_deref().map(is_long)) {
        let _ = write!(line, ", before: digest {mark}");
    }
    line
}

/// What is locked, of a server that was never accepted.
fn locked(terms: &Terms) -> Vec<String> {
    match terms.packages.len() {
        0 => Vec::new(),
        count => vec![format!("is locked with {count} packages")],
    }
}

/// What is locked otherwise than before.
fn changed(terms: &Terms, record: &Record) -> Vec<String> {
    let packages = terms.packages_since(record);
    if packages == Packages::default() && terms.lock != record.head.lock {
        return vec!["the same packages, but the lock entry has changed".to_owned()];
    }
    let Packages { new, removed, rehashed } = packages;
    let line = |word: &str, names: &[String]| Some(format!("{word} {}", named(names)?));
    let lines = [
        line("newly locked:", &new),
        line("no longer locked:", &removed),
        line("same version, OTHER CONTENT:", &rehashed),
    ];
    lines.into_iter().flatten().collect()
}

/// Packages in one line; `None` where there are none.
pub(super) fn named(names: &[String]) -> Option<String> {
    let first = names.iter().take(MAX_PACKAGES).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MAX_PACKAGES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("{first}{more}"))
}

/// What stands where the middle of a text is left out.
const CUT: &str = " […] ";

fn is_long(text: &str) -> bool {
    spelt(text).chars().count() > MAX_SHOWN
}

/// A text as one line; of a long one both ends, how long it is, and its digest.
fn piece(text: &str) -> String {
    if !is_long(text) {
        return spelt(text);
    }
    let line: Vec<char> = spelt(text).chars().collect();
    let start: String = line[..SHOWN_START].iter().collect();
    let end: String = line[line.len() - SHOWN_END..].iter().collect();
    let (count, mark) = (text.chars().count(), mark(text.as_bytes()));
    format!("{start}{CUT}{end} ({count} characters, digest {mark})")
}

/// A text as one line that a terminal only shows. Of white space, single spaces stay: a row of them pushes what follows
/// to where the next line begins, or out of the window.
fn spelt(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            ' ' if line.ends_with(' ') => line.push_str("\\u{20}"),
            c if c.is_whitespace() && c != ' ' => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line
}
