//! What a server answered: our own lenient reading of it, and what its status means to a person.
//!
//! Fields that a compatible server omits are missing, not wrong. The words of a server's errors tell cases apart and go
//! no further: they may repeat what was sent.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::provider::Failure;
use crate::provider::retry::Again;
use crate::secret::Secret;

/// An answer of any status.
pub(super) struct Answer {
    pub(super) status: u16,
    body: Zeroizing<Vec<u8>>,
    again: Again,
}

/// What surrounds everything that Vault answers (API, "Response").
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default)]
    pub(super) data: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "secret")]
    pub(super) lease_id: Option<Secret>,
    #[serde(default)]
    pub(super) lease_duration: Option<u64>,
    #[serde(default)]
    pub(super) renewable: Option<bool>,
    #[serde(default)]
    pub(super) auth: Option<Auth>,
}

/// The part of an answer that holds a token.
#[derive(Deserialize)]
pub(super) struct Auth {
    #[serde(default, deserialize_with = "secret")]
    pub(super) client_token: Option<Secret>,
    #[serde(default)]
    pub(super) lease_duration: Option<u64>,
    #[serde(default)]
    pub(super) renewable: Option<bool>,
    #[serde(default)]
    pub(super) token_type: Option<String>,
    #[serde(default)]
    pub(super) metadata: Option<Metadata>,
    #[serde(default)]
    pub(super) mfa_requirement: Option<serde::de::IgnoredAny>,
}

/// What a login says of who logged in.
#[derive(Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub(super) role_name: Option<String>,
}

/// A text that is a secret, where there is one that is not empty.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()).map(|text| Secret::new(text.into_bytes())))
}

/// Vault's errors, and the shape that others give them.
#[derive(Deserialize, Default)]
struct Errors {
    #[serde(default)]
    errors: Vec<String>,
    #[serde(default)]
    error: Option<String>,
}

impl Answer {
    /// What came back.
    pub(super) fn new(status: u16, body: Zeroizing<Vec<u8>>, again: Again) -> Self {
        Self { status, body, again }
    }

    /// Whether the server did what was asked.
    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether and when the same may be answered otherwise.
    pub(super) fn again(&self) -> Again {
        // A person must unseal or initialize it first.
        if self.is_sealed() || self.status == 501 { Again::Never } else { self.again }
    }

    fn is_sealed(&self) -> bool {
        self.status == 503 && self.says("sealed")
    }

    /// Whether the errors of this answer hold these words, in lower case.
    pub(super) fn says(&self, words: &str) -> bool {
        let Errors { errors, error } = self.read().unwrap_or_default();
        errors.iter().chain(&error).any(|error| error.to_ascii_lowercase().contains(words))
    }

    /// Reads the body as JSON of some shape.
    pub(super) fn read<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What surrounds the data of a good answer.
    ///
    /// # Errors
    /// The answer is not good, or not what Vault answers.
    pub(super) fn envelope(&self, place: &str) -> Result<Envelope<'_>, Failure> {
        if !self.is_good() {
            return Err(self.unusual(place));
        }
        self.read().ok_or_else(|| Failure::BadAnswer {
            place: place.to_owned(),
            reason: "answered what is no answer of a Vault server".to_owned(),
            hint: Some(
                "check the address: it may be that of a proxy or of another service".to_owned(),
            ),
        })
    }

    /// What a status means that is not particular to what was asked.
    pub(super) fn unusual(&self, place: &str) -> Failure {
        let active = "set `address` to the active node, or to what stands before all of them";
        let (reason, hint) = match self.status {
            300..400 => {
                ("sends requests to another address, which a token does not follow", Some(active))
            }
            472 | 473 => ("is a standby that does not answer", Some(active)),
            501 => ("is not initialized", Some("ask who runs it to run `vault operator init`")),
            503 if self.is_sealed() => {
                ("is sealed", Some("ask who runs it to run `vault operator unseal`"))
            }
            429 => return self.overloaded(place),
            status => {
                return Failure::BadAnswer {
                    place: place.to_owned(),
                    reason: format!("answered {status}"),
                    hint: Some("`vault status` says how the server is".to_owned()),
                };
            }
        };
        Failure::BadAnswer {
            place: place.to_owned(),
            reason: reason.to_owned(),
            hint: hint.map(str::to_owned),
        }
    }

    fn overloaded(&self, place: &str) -> Failure {
        Failure::BadAnswer {
            place: place.to_owned(),
            reason: "has had too many requests (429)".to_owned(),
            hint: Some(match self.again {
                Again::After(wait) => format!("try again in {} s", wait.as_secs()),
                _ => "try again in a while, or ask for a higher rate limit quota".to_owned(),
            }),
        }
    }
}
