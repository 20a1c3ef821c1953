//! What a match of a rule must pass before it counts.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::secret::distinct;

/// A check by name.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Check {
    /// The last 20 bytes hold at least 6 different ones: documentation is full of `ghp_xxxxxxxx`, and of twenty random
    /// hex digits one in a hundred thousand fails.
    Varied,
    /// The part before the first dot is base64url of a JSON object with an `alg`.
    JwtHeader,
}

impl Check {
    pub(super) fn passes(self, secret: &[u8]) -> bool {
        match self {
            Self::Varied => distinct(&secret[secret.len().saturating_sub(20)..]) >= 6,
            Self::JwtHeader => {
                let header = secret.split(|b| *b == b'.').next().unwrap_or_default();
                let json = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
                json.starts_with(b"{") && memchr::memmem::find(&json, b"\"alg\"").is_some()
            }
        }
    }
}
