//! What the SDK's errors mean, in our own words.
//!
//! Of an answer only its status and its error code are read, and its message only to tell two meanings of one code apart:
//! nothing of an error, a header or a body is ever shown. IAM answers in XML whatever the service speaks.

use std::error::Error;
use std::io;
use std::time::Duration;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::dns::ResolveDnsError;

use super::credentials::whose_key;
use super::http::TooLong;
use super::session::{AwsSession, CALL};
use crate::provider::{Failure, MAX_VALUE};

/// What was asked, for the words of a failure.
pub(super) struct AwsRequest<'a> {
    /// Whom, as in "Secrets Manager in `eu-central-1`".
    pub(super) place: String,
    /// What for, as in "the secret `x`".
    pub(super) what: String,
    /// The permission that it needs, as in `secretsmanager:GetSecretValue`.
    pub(super) action: &'a str,
    /// Where the credentials come from, as in "the profile `x`".
    pub(super) origin: &'a str,
    /// How they are renewed, as in "ask the user to run `aws sso login`".
    pub(super) renewal: &'a str,
}

impl<'a> AwsRequest<'a> {
    /// A question of this session's.
    pub(super) fn by(
        session: &'a AwsSession,
        service: &str,
        what: String,
        action: &'a str,
    ) -> Self {
        Self {
            place: session.place(service),
            what,
            action,
            origin: &session.identity.origin,
            renewal: &session.identity.renewal,
        }
    }
}

/// An answer that is an error: its status, code and message. The message is for telling, never for showing.
pub(super) struct Refused {
    /// The HTTP status.
    pub(super) status: u16,
    /// AWS's code, without a name space.
    pub(super) code: String,
    /// AWS's message.
    pub(super) message: String,
}

impl Refused {
    /// Whether it is not the value that is refused but the key that it is encrypted with. A service says so by a code of its
    /// own, by one of KMS, or in the message of a plain `AccessDeniedException`.
    fn is_of_key(&self) -> bool {
        const SAID: [&str; 3] =
            ["Access to KMS is not allowed", "to perform: kms:", "The ciphertext refers to"];
        let code = self.code.as_str();
        matches!(code, "DecryptionFailure" | "InvalidKeyId")
            || code.starts_with("KMS")
            || (code == "AccessDeniedException"
                && SAID.iter().any(|words| self.message.contains(words)))
    }
}

/// Splits an error of this place into an answer, or the failure that there was none.
pub(super) fn refused<E>(error: &SdkError<E>, place: &str) -> Result<Refused, Failure>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let raw = match error {
        SdkError::ServiceError(answered) => answered.raw(),
        SdkError::ResponseError(broken) => broken.raw(),
        SdkError::DispatchFailure(failed) if failed.is_timeout() => {
            return Err(silent(place, CALL));
        }
        SdkError::DispatchFailure(failed) => {
            let cause = failed.as_connector_error();
            return Err(unreached(place, cause.map(|cause| cause as &(dyn Error + 'static))));
        }
        SdkError::TimeoutError(_) => return Err(silent(place, CALL)),
        _ => {
            return Err(Failure::BadAnswer {
                place: place.to_owned(),
                reason: "cannot be asked: its address or the request is not valid".to_owned(),
                hint: Some("check `region` and `endpoint` of the provider".to_owned()),
            });
        }
    };
    let status = raw.status().as_u16();
    if raw.status().is_success() {
        let reason = "gave an answer that hushpipe cannot read".to_owned();
        return Err(Failure::BadAnswer { place: place.to_owned(), reason, hint: None });
    }
    let known = error.as_service_error();
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    let (mut code, mut message) =
        (text(known.and_then(|known| known.code())), text(known.and_then(|known| known.message())));
    if code.is_empty() {
        let body = String::from_utf8_lossy(raw.body().bytes().unwrap_or_default());
        (code, message) = (element(&body, "Code"), element(&body, "Message"));
    }
    Ok(Refused { status, code, message })
}

/// The text of an XML element without attributes.
fn element(xml: &str, name: &str) -> String {
    let inside = xml.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once("</"));
    inside.map(|(text, _)| text.trim().to_owned()).unwrap_or_default()
}

/// What a call failed with that means the same whatever was asked.
pub(super) fn of<E>(error: &SdkError<E>, asked: &AwsRequest<'_>) -> Failure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match refused(error, &asked.place) {
        Ok(refused) => common(&refused, asked),
        Err(failure) => failure,
    }
}

/// What a code means whatever was asked.
pub(super) fn common(refused: &Refused, asked: &AwsRequest<'_>) -> Failure {
    let AwsRequest { place, what, action, origin, renewal } = asked;
    let denied = |reason: String, hint: String| Failure::Denied { reason, hint };
    match refused.code.as_str() {
        _ if refused.is_of_key() => denied(
            format!(
                "{place} cannot decrypt {what}: its key is disabled, gone, or not for {origin}"
            ),
            format!(
                "allow `kms:Decrypt` on its key in the policy of {origin}, and check that the key is enabled"
            ),
        ),
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => denied(
            format!("{place} does not permit `{action}` on {what}"),
            format!("allow `{action}` on it in the policy of {origin}, or use another login"),
        ),
        "SignatureDoesNotMatch" | "IncompleteSignature" | "InvalidSignatureException" => denied(
            format!("{place} does not accept the secret access key of {}", whose_key(origin)),
            "check that the key is complete and that this machine's clock is right".to_owned(),
        ),
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "MissingAuthenticationToken"
        | "AuthFailure" => denied(
            format!("{place} does not know the access key of {}", whose_key(origin)),
            (*renewal).to_owned(),
        ),
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            denied(format!("the credentials of {origin} have expired"), (*renewal).to_owned())
        }
        "OptInRequired" | "RegionDisabledException" => denied(
            format!("{place} is not enabled for this account"),
            "use another `region`, or enable this one".to_owned(),
        ),
        _ => unusual(refused, place, what),
    }
}

