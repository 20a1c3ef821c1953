//! What redactors and scanners of others let through, spoil or show in part.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hushpipe::redact::Redactor;
use hushpipe::secret::Secret;
use serde_json::{Value, json};

#[cfg(unix)]
use crate::context::TestContext;
use crate::redact::relayed;

const VALUE: &str = "canary-incident-9c41e7d2-b85f";

/// A token in the format of an issuer, put together here, so that no scanner finds one in this file.
fn token() -> String {
    ["gh", "p_", "9aB3xQ7kLm2PvR8sTu", "4WyZ6cDf1GhJ5nKb0E"].concat()
}

fn result(content: &Value) -> String {
    format!("{}\n", json!({"jsonrpc": "2.0", "id": 1, "result": content}))
}

fn text(text: &str) -> String {
    result(&json!({"content": [{"type": "text", "text": text}]}))
}

/// What the client reads of a result with this text.
fn read(said: &str) -> String {
    let outcome = relayed(VALUE, text(said).as_bytes());
    let content = outcome.messages()[0]["result"]["content"][0]["text"].as_str().map(str::to_owned);
    content.unwrap_or_else(|| panic!("{}", outcome.everything()))
}

/// Asserts that the client gets this line byte for byte.
fn passes(line: &str) {
    let outcome = relayed(VALUE, line.as_bytes());
    assert!(outcome.stdout.starts_with(line.as_bytes()), "{line} became {}", outcome.everything());
}

/// Above 64 KiB only the first and last 32 KiB were looked at; another stopped after the first megabyte.
/// getmcpm/cli 0.30 (`MATCH_SEGMENT_CAP`), smart-mcp-proxy/mcpproxy-go
#[test]
fn the_middle_of_a_long_text_is_searched() {
    let half = "a sentence of no interest\n".repeat(60_000);
    for secret in [VALUE.to_owned(), token()] {
        let left = read(&format!("{half}{secret}\n{half}"));
        assert!(left.contains("[hushpipe:") && !left.contains(&secret[4..]));
        assert!(left.len() > 2 * half.len(), "the rest is there");
    }
}

/// Findings beyond the fifth of a block were left in it. smart-mcp-proxy/mcpproxy-go
#[test]
fn every_occurrence_is_replaced_not_the_first_few() {
    let left = read(&format!("{VALUE} {} ", token()).repeat(500));
    assert_eq!(left.matches("[hushpipe:TOKEN]").count(), 500);
    assert!(!left.contains("canary") && !left.contains(&token()[4..12]), "{}", &left[..200]);
}

/// The header of a key was replaced and its body was left. MikkoParkkola/mcp-gateway
#[test]
fn the_body_of_a_key_goes_with_its_header() {
    let body: Vec<String> =
        (0..20).map(|n| format!("{n:02}aB3xQ7kLm2PvR8sTu4WyZ6cDf1GhJ5nK").repeat(2)).collect();
    let name = ["PRIVATE", "KEY"].join(" ");
    for line_end in ["\n", "\r\n", "\\n"] {
        let body = body.join(line_end);
        let key = format!("-----BEGIN {name}-----{line_end}{body}{line_end}-----END {name}-----");
        assert_eq!(read(&format!("before {key} after")), "before [hushpipe:private-key] after");
    }
}

/// Every transaction hash of Ethereum was a finding, every commit, every digest. MikkoParkkola/mcp-gateway,
/// Yelp/detect-secrets issues 250 and 693
#[test]
fn hashes_pass() {
    let hex = "5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060";
    passes(&result(&json!({"structuredContent": {
        "transactionHash": format!("0x{hex}"), "sha256": hex, "commit": &hex[..40], "etag": &hex[..32],
        "integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
    }})));
    passes(&text(&format!("0x{hex} sha256:{hex} {}", &hex[..40])));
}

/// Presigned URLs came back unusable, so people turned redaction off. netclaw-dev/netclaw pull request 1992
#[test]
fn presigned_urls_pass() {
    let id = ["AK", "IA", "Q7XMPLE2345ABCDE"].concat();
    let signature = "5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060";
    let amazon = format!(
        "https://corp.s3.amazonaws.com/report.pdf?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential={id}%2F20260105%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20260105T100000Z\
         &X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}"
    );
    let azure = "https://corp.blob.core.windows.net/c/report.pdf?sv=2024-11-04&se=2026-01-05T11%3A00%3A00Z\
                 &sr=b&sp=r&sig=Zk9xQ7kLm2PvR8sTu4WyZ6cDf1GhJ5nKb0E3aBqXwYc%3D";
    let google = format!(
        "https://storage.googleapis.com/corp/report.pdf?X-Goog-Algorithm=GOOG4-RSA-SHA256\
         &X-Goog-Credential=reader%40corp.iam.gserviceaccount.com%2F20260105%2Fauto%2Fstorage%2Fgoog4_request\
         &X-Goog-Expires=900&X-Goog-Signature={signature}{signature}"
    );
    for url in [&amazon, azure, &google] {
        passes(&text(&format!("download it from {url} within 15 minutes")));
        passes(&result(&json!({"structuredContent": {"url": url, "downloadUrl": url}})));
    }
}

