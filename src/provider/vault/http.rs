//! Requests to a Vault server: how they are built, and when they are sent again.
//!
//! `vaultrs` joins paths, versions and namespaces into URLs and headers, and that is all it is used for. Its answers demand
//! fields that compatible servers omit, its errors print bodies, and its client prints the token. So nothing of `vaultrs`
//! or `rustify` is ever formatted here, and [`net`] sends what they built.

use reqwest::header::{CONTENT_TYPE, HOST, HeaderValue};
use rustify::Endpoint as _;
use rustify::enums::{RequestMethod, RequestType, ResponseType};
use serde::de::IgnoredAny;
use vaultrs::api::EndpointMiddleware;
use zeroize::Zeroizing;

use super::answer::Answer;
use super::settings::VaultServer;
use crate::provider::Failure;
use crate::provider::net::retry::{FailedTry, RetryAdvice, persistently};
use crate::provider::net::{self, json_object, token_header};
use crate::secret::Secret;

/// The way to one server.
pub(super) struct Link {
    http: net::Client,
    /// The address without its path, as `rustify` wants it.
    base: String,
    middleware: EndpointMiddleware,
    /// The same for the namespace of the login.
    login_middleware: EndpointMiddleware,
    /// The namespace of the login, where it is not the root namespace.
    pub(super) login_namespace: Option<String>,
    /// The server's address in backticks, for messages.
    pub(super) place: String,
    /// The name before the port, where the certificate's name is another one.
    host: Option<HeaderValue>,
}

/// One request.
#[derive(Clone)]
pub(super) struct VaultCall {
    method: RequestMethod,
    path: String,
    query: Option<String>,
    body: Option<Zeroizing<Vec<u8>>>,
    /// Whether it may be sent again although it may have arrived.
    repeatable: bool,
    /// Whether it is for the namespace of the login: for its method, and for a token about itself, which its policies allow
    /// there only.
    is_of_login: bool,
}

impl VaultCall {
    /// Reads what stands at a path below `/v1/`.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self {
            method: RequestMethod::GET,
            path: path.into(),
            query: None,
            body: None,
            repeatable: true,
            is_of_login: false,
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
        Ok(Self::post_json(path, json_object(fields)?))
    }

    /// Writes JSON to a path below `/v1/`.
    pub(super) fn post_json(path: impl Into<String>, json: Zeroizing<Vec<u8>>) -> Self {
        Self { method: RequestMethod::POST, body: Some(json), ..Self::get(path) }
    }

    /// The same with a query.
    pub(super) fn query(self, query: Option<String>) -> Self {
        Self { query, ..self }
    }

    /// The same in the namespace of the login.
    pub(super) fn of_login(self) -> Self {
        Self { is_of_login: true, ..self }
    }

    /// The same, never sent again once it may have arrived: it makes or uses up something.
    pub(super) fn once(self) -> Self {
        Self { repeatable: false, ..self }
    }
}

impl rustify::Endpoint for VaultCall {
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
    /// Makes the client. Reads the files that the settings name, on a thread of its own.
    ///
    /// # Errors
    /// A certificate or key cannot be used.
    pub(super) async fn open(server: VaultServer) -> Result<Self, Failure> {
        let address = &server.address;
        let place = format!("`{address}`");
        let name = server.tls_server_name.as_deref();
        let base = address.origin(name).as_str().to_owned();
        let middleware = |namespace: Option<String>| EndpointMiddleware {
            // `vaultrs` would keep a copy of the token for good, so `request` adds the header.
            token: String::new(),
            // It writes `/{version}` before every path, so the path of the address goes first.
            version: format!("{}v1", address.prefix()),
            wrap: None,
            namespace: namespace.filter(|name| !name.trim_matches('/').is_empty()),
        };
        let login_namespace = server.login_namespace.filter(|name| !name.is_empty());
        let login_middleware = middleware(login_namespace.clone());
        let middleware = middleware(server.namespace);
        let host = name.and(address.authority());
        let http = net::Client::open(net::Endpoint {
            place: place.clone(),
            is_https: address.is_https(),
            connect_to: name.map(|_| address.host()),
            authorities: server.ca_cert,
            client: server.client,
        });
        let http = http.await?;
        Ok(Self { http, base, middleware, login_middleware, login_namespace, place, host })
    }

    /// Sends a request, and again where that helps and does no harm; the answer, whatever its status.
    ///
    /// # Errors
    /// The server was not reached, is not who it should be, or did not answer.
    pub(super) async fn send(
        &self,
        call: &VaultCall,
        token: Option<&Secret>,
    ) -> Result<Answer, Failure> {
        persistently(async || {
            let answer = self.ask(call, token).await?;
            match answer.again() {
                again if call.repeatable && again != RetryAdvice::Never => {
                    Err(FailedTry { failure: answer.unusual(&self.place), again })
                }
                _ => Ok(answer),
            }
        })
        .await
    }

    async fn ask(&self, call: &VaultCall, token: Option<&Secret>) -> Result<Answer, FailedTry> {
        let request = self.request(call, token)?;
        self.http.send(request, call.repeatable).await.map(Answer::new)
    }

    fn request(
        &self,
        call: &VaultCall,
        token: Option<&Secret>,
    ) -> Result<reqwest::Request, Failure> {
        let unsendable =
            || Failure::BadPath { reason: "this path cannot be sent to a Vault server" };
        let middleware = if call.is_of_login { &self.login_middleware } else { &self.middleware };
        let request = call.clone().with_middleware(middleware).request(&self.base);
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
            headers.insert("x-vault-token", token_header(token, &self.place)?);
        }
        Ok(request)
    }
}
