//! Drops items from a list: how the answer to a list request goes on when one of its items holds a value where nothing can
//! be rewritten.

use crate::mcp::scan::members;
use crate::redact::Blocked;

/// The items of `/result/LIST` that everything blocking stands in; `None` where some of it stands elsewhere.
pub(crate) fn blocked_items(blocked: &Blocked, list: &str) -> Option<Vec<usize>> {
    let item = |place: &str| {
        let below = place.strip_prefix("/result/")?.strip_prefix(list)?.strip_prefix('/')?;
        below.split('/').next()?.parse().ok()
    };
    blocked.findings.iter().map(|finding| item(&finding.place)).collect()
}

/// The line without these items of `/result/LIST`; the other items are as they were. `None` where there is no such list.
pub(crate) fn without_items(line: &[u8], list: &str, dropped: &[usize]) -> Option<Vec<u8>> {
    let array = members::member(members::member(line, "result")?, list)?;
    let kept = members::items(array).enumerate().filter(|(index, _)| !dropped.contains(index));
    let kept: Vec<&[u8]> = kept.map(|(_, item)| &array[item]).collect();
    let at = members::place(line, array);
    let (before, after) = (&line[..at.start], &line[at.end..]);
    Some([before, b"[", &kept.join(&b','), b"]", after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::{Action, Finding, Kind};

    fn blocked(places: &[&str]) -> Blocked {
        let finding = |place: &&str| Finding {
            kind: Kind::Value,
            what: "TOKEN".into(),
            place: (*place).into(),
            len: 8,
            action: Action::Blocked,
            hmac: None,
        };
        Blocked { findings: places.iter().map(finding).collect() }
    }

    #[test]
    fn only_what_stands_in_items_can_be_left_out() {
        let places = ["/result/tools/3/name", "/result/tools/10/annotations/x"];
        assert_eq!(blocked_items(&blocked(&places), "tools"), Some(vec![3, 10]));
        for elsewhere in ["/result/nextCursor", "/result/tools", "/result/toolsets/1/name", "/id"] {
            assert_eq!(blocked_items(&blocked(&[elsewhere]), "tools"), None, "{elsewhere}");
        }
    }

    #[test]
    fn the_rest_of_the_line_is_as_it_was() {
        let line = br#" {"id" :1, "result":{"tools": [ {"a":1} , {"b":[2]},{"c":3} ] ,"x":"y"}}"#;
        let expected = br#" {"id" :1, "result":{"tools": [{"a":1},{"c":3}] ,"x":"y"}}"#;
        assert_eq!(without_items(line, "tools", &[1]).as_deref(), Some(&expected[..]));
        assert_eq!(without_items(line, "prompts", &[1]), None);
        let none = without_items(line, "tools", &[0, 1, 2]).unwrap();
        assert!(String::from_utf8(none).unwrap().contains(r#""tools": [] ,"#));
    }
}