/// Forty characters of base64 were an "AWS secret" wherever they stood, which broke signatures. openclaw issue 108443
#[test]
fn base64_without_a_name_passes() {
    let signature = "EpwGCkYICxgCKkDf1GhJ5nKb0E9aB3xQ7kLm2PvR8sTu4WyZ6cq/wKz+Tn8bVvX1m".repeat(8);
    passes(&result(&json!({"structuredContent": {"thinking": {"signature": signature}}})));
    passes(&text(&signature[..40]));
}

/// Progress tokens and cursors were a third of all findings on MCP traffic. gitleaks' and betterleaks' `generic-api-key`
#[test]
fn handles_that_the_server_wants_back_pass() {
    let handle = "lybGf28XlzzwGj4Pq7kLm2PvR8sTu4WyZ6cDf1GhJ5nKb0E9";
    passes(&result(&json!({"nextCursor": handle, "content": [], "structuredContent": {
        "nextPageToken": handle, "continuation_token": handle, "uploadToken": handle,
        "tokenizationId": handle, "max_tokens": 4096, "token_type": "bearer", "tokens": [17, 4], "tokenizer": "o200k_base",
    }})));
    let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress",
        "params": {"progressToken": handle, "progress": 1}});
    passes(&format!("{progress}\n"));
}

/// A mask that keeps the ends (`ghp_S1…Pn2T`) is taken for a real key and gives eight characters of it away; another
/// tool kept the first forty characters for its log. NousResearch/hermes-agent issue 35519, MikkoParkkola/mcp-gateway
#[test]
fn no_part_of_a_secret_is_shown() {
    for secret in [VALUE.to_owned(), token()] {
        let outcome = relayed(VALUE, text(&format!("<{secret}>")).as_bytes());
        let shown = outcome.everything();
        // Five characters: `ghp_` and its like are public.
        for piece in secret.as_bytes().windows(5) {
            let piece = String::from_utf8_lossy(piece);
            assert!(!shown.contains(&*piece), "{piece} of {secret} in {shown}");
        }
    }
}

/// What stood in place of a secret was taken for one again and replaced once more, each time the text came by.
/// yvgude/lean-ctx issue 1831, stakpak/agent pull request 726
#[test]
fn a_marker_is_not_a_finding() {
    let once = read(&format!("{VALUE} {} password=***** ", token()));
    passes(&text(&once));
    passes(&result(
        &json!({"structuredContent": {"password": once, "token": "[hushpipe:TOKEN]", "api_key": "*****"}}),
    ));
}

/// One replacement made or broke the text that another value was looked for in. stakpak/agent pull request 726
#[test]
fn what_a_marker_says_is_not_searched() {
    let values =
        ["TOKEN-marker-1", "hushpipe:FIRST"].map(|value| Secret::new(value.as_bytes().to_vec()));
    let redactor = Redactor::armed([("FIRST", &values[0]), ("SECOND", &values[1])]);
    let cleaned = redactor.text(b"a TOKEN-marker-1 b hushpipe:FIRST c");
    assert_eq!(cleaned.clean.as_bytes(), b"a [hushpipe:FIRST] b [hushpipe:SECOND] c");
}

/// Keys of objects were not searched (MikkoParkkola/mcp-gateway), of two equal keys only one was (pipelock's lesson).
#[test]
fn keys_are_searched_and_both_of_two_equal_ones() {
    let (token, same) = (token(), r#""a""#);
    let content = format!(
        r#"{{"structuredContent":{{"{VALUE}":1,"{token}":2,{same}:"{VALUE}",{same}:"{token}"}}}}"#
    );
    let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{content}}}\n");
    let left = relayed(VALUE, line.as_bytes()).everything();
    assert!(!left.contains("canary") && !left.contains(&token[4..]), "{left}");
    assert_eq!(left.matches("[hushpipe:TOKEN]").count(), 2, "{left}");
}

