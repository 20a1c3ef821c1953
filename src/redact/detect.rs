//! Where known values and credential-shaped text stand in a text, in every decoded view of it.
//!
//! One finder holds the seeds of all values and the keywords of all rules, so text without any of them (nearly all) costs
//! one pass a view. The cost is linear in the text: what follows a seed is compared for no longer than the value, and no
//! rule is tried inside a stretch that the same rule has just taken.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;
use std::sync::OnceLock;

use super::encoding::{Characters, Form, Listing, Numbers, Reach, may_be_listing};
use super::finder::{Finder, Literal};
use super::hit::{Hit, Label, merge};
use super::instruct::odd::is_plain;
use super::instruct::phrase;
use super::known::Known;
use super::open::{End, Pieces};
use super::rule::{self, Rules, Trail};
use super::view::{LAYERS, Layer, Unescaped, safe_cut, unescape};

/// What else the pass over a text has met: whether other parts have to look closer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Signs {
    /// A key under which a block of base64 may stand.
    pub(super) block: bool,
    /// A phrase that talks to the model.
    pub(super) phrase: bool,
    /// One that is something to tell only in an error.
    pub(super) phrase_of_error: bool,
    /// What may be a character that nobody sees, as it is or as an escape of JSON.
    pub(super) odd: bool,
    /// The kind of a manifest, whose values end where the strings of JSON do.
    manifest: bool,
}

/// Everything that is looked for. Immutable; no `Debug`, because it holds values.
pub(super) struct Detector {
    finder: Finder,
    targets: Vec<Target>,
    /// Each spelling with the number of its name: first those that are looked for whole, then those only in pieces.
    forms: Vec<(usize, Form)>,
    whole: usize,
    characters: Vec<(usize, Characters)>,
    listings: Vec<(usize, Listing)>,
    /// The pieces of all of them; made for the first stream.
    pieces: OnceLock<Pieces>,
    rules: Rules,
    /// How long a piece of text is looked at at once, and how much of it again with the next piece.
    window: usize,
    overlap: usize,
}

/// A piece of text of which the views fit into the second-level cache.
const WINDOW: usize = 256 * 1024;

/// How many bytes one byte of a value takes in its longest spelling, `\\u0041`, with a line break for some.
const LONGEST_SPELLING: usize = 8;

/// How many lines of numbers a stream holds back, in bytes.
const LONGEST_LISTING: usize = 16 * 1024;

/// What a literal of the finder announces.
#[derive(Clone, Copy)]
enum Target {
    /// A spelling of a value, and where in it the literal stands.
    Form(usize, usize),
    /// A piece of a spelling that may be folded over lines, and where in it the literal stands.
    Piece(usize, usize),
    /// A character of a value, and where in the value it stands.
    Character(usize, usize),
    /// The number of the first byte of a value.
    Number(usize, Numbers),
    Rule(usize),
    /// The same by a keyword so short that it stands in many words, and is looked at only before a token.
    Prefix(usize),
    /// A keyword of this phrase.
    Phrase(usize),
    /// A key under which a block of base64 may stand.
    Block,
}

/// The ends of `"data"` and `"blob"`, without their escapes.
const BLOCK_KEYS: [&[u8]; 2] = [b"data\"", b"blob\""];