/// What a service answers that is overloaded, out of order, or says what we do not know.
fn unusual(refused: &Refused, place: &str, what: &str) -> Failure {
    let code = refused.code.as_str();
    let is_busy = refused.status == 429
        || code == "RequestLimitExceeded"
        || ["Throttl", "TooManyRequests"].iter().any(|word| code.contains(word));
    let (reason, hint) = match (shown(code), refused.status) {
        _ if is_busy => ("is throttling requests".to_owned(), Some("try again in a minute")),
        (_, status @ 500..) => (format!("answered {status}"), Some("try again in a minute")),
        (Some(code), _) => (format!("answered `{code}` when asked for {what}"), None),
        (None, status) => (format!("answered {status} when asked for {what}"), None),
    };
    Failure::BadAnswer { place: place.to_owned(), reason, hint: hint.map(str::to_owned) }
}

/// A code as a message may show it: a name, and nothing else that a server may have put there.
fn shown(code: &str) -> Option<&str> {
    let name = !code.is_empty()
        && code.len() <= 64
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    name.then_some(code)
}

/// No answer in time.
pub(super) fn silent(place: &str, after: Duration) -> Failure {
    Failure::NoAnswer {
        place: place.to_owned(),
        after,
        hint: "check whether a firewall drops the requests, and whether `endpoint` is right"
            .to_owned(),
    }
}

