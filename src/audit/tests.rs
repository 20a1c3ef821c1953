//! What is kept of findings: the last hundred of a server, whoever writes them.

use super::*;

fn what(name: &str) -> What {
    What {
        kind: Kind::Rule,
        name: name.into(),
        tool: Some("t".into()),
        place: "/result/content/0/text".into(),
        length: 40,
        hmac: None,
    }
}

fn event(name: &str, at: u64) -> Event {
    let (server, manifest) = ("s".into(), "/m".into());
    Event { at, times: 1, server, manifest, what: what(name), done: Done::Replaced }
}

fn folder() -> (tempfile::TempDir, Findings) {
    let home = tempfile::tempdir().unwrap();
    let findings = Findings::of(&Paths::below(home.path()));
    (home, findings)
}

#[test]
fn the_same_finding_counts_and_the_oldest_go_first() {
    let (_home, findings) = folder();
    assert_eq!(findings.latest(None).unwrap(), []);
    let all = (0..150).map(|number| event(&format!("rule-{number}"), number)).collect();
    findings.add("s", Path::new("/m"), all).unwrap();
    findings.add("s", Path::new("/m"), vec![event("rule-60", 200), event("rule-60", 201)]).unwrap();
    let latest = findings.latest(Some("s")).unwrap();
    assert_eq!(latest.len(), KEPT);
    assert_eq!(latest[0].what.name, "rule-50");
    let last = latest.last().unwrap();
    assert_eq!((&*last.what.name, last.at, last.times), ("rule-60", 201, 3));
}

#[test]
fn servers_of_one_name_are_kept_apart_and_found_together() {
    let (_home, findings) = folder();
    findings.add("s", Path::new("/m"), vec![event("a", 1)]).unwrap();
    findings.add("s", Path::new("/n"), vec![event("b", 2)]).unwrap();
    let other = Event { server: "t".into(), ..event("c", 3) };
    findings.add("t", Path::new("/m"), vec![other]).unwrap();
    let names = |server| {
        let latest = findings.latest(server).unwrap();
        latest.into_iter().map(|event| event.what.name).collect::<Vec<_>>()
    };
    assert_eq!(names(None), ["a", "b", "c"]);
    assert_eq!(names(Some("s")), ["a", "b"]);
    assert_eq!(names(Some("x")), [""; 0]);
}

/// Nothing that we write is as long, and yet the newest findings are what somebody asks for.
#[test]
fn of_a_file_that_is_too_long_the_newest_findings_are_read() {
    let (_home, findings) = folder();
    let all = (0..3).map(|number| event(&format!("rule-{number}"), number)).collect();
    findings.add("s", Path::new("/m"), all).unwrap();
    let file = findings.file("s", Path::new("/m"));
    let written = std::fs::read(&file).unwrap();
    let limit = usize::try_from(LIMIT).unwrap();
    let line = written.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let names = || {
        let latest = findings.latest(None).unwrap();
        latest.into_iter().map(|event| event.what.name).collect::<Vec<_>>()
    };
    let long = written.repeat(2 * limit / written.len());
    for (text, expected) in [
        ([&vec![b'x'; limit][..], b"\n", &written].concat(), &["rule-0", "rule-1", "rule-2"][..]),
        (
            [&written[..], &vec![b'\n'; limit - written.len() + line]].concat(),
            &["rule-1", "rule-2"],
        ),
        ([&written[..], &vec![b'\n'; limit - written.len() + line + 1]].concat(), &["rule-2"]),
        (vec![b'x'; 2 * limit], &[]),
    ] {
        std::fs::write(&file, text).unwrap();
        assert_eq!(names(), expected);
    }
    std::fs::write(&file, long).unwrap();
    assert_eq!(names().len(), KEPT);
    findings.add("s", Path::new("/m"), vec![event("new", 9)]).unwrap();
    assert_eq!(names().last().map(String::as_str), Some("new"));
    assert!(std::fs::metadata(&file).unwrap().len() < 64 * 1024);
}

#[test]
fn several_writers_at_once_lose_nothing() {
    let (_home, findings) = folder();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let writer = Writer::new(findings.clone(), "s".into(), "/m".into());
            scope.spawn(move || {
                for finding in 0..10 {
                    writer.found(what(&format!("rule-{number}-{finding}")), Done::Replaced);
                }
                writer.flush(std::time::Duration::from_secs(60));
            });
        }
    });
    assert_eq!(findings.latest(None).unwrap().len(), 40);
}

#[cfg(unix)]
#[test]
fn the_file_is_the_users_alone_and_broken_lines_are_passed_over() {
    use std::os::unix::fs::PermissionsExt;
    let (_home, findings) = folder();
    findings.add("s", Path::new("/m"), vec![event("a", 1)]).unwrap();
    let file = findings.file("s", Path::new("/m"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let mut text = std::fs::read(&file).unwrap();
    text.extend_from_slice(b"{\"at\":");
    std::fs::write(&file, text).unwrap();
    findings.add("s", Path::new("/m"), vec![event("b", 2)]).unwrap();
    assert_eq!(findings.latest(None).unwrap().len(), 2);
}
