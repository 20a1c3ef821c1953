//! The ways in which people and programs write a name and its secret, and what only looks like one, through the real
//! program.
//!
//! In a template, `«…»` is a secret and `<alphabet:length>` is filled with characters of an alphabet, at run time. `‹` and
//! `›` stand for what XML has there. A row without a secret must come back as the same bytes. The inputs of `../shared/cases/reports.jsonl` are tried too where
//! the file is beside the project.

use std::collections::HashSet;
use std::fs;

use serde_json::{Value, json};

use super::made::{self, Random};
use super::sample::Place;
use crate::context::TestContext;
use crate::fixture;
use crate::session::Session;

/// Texts that hold a secret.
const SECRET: &[(&str, &str)] = &[
    ("php-define", "define('DB_PASSWORD', '«<base62:18>»');"),
    ("php-define", "define( \"AUTH_SECRET\", \"«<password:20>»\" );"),
    ("setter", "request.setHeader('X-Api-Key', '«<base62:24>»')"),
    ("setter", "os.environ.setdefault(\"SECRET_KEY\", \"«<base62:30>»\")"),
    ("blank-in-value", "SMTP_PASSWORD=\"«abqz kwev htrm pydo»\""),
    ("blank-in-value", "{\"password\":\"«R<hex:3>7 w<hex:3>1 Lq<hex:2>9!»\"}"),
    ("cut-short", "DB_PASSWORD=«T<hex:4>4&L<hex:4>7»"),
    ("cut-short", "DB_PASSWORD=«T<hex:4>4;L<hex:4>7»\nDB_NAME=shop"),
    ("cut-short", "DB_PASSWORD=«T<hex:4>4,L<hex:4>7»\nDB_NAME=shop"),
    ("cut-short", "DB_PASSWORD=«T<hex:4>4%L<hex:4>7$x»\nDB_NAME=shop"),
    ("cut-short", "DB_PASSWORD=«h]6E(z<hex:4>4}vJ*m»\nDB_NAME=shop"),
    ("cut-short", "Authorization: Bearer «<base62:11>$<base62:9>»"),
    ("cut-short", "Authorization: Bearer «<base62:11>%<base62:9>&<base62:9>»"),
    ("neighbour", "{\"Type\":\"SecureString\",\"Value\":\"«<base62:14>»\"}"),
    (
        "neighbour",
        "{\"Name\":\"/shop/db\",\"Type\":\"SecureString\",\"Version\":3,\"Value\":\"«<base62:14>»\"}",
    ),
    (
        "neighbour",
        "\"db_password\":{\"sensitive\":true,\"type\":\"string\",\"value\":\"«<base62:12>7»\"}",
    ),
    (
        "neighbour",
        "\"endpoint\":{\"sensitive\":true,\"type\":\"string\",\"value\":\"«<base62:12>7»\"}",
    ),
    (
        "neighbour",
        "\"endpoint\":{\"value\":\"«<base62:12>7»\",\"type\":\"string\",\"sensitive\":true}",
    ),
    (
        "neighbour",
        "{\"key\":\"SMTP_LOGIN\",\"value\":\"«<base62:12>7»\",\"protected\":false,\"masked\":true}",
    ),
    ("neighbour", "{\"key\": \"DB_PASSWORD\", \"type\": \"text\", \"value\": \"«<base62:16>»\"}"),
    (
        "neighbour",
        "{\"name\":\"sessionid\",\"value\":\"«<hex:32>»\",\"domain\":\"corp.example\",\"httpOnly\":true}",
    ),
    ("neighbour", "env:\n- name: DB_PASSWORD\n  value: «<base62:16>»\n- name: HOST\n  value: db\n"),
    ("neighbour", "‹property name=\"db.password\" value=\"«<base62:16>»\"/›"),
    ("neighbour", "‹key›API_KEY‹/key›\n\t‹string›«<base62:24>»‹/string›"),
    ("header-name", "'X-Registry-Auth': '«<base62:24>»'"),
    ("header-name", "{'X-Api-Key': '«<hex:32>»', 'Accept': '*/*'}"),
    ("header-name", "headers: { `X-Access-Token`: `«<base62:32>»` }"),
    ("yaml-block", "client_secret: |\n  «<base62:20>»\nname: x"),
    ("yaml-block", "auth:\n  password: >-\n    «<password:20>»\n  name: x"),
    ("token-name", "CIRCLE_TOKEN=«<base62:40>»"),
    ("token-name", "DEPLOY_TOKEN: «<base62:24>»"),
    ("token-name", "X-Session-Token: «<base62:36>»"),
    ("token-name", "export BUILDER_TOKEN=«<hex:8>-<hex:4>-<hex:4>-<hex:4>-<hex:12>»"),
    ("name-blank-value", "orbita SECRET «<hex:32>»"),
    ("name-blank-value", "the API key is «<base62:32>»."),
    ("name-blank-value", "Your new password is: «<base62:8>7k»"),
    ("name-blank-value", "api_key - '«<base62:20>»'"),
    ("name-blank-value", "API_KEY\t«<base62:28>»\n"),
    ("name-blank-value", "client secret — «<base62:32>»"),
    ("name-blank-value", "API key:\n\n«<base62:32>»\n"),
    ("markdown", "**API key:** `«<base62:24>»`"),
    ("markdown", "**Password**: «<base62:8>7k»"),
    ("markdown", "- **API key**: «<base62:24>»"),
    ("markdown", "| api_key | «<base62:28>» |"),
    (
        "markdown",
        "| user | password |\n|------|:--------:|\n| ana | «<base62:10>7» |\n| bo | `«<base62:10>7»` |\n",
    ),
    (
        "table",
        " user |  api_key\n------+----------\n ana  | «<base62:28>»\n bo   | «<base62:28>»\n(2 rows)\n",
    ),
    (
        "table",
        "user,api_key,password\nana,«<base62:28>»,«<base62:10>7»\nbo,«<base62:28>»,«<base62:10>7»\n",
    ),
    ("key-name", "FERNET_KEY=\"«<base62:43>»=\""),
    ("key-name", "cookieKey: '«<base62:32>»'"),
    ("html-entities", "&quot;api_key&quot;: &quot;«<base62:20>»&quot;"),
    ("html-entities", "‹td›password‹/td›‹td›«<base62:12>7»‹/td›"),
    ("wrapped", "client_secret: Some(\"«<base62:20>»\".into()),"),
    ("wrapped", "$password = ConvertTo-SecureString \"«<base62:12>»\" -AsPlainText"),
    ("wrapped", "password = SecretString::from(\"«<base62:12>»\");"),
];

