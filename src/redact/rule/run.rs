//! Runs of characters that tokens are made of: where a token ends, and whether a run behind a prefix is one.
//!
//! Issuers change lengths and alphabets without notice, so a pattern that is as exact as the documentation leaves the
//! end of a longer token behind, and misses a shorter one. Nothing here looks at a byte twice.

use super::REACH;

/// Whether a byte may stand inside a token without being a separator.
fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// How many bytes at the start of `text` are letters, digits, `_` or `-`.
fn word_len(text: &[u8]) -> usize {
    text.iter().take(REACH).take_while(|byte| in_word(**byte)).count()
}

/// The end of the token of which a pattern has matched what ends at `end`.
///
/// It goes on while letters, digits, `_`, `-` and the `+` of base64 do, and behind one `/`, `.`, `~` or `=` where what
/// follows looks random: the next word of a path or a sentence does not.
pub(super) fn token_end(text: &[u8], end: usize) -> usize {
    if !text[..end].last().is_some_and(|byte| in_word(*byte)) {
        return end;
    }
    let text = &text[..text.len().min(end + REACH)];
    let mut grown = end;
    while let Some([next, rest @ ..]) = text.get(grown..) {
        let part = match next {
            byte if in_word(*byte) => word_len(rest),
            b'+' if matches!(rest, [b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z', ..]) => {
                word_len(rest)
            }
            b'/' | b'.' | b'~' | b'=' => match word_len(rest) {
                part if part >= RANDOM && is_random(&rest[..part], 1) => part,
                _ => break,
            },
            _ => break,
        };
        grown += 1 + part;
    }
    // A dash or an underscore at the end belongs to the text around it: `<!-- token-->`, `_token_`.
    let trailing = |byte: &&u8| matches!(byte, b'_' | b'-');
    grown - text[end..grown].iter().rev().take_while(trailing).count()
}

/// A value of so many bytes may go on behind what a pattern matches of it: a longer bound would make patterns large.
pub(super) const LONG: usize = 512;

/// The end of a long value of which a pattern has matched what ends at `end`.
pub(super) fn long_value_end(text: &[u8], end: usize) -> usize {
    let rest = text[end..].iter().take(REACH);
    end + rest.take_while(|byte| IN_TOKEN[usize::from(**byte)]).count()
}

/// The fewest bytes of a part of a token that are told from a word.
const RANDOM: usize = 8;

/// The end of the token behind a prefix that ends at `start`, whatever its issuer documents of length and alphabet.
///
/// A prefix of five bytes or more says enough that twenty bytes with a digit are a token; one of four, such as `npm_`,
/// must have a longer run of letters and digits behind it.
pub(super) fn token_behind(text: &[u8], start: usize, prefix: &[u8]) -> Option<usize> {
    // Tried in vain wherever a prefix stands, so it looks no further than it must.
    let near = text.len().min(start + NEAR);
    let token = &text[start..start + word_len(&text[start..near])];
    let parts = || token.split(|byte| !byte.is_ascii_alphanumeric());
    let found = if prefix.len() > SHORT_PREFIX {
        token.len() >= SHORTEST && is_random(token, 4)
    } else {
        prefix.last().is_some_and(|byte| !byte.is_ascii_alphanumeric())
            && parts().any(|part| part.len() >= LONG_PART && is_random(part, 6))
    };
    found.then(|| token_end(text, start + token.len()))
}

/// So much behind a prefix tells whether it is that of a token, in bytes.
const NEAR: usize = 64;

/// A prefix of so many bytes alone is no more than a word.
const SHORT_PREFIX: usize = 4;

/// The fewest bytes of a token behind a longer prefix.
const SHORTEST: usize = 20;

/// The fewest letters and digits in a row behind a short prefix.
const LONG_PART: usize = 24;

/// Whether there are a letter and a digit, and classes of characters change so many times inside words. A capital at the
/// beginning of a word is no change.
fn is_random(token: &[u8], changes: usize) -> bool {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 1,
        b'a'..=b'z' => 2,
        b'A'..=b'Z' => 3,
        _ => 0,
    };
    let changed = |pair: &&[u8]| {
        let (before, after) = (class(pair[0]), class(pair[1]));
        before != after && before != 0 && after != 0 && (before, after) != (3, 2)
    };
    token.iter().any(u8::is_ascii_digit)
        && token.iter().any(u8::is_ascii_alphabetic)
        && token.windows(2).filter(changed).count() >= changes
}

/// How many characters follow the first three of every token whose prefix is that short.
const SHORTEST_TOKEN: usize = 12;

/// Whether so many characters of a token stand behind a short keyword as no word has: asked wherever one stands, so it
/// ends at the first that is none.
pub(in crate::redact) fn is_run(text: &[u8], keyword: usize) -> bool {
    let run = text.get(keyword + 3..keyword + 3 + SHORTEST_TOKEN);
    run.is_some_and(|run| run.iter().all(|byte| IN_TOKEN[usize::from(*byte)]))
}

/// The bytes that tokens are made of.
static IN_TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        table[byte] = c.is_ascii_alphanumeric()
            || matches!(c, b'_' | b'-' | b'.' | b'~' | b'+' | b'/' | b'=' | b'!');
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::rule::tests::expand;

    /// How much of a text is the token of which so many bytes have matched.
    fn grown(text: &str, matched: usize) -> &str {
        &text[..token_end(text.as_bytes(), matched)]
    }

    #[test]
    fn a_token_goes_on_to_the_end_of_its_run_and_not_into_the_text_behind_it() {
        let (token, _) = expand("{base62:20}-{base62:20}_{base62:8}7x+q4{base62:9}/3k{hex:12}", 7);
        for behind in [
            "",
            ".",
            " and",
            "\"",
            "\\n",
            "/getMe",
            "-->",
            "_ ",
            "==",
            ",x",
            ".json",
            "&page=2",
            "/v2/items",
        ] {
            let text = format!("{token}{behind}");
            assert_eq!(grown(&text, 10), token, "{text}");
        }
        assert_eq!(grown("no token) at all", 9), "no token)");
    }

    #[test]
    fn behind_a_long_prefix_any_random_run_is_a_token_and_no_identifier_is() {
        let whole = |prefix: &str, run: &str| {
            let text = format!("{prefix}{run}");
            token_behind(text.as_bytes(), prefix.len(), prefix.as_bytes()) == Some(text.len())
        };
        for (prefix, run) in [
            ("long_", "{hex:20}"),
            ("long_", "{base62:24}"),
            ("long_", "{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"),
            ("abc_", "{base62:40}"),
            ("abc-", "{hex:32}"),
        ] {
            for seed in 1..20 {
                let run = expand(run, seed).0;
                assert!(whole(prefix, &run), "{prefix}{run}");
            }
        }
        for (prefix, run) in [
            ("long_", "request_handler_of_v2_final"),
            ("long_", "policy2024_of_an_organisation"),
            ("long_", "a1b2c3"),
            ("long_", "01234567890123456789"),
            ("abc_", "{base62:20}"),
            ("dose", "{base62:40}"),
        ] {
            let run = expand(run, 3).0;
            assert!(!whole(prefix, &run), "{prefix}{run}");
        }
    }
}
