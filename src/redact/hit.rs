//! Stretches of a text that must not leave it.

use std::ops::Range;

/// A stretch of text that must not leave.
#[derive(Clone, Copy)]
pub(super) struct Hit {
    /// The offset of the first byte.
    pub(super) start: usize,
    /// The offset behind the last byte.
    pub(super) end: usize,
    /// What stands there.
    pub(super) label: Label,
    /// Whether it is surely a credential, and how long the match was before it was merged with others: decides whose
    /// marker stays.
    pub(super) weight: (bool, usize),
}

impl Hit {
    /// A leaf that as a whole is what must not leave.
    pub(super) fn leaf(Range { start, end }: Range<usize>, label: Label) -> Self {
        Self { start, end, label, weight: (true, end - start) }
    }

    /// Moves it back by this many bytes.
    pub(super) fn shift(&mut self, by: usize) {
        self.start += by;
        self.end += by;
    }

    /// Moves it forward by this many bytes.
    pub(super) fn unshift(&mut self, by: usize) {
        self.start -= by;
        self.end -= by;
    }
}

/// What a hit is, by its number among the rules or the known values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// Looks like a credential of this rule.
    Rule(usize),
    /// Holds a value that we injected.
    Known(usize),
}

/// Puts hits in order and makes one of those that overlap. Known values outrank rules, and of those the sure ones the
/// others; then the longer match wins.
pub(super) fn merge(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_unstable_by_key(|hit| hit.start);
    let mut merged: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match merged.last_mut() {
            Some(last) if hit.start < last.end => {
                last.end = last.end.max(hit.end);
                if rank(&hit) > rank(last) {
                    (last.label, last.weight) = (hit.label, hit.weight);
                }
            }
            _ => merged.push(hit),
        }
    }
    merged
}

fn rank(hit: &Hit) -> (bool, (bool, usize)) {
    (matches!(hit.label, Label::Known(_)), hit.weight)
}
