//! Secrets of AWS against a real moto that checks signatures and policies; `run` and `secret test` are the real ones.

/// As whom hushpipe logs in, and what it says when it cannot.
mod logins;
/// `awsssm://`.
mod parameters;
/// `awssm://`.
mod secrets;
/// The one moto.
mod server;
/// `aws-sts://`.
mod tokens;
