//! Logging in: once for a launch, by the method of the manifest, with what its references give.
//!
//! A token that a login made is ours: it is renewed while the server runs and revoked at its end. The user's own token is
//! used and left alone, but a session may get a child of it (`child_token`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::answer::{self, Answer};
use super::dynamic;
use super::http::{Call, Link};
use super::settings::{Auth, Credential, Limits, Vault};
use crate::provider::detached::detached;
use crate::provider::{Failure, Leases, Surroundings, field};
use crate::secret::{Secret, SecretRef};
use crate::sys::os::{self, Readers};
use crate::sys::{permission, private};

/// Where Kubernetes puts the token of a pod's service account.
const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// How long a session's own token lasts unless it is renewed: as long as a killed hushpipe leaves it behind.
const CHILD_TTL: &str = "15m";

/// The largest token file that is read, in bytes.
const MAX_TOKEN: u64 = 64 * 1024;

/// A login, and what is known of it.
pub(super) struct Session {
    pub(super) token: Arc<Secret>,
    /// Whether we made the token and will revoke it, with all that was given with it.
    pub(super) is_ours: bool,
    /// What the person should know of the login.
    pub(super) warning: Option<String>,
    /// What gets a token that is accepted.
    renewal: String,
    secret_id: Option<SecretId>,
}

/// The secret id that an AppRole login used.
struct SecretId {
    mount: String,
    role: String,
    id: Secret,
    reference: SecretRef,
    /// What there is to say of how often it can be used.
    uses: OnceCell<Option<String>>,
}

