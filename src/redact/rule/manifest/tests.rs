use super::*;

/// A manifest whose values are marked, as the last kind in it finds them.
fn left(text: &str, kind: &str) -> String {
    let kind = text.rfind(kind).expect("a kind");
    let mut left = text.to_owned();
    for value in values_beside(text.as_bytes(), kind).into_iter().rev() {
        left.replace_range(value, "…");
    }
    left
}

#[test]
fn every_value_of_yaml_goes_and_every_name_stays() {
    for (manifest, expected) in [
        (
            "kind: Secret\nmetadata:\n  name: a\ndata:\n  # two\n  pin: cGlu\n\n  b: 'Yg=='\ntype: Opaque\n",
            "kind: Secret\nmetadata:\n  name: a\ndata:\n  # two\n  pin: …\n\n  b: '…'\ntype: Opaque\n",
        ),
        (
            "data:\n\tpin: cGlu\nkind: Secret\nmetadata:\n\tname: a",
            "data:\n\tpin: …\nkind: Secret\nmetadata:\n\tname: a",
        ),
        (
            "items:\n- apiVersion: v1\n  data:\n    pin: cGlu\n  kind: Secret\n- kind: Pod\n",
            "items:\n- apiVersion: v1\n  data:\n    pin: …\n  kind: Secret\n- kind: Pod\n",
        ),
        (
            "kind: Secret\nstringData:\n  a.yaml: |\n    url: a\n    pin: b\n  c: d\ndata:\n  e: f\n",
            "kind: Secret\nstringData:\n  a.yaml: |\n    …\n  c: …\ndata:\n  e: …\n",
        ),
        ("kind: Secret\ndata:\n  pin: cGlu\"}", "kind: Secret\ndata:\n  pin: …\"}"),
        (
            "kind: Secret\nstringData:\n  c: '{\"a\":{\"b\":\"x\"},\"c\":\"d\"}'\n  pin: x y\n",
            "kind: Secret\nstringData:\n  c: '…'\n  pin: …\n",
        ),
        (
            "kind: Secret\ndata: {pin: cGlu, b: \"Yg==\"}\n",
            "kind: Secret\ndata: {pin: …, b: \"…\"}\n",
        ),
        (
            "apiVersion: v1\nitems:\n- data:\n    pin: cGlu\n  metadata:\n    name: a\n- data:\n    b: Yg==\nkind: SecretList\n",
            "apiVersion: v1\nitems:\n- data:\n    pin: …\n  metadata:\n    name: a\n- data:\n    b: …\nkind: SecretList\n",
        ),
    ] {
        assert_eq!(left(manifest, "kind: Secret"), expected);
    }
}

#[test]
fn every_value_of_json_goes_and_every_name_stays() {
    for (manifest, expected) in [
        (
            r#"{"kind":"Secret","stringData":{"c.json":"{\"m\":\"x\"}","pin":"Kt7"}}"#,
            r#"{"kind":"Secret","stringData":{"c.json":"…","pin":"…"}}"#,
        ),
        (
            r#"{"data":{"pin":"cGlu","b":"Yg=="},"immutable":true,"kind":"Secret"}"#,
            r#"{"data":{"pin":"…","b":"…"},"immutable":true,"kind":"Secret"}"#,
        ),
        (
            r#"{"kind":"SecretList","items":[{"data":{"pin":"cGlu"}},{"metadata":{"data":"x"},"stringData":{"b":"c"}}]}"#,
            r#"{"kind":"SecretList","items":[{"data":{"pin":"…"}},{"metadata":{"data":"x"},"stringData":{"b":"…"}}]}"#,
        ),
        (
            r#"{"kind":"Secret","metadata":{"ownerReferences":[{"kind":"Pod"}]},"data":{"pin":"cGlu","b":"Y"#,
            r#"{"kind":"Secret","metadata":{"ownerReferences":[{"kind":"Pod"}]},"data":{"pin":"…","b":"Y"#,
        ),
        (
            r#"{'kind': 'Secret', 'data': {'pin': 'cGlu'}}"#,
            r#"{'kind': 'Secret', 'data': {'pin': '…'}}"#,
        ),
    ] {
        let kind = manifest.find("kind").map(|at| &manifest[at - 1..at + 12]).expect("a kind");
        assert_eq!(left(manifest, kind), expected);
    }
}

#[test]
fn data_of_something_else_stays() {
    for manifest in [
        "kind: Secret\nmetadata:\n  name: a\n---\nkind: ConfigMap\ndata:\n  pin: cGlu\n",
        "data:\n  pin: cGlu\n---\nkind: Secret\n",
        "items:\n- kind: ConfigMap\n  data:\n    pin: cGlu\n- kind: Secret\n",
        "kind: Secret\ndata:\n",
        "kind: Secret\nmetadata:\n  data:\n    pin: cGlu\n",
        "the kind: Secret\ndata:\n  pin: cGlu\n",
        "kind: Secret\ndata:\n  pin: {{ .Values.pin | b64enc }}\n",
    ] {
        assert_eq!(left(manifest, "kind: Secret"), manifest);
    }
    for manifest in [
        r#"[{"kind":"Secret"},{"kind":"ConfigMap","data":{"pin":"cGlu"}}]"#,
        r#"{"kind":"Secret","metadata":{"data":{"pin":"cGlu"}}}"#,
        // Decoded once too often: what looks like a value is the middle of one.
        r#"{"kind":"Secret","data":{"a":"{"b":"c"}","pin":"d"}}"#,
    ] {
        assert_eq!(left(manifest, "\"kind\":\"Secret\""), manifest);
    }
}
