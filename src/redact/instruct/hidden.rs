//! Characters that nobody sees: which there are, and which of them a script or an emoji needs.
//!
//! Persian, Hindi and a family of emoji cannot be written without joiners, Hebrew in a list not without marks of
//! direction; the same characters hide text from a person that a model reads. So each is judged by what it stands
//! between, and what is left over in a row is told. A single one that separates nothing is too common to be told.

use std::ops::Range;

use unicode_properties::{GeneralCategoryGroup, UnicodeEmoji as _, UnicodeGeneralCategory as _};
use unicode_script::{Script, UnicodeScript as _};

use super::Kind;
use super::plain::{Plain, Spot, What};
use crate::redact::invisible::is_ignorable;

/// What kind of character a code point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// It has a shape, or is white space.
    Visible,
    /// It has none (Unicode: `Default_Ignorable_Code_Point`, the annotation characters, and DEL, which terminals pass
    /// over).
    Hidden,
    /// It moves a cursor at best.
    Control,
}

/// What becomes of a spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays: it is needed, or seen.
    Stays,
    /// It is not needed, and hides nothing.
    Goes,
    /// It is told.
    Told(Kind),
}

/// Says what kind of character this is.
pub(super) fn sort(code: u32) -> Sort {
    match code {
        0x09 | 0x0A | 0x0C | 0x0D | 0x85 => Sort::Visible,
        0..0x20 | 0x80..0xA0 => Sort::Control,
        0x7F => Sort::Hidden,
        _ if is_ignorable(code) => Sort::Hidden,
        _ => Sort::Visible,
    }
}

/// What becomes of each spot, given what of the text is replaced.
pub(super) fn fates(plain: &Plain, replaced: &[Range<usize>]) -> Vec<Fate> {
    let mut fates: Vec<Fate> = plain.spots.iter().map(fate_alone).collect();
    let direction = Direction::of(plain, replaced);
    let mut first = 0;
    while first < plain.spots.len() {
        let at = plain.spots[first].at();
        let run =
            plain.spots[first..].iter().take_while(|spot| spot.at() == at && !seen(spot)).count();
        if run > 0 {
            judge(
                &Place::new(plain, replaced, at),
                &direction,
                &plain.spots[first..first + run],
                &mut fates[first..first + run],
            );
        }
        // The escape that ends a run has the same offset.
        first += run.max(1);
    }
    fates
}

fn seen(spot: &Spot) -> bool {
    matches!(spot.what, What::Spelled(_))
}

/// What becomes of a spot whatever stands around it; `Goes` where that decides.
fn fate_alone(spot: &Spot) -> Fate {
    match spot.what {
        What::Spelled(_) => Fate::Stays,
        What::Control => Fate::Told(Kind::Control),
        What::Ansi => Fate::Told(Kind::Ansi),
        What::Hidden(_) => Fate::Goes,
    }
}

/// Judges the hidden characters of one place, of which a text may be full: no list of them is made.
fn judge(place: &Place, direction: &Direction, spots: &[Spot], fates: &mut [Fate]) {
    let code = |spot: &Spot| match spot.what {
        What::Hidden(code) => Some(code),
        _ => None,
    };
    let codes = || spots.iter().filter_map(code);
    // A variation selector or a flag's tags belong to the character right before them.
    let belongs = place.belongs(&codes().take(FLAG).collect::<Vec<_>>());
    let rest = || codes().skip(belongs).filter(|code| !direction.allows(*code));
    let few: Vec<u32> = rest().take(3).collect();
    let needed = few.len() <= 2 && few.iter().all(|code| place.needs(*code));
    let alone = few.len() == 1;
    let hidden = spots.iter().zip(fates).filter_map(|(spot, fate)| Some((code(spot)?, fate)));
    for (index, (code, fate)) in hidden.enumerate() {
        *fate = match alone {
            _ if index < belongs || direction.allows(code) || needed => Fate::Stays,
            true if is_never_needed(code) => Fate::Told(kind(code)),
            // A soft hyphen is where a word may be split.
            true if code == 0xAD || !place.splits_a_word() => Fate::Goes,
            _ => Fate::Told(kind(code)),
        };
    }
}