/// One request to log in.
struct Login {
    method: &'static str,
    mount: String,
    /// What stands behind the mount, where it is not `login`.
    user: Option<String>,
    fields: Vec<(&'static str, Secret)>,
    /// A secret id, which a login may use up, and the reference that it comes from.
    secret_id: Option<(Secret, SecretRef)>,
    /// What may be wrong when it is refused.
    doubt: String,
}

/// Logs in as the settings say. What is to be given back is in `leases` then.
///
/// # Errors
/// There is nothing to log in with, or the server refuses it.
pub(super) async fn log_in(
    link: &Arc<Link>,
    settings: &Vault,
    surroundings: Surroundings<'_>,
    leases: &Leases,
) -> Result<Session, Failure> {
    let auth = settings.auth();
    let mut session = match &auth {
        Auth::Token { token } => {
            own_token(token.as_ref(), settings.token_from_env(surroundings), surroundings, leases)
                .await?
        }
        auth => Login::of(auth, surroundings, leases).await?.send(link, leases).await?,
    };
    if let Some(limits) = settings.child() {
        session.have_child(&limits, link, leases).await?;
    }
    Ok(session)
}

/// A token that the user has: from a reference, from the environment, from the file that `vault login` writes.
async fn own_token(
    reference: Option<&Credential>,
    from_env: Option<String>,
    surroundings: Surroundings<'_>,
    leases: &Leases,
) -> Result<Session, Failure> {
    let of = |token, renewal, warning| Session {
        token: Arc::new(token),
        is_ours: false,
        warning,
        renewal,
        secret_id: None,
    };
    if let Some(Credential(reference)) = reference {
        let token = surroundings.credential("auth.token", reference, leases).await?;
        return Ok(of(trimmed(&token), format!("put a new token where `{reference}` is"), None));
    }
    if let Some(token) = from_env {
        let token = trimmed(&Secret::new(token.into_bytes()));
        return Ok(of(token, "start hushpipe with a new `VAULT_TOKEN`".to_owned(), None));
    }
    let path = surroundings.paths.home.join(".vault-token");
    let read = token_in(path.clone()).await;
    let (token, readers) = read.map_err(|failure| match failure {
        // Not that a secret is missing, for which a default could stand in.
        Failure::NotFound { .. } => Failure::Denied {
            reason: format!("there is no token to log in with in `{}`", path.display()),
            hint: "ask the user to run `vault login`, or to say how to log in: `auth = { method = \"…\" }` in the provider's table"
                .to_owned(),
        },
        other => other,
    })?;
    let warning = (readers == Readers::Everybody)
        .then(|| format!("`{0}` is readable by every user: `chmod 600 {0}`", path.display()));
    Ok(of(token, "ask the user to run `vault login`".to_owned(), warning))
}

/// A token that stands alone in a file which nobody else can have written.
async fn token_in(path: PathBuf) -> Result<(Secret, Readers), Failure> {
    detached(move || {
        let failed = |error| Failure::of_file("reading", &path, error);
        let mut file = permission::open_owned(&path)
            .map_err(|insecure| Failure::of_opening(&path, insecure))?;
        let bytes = private::read_limited(&mut file, MAX_TOKEN).map_err(failed)?;
        Ok((Secret::new(bytes.trim_ascii().to_vec()), os::readers(&file).map_err(failed)?))
    })
    .await
}

#[expect(clippy::disallowed_methods, reason = "a token of our own login, without white space")]
fn trimmed(token: &Secret) -> Secret {
    Secret::new(token.expose().trim_ascii().to_vec())
}

fn plain(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

impl Login {
    /// The request of a method, with what its references give.
    async fn of(
        auth: &Auth,
        surroundings: Surroundings<'_>,
        leases: &Leases,
    ) -> Result<Self, Failure> {
        let new = |method: &'static str, mount: &Option<String>| Self {
            method,
            mount: mount.as_deref().unwrap_or(method).trim_matches('/').to_owned(),
            user: None,
            fields: Vec::new(),
            secret_id: None,
            doubt: String::new(),
        };
        let credential = async |key, Credential(reference): &Credential| {
            surroundings.credential(key, reference, leases).await
        };
        let mut login = match auth {
            Auth::Token { .. } => return Err(Failure::Stopped),
            Auth::AppRole { mount, role_id, secret_id } => {
                let mut login = new("approle", mount);
                login.fields.push(("role_id", plain(role_id)));
                if let Some(secret_id) = secret_id {
                    let value = trimmed(&credential("auth.secret_id", secret_id).await?);
                    login.secret_id = Some((value, secret_id.0.clone()));
                }
                login.doubt =
                    "`role_id`, and whether the secret id has expired or was used up".to_owned();
                login
            }
            Auth::Userpass { mount, username, password } => new("userpass", mount)
                .with_password(username, credential("auth.password", password).await?),
            Auth::Ldap { mount, username, password } => new("ldap", mount)
                .with_password(username, credential("auth.password", password).await?),
            Auth::Jwt { mount, role, jwt } => {
                let token = credential("auth.jwt", jwt).await?;
                new("jwt", mount).with_token(role.as_deref(), trimmed(&token))
            }
            Auth::Kubernetes { mount, role, token_file } => {
                let path = token_file.as_deref().unwrap_or(Path::new(POD_TOKEN));
                let (token, _) = token_in(path.to_owned()).await?;
                new("kubernetes", mount).with_token(Some(role), token)
            }
            Auth::Cert { mount, role } => {
                let mut login = new("cert", mount);
                login.fields.extend(role.as_deref().map(|role| ("name", plain(role))));
                login.doubt = "`client_cert`, and `role` if there is one".to_owned();
                login
            }
        };
        login
            .doubt
            .push_str(&format!(", and that the method is mounted at `auth/{}`", login.mount));
        Ok(login)
    }

    fn with_password(mut self, username: &str, password: Secret) -> Self {
        self.user = Some(username.to_owned());
        self.fields.push(("password", password));
        self.doubt = "the user name and the password".to_owned();
        self
    }

    fn with_token(mut self, role: Option<&str>, token: Secret) -> Self {
        self.fields.extend(role.map(|role| ("role", plain(role))));
        self.fields.push(("jwt", token));
        self.doubt = "the role, and whether the token is still good".to_owned();
        self
    }

    async fn send(self, link: &Arc<Link>, leases: &Leases) -> Result<Session, Failure> {
        let user = self.user.as_deref().map(|user| format!("/{user}")).unwrap_or_default();
        let secret_id = self.secret_id.as_ref().map(|(id, _)| ("secret_id", id));
        let fields = self.fields.iter().map(|(key, value)| (*key, value)).chain(secret_id);
        let fields: Vec<_> = fields.collect();
        let mut call = Call::post(format!("auth/{}/login{user}", self.mount), body(&fields)?);
        if self.secret_id.is_some() {
            call = call.once();
        }
        let answer = link.send(&call, None).await?;
        let auth = self.accepted(&answer, link)?;
        let token = Arc::new(auth.client_token.ok_or_else(|| self.refused(link))?);
        // One that is not kept by the server can be neither renewed nor revoked.
        let is_ours = auth.token_type.as_deref() != Some("batch");
        if is_ours {
            let lasts = dynamic::seconds(auth.lease_duration);
            let about = format!("the token of the login to {}", link.place);
            let renewable = auth.renewable.unwrap_or(false);
            leases.add(dynamic::token_lease(about, lasts, renewable, link, &token));
        }
        let role = auth.metadata.and_then(|metadata| metadata.role_name);
        let secret_id = self.secret_id.zip(role).map(|((id, reference), role)| SecretId {
            mount: self.mount,
            role,
            id,
            reference,
            uses: OnceCell::new(),
        });
        let renewal = "start the server again, so that hushpipe logs in again".to_owned();
        Ok(Session { token, is_ours, warning: None, renewal, secret_id })
    }

    fn accepted(&self, answer: &Answer, link: &Link) -> Result<answer::Auth, Failure> {
        if matches!(answer.status, 400 | 401 | 403 | 404) {
            return Err(self.refused(link));
        }
        // Some servers say no with 200 and nothing in `auth`.
        let auth = answer.envelope(&link.place)?.auth.ok_or_else(|| self.refused(link))?;
        if auth.mfa_requirement.is_some() && auth.client_token.is_none() {
            return Err(Failure::Denied {
                reason: format!(
                    "{} wants a second factor, which nobody is there to give",
                    link.place
                ),
                hint: "log in with a method that needs none, such as `approle`".to_owned(),
            });
        }
        Ok(auth)
    }

    fn refused(&self, link: &Link) -> Failure {
        Failure::Denied {
            reason: format!("{} refuses the login with `{}`", link.place, self.method),
            hint: format!("check {}", self.doubt),
        }
    }
}

impl Session {
    /// Sends a request with this session's token.
    pub(super) async fn send(&self, link: &Link, call: &Call) -> Result<Answer, Failure> {
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
            let asked = self.send(link, &Call::get("auth/token/lookup-self")).await;
            asked.is_ok_and(|asked| asked.status == 403)
        };
        if bad_token {
            return Failure::Denied {
                reason: format!(
                    "{} does not accept the token: it has expired, or was revoked",
                    link.place
                ),
                hint: self.renewal.clone(),
            };
        }
        Failure::Denied { reason: format!("{} forbids {what}", link.place), hint }
    }