/// Nobody answered, or not the one that should have: the causes are looked through for what the operating system or TLS said.
pub(super) fn unreached(place: &str, error: Option<&(dyn Error + 'static)>) -> Failure {
    let mut kind = None;
    let mut cause = error;
    while let Some(error) = cause {
        if error.is::<ResolveDnsError>() {
            let source = io::Error::new(io::ErrorKind::NotFound, "the host name is unknown");
            return Failure::Unreachable { place: place.to_owned(), source };
        }
        if error.is::<TooLong>() {
            let reason = format!("is longer than {MAX_VALUE} bytes");
            return Failure::Unfit { reason, hint: None };
        }
        if let Some(said) = error.downcast_ref::<io::Error>() {
            if let Some(reason) = certificate(said) {
                return Failure::Untrusted {
                    place: place.to_owned(),
                    reason: reason.to_owned(),
                    hint: "name its certificate authority: `ca_file = \"/path\"` in the provider's table"
                        .to_owned(),
                };
            }
            kind = Some(said.kind()).filter(|kind| *kind != io::ErrorKind::Other).or(kind);
        }
        cause = error.source();
    }
    let words = match kind {
        Some(io::ErrorKind::TimedOut) => return silent(place, CALL),
        Some(kind) => io::Error::from(kind),
        None => io::Error::other("the connection failed or was lost"),
    };
    Failure::Unreachable { place: place.to_owned(), source: words }
}

/// What TLS found wrong with a certificate. Its words are matched and not repeated: they come from the other side.
fn certificate(error: &io::Error) -> Option<&'static str> {
    let said = error.get_ref()?.to_string();
    if !said.contains("certificate") {
        return None;
    }
    let reasons = [
        (
            "UnknownIssuer",
            "its certificate is signed by an authority that this machine does not know",
        ),
        ("Expired", "its certificate has expired"),
        ("expired", "its certificate has expired"),
        ("NotValidYet", "its certificate is not valid yet"),
        ("not valid for", "its certificate is for another name"),
        ("CaUsedAsEndEntity", "its certificate is that of an authority"),
    ];
    let reason = reasons.into_iter().find(|(word, _)| said.contains(word));
    Some(reason.map_or("its certificate cannot be verified", |(_, reason)| reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Fault, Kind};

    fn meaning(status: u16, code: &str) -> Failure {
        saying(status, code, "canary-message")
    }

    fn saying(status: u16, code: &str, message: &str) -> Failure {
        let asked = AwsRequest {
            place: "Secrets Manager in `eu-central-1`".to_owned(),
            what: "the secret `x`".to_owned(),
            action: "secretsmanager:GetSecretValue",
            origin: "the profile `work`",
            renewal: "ask the user to run `aws sso login --profile work`",
        };
        common(&Refused { status, code: code.to_owned(), message: message.to_owned() }, &asked)
    }

    #[test]
    fn a_code_means_one_thing_whatever_was_asked() {
        for (status, code, kind, words) in [
            (
                400,
                "AccessDeniedException",
                Kind::Auth,
                "does not permit `secretsmanager:GetSecretValue` on the secret `x`",
            ),
            (
                403,
                "SignatureDoesNotMatch",
                Kind::Auth,
                "does not accept the secret access key of the profile `work`",
            ),
            (400, "UnrecognizedClientException", Kind::Auth, "does not know the access key"),
            (
                400,
                "ExpiredTokenException",
                Kind::Auth,
                "the credentials of the profile `work` have expired",
            ),
            (400, "ThrottlingException", Kind::Unavailable, "is throttling requests"),
            (429, "", Kind::Unavailable, "is throttling requests"),
            (503, "", Kind::Unavailable, "answered 503"),
            (
                400,
                "ValidationException",
                Kind::Unavailable,
                "answered `ValidationException` when asked for the secret `x`",
            ),
            (400, "canary <code>", Kind::Unavailable, "answered 400 when asked for the secret `x`"),
        ] {
            let failure = meaning(status, code);
            assert_eq!(failure.kind(), kind, "{code}");
            assert!(failure.to_string().contains(words), "{code}: {failure}");
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
        }
        let hint = meaning(400, "ExpiredToken").hint();
        assert_eq!(hint.as_deref(), Some("ask the user to run `aws sso login --profile work`"));
    }

    #[test]
    fn a_key_of_the_manifest_is_named_once() {
        let asked = AwsRequest {
            place: "STS".to_owned(),
            what: "the secret `x`".to_owned(),
            action: "a",
            origin: "the access key of the manifest",
            renewal: "r",
        };
        let refused =
            |code: &str| Refused { status: 403, code: code.to_owned(), message: String::new() };
        for (code, words) in [
            ("InvalidClientTokenId", "STS does not know the access key of the manifest"),
            ("SignatureDoesNotMatch", "STS does not accept the secret access key of the manifest"),
        ] {
            assert_eq!(common(&refused(code), &asked).to_string(), words);
        }
    }

    #[test]
    fn a_key_that_is_refused_is_told_from_a_value_that_is() {
        for (code, message) in [
            ("DecryptionFailure", ""),
            ("InvalidKeyId", ""),
            ("KMSAccessDeniedException", ""),
            ("AccessDeniedException", "Access to KMS is not allowed"),
            (
                "AccessDeniedException",
                "User: arn:aws:iam::1:user/u is not authorized to perform: kms:Decrypt on resource: x",
            ),
            (
                "AccessDeniedException",
                "The ciphertext refers to a customer master key that does not exist, or you are not allowed to access.",
            ),
        ] {
            let failure = saying(400, code, message);
            assert!(failure.to_string().contains("cannot decrypt the secret `x`"), "{failure}");
            assert!(failure.hint().expect("one").contains("`kms:Decrypt`"), "{failure}");
        }
        let named =
            "is not authorized to perform: secretsmanager:GetSecretValue on resource: prod/KMS/kms";
        let failure = saying(400, "AccessDeniedException", named);
        assert!(failure.to_string().contains("does not permit"), "{failure}");
    }

    #[test]
    fn the_code_of_an_answer_in_xml_is_found() {
        let body = "<ErrorResponse><Error><Code> AccessDenied </Code><Message>no</Message></Error></ErrorResponse>";
        assert_eq!(element(body, "Code"), "AccessDenied");
        assert_eq!(element(body, "Type"), "");
        assert_eq!(element("{\"__type\":\"x\"}", "Code"), "");
    }

    #[test]
    fn a_lost_connection_is_told_from_a_host_that_is_not_known() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(
            unreached("x", Some(&refused)).with_cause(),
            "x could not be reached: connection refused"
        );
        let unknown = ResolveDnsError::new(io::Error::other("canary"));
        assert_eq!(
            unreached("x", Some(&unknown)).with_cause(),
            "x could not be reached: the host name is unknown"
        );
        assert_eq!(
            unreached("x", None).with_cause(),
            "x could not be reached: the connection failed or was lost"
        );
    }
}
