//! One HTTP client for every provider that is asked over a network.
//!
//! A provider builds its requests and reads its answers; this module sends them. Always true: no redirect is followed, so
//! a token goes to the address of the manifest only; no proxy and no variable of the environment is used; certificates are
//! always checked ([`tls`]); names are looked up on a thread that nobody waits for; an answer longer than
//! [`MAX_ANSWER`] is refused; and a request that must not happen twice is sent again only if it cannot have arrived
//! ([`retry`]). Errors name the server and never repeat what it answered or what was sent.

pub(super) mod retry;
mod tls;

use std::error::Error;
use std::io;
use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderValue, RETRY_AFTER};
use zeroize::Zeroizing;

use super::detached::detached;
use super::{Failure, MAX_VALUE};
use crate::secret::Secret;
use retry::{FailedTry, RetryAdvice};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(2);

/// How long one request may take. Less than a provider may take in all (`resolve::PER_PROVIDER`), so that this error,
/// which says more, comes first.
const REQUEST: Duration = Duration::from_millis(4500);

/// The longest answer that is read, in bytes: the largest value with every byte of it escaped, and what is around it.
const MAX_ANSWER: usize = 2 * MAX_VALUE as usize + 64 * 1024;

/// How a server is reached, and how it and we prove our identity.
pub(super) struct Endpoint {
    /// The server's address in backticks, for messages.
    pub(super) place: String,
    /// Whether the connection is encrypted.
    pub(super) is_https: bool,
    /// The host whose address is used whatever name a request has: the certificate may be for another name than the one
    /// under which the server is found.
    pub(super) connect_to: Option<String>,
    /// A PEM file with the only authorities that are trusted; without one, those of the system.
    pub(super) authorities: Option<PathBuf>,
    /// PEM files with our own certificate and its key.
    pub(super) client: Option<(PathBuf, PathBuf)>,
}

/// A client of one server.
pub(super) struct Client {
    http: reqwest::Client,
    place: String,
}

/// An answer of any status.
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// The body, which may hold secrets.
    pub(super) body: Zeroizing<Vec<u8>>,
    /// Whether the status, or `Retry-After`, asks for another try.
    pub(super) again: RetryAdvice,
}

impl Client {
    /// Makes the client. Reads the files that the endpoint names, on a thread of its own.
    ///
    /// # Errors
    /// A certificate or key cannot be used, or the system has no certificates of authorities.
    pub(super) async fn open(endpoint: Endpoint) -> Result<Self, Failure> {
        detached(move || Self::build(endpoint)).await
    }

    fn build(endpoint: Endpoint) -> Result<Self, Failure> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("hushpipe/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(REQUEST)
            .dns_resolver(Resolver { connect_to: endpoint.connect_to.clone() });
        let http = tls::secure(builder, &endpoint)?.build().map_err(|_| Failure::BadAnswer {
            place: endpoint.place.clone(),
            reason: "cannot be used: this system has no certificates of authorities".to_owned(),
            hint: Some("name the authority's certificate: `ca_cert = \"/path/ca.pem\"`".to_owned()),
        })?;
        Ok(Self { http, place: endpoint.place })
    }

