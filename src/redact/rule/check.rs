//! What a match of a rule must pass before it counts.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plausible;
use crate::redact::MARKER;
use crate::redact::settings::Level;
use crate::secret::distinct;

/// A check by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Not masked: the last 20 bytes hold at least 6 different ones, or none that documentation writes in place of a
    /// token, as in `ghp_xxxxxxxx`. Of twenty random hex digits one in a hundred thousand fails.
    Varied,
    /// There is a digit, or upper and lower case take turns: the words of a longer identifier have neither.
    Digit,
    /// There are letters of both cases.
    Mixed,
    /// Not what stands in documentation or code in place of a secret.
    Real,
    /// What a field of a sensitive name holds when it is a secret: neither code, a path nor words.
    Telling,
    /// The part before the first dot is base64url of a JSON object with an `alg`.
    JwtHeader,
    /// Base64 of a PEM header that says `PRIVATE KEY`.
    PrivateKey,
    /// Base64 of `user:password`.
    BasicPair,
    /// Shortly after `curl`: `-u` means something else elsewhere.
    Curl,
    /// In a connection string: `Server=…;`, `host=… user=…`, `jdbc:`.
    Connection,
    /// Does not call itself an example, as the keys in AWS's documentation do.
    NoExample,
    /// Not in the query of a URL: a presigned one names its key and must keep working.
    OutsideQuery,
}

/// A match in its text.
pub(super) struct Match<'t> {
    pub(super) text: &'t [u8],
    pub(super) secret: Range<usize>,
}

impl Check {
    /// Whether the match passes. At level `strict` what keeps placeholders, words and presigned URLs out is dropped;
    /// what says that this is a key, a token or a setting at all stays.
    pub(super) fn passes(self, found: &Match<'_>, level: Level) -> bool {
        let secret = found.secret();
        if level == Level::Strict {
            match self {
                Self::Varied | Self::Digit | Self::Mixed | Self::NoExample | Self::OutsideQuery => {
                    return true;
                }
                Self::Real => return !found.holds_marker(),
                Self::Telling => return !found.holds_marker() && secret.len() >= SHORTEST,
                _ => {}
            }
        }
        match self {
            Self::Varied => {
                let tail = &secret[secret.len().saturating_sub(20)..];
                distinct(tail) >= 6 || !tail.iter().any(|b| b"xX*.0_-".contains(b))
            }
            Self::Digit => secret.iter().any(u8::is_ascii_digit) || plausible::is_jumbled(secret),
            Self::Mixed => {
                let has = |class: fn(&u8) -> bool| secret.iter().any(class);
                has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase)
            }
            Self::Real => plausible::is_real(found.value()) && !plausible::is_public(secret),
            Self::NoExample => memmem::find(&secret.to_ascii_lowercase(), b"example").is_none(),
            Self::Telling => {
                let quoted = found.is_quoted();
                plausible::is_real(secret)
                    && (!found.is_next_argument() || plausible::is_token(secret))
                    && (plausible::is_telling(secret, quoted)
                        || quoted && found.is_password() && plausible::is_word(secret))
            }
            Self::JwtHeader => {
                // In base64 once more it begins like this.
                let decoded = secret.starts_with(b"ZXlK").then(|| decoded_prefix(secret));
                is_jwt_header(decoded.as_deref().unwrap_or(secret))
            }
            Self::PrivateKey => {
                let header = STANDARD_NO_PAD
                    .decode(secret.get(..64).unwrap_or_default())
                    .unwrap_or_default();
                memmem::find(&header, b"PRIVATE KEY").is_some()
            }
            Self::BasicPair => {
                let pair = secret.trim_ascii_end();
                let unpadded = pair.split(|b| *b == b'=').next().unwrap_or_default();
                is_basic_pair(&STANDARD_NO_PAD.decode(unpadded).unwrap_or_default())
            }
            Self::Curl => memmem::find(found.before(512), b"curl").is_some(),
            Self::Connection => found.is_in_connection_string(),
            Self::OutsideQuery => {
                let ends = |b: &u8| b.is_ascii_whitespace() || b"\"'<>`".contains(b);
                let mut before = found.before(1024).iter().rev().take_while(|b| !ends(b));
                !before.any(|b| *b == b'?')
            }
        }
    }
}

