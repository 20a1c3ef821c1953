//! A package that asks for another Node than the one that runs it: every verb that a person types says so, and what to do.

use serde_json::{Value, json};

use crate::bundled::{Package, Registry};
use crate::context::{TestContext, write_private};

/// A user with the server `picky`, whose package asks for these engines.
fn user(engines: &str) -> TestContext {
    let manifest = json!({
        "name": "picky", "version": "1.0.0", "bin": {"picky": "server.js"}, "engines": {"node": engines},
    });
    let files = vec![("server.js", "#!/usr/bin/env node\n".to_owned())];
    let registry = Registry::serve(vec![Package { manifest, files }]);
    let context =
        TestContext::with_manifest("version = 1\n[servers.picky]\nnpm = \"picky@1.0.0\"\n");
    write_private(&context.home().join(".npmrc"), &format!("registry={}\n", registry.url));
    context
}

/// The findings of `doctor` about the server's engines.
fn of_doctor(context: &TestContext) -> Vec<Value> {
    let outcome = context.run(&["doctor", "--json"], "");
    let report: Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let about = |finding: &&Value| finding["what"].to_string().contains("asks for Node");
    findings.iter().filter(about).cloned().collect()
}

#[test]
fn a_node_that_a_package_does_not_want_is_said_by_every_verb_with_the_way_out() {
    let context = user(">=98");
    let says = "`picky@1.0.0` asks for Node `>=98` and gets ";
    let hint = "choose one with `runtime = \"…\"` in the manifest";
    for args in [["lock"], ["sync"], ["check"]] {
        let outcome = context.run(&args, "");
        assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.everything());
        let all = outcome.everything();
        assert!(all.contains(says) && all.contains(hint), "{args:?}: {all}");
    }
    let findings = of_doctor(&context);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!((&findings[0]["level"], &findings[0]["where"]), (&"warn".into(), &"picky".into()));
    assert!(findings[0]["what"].to_string().contains(says), "{findings:#?}");
    assert!(findings[0]["hint"].to_string().contains("runtime = "), "{findings:#?}");
}

#[test]
fn a_node_that_a_package_wants_is_not_talked_about() {
    let context = user(">=4 <98");
    for args in [["lock"], ["sync"], ["check"]] {
        let outcome = context.run(&args, "");
        assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.everything());
        assert!(!outcome.everything().contains("asks for Node"), "{}", outcome.everything());
    }
    assert_eq!(of_doctor(&context), Vec::<Value>::new());
}