/// Texts that hold none.
const BENIGN: &[(&str, &str)] = &[
    (
        "reference",
        "DB_SECRET=arn:aws:secretsmanager:eu-west-1:210987654321:secret:pay/db-<base62:6>",
    ),
    ("reference", "DB_SECRET_ARN: arn:aws:ssm:eu-west-1:210987654321:parameter/pay/db-password-2"),
    ("reference", "HOOK_SECRET = \"projects/987654321/secrets/hook-2/versions/latest\""),
    ("reference", "existingSecret: billing-db-2025"),
    ("reference", "secret: vault:kv/data/billing#db_password_2"),
    ("reference", "password: op://billing/db/password2"),
    ("reference", "password = random_password.db2.result"),
    ("reference", "password = data.aws_secretsmanager_secret_version.db2.secret_string"),
    (
        "reference",
        "EncryptionKey: arn:aws:kms:eu-west-1:210987654321:key/<hex:8>-<hex:4>-<hex:4>-<hex:4>-<hex:12>",
    ),
    ("identifier", "sonar.projectKey=corp_billing-app_2025"),
    (
        "identifier",
        "{\"tenant_key\":\"<hex:16>\",\"partitionKey\":\"<hex:32>\",\"idempotency_key\":\"<hex:32>\"}",
    ),
    ("identifier", "{\"license_key\":\"mpl-2.0\",\"cache_key\":\"<hex:40>\"}"),
    ("identifier", "{\"deploy_token\":\"<base62:32>\",\"watchToken\":\"<base62:32>\"}"),
    ("identifier", "Next page token: <base62:32>"),
    ("public", "https://<hex:32>@o54321.ingest.sentry.io/7045"),
    ("public", "https://<hex:32>@o54321.ingest.us.sentry.io/7045"),
    ("public", "spec:\n  encryptedData:\n    password: AgB<base64:900>==\n"),
    ("public", "deploy_key: \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI<base64:43> me@corp\""),
    ("code", "- **CSRF Token Rotation** (#218)"),
    ("code", "body[\"client_secret\"] = options.ClientSecret!;"),
    ("code", "auth.AWS_TOKEN_AUTH: tm.FetchAwsIdTokenAuthAccessToken,"),
    ("code", "[queue.rabbit.password]: ../queue/rabbit.md#password"),
    ("code", "Authorization: \nIf-None-Match: <hex:20>"),
    ("code", "\"idp.users.*.access_token\",\n\"idp.users.*.custom_claims_7\""),
    ("code", "if (typeof y.secret === 'undefined') return y.secret();"),
    ("code", "AccessToken = apps.get_model(oauth2_settings.ACCESS_TOKEN_MODEL)"),
    ("code", "authorization = base64.b64encode(origin.encode(\"utf-8\")).decode("),
    ("description", "Pass include_body=false, or pass verbose_output=1 for more"),
    ("description", "**Secret variables.** You can't read their values back"),
    ("description", "{\"env\": {\"GITLAB_TOKEN\": \"TOKEN1\", \"DB_PASSWORD\": \"PASSWORD1\"}}"),
    ("description", "\"invalid_auth\": \"Ung\\u00fcltiger API-Schl\\u00fcssel\""),
    ("description", "\"password\": \"[%key:common::config_flow::data::password2%]\""),
];

