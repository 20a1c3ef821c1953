//! Wrapping tokens: each stands for one answer that nobody has read yet, and gives it once (API, "sys/wrapping").

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::http::{Call, Link};
use super::login::trimmed;
use crate::provider::{Failure, field};
use crate::secret::Secret;

/// Exchanges a wrapping token for what it wraps: the secret id of an AppRole, the only field of what there is, or all.
///
/// # Errors
/// The token is used up or none.
pub(super) async fn unwrap(link: &Link, token: &Secret) -> Result<Secret, Failure> {
    let call = Call::post("sys/wrapping/unwrap", &[])?.once();
    let answer = link.send(&call, Some(&trimmed(token))).await?;
    if matches!(answer.status, 400 | 403 | 404) {
        return Err(Failure::Denied {
            reason: format!("{} does not know this wrapping token: it was used before, or has expired", link.place),
            hint: "ask for a new one; if nobody of yours used it, somebody else has what it wrapped: have that revoked"
                .to_owned(),
        });
    }
    let envelope = answer.envelope(&link.place)?;
    let data = envelope.data.ok_or_else(|| answer.unusual(&link.place))?.get();
    let whole = super::value(data)?;
    if let Ok(secret_id) = field::project(&whole, Some("secret_id")) {
        return Ok(secret_id);
    }
    let keys: BTreeMap<String, IgnoredAny> = serde_json::from_str(data).unwrap_or_default();
    match keys.keys().collect::<Vec<_>>().as_slice() {
        [only] => field::project(&whole, Some(only)),
        _ => Ok(whole),
    }
}