/// Only text blocks were looked at: errors, resources and prompts were not. docker/mcp-gateway
#[test]
fn a_token_is_found_wherever_a_server_puts_text() {
    let token = token();
    for message in [
        json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": token, "data": [token]}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {"contents": [{"uri": "file:///a", "text": token}]}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {"messages": [{"role": "user", "content": {"type": "text", "text": token}}]}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "t", "description": token, "inputSchema": {"type": "object", "default": token}}]}}),
        json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "error", "data": {"env": [token]}}}),
    ] {
        let left = relayed(VALUE, format!("{message}\n").as_bytes()).everything();
        assert!(!left.contains(&token[4..]) && left.contains("[hushpipe:"), "{left}");
    }
}

/// A result with one finding was refused as a whole, and with it the issue that somebody wanted to read.
/// docker/mcp-gateway issue 334
#[test]
fn the_rest_of_a_result_stays() {
    assert_eq!(
        read(&format!("LIN-42: rotate the key\ncurl -H 'x: {}'\nassigned to Ana", token())),
        "LIN-42: rotate the key\ncurl -H 'x: [hushpipe:github-pat]'\nassigned to Ana"
    );
}

/// Characters that a library calls unprintable were dropped: no-break spaces, joiners of emoji. stacklok/toolhive
#[test]
fn characters_that_do_not_print_pass() {
    passes(&text(
        "10\u{a0}000 \u{1f469}\u{200d}\u{1f4bb} \u{fffd} \u{200f}\u{feff} \u{e0041} क्\u{200d}ष",
    ));
}

/// A replacer that began again at the wrong place after half a match let values through that repeat themselves, when a
/// write ended inside them. Found in GitLab's masker
#[test]
fn a_value_that_repeats_itself_is_found_at_every_split() {
    for (value, said) in [
        ("ppassword1", "pppassword1"),
        ("abcabd-abcab", "abcabcabd-abcabd-abcab"),
        ("xyxyz-1-xyxyz", "xyxyxyz-1-xyxyz-1-xyxyz"),
    ] {
        let secret = Secret::new(value.as_bytes().to_vec());
        let redactor = Redactor::armed([("TOKEN", &secret)]);
        for (first, second) in (0..=said.len()).map(|at| said.split_at(at)) {
            let mut out = Vec::new();
            let mut cleaner = redactor.stderr();
            cleaner.push(first.as_bytes(), &mut out);
            cleaner.push(second.as_bytes(), &mut out);
            cleaner.finish(&mut out);
            let out = String::from_utf8(out).unwrap();
            assert!(
                !out.contains(value) && out.contains("[hushpipe:TOKEN]"),
                "{first}|{second}: {out}"
            );
        }
    }
}

/// A line of one character in a multi-line secret masked that character everywhere. actions/runner issue 326
#[test]
fn short_lines_of_a_secret_are_not_looked_for() {
    let value = "{\n  \"id\": 7,\n  \"key\": \"k9Qw7xZ2vB5nM1pL8s\"\n}\n";
    let outcome = relayed(value, text("{ \"id\": 7, } and k9Qw7xZ2vB5nM1pL8s").as_bytes());
    let left = outcome.messages()[0]["result"]["content"][0]["text"].as_str().unwrap().to_owned();
    assert_eq!(left, "{ \"id\": 7, } and [hushpipe:TOKEN]");
}

/// Known by its line ends only: as one line, or with those of a terminal, a key of several lines went through.
/// buildkite/agent issue 3233, concourse/concourse issue 4398
#[test]
fn a_value_of_several_lines_is_found_whatever_ends_them() {
    let lines = ["canary-lines-5e0c1", "k9Qw7xZ2vB5nM1pL8s", "tR4yU6iO0pA3sD-end"];
    for end in ["\n", "\r\n", " ", "\\n", "\n    ", ""] {
        let outcome =
            relayed(&lines.join("\n"), text(&format!("<{}>", lines.join(end))).as_bytes());
        let left = outcome.everything();
        assert!(lines.iter().all(|line| !left.contains(line)), "{end:?}: {left}");
        assert!(left.contains("<[hushpipe:TOKEN]") && left.contains("[hushpipe:TOKEN]>"), "{left}");
    }
}

/// A secret that is JSON was known as a whole only. actions/runner issue 2232
#[test]
fn a_secret_that_is_json_is_found_by_part_and_its_public_fields_stay() {
    let value =
        r#"{"user": "ana-reader", "password": "k9Qw7xZ2vB5nM1pL8s", "region": "eu-central-1"}"#;
    let said = "ana-reader in eu-central-1 used k9Qw7xZ2vB5nM1pL8s";
    let outcome = relayed(value, text(said).as_bytes());
    let left = outcome.messages()[0]["result"]["content"][0]["text"].as_str().unwrap().to_owned();
    assert_eq!(left, "ana-reader in eu-central-1 used [hushpipe:TOKEN]");
}

