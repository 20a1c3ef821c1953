//! Traffic in files, for scanners that are other programs (`.ci/peers`).

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::benign;

/// Samples made from the formats that issuers and standards document, shared with the integration tests.
#[path = "../it/corpora/made.rs"]
mod made;

/// What [`made`] fills in.
mod sample {
    /// A text with a secret in it.
    pub(super) struct Sample {
        pub(super) class: String,
        pub(super) text: String,
    }

    impl Sample {
        /// A sample of this class; which rule it is for, and where in it the secret stands, makes no difference here.
        pub(super) fn made(class: &str, _: &str, text: String, _: (usize, usize)) -> Self {
            Self { class: class.to_owned(), text }
        }
    }
}

/// Writes 20 MB of benign messages, and each made sample as the text of a message, into a folder.
pub(crate) fn write(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("benign.jsonl"), benign::messages(20_000_000)).unwrap();
    let samples = made::all();
    let line = |text: &str| {
        let content = json!([{"type": "text", "text": text}]);
        json!({"jsonrpc": "2.0", "id": 1, "result": {"content": content}}).to_string() + "\n"
    };
    let lines: String = samples.iter().map(|sample| line(&sample.text)).collect();
    fs::write(folder.join("made.jsonl"), lines).unwrap();
    let classes: Vec<_> = samples.iter().map(|sample| sample.class.as_str()).collect();
    fs::write(folder.join("made.classes"), classes.join("\n") + "\n").unwrap();
}
