//! All rules of one server, under one numbering.

use std::ops::Index;

use super::{Rule, Tried, all};
use crate::redact::own::OwnRule;
use crate::redact::settings::Level;

/// The rules of one server: the built-in ones, which are shared and keep their numbers, then the manifest's own.
#[derive(Default)]
pub(in crate::redact) struct Rules {
    own: Vec<Rule>,
    level: Level,
}

impl Rules {
    /// All built-in rules and these, which have been checked.
    pub(in crate::redact) fn new(own: &[OwnRule], level: Level) -> Self {
        Self { own: own.iter().map(Rule::own).collect(), level }
    }

    /// How many there are.
    pub(in crate::redact) fn len(&self) -> usize {
        all().len() + self.own.len()
    }

    /// Every rule, in the order of their numbers.
    pub(in crate::redact) fn iter(&self) -> impl Iterator<Item = &Rule> {
        all().iter().chain(&self.own)
    }

    /// [`Rule::find`] of the rule of this number, which has been tried up to `tried`.
    pub(in crate::redact) fn find(
        &self,
        rule: usize,
        text: &[u8],
        keyword: usize,
        tried: usize,
    ) -> Option<Tried> {
        match rule.checked_sub(all().len()) {
            Some(own) => self.own[own].find_around(text, keyword, tried, self.level),
            None => self[rule].find(text, keyword, self.level),
        }
    }
}

impl Index<usize> for Rules {
    type Output = Rule;

    fn index(&self, rule: usize) -> &Rule {
        all().get(rule).unwrap_or_else(|| &self.own[rule - all().len()])
    }
}