impl Detector {
    /// A detector of these values and rules.
    pub(super) fn new(known: &mut Known, rules: Rules) -> Self {
        let mut forms = std::mem::take(&mut known.forms);
        let whole = forms.len();
        let mut literals = Vec::new();
        let mut targets = Vec::new();
        for (index, (_, form)) in forms.iter().enumerate() {
            for (offset, seed) in form.seeds() {
                literals.push(Literal { bytes: seed.into(), any_case: form.is_any_case() });
                targets.push(Target::Form(index, offset));
            }
        }
        forms.append(&mut known.folded);
        for (index, (_, form)) in forms.iter().enumerate() {
            for (offset, literal) in form.piece_literals() {
                literals.push(literal);
                targets.push(Target::Piece(index, offset));
            }
        }
        for (index, (_, value)) in known.characters.iter().enumerate() {
            for (offset, literal) in value.literals() {
                literals.push(literal);
                targets.push(Target::Character(index, offset));
            }
        }
        for (index, (_, value)) in known.listings.iter().enumerate() {
            for (numbers, literal) in value.literals() {
                literals.push(literal);
                targets.push(Target::Number(index, numbers));
            }
        }
        for (index, rule) in rules.iter().enumerate() {
            let target = if rule.is_short() { Target::Prefix(index) } else { Target::Rule(index) };
            for literal in rule.literals() {
                literals.push(literal);
                targets.push(target);
            }
        }
        for (index, keyword) in phrase::all().keywords() {
            literals.push(Literal { bytes: keyword.to_vec().into(), any_case: true });
            targets.push(Target::Phrase(index));
        }
        for key in BLOCK_KEYS {
            literals.push(Literal { bytes: key.to_vec().into(), any_case: false });
            targets.push(Target::Block);
        }
        let longest = forms[..whole].iter().map(|(_, form)| form.len()).max().unwrap_or_default();
        let overlap = rule::REACH.max(LONGEST_SPELLING * longest);
        let window = WINDOW.max(4 * overlap);
        let (finder, pieces) = (Finder::new(literals), OnceLock::new());
        let characters = std::mem::take(&mut known.characters);
        let listings = std::mem::take(&mut known.listings);
        Self { finder, targets, forms, whole, characters, listings, pieces, rules, window, overlap }
    }

    /// What must not leave of a text as a person reads it, in order and disjoint.
    pub(super) fn text(&self, text: &[u8]) -> Vec<Hit> {
        self.windows(text, |window| self.views(window, 0, false, &Cell::default()))
    }

    /// The known values in something that is not text, as they are.
    pub(super) fn values(&self, bytes: &[u8]) -> Vec<Hit> {
        if self.forms.is_empty() {
            Vec::new()
        } else {
            merge(self.scan(bytes, false, &Cell::default()))
        }
    }

    /// What must not leave of a JSON text, and what else it may hold. Its own escapes are taken off first: undecoded they
    /// mean nothing to a client.
    pub(super) fn json(&self, text: &[u8]) -> (Vec<Hit>, Signs) {
        let plain = is_plain(text.trim_ascii_end());
        let signs = Cell::new(Signs { odd: !plain, ..Signs::default() });
        let unescaped = LAYERS.iter().take_while(|layer| **layer == LAYERS[0]).count();
        let hits = self.windows(text, |window| match unescape(window) {
            Some(Unescaped { view, odd }) => {
                let met = signs.get();
                signs.set(Signs { odd: met.odd || odd, ..met });
                let mut hits = self.views(&view, 1, plain && !odd, &signs);
                LAYERS[0].locate(window, &mut hits);
                // A manifest that is no text but part of the message has its strings only with their escapes.
                if signs.get().manifest {
                    let found = self.scan(window, true, &Cell::default());
                    hits.extend(found.into_iter().filter(|hit| self.is_of_manifest(hit)));
                    hits = merge(hits);
                }
                hits
            }
            None => self.views(window, unescaped, plain, &signs),
        });
        (hits, signs.get())
    }

    fn is_of_manifest(&self, hit: &Hit) -> bool {
        matches!(hit.label, Label::Rule(rule) if self.rules[rule].is_manifest())
    }

