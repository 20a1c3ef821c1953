//! Reads the `params` of a message, once for everything that is decided by them.

use super::envelope::{Id, Kind, Names, same_but_for_case};
use super::era::{Era, Revision};
use super::scan::members::{from_member, member, members, text};

/// The method that calls a tool.
pub const CALL: &str = "tools/call";

/// What the `params` of a message say, as slices of the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params<'a> {
    /// The revision that a stateless request names.
    pub revision: Option<Revision>,
    /// Whether readers could take the params for different ones: see [`Names`].
    pub ambiguous: bool,
    name: Option<&'a [u8]>,
    request_id: Option<&'a [u8]>,
    client_info: Option<&'a [u8]>,
    arguments: Option<&'a [u8]>,
    /// Further members that some reader takes for `arguments`. Empty in all but hostile messages, so nothing is allocated.
    more_arguments: Vec<&'a [u8]>,
}

impl<'a> Params<'a> {
    /// Reads the `params` of a whole message of this kind.
    pub fn read(line: &'a [u8], kind: Option<Kind>) -> Self {
        // With two `params` it does not matter which one is read: the envelope is ambiguous.
        let Some(behind) = from_member(line, "params").map(<[u8]>::trim_ascii_start) else {
            return Self::default();
        };
        if behind.first() != Some(&b'{') {
            // By position, which no revision has and some library may take.
            return Self { arguments: member(line, "params"), ..Self::default() };
        }
        let mut params = Self::default();
        let (mut names, mut meta) = (Names::default(), None);
        for pair in members(behind) {
            params.ambiguous |= names.meet(pair.name);
            match &*pair.plain_name() {
                "_meta" => meta = Some(pair.value),
                "clientInfo" => params.client_info = Some(pair.value),
                "name" => params.name = Some(pair.value),
                "requestId" => params.request_id = Some(pair.value),
                name if same_but_for_case(name, "arguments") => params.take_arguments(pair.value),
                _ => {}
            }
        }
        if kind == Some(Kind::Request) {
            meta.into_iter().for_each(|meta| params.take_meta(meta));
        }
        params
    }

    fn take_arguments(&mut self, value: &'a [u8]) {
        match self.arguments {
            None => self.arguments = Some(value),
            Some(_) => self.more_arguments.push(value),
        }
    }

    /// Reads the `_meta` of a request. Version and capabilities are both required (specification 2026-07-28): a `_meta`
    /// without the capabilities is a stateful client's own.
    fn take_meta(&mut self, meta: &'a [u8]) {
        let (mut version, mut capable, mut client_info) = (None, false, None);
        for pair in members(meta) {
            match &*pair.plain_name() {
                "io.modelcontextprotocol/protocolVersion" => version = text(pair.value),
                "io.modelcontextprotocol/clientCapabilities" => capable = true,
                "io.modelcontextprotocol/clientInfo" => client_info = Some(pair.value),
                _ => {}
            }
        }
        self.revision = version
            .and_then(|version| Revision::of(&version))
            .filter(|revision| capable && revision.era() == Era::Stateless);
        self.client_info = self.client_info.or(client_info);
    }

    /// The name that the client gives itself.
    pub fn client(&self) -> Option<String> {
        text(member(self.client_info?, "name")?)
    }

    /// The name of the tool that is called; empty where there is none.
    pub fn tool(&self) -> String {
        self.name.and_then(text).unwrap_or_default()
    }

    /// The arguments of a call, as they are spelled. There are several where readers could disagree about which they are:
    /// most take the last of two equal names, some the first, and some ignore case.
    pub fn arguments(&self) -> impl Iterator<Item = &'a [u8]> {
        self.arguments.into_iter().chain(self.more_arguments.iter().copied())
    }

    /// The request that a `notifications/cancelled` cancels.
    pub fn cancelled_request(&self) -> Option<Id> {
        Id::parse(self.request_id?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(line: &str) -> Params<'_> {
        Params::read(line.as_bytes(), Some(Kind::Request))
    }

    fn call(params: &str) -> (String, Vec<String>) {
        let line = format!(r#"{{"id":1,"method":"tools/call","params": {params}}}"#);
        let call = self::params(&line);
        let utf8 = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (call.tool(), call.arguments().map(utf8).collect())
    }

    #[test]
    fn only_a_request_with_both_members_of_the_meta_is_stateless() {
        let line = |rest: &str| {
            let version = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28""#;
            format!(r#"{{"id":1,"method":"tools/list","params":{{"_meta":{{{version}{rest}}}}}}}"#)
        };
        let capable = r#","io.modelcontextprotocol/clientCapabilities":{}"#;
        let info = r#","io.modelcontextprotocol/clientInfo":{"name":"a \"b\"","version":"1"}"#;
        let whole = line(&format!("{capable}{info}"));
        assert_eq!(params(&whole).revision, Some(Revision::V2026_07_28));
        assert_eq!(params(&whole).client().as_deref(), Some("a \"b\""));
        assert_eq!(Params::read(whole.as_bytes(), Some(Kind::Notification)).revision, None);
        assert_eq!(params(&line("")).revision, None);
        let plain = r#"{"id":1,"method":"tools/list","params":{}}"#;
        assert_eq!(params(plain), Params::default());
    }

    #[test]
    fn a_stateful_client_names_itself_when_it_opens_the_session() {
        let line = r#"{"id":0,"method":"initialize","params":{"clientInfo":{"name":"x"}}}"#;
        assert_eq!(params(line).client().as_deref(), Some("x"));
    }

    #[test]
    fn only_the_params_themselves_are_watched_for_ambiguous_names() {
        let ambiguous = |text: &str| {
            params(&format!(r#"{{"id":1,"method":"tools/call","params":{text}}}"#)).ambiguous
        };
        assert!(ambiguous(r#"{"name":"a","Name":"b"}"#));
        assert!(ambiguous(r#"{"name":"a","name":"b"}"#));
        assert!(!ambiguous(r#"{"name":"a","arguments":{"name":"b","Name":"c","name":"d"}}"#));
    }

    #[test]
    fn a_call_has_a_tool_and_arguments_of_any_kind() {
        for arguments in [r#"{"a":1}"#, r#""text""#, "[1]", "7", "null", "{}"] {
            let (tool, given) = call(&format!(r#"{{"name":"a\u0062","arguments": {arguments} }}"#));
            assert_eq!((tool.as_str(), given), ("ab", vec![arguments.to_owned()]));
        }
        assert_eq!(call(r#"{"name":7}"#), (String::new(), Vec::new()));
        assert_eq!(call("[1]"), (String::new(), vec!["[1]".to_owned()]));
        assert_eq!(params(r#"{"id":1,"method":"tools/call"}"#), Params::default());
    }

    #[test]
    fn whatever_a_reader_could_take_for_arguments_is_found() {
        let (_, given) = call(
            r#"{"arguments":1,"name":"a","arguments":2,"Arguments":3,"argument\u017f":4,"_meta":{"arguments":5},"\u0061rguments":6}"#,
        );
        assert_eq!(given, ["1", "2", "3", "4", "6"]);
    }

    #[test]
    fn a_cancelled_request_is_named_in_the_params() {
        let line = r#"{"method":"notifications/cancelled","params":{"requestId":"a\/b"}}"#;
        let id = params(line).cancelled_request();
        assert_eq!(id.as_ref().map(Id::raw), Some(r#""a\/b""#));
        assert_eq!(params(r#"{"params":{}}"#).cancelled_request(), None);
    }
}
