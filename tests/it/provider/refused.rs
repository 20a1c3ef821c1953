//! One value of several that AWS does not give, in the words that its services are documented to use: the others arrive, and
//! that one is named.

use serde_json::{Value, json};

use super::remote::{AWS_KEY, aws_table, start};
use super::world::{CANARY, World};

/// A service, and how it refuses one value.
struct Refusal {
    kind: &'static str,
    code: &'static str,
    words: &'static str,
    /// What is said of it.
    said: &'static str,
    hint: &'static str,
}

/// The service gives `app` and refuses `other` like this.
fn try_one(refusal: &Refusal) {
    let (server, mut world) = (start(), World::new());
    let told = [refusal.code, refusal.words];
    server.tell(&json!({"do": "put", "name": "app", "value": CANARY}));
    server.tell(&json!({"do": "put", "name": "other", "value": CANARY, "refused": told}));
    world.set("KEY", AWS_KEY);
    world.providers = aws_table(refusal.kind, &server.address);
    let (start, batch, single) = match refusal.kind {
        "awssm" => ("awssm://", "BatchGetSecretValue", "GetSecretValue"),
        _ => ("awsssm:///", "GetParameters", "GetParameter"),
    };
    let references = ["app", "other"].map(|name| format!("{start}{name}"));
    let (outcome, lines) = world.test(&[&references[0], &references[1]], "");
    assert_eq!(outcome.code, Some(77), "{}", outcome.stderr);
    assert_eq!(lines[0]["failure"], Value::Null, "{lines}");
    let failure = lines[1]["failure"].as_str().expect("it was refused");
    assert!(failure.contains(refusal.said), "{failure}");
    assert!(outcome.stderr.contains(refusal.hint), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains(&format!("`{}`", references[0])), "{}", outcome.stderr);
    assert_eq!(server.asked(batch), 1);
    // A refused batch of parameters brings none of them.
    let singles = if refusal.kind == "awssm" { 1 } else { 2 };
    assert_eq!(server.asked(single), singles);
}

#[test]
fn a_key_that_cannot_be_used_is_named_with_the_one_value_that_needs_it() {
    let decrypt = "is not authorized to perform: kms:Decrypt on resource: \
                   arn:aws:kms:eu-central-1:123456789012:key/1 because no identity-based policy allows the kms:Decrypt action";
    let decrypt: &'static str = format!("User: arn:aws:iam::123456789012:user/u {decrypt}").leak();
    for (kind, code, words) in [
        (
            "awssm",
            "DecryptionFailure",
            "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
        ),
        ("awssm", "AccessDeniedException", "Access to KMS is not allowed"),
        ("awssm", "AccessDeniedException", decrypt),
        ("awsssm", "InvalidKeyId", "The query key ID isn't valid."),
        ("awsssm", "AccessDeniedException", decrypt),
    ] {
        let said = match kind {
            "awssm" => "cannot decrypt the secret `other`: its key is disabled, gone, or not for",
            _ => "cannot decrypt the parameter `/other`: its key is disabled, gone, or not for",
        };
        try_one(&Refusal { kind, code, words, said, hint: "allow `kms:Decrypt` on" });
    }
}

#[test]
fn one_denied_id_of_a_batch_is_asked_for_alone_and_named_alone() {
    try_one(&Refusal {
        kind: "awssm",
        code: "AccessDeniedException",
        words: "User: arn:aws:iam::123456789012:user/u is not authorized to perform: secretsmanager:GetSecretValue on \
                resource: other because no identity-based policy allows the secretsmanager:GetSecretValue action",
        said: "does not permit `secretsmanager:GetSecretValue` on the secret `other`",
        hint: "allow `secretsmanager:GetSecretValue` on it",
    });
}
