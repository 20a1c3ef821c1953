//! Logging in: once for a launch, by the method of the manifest, with what its references give.
//!
//! A token that a login made is ours: it is renewed while the server runs and revoked at its end. The user's own token is
//! used and left alone, but a session may get a child of it (`child_token`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::answer::{self, Answer};
use super::auth::{Auth, Credential, mount_of};
use super::dynamic;
use super::http::{Link, VaultCall};
use super::session::{ELSEWHERE, SecretId, VaultSession, shown};
use super::settings::Vault;
use crate::provider::detached::detached;
use crate::provider::{Failure, Identify, Leases, Surroundings};
use crate::secret::{Secret, SecretRef};
use crate::sys::os::{self, Readers};
use crate::sys::{permission, private};

/// Where Kubernetes puts the token of a pod's service account.
const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// The largest token file that is read, in bytes.
const MAX_TOKEN: u64 = 64 * 1024;

/// One request to log in.
struct LoginRequest {
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
) -> Result<VaultSession, Failure> {
    let auth = settings.auth();
    let mut session = match &auth {
        Auth::Token { token, .. } => {
            own_token(token.as_ref(), settings.token_from_env(surroundings), surroundings, leases)
                .await?
        }
        auth => LoginRequest::of(auth, surroundings, leases).await?.send(link, leases).await?,
    };
    if let Some(limits) = settings.child() {
        session.have_child(&limits, link, leases).await?;
    }
    Ok(session)
}

/// What besides the settings says who logs in: the user's token, and what `from_env` lets in.
pub(super) fn identity(settings: &Vault, surroundings: Surroundings<'_>) -> Identify {
    let variables = Zeroizing::new(settings.variables(surroundings));
    let own = matches!(settings.auth(), Auth::Token { token: None, .. });
    let file = own.then(|| token_file(surroundings));
    Box::new(move || {
        let mut identity = Zeroizing::new(Vec::new());
        for variable in variables.iter() {
            identity.extend_from_slice(variable.as_bytes());
            identity.push(0);
        }
        if let Some(mut file) = file.and_then(|file| permission::open_owned(&file).ok())
            && let Ok(token) = private::read_limited(&mut file, MAX_TOKEN)
        {
            identity.extend_from_slice(&token);
        }
        identity
    })
}

/// Where `vault login` leaves its token.
fn token_file(surroundings: Surroundings<'_>) -> PathBuf {
    surroundings.paths.home.join(".vault-token")
}

