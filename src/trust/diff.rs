//! What changed since a person last accepted a server.
//!
//! Facts are compared by their keys and their words, packages by name, version and hash. This only informs: whether
//! anything changed at all is for the digests to say, so what is missing here can hide nothing.

use std::collections::BTreeMap;

use super::{Fact, FactKey, Record, Terms};

/// What became of one fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    New,
    /// It said something else, or had another value.
    Changed,
    /// It is no longer there.
    Removed,
}

/// One fact that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What became of it.
    pub change: Change,
    /// The subject of the fact.
    pub key: FactKey,
    /// What it says now; of one that is gone, what it said.
    pub says: String,
    /// What it is set to now.
    pub value: Option<String>,
    /// What it said before, where that was something else.
    pub before: Option<String>,
    /// The mark of what it was set to before, where that was something else.
    pub before_mark: Option<String>,
}

/// The locked packages that are not as they were, as `name@version`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packages {
    /// Those that were not there.
    pub new: Vec<String>,
    /// Those that are no longer there.
    pub removed: Vec<String>,
    /// Those with the same version and other hashes: what no honest publisher does.
    pub rehashed: Vec<String>,
}

impl Terms {
    /// The facts that differ from those of a record, in the order of their keys; all of them where there is none.
    pub fn differences(&self, before: Option<&Record>) -> Vec<Difference> {
        let nothing = BTreeMap::new();
        let old = before.map_or(&nothing, |record| &record.facts);
        let now = self.facts.iter().filter_map(|(key, fact)| differs(key, fact, old.get(key)));
        let gone = old.iter().filter(|(key, _)| !self.facts.contains_key(*key));
        let gone = gone.map(|(key, (says, _))| Difference {
            change: Change::Removed,
            key: key.clone(),
            says: says.clone(),
            value: None,
            before: None,
            before_mark: None,
        });
        now.chain(gone).collect()
    }

    /// The locked packages that differ from those of a record.
    pub fn packages_since(&self, record: &Record) -> Packages {
        let (old, new) = (&record.packages, &self.packages);
        let names = |of: &BTreeMap<String, String>, not_in: &BTreeMap<String, String>| {
            of.keys().filter(|name| !not_in.contains_key(*name)).cloned().collect()
        };
        let other_hash = |(name, mark): &(&String, &String)| {
            old.get(*name).is_some_and(|before| before != *mark)
        };
        Packages {
            new: names(new, old),
            removed: names(old, new),
            rehashed: new.iter().filter(other_hash).map(|(name, _)| name.clone()).collect(),
        }
    }

    /// Whether exactly this was accepted.
    pub fn are_those_of(&self, record: &Record) -> bool {
        record.head.entry.as_ref() == Some(&self.entry) && record.head.lock == self.lock
    }
}

fn differs(key: &FactKey, fact: &Fact, before: Option<&(String, String)>) -> Option<Difference> {
    let Fact { says, value } = fact.clone();
    let (key, mark) = (key.clone(), fact.mark());
    let Some((said, marked)) = before else {
        let (before, before_mark) = (None, None);
        return Some(Difference { change: Change::New, key, says, value, before, before_mark });
    };
    let before = Some(said).filter(|said| **said != says).cloned();
    let before_mark = Some(marked).filter(|marked| **marked != mark).cloned();
    (before.is_some() || before_mark.is_some()).then_some(Difference {
        change: Change::Changed,
        key,
        says,
        value,
        before,
        before_mark,
    })
}
