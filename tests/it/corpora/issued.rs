//! Credentials as their issuers make them, in the lengths, alphabets and places in which servers say them, through the
//! real program.
//!
//! In a template, `«…»` is a secret and `<alphabet:length>` is filled with characters of an alphabet, at run time.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::made::{self, Random};
use super::sample::Place;
use crate::context::TestContext;

/// Texts that hold a secret.
const SECRET: &[&str] = &[
    // Longer and shorter than documented, and with other characters.
    "figd_«<base62:24>»",
    "pplx-«<base62:40>»",
    "tskey-api-«<base62:14>CNTRL-<base62:40>»",
    "shippo_live_«<base62:24>»",
    "ntn_«<base62:46>»",
    "sntrys_«<base62:44>»",
    "key-«<hex:64>»",
    "xau_«<base62:80>»",
    "npm_«<base62:60>-<base62:20>»",
    "AIza«<base62:60>»",
    "dop_v1_«<base62:24>_<base62:24>»",
    // Issuers that had no rule.
    "SUAC«<base32:54>»",
    "jsrp_«<base62:32>»",
    "e2b_«<hex:40>»",
    "ory_pat_«<base62:32>»",
    "SK«<hex:32>»",
    // JWTs whose headers begin with any member, a space or a line end.
    "<header:{\"jwk\":{\"kty\":\"EC\"},\"alg\":\"ES256\"}>.eyJ<base62:40>.«<base62:43>»",
    "<header:{\"crit\":[\"b64\"],\"b64\":false,\"alg\":\"HS256\"}>.eyJ<base62:40>.«<base62:43>»",
    "<header:{\"iss\":\"a\",\"alg\":\"RS256\"}>.eyJ<base62:40>.«<base62:86>»",
    "<header:{\r\n  \"alg\": \"HS256\"\r\n}>.eyJ<base62:40>.«<base62:43>»",
    "<header:{ \"zip\": \"DEF\", \"alg\": \"HS256\" }>.eyJ<base62:40>.«<base62:20>/<base62:11>7+<base62:12>»",
    // More than any pattern has room for.
    "\"refresh_token\": \"«0.A<base62:900>-<base62:300>»\"",
    "\"Token\" : \"IQoJb3JpZ2luX2Vj«<base62:1200>»\"",
    "X-Amz-Security-Token: «<base62:300>/<base62:700>»",
    // In a URL.
    "https://api.telegram.org/bot7<digit:9>:AA«<base62:32>»/getMe",
    "https://acme.tines.com/webhook/<hex:32>/«<hex:32>»",
    "https://chat.corp.example/hooks/«x7<base32l:24>»",
    "https://prod-1.westeurope.logic.azure.com/workflows/a/triggers/manual/paths/invoke?sp=%2Ftriggers&sig=«<base62:43>»",
    "https://mainnet.infura.io/v3/«<hex:32>»",
    "https://eth-mainnet.g.alchemy.com/v2/«7<base62:31>»",
    "postgres://ro:«<base62:4>#<base62:8>»@db.corp.example/shop",
    "mysql://app:«x/<base62:6>?<base62:6>»@db.corp.example:3306/shop",
    "trino://app:«<base62:6>@<base62:8>»@query.corp.example:8443/hive",
    "nfs3://me:«<base62:6>/<base62:8>»@files.corp.example/a",
    // A user with a letter that is none of ASCII.
    "Proxy uses Basic «<header:jürgen:K7xq2Rm9TzB4>»",
    // Kubernetes.
    "{\"kind\":\"Secret\",\"stringData\":{\"c.json\":\"{\\\"m\\\":\\\"x\\\"}\",\"pin\":\"«<base62:12>»\"}}",
    "{\"kind\":\"SecretList\",\"items\":[{\"data\":{\"pin\":\"«<base62:16>»\"}}]}",
    "apiVersion: v1\nkind: Secret\nstringData:\n  a: b\n  pin: «<base62:14>»\n",
];

