//! The JSON Schema of `hushpipe.toml`, for editors.
//!
//! Generated from the structs that read the manifest, so it has the same keys and descriptions. It describes shapes; what
//! needs more than a shape (exact versions, references, which keys a project may use) only `hushpipe check` tells.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::Value;

use super::table::Document;

/// The schema, as draft 2020-12.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().with_transform(without_null).into_generator();
    let mut schema = generator.into_root_schema_for::<Document>();
    schema.insert("title".to_owned(), "hushpipe.toml".into());
    schema.to_value()
}

/// Takes `null` out of every optional key: TOML has none, a key is there or it is not.
fn without_null(schema: &mut Schema) {
    transform_subschemas(&mut without_null, schema);
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(choices)) = schema.get("anyOf") else { return };
    let is_null = |choice: &&Value| choice["type"] == "null";
    if choices.iter().any(|choice| is_null(&choice))
        && let Some(Value::Object(only)) = choices.iter().find(|choice| !is_null(choice)).cloned()
    {
        schema.remove("anyOf");
        schema.ensure_object().extend(only);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let validator = jsonschema::validator_for(&schema()).expect("a schema");
        let manifest: toml::Table = text.parse().expect("TOML");
        let manifest = serde_json::to_value(manifest).expect("JSON");
        validator.iter_errors(&manifest).map(|error| error.to_string()).collect()
    }

    #[test]
    fn the_examples_fit_the_schema() {
        for text in [
            include_str!("../../examples/minimal.toml"),
            include_str!("../../examples/locked-down.toml"),
        ] {
            assert_eq!(errors(text), Vec::<String>::new());
        }
    }

    #[test]
    fn the_committed_schema_is_what_the_program_prints() {
        let committed = include_str!("../../examples/hushpipe.schema.json");
        assert!(
            committed == format!("{:#}\n", schema()),
            "renew it with `cargo run -- schema > examples/hushpipe.schema.json`"
        );
    }

    #[test]
    fn what_the_parser_refuses_by_shape_the_schema_refuses() {
        for text in [
            "",
            "version = 2",
            "version = 1\nserver = {}",
            "version = 1\n[servers.x]\nnpn = \"m@1.0.0\"",
            "version = 1\n[servers.x]\nintegrity = \"fats\"",
            "version = 1\n[servers.x]\nargs = \"a\"",
            "version = 1\n[servers.x]\nargs = []",
            "version = 1\n[servers.x]\nnpm = \"m@1.0.0\"\ncommand = [\"a\"]",
            "version = 1\n[servers.\"a b\"]\nnpm = \"m@1.0.0\"",
            "version = 1\n[servers.x.env]\nA = 1",
            "version = 1\n[servers.x.secrets]\nA = \"ghp_0123456789\"",
            "version = 1\n[servers.x.secrets]\nA = { rf = \"local://a\" }",
        ] {
            assert!(!errors(text).is_empty(), "{text}");
        }
    }
}
