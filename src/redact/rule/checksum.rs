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
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LOWER_DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

impl Checksum {
    /// Whether `token` ends in the checksum of the rest.
    pub(super) fn is_right(self, token: &[u8]) -> bool {
        let (digits, len): (&[u8], usize) = match self {
            Self::Base62 => (DIGITS, 6),
            Self::Base36 => (LOWER_DIGITS, 7),
        };
        let Some((rest, checksum)) = token.len().checked_sub(len).map(|at| token.split_at(at))
        else {
            return false;
        };
        let summed = match self {
            Self::Base62 => match rest.iter().position(|b| *b == b'_') {
                Some(prefix) => &rest[prefix + 1..],
                None => return false,
            },
            Self::Base36 => rest,
        };
        let mut left = crc32fast::hash(summed) as usize;
        let mut from_behind = checksum.iter().rev().map(|digit| {
            let expected = digits[left % digits.len()];
            left /= digits.len();
            *digit == expected
        });
        from_behind.all(|same| same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_right_for_its_token_and_no_other() {
        // Put together here from the documented steps; `cbf43926` is the CRC-32 of `123456789` in every description of
        // it.
        for (kind, token) in
            [(Checksum::Base62, "ghp_1234567893jZRME"), (Checksum::Base36, "1234567891kl8mjq")]
        {
            assert!(kind.is_right(token.as_bytes()), "{token}");
            let mut other = token.replace('5', "6");
            assert!(!kind.is_right(other.as_bytes()), "{other}");
            other.truncate(4);
            assert!(!kind.is_right(other.as_bytes()), "{other}");
        }
    }
}
