//! The HTTP client of everything here: rustls with the system's certificate authorities and those that the manifest adds,
//! no proxy, names looked up where nobody has to wait for it. The SDK calls through it, and so do the few calls for
//! credentials that the SDK would make out of the environment.

use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use aws_sdk_sts::config::SharedHttpClient;
use aws_sdk_sts::config::http::HttpRequest;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use zeroize::Zeroizing;

use super::failure;
use super::session::{CONNECT, TRY};
use crate::provider::detached::detached;
use crate::provider::{Failure, MAX_VALUE};
use crate::sys::{permission, private};

/// More than every public authority together.
const MAX_AUTHORITIES: u64 = 1024 * 1024;

/// The longest answer that is read to a call of our own, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// The longest that is read to a call of the SDK, in bytes: a batch of values with every byte of them escaped.
const MAX_VALUES: usize = 4 * MAX_VALUE as usize;

/// The client.
pub(super) struct Http {
    authorities: Option<Vec<u8>>,
    /// For the SDK.
    pub(super) client: SharedHttpClient,
}

/// An answer to a call of our own.
pub(super) struct AwsAnswer {
    /// The HTTP status.
    pub(super) status: u16,
    /// The body.
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Http {
    /// The client, with authorities in PEM besides the system's. Reads nothing before the first connection; where the SDK
    /// will ask without TLS, at `endpoint`, not even then.
    ///
    /// # Errors
    /// [`Failure::BadPath`]: these are no certificates.
    pub(super) fn new(
        authorities: Option<Vec<u8>>,
        endpoint: Option<&str>,
    ) -> Result<Self, Failure> {
        let plain = endpoint.is_some_and(is_plain);
        let client = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls(authorities.as_deref(), plain)?)
            .build_with_resolver(AwsResolver);
        let client = http_client_fn(move |settings, components| {
            SharedHttpConnector::new(Bounded(client.http_connector(settings, components)))
        });
        Ok(Self { authorities, client })
    }

    /// Asks once, for what is not a call of the SDK. `place` is who is asked, for messages.
    pub(super) async fn send(
        &self,
        place: &str,
        request: HttpRequest,
    ) -> Result<AwsAnswer, Failure> {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(TRY);
        let connector = Connector::builder()
            .connector_settings(settings.build())
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls(self.authorities.as_deref(), is_plain(request.uri()))?)
            .build_with_resolver(AwsResolver);
        let answer = connector.call(request).await;
        let answer = answer.map_err(|error| match error.is_timeout() {
            true => failure::silent(place, TRY),
            false => failure::unreached(place, Some(&error)),
        })?;
        let status = answer.status().as_u16();
        let body = tokio::time::timeout(BODY, read(answer.into_body(), MAX_ANSWER)).await;
        let body = body.map_err(|_| failure::silent(place, BODY))?;
        let body = body.map_err(|_| failure::unreached(place, None))?;
        Ok(AwsAnswer { status, body })
    }
}

/// How long the body of an answer may take.
const BODY: Duration = Duration::from_secs(2);

const NO_CERTIFICATE: &str = "the `ca_file` of an AWS provider contains no PEM certificates";

/// A request with headers. Nothing where an address or a header cannot be one.
pub(super) fn request(
    method: &str,
    uri: &str,
    headers: &[(&'static str, &str)],
    body: Option<String>,
) -> Option<HttpRequest> {
    let mut request = HttpRequest::new(body.map_or_else(SdkBody::empty, SdkBody::from));
    request.set_method(method).ok()?;
    request.set_uri(uri).ok()?;
    for (name, value) in headers {
        request.headers_mut().try_insert(*name, (*value).to_owned()).ok()?;
    }
    Some(request)
}

/// Reads the answers to the SDK's calls, which the SDK itself would read however long they are.
#[derive(Debug)]
struct Bounded(SharedHttpConnector);

impl HttpConnector for Bounded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answering = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let mut answer = answering.await?;
            let mut body = read(answer.take_body(), MAX_VALUES).await?;
            *answer.body_mut() = SdkBody::from(std::mem::take(&mut *body));
            Ok(answer)
        })
    }
}

/// Reads a body of so many bytes at most.
async fn read(body: SdkBody, most: usize) -> Result<Zeroizing<Vec<u8>>, ConnectorError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut stream = ByteStream::new(body);
    while let Some(part) = stream.next().await {
        let part = part.map_err(|error| ConnectorError::io(error.into()))?;
        if bytes.len() + part.len() > most {
            return Err(ConnectorError::user(TooLong.into()));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// An answer is longer than all values that it may hold.
#[derive(Debug, thiserror::Error)]
#[error("the answer is too long")]
pub(super) struct TooLong;

/// A resolver that nobody has to wait for: the runtime would wait for its own threads at the end of the process.
#[derive(Debug, Clone)]
struct AwsResolver;

impl ResolveDns for AwsResolver {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let name = name.to_owned();
        DnsFuture::new(async move {
            let found = detached(move || Ok((name.as_str(), 0).to_socket_addrs()));
            let found = found.await.map_err(ResolveDnsError::new)?.map_err(ResolveDnsError::new)?;
            Ok(found.map(|address| address.ip()).collect::<Vec<IpAddr>>())
        })
    }
}

/// What TLS trusts.
fn tls(authorities: Option<&[u8]>, plain: bool) -> Result<TlsContext, Failure> {
    let mut trust = TrustStore::empty().with_native_roots(!plain);
    if let Some(pem) = authorities {
        trust.add_pem_certificate(pem);
    }
    let tls = TlsContext::builder().with_trust_store(trust).build();
    tls.map_err(|_| Failure::BadPath { reason: NO_CERTIFICATE })
}

fn is_plain(uri: &str) -> bool {
    uri.starts_with("http://")
}

/// Reads a file of certificate authorities. Blocks.
pub(super) fn authorities(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut file =
        permission::open_owned(path).map_err(|insecure| Failure::of_opening(path, insecure))?;
    let bytes = private::read_limited(&mut file, MAX_AUTHORITIES)
        .map_err(|error| Failure::of_file("reading", path, error))?;
    // The SDK panics when it connects with what is no certificate.
    let parsed = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
    let mut store = RootCertStore::empty();
    let usable = parsed.is_ok_and(|parsed| {
        !parsed.is_empty() && parsed.into_iter().all(|certificate| store.add(certificate).is_ok())
    });
    if !usable {
        return Err(Failure::BadPath { reason: NO_CERTIFICATE });
    }
    Ok(bytes.to_vec())
}

/// A URL as a message may show it.
pub(super) fn without_userinfo(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "…".to_owned() };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}")
}
