//! `aws-sts://role-arn`: short-lived credentials of a role, as one JSON value whose fields fill several variables.
//!
//! `access_key_id`, `secret_access_key`, `session_token` and `expiration`. They last an hour, or as long as `?duration=`
//! says, and are of no use afterwards: nothing has to be given back. The same call makes a role out of the credentials of
//! any AWS provider.

use std::time::{Duration, SystemTime};

use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::primitives::DateTime;

use super::failure::{self, AwsRequest, Refused};
use super::profile::Role;
use super::session::AwsSession;
use super::{AwsAccess, Service, account::Account, parse};
use crate::provider::{
    Failure, Fetched, Fetching, Fields, Leases, LoggingIn, Login, Provider, ProviderKind, config,
};
use crate::secret::{Secret, SecretRef};
use crate::sys::clock;

pub(in crate::provider) const KIND: ProviderKind = ProviderKind {
    scheme: Service::Sts.scheme(),
    about: "short-lived credentials of an AWS role, as `access_key_id`, `secret_access_key` and `session_token`",
    query: &["duration", "session_name"],
    fields: Fields::Json,
    built_in_settings: true,
    remote: true,
    settings: |table| parse(Service::Sts, table),
    schema: config::describe::<Account>,
};

/// The service, for messages.
const SERVICE: &str = "AWS STS";

/// The name of our sessions in AWS's logs.
const SESSION_NAME: &str = "hushpipe";

/// How long AWS lets a role last, in seconds.
const DURATIONS: std::ops::RangeInclusive<u64> = 900..=43_200;

/// The provider of an account's roles.
pub(super) struct Tokens<'a>(AwsAccess<'a>);

impl<'a> Tokens<'a> {
    pub(super) fn new(access: AwsAccess<'a>) -> Self {
        Self(access)
    }
}

impl Provider for Tokens<'_> {
    fn check(&self, coordinate: &SecretRef) -> Result<(), Failure> {
        self.0.check()?;
        let parts: Vec<&str> = coordinate.path.splitn(6, ':').collect();
        let role = matches!(parts[..], ["arn", _, "iam", "", _, name] if name.starts_with("role/"));
        if !role {
            return Err(Failure::BadPath {
                reason: "an `aws-sts` reference is the ARN of a role, as in \
                         `aws-sts://arn:aws:iam::123456789012:role/name`",
            });
        }
        duration(coordinate).map(|_| ())
    }

    fn fetch<'a>(&'a self, coordinate: &'a SecretRef, leases: &'a Leases) -> Fetching<'a> {
        Box::pin(async {
            let session = self.0.session(None, leases).await?;
            let role = Role {
                arn: coordinate.path.clone(),
                external_id: None,
                session_name: coordinate.query.get("session_name").cloned(),
            };
            let keys = assume(&session, &role, duration(coordinate)?).await?;
            Ok(fetched(&keys))
        })
    }

    fn login<'a>(&'a self, leases: &'a Leases) -> LoggingIn<'a> {
        self.0.login(leases)
    }
}

/// How long the credentials of a reference are to last, in seconds.
fn duration(coordinate: &SecretRef) -> Result<Option<i32>, Failure> {
    let Some(text) = coordinate.query.get("duration") else { return Ok(None) };
    let (number, unit) =
        text.split_at(text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len());
    let unit = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let seconds = unit.and_then(|unit: u64| number.parse::<u64>().ok()?.checked_mul(unit));
    let seconds = seconds.filter(|seconds| DURATIONS.contains(seconds));
    let seconds = seconds.and_then(|seconds| i32::try_from(seconds).ok());
    seconds.map(Some).ok_or(Failure::BadPath {
        reason: "the `?duration=` of an `aws-sts` reference is from `15m` to `12h`",
    })
}

/// The credentials as a value.
fn fetched(keys: &Credentials) -> Fetched {
    let expires = keys.expiry().map(clock::seconds);
    let value = serde_json::json!({
        "access_key_id": keys.access_key_id(),
        "secret_access_key": keys.secret_access_key(),
        "session_token": keys.session_token(),
        "expiration": expires.map(clock::utc),
    });
    Fetched {
        created: Some(clock::now()),
        lasts: keys.expiry().and_then(|end| end.duration_since(SystemTime::now()).ok()),
        ..Fetched::of(Secret::new(value.to_string().into_bytes()))
    }
}

