//! Credentials on their way to the server, in the arguments of a call: they are named and never rewritten.
//!
//! Counted are known values and what the surest rules find: a person is told of it, or the call is refused. Values too
//! weak to be looked for inside text are not counted either: as a whole argument they are words like any other.

use super::hit::{Hit, Label};
use super::json::{Token, Walker};
use super::shown::NAMED;
use super::{Action, Finding, Redactor};
use crate::mcp::fields::Fields;

impl Redactor {
    /// The first credentials in a JSON text that is sent to the server: the arguments of a call of `tool`, which stand
    /// at `place` of their message. What may pass is none.
    pub fn credentials_in(&self, json: &[u8], tool: &str, place: &str) -> Vec<Finding> {
        let sure = |hit: &&Hit| match hit.label {
            Label::Known(_) => true,
            Label::Rule(rule) => self.detector.rules()[rule].is_sure(),
        };
        let (hits, _) = self.detector.json(json);
        let mut hits = &hits[..];
        let mut findings: Vec<Finding> = Vec::new();
        let mut walker = Walker::new(json, Fields::default());
        while !hits.is_empty() && findings.len() < NAMED {
            let Some((token, range)) = walker.next() else { break };
            let behind = hits.iter().take_while(|hit| hit.end <= range.start).count();
            hits = &hits[behind..];
            let inside = hits.iter().take_while(|hit| hit.start < range.end).count();
            // Sure or not: no name that holds something is part of a place.
            if inside > 0 && token == Token::Key {
                walker.withhold_key();
            }
            let counts = hits[..inside].iter().filter(sure).find_map(|hit| {
                let found = &json[hit.start.max(range.start)..hit.end.min(range.end)];
                let place = format!("{place}{}", walker.pointer());
                self.judge(hit.label, found, Some(tool), place)
            });
            findings.extend(counts.map(|finding| Finding { action: Action::Passed, ..finding }));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::redact::spelling::{armed, spellings};

    const VALUE: &str = "canary-argument-51c0e7";

    fn found(json: &str) -> Vec<(String, String)> {
        let redactor = armed(&[("TOKEN", VALUE), ("WEAK", "postgres")]);
        let findings = redactor.credentials_in(json.as_bytes(), "t", "");
        findings.into_iter().map(|finding| (finding.what, finding.place)).collect()
    }

    fn token_at(place: &str) -> Vec<(String, String)> {
        vec![("TOKEN".to_owned(), place.to_owned())]
    }

    #[test]
    fn a_known_value_is_named_with_its_place_in_every_spelling() {
        for spelling in spellings(VALUE) {
            let json = json!({"a": [0, {"b": format!("x {spelling}")}]}).to_string();
            assert_eq!(found(&json), token_at("/a/1/b"), "{json}");
        }
        assert_eq!(found(&json!(VALUE).to_string()), token_at(""));
    }

    #[test]
    fn a_name_that_is_a_value_is_not_shown() {
        let json = json!({(VALUE): {"x": 1, "y": VALUE}}).to_string();
        let named = found(&json);
        assert_eq!(named[0], ("TOKEN".to_owned(), "/[withheld]".to_owned()));
        assert_eq!(named[1], ("TOKEN".to_owned(), "/[withheld]/y".to_owned()));
    }

    #[test]
    fn a_name_that_holds_what_is_not_sure_is_not_shown_either() {
        let json = json!({"password=9aB3xQ7kLm2PvR8sTu": VALUE}).to_string();
        assert_eq!(found(&json), token_at("/[withheld]"));
    }

    #[test]
    fn only_sure_rules_count() {
        let token = ["gh", "p_", "9aB3xQ7kLm2PvR8sTu", "4WyZ6cDf1GhJ5nKb0E"].concat();
        let named = found(&json!({"text": format!("see {token}")}).to_string());
        assert_eq!(named.len(), 1);
        assert_eq!(named[0].1, "/text");
        // A field with the name of a secret is what many tools ask for.
        let field =
            json!({"text": "password = \"9aB3xQ7kLm2PvR8sTu\"", "password": "9aB3xQ7kLm2PvR8sTu"});
        assert_eq!(found(&field.to_string()), []);
    }

    #[test]
    fn what_is_weak_or_a_marker_is_none() {
        assert_eq!(found(r#"{"user":"postgres","text":"[hushpipe:TOKEN]"}"#), []);
    }

    #[test]
    fn only_the_first_few_are_named() {
        assert_eq!(found(&json!(vec![VALUE; 100]).to_string()).len(), super::NAMED);
    }
}
