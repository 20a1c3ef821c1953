//! A server's `env` table: plain settings, and which of our own variables pass.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::super::error::Mistake;
use super::super::names;
use super::super::server::Level;
use super::super::table::TextOrList;
use super::{Around, Mistakes};
use crate::launch::env::EnvSettings;
use crate::launch::loader::redirects;
use crate::launch::preset::Preset;

/// The fewest characters other than `*` that a pattern of a project manifest has.
const MIN_LITERAL: usize = 4;

/// The settings, and where each plain one stands.
pub(super) struct Env {
    pub(super) settings: EnvSettings,
    pub(super) spans: Vec<(String, Range<usize>)>,
}

/// Reads an `env` table.
pub(super) fn settings(
    mut table: BTreeMap<Spanned<String>, Spanned<TextOrList>>,
    around: Around<'_>,
    findings: &mut Mistakes,
) -> Env {
    let level = around.level;
    let dangerously_pass = dangerous(table.remove_entry("dangerously_pass"), level, findings);
    let pass = passing(table.remove("pass"), level, findings);
    let presets = presets(table.remove("presets"), findings);
    let mut plain = BTreeMap::new();
    let mut spans = Vec::new();
    for (name, value) in table {
        let span = value.span();
        check_variable(&name, &dangerously_pass, findings);
        match value.into_inner() {
            TextOrList::Text(text) => {
                if text.contains('\0') {
                    findings.add(span.clone(), Mistake::Nul(name.get_ref().clone()));
                }
                if around.holds_reference(&text) || holds_placeholder(&text) {
                    findings.add(span, Mistake::Unresolved(name.get_ref().clone()));
                }
                spans.push((name.get_ref().clone(), name.span()));
                plain.insert(name.into_inner(), text);
            }
            TextOrList::List(_) => {
                let expected = "a string".into();
                findings.add(span, Mistake::WrongType { expected, found: "a list" });
            }
        }
    }
    Env { settings: EnvSettings { plain, presets, pass, dangerously_pass }, spans }
}

/// Whether a variable may be set: a name, and not one that redirects a loader unless that was asked for.
pub(super) fn check_variable(
    name: &Spanned<String>,
    dangerously_pass: &[String],
    findings: &mut Mistakes,
) {
    let text = name.get_ref();
    if !names::is_variable(text) {
        let mistake = Mistake::Name {
            what: "variable",
            name: text.clone(),
            alphabet: "letters, digits and `_`, no digit first",
        };
        findings.add(name.span(), mistake);
    } else if redirects(text) && !dangerously_pass.contains(text) {
        findings.add(name.span(), Mistake::Redirects(text.clone()));
    }
}

/// `pass`: patterns over names of our own environment.
fn passing(
    value: Option<Spanned<TextOrList>>,
    level: Level,
    findings: &mut Mistakes,
) -> Vec<String> {
    let patterns = list(value, findings);
    for pattern in &patterns {
        let text = pattern.get_ref();
        let literal = text.chars().filter(|c| *c != '*').count();
        let mistake = if !names::is_pattern(text) {
            Mistake::Pattern(text.clone())
        } else if level == Level::Project && text.contains('*') && literal < MIN_LITERAL {
            Mistake::WidePattern(text.clone())
        } else if !text.contains('*') && redirects(text) {
            Mistake::Redirects(text.clone())
        } else {
            continue;
        };
        findings.add(pattern.span(), mistake);
    }
    patterns.into_iter().map(Spanned::into_inner).collect()
}

/// `dangerously_pass`: full names, user manifest only.
fn dangerous(
    entry: Option<(Spanned<String>, Spanned<TextOrList>)>,
    level: Level,
    findings: &mut Mistakes,
) -> Vec<String> {
    let Some((key, value)) = entry else { return Vec::new() };
    if level == Level::Project {
        findings.add(key.span(), Mistake::UserOnly("`dangerously_pass`".into()));
    }
    let names = list(Some(value), findings);
    for name in &names {
        if name.get_ref().contains('*') {
            findings.add(name.span(), Mistake::DangerousGlob);
        } else if !names::is_pattern(name.get_ref()) {
            findings.add(name.span(), Mistake::Pattern(name.get_ref().clone()));
        }
    }
    names.into_iter().map(Spanned::into_inner).collect()
}

/// `presets`: names from a short list.
fn presets(value: Option<Spanned<TextOrList>>, findings: &mut Mistakes) -> Vec<Preset> {
    let names = list(value, findings);
    let named = |name: Spanned<String>| {
        let unknown = || Mistake::UnknownWord {
            word: name.get_ref().clone(),
            known: Preset::ALL.map(|preset| preset.name().to_owned()).to_vec(),
        };
        findings.keep(name.span(), Preset::named(name.get_ref()).ok_or_else(unknown))
    };
    names.into_iter().filter_map(named).collect()
}

fn list(value: Option<Spanned<TextOrList>>, findings: &mut Mistakes) -> Vec<Spanned<String>> {
    let Some(value) = value else { return Vec::new() };
    let span = value.span();
    match value.into_inner() {
        TextOrList::List(list) => list,
        TextOrList::Text(_) => {
            let expected = "a list of names".into();
            findings.add(span, Mistake::WrongType { expected, found: "a string" });
            Vec::new()
        }
    }
}

/// Whether `${…}` stands in a text: another tool's way of asking for a value, which hushpipe never fills in.
fn holds_placeholder(text: &str) -> bool {
    text.split_once("${").is_some_and(|(_, rest)| rest.contains('}'))
}