/// Takes on a role; for `seconds`, or as long as AWS usually lets it.
pub(super) async fn assume(
    session: &AwsSession,
    role: &Role,
    seconds: Option<i32>,
) -> Result<Credentials, Failure> {
    let call = aws_sdk_sts::Client::new(&session.sdk)
        .assume_role()
        .role_arn(&role.arn)
        .role_session_name(role.session_name.as_deref().unwrap_or(SESSION_NAME))
        .set_external_id(role.external_id.clone())
        .set_duration_seconds(seconds);
    match call.send().await {
        Ok(answer) => credentials(answer.credentials, session),
        Err(error) => Err(not_assumed(&error, session, role, "sts:AssumeRole")),
    }
}

/// Takes on a role as whom the token of an identity provider says that we are.
pub(super) async fn assume_with_token(
    session: &AwsSession,
    role: &Role,
    token: &str,
) -> Result<Credentials, Failure> {
    let call = aws_sdk_sts::Client::new(&session.sdk)
        .assume_role_with_web_identity()
        .role_arn(&role.arn)
        .role_session_name(role.session_name.as_deref().unwrap_or(SESSION_NAME))
        .web_identity_token(token);
    match call.send().await {
        Ok(answer) => credentials(answer.credentials, session),
        Err(error) => Err(not_assumed(&error, session, role, "sts:AssumeRoleWithWebIdentity")),
    }
}

/// Asks AWS our identity.
pub(super) async fn who(session: &AwsSession) -> Result<Login, Failure> {
    let answer = aws_sdk_sts::Client::new(&session.sdk).get_caller_identity().send().await;
    let asked =
        || AwsRequest::by(session, SERVICE, "our identity".to_owned(), "sts:GetCallerIdentity");
    let answer = answer.map_err(|error| failure::of(&error, &asked()))?;
    Ok(Login { identity: answer.arn, lasts: session.identity.lasts(), warning: None })
}

fn not_assumed<E>(error: &SdkError<E>, session: &AwsSession, role: &Role, action: &str) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let asked = AwsRequest::by(session, SERVICE, format!("the role `{}`", role.arn), action);
    let refused = match failure::refused(error, &asked.place) {
        Ok(refused) => refused,
        Err(failure) => return failure,
    };
    let Refused { code, .. } = &refused;
    let AwsRequest { what, place, origin, renewal, .. } = &asked;
    match code.as_str() {
        "AccessDenied" | "AccessDeniedException" => Failure::Denied {
            reason: format!("{place} does not give {what} to {origin}"),
            hint: format!(
                "the role's trust policy must name {origin}, and its own policy must allow `{action}`; \
                 a role that is not there is denied too"
            ),
        },
        "InvalidIdentityToken" | "IDPRejectedClaim" | "ExpiredTokenException" => Failure::Denied {
            reason: format!("{place} does not accept {origin}"),
            hint: (*renewal).to_owned(),
        },
        "ValidationError" => Failure::BadPath {
            reason: "AWS rejects the role's ARN, the session name, or a duration longer than the role allows",
        },
        _ => failure::common(&refused, &asked),
    }
}

/// The credentials of an answer.
fn credentials(
    given: Option<aws_sdk_sts::types::Credentials>,
    session: &AwsSession,
) -> Result<Credentials, Failure> {
    // The SDK reads an answer that was cut off as one whose last parts are empty.
    let is_whole = |given: &aws_sdk_sts::types::Credentials| {
        let parts = [&given.access_key_id, &given.secret_access_key, &given.session_token];
        parts.iter().all(|part| !part.is_empty()) && given.expiration().secs() > 0
    };
    let given = given.filter(is_whole).ok_or_else(|| Failure::BadAnswer {
        place: session.place(SERVICE),
        reason: "gave an answer without complete credentials".to_owned(),
        hint: None,
    })?;
    let ends = time(given.expiration());
    let token = Some(given.session_token);
    Ok(Credentials::new(given.access_key_id, given.secret_access_key, token, ends, "sts"))
}

fn time(when: &DateTime) -> Option<SystemTime> {
    let seconds = u64::try_from(when.secs()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
