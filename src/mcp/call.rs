//! What a `tools/call` asks for.

use super::envelope::same_but_for_case;
use super::scan::members::{member, members, text};

/// The method of a call.
pub const CALL: &str = "tools/call";

/// The tool and the arguments of one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call<'a> {
    /// The tool's name; empty where it has none.
    pub tool: String,
    /// What the tool is given, as it is spelled. More than one where readers could differ about which it is: most take
    /// the last of two equal names, some the first, and some ignore case.
    pub arguments: Vec<&'a [u8]>,
}

impl<'a> Call<'a> {
    /// Reads it off a whole message.
    pub fn of(line: &'a [u8]) -> Self {
        let Some(params) = member(line, "params") else { return Self::default() };
        if params.first() != Some(&b'{') {
            // By position, which no revision has and some library may take.
            return Self { tool: String::new(), arguments: vec![params] };
        }
        let tool = member(params, "name").and_then(text).unwrap_or_default();
        let given = members(params);
        let given = given.filter(|pair| same_but_for_case(&pair.plain_name(), "arguments"));
        Self { tool, arguments: given.map(|pair| pair.value).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(params: &str) -> (String, Vec<String>) {
        let line = format!(r#"{{"id":1,"method":"tools/call","params":{params}}}"#);
        let call = Call::of(line.as_bytes());
        let utf8 = |bytes: &&[u8]| String::from_utf8_lossy(bytes).into_owned();
        (call.tool, call.arguments.iter().map(utf8).collect())
    }

    #[test]
    fn a_call_has_a_tool_and_arguments_of_any_kind() {
        for arguments in [r#"{"a":1}"#, r#""text""#, "[1]", "7", "null", "{}"] {
            let (tool, given) = call(&format!(r#"{{"name":"a\u0062","arguments": {arguments} }}"#));
            assert_eq!((tool.as_str(), given), ("ab", vec![arguments.to_owned()]));
        }
        assert_eq!(call(r#"{"name":7}"#), (String::new(), Vec::new()));
        assert_eq!(call("[1]"), (String::new(), vec!["[1]".to_owned()]));
        assert_eq!(Call::of(br#"{"id":1,"method":"tools/call"}"#), Call::default());
    }

    #[test]
    fn whatever_a_reader_could_take_for_arguments_is_some() {
        let (_, given) = call(
            r#"{"arguments":1,"name":"a","arguments":2,"Arguments":3,"argument\u017f":4,"_meta":{"arguments":5},"\u0061rguments":6}"#,
        );
        assert_eq!(given, ["1", "2", "3", "4", "6"]);
    }
}
