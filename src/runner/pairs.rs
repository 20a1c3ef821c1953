//! Maps as sorted lists of `name value`: one line per pair in a lockfile, where inline tables would be one long line.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(
    map: &BTreeMap<String, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(map.iter().map(|(name, value)| format!("{name} {value}")))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let lines = Vec::<String>::deserialize(deserializer)?;
    let pair = |line: String| match line.split_once(' ') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(D::Error::custom(format!("`{line}` is not `name value`"))),
    };
    lines.into_iter().map(pair).collect()
}
