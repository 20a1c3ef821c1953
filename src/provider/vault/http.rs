//! The one module that talks to a Vault server: requests out, answers in, and what went wrong in our own words.
//!
//! `vaultrs`' client is the transport: it builds the URLs and headers and holds the connections. Its own answers, errors
//! and settings stay out: they demand fields that compatible servers omit, print bodies, and print the token. So nothing
//! of `vaultrs`, `rustify` or `reqwest` is ever formatted here, and every setting is given, so that no variable is read.
//!
//! Always true: no redirect is followed, so a token goes to the address of the manifest only; no proxy is used; an answer
//! over [`MAX_ANSWER`] is cut off; and what must not happen twice is sent again only if it cannot have arrived.

use std::io;
use std::net::ToSocketAddrs;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use rustify::Endpoint;
use rustify::enums::{RequestMethod, RequestType, ResponseType};
use serde::de::IgnoredAny;
use vaultrs::api::EndpointMiddleware;
use vaultrs::client::{VaultClient, VaultClientSettings};
use zeroize::Zeroizing;

use super::answer::Answer;
use super::settings::Server;
use super::tls;
use crate::provider::detached::detached;
use crate::provider::retry::{Again, Tried, persistently};
use crate::provider::{Failure, MAX_VALUE};
use crate::secret::Secret;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(2);

/// How long one request may take: less than any provider may (`resolve.rs`), so that its own error comes first.
const REQUEST: Duration = Duration::from_millis(4500);

/// The largest answer that is read, in bytes: the largest value with every byte of it escaped, and what is around it.
const MAX_ANSWER: usize = 2 * MAX_VALUE as usize + 64 * 1024;

/// The way to one server.
pub(super) struct Link {
    client: VaultClient,
    /// The server's address in backticks, for messages.
    pub(super) place: String,
    /// The name before the port, where the certificate's name is another one.
    host: Option<HeaderValue>,
}

/// One request.
#[derive(Clone)]
pub(super) struct Call {
    method: RequestMethod,
    path: String,
    query: Option<String>,
    body: Option<Zeroizing<Vec<u8>>>,
    /// Whether it may be sent again although it may have arrived.
    repeatable: bool,
}

impl Call {
    /// Reads what stands at a path below `/v1/`.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self {
            method: RequestMethod::GET,
            path: path.into(),
            query: None,
            body: None,
            repeatable: true,
        }
    }

    /// Writes these fields to a path below `/v1/`.
    ///
    /// # Errors
    /// A value is no text.
    pub(super) fn post(
        path: impl Into<String>,
        fields: &[(&'static str, &Secret)],
    ) -> Result<Self, Failure> {
        Ok(Self::post_json(path, json(fields)?))
    }

    /// Writes JSON to a path below `/v1/`.
    pub(super) fn post_json(path: impl Into<String>, json: Zeroizing<Vec<u8>>) -> Self {
        Self { method: RequestMethod::POST, body: Some(json), ..Self::get(path) }
    }

    /// The same with a query.
    pub(super) fn query(self, query: Option<String>) -> Self {
        Self { query, ..self }
    }

    /// The same, never sent again once it may have arrived: it makes or uses up something.
    pub(super) fn once(self) -> Self {
        Self { repeatable: false, ..self }
    }
}

impl Endpoint for Call {
    type Response = IgnoredAny;
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        self.path.clone()
    }

    fn method(&self) -> RequestMethod {
        self.method.clone()
    }

    fn query(&self) -> Result<Option<String>, rustify::errors::ClientError> {
        Ok(self.query.clone())
    }

    fn body(&self) -> Result<Option<Vec<u8>>, rustify::errors::ClientError> {
        Ok(self.body.as_ref().map(|body| body.to_vec()))
    }
}

impl Link {
    /// Makes the client. Reads the files that the settings name, so it runs on a thread of its own.
    ///
    /// # Errors
    /// A certificate or key cannot be used.
    pub(super) async fn open(server: Server) -> Result<Self, Failure> {
        detached(move || Self::build(&server)).await
    }