/// What stands around a place.
struct Place {
    before: Option<char>,
    after: Option<char>,
}

impl Place {
    fn new(plain: &Plain, replaced: &[Range<usize>], at: usize) -> Self {
        let (before, after) = plain.text.split_at(at);
        let ends = |end: usize| {
            let bytes = before.get(before.len().checked_sub(end)?..)?;
            std::str::from_utf8(bytes).ok()?.chars().next()
        };
        let begins = |end: usize| std::str::from_utf8(after.get(..end)?).ok()?.chars().next();
        let notice = replaced.binary_search_by_key(&at, |range| range.start).is_ok();
        Self {
            before: (1..=4).find_map(ends),
            after: if notice { Some('[') } else { (1..=4).find_map(begins) },
        }
    }

    /// How many of these characters, from the first on, are part of the one before.
    fn belongs(&self, codes: &[u32]) -> usize {
        let (Some(base), Some(first)) = (self.before, codes.first()) else { return 0 };
        match first {
            0xFE0E | 0xFE0F if base.is_ascii() => usize::from(self.after == Some('\u{20E3}')),
            0xFE0E | 0xFE0F => {
                usize::from(base.is_emoji_char() || is_symbol(base) || need(base) != Need::Nothing)
            }
            0xFE00..=0xFE0D => {
                usize::from(!base.is_ascii() && (is_symbol(base) || need(base) != Need::Nothing))
            }
            0xE0100..=0xE01EF => usize::from(base.script() == Script::Han),
            0x180B..=0x180D | 0x180F => usize::from(base.script() == Script::Mongolian),
            0xE0000..=0xE007F if base == '\u{1F3F4}' => flag(codes).unwrap_or_default(),
            _ => 0,
        }
    }

    /// Whether the text around cannot be written without this character.
    fn needs(&self, code: u32) -> bool {
        let around = || [self.before, self.after].into_iter().flatten();
        let emoji = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && c.is_emoji_char());
        match code {
            0x200D if emoji(self.before) && emoji(self.after) => true,
            0x200C | 0x200D | 0x34F => around().any(|c| need(c) == Need::Joiners),
            0x200B | 0x2060 | 0xFEFF => around().any(|c| need(c) != Need::Nothing),
            0x180E => around().any(|c| c.script() == Script::Mongolian),
            0x17B4 | 0x17B5 => around().any(|c| c.script() == Script::Khmer),
            0x115F | 0x1160 | 0x3164 | 0xFFA0 => around().any(|c| c.script() == Script::Hangul),
            _ => false,
        }
    }

    /// Whether a reader sees one word of Latin letters and digits.
    fn splits_a_word(&self) -> bool {
        let word = |c: Option<char>| {
            c.is_some_and(|c| "_-".contains(c) || c.is_alphanumeric() && need(c) == Need::Nothing)
        };
        word(self.before) && word(self.after)
    }
}

/// What of the characters without a shape a script needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// None: its letters neither join nor run together, or it is no letter.
    Nothing,
    /// A place to break a line where no space is.
    Breaks,
    /// Joiners too: the form of a letter depends on its neighbours.
    Joiners,
}

fn need(c: char) -> Need {
    use Script as S;
    if c.is_ascii() {
        return Need::Nothing;
    }
    // Vowel marks of Arabic and the punctuation of India are shared by scripts, and by no others.
    let script = match c.script() {
        S::Common | S::Inherited => match c.script_extension() {
            shared if shared.is_common() || shared.is_inherited() => return Need::Nothing,
            shared => shared.iter().next().unwrap_or(S::Common),
        },
        script => script,
    };
    match script {
        S::Latin
        | S::Greek
        | S::Cyrillic
        | S::Armenian
        | S::Georgian
        | S::Ethiopic
        | S::Cherokee
        | S::Common
        | S::Inherited
        | S::Unknown => Need::Nothing,
        S::Han | S::Hiragana | S::Katakana | S::Hangul | S::Bopomofo | S::Yi => Need::Breaks,
        _ => Need::Joiners,
    }
}

fn is_symbol(c: char) -> bool {
    !c.is_ascii() && c.general_category_group() == GeneralCategoryGroup::Symbol
}