/// Whether what stands before the first dot is base64url of a JSON object with an `alg`, which every header has.
fn is_jwt_header(token: &[u8]) -> bool {
    let header = token.split(|b| matches!(b, b'.' | b'=')).next().unwrap_or_default();
    let json = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    json.starts_with(b"{") && memmem::find(&json, b"\"alg\"").is_some()
}

/// What the whole groups of four at the start of base64 of either alphabet stand for.
fn decoded_prefix(base64: &[u8]) -> Vec<u8> {
    let standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let text = base64.iter().take_while(|byte| **byte != b'=').map(standard);
    let mut text: Vec<u8> = text.collect();
    text.truncate(text.len() / 4 * 4);
    STANDARD_NO_PAD.decode(text).unwrap_or_default()
}

/// Whether this is `user:password` in UTF-8, or in Latin-1 (RFC 7617 section 2 leaves it open), where at most one letter
/// in three is none of ASCII.
fn is_basic_pair(pair: &[u8]) -> bool {
    let printed = |c: char| c == ' ' || !c.is_whitespace() && !c.is_control();
    let accented = pair.iter().filter(|byte| **byte >= 0xC0).count();
    let latin = || {
        pair.iter().all(|byte| matches!(byte, b' '..=b'~' | 0xC0..)) && accented * 3 <= pair.len()
    };
    pair.contains(&b':')
        && match std::str::from_utf8(pair) {
            Ok(text) => text.chars().all(printed),
            Err(_) => latin(),
        }
}

/// The fewest bytes that the value of a field has at level `strict`, where nothing else tells it from a word.
pub(super) const SHORTEST: usize = 8;

/// Whether something in it has been replaced already.
pub(super) fn holds_marker(value: &[u8]) -> bool {
    memmem::find(value, MARKER.as_bytes()).is_some()
}

impl<'t> Match<'t> {
    /// Whether something in it has been replaced already.
    fn holds_marker(&self) -> bool {
        holds_marker(self.secret())
    }

    /// What could be a placeholder: of a URL, only the user and password.
    fn value(&self) -> &'t [u8] {
        let secret = self.secret();
        let Some(scheme) = memmem::find(secret, b"://") else { return secret };
        let userinfo = &secret[scheme + 3..];
        &userinfo[..memchr::memchr(b'@', userinfo).unwrap_or(userinfo.len())]
    }

    /// Whether the name before the secret is one of a password: people choose those, and choose words.
    fn is_password(&self) -> bool {
        let before = self.before(32).to_ascii_lowercase();
        [&b"pass"[..], b"pwd"].iter().any(|name| memmem::find(&before, name).is_some())
    }

    fn secret(&self) -> &'t [u8] {
        &self.text[self.secret.clone()]
    }

    /// Up to `len` bytes before the secret.
    fn before(&self, len: usize) -> &'t [u8] {
        &self.text[self.secret.start.saturating_sub(len)..self.secret.start]
    }

    fn is_quoted(&self) -> bool {
        matches!(self.before(1), [b'"' | b'\'' | b'`'])
    }

    /// Whether it stands behind a name and a comma: the next argument of a call, or of a list of names.
    fn is_next_argument(&self) -> bool {
        let mut before = self.before(8).iter().rev().skip(1).skip_while(|b| **b == b' ');
        self.is_quoted() && before.next() == Some(&b',')
    }

    /// Whether another part of a connection string stands on the same line.
    fn is_in_connection_string(&self) -> bool {
        const PARTS: [&[u8]; 9] = [
            b"server=",
            b"data source=",
            b"host=",
            b"user id=",
            b"uid=",
            b"database=",
            b"dbname=",
            b"jdbc:",
            b"initial catalog=",
        ];
        let end = self.text.len().min(self.secret.end + 256);
        let line_end = |text: &[u8]| text.iter().position(|b| *b == b'\n').unwrap_or(text.len());
        let before = self.before(256).rsplit(|b| *b == b'\n').next().unwrap_or_default();
        let after = &self.text[self.secret.end..end];
        let plain = |text: &[u8]| {
            let text = text.to_ascii_lowercase();
            String::from_utf8_lossy(&text).replace(" =", "=").replace("= ", "=").into_bytes()
        };
        let sides = [plain(before), plain(&after[..line_end(after)])];
        PARTS.iter().any(|part| sides.iter().any(|side| memmem::find(side, part).is_some()))
    }
}
