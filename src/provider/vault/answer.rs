//! What a server answered: our own lenient reading of it, and what its status means to a person.
//!
//! Fields that a compatible server omits are missing, not wrong. The words of a server's errors tell cases apart and go
//! no further: they may repeat what was sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::provider::Failure;
use crate::provider::net;
use crate::provider::net::retry::RetryAdvice;
use crate::secret::Secret;

/// An answer of any status.
pub(super) struct Answer {
    pub(super) status: u16,
    body: Zeroizing<Vec<u8>>,
    again: RetryAdvice,
}

/// What surrounds everything that Vault answers (API, "Response"). Each member is read by itself: a lease is known, and
/// given back, whatever became of those beside it.
pub(super) struct VaultEnvelope<'a> {
    pub(super) data: Option<&'a RawValue>,
    pub(super) lease_id: Option<Secret>,
    pub(super) lease_duration: Option<u64>,
    pub(super) renewable: Option<bool>,
    pub(super) auth: Option<Auth>,
}

/// The part of an answer that holds a token. Read in the same way.
pub(super) struct Auth {
    pub(super) client_token: Option<Secret>,
    pub(super) lease_duration: Option<u64>,
    pub(super) renewable: Option<bool>,
    pub(super) token_type: Option<String>,
    pub(super) role_name: Option<String>,
    pub(super) wants_second_factor: bool,
}

impl<'a> VaultEnvelope<'a> {
    fn of(members: &Members<'a>) -> Self {
        Self {
            data: members.read("data"),
            lease_id: members.secret("lease_id"),
            lease_duration: members.seconds("lease_duration"),
            renewable: members.read("renewable"),
            auth: members.read("auth").map(|auth| Auth::of(&auth)),
        }
    }
}

impl Auth {
    /// Whether the token is one that the server does not keep.
    pub(super) fn is_batch(&self) -> bool {
        self.token_type.as_deref() == Some("batch")
    }

    fn of(members: &Members<'_>) -> Self {
        let metadata: Option<Members> = members.read("metadata");
        Self {
            client_token: members.secret("client_token"),
            lease_duration: members.seconds("lease_duration"),
            renewable: members.read("renewable"),
            token_type: members.read("token_type"),
            role_name: metadata.and_then(|metadata| metadata.read("role_name")),
            wants_second_factor: members.0.contains_key("mfa_requirement"),
        }
    }
}

/// The members of an object but for those that are `null`; of two with one name the last.
struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = BTreeMap::<String, &RawValue>::deserialize(deserializer)?;
        members.retain(|_, value| value.get() != "null");
        Ok(Self(members))
    }
}

impl<'a> Members<'a> {
    /// A member; none where it is not of that type.
    fn read<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// A text that is a secret, where it is not empty.
    fn secret(&self, name: &str) -> Option<Secret> {
        let text: String = self.read(name)?;
        (!text.is_empty()).then(|| Secret::new(text.into_bytes()))
    }

    /// A number of seconds, however it is spelt; one below 0 is 0, one past all numbers the largest.
    fn seconds(&self, name: &str) -> Option<u64> {
        let number: f64 = self.0.get(name)?.get().trim_matches('"').parse().ok()?;
        Some(number as u64)
    }
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
    pub(super) fn new(net::Answer { status, body, again }: net::Answer) -> Self {
        Self { status, body, again }
    }

    /// Whether the server did what was asked.
    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether and when the same may be answered otherwise.
    pub(super) fn again(&self) -> RetryAdvice {
        // A person must unseal or initialize it first.
        if self.is_sealed() || self.status == 501 { RetryAdvice::Never } else { self.again }
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

    /// What surrounds the data, if this is an answer of Vault's at all.
    pub(super) fn read_envelope(&self) -> Option<VaultEnvelope<'_>> {
        self.read().map(|members| VaultEnvelope::of(&members))
    }

    /// What surrounds the data of a good answer.
    ///
    /// # Errors
    /// The answer is not good, or not what Vault answers.
    pub(super) fn envelope(&self, place: &str) -> Result<VaultEnvelope<'_>, Failure> {
        if !self.is_good() {
            return Err(self.unusual(place));
        }
        self.read_envelope().ok_or_else(|| Failure::BadAnswer {
            place: place.to_owned(),
            reason: "did not answer like a Vault server".to_owned(),
            hint: Some("check the address: it may belong to a proxy or another service".to_owned()),
        })
    }

    /// What a status means that is not particular to what was asked.
    pub(super) fn unusual(&self, place: &str) -> Failure {
        let active = "set `address` to the active node, or to the load balancer of the cluster";
        let (reason, hint) = match self.status {
            300..400 => (
                "redirects to another address, and hushpipe does not send a token there",
                Some(active),
            ),
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
                    hint: Some("`vault status` shows the state of the server".to_owned()),
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
            reason: "received too many requests (429)".to_owned(),
            hint: Some(match self.again {
                RetryAdvice::After(wait) => format!("try again in {} s", wait.as_secs()),
                _ => "try again in a while, or ask for a higher rate limit quota".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        let body = Zeroizing::new(body.into());
        Answer::new(net::Answer { status: 200, body, again: RetryAdvice::Never })
    }

    #[test]
    fn what_surrounds_data_may_lack_anything_but_the_data() {
        for body in [
            r#"{"data":{"a":"b"}}"#,
            r#"{"data":{"a":"b"},"lease_id":null,"auth":null,"renewable":null}"#,
            r#"{"data":{"a":"b"},"lease_id":""}"#,
        ] {
            let answer = answer(body);
            let envelope = answer.envelope("here").expect(body);
            assert_eq!(envelope.data.map(RawValue::get), Some(r#"{"a":"b"}"#));
            assert!(envelope.lease_id.is_none(), "an empty lease id is none");
        }
    }

    #[test]
    fn a_lease_is_known_whatever_stands_beside_it() {
        for (members, lasts) in [
            (r#""lease_duration":60,"renewable":true"#, Some(60)),
            (r#""lease_duration":60.0,"renewable":1"#, Some(60)),
            (r#""lease_duration":"60","renewable":"yes""#, Some(60)),
            (r#""lease_duration":-1,"auth":"""#, Some(0)),
            (r#""lease_duration":1e40,"auth":{"client_token":5}"#, Some(u64::MAX)),
            (r#""lease_duration":5,"lease_duration":60"#, Some(60)),
            (r#""lease_duration":[],"warnings":{}"#, None),
        ] {
            let body = format!(r#"{{"lease_id":"db/1","data":{{"a":"b"}},{members}}}"#);
            let answer = answer(&body);
            let envelope = answer.envelope("here").expect(&body);
            assert!(envelope.lease_id.is_some(), "{body}");
            assert_eq!(envelope.lease_duration, lasts, "{body}");
            assert_eq!(envelope.data.map(RawValue::get), Some(r#"{"a":"b"}"#), "{body}");
        }
    }

    #[test]
    fn a_token_is_known_whatever_stands_beside_it() {
        let auth = r#"{"client_token":"t","lease_duration":"soon","metadata":{"role_name":7},"token_type":null}"#;
        let answer = answer(&format!(r#"{{"auth":{auth}}}"#));
        let auth = answer.envelope("here").expect("an answer").auth.expect("a token");
        assert!(auth.client_token.is_some());
        assert_eq!((auth.lease_duration, auth.role_name, auth.token_type), (None, None, None));
    }
}