    fn build(server: &Server) -> Result<Self, Failure> {
        let address = &server.address;
        let place = format!("`{address}`");
        let builder = reqwest::Client::builder()
            .user_agent(concat!("hushpipe/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(REQUEST)
            .dns_resolver(Names {
                instead: server.tls_server_name.as_ref().map(|_| address.host()),
            });
        let http = tls::secure(builder, server)?.build().map_err(|_| Failure::BadAnswer {
            place: place.clone(),
            reason: "cannot be asked: this system has no certificates of authorities".to_owned(),
            hint: Some("name the authority's certificate: `ca_cert = \"/path/ca.pem\"`".to_owned()),
        })?;
        let base = address.origin(server.tls_server_name.as_deref());
        let client = VaultClient {
            http: rustify::clients::reqwest::Client::new(base.as_str(), http),
            // It writes `/{version}` before every path, so what stands behind the host of the address goes first. The
            // token is not its business: it would keep a copy for good.
            middle: EndpointMiddleware {
                token: String::new(),
                version: format!("{}v1", address.prefix()),
                wrap: None,
                namespace: server.namespace.clone(),
            },
            settings: VaultClientSettings {
                address: base,
                ca_certs: Vec::new(),
                identity: None,
                timeout: Some(REQUEST),
                token: String::new(),
                verify: true,
                version: 1,
                wrapping: false,
                namespace: server.namespace.clone(),
                proxy: None,
            },
        };
        let host = server.tls_server_name.as_ref().and(address.authority());
        Ok(Self { client, place, host })
    }

    /// Sends a request, and again where that helps and does no harm; the answer, whatever its status.
    ///
    /// # Errors
    /// The server was not reached, is not who it should be, or did not answer.
    pub(super) async fn send(
        &self,
        call: &Call,
        token: Option<&Secret>,
    ) -> Result<Answer, Failure> {
        persistently(async || {
            let answer = self.ask(call, token).await?;
            match answer.again() {
                again if call.repeatable && again != Again::Never => {
                    Err(Tried { failure: answer.unusual(&self.place), again })
                }
                _ => Ok(answer),
            }
        })
        .await
    }

    async fn ask(&self, call: &Call, token: Option<&Secret>) -> Result<Answer, Tried> {
        let request = self.request(call, token)?;
        let mut response = self
            .client
            .http
            .http
            .execute(request)
            .await
            .map_err(|error| self.lost(call, &error))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let again = Again::of_status(status, retry_after);
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(0).min(MAX_ANSWER)));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(call, &error))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                let reason = format!("is longer than {MAX_VALUE} bytes");
                return Err(Failure::Unfit { reason, hint: None }.into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer::new(status, body, again))
    }

    #[expect(clippy::disallowed_methods, reason = "the token of our own login goes to its server")]
    fn request(&self, call: &Call, token: Option<&Secret>) -> Result<reqwest::Request, Failure> {
        let unsendable =
            || Failure::BadPath { reason: "the path cannot be sent to a Vault server" };
        let base = self.client.http.base.as_str();
        let request = call.clone().with_middleware(&self.client.middle).request(base);
        let request = request.map_err(|_| unsendable())?;
        let mut request = reqwest::Request::try_from(request).map_err(|_| unsendable())?;
        let headers = request.headers_mut();
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(host) = &self.host {
            headers.insert(HOST, host.clone());
        }
        if let Some(token) = token {
            let value = HeaderValue::from_bytes(token.expose());
            let mut value = value.map_err(|_| Failure::BadKey {
                place: format!("the token for {}", self.place),
                reason: "it holds characters that no token has",
                hint: "store the token alone, without quotes or line breaks".to_owned(),
            })?;
            value.set_sensitive(true);
            headers.insert("x-vault-token", value);
        }
        Ok(request)
    }

    /// Why a request has no answer, and whether another may have one.
    fn lost(&self, call: &Call, error: &reqwest::Error) -> Tried {
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
                hint: "see whether the server is overloaded, or whether something between swallows requests"
                    .to_owned(),
            },
            None if error.is_timeout() => {
                Failure::Unreachable { place, source: io::ErrorKind::TimedOut.into() }
            }
            None => match cause::<io::Error>(error) {
                Some(source) => Failure::Unreachable { place, source: same(source) },
                None => Failure::BadAnswer {
                    place,
                    reason: "broke off its answer, or does not speak HTTP".to_owned(),
                    hint: Some("check the address and its port".to_owned()),
                },
            },
        };
        Tried { failure, again: Again::Soon.unless(sent && !call.repeatable) }
    }
}

/// The first cause of this type, however it is wrapped.
fn cause<T: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // What an `io::Error` was made of is not its source.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner as &(dyn std::error::Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// An error of the operating system again, without what a library may have put into it.
fn same(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// These fields as a JSON object. Room for it all at once: a vector that grows leaves a copy behind.
///
/// # Errors
/// A value is no text.
#[expect(clippy::disallowed_methods, reason = "what a login or a lease needs goes to its server")]
fn json(fields: &[(&'static str, &Secret)]) -> Result<Zeroizing<Vec<u8>>, Failure> {
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

/// Looks names up on a thread that nobody waits for: the runtime's own would hold up our end.
struct Names {
    /// The server's name, where every name that is asked for is the one that its certificate has.
    instead: Option<String>,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let host = self.instead.clone().unwrap_or_else(|| name.as_str().to_owned());
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
#[error("its name could not be looked up")]
struct NoSuchName;