/// A token that the user has: from a reference, from the environment, from the file that `vault login` writes.
async fn own_token(
    reference: Option<&Credential>,
    from_env: Option<String>,
    surroundings: Surroundings<'_>,
    leases: &Leases,
) -> Result<VaultSession, Failure> {
    let of = |token, renewal, warning| VaultSession {
        token: Arc::new(token),
        is_ours: false,
        warning,
        renewal,
        secret_id: None,
    };
    if let Some(Credential(reference)) = reference {
        let token = surroundings.credential("auth.token", reference, leases).await?;
        return Ok(of(trimmed(&token), format!("store a new token in `{reference}`"), None));
    }
    if let Some(token) = from_env {
        let token = trimmed(&Secret::new(token.into_bytes()));
        return Ok(of(token, "start hushpipe with a new `VAULT_TOKEN`".to_owned(), None));
    }
    let path = token_file(surroundings);
    let read = token_in(path.clone()).await;
    let (token, readers) = read.map_err(|failure| match failure {
        // Not that a secret is missing, for which a default could stand in.
        Failure::NotFound { .. } => Failure::Denied {
            reason: format!("`{}` contains no token to log in with", path.display()),
            hint: "ask the user to run `vault login`, or to set `auth = { method = \"…\" }` in the provider's table"
                .to_owned(),
        },
        other => other,
    })?;
    let warning = (readers == Readers::Everybody)
        .then(|| format!("every user can read `{0}`: `chmod 600 {0}`", path.display()));
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
pub(super) fn trimmed(token: &Secret) -> Secret {
    Secret::new(token.expose().trim_ascii().to_vec())
}

fn plain(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

impl LoginRequest {
    /// The request of a method, with what its references give.
    async fn of(
        auth: &Auth,
        surroundings: Surroundings<'_>,
        leases: &Leases,
    ) -> Result<Self, Failure> {
        let new = |method: &'static str, mount: &Option<String>| Self {
            method,
            mount: mount_of(method, mount).to_owned(),
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
            Auth::AppRole { mount, role_id, secret_id, .. } => {
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
            Auth::Userpass { mount, username, password, .. } => new("userpass", mount)
                .with_password(username, credential("auth.password", password).await?),
            Auth::Ldap { mount, username, password, .. } => new("ldap", mount)
                .with_password(username, credential("auth.password", password).await?),
            Auth::Jwt { mount, role, jwt, .. } => {
                let token = credential("auth.jwt", jwt).await?;
                new("jwt", mount).with_token(role.as_deref(), trimmed(&token))
            }
            Auth::Kubernetes { mount, role, token_file, .. } => {
                let path = token_file.as_deref().unwrap_or(Path::new(POD_TOKEN));
                let (token, _) = token_in(path.to_owned()).await?;
                new("kubernetes", mount).with_token(Some(role), token)
            }
            Auth::Cert { mount, role, .. } => {
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

    async fn send(self, link: &Arc<Link>, leases: &Leases) -> Result<VaultSession, Failure> {
        let user = self.user.as_deref().map(|user| format!("/{user}")).unwrap_or_default();
        let secret_id = self.secret_id.as_ref().map(|(id, _)| ("secret_id", id));
        let fields = self.fields.iter().map(|(key, value)| (*key, value)).chain(secret_id);
        let fields: Vec<_> = fields.collect();
        let mut call =
            VaultCall::post(format!("auth/{}/login{user}", self.mount), &fields)?.of_login();
        if self.secret_id.is_some() {
            call = call.once();
        }
        let about = format!("the token of the login to {}", link.place);
        let answer = dynamic::make_token(call, None, about, link, leases).await?;
        let auth = self.accepted(&answer, link)?;
        let is_ours = !auth.is_batch();
        let token = Arc::new(auth.client_token.ok_or_else(|| self.refused(link))?);
        let secret_id = self.secret_id.zip(auth.role_name);
        let secret_id =
            secret_id.map(|((id, reference), role)| SecretId::new(self.mount, role, id, reference));
        let renewal = "restart the server, so that hushpipe logs in again".to_owned();
        Ok(VaultSession { token, is_ours, warning: None, renewal, secret_id })
    }

    fn accepted(&self, answer: &Answer, link: &Link) -> Result<answer::Auth, Failure> {
        if matches!(answer.status, 400 | 401 | 403 | 404) {
            return Err(self.refused(link));
        }
        // Some servers say no with 200 and nothing in `auth`.
        let auth = answer.envelope(&link.place)?.auth.ok_or_else(|| self.refused(link))?;
        if auth.wants_second_factor && auth.client_token.is_none() {
            return Err(Failure::Denied {
                reason: format!(
                    "{} asks for a second factor, and nobody can enter one here",
                    link.place
                ),
                hint: "use a login method without one, such as `approle`".to_owned(),
            });
        }
        Ok(auth)
    }

    fn refused(&self, link: &Link) -> Failure {
        let (within, elsewhere) = link.login_namespace.as_deref().map_or_else(
            || (String::new(), String::new()),
            |name| {
                let name = shown(name);
                (
                    format!(" in the namespace {name}"),
                    format!(", and that it is in the namespace {name}: {ELSEWHERE}"),
                )
            },
        );
        Failure::Denied {
            reason: format!("{} rejects the login with `{}`{within}", link.place, self.method),
            hint: format!("check {}{elsewhere}", self.doubt),
        }
    }
}
