//! The plaintext of the local store: JSON, names to values in base64, with their dates.
//!
//! Values are [`Secret`]s as soon as they are decoded; the JSON is in buffers that are zeroed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::provider::StoredItem;
use crate::secret::Secret;

/// The format this version writes, and the only one it reads.
const VERSION: u32 = 1;

/// What a store holds.
#[derive(Debug, Default)]
pub(super) struct StoreContents(BTreeMap<String, StoredValue>);

#[derive(Debug)]
struct StoredValue {
    value: Secret,
    created: u64,
    updated: u64,
}

/// The JSON. Values are borrowed from the buffer: base64 needs no escapes, so no copy is made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredDocument<'a> {
    version: u32,
    #[serde(borrow)]
    secrets: BTreeMap<String, StoredLine<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredLine<'a> {
    value: &'a str,
    created: u64,
    updated: u64,
}

impl StoreContents {
    /// Reads the plaintext. The error is the reason, as the end of "cannot be read: …".
    pub(super) fn parse(plain: &[u8]) -> Result<Self, &'static str> {
        let document = match serde_json::from_slice::<StoredDocument<'_>>(plain) {
            Ok(document) if document.version == VERSION => document,
            _ => return Err(why_not(plain)),
        };
        let entry = |(name, line): (String, StoredLine<'_>)| {
            let value = Secret::new(STANDARD.decode(line.value).ok()?);
            Some((name, StoredValue { value, created: line.created, updated: line.updated }))
        };
        document.secrets.into_iter().map(entry).collect::<Option<_>>().map(Self).ok_or(BROKEN)
    }

    /// The plaintext. Written by hand into one buffer that is never moved, so that no copy is left behind.
    #[expect(clippy::disallowed_methods, reason = "storing: the values go into the encrypted file")]
    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let room =
            |(name, entry): (&String, &StoredValue)| name.len() + entry.value.len() / 3 * 4 + 128;
        let mut json =
            Zeroizing::new(String::with_capacity(64 + self.0.iter().map(room).sum::<usize>()));
        let _ = write!(json, "{{\"version\":{VERSION},\"secrets\":{{");
        for (index, (name, entry)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let name = serde_json::Value::from(name.as_str());
            let _ = write!(json, "{comma}{name}:{{\"value\":\"");
            STANDARD.encode_string(entry.value.expose(), &mut json);
            let _ =
                write!(json, "\",\"created\":{},\"updated\":{}}}", entry.created, entry.updated);
        }
        json.push_str("}}");
        Zeroizing::new(std::mem::take(&mut *json).into_bytes())
    }

    /// Stores a value at a time and returns whether there was one before. `name` has passed `check_name`.
    #[expect(clippy::disallowed_methods, reason = "storing: the value is copied into the contents")]
    pub(super) fn set(&mut self, name: &str, value: &Secret, now: u64) -> bool {
        let value = Secret::new(value.expose().to_vec());
        let created = self.0.get(name).map_or(now, |entry| entry.created);
        self.0.insert(name.to_owned(), StoredValue { value, created, updated: now }).is_some()
    }

    /// Removes a name and returns whether it was there.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// One value and when it was last stored.
    pub(super) fn take(mut self, name: &str) -> Option<(Secret, u64)> {
        self.0.remove(name).map(|entry| (entry.value, entry.updated))
    }

    /// What is stored, without values.
    pub(super) fn kept(&self) -> Vec<StoredItem> {
        let kept = |(name, entry): (&String, &StoredValue)| StoredItem {
            name: name.clone(),
            created: Some(entry.created),
            updated: Some(entry.updated),
            length: Some(entry.value.len()),
        };
        self.0.iter().map(kept).collect()
    }
}

/// Why a plaintext is not one that this version reads.
fn why_not(plain: &[u8]) -> &'static str {
    #[derive(Deserialize)]
    struct StoreVersion {
        version: u32,
    }
    match serde_json::from_slice(plain) {
        Ok(StoreVersion { version }) if version > VERSION => "a newer hushpipe wrote it",
        _ => BROKEN,
    }
}

const BROKEN: &str = "its content does not come from hushpipe";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "comparing what was stored")]
    fn contents_round_trip() {
        let values: [&[u8]; 4] = [b"token", b"\0\xff\"\\", b"x", &[7; 5000]];
        let mut contents = StoreContents::default();
        for (index, value) in values.iter().enumerate() {
            assert!(!contents.set(&format!("a/b-{index}"), &Secret::new(value.to_vec()), 5));
        }
        assert!(contents.set("a/b-0", &Secret::new(b"token".to_vec()), 9));
        let json = contents.to_json();
        let read = StoreContents::parse(&json).expect("own format");
        assert_eq!(read.kept(), contents.kept());
        assert_eq!((read.kept()[0].created, read.kept()[0].updated), (Some(5), Some(9)));
        for (index, value) in values.iter().enumerate() {
            let read = StoreContents::parse(&json).expect("own format");
            let (secret, _) = read.take(&format!("a/b-{index}")).expect("stored");
            assert_eq!(secret.expose(), *value);
        }
        assert!(!format!("{contents:?}").contains("token"));
    }

    #[test]
    fn another_format_is_refused_without_its_content() {
        for (text, reason) in [
            ("", BROKEN),
            ("{\"version\":2,\"other\":[]}", "a newer hushpipe wrote it"),
            ("{\"version\":1}", BROKEN),
            (
                "{\"version\":1,\"secrets\":{\"a\":{\"value\":\"%\",\"created\":0,\"updated\":0}}}",
                BROKEN,
            ),
            ("{\"version\":1,\"secrets\":{},\"more\":1}", BROKEN),
        ] {
            assert_eq!(StoreContents::parse(text.as_bytes()).expect_err(text), reason);
        }
    }
}
