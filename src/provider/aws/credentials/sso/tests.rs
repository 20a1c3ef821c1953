//! Against a portal of our own: nothing that runs here speaks its protocol.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use super::*;

const LATER: u64 = 4_000_000_000;

/// Answers these requests, one after the other, and returns them: first lines, headers and bodies.
fn portal(answers: Vec<(u16, String)>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("its address"));
    let asked = thread::spawn(move || {
        let answer = |(status, body): (u16, String)| {
            let (mut connection, _) = listener.accept().expect("a client");
            let mut reader = BufReader::new(connection.try_clone().expect("a copy"));
            let (mut request, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a line");
                if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                    length = text.trim().parse().expect("a length");
                }
                request += &line;
                if line.trim().is_empty() {
                    break;
                }
            }
            reader.take(length).read_to_string(&mut request).expect("a body");
            let size = body.len();
            write!(
                connection,
                "HTTP/1.1 {status} X\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n{body}"
            )
            .expect("sent");
            request
        };
        answers.into_iter().map(answer).collect()
    });
    (address, asked)
}

fn keys_answer() -> (u16, String) {
    let keys = serde_json::json!({"roleCredentials": {
        "accessKeyId": "ASIATEST",
        "secretAccessKey": "canary-secret",
        "sessionToken": "canary-token",
        "expiration": LATER * 1000,
    }});
    (200, keys.to_string())
}

/// The keys of a profile whose login is this file.
fn ask(folder: &Path, endpoint: &str) -> Result<Credentials, Failure> {
    let sso = Sso {
        session: Some("corp".to_owned()),
        start_url: "https://corp.example/start".to_owned(),
        region: "eu-central-1".to_owned(),
        account: "123456789012".to_owned(),
        role: "Read Only".to_owned(),
    };
    let http = Http::new(None, Some(endpoint)).expect("a client");
    let asking = Asking { http: &http, endpoint: Some(endpoint), sso: &sso, profile: "work" };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(asking.credentials(folder.to_owned()))
}

fn login(folder: &Path, ends: u64, more: serde_json::Value) {
    let mut login = serde_json::json!({
        "startUrl": "https://corp.example/start/",
        "region": "eu-central-1",
        "accessToken": "canary-login",
        "expiresAt": clock::utc(ends),
    });
    let object = login.as_object_mut().expect("an object");
    object.extend(more.as_object().cloned().unwrap_or_default());
    private::replace(&folder.join("0123.json"), login.to_string().as_bytes()).expect("written");
}

#[test]
fn the_login_of_this_address_gives_the_keys_of_the_role() {
    let folder = tempfile::tempdir().expect("a folder");
    login(folder.path(), LATER, serde_json::json!({}));
    private::replace(&folder.path().join("botocore.json"), b"{\"clientId\":\"x\"}")
        .expect("written");
    let (endpoint, asked) = portal(vec![keys_answer()]);
    let keys = ask(folder.path(), &endpoint).expect("keys");
    assert_eq!((keys.access_key_id(), keys.session_token()), ("ASIATEST", Some("canary-token")));
    assert_eq!(keys.expiry().map(clock::seconds), Some(LATER));
    let asked = asked.join().expect("it was asked");
    let uri = "GET /federation/credentials?role_name=Read%20Only&account_id=123456789012 HTTP/1.1";
    assert!(asked[0].starts_with(uri), "{asked:?}");
    assert!(asked[0].contains("x-amz-sso_bearer_token: canary-login"), "{asked:?}");
}

#[test]
fn a_login_that_ends_is_renewed_and_kept_with_what_else_it_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let registration = serde_json::json!({
        "clientId": "client",
        "clientSecret": "canary-client",
        "refreshToken": "canary-refresh",
        "registrationExpiresAt": clock::utc(LATER),
        "scopes": ["sso:account:access"],
    });
    login(folder.path(), 1, registration);
    let renewed =
        r#"{"accessToken":"canary-renewed","expiresIn":3600,"refreshToken":"canary-next"}"#;
    let (endpoint, asked) = portal(vec![(200, renewed.to_owned()), keys_answer()]);
    ask(folder.path(), &endpoint).expect("keys");
    let asked = asked.join().expect("it was asked");
    assert!(asked[0].starts_with("POST /token HTTP/1.1"), "{asked:?}");
    assert!(asked[0].contains(r#""refreshToken":"canary-refresh""#), "{asked:?}");
    assert!(asked[1].contains("x-amz-sso_bearer_token: canary-renewed"), "{asked:?}");
    let kept = std::fs::read(folder.path().join("0123.json")).expect("the login");
    let kept: serde_json::Value = serde_json::from_slice(&kept).expect("JSON");
    assert_eq!(kept["accessToken"], "canary-renewed");
    assert_eq!(kept["refreshToken"], "canary-next");
    assert_eq!(kept["scopes"][0], "sso:account:access");
}

#[test]
fn a_session_that_is_over_says_what_to_run() {
    use crate::error::Fault;
    let folder = tempfile::tempdir().expect("a folder");
    let run = Some("ask the user to run `aws sso login --profile work`".to_owned());
    let over = |failure: Failure, why: &str| {
        assert_eq!(
            failure.to_string(),
            format!("the SSO session `corp` of the profile `work` is not open: {why}")
        );
        assert_eq!(failure.hint(), run);
    };
    let nobody = "http://127.0.0.1:9";
    over(ask(folder.path(), nobody).expect_err("no login"), "nobody has logged in");
    login(folder.path(), 1, serde_json::json!({}));
    over(ask(folder.path(), nobody).expect_err("an old login"), "it has expired");
    login(folder.path(), LATER, serde_json::json!({}));
    let (endpoint, asked) = portal(vec![(401, "canary".to_owned())]);
    over(
        ask(folder.path(), &endpoint).expect_err("a login taken back"),
        "AWS no longer accepts it",
    );
    asked.join().expect("it was asked");
}