/// A number is no string, so nobody looked at it. pipelock's rule for numeric secrets
#[test]
fn a_secret_that_is_a_number_is_found_as_one() {
    let line = result(&json!({"structuredContent": {"pin": 9_081_726_354_u64, "count": 12}}));
    let outcome = relayed("9081726354", line.as_bytes());
    let left = &outcome.messages()[0]["result"]["structuredContent"];
    assert_eq!(left, &json!({"pin": "[hushpipe:TOKEN]", "count": 12}));
}

/// Escaped twice, as in an URL inside of an URL. actions/runner issue 2960
#[test]
fn percent_escapes_of_percent_escapes_are_undone() {
    let secret = Secret::new(b"p%ss/w0rd+Zz=9".to_vec());
    let redactor = Redactor::armed([("TOKEN", &secret)]);
    let cleaned = redactor.text(b"next=https%3A%2F%2Fa%2F%3Fk%3Dp%2525ss%252Fw0rd%252BZz%253D9");
    let left = String::from_utf8_lossy(cleaned.clean.as_bytes()).into_owned();
    assert!(left.ends_with("%3D[hushpipe:TOKEN]") && !left.contains("w0rd"), "{left}");
}

/// The characters of base64 that a value shares with its neighbours gave away up to a byte at either end.
/// actions/runner ADR 0297, jenkinsci/credentials-binding-plugin
#[test]
fn base64_keeps_no_bits_of_a_value_at_its_ends() {
    let secret = Secret::new(VALUE.as_bytes().to_vec());
    let redactor = Redactor::armed([("TOKEN", &secret)]);
    for before in ["", "u", "us", "use"] {
        let said = STANDARD.encode(format!("{before}{VALUE}"));
        let cleaned = redactor.text(said.as_bytes());
        let left = String::from_utf8_lossy(cleaned.clean.as_bytes()).into_owned();
        // Of the characters that are left each holds six bits of what stands before.
        let kept = before.len() * 8 / 6;
        assert_eq!(left, format!("{}[hushpipe:TOKEN]", &said[..kept]));
    }
}

/// A secret of three letters made holes in every word. jenkinsci/credentials-binding-plugin issues 284 and 306,
/// buildkite/agent issue 3588
#[test]
fn a_short_secret_makes_no_holes_in_other_text() {
    let said = result(&json!({"content": [{"type": "text", "text": "the tabs, and tab"}]}));
    let outcome = relayed("tab", said.as_bytes());
    assert!(outcome.stdout.starts_with(said.as_bytes()), "{}", outcome.text());
    let whole = result(&json!({"structuredContent": {"pin": "tab"}}));
    let outcome = relayed("tab", whole.as_bytes());
    assert_eq!(outcome.messages()[0]["result"]["structuredContent"]["pin"], "[hushpipe:TOKEN]");
}

/// Each read was decoded by itself, so a character that two reads shared became two that stand for nothing.
/// dmno-dev/varlock issue 770
#[test]
fn a_character_that_two_reads_share_stays_whole() {
    let redactor = Redactor::armed([]);
    let said = "Größe → \u{1f980}\n";
    for at in 0..=said.len() {
        let (mut out, mut cleaner) = (Vec::new(), redactor.stderr());
        cleaner.push(&said.as_bytes()[..at], &mut out);
        cleaner.push(&said.as_bytes()[at..], &mut out);
        cleaner.finish(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), said, "cut at {at}");
    }
}

/// What was held back of a stream left a tenth of a second later, whatever came then. dmno-dev/varlock issue 770
#[cfg(unix)]
#[test]
fn half_a_value_does_not_leave_because_the_server_is_slow() {
    let script = r#"read -r request
        printf %s "got ${TOKEN%????????}" >&2
        sleep 0.3
        printf '%s\n' "${TOKEN#"${TOKEN%????????}"}" >&2
        printf '{"jsonrpc":"2.0","id":1,"result":{}}\n'
        read -r end"#;
    let command = serde_json::to_string(&["/bin/sh", "-c", script]).unwrap();
    let context = TestContext::with_manifest(&format!(
        "version = 1\n[servers.server]\ncommand = {command}\n\
         [servers.server.secrets]\nTOKEN = \"local://token\"\n"
    ));
    context.set_secret("local://token", VALUE);
    let mut session = context.start();
    session.send(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n");
    session.receive();
    let stderr = session.finish().stderr;
    assert!(stderr.contains("got [hushpipe:TOKEN]\n") && !stderr.contains("canary"), "{stderr}");
}
