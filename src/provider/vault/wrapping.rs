//! Wrapping tokens: each stands for one answer that nobody has read yet, and gives it once (API, "sys/wrapping").
//!
//! Whoever came across one on its way can take what it wraps and hand on another. So it is asked first where it was made,
//! which its maker cannot choose, and one that was made elsewhere than what we need is not used at all ("Response
//! wrapping", "Response wrapping token validation").

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::answer::Answer;
use super::http::{Link, VaultCall};
use super::login::trimmed;
use super::session::is_plain;
use crate::provider::{Failure, Unwrapped, field};
use crate::secret::Secret;

/// Exchanges a wrapping token for what it wraps: the secret id of an AppRole, the only field of what there is, or all.
/// With `mount` it must be a secret id of the AppRole there, in the namespace of the login.
///
/// # Errors
/// The token is used up or none, or wraps something else.
pub(super) async fn unwrap(
    link: &Link,
    token: &Secret,
    mount: Option<&str>,
    namespace: Option<&str>,
) -> Result<Unwrapped, Failure> {
    let token = trimmed(token);
    // A secret id is made, and wrapped, where its AppRole is.
    let place = |call: VaultCall| if mount.is_some() { call.of_login() } else { call };
    let path = made_at(link, &token, place).await?;
    if let Some(mount) = mount
        && !is_secret_id_of(mount, namespace, &path)
    {
        return Err(substituted(link, mount, &path));
    }
    let call = place(VaultCall::post("sys/wrapping/unwrap", &[])?.once());
    let answer = known(link.send(&call, Some(&token)).await?, link)?;
    let value = wrapped(&answer, link)?;
    Ok(Unwrapped { value, made_at: is_plain(&path).then_some(path) })
}

/// The path whose answer a token wraps.
async fn made_at(
    link: &Link,
    token: &Secret,
    place: impl Fn(VaultCall) -> VaultCall,
) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Wrapping {
        creation_path: String,
    }
    let call = place(VaultCall::post("sys/wrapping/lookup", &[("token", token)])?);
    let answer = known(link.send(&call, None).await?, link)?;
    let data = answer.envelope(&link.place)?.data;
    let wrapping: Option<Wrapping> = data.and_then(|data| serde_json::from_str(data.get()).ok());
    wrapping.map(|wrapping| wrapping.creation_path).ok_or_else(|| answer.unusual(&link.place))
}

/// An answer, unless it says that there is no such token.
fn known(answer: Answer, link: &Link) -> Result<Answer, Failure> {
    if !matches!(answer.status, 400 | 403 | 404) {
        return Ok(answer);
    }
    Err(Failure::Denied {
        reason: format!("{} does not know this wrapping token: it has been used before, or has expired", link.place),
        hint: "ask for a new one; if you did not use it, somebody else has read what it wrapped: have that revoked"
            .to_owned(),
    })
}

/// Whether an answer of this path is a secret id of the AppRole at this mount. The namespace may stand before it.
fn is_secret_id_of(mount: &str, namespace: Option<&str>, path: &str) -> bool {
    let path = path.trim_matches('/');
    let within =
        |namespace: &str| path.strip_prefix(namespace.trim_matches('/'))?.strip_prefix('/');
    let path = namespace.and_then(within).unwrap_or(path);
    let role = path.strip_prefix(&format!("auth/{mount}/role/"));
    let role = role.and_then(|path| path.strip_suffix("/secret-id"));
    role.is_some_and(|role| !role.is_empty() && !role.contains('/'))
}

fn substituted(link: &Link, mount: &str, path: &str) -> Failure {
    let shown = if is_plain(path) { format!("`{path}`") } else { "another path".to_owned() };
    Failure::Denied {
        reason: format!(
            "{} created this wrapping token at {shown}, not for a secret id of `auth/{mount}`: somebody may have swapped it",
            link.place
        ),
        hint: "hushpipe did not use it; unless you mixed up two tokens, inform whoever runs the server, have your secret id revoked, and ask for a new one"
            .to_owned(),
    }
}

/// What an answer gave for a token.
fn wrapped(answer: &Answer, link: &Link) -> Result<Secret, Failure> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_id_is_made_at_one_path_of_one_mount() {
        let of = |mount, path| is_secret_id_of(mount, Some("org/team"), path);
        assert!(of("approle", "auth/approle/role/app/secret-id"));
        assert!(of("approle", "org/team/auth/approle/role/app/secret-id"));
        assert!(of("apps/ci", "auth/apps/ci/role/app/secret-id"));
        for path in [
            "sys/wrapping/wrap",
            "auth/other/role/app/secret-id",
            "auth/approle/role/app/secret-id/lookup",
            "auth/approle/role/a/b/secret-id",
            "auth/approle/role//secret-id",
            "auth/approle/role/secret-id",
            // What anybody may have written who may write to such an engine.
            "kv/auth/approle/role/app/secret-id",
            "",
        ] {
            assert!(!of("approle", path), "{path}");
        }
    }
}