/// The faults that a line of the shared reports names and that this file is about.
const KINDS: &[&str] = &[
    "php-define",
    "blank-in-value",
    "cut-short",
    "neighbour",
    "header-name",
    "yaml-block",
    "token-name",
    "name-blank-value",
    "markdown",
    "key-name",
    "html-entities",
    "reference",
    "identifier",
    "public",
    "code",
    "url-password",
    "long-value",
    "jwt-header",
    "telegram-url",
    "nats-seed",
    "length-not-documented",
    "k8s",
];

#[test]
fn a_secret_is_withheld_in_whatever_way_it_stands_behind_its_name() {
    let context = TestContext::with_example("echo_server", &[], "");
    let mut session = started(&context);
    for ((kind, template), seed) in
        SECRET.iter().flat_map(|row| (0..4).map(move |seed| (row, seed)))
    {
        let filled = fill(template, seed);
        let parts: Vec<&str> = filled.split(['«', '»']).collect();
        let secrets: Vec<&str> = parts.iter().skip(1).step_by(2).copied().collect();
        let left = echoed(&mut session, &parts.concat());
        assert_gone(kind, &left, &secrets);
    }
}

#[test]
fn what_only_speaks_of_a_secret_comes_back_as_the_same_bytes() {
    let context = TestContext::with_example("echo_server", &[], "");
    let mut session = started(&context);
    for ((kind, template), seed) in
        BENIGN.iter().flat_map(|row| (0..4).map(move |seed| (row, seed)))
    {
        let said = fill(template, seed);
        assert_eq!(echoed(&mut session, &said), said, "{kind}");
    }
}

#[test]
fn every_input_that_was_reported_is_right() {
    let path = fixture::repository().join("../shared/cases/reports.jsonl");
    let Ok(reports) = fs::read_to_string(&path) else {
        return super::say(&format!("skipped: no {}\n", path.display()));
    };
    let context = TestContext::with_example("echo_server", &[], "");
    let mut session = started(&context);
    for line in reports.lines() {
        let report: Value = serde_json::from_str(line).expect("a report");
        let kind = report["kind"].as_str().expect("a kind");
        if !KINDS.contains(&kind) {
            continue;
        }
        let said = report["text"].as_str().expect("a text");
        let left = echoed(&mut session, said);
        let secrets: Vec<&str> = report["secrets"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        if secrets.is_empty() {
            assert_eq!(left, said, "{kind}");
        }
        assert_gone(kind, &left, &secrets);
    }
}

fn fill(template: &str, seed: u64) -> String {
    made::expand(template, &mut Random(seed)).replace('‹', "<").replace('›', ">")
}

fn started(context: &TestContext) -> Session {
    let mut session = context.start();
    session.initialize();
    session
}

fn echoed(session: &mut Session, text: &str) -> String {
    Place::Text.text_of(&session.call("echo", &json!({"text": text})))
}

/// No eight characters of a secret in a row are left.
fn assert_gone(kind: &str, left: &str, secrets: &[&str]) {
    let left_characters: Vec<char> = left.chars().collect();
    let pieces: HashSet<&[char]> = left_characters.windows(8).collect();
    for secret in secrets {
        let secret: Vec<char> = secret.chars().collect();
        assert!(!secret.windows(8).any(|piece| pieces.contains(piece)), "{kind}: {left}");
    }
}