    /// Looks at a long text in pieces, so that views stay in the processor's cache and cost little memory. Pieces overlap
    /// by more than anything that is looked for.
    fn windows(&self, text: &[u8], look: impl Fn(&[u8]) -> Vec<Hit>) -> Vec<Hit> {
        if text.len() <= self.window {
            return look(text);
        }
        let mut hits = Vec::new();
        let mut start = 0;
        loop {
            let end = text.len().min(start + self.window);
            let shifted = |hit: Hit| Hit { start: hit.start + start, end: hit.end + start, ..hit };
            // What a rule sees at the edge of a piece may be the middle of a word; the piece that overlaps there knows.
            let whole = |hit: &Hit| {
                matches!(hit.label, Label::Known(_))
                    || (start == 0 || hit.start > 0)
                        && (end == text.len()
                            || start + hit.end < end
                            || start + hit.start < end - self.overlap)
            };
            hits.extend(look(&text[start..end]).into_iter().filter(whole).map(shifted));
            if end == text.len() {
                return merge(hits);
            }
            start += safe_cut(&text[start..], end - start - self.overlap);
        }
    }

    /// The rules that are looked for.
    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// A rule among those wanted that finds something in this text, in whatever view of it, and whatever else is found
    /// around that.
    pub(super) fn rule_in(&self, text: &[u8], wanted: impl Fn(usize) -> bool) -> Option<usize> {
        let mut view = Cow::Borrowed(text);
        let mut layers = LAYERS.iter().filter(|layer| layer.is_spelling());
        loop {
            let hits = self.scan(&view, true, &Cell::default());
            let rule = hits.into_iter().find_map(|hit| match hit.label {
                Label::Rule(rule) if wanted(rule) => Some(rule),
                _ => None,
            });
            if rule.is_some() {
                return rule;
            }
            view = layers.by_ref().find_map(|layer| layer.peel(&view))?.into();
        }
    }

    /// How many bytes must be seen behind a place before it is known that nothing begins there.
    pub(super) fn overlap(&self) -> usize {
        self.overlap
    }

    /// Whether any spelling of a value that programs wrap into lines may be open at the end of `tail`.
    pub(super) fn wrapped_value_begins_at_end_of(&self, tail: &[u8]) -> bool {
        let mut forms = self.forms[..self.whole].iter();
        forms.any(|(_, form)| form.is_wrappable() && form.begins_at_end_of(tail))
    }

    /// Whether a folded or listed value may go on behind these lines, and whether it began in the line before them.
    pub(super) fn end(&self, lines: &[u8], before: &[u8]) -> (End, bool) {
        let pieces = self.pieces.get_or_init(|| Pieces::new(&self.forms));
        let (end, fronted) = pieces.end(&self.forms, lines, before);
        let end = match (self.reach_of_listing(lines), end) {
            // What begins in the last line of a listing is mostly a piece of it. It is written with the lines before it.
            (Reach::Beyond, _) | (Reach::LastLine, End::Begins) => End::GoesOn,
            (_, end) => end,
        };
        (end, fronted)
    }

    /// How far a value goes that is listed number by number from the first of these lines on.
    fn reach_of_listing(&self, lines: &[u8]) -> Reach {
        let text = lines.trim_ascii_end();
        let last = memchr::memrchr(b'\n', text).map_or(0, |newline| newline + 1);
        if lines.len() > LONGEST_LISTING || !may_be_listing(&text[last..]) {
            return Reach::Inside;
        }
        let first_line = memchr::memchr(b'\n', lines).map_or(lines.len(), |newline| newline + 1);
        let mut reach = Reach::Inside;
        self.finder.each(&lines[..first_line], |literal, at| {
            if let Target::Number(value, numbers) = self.targets[literal] {
                reach = reach.max(self.listings[value].1.reach(lines, at, numbers));
            }
        });
        reach
    }

    /// The length of the longest spelling, in bytes.
    pub(super) fn longest(&self) -> usize {
        self.forms[..self.whole].iter().map(|(_, form)| form.len()).max().unwrap_or_default()
    }

