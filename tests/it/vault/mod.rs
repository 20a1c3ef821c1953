//! Secrets in HashiCorp Vault and OpenBao.

mod checked;
pub(crate) mod stand_in;

/// Key/value secrets of both versions, and what their absence is called.
#[cfg(all(unix, feature = "vault"))]
mod kv;
/// Every way to log in, and what a login leaves behind.
#[cfg(all(unix, feature = "vault"))]
mod login;
/// A login in one namespace and secrets in another.
#[cfg(all(unix, feature = "vault"))]
mod namespace;
/// The same against a real server.
#[cfg(all(unix, feature = "vault"))]
mod real;
/// RustyVault, started by a test.
#[cfg(all(unix, feature = "vault"))]
mod rusty;
/// Servers that do not serve.
#[cfg(all(unix, feature = "vault"))]
mod trouble;
/// A user whose secrets are in Vault.
#[cfg(all(unix, feature = "vault"))]
mod user;
