//! A login as what it is good for: requests with its token, a child of that token, and saying why it was not enough.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::answer::Answer;
use super::dynamic;
use super::http::{Link, VaultCall};
use super::settings::Limits;
use crate::provider::{Failure, Leases, Login};
use crate::secret::{Secret, SecretRef};

/// How long a session's own token lasts unless it is renewed: as long as a killed hushpipe leaves it behind.
const CHILD_TTL: &str = "15m";

/// A login, and what is known of it.
pub(super) struct VaultSession {
    pub(super) token: Arc<Secret>,
    /// Whether we made the token and will revoke it, with all that was given with it.
    pub(super) is_ours: bool,
    /// What the person should know of the login.
    pub(super) warning: Option<String>,
    /// What gets a token that is accepted.
    pub(super) renewal: String,
    pub(super) secret_id: Option<SecretId>,
}

/// The secret id that an AppRole login used.
pub(super) struct SecretId {
    mount: String,
    role: String,
    id: Secret,
    reference: SecretRef,
    /// What there is to say of how often it can be used.
    uses: OnceCell<Option<String>>,
}

impl VaultSession {
    /// Sends a request with this session's token.
    pub(super) async fn send(&self, link: &Link, call: &VaultCall) -> Result<Answer, Failure> {
        link.send(call, Some(&self.token)).await
    }

    /// Why a 403: the token is no good, or it may not do `what`; then `hint` helps. Vault's answer is often the same for
    /// both, so the token is asked about itself, which every token may.
    pub(super) async fn forbidden(
        &self,
        answer: &Answer,
        link: &Link,
        what: &str,
        hint: String,
    ) -> Failure {
        let bad_token = answer.says("invalid token") || answer.says("bad token") || {
            let asked = self.send(link, &VaultCall::get("auth/token/lookup-self").of_login()).await;
            asked.is_ok_and(|asked| asked.status == 403)
        };
        if bad_token {
            return self.bad_token(link);
        }
        Failure::Denied { reason: format!("{} forbids {what}", link.place), hint }
    }

    /// What there is to say of how often the secret id can still be used, where the login may know.
    pub(super) async fn uses_left(&self, link: &Link) -> Option<String> {
        let secret_id = self.secret_id.as_ref()?;
        let uses = secret_id.uses.get_or_init(|| async { secret_id.ask(self, link).await });
        uses.await.clone()
    }

    /// Who we are to the server, and until when.
    ///
    /// # Errors
    /// The token is no good.
    pub(super) async fn describe(&self, link: &Link) -> Result<Login, Failure> {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Own {
            display_name: String,
            policies: Vec<String>,
            ttl: u64,
        }
        let answer = self.send(link, &VaultCall::get("auth/token/lookup-self").of_login()).await?;
        if answer.status == 403 {
            return Err(self.bad_token(link));
        }
        let data = answer.envelope(&link.place)?.data;
        let own: Own =
            data.and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or_default();
        let quoted = |name: &String| is_plain(name).then(|| format!("`{name}`"));
        let policies: Vec<String> = own.policies.iter().filter_map(quoted).collect();
        let name = quoted(&own.display_name).unwrap_or_else(|| "a token".to_owned());
        Ok(Login {
            identity: Some(match policies.as_slice() {
                [] => name,
                policies => format!("{name} with the policies {}", policies.join(", ")),
            }),
            lasts: (own.ttl > 0).then(|| Duration::from_secs(own.ttl)),
            warning: self.warning.clone(),
        })
    }

    fn bad_token(&self, link: &Link) -> Failure {
        // A token that we made is of the namespace that it was made in.
        let namespace = link.login_namespace.as_deref().filter(|_| !self.is_ours);
        let (reason, elsewhere) = match namespace.map(shown) {
            None => ("it has expired, or was revoked".to_owned(), String::new()),
            Some(name) => (
                format!("it has expired, was revoked, or is not of the namespace {name}"),
                format!("; if the token is of another namespace: {ELSEWHERE}"),
            ),
        };
        Failure::Denied {
            reason: format!("{} does not accept the token: {reason}", link.place),
            hint: format!("{}{elsewhere}", self.renewal),
        }
    }

    /// Makes a token for this session alone, and uses that from now on.
    pub(super) async fn have_child(
        &mut self,
        limits: &Limits,
        link: &Arc<Link>,
        leases: &Leases,
    ) -> Result<(), Failure> {
        let mut asked = serde_json::json!({
            "ttl": limits.ttl.as_deref().unwrap_or(CHILD_TTL),
            "renewable": true,
            "display_name": "hushpipe",
        });
        if let Some(policies) = &limits.policies {
            asked["policies"] = policies.clone().into();
        }
        let call = VaultCall::post_json(
            "auth/token/create",
            Zeroizing::new(asked.to_string().into_bytes()),
        );
        let about = format!("this session's token for {}", link.place);
        let by = Some(Arc::clone(&self.token));
        let answer = dynamic::make_token(call.once().of_login(), by, about, link, leases).await?;
        if matches!(answer.status, 400 | 403) {
            self.warning = Some(format!(
                "this session has no token of its own, because {} does not let the login create one: ask for a policy that allows `update` on `auth/token/create`, or leave `child_token` out",
                link.place
            ));
            return Ok(());
        }
        let auth = answer.envelope(&link.place)?.auth;
        let token = auth.and_then(|auth| auth.client_token);
        self.token = Arc::new(token.ok_or_else(|| answer.unusual(&link.place))?);
        self.is_ours = true;
        Ok(())
    }
}

impl SecretId {
    /// The secret id that a login of this role used, and where it comes from.
    pub(super) fn new(mount: String, role: String, id: Secret, reference: SecretRef) -> Self {
        Self { mount, role, id, reference, uses: OnceCell::new() }
    }

    async fn ask(&self, session: &VaultSession, link: &Link) -> Option<String> {
        #[derive(Deserialize)]
        struct Uses {
            secret_id_num_uses: u64,
        }
        let path = format!("auth/{}/role/{}/secret-id/lookup", self.mount, self.role);
        let call = VaultCall::post(path, &[("secret_id", &self.id)]).ok()?.of_login();
        let answer = session.send(link, &call).await.ok()?;
        let reference = &self.reference;
        let anew = format!("`hushpipe secret set {reference}` stores a new one");
        if answer.status == 204 {
            return Some(format!(
                "this was the last login that the secret id in `{reference}` allows: {anew}"
            ));
        }
        let data = answer.envelope(&link.place).ok()?.data?;
        match serde_json::from_str(data.get()).ok()? {
            Uses { secret_id_num_uses: 0 } => None,
            Uses { secret_id_num_uses: left } => Some(format!(
                "the secret id in `{reference}` allows {left} more {}, and every server start uses one: {anew}",
                if left == 1 { "login" } else { "logins" }
            )),
        }
    }
}

/// What to write where the login is not in the namespace of the secrets.
pub(super) const ELSEWHERE: &str =
    "say which one in `auth`, as in `auth = { …, namespace = \"root\" }`";

/// A namespace of the manifest or of the environment, for messages.
pub(super) fn shown(namespace: &str) -> String {
    if is_plain(namespace) { format!("`{namespace}`") } else { "of the manifest".to_owned() }
}

/// Whether a name of the server's can be shown as it is.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_./@:".contains(c))
}
