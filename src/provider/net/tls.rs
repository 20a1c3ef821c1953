//! Certificates: how a server proves who it is, and how we do.
//!
//! Where an endpoint names its authorities, only certificates that they signed are trusted, as in the Vault CLI; else those
//! that the system trusts. Certificates are always checked. The provider of cryptography is *ring*, named here, so that no
//! library picks one.

use std::path::Path;

use reqwest::{Certificate, ClientBuilder, Identity};
use rustls::{AlertDescription, CertificateError, Error as TlsError};
use zeroize::Zeroizing;

use super::Endpoint;
use crate::provider::Failure;
use crate::sys::{permission, private};

/// The largest certificate file that is read, in bytes: a system's whole bundle is a quarter of it.
const MAX_PEM: u64 = 1024 * 1024;

/// Gives a client the certificates of its endpoint.
///
/// # Errors
/// A file is missing, could have been written by others, or holds no certificate or key.
pub(super) fn secure(
    builder: ClientBuilder,
    endpoint: &Endpoint,
) -> Result<ClientBuilder, Failure> {
    // An error means that another client has installed the same provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = builder.tls_backend_rustls();
    builder = match &endpoint.authorities {
        // Without TLS the system's certificates would be read for nothing.
        _ if !endpoint.is_https => builder.tls_certs_only([]),
        None => builder,
        Some(path) => {
            let bundle = Certificate::from_pem_bundle(&read(path)?);
            let bundle = bundle.ok().filter(|bundle| !bundle.is_empty());
            builder.tls_certs_only(
                bundle.ok_or_else(|| unusable(path, "it contains no certificate in PEM form"))?,
            )
        }
    };
    if let Some((certificate, key)) = &endpoint.client {
        let mut pem = read(certificate)?;
        pem.push(b'\n');
        pem.extend_from_slice(&read(key)?);
        let identity = Identity::from_pem(&pem);
        let reason = "it does not match its certificate, or is not in PEM form";
        builder = builder.identity(identity.map_err(|_| unusable(key, reason))?);
    }
    Ok(builder)
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut file =
        permission::open_owned(path).map_err(|insecure| Failure::of_opening(path, insecure))?;
    private::read_limited(&mut file, MAX_PEM)
        .map_err(|error| Failure::of_file("reading", path, error))
}

fn unusable(path: &Path, reason: &'static str) -> Failure {
    Failure::BadKey {
        place: format!("`{}`", path.display()),
        reason,
        hint: "give a file that begins with `-----BEGIN`".to_owned(),
    }
}

/// Says what a person can do about a connection that TLS refused.
pub(super) fn failure(error: &TlsError, place: &str) -> Option<Failure> {
    const AUTHORITY: &str = "name the certificate of the authority that signed it: `ca_cert = \"/path/ca.pem\"` in the provider's table";
    let place = place.to_owned();
    let untrusted = |reason: &str, hint: &str| {
        Some(Failure::Untrusted {
            place: place.clone(),
            reason: reason.to_owned(),
            hint: hint.to_owned(),
        })
    };
    match error {
        TlsError::InvalidCertificate(certificate) => match certificate {
            // Another authority may have the same name, and then it is the signature that is wrong.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                untrusted("its certificate is signed by an unknown authority", AUTHORITY)
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                untrusted("its certificate has expired", "ask who runs the server for a new one")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => untrusted(
                "its certificate is not valid yet",
                "check this machine's clock",
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                untrusted(
                    "its certificate is for another name",
                    "use that name in `address`, or set it as `tls_server_name`",
                )
            }
            CertificateError::Revoked => {
                untrusted("its certificate was revoked", "ask who runs the server")
            }
            _ => untrusted("its certificate is not valid", AUTHORITY),
        },
        TlsError::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::AccessDenied
            | AlertDescription::HandshakeFailure,
        ) => Some(Failure::Denied {
            reason: format!("{place} rejects the connection before any login"),
            hint: "it may need a client certificate: set `client_cert` and `client_key` in the provider's table"
                .to_owned(),
        }),
        TlsError::InvalidMessage(_) => Some(Failure::BadAnswer {
            place,
            reason: "does not speak TLS".to_owned(),
            hint: Some("check the port, and whether the address begins with `https://`".to_owned()),
        }),
        _ => untrusted("no common TLS version or cipher", "check its TLS settings"),
    }
}
