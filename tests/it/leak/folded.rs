//! A real server of FastMCP, whose log and pages fold long lines: nothing of its token is left in either.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::context::{TestContext, path_text};
use crate::fixture;
use crate::servers::in_home;
use crate::session::Session;

/// The server's program and its script.
fn argv() -> [String; 2] {
    let python = fixture::clients().join("logging/bin/python");
    let script = fixture::repository().join("tests/fixture/logging/server.py");
    [path_text(&python), path_text(&script)]
}

/// A value that no terminal has room for.
fn token(len: usize) -> String {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut seed = 11_u64;
    let mut letter = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(LETTERS[usize::try_from(seed >> 33).expect("64 bits") % LETTERS.len()])
    };
    (0..len).map(|_| letter()).collect()
}

/// The value in the forms that the server knows.
fn forms(token: &str) -> [(&'static str, String); 3] {
    let hex = token.bytes().map(|byte| format!("{byte:02x}")).collect();
    [("plain", token.to_owned()), ("base64", STANDARD.encode(token)), ("hex", hex)]
}

/// The first eight bytes in a row of a secret that are left in a text.
fn left<'a>(secret: &'a str, text: &str) -> Option<&'a str> {
    let pieces = (0..=secret.len() - 8).map(|at| &secret[at..at + 8]);
    pieces.into_iter().find(|piece| text.contains(piece))
}

fn through(token: &str) -> (TestContext, Session) {
    let command = serde_json::to_string(&argv()).expect("a TOML array");
    let context = TestContext::with_manifest(&format!(
        "version = 1\n[servers.server]\ncommand = {command}\n[servers.server.secrets]\nTOKEN = \"local://token\"\n"
    ));
    context.set_secret("local://token", token);
    let mut session = context.start();
    session.initialize();
    (context, session)
}

/// The same server without hushpipe: what would leak.
fn direct(context: &TestContext, token: &str) -> Session {
    let [program, script] = argv();
    let mut command = Command::new(program);
    command.arg(script);
    in_home(&mut command, context.home());
    command.env("TOKEN", token);
    let mut session = Session::start(command);
    session.initialize();
    session
}

#[test]
fn a_value_that_a_real_server_logs_in_folded_lines_is_withheld() {
    for len in [44, 60, 130] {
        let token = token(len);
        let (context, mut session) = through(&token);
        let mut bare = direct(&context, &token);
        for (form, _) in forms(&token) {
            for session in [&mut session, &mut bare] {
                session.call("write_log", &json!({"form": form}));
            }
        }
        let (clean, leaked) = (session.finish().stderr, bare.finish().stderr);
        assert!(clean.contains("[hushpipe:TOKEN]"), "{len}: {clean}");
        for (form, secret) in forms(&token) {
            assert!(!leaked.contains(&secret), "{form} of {len} is not folded: {leaked}");
            assert!(left(&secret, &leaked).is_some(), "{form} of {len} is not there: {leaked}");
            assert_eq!(left(&secret, &clean), None, "{form} of {len}: {clean}");
        }
    }
}

#[test]
fn a_value_in_a_frame_that_a_real_server_draws_is_withheld() {
    let token = token(60);
    let (_context, mut session) = through(&token);
    for (form, secret) in forms(&token) {
        for width in [14, 24, 40, 61] {
            let answer = session.call("show_panel", &json!({"form": form, "width": width}));
            let page = answer["result"]["content"][0]["text"].as_str().expect("a page");
            assert!(page.contains("[hushpipe:TOKEN]"), "{form} at {width}: {page}");
            assert!(page.contains('│') && page.contains('╰'), "{form} at {width}: {page}");
            assert_eq!(left(&secret, page), None, "{form} at {width}: {page}");
        }
    }
}
