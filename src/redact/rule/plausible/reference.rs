//! What names a secret and is none: a variable, a place in a store, a word that stands for one.

use memchr::memmem;

use super::takes_turns;

/// Whether this says where a secret is, in a store, a file, a resource of Terraform, or what it is encrypted with.
pub(super) fn names_secret(value: &str) -> bool {
    const SCHEMES: [&str; 22] = [
        "arn:",
        "op://",
        "vault:",
        "ref+",
        "file:",
        "env:",
        "env.",
        "var.",
        "local.",
        "data.",
        "module.",
        "secrets.",
        "ssm:",
        "keyvault",
        "@microsoft.keyvault",
        "secretsmanager:",
        "keychain:",
        "enc(",
        "{cipher}",
        "encrypted:",
        "!vault",
        "$ansible_vault",
    ];
    SCHEMES.iter().any(|scheme| value.starts_with(scheme)) || is_vocabulary(value)
}

/// Whether this is the path of a resource: `projects/1/secrets/db/versions/latest`. A part of base64 is random.
pub(super) fn is_resource(value: &[u8]) -> bool {
    let word = |run: &[u8]| run.iter().all(u8::is_ascii_digit) || !takes_turns(run);
    let name = |part: &[u8]| {
        let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_.-:@".contains(b);
        part.iter().all(plain) && part.split(|b| !b.is_ascii_alphanumeric()).all(word)
    };
    let mut parts = value.split(|b| *b == b'/').filter(|part| !part.is_empty());
    value.len() >= 12 && value.iter().filter(|b| **b == b'/').count() >= 2 && parts.all(name)
}

/// Whether this is nothing but the words by which secrets are named, and a number: `TOKEN1`, `my-secret-2`.
fn is_vocabulary(value: &str) -> bool {
    const WORDS: [&str; 34] = [
        "access",
        "api",
        "app",
        "auth",
        "bar",
        "client",
        "credential",
        "credentials",
        "db",
        "default",
        "demo",
        "dummy",
        "example",
        "fake",
        "foo",
        "here",
        "id",
        "key",
        "my",
        "name",
        "new",
        "old",
        "password",
        "pass",
        "private",
        "sample",
        "secret",
        "secrets",
        "some",
        "test",
        "the",
        "token",
        "user",
        "value",
    ];
    let mut words = value.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.=".contains(&b));
    let many = if words.clone().count() > 1 { 3 } else { 1 };
    plain && digits <= many && words.all(|word| WORDS.contains(&word))
}

/// Whether this is meant to be read by anybody: a public key, what only a cluster can open (SealedSecrets begin with the
/// length of an RSA key), a DSN of Sentry.
pub(in crate::redact::rule) fn is_public(value: &[u8]) -> bool {
    const KEYS: [&[u8]; 4] = [b"ssh-rsa ", b"ssh-ed25519 ", b"ecdsa-sha2-", b"sk-ssh-"];
    let sealed = value.len() >= 400
        && value.starts_with(b"Ag")
        && value.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b));
    let host = value.rsplit(|b| *b == b'@').next().unwrap_or_default();
    let dsn = memmem::find(value, b"://").is_some() && memmem::find(host, b".sentry.io").is_some();
    sealed || dsn || KEYS.iter().any(|start| value.starts_with(start))
}

/// Whether this is a sign and a name: `$DB_PASSWORD`, `%PASSWORD%`, `@Model.Password`, `&password`.
pub(super) fn is_reference(value: &str) -> bool {
    value.strip_prefix(['$', '%', '@', '&']).is_some_and(|name| {
        let mut words = name.split(|c: char| !c.is_ascii_alphabetic());
        words.any(|word| word.len() >= 3)
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.:$%-[](){}>\\".contains(c))
    })
}

/// Whether this is a number in code: `-1069416440i32`.
pub(super) fn is_typed_number(value: &str) -> bool {
    const TYPES: [&str; 6] = ["i32", "i64", "isize", "u32", "u64", "usize"];
    let digits = TYPES.iter().find_map(|kind| value.strip_suffix(kind));
    let digits = digits.map(|number| number.strip_prefix('-').unwrap_or(number));
    digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()))
}
