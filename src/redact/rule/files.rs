//! The rule files: one issuer each, in the order of the alphabet. What is not listed here is not armed.

/// The text of each file.
pub(super) const FILES: &[&str] = &[
    include_str!("anthropic.toml"),
    include_str!("authorization.toml"),
    include_str!("aws.toml"),
    include_str!("connection.toml"),
    include_str!("cookie.toml"),
    include_str!("field.toml"),
    include_str!("github.toml"),
    include_str!("jwt.toml"),
    include_str!("openai.toml"),
    include_str!("pem.toml"),
    include_str!("slack.toml"),
    include_str!("url.toml"),
];
