//! What the `redact` table means, whose it may be, and where it is wrong.

use super::*;
use crate::redact::settings::{
    Allow, Arguments, Exceptions, Instructions, Level as Strictness, Mode, WriteBack,
};

/// The report of these lines under `[servers.x]` with a package, in a manifest of this level.
fn refused(lines: &str, level: Level) -> String {
    report_at(&format!("npm = \"m@1.0.0\"\n{lines}"), level)
}

const RULE: &str = "id = \"acme\"\nkeywords = [\"acme_\"]\npattern = 'acme_[0-9]{8}'";

#[test]
fn a_table_with_everything() {
    let redact = server(
        r#"
        npm = "m@1.0.0"
        [servers.x.redact]
        mode = "report"
        level = "strict"
        write_back = "warn"
        arguments = "deny"
        instructions = "strip"
        allow = [
            { rule = "jwt" },
            { rule = "acme", tool = "t", pointer = "/result/content/*/text" },
            { hmac = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" },
        ]
        [[servers.x.redact.rules]]
        id = "acme"
        description = "Acme key"
        keywords = ["acme_"]
        pattern = 'acme_[0-9]{8}'
        checks = ["varied"]
        examples = ["acme_12345678"]
        [servers.x.redact.tools.t]
        write_back = "off"
        "#,
    )
    .redact;
    assert_eq!((redact.mode, redact.level), (Mode::Report, Strictness::Strict));
    assert_eq!((redact.write_back("u"), redact.write_back("t")), (WriteBack::Warn, WriteBack::Off));
    assert_eq!((redact.arguments("u"), redact.arguments("t")), (Arguments::Deny, Arguments::Deny));
    assert_eq!(redact.instructions(Some("t")), Instructions::Strip);
    assert_eq!(
        redact.tools["t"],
        Exceptions { write_back: Some(WriteBack::Off), ..Default::default() }
    );
    assert_eq!(redact.rules[0].examples, ["acme_12345678"]);
    let Allow::Place { rule, tool, pointer } = &redact.allow[1] else { panic!("{redact:?}") };
    assert_eq!((&**rule, tool.as_deref()), ("acme", Some("t")));
    assert_eq!(
        pointer.as_ref().map(ToString::to_string).as_deref(),
        Some("/result/content/*/text")
    );
    assert!(matches!(redact.allow[2], Allow::Value { .. }));
}

#[test]
fn where_nothing_is_said_everything_is_on() {
    let redact = server("npm = \"m@1.0.0\"").redact;
    assert_eq!((redact.mode, redact.write_back("t")), (Mode::Redact, WriteBack::Deny));
    assert_eq!(
        (redact.arguments("t"), redact.instructions(None)),
        (Arguments::Warn, Instructions::Flag)
    );
    assert_eq!(redact.words(), []);
}

#[test]
fn a_project_makes_it_stricter_and_not_weaker() {
    for weaker in [
        "redact.mode = \"report\"",
        "redact.write_back = \"warn\"",
        "redact.arguments = \"off\"",
        "redact.instructions = \"off\"",
        "redact.tools.t.write_back = \"off\"",
        "redact.tools.t.arguments = \"off\"",
        "redact.allow = [{ rule = \"jwt\" }]",
    ] {
        let report = refused(weaker, Level::Project);
        assert!(
            report.contains("is for the user manifest, not for a project's"),
            "{weaker}: {report}"
        );
        server(&format!("npm = \"m@1.0.0\"\n{weaker}"));
    }
    let stricter = format!(
        "version = 1\n[servers.x]\nnpm = \"m@1.0.0\"\n[servers.x.redact]\nlevel = \"strict\"\n\
         arguments = \"deny\"\ninstructions = \"strip\"\ntools.t.arguments = \"warn\"\n\
         [[servers.x.redact.rules]]\n{RULE}"
    );
    read(&stricter, Level::Project, None).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let rule = |from: &str, to: &str| {
        let changed = RULE.replacen(from, to, 1);
        assert!(changed != RULE, "{from}");
        format!("[[servers.x.redact.rules]]\n{changed}")
    };
    for (lines, message) in [
        ("redact.levle = \"strict\"".into(), "unknown key `levle`"),
        ("redact.mode = \"repotr\"".into(), "`repotr` is not one of `redact`, `report`"),
        ("redact.write_back = 1".into(), "expected a string, found something else"),
        (
            rule("acme_[0-9]{8}", "acme_[0-9"),
            "rule `acme`: its pattern does not compile at character 6",
        ),
        (rule("acme_[0-9]{8}", "(acme_)?"), "rule `acme`: its pattern matches an empty text"),
        (rule("\"acme_\"", ""), "rule `acme`: it needs a keyword"),
        (rule("acme_", "acm"), "rule `acme`: its keyword `acm` is shorter than 4 bytes"),
        (rule("acme", "jwt"), "rule `jwt`: there is a built-in rule of this id"),
        (rule("\"acme\"", "\"a b\""), "rule `a b`: `id` takes 1 to 64 letters"),
        (rule("id =", "checks = [\"varyed\"]\nid ="), "`varyed` is not one of `varied`"),
        (format!("{}\n{}", rule("8", "9"), rule("8", "7")), "there are two rules `acme`"),
        ("redact.allow = [{ rule = \"jwtt\" }]".into(), "there is no rule `jwtt`"),
        ("redact.allow = [{ tool = \"t\" }]".into(), "an entry of `allow` needs either `rule`"),
        ("redact.allow = [{ rule = \"jwt\", hmac = \"00\" }]".into(), "an entry of `allow` needs"),
        ("redact.allow = [{ hmac = \"00\" }]".into(), "`hmac` takes 64"),
        (
            "redact.allow = [{ rule = \"jwt\", pointer = \"x\" }]".into(),
            "`pointer` takes a JSON pointer",
        ),
    ] {
        let report = refused(&lines, Level::User);
        assert!(report.starts_with(&format!("hushpipe: error: {message}")), "{lines}: {report}");
        assert!(report.contains("\nhushpipe: cause: m.toml:"), "{lines}: {report}");
    }
    let report = refused(&rule("acme_[0-9]{8}", "acme_[0-9"), Level::User);
    assert!(report.contains("m.toml:7:"), "the place of the pattern: {report}");
}
