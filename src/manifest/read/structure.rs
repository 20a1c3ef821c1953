//! TOML, keys and types: the part that the `toml` crate and serde judge, with their messages made ours.
//!
//! serde's messages quote the value that did not fit; a value may be a secret, so only the kind of value is taken over.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use toml::de::{DeTable, DeValue, Deserializer};

use super::super::error::{Error, Mistake};
use super::super::names::nearest;
use super::super::source::Source;
use super::super::table::Document;

/// Keys that the design has and this version lacks, with what they are for.
const LATER: &[(&str, &str)] = &[
    ("oci", "container images"),
    ("url", "remote servers"),
    ("policy", "policies"),
    ("sandbox", "sandboxes"),
    ("audit", "audit logs"),
    ("exports", "exports"),
];

/// Reads the keys of a manifest: of everything in it, or of what one server needs.
pub(super) fn document(source: &Source, only: Option<&str>) -> Result<Document, Error> {
    let invalid = |mistake, span| Error::invalid(vec![(mistake, source.place(span))]);
    let mut table = DeTable::parse(&source.text).map_err(|error| {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        invalid(Mistake::Syntax(message), error.span().unwrap_or_default())
    })?;
    // Before the keys: a newer manifest has keys that look unknown, and the version says why.
    if let Some(version) = table.get_ref().get("version")
        && let DeValue::Integer(number) = version.get_ref()
        && let Ok(number) = i64::from_str_radix(number.as_str(), number.radix())
        && number != 1
    {
        return Err(invalid(Mistake::ManifestVersion(number), version.span()));
    }
    if let Some(server) = only {
        keep_only(server, table.get_mut());
    }
    Document::deserialize(Deserializer::from(table)).map_err(|error| {
        let span = error.span().unwrap_or_default();
        let mistake = match of_serde(error.message()) {
            Mistake::WrongType { found: "a string", .. }
                if is_command(&source.text[..span.start]) =>
            {
                Mistake::CommandString
            }
            mistake => mistake,
        };
        invalid(mistake, span)
    })
}

/// Whether a text ends with the key `command` and its sign.
fn is_command(before: &str) -> bool {
    let key = before.trim_end().strip_suffix('=').map(str::trim_end);
    key.is_some_and(|key| key.ends_with("command"))
}

/// Leaves in a manifest what one server needs: its entry, its part of each profile, and the providers that these name, or
/// that those log in with. What is wrong elsewhere keeps no other server from starting.
fn keep_only(server: &str, table: &mut DeTable<'_>) {
    let mut texts = Vec::new();
    if let Some(servers) = child(table, "servers") {
        retain(servers, |name| name == server);
        servers.values().for_each(|entry| collect_texts(entry.get_ref(), &mut texts));
    }
    if let Some(profiles) = child(table, "profiles") {
        let profiles = profiles.iter_mut();
        for profile in profiles.filter_map(|(_, profile)| as_table(profile.get_mut())) {
            retain(profile, |name| name == server);
            profile.values().for_each(|entry| collect_texts(entry.get_ref(), &mut texts));
        }
    }
    let Some(providers) = child(table, "providers") else { return };
    let mut needed = BTreeSet::new();
    while let Some(text) = texts.pop() {
        // A reference, or the `provider` of one in parts.
        let name = text.split_once("://").map_or(text.as_str(), |(scheme, _)| scheme).to_owned();
        if let Some(provider) = providers.get(name.as_str()).filter(|_| !needed.contains(&name)) {
            collect_texts(provider.get_ref(), &mut texts);
            needed.insert(name);
        }
    }
    retain(providers, |name| needed.contains(name));
}

fn retain(table: &mut DeTable<'_>, keep: impl Fn(&str) -> bool) {
    let all = std::mem::replace(table, DeTable::new());
    table.extend(all.into_iter().filter(|(name, _)| keep(name.get_ref())));
}

fn child<'a, 't>(table: &'a mut DeTable<'t>, name: &str) -> Option<&'a mut DeTable<'t>> {
    as_table(table.get_mut(name)?.get_mut())
}

fn as_table<'a, 't>(value: &'a mut DeValue<'t>) -> Option<&'a mut DeTable<'t>> {
    match value {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

/// Every string in a value.
fn collect_texts(value: &DeValue<'_>, texts: &mut Vec<String>) {
    match value {
        DeValue::String(text) => texts.push(text.to_string()),
        DeValue::Array(items) => {
            items.iter().for_each(|item| collect_texts(item.get_ref(), texts));
        }
        DeValue::Table(table) => {
            table.values().for_each(|value| collect_texts(value.get_ref(), texts));
        }
        _ => {}
    }
}

/// What serde says, without the value it says it about.
fn of_serde(message: &str) -> Mistake {
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let (key, known) = name_and_list(rest);
        if let Some((_, what)) = LATER.iter().find(|(later, _)| *later == key) {
            return Mistake::NotYet(format!("`{key}` ({what})"));
        }
        let nearest = nearest(&key, known.iter().map(String::as_str)).map(str::to_owned);
        return Mistake::UnknownKey { key, nearest, known };
    }
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        let (word, known) = name_and_list(rest);
        if matches!(word.as_str(), "stdin" | "fd") {
            return Mistake::NotYet(format!("`deliver = \"{word}\"`"));
        }
        return Mistake::UnknownWord { word, known };
    }
    if let Some(rest) = message.strip_prefix("missing field `") {
        return Mistake::MissingKey(rest.trim_end_matches('`').to_owned());
    }
    if message == "wanted string or table" {
        // `toml`'s own words, of a word from a list.
        return Mistake::WrongType { expected: "a string".into(), found: "something else" };
    }
    let kind = message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: "));
    if kind.is_none() {
        // Not serde's: what a provider says of its own settings, which never quotes one (`provider/config.rs`).
        return Mistake::Settings(message.to_owned());
    }
    let expected = message.rsplit_once(", expected ").map_or("something else", |(_, what)| what);
    if expected.starts_with("one of ") {
        return Mistake::Settings(format!("expected {expected}"));
    }
    let expected = match expected {
        "struct Server" | "struct SecretWord" | "struct Binary" | "struct Document" | "a map" => {
            "a table"
        }
        "a sequence" => "a list",
        "i64" => "a whole number",
        other => other,
    };
    Mistake::WrongType { expected: expected.to_owned(), found: found(kind.unwrap_or_default()) }
}

/// The name before the next backtick, and the names in backticks behind it.
fn name_and_list(rest: &str) -> (String, Vec<String>) {
    let (name, rest) = rest.split_once("`, ").unwrap_or((rest.trim_end_matches('`'), ""));
    (name.to_owned(), rest.split('`').skip(1).step_by(2).map(str::to_owned).collect())
}

/// The kind of value that stands where another belongs, by the first word of serde's description.
fn found(description: &str) -> &'static str {
    match description.split([' ', ',']).next().unwrap_or_default() {
        "string" => "a string",
        "integer" => "an integer",
        "floating" => "a number",
        "boolean" => "a boolean",
        "sequence" => "a list",
        "map" => "a table",
        _ => "something else",
    }
}
