//! Whether a machine made a value, or a person who mixes letters, digits and symbols.

use super::SYMBOLS;
use super::code::{is_date_or_color, is_expression};
use crate::secret::distinct;

/// The fewest bytes of a value that only its randomness tells from a word (design 6.3).
const RANDOM: usize = 16;

/// Whether this is random: 16 bytes or more, letters and digits, 8 distinct, and most of it in runs in which letters and
/// digits, or upper and lower case, take turns as in no words and no numbered names.
pub(in crate::redact::rule) fn is_random(value: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| value.iter().any(class);
    let runs = value.split(|b| !b.is_ascii_alphanumeric());
    let random: usize = runs.filter(|run| takes_turns(run)).map(<[u8]>::len).sum();
    value.len() >= RANDOM
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && distinct(value) >= 8
        && random * 5 >= value.len() * 3
        && !is_expression(value)
        && !is_date_or_color(value)
}

/// Whether letters and digits, or upper and lower case, take turns. A single capital counts once: words in camel case
/// have one each. No name has three numbers in it.
pub(super) fn takes_turns(run: &[u8]) -> bool {
    let class = |b: u8| {
        if b.is_ascii_digit() {
            0
        } else if b.is_ascii_lowercase() {
            1
        } else {
            2
        }
    };
    let turns = run.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    let single =
        |three: &&[u8]| class(three[0]) != 2 && class(three[1]) == 2 && class(three[2]) == 1;
    let turns = turns - run.windows(3).filter(single).count();
    let cased =
        [u8::is_ascii_lowercase, u8::is_ascii_uppercase].iter().all(|case| run.iter().any(case));
    let few = if cased { 11 } else { 15 };
    let numbers = run.windows(2).filter(|pair| class(pair[0]) != 0 && class(pair[1]) == 0).count();
    run.len() >= 3 && (turns * few >= run.len() * 3 || numbers >= 3)
        // Hex and UUIDs have parts without a letter, or without a digit.
        || run.len() >= 4 && run.iter().all(u8::is_ascii_hexdigit)
}

/// Whether this is letters of both cases as a generator of passwords shuffles them.
pub(in crate::redact::rule) fn is_shuffled(value: &[u8]) -> bool {
    let cased = [u8::is_ascii_lowercase, u8::is_ascii_uppercase]
        .iter()
        .all(|case| value.iter().filter(|b| case(b)).count() >= 2);
    value.len() >= 8
        && cased
        && value.iter().all(u8::is_ascii_alphanumeric)
        && takes_turns(value)
        && !is_expression(value)
}

/// Whether this has three of lower case, upper case, digits and symbols, with a digit in it that does not merely end it,
/// as people choose passwords.
pub(in crate::redact::rule) fn is_mixed(value: &[u8]) -> bool {
    let has = |class: &dyn Fn(&u8) -> bool| usize::from(value.iter().any(class));
    let classes = has(&|b| b.is_ascii_lowercase())
        + has(&|b| b.is_ascii_uppercase())
        + has(&|b| b.is_ascii_digit())
        + has(&|b| SYMBOLS.contains(b));
    let inner = value.iter().rev().skip_while(|b| b.is_ascii_digit());
    value.len() >= 8 && classes >= 3 && inner.skip(1).any(u8::is_ascii_digit)
}

/// Whether this is a secret with blanks in it and no sentence: groups of one length, as application passwords have, or
/// words most of which hold letters and digits.
pub(in crate::redact::rule) fn is_phrase(value: &[u8]) -> bool {
    let words: Vec<&[u8]> = value.split(|b| *b == b' ').collect();
    if words.len() < 2 || words.len() > 16 || value.len() < 12 {
        return false;
    }
    let plain = |word: &&[u8]| word.iter().all(u8::is_ascii_alphanumeric);
    let same = words.iter().all(|word| word.len() == words[0].len() && plain(word));
    let lower = words.iter().all(|word| !word.iter().any(u8::is_ascii_uppercase));
    if same && words.len() >= 3 && words[0].len() >= 4 && lower {
        return distinct(value) >= 8;
    }
    let mixed = |word: &&&[u8]| {
        let digit = word.iter().any(u8::is_ascii_digit);
        let letter = word.iter().any(u8::is_ascii_alphabetic);
        word.len() >= 3 && digit && letter
    };
    words.iter().filter(mixed).count() * 2 > words.len()
}
