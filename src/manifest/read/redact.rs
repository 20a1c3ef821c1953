//! A server's `redact` table: what is withheld, and which rules there are besides the built-in ones.
//!
//! A project manifest may only tighten it: what is weaker than where nothing is said, it may not say.

use toml::Spanned;

use super::super::error::Mistake;
use super::super::names::nearest;
use super::super::server::Level;
use super::super::table::redact as table;
use super::{Around, Mistakes};
use crate::redact::settings::{Allow, Exceptions, OwnRule, ProtectionSetting, Settings};
use crate::redact::{self, OwnRuleError, Pointer};

/// Reads a `redact` table.
pub(super) fn settings(
    table: table::Redact,
    around: Around<'_>,
    findings: &mut Mistakes,
) -> Settings {
    let level = around.level;
    let rules = rules(table.rules, findings);
    let allow = table.allow.into_iter();
    let allow = allow.filter_map(|entry| allowed(entry, &rules, level, findings)).collect();
    let mut weaker = Weaker { level, findings };
    let tools = table.tools.into_iter().map(|(name, tool)| {
        let exceptions = Exceptions {
            write_back: weaker.read("a weaker `write_back`", tool.write_back),
            arguments: weaker.read("a weaker `arguments`", tool.arguments),
            instructions: weaker.read("a weaker `instructions`", tool.instructions),
        };
        (name, exceptions)
    });
    Settings {
        tools: tools.collect(),
        mode: weaker.read("`mode = \"report\"`", table.mode).unwrap_or_default(),
        level: table.level.unwrap_or_default(),
        write_back: weaker.read("a weaker `write_back`", table.write_back).unwrap_or_default(),
        arguments: weaker.read("a weaker `arguments`", table.arguments).unwrap_or_default(),
        instructions: weaker
            .read("a weaker `instructions`", table.instructions)
            .unwrap_or_default(),
        rules,
        allow,
    }
}

/// Reads settings that can be weaker than where nothing is said.
struct Weaker<'a> {
    level: Level,
    findings: &'a mut Mistakes,
}

impl Weaker<'_> {
    fn read<T: ProtectionSetting>(&mut self, what: &str, value: Option<Spanned<T>>) -> Option<T> {
        let value = value?;
        if self.level == Level::Project && value.get_ref().weakens() {
            self.findings.add(value.span(), Mistake::UserOnly(what.to_owned()));
        }
        Some(value.into_inner())
    }
}

/// The rules that can be ones.
fn rules(tables: Vec<table::Rule>, findings: &mut Mistakes) -> Vec<OwnRule> {
    let mut rules: Vec<OwnRule> = Vec::new();
    for table in tables {
        let (id, keywords, pattern) =
            (table.id.span(), table.keywords.span(), table.pattern.span());
        let rule = OwnRule {
            id: table.id.into_inner(),
            description: table.description,
            keywords: table.keywords.into_inner(),
            pattern: table.pattern.into_inner(),
            confidence: table.confidence,
            checks: table.checks,
            examples: table.examples,
            non_examples: table.non_examples,
        };
        if rules.iter().any(|other| other.id == rule.id) {
            findings.add(id, Mistake::TwiceRule(rule.id));
            continue;
        }
        match rule.check() {
            Ok(()) => rules.push(rule),
            Err(error) => {
                let span = match error {
                    OwnRuleError::NoKeyword | OwnRuleError::ShortKeyword(_) => keywords,
                    OwnRuleError::Pattern { .. } | OwnRuleError::Large | OwnRuleError::Empty => {
                        pattern
                    }
                    _ => id,
                };
                findings.add(span, Mistake::Rule { id: rule.id, error });
            }
        }
    }
    rules
}

/// One entry of `allow`.
fn allowed(
    entry: Spanned<table::Allow>,
    rules: &[OwnRule],
    level: Level,
    findings: &mut Mistakes,
) -> Option<Allow> {
    let span = entry.span();
    if level == Level::Project {
        findings.add(span, Mistake::UserOnly("`allow`".into()));
        return None;
    }
    match entry.into_inner() {
        table::Allow { rule: Some(rule), tool, pointer, hmac: None } => {
            if !redact::is_built_in(rule.get_ref())
                && !rules.iter().any(|own| own.id == *rule.get_ref())
            {
                let mut known: Vec<&str> = redact::built_in().collect();
                known.extend(rules.iter().map(|own| &*own.id));
                let nearest = nearest(rule.get_ref(), known).map(str::to_owned);
                let id = rule.get_ref().clone();
                findings.add(rule.span(), Mistake::UnknownRule { id, nearest });
            }
            let read = |pointer: Spanned<String>| {
                let read = Pointer::new(pointer.get_ref()).map_err(Mistake::Pointer);
                findings.keep(pointer.span(), read)
            };
            let pointer = match pointer.map(read) {
                Some(read) => Some(read?),
                None => None,
            };
            let tool = tool.map(Spanned::into_inner);
            Some(Allow::Place { rule: rule.into_inner(), tool, pointer })
        }
        table::Allow { rule: None, tool: None, pointer: None, hmac: Some(hmac) } => {
            let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            if hmac.get_ref().len() != 64 || !hmac.get_ref().bytes().all(is_digit) {
                findings.add(hmac.span(), Mistake::Hmac);
                return None;
            }
            Some(Allow::Value { hmac: hmac.into_inner() })
        }
        _ => {
            findings.add(span, Mistake::AllowForm);
            None
        }
    }
}
