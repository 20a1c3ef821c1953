//! One field of a value that is JSON: `#key`, or `#a.b.0` as a dotted path.
//!
//! A key that holds dots itself wins over a path, at every level. A string gives its text, a number and a truth value give
//! what stands in the JSON (so `1.50` stays `1.50`), an object and a list give their JSON as it stands, and `null`
//! is an error. The newline at the end of a value of one line goes, whatever store it is from: an editor or `echo` put it
//! there. No message repeats anything of the value: not even its other keys, which may be secret too.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{Failure, trim_newline};
use crate::secret::Secret;

/// The field of a value, or a copy of the whole value where no field was asked for.
///
/// # Errors
/// The value is not JSON, or has no such field.
#[expect(clippy::disallowed_methods, reason = "projecting a field out of a fetched value")]
pub(super) fn project(value: &Secret, field: Option<&str>) -> Result<Secret, Failure> {
    let Some(field) = field else {
        return Ok(one_line(value.expose().to_vec()));
    };
    let json: &RawValue = serde_json::from_slice(value.expose()).map_err(|_| Failure::Unfit {
        reason: format!("is not JSON, so it has no field `{field}`"),
        hint: Some("leave `#field` out to get the whole value".to_owned()),
    })?;
    let found = find(json, field).ok_or_else(|| Failure::NotFound {
        place: format!("the field `{field}`"),
        hint: "use a field that the value has".to_owned(),
    })?;
    leaf(found).ok_or_else(|| {
        let what = if found.get() == "null" { "`null`" } else { "half a character" };
        Failure::Unfit { reason: format!("has {what} as its field `{field}`"), hint: None }
    })
}

/// What stands at `path`: the whole of it as a key first, then its parts, the longest first part first.
fn find<'a>(json: &'a RawValue, path: &str) -> Option<&'a RawValue> {
    let step = |key: &str| child(json, key);
    if let Some(found) = step(path) {
        return Some(found);
    }
    path.rmatch_indices('.').find_map(|(dot, _)| find(step(&path[..dot])?, &path[dot + 1..]))
}

fn child<'a>(json: &'a RawValue, key: &str) -> Option<&'a RawValue> {
    if let Ok(mut object) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json.get()) {
        return object.remove(key);
    }
    let list: Vec<&RawValue> = serde_json::from_str(json.get()).ok()?;
    list.get(key.parse::<usize>().ok()?).copied()
}

/// A secret of these bytes without the newline of a single line.
fn one_line(mut bytes: Vec<u8>) -> Secret {
    trim_newline(&mut bytes);
    Secret::new(bytes)
}

/// The bytes of a leaf; none for `null`, and for a text with half of a surrogate pair, which has no bytes.
fn leaf(json: &RawValue) -> Option<Secret> {
    match json.get() {
        "null" => None,
        text if text.starts_with('"') => {
            serde_json::from_str::<String>(text).ok().map(|text| one_line(text.into_bytes()))
        }
        text => Some(Secret::new(text.as_bytes().to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = r#"{"user":"ann","deep":{"key":"k\"\u00e9","list":[1.50,true,null]},"a.b":"flat","a":{"b":"nested","c.d":"half"}}"#;

    #[expect(clippy::disallowed_methods, reason = "comparing what was projected")]
    fn field(value: &str, field: Option<&str>) -> Result<String, Failure> {
        project(&Secret::new(value.as_bytes().to_vec()), field)
            .map(|secret| String::from_utf8(secret.expose().to_vec()).expect("text"))
    }

    #[test]
    fn fields_are_keys_or_dotted_paths() {
        for (path, expected) in [
            ("user", "ann"),
            ("deep.key", "k\"é"),
            ("deep.list.0", "1.50"),
            ("deep.list.1", "true"),
            ("deep.list", "[1.50,true,null]"),
            ("a.b", "flat"),
            ("a.c.d", "half"),
        ] {
            assert_eq!(field(VALUE, Some(path)).expect(path), expected);
        }
        assert_eq!(field("not json", None).expect("whole"), "not json");
    }

    #[test]
    fn the_newline_of_one_line_goes_and_those_of_several_stay() {
        assert_eq!(field("token\n", None).expect("whole"), "token");
        assert_eq!(field("token\r\n", None).expect("whole"), "token");
        assert_eq!(field("a\nb\n", None).expect("whole"), "a\nb\n");
        let json = r#"{"one":"token\n","two":"a\nb\n"}"#;
        assert_eq!(field(json, Some("one")).expect("a field"), "token");
        assert_eq!(field(json, Some("two")).expect("a field"), "a\nb\n");
    }

    #[test]
    fn what_is_not_there_is_named_without_the_value() {
        for (value, path, expected) in [
            (VALUE, "nobody", "the field `nobody` was not found"),
            (VALUE, "user.deeper", "the field `user.deeper` was not found"),
            (VALUE, "deep.list.2", "the value has `null` as its field `deep.list.2`"),
            (VALUE, "deep.list.-1", "the field `deep.list.-1` was not found"),
            (r#"{"a":"\ud800"}"#, "a", "the value has half a character as its field `a`"),
            ("ann", "user", "the value is not JSON, so it has no field `user`"),
            ("{\"user\":\"ann\"", "user", "the value is not JSON, so it has no field `user`"),
            ("\"ann\"", "user", "the field `user` was not found"),
        ] {
            assert_eq!(field(value, Some(path)).expect_err(path).to_string(), expected);
        }
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert_eq!(field(&deep, Some("0.0")).expect("no recursion").len(), 19_996);
    }
}