    /// What there is to say of how often the secret id can still be used, where the login may know.
    pub(super) async fn uses_left(&self, link: &Link) -> Option<String> {
        let secret_id = self.secret_id.as_ref()?;
        let uses = secret_id.uses.get_or_init(|| async { secret_id.ask(self, link).await });
        uses.await.clone()
    }

    /// Makes a token for this session alone, and uses that from now on.
    async fn have_child(
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
        let call = Call::post("auth/token/create", Zeroizing::new(asked.to_string().into_bytes()));
        let answer = self.send(link, &call.once()).await?;
        if matches!(answer.status, 400 | 403) {
            self.warning = Some(format!(
                "this session has no token of its own, because {} does not let its login make one: ask for a policy that \
                 allows `update` on `auth/token/create`, or leave `child_token` out",
                link.place
            ));
            return Ok(());
        }
        let auth = answer.envelope(&link.place)?.auth;
        let (token, lasts, renewable) = auth
            .and_then(|auth| Some((auth.client_token?, auth.lease_duration, auth.renewable)))
            .ok_or_else(|| answer.unusual(&link.place))?;
        self.token = Arc::new(token);
        self.is_ours = true;
        let about = format!("this session's token for {}", link.place);
        let (lasts, renewable) = (dynamic::seconds(lasts), renewable.unwrap_or(false));
        leases.add(dynamic::token_lease(about, lasts, renewable, link, &self.token));
        Ok(())
    }
}

impl SecretId {
    async fn ask(&self, session: &Session, link: &Link) -> Option<String> {
        #[derive(Deserialize)]
        struct Uses {
            secret_id_num_uses: u64,
        }
        let path = format!("auth/{}/role/{}/secret-id/lookup", self.mount, self.role);
        let call = Call::post(path, body(&[("secret_id", &self.id)]).ok()?);
        let answer = session.send(link, &call).await.ok()?;
        let reference = &self.reference;
        let anew = format!("`hushpipe secret set {reference}` stores a new one");
        if answer.status == 204 {
            return Some(format!(
                "that was the last login with the secret id in `{reference}`: {anew}"
            ));
        }
        let data = answer.envelope(&link.place).ok()?.data?;
        match serde_json::from_str(data.get()).ok()? {
            Uses { secret_id_num_uses: 0 } => None,
            Uses { secret_id_num_uses: left } => Some(format!(
                "the secret id in `{reference}` is good for {left} more {}, and every start of a server is one: {anew}",
                if left == 1 { "login" } else { "logins" }
            )),
        }
    }
}

/// Exchanges a wrapping token for what it wraps: the secret id of an AppRole, the only field of what there is, or all.
///
/// # Errors
/// The token is used up or none.
pub(super) async fn unwrap(link: &Link, token: &Secret) -> Result<Secret, Failure> {
    let call = Call::post("sys/wrapping/unwrap", body(&[])?).once();
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

/// The JSON object of these fields. Room for it all at once: a vector that grows leaves a copy behind.
///
/// # Errors
/// A value is no text.
#[expect(clippy::disallowed_methods, reason = "what a login or a lease needs goes to its server")]
pub(super) fn body(fields: &[(&'static str, &Secret)]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // A control character takes six bytes.
    let room = fields.iter().map(|(key, value)| key.len() + 6 * value.len() + 8).sum::<usize>();
    let mut body = Zeroizing::new(Vec::with_capacity(room + 2));
    body.push(b'{');
    for (index, (key, value)) in fields.iter().enumerate() {
        let text = std::str::from_utf8(value.expose()).map_err(|_| Failure::BadKey {
            place: format!("the value for `{key}`"),
            reason: "it is not UTF-8, as everything that a Vault server takes is",
            hint: "store it anew".to_owned(),
        })?;
        body.extend_from_slice(if index == 0 { b"" } else { b"," });
        body.extend_from_slice(format!("\"{key}\":").as_bytes());
        serde_json::to_writer(&mut *body, text).map_err(|_| Failure::Stopped)?;
    }
    body.push(b'}');
    Ok(body)
}
