//! Finds many short literals in one pass: the prefilter in front of every other check.
//!
//! Literals go in groups of at most 64 into the SIMD searcher of `aho-corasick` (Teddy), which scans several gigabytes a
//! second where an automaton over the same literals does a tenth of that. Every occurrence is reported, overlapping ones
//! too: a search that skipped past a match would miss a secret that begins inside another one.

use aho_corasick::packed;
use memchr::memmem;

/// More literals than this and Teddy gives up (`aho-corasick` 1.1, `packed/teddy/builder.rs`).
const GROUP: usize = 64;

/// A set of literals, each known by its place in the list it was made from.
///
/// The searchers hold copies of the literals that cannot be zeroed on drop; that is why a literal is only a seed of a few
/// bytes and never the whole value.
pub(super) struct Finder(Vec<Group>);

struct Group {
    /// The number of this group's first literal.
    base: usize,
    search: Search,
    /// For each literal the ones of its group that may stand at the same place: one is a prefix of the other.
    kin: Vec<Vec<usize>>,
}

enum Search {
    Teddy(packed::Searcher),
    /// For processors without SSSE3 or NEON.
    OneByOne(Vec<memmem::Finder<'static>>),
}

impl Finder {
    /// A finder for these literals. None may be empty.
    pub(super) fn new(literals: &[Vec<u8>]) -> Self {
        let groups = literals.chunks(GROUP).enumerate();
        Self(groups.map(|(index, chunk)| Group::new(index * GROUP, chunk)).collect())
    }

    /// Calls `found` with the literal's number and the place of each occurrence, in order of place within a group.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        for group in &self.0 {
            group.each(text, &mut found);
        }
    }
}

impl Group {
    fn new(base: usize, literals: &[Vec<u8>]) -> Self {
        let related = |a: &[u8], b: &[u8]| a.starts_with(b) || b.starts_with(a);
        let kin = literals
            .iter()
            .map(|a| (0..literals.len()).filter(|b| related(a, &literals[*b])).collect())
            .collect();
        let teddy = packed::Config::new().builder().extend(literals).build();
        let search = teddy.map_or_else(
            || {
                Search::OneByOne(
                    literals.iter().map(|l| memmem::Finder::new(l).into_owned()).collect(),
                )
            },
            Search::Teddy,
        );
        Self { base, search, kin }
    }

    fn each(&self, text: &[u8], found: &mut impl FnMut(usize, usize)) {
        match &self.search {
            Search::Teddy(searcher) => {
                let mut from = 0;
                while let Some(hit) = searcher.find_in(text, (from..text.len()).into()) {
                    for literal in &self.kin[hit.pattern().as_usize()] {
                        found(self.base + literal, hit.start());
                    }
                    from = hit.start() + 1;
                }
            }
            Search::OneByOne(finders) => {
                for (literal, finder) in finders.iter().enumerate() {
                    let mut from = 0;
                    while let Some(at) = finder.find(&text[from..]) {
                        found(self.base + literal, from + at);
                        from += at + 1;
                    }
                }
            }
        }
    }
}
