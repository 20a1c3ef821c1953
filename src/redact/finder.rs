//! Finds many short literals in one pass: the prefilter in front of every other check.
//!
//! The literals go into the SIMD searcher of `aho-corasick` (Teddy), which scans several gigabytes a second where an
//! automaton over the same literals does a tenth of that. Every occurrence is reported, overlapping ones too: a search
//! that skipped past a match would miss a secret that begins inside another one.

mod bucket;

use aho_corasick::packed;
use memchr::memmem;

/// More literals than this in one searcher and it stops too often at text that is none of them.
const GROUP: usize = 96;

/// A set of literals, each known by its number.
///
/// The searchers hold copies of the literals that cannot be zeroed on drop; that is why a literal is only a seed of a few
/// bytes and never the whole value.
pub(super) struct Finder(Vec<Group>);

struct Group {
    search: Search,
    /// For each literal of `search`, the numbers of those that may stand at the same place: itself, and the ones of the
    /// group of which one is a prefix of the other.
    kin: Vec<Vec<usize>>,
}

enum Search {
    Teddy(packed::Searcher),
    /// For processors without SSSE3 or NEON.
    OneByOne(Vec<memmem::Finder<'static>>),
}

/// A literal and its number.
type Numbered<'l> = (usize, &'l [u8]);

impl Finder {
    /// A finder for these literals, none empty, numbered from 0 on.
    pub(super) fn new(literals: &[Vec<u8>]) -> Self {
        let mut sorted: Vec<Numbered> = literals.iter().map(Vec::as_slice).enumerate().collect();
        sorted.sort_by_key(|(_, literal)| *literal);
        let groups = sorted.len().div_ceil(GROUP).max(1);
        Self(sorted.chunks(sorted.len().div_ceil(groups).max(1)).map(Group::new).collect())
    }

    /// Calls `found` with the literal's number and the place of each occurrence, in order of place within a group.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        for group in &self.0 {
            group.each(text, &mut found);
        }
    }
}

impl Group {
    /// A group of these literals, which are in order.
    fn new(sorted: &[Numbered]) -> Self {
        let literals = bucket::deal(sorted);
        let related = |a: &[u8], b: &[u8]| a.starts_with(b) || b.starts_with(a);
        let kin =
            |a: &[u8]| sorted.iter().filter(|(_, b)| related(a, b)).map(|(n, _)| *n).collect();
        let kin = literals.iter().map(|(_, literal)| kin(literal)).collect();
        let plain = || literals.iter().map(|(_, literal)| literal);
        let mut config = packed::Config::new();
        let teddy = config.heuristic_pattern_limits(false).builder().extend(plain()).build();
        let search = teddy.map_or_else(
            || {
                Search::OneByOne(
                    sorted.iter().map(|(_, l)| memmem::Finder::new(l).into_owned()).collect(),
                )
            },
            Search::Teddy,
        );
        Self { search, kin }
    }

    fn each(&self, text: &[u8], found: &mut impl FnMut(usize, usize)) {
        match &self.search {
            Search::Teddy(searcher) => {
                let mut from = 0;
                while let Some(hit) = searcher.find_in(text, (from..text.len()).into()) {
                    for literal in &self.kin[hit.pattern().as_usize()] {
                        found(*literal, hit.start());
                    }
                    from = hit.start() + 1;
                }
            }
            Search::OneByOne(finders) => {
                for (kin, finder) in self.kin.iter().zip(finders) {
                    let mut from = 0;
                    while let Some(at) = finder.find(&text[from..]) {
                        kin.iter().for_each(|literal| found(*literal, from + at));
                        from += at + 1;
                    }
                }
            }
        }
    }
}