/// Texts that hold none.
const NONE: &[&str] = &[
    "figd_request_handler_of_the_last_version_2",
    "https://packages.corp.example:8443/@scope/package@1.2.3",
    "https://corp.example/a:b@c/d?e=f@g.example",
    "https://docs.corp.example/v3/overview-of-all-hooks/4",
    "{\"kind\":\"ConfigMap\",\"data\":{\"pin\":\"<base62:16>\"}}",
    "https://b.s3.amazonaws.com/k?X-Amz-Security-Token=IQoJb3JpZ2luX2Vj<base62:300>&X-Amz-Signature=<hex:64>",
];

#[test]
fn of_an_issued_credential_nothing_is_left_whatever_its_length_and_place() {
    let context = TestContext::with_example("echo_server", &[], "");
    let mut session = context.start();
    session.initialize();
    for (number, template) in SECRET.iter().enumerate() {
        let text = made::expand(template, &mut Random(number as u64 + 1));
        let (before, rest) = text.split_once('«').expect("a secret");
        let (secret, after) = rest.split_once('»').expect("its end");
        let alone = format!("{before}{secret}{after}");
        for said in
            [alone.clone(), format!("it says {alone} there"), json!({"a": alone}).to_string()]
        {
            let answer = session.call("echo", &json!({"text": said}));
            let left = Place::Text.text_of(&answer);
            let pieces: HashSet<&[u8]> = left.as_bytes().windows(8).collect();
            let shown = secret.as_bytes().windows(8).any(|piece| pieces.contains(piece));
            assert!(!shown, "{template}: {said} became {left}");
            if said.starts_with('{') {
                let _: Value =
                    serde_json::from_str(&left).unwrap_or_else(|e| panic!("{e}: {left}"));
            }
        }
    }
    for (number, template) in NONE.iter().enumerate() {
        let text = made::expand(template, &mut Random(number as u64 + 1));
        let answer = session.call("echo", &json!({"text": text}));
        assert_eq!(Place::Text.text_of(&answer), text);
    }
    session.finish();
}

/// What a file server returns in one piece is looked at by the same rules when it comes by the line.
#[test]
fn lines_on_stdin_are_looked_at_together_as_in_a_result() {
    let secret = |seed: u64| made::expand("K7<base62:14>", &mut Random(seed));
    let values = [1, 2, 3, 4, 5].map(secret);
    let [a, b, c, d, e] = &values;
    let input = format!(
        "up\napiVersion: v1\ndata:\n  pin: {a}\n  b: |\n    {b}\nkind: Secret\n---\nmachine db.corp.example\n  login app\n  password {c}\n\n*:5432:*:app:{d}\nclient_secret: |\n  {e}\nname: x\n"
    );
    let expected = values.iter().fold(input.clone(), |text, value| {
        let marker = if value == a || value == b {
            "[hushpipe:kubernetes-secret]"
        } else if value == c {
            "[hushpipe:netrc-password]"
        } else if value == d {
            "[hushpipe:pgpass-password]"
        } else {
            "[hushpipe:secret-field]"
        };
        text.replace(value.as_str(), marker)
    });
    let outcome = TestContext::new().run(&["redact"], &input);
    assert_eq!(outcome.text(), expected, "{}", outcome.stderr);
    let manifest = json!({"kind": "Secret", "stringData": {"c.json": json!({"m": "x"}).to_string(), "pin": a}});
    let outcome = TestContext::new().run(&["redact"], &format!("{manifest}\n"));
    let left: Value =
        serde_json::from_str(outcome.text()).unwrap_or_else(|e| panic!("{e}: {}", outcome.text()));
    assert_eq!(left["stringData"]["pin"], "[hushpipe:kubernetes-secret]");
    let document = json!({"a": [{"password": 82716354091287_u64, "n": 1}]});
    let pretty = serde_json::to_string_pretty(&document).unwrap() + "\nlast\n";
    let outcome = TestContext::new().run(&["redact"], &pretty);
    let left = outcome.text().strip_suffix("last\n").unwrap().to_owned();
    let left: Value = serde_json::from_str(&left).unwrap_or_else(|e| panic!("{e}: {left}"));
    assert_eq!(left["a"][0]["password"], "[hushpipe:secret-field]");
    assert_eq!(left["a"][0]["n"], 1);
}
