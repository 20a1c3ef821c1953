//! Checksums at the end of tokens.
//!
//! Issuers put them there so that a scanner can tell a token without asking. One that is right settles the matter; one
//! that is wrong settles nothing: people shorten tokens, and documentation invents them.

use serde::Deserialize;

/// How a token ends in a checksum of the rest.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Checksum {
    /// Six digits of base 62, the CRC-32 of what stands between the prefix and them: GitHub, npm.
    Base62,
    /// Seven digits of base 36, the CRC-32 of everything before them: GitLab's routable tokens.
    Base36,
    /// An underscore and eight hex digits, the CRC-32 of everything before them with its lowest byte first: Grafana.
    Hex,
    /// Six characters of bech32 (BIP 173), whose words are in upper case and of any length: age.
    Bech32,
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LOWER_DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

impl Checksum {
    /// Whether `token` ends in the checksum of the rest.
    pub(super) fn is_right(self, token: &[u8]) -> bool {
        let split = |len| token.split_at_checked(token.len().checked_sub(len)?);
        let right = match self {
            Self::Base62 => split(6).and_then(|(rest, checksum)| {
                let prefix = rest.iter().position(|b| *b == b'_')?;
                Some(is_number(crc32fast::hash(&rest[prefix + 1..]), DIGITS, checksum))
            }),
            Self::Base36 => split(7)
                .map(|(rest, checksum)| is_number(crc32fast::hash(rest), LOWER_DIGITS, checksum)),
            Self::Hex => split(8).and_then(|(rest, checksum)| {
                let sum = crc32fast::hash(rest.strip_suffix(b"_")?).swap_bytes();
                Some(is_number(sum, &LOWER_DIGITS[..16], &checksum.to_ascii_lowercase()))
            }),
            Self::Bech32 => is_bech32(token),
        };
        right.unwrap_or_default()
    }
}

/// Whether `text` is this number in these digits, the highest one first.
fn is_number(number: u32, digits: &[u8], text: &[u8]) -> bool {
    let mut left = number as usize;
    let mut from_behind = text.iter().rev().map(|digit| {
        let expected = digits[left % digits.len()];
        left /= digits.len();
        *digit == expected
    });
    from_behind.all(|same| same)
}

/// Whether the characters behind the last `1` end in the checksum of them and of what stands before it; `None` where one
/// of them is none of bech32.
fn is_bech32(text: &[u8]) -> Option<bool> {
    const CHARACTERS: &[u8; 32] = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let (name, data) = text.split_at(text.iter().rposition(|b| *b == b'1')?);
    // The name counts in lower case, its high bits first.
    let name = name.to_ascii_lowercase();
    let high = name.iter().map(|b| u32::from(b >> 5)).chain([0]);
    let low = name.iter().map(|b| u32::from(b & 31));
    let data = data[1..].iter().map(|b| CHARACTERS.iter().position(|c| c == b));
    let data: Vec<u32> = data.map(|at| at.map(|at| at as u32)).collect::<Option<_>>()?;
    let step = |sum: u32, value: u32| {
        let divided = GENERATOR.iter().enumerate().filter(|(bit, _)| sum >> (25 + bit) & 1 == 1);
        divided.fold((sum & 0x01ff_ffff) << 5 ^ value, |sum, (_, part)| sum ^ part)
    };
    Some(high.chain(low).chain(data).fold(1, step) == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_right_for_its_token_and_no_other() {
        // Put together here from the documented steps; `cbf43926` is the CRC-32 of `123456789` in every description of
        // it.
        // The identity of 32 times 0x42 is the one of age's own specification.
        let age = ["AGE-SECRET-KEY-1", &"GFPYYSJZ".repeat(6), "GFPQ4EGAEX"].concat();
        let hybrid =
            ["AGE-SECRET-KEY-PQ-1", "QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0S5DYVQQ"];
        for (kind, token) in [
            (Checksum::Base62, "ghp_1234567893jZRME"),
            (Checksum::Base36, "1234567891kl8mjq"),
            (Checksum::Hex, "123456789_2639f4cb"),
            (Checksum::Hex, "123456789_2639F4CB"),
            (Checksum::Bech32, &age),
            (Checksum::Bech32, &hybrid.concat()),
        ] {
            assert!(kind.is_right(token.as_bytes()), "{token}");
            let mut other = token.replace('5', "6").replace("QP", "PQ").replace("JZ", "ZJ");
            assert!(!kind.is_right(other.as_bytes()), "{other}");
            other.truncate(4);
            assert!(!kind.is_right(other.as_bytes()), "{other}");
        }
    }
}
