//! Keys of a session that a person opened with `aws sso login` (IAM Identity Center).
//!
//! The token lies below `~/.aws/sso/cache`, in a file named after a hash of the session's name or address; it is found by
//! the address that it holds, whatever the file is called. One that is about to end is renewed where the person's login
//! allows it, and kept as the command line keeps it. One that has ended and cannot be renewed is an error that says what to
//! run: nothing here opens a browser.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::primitives::{DateTime, DateTimeFormat};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::provider::Failure;
use crate::provider::aws::http::{AwsAnswer, Http, request};
use crate::provider::aws::profile::Sso;
use crate::provider::detached::detached;
use crate::sys::{clock, permission, private};

/// The longest file of the cache that is read, in bytes.
const MAX_CACHED: u64 = 64 * 1024;

/// A token that ends sooner than this is renewed, as the command line does it, in seconds.
const SOON: u64 = 300;

/// A login as the command line keeps it. What else is in the file stays there.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cached {
    start_url: String,
    access_token: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_expires_at: Option<String>,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Renewed {
    access_token: String,
    expires_in: u64,
    refresh_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleCredentials {
    role_credentials: Keys,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    /// In milliseconds since 1970.
    expiration: u64,
}

/// A profile's session, and how it is asked.
pub(super) struct Asking<'a> {
    /// The client.
    pub(super) http: &'a Http,
    /// Another address than AWS's own.
    pub(super) endpoint: Option<&'a str>,
    /// The session.
    pub(super) sso: &'a Sso,
    /// The profile that has it.
    pub(super) profile: &'a str,
}

impl Asking<'_> {
    /// What a person does when the session has ended.
    pub(super) fn renewal(&self) -> String {
        format!("ask the user to run `aws sso login --profile {}`", self.profile)
    }

    /// The keys of the profile's role, by the login below this folder.
    pub(super) async fn credentials(&self, folder: PathBuf) -> Result<Credentials, Failure> {
        let start_url = self.sso.start_url.clone();
        let found = detached(move || Ok(newest(&folder, &start_url))).await?;
        let Some((file, cached)) = found else {
            return Err(self.ended("nobody has logged in"));
        };
        let ends = seconds(&cached.expires_at).unwrap_or(0);
        let token = if ends > clock::now() + SOON {
            Zeroizing::new(cached.access_token)
        } else {
            match self.renew(file, &cached).await {
                Some(token) => token,
                None if ends > clock::now() => Zeroizing::new(cached.access_token),
                None => return Err(self.ended("it has expired")),
            }
        };
        self.keys(&token).await
    }

    fn ended(&self, why: &str) -> Failure {
        let named = match &self.sso.session {
            Some(session) => format!("the SSO session `{session}`"),
            None => "the SSO session".to_owned(),
        };
        Failure::Denied {
            reason: format!("{named} of the profile `{}` is not open: {why}", self.profile),
            hint: self.renewal(),
        }
    }

    fn address(&self, service: &str) -> String {
        let Sso { region, .. } = self.sso;
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        match self.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://{service}.{region}.{domain}"),
        }
    }

    /// A new token for one that ends, if the login can be renewed.
    async fn renew(&self, file: PathBuf, cached: &Cached) -> Option<Zeroizing<String>> {
        let registered = cached.registration_expires_at.as_deref().and_then(seconds)?;
        let (id, secret, refresh) = (
            cached.client_id.as_ref()?,
            cached.client_secret.as_ref()?,
            cached.refresh_token.as_ref()?,
        );
        if registered <= clock::now() {
            return None;
        }
        let question = serde_json::json!({
            "clientId": id,
            "clientSecret": secret,
            "grantType": "refresh_token",
            "refreshToken": refresh,
        });
        let uri = format!("{}/token", self.address("oidc"));
        let headers = [("content-type", "application/json")];
        let request = request("POST", &uri, &headers, Some(question.to_string()))?;
        let answer = self.http.send("IAM Identity Center", request).await.ok()?;
        let renewed: Renewed = serde_json::from_slice(&answer.body).ok()?;
        let token = Zeroizing::new(renewed.access_token);
        let kept = Cached {
            start_url: cached.start_url.clone(),
            access_token: token.to_string(),
            expires_at: clock::utc(clock::now().saturating_add(renewed.expires_in)),
            client_id: cached.client_id.clone(),
            client_secret: cached.client_secret.clone(),
            refresh_token: renewed.refresh_token.or_else(|| cached.refresh_token.clone()),
            registration_expires_at: cached.registration_expires_at.clone(),
            rest: cached.rest.clone(),
        };
        let text = Zeroizing::new(serde_json::to_vec(&kept).ok()?);
        // The old refresh token may be used up, so this is written down even if nobody waits for it any more.
        let _ = detached(move || {
            private::replace(&file, &text)
                .map_err(|error| Failure::of_file("writing", &file, error))
        })
        .await;
        Some(token)
    }

    async fn keys(&self, token: &str) -> Result<Credentials, Failure> {
        let Sso { account, role, .. } = self.sso;
        let place = "IAM Identity Center";
        let uri = format!(
            "{}/federation/credentials?role_name={}&account_id={}",
            self.address("portal.sso"),
            escaped(role),
            escaped(account)
        );
        let request = request("GET", &uri, &[("x-amz-sso_bearer_token", token)], None);
        let request = request.ok_or(Failure::BadPath {
            reason: "the region or the token of an SSO session is not valid",
        })?;
        let AwsAnswer { status, body } = self.http.send(place, request).await?;
        match status {
            200 => {}
            401 => return Err(self.ended("AWS no longer accepts it")),
            403 | 404 => {
                return Err(Failure::Denied {
                    reason: format!(
                        "{place} does not give the role `{role}` of the account `{account}` to this user"
                    ),
                    hint: format!(
                        "look at the profile `{}`, or have the role assigned",
                        self.profile
                    ),
                });
            }
            status => {
                return Err(Failure::BadAnswer {
                    place: place.to_owned(),
                    reason: format!("answered {status} when asked for keys"),
                    hint: Some("try again in a minute".to_owned()),
                });
            }
        }
        let given: RoleCredentials =
            serde_json::from_slice(&body).map_err(|_| Failure::BadAnswer {
                place: place.to_owned(),
                reason: "gave an answer without keys".to_owned(),
                hint: None,
            })?;
        let Keys { access_key_id, secret_access_key, session_token, expiration } =
            given.role_credentials;
        let ends = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(expiration));
        Ok(Credentials::new(access_key_id, secret_access_key, session_token, ends, "sso"))
    }
}

/// The login at this address that ends last, and its file. Blocks.
fn newest(folder: &Path, start_url: &str) -> Option<(PathBuf, Cached)> {
    let plain = |url: &str| url.trim_end_matches(['/', '#']).to_owned();
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let logins = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let logins = logins.filter_map(|path| {
        let bytes =
            private::read_limited(&mut permission::open_owned(&path).ok()?, MAX_CACHED).ok()?;
        let cached: Cached = serde_json::from_slice(&bytes).ok()?;
        (plain(&cached.start_url) == plain(start_url)).then_some((path, cached))
    });
    logins.max_by_key(|(_, cached)| seconds(&cached.expires_at))
}

/// Seconds since 1970 of a time as the cache writes it; older versions of the command line wrote `UTC` in place of `Z`.
fn seconds(text: &str) -> Option<u64> {
    let text = text.replace("UTC", "Z");
    let time = DateTime::from_str(&text, DateTimeFormat::DateTimeWithOffset).ok()?;
    u64::try_from(time.secs()).ok()
}

/// A value of a query: everything but letters, digits and a few marks is escaped.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests;