/// The most tags that the flag of a region has.
const FLAG: usize = 7;

/// How many tags the flag of a region has (UTS 51, ED-14a: Scotland is a black flag, `gbsct` in tags, and the tag that
/// ends it); `None` where these are the tags of no flag.
fn flag(codes: &[u32]) -> Option<usize> {
    let end = codes.iter().position(|code| *code == 0xE007F)?;
    let letter = |code: &u32| (0xE0061..=0xE007A).contains(code);
    let digit = |code: &u32| (0xE0030..=0xE0039).contains(code);
    let region = (3..=6).contains(&end)
        && codes[..2].iter().all(letter)
        && codes[..end].iter().all(|code| letter(code) || digit(code));
    region.then_some(end + 1)
}

/// What a text says of its own direction.
struct Direction {
    /// Whether marks of direction are needed.
    marks: bool,
    /// Whether embeddings and isolates are, and each is closed.
    pairs: bool,
}

/// More marks than this in a row direct nothing.
const MARKS: usize = 4;

impl Direction {
    fn of(plain: &Plain, replaced: &[Range<usize>]) -> Self {
        let none = Self { marks: false, pairs: false };
        let stays = |spot: &&Spot| {
            let before = replaced.partition_point(|range| range.start < spot.at());
            before == 0 || replaced[before - 1].end < spot.at()
        };
        let bidi = |spot: &Spot| match spot.what {
            What::Hidden(code) if is_mark(code) || is_pair(code) => Some((spot.at(), code)),
            _ => None,
        };
        let mut codes = plain.spots.iter().filter_map(bidi).peekable();
        if codes.peek().is_none() || !has_right_to_left(&plain.text, replaced) {
            return none;
        }
        let found: Vec<(usize, u32)> = plain.spots.iter().filter(stays).filter_map(bidi).collect();
        if found.chunk_by(|a, b| a.0 == b.0).any(|run| run.len() > MARKS) {
            return none;
        }
        let mut open = Vec::new();
        let closed = found.iter().all(|(_, code)| match code {
            0x202A | 0x202B => {
                open.push(0x202C);
                true
            }
            0x2066..=0x2068 => {
                open.push(0x2069);
                true
            }
            0x202C | 0x2069 => open.pop() == Some(*code),
            0x202D | 0x202E => false,
            _ => true,
        });
        Self { marks: true, pairs: closed && open.is_empty() }
    }

    fn allows(&self, code: u32) -> bool {
        self.marks && is_mark(code) || self.pairs && is_pair(code)
    }
}

fn is_mark(code: u32) -> bool {
    matches!(code, 0x61C | 0x200E | 0x200F)
}

fn is_pair(code: u32) -> bool {
    matches!(code, 0x202A..=0x202E | 0x2066..=0x2069)
}

/// Whether a letter of what stays of the text is written from right to left: the blocks that Unicode sets aside for
/// such scripts.
fn has_right_to_left(text: &[u8], replaced: &[Range<usize>]) -> bool {
    let ends = replaced.iter().map(|range| range.start).chain([text.len()]);
    let starts = [0].into_iter().chain(replaced.iter().map(|range| range.end));
    let mut pieces =
        starts.zip(ends).map(|(start, end)| String::from_utf8_lossy(&text[start..end]));
    pieces.any(|piece| {
        piece.chars().any(|c| {
            matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
                | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
                && c.is_alphabetic()
        })
    })
}

/// Characters that no text holds by accident.
fn is_never_needed(code: u32) -> bool {
    matches!(code, 0x202A..=0x202E | 0x2066..=0x206F | 0xFFF0..=0xFFFB | 0xE0000..=0xE0FFF)
}

fn kind(code: u32) -> Kind {
    match code {
        0x180B..=0x180D | 0x180F | 0xFE00..=0xFE0F | 0xE0100..=0xE01EF => Kind::Variation,
        0xE0000..=0xE007F => Kind::Tags,
        0x202A..=0x202E | 0x2066..=0x2069 => Kind::Bidi,
        0x61C | 0x180E | 0x200B..=0x200F | 0x2060 | 0xFEFF => Kind::ZeroWidth,
        _ => Kind::Invisible,
    }
}