    /// Sends one request once. `repeatable`: whether it may be sent again although it may have arrived.
    ///
    /// # Errors
    /// The server was not reached, is not who it should be, or did not answer in time; and whether another try may help.
    pub(super) async fn send(
        &self,
        request: reqwest::Request,
        repeatable: bool,
    ) -> Result<Answer, FailedTry> {
        let lost = |error: reqwest::Error| self.explain(&error, repeatable);
        let mut response = self.http.execute(request).await.map_err(lost)?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let again = RetryAdvice::of_status(status, retry_after);
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(0).min(MAX_ANSWER)));
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                let reason = format!("is longer than {MAX_VALUE} bytes");
                return Err(Failure::Unfit { reason, hint: None }.into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body, again })
    }

    /// Says why a request has no answer, and whether another one may have one.
    fn explain(&self, error: &reqwest::Error, repeatable: bool) -> FailedTry {
        let place = self.place.clone();
        if let Some(failure) = cause(error).and_then(|cause| tls::failure(cause, &place)) {
            return failure.into();
        }
        let sent = !error.is_connect();
        let failure = match cause::<NoSuchName>(error) {
            Some(_) => Failure::Unreachable { place, source: io::Error::other(NoSuchName) },
            None if error.is_timeout() && sent => Failure::NoAnswer {
                place,
                after: REQUEST,
                hint:
                    "check whether the server is overloaded, or whether a firewall drops requests"
                        .to_owned(),
            },
            None if error.is_timeout() => {
                Failure::Unreachable { place, source: io::ErrorKind::TimedOut.into() }
            }
            None => match cause::<io::Error>(error) {
                Some(source) => Failure::Unreachable { place, source: without_words(source) },
                None => Failure::BadAnswer {
                    place,
                    reason: "closed the connection, or does not speak HTTP".to_owned(),
                    hint: Some("check the address and its port".to_owned()),
                },
            },
        };
        FailedTry { failure, again: RetryAdvice::Soon.unless(sent && !repeatable) }
    }
}

/// A header that holds a token for the server at `place`.
///
/// # Errors
/// [`Failure::BadKey`]: no header can hold it.
#[expect(clippy::disallowed_methods, reason = "the token of our own login goes to its server")]
pub(super) fn token_header(token: &Secret, place: &str) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::from_bytes(token.expose());
    let mut value = value.map_err(|_| Failure::BadKey {
        place: format!("the token for {place}"),
        reason: "it contains characters that no token has",
        hint: "store the token alone, without quotes or line breaks".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// These fields as a JSON object, for the body of a request. Room for it all at once: a vector that grows leaves a copy
/// of the secret behind.
///
/// # Errors
/// [`Failure::BadKey`]: a value is not UTF-8.
#[expect(clippy::disallowed_methods, reason = "what a login or a lease needs goes to its server")]
pub(super) fn json_object(
    fields: &[(&'static str, &Secret)],
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // A control character takes six bytes.
    let room = fields.iter().map(|(key, value)| key.len() + 6 * value.len() + 8).sum::<usize>();
    let mut body = Zeroizing::new(Vec::with_capacity(room + 2));
    body.push(b'{');
    for (index, (key, value)) in fields.iter().enumerate() {
        let text = std::str::from_utf8(value.expose()).map_err(|_| Failure::BadKey {
            place: format!("the value for `{key}`"),
            reason: "it is not UTF-8, as everything in a JSON request is",
            hint: "store it anew".to_owned(),
        })?;
        body.extend_from_slice(if index == 0 { b"" } else { b"," });
        body.extend_from_slice(format!("\"{key}\":").as_bytes());
        serde_json::to_writer(&mut *body, text).map_err(|_| Failure::Stopped)?;
    }
    body.push(b'}');
    Ok(body)
}

/// The first cause of this type, however it is wrapped.
fn cause<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An `io::Error` does not name the error that it was made of as its source.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// The same error of the operating system without the words that a library may have added.
fn without_words(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// Looks names up on a detached thread: the process would wait at its end for the threads of the runtime's own resolver.
struct Resolver {
    connect_to: Option<String>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = self.connect_to.clone().unwrap_or_else(|| name.as_str().to_owned());
        Box::pin(async move {
            let found = detached(move || Ok((host.as_str(), 0).to_socket_addrs().ok())).await;
            match found {
                Ok(Some(addresses)) => Ok(Box::new(addresses) as Addrs),
                _ => Err(Box::new(NoSuchName) as _),
            }
        })
    }
}

/// A name could not be looked up.
#[derive(Debug, thiserror::Error)]
#[error("could not look up its name")]
struct NoSuchName;
