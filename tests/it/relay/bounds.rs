//! How much is read before it is refused.

use std::fs;
use std::io::Write;

use crate::context::TestContext;

/// A lockfile of 3 GiB, nearly all of it a hole.
#[test]
fn a_lockfile_without_end_is_refused_before_it_is_read() {
    let manifest = "version = 1\n[servers.server]\nnpm = \"left-pad@1.3.0\"\n";
    let context = TestContext::with_manifest(manifest);
    let mut file = fs::File::create(context.config().join("hushpipe.lock")).unwrap();
    file.write_all(b"version = 1\n").unwrap();
    file.set_len(3 << 30).unwrap();
    let outcome = context.relay(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n");
    let answer = &outcome.messages()[0];
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("hushpipe.lock") && message.contains("16 MiB"), "{answer}");
    assert_eq!(outcome.code, Some(78), "{}", outcome.stderr);
}