    /// Looks at `text`, then at what is left when the next layer that there is has been taken off, and so on. `seen` says
    /// that a reader sees every character of it.
    fn views(&self, text: &[u8], depth: usize, seen: bool, signs: &Cell<Signs>) -> Vec<Hit> {
        let spelled = depth == 0 || LAYERS[depth - 1].is_spelling();
        let mut hits = self.scan(text, spelled, signs);
        let mut depth = depth;
        while let Some(layer) = LAYERS.get(depth) {
            if self.forms.is_empty() && !layer.is_spelling() {
                break;
            }
            depth += 1;
            if seen && *layer == Layer::Unseen {
                continue;
            }
            if let Some(view) = layer.peel(text) {
                let mut inner = self.views(&view, depth, false, signs);
                layer.locate(text, &mut inner);
                hits.append(&mut inner);
                break;
            }
            depth += LAYERS[depth..].iter().take_while(|next| *next == layer).count();
        }
        merge(hits)
    }

    /// One pass over one view. Rules stay out of what is joined: ends and beginnings of words meet there.
    fn scan(&self, text: &[u8], with_rules: bool, signs: &Cell<Signs>) -> Vec<Hit> {
        let mut hits = Vec::new();
        // Where what each rule has matched ends. It is not tried in there again, even if a check refused it: a long text
        // that is nothing but keywords would be matched from each of them on.
        let mut trails: Vec<Trail> = Vec::new();
        self.finder.each(text, |literal, at| match self.targets[literal] {
            Target::Form(form, offset) => {
                let (name, form) = &self.forms[form];
                let found = form.around(text, at, offset);
                hits.extend(found.map(|found| Hit::leaf(found, Label::Known(*name))));
            }
            Target::Piece(form, offset) => {
                let (name, form) = &self.forms[form];
                let pieces = form.folded(text, at, offset).into_iter().flatten();
                hits.extend(pieces.map(|piece| Hit::leaf(piece, Label::Known(*name))));
            }
            Target::Character(value, offset) => {
                let (name, value) = &self.characters[value];
                let found = value.around(text, at, offset);
                hits.extend(found.map(|found| Hit::leaf(found, Label::Known(*name))));
            }
            Target::Number(value, numbers) => {
                let (name, value) = &self.listings[value];
                let found = value.around(text, at, numbers).into_iter().flatten();
                hits.extend(found.map(|found| Hit::leaf(found, Label::Known(*name))));
            }
            Target::Prefix(_) if !rule::is_run(text, at) => {}
            Target::Rule(rule) | Target::Prefix(rule) => {
                if !with_rules {
                    return;
                }
                trails.resize(self.rules.len(), Trail::default());
                let trail = &mut trails[rule];
                if at < trail.until {
                    return;
                }
                let Some(tried) = self.rules.find(rule, text, at, trail.until) else { return };
                trail.until = tried.until;
                if tried.until <= at {
                    trail.in_vain(&self.rules[rule], text, at);
                }
                if self.rules[rule].is_manifest() {
                    signs.set(Signs { manifest: true, ..signs.get() });
                }
                let (label, sure) = (Label::Rule(rule), self.rules[rule].is_sure());
                hits.extend(tried.secrets.into_iter().map(|Range { start, end }| Hit {
                    start,
                    end,
                    label,
                    weight: (sure, end - start),
                }));
            }
            Target::Phrase(phrase) => signs.set(signs.get().with_phrase(phrase, text, at)),
            Target::Block => signs.set(Signs { block: true, ..signs.get() }),
        });
        hits
    }
}

impl Signs {
    /// The same, and what the keyword of a phrase tells that stands here: nothing new is looked for twice.
    fn with_phrase(self, phrase: usize, text: &[u8], at: usize) -> Self {
        let phrases = phrase::all();
        match phrases.only_in_errors(phrase) {
            true if !self.phrase_of_error => {
                Self { phrase_of_error: phrases.stands(phrase, text, at), ..self }
            }
            false if !self.phrase => Self { phrase: phrases.stands(phrase, text, at), ..self },
            _ => self,
        }
    }
}
