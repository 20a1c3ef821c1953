//! Known values through the real binary: every form of section 6.1 of the design, cut anywhere, in every place.
//!
//! The values are made for each run, so that nothing but the server's secrets can have told hushpipe of them. One
//! session answers all requests; what its server says stands in a file outside of the home.

mod form;

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use self::form::{Form, beginnings, endings, forms};
use crate::context::{TestContext, path_text};
use crate::session::Session;

/// Sixteen characters that no other run has.
fn fresh() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// Where a server says something.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Result,
    JsonInText,
    Error,
    Description,
    Stderr,
}

const PLACES: [Place; 5] =
    [Place::Result, Place::JsonInText, Place::Error, Place::Description, Place::Stderr];

impl Place {
    /// What the server writes, behind the id of its answer.
    fn line(self, number: usize, said: &str) -> String {
        let text = |text: &str| json!({"content": [{"type": "text", "text": text}]});
        let member = match self {
            Self::Result => json!({"result": text(said)}),
            Self::JsonInText => json!({"result": text(&json!([{"said": said}]).to_string())}),
            Self::Error => json!({"error": {"code": -32000, "message": said}}),
            Self::Description => {
                let tool =
                    json!({"name": "say", "description": said, "inputSchema": {"type": "object"}});
                json!({"result": {"tools": [tool]}})
            }
            Self::Stderr => return format!("case {number} {said}\nend {number}\n"),
        };
        member.to_string()[1..].to_owned()
    }

    /// What the client reads where the server said it.
    fn heard(self, answer: &Value) -> String {
        let text = &answer["result"]["content"][0]["text"];
        let heard = match self {
            Self::Result => text.clone(),
            Self::JsonInText => {
                let inner: Value = serde_json::from_str(text.as_str().unwrap_or_default())
                    .unwrap_or_else(|e| panic!("{e}: {answer}"));
                inner[0]["said"].clone()
            }
            Self::Error => answer["error"]["message"].clone(),
            Self::Description => answer["result"]["tools"][0]["description"].clone(),
            Self::Stderr => unreachable!("stderr is no answer"),
        };
        heard.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

/// How many places of a text a write ends at.
#[derive(Clone, Copy)]
enum Cuts {
    One,
    Each,
}

/// What a server says and what a client may read of it.
struct Case {
    said: String,
    place: Place,
    cuts: Cuts,
    expected: Expected,
}

enum Expected {
    /// Nothing of the value, and a marker; between the two brackets no more than this many bytes of something else.
    Marker { around: (usize, usize) },
    /// This.
    Text(String),
}

impl Case {
    fn of(form: &Form, place: Place, cuts: Cuts) -> Self {
        let said = format!("<{}>", form.text);
        Self { said, place, cuts, expected: Expected::Marker { around: form.around } }
    }

    fn exact(said: &str, place: Place, expected: &str) -> Self {
        let expected = Expected::Text(expected.to_owned());
        Self { said: said.to_owned(), place, cuts: Cuts::One, expected }
    }

    fn check(&self, heard: &str) {
        let context = || format!("{:?} in {:?} gave {heard:?}", self.said, self.place);
        match &self.expected {
            Expected::Text(text) => assert_eq!(heard, text, "{}", context()),
            Expected::Marker { around: (before, after) } => {
                // What drives a terminal is escaped on stderr.
                let shown = heard.replace("\\x0d", "").replace("\\x09", "");
                let inside = shown.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
                let (left, rest) = inside
                    .and_then(|inside| inside.split_once("[hushpipe:"))
                    .unwrap_or_else(|| panic!("{}", context()));
                let (_, right) = rest.split_once(']').unwrap_or_else(|| panic!("{}", context()));
                let bits = |text: &str| {
                    let text = text.replace("%3D", "").replace("%2B", "+").replace("%2F", "/");
                    6 * text.chars().filter(|c| !c.is_whitespace() && *c != '=').count()
                };
                assert!(bits(left) <= 8 * before, "{}", context());
                assert!(bits(right) <= 8 * after.next_multiple_of(3), "{}", context());
            }
        }
    }
}

/// Has one server with these secrets say all of it, and checks what a client gets. No file may hold a value either.
fn check(secrets: &[(&str, String)], cases: &[Case]) {
    let (heard, context) = speak(secrets, cases);
    for (name, value) in secrets {
        assert!(!heard.contains(value.trim()), "{name} was shown");
        assert_no_file_holds(context.home(), value.trim());
    }
}

/// Has one server with these secrets say all of it, and checks each answer; gives all that was read, and the home.
fn speak(secrets: &[(&str, String)], cases: &[Case]) -> (String, TestContext) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    let lines: Vec<_> =
        cases.iter().enumerate().map(|(n, case)| case.place.line(n, &case.said)).collect();
    fs::write(&script, json!(lines).to_string()).unwrap();
    let tables: String =
        secrets.iter().map(|(name, _)| format!("{name} = \"local://{name}\"\n")).collect();
    let context = TestContext::with_example(
        "pieces",
        &[&path_text(&script)],
        &format!("[servers.server.secrets]\n{tables}"),
    );
    for (name, value) in secrets {
        context.set_secret(&format!("local://{name}"), value);
    }
    let mut session = context.start();
    session.initialize();
    let mut requests = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let line = &lines[number];
        match case.cuts {
            Cuts::Each => {
                let (start, end) = (line.find('<').unwrap(), line.rfind('>').unwrap());
                requests.extend((start..=end + 1).map(|cut| (number, cut)));
            }
            Cuts::One => requests.push((number, number * 7 % line.len())),
        }
    }
    let mut heard = String::new();
    // As many at once as fit into the pipes.
    for some in requests.chunks(64) {
        heard.push_str(&ask(&mut session, cases, some));
    }
    let outcome = session.finish();
    check_stderr(&outcome.stderr, cases, &requests);
    heard.push_str(&outcome.everything());
    (heard, context)
}

/// Sends some requests in one write and checks their answers; gives what was read.
fn ask(session: &mut Session, cases: &[Case], requests: &[(usize, usize)]) -> String {
    let mut sent = String::new();
    for (id, (number, cut)) in requests.iter().enumerate() {
        let place = cases[*number].place;
        let asked = json!({"line": number, "at": cut, "stderr": place == Place::Stderr});
        let (method, params) = match place {
            Place::Description => ("tools/list", asked),
            _ => ("tools/call", json!({"name": "say", "arguments": asked})),
        };
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        sent.push_str(&format!("{request}\n"));
    }
    session.send(sent.as_bytes());
    let mut heard = String::new();
    for (id, (number, _)) in requests.iter().enumerate() {
        let frame = session.receive();
        let answer: Value = serde_json::from_slice(&frame).unwrap();
        assert_eq!(answer["id"], id, "{answer}");
        let case = &cases[*number];
        if case.place != Place::Stderr {
            case.check(&case.place.heard(&answer));
        }
        heard.push_str(&String::from_utf8_lossy(&frame));
    }
    heard
}

/// Everything that was to be on stderr is there, in order.
fn check_stderr(stderr: &str, cases: &[Case], requests: &[(usize, usize)]) {
    let mut rest = stderr;
    for (number, _) in requests.iter().filter(|(n, _)| cases[*n].place == Place::Stderr) {
        let (begin, end) = (format!("case {number} "), format!("\nend {number}\n"));
        let missing = || panic!("{:?} is missing on stderr", cases[*number].said);
        let (_, behind) = rest.split_once(&begin).unwrap_or_else(missing);
        let (heard, behind) = behind.split_once(&end).unwrap_or_else(missing);
        cases[*number].check(heard);
        rest = behind;
    }
}

fn assert_no_file_holds(folder: &Path, value: &str) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            assert_no_file_holds(&entry.path(), value);
        } else {
            let bytes = fs::read(entry.path()).unwrap();
            let held = memchr::memmem::find(&bytes, value.as_bytes()).is_some();
            assert!(!held, "{} holds a value", entry.path().display());
        }
    }
}

#[test]
fn a_small_value_is_found_in_every_form_at_every_cut_in_every_place() {
    let value = fresh();
    let cases = forms(&value)
        .into_iter()
        .flat_map(|form| PLACES.map(|place| Case::of(&form, place, Cuts::Each)));
    check(&[("TOKEN", value.clone())], &cases.collect::<Vec<_>>());
}

/// Quotes, backslashes, percent and plus signs, other alphabets, spaces, several lines; one in another.
#[test]
fn values_as_odd_as_people_choose_them_are_found_in_every_form_in_every_place() {
    let inner = fresh();
    let secrets = [
        ("ODD", format!("t/{}+\"é\\r{}%2<&'~", &fresh()[..8], &fresh()[8..])),
        ("WORDS", format!("two words & {} 100%", fresh())),
        ("EMOJI", format!("pässwörd-{}-\u{1F980}", &fresh()[..6])),
        ("OUTER", format!("xx-{inner}-{}", &inner[..9])),
        ("INNER", inner),
        ("LOOP", format!("{0}zk-{0}zk-{0}zk", &fresh()[..6])),
        ("LINES", format!("{}-first\r\n{}-second\r\n{}-third", fresh(), fresh(), fresh())),
        ("PADDED", format!("  {}\t", fresh().to_uppercase())),
    ];
    let mut cases = Vec::new();
    for (name, value) in &secrets {
        let lines = value.trim().lines().map(|line| Form { text: line.to_owned(), around: (0, 0) });
        let all = forms(value.trim()).into_iter().chain(beginnings(value.trim()));
        // Of several lines each is found by itself.
        let ends = if value.contains('\n') { Vec::new() } else { endings(value.trim()) };
        let all = all.chain(ends).chain(lines);
        for form in all {
            // The long ones are cut everywhere where the value is small.
            let is_short = form.text.len() <= 4 * value.len();
            let each = *name == "ODD" && form.around == (0, 0) && is_short;
            let cuts = if each { Cuts::Each } else { Cuts::One };
            cases.extend(PLACES.map(|place| Case::of(&form, place, cuts)));
        }
    }
    check(&secrets, &cases);
}

/// In other text it would wreck what is said.
#[test]
fn an_ordinary_word_is_found_as_a_whole_leaf_only() {
    let secrets = [("WORD", "password".to_owned()), ("PIN", "4711-x".to_owned())];
    let said = "the password is 4711-x";
    let mut cases = Vec::from(PLACES.map(|place| Case::exact(said, place, said)));
    for place in PLACES.into_iter().filter(|place| *place != Place::Stderr) {
        cases.push(Case::exact("password", place, "[hushpipe:WORD]"));
        cases.push(Case::exact("4711-x", place, "[hushpipe:PIN]"));
    }
    speak(&secrets, &cases);
}

/// What programs print of a secret without the rest of it.
#[test]
fn parts_of_a_secret_are_found_alone() {
    let part = || format!("K7{}", fresh());
    let [pair, header, bearer, list, quoted, yaml, toml, account, user, oauth] =
        std::array::from_fn(|_| part());
    let [basic, cookie, netrc, hook, sas, xml, python, url] = std::array::from_fn(|_| part());
    let login = STANDARD.encode(format!("me:{basic}"));
    let spaced = format!("{} {}", part(), part());
    let json = json!({"user": "reader", "pin": account}).to_string();
    let secrets = [
        ("PAIR", format!("svc-reader:{pair}")),
        ("HEADER", format!("X-Api-Key: {header}")),
        ("BEARER", format!("Authorization: Bearer {bearer}")),
        ("LIST", json!(["reader", list]).to_string()),
        ("DSN", format!("host=db user=reader password='{quoted}' sslmode=require")),
        ("SPACED", format!("Server=db;Password=\"{spaced}\"")),
        ("YAML", format!("user: reader\npassword: '{yaml}'\n")),
        ("TOML", format!("[login]\nuser = \"reader\"\napi_key = \"{toml}\"\n")),
        ("ENCODED", STANDARD.encode(&json)),
        ("BASIC", STANDARD.encode(format!("reader:{user}"))),
        ("OAUTH", format!("https://{oauth}:x-oauth-basic@code.example/a/b")),
        ("LOGIN", format!("Authorization: Basic {login}")),
        ("COOKIE", format!("Cookie: session={cookie}; theme=dark-mode-on")),
        ("LOGINS", format!("machine api.corp.example login me password {netrc}")),
        ("HOOK", format!("https://hooks.corp.example/services/T0/{hook}")),
        ("SAS", format!("https://files.corp.example/c?sv=2022-11-02&sig={sas}%3D")),
        ("XML", format!("<add key=\"Api\" value=\"{xml}\"/>")),
        ("DICTIONARY", format!("{{'user': 'reader', 'password': '{python}'}}")),
        ("URLSAFE", URL_SAFE_NO_PAD.encode(json!({"a?>": "~~~", "token": url}).to_string())),
        (
            "SECTIONS",
            "[hosts]\nmain = \"db-one.corp.example\"\nspare: db-two.corp.example".to_owned(),
        ),
    ];
    let parts = [
        &pair, &header, &bearer, &list, &quoted, &spaced, &yaml, &toml, &account, &user, &oauth,
        &basic, &cookie, &netrc, &hook, &sas, &xml, &python, &url,
    ];
    let mut cases = Vec::new();
    for part in parts {
        for form in forms(part) {
            cases.extend(PLACES.map(|place| Case::of(&form, place, Cuts::One)));
        }
    }
    for public in [
        "reader of db with sslmode=require",
        "x-oauth-basic at code.example/a/b",
        "X-Api-Key login",
        "dark-mode-on at hooks.corp.example, files.corp.example and api.corp.example",
        "db-one.corp.example and db-two.corp.example",
    ] {
        cases.extend(PLACES.map(|place| Case::exact(public, place, public)));
    }
    check(&secrets, &cases);
}

/// Of what has a structure the secret parts are found, and what is public of it stays.
#[test]
fn parts_are_found_in_every_form_and_public_parts_stay() {
    let password = format!("s3/{}+", fresh());
    let body: Vec<String> =
        (0..4).map(|_| STANDARD.encode(format!("{}{}{}", fresh(), fresh(), fresh()))).collect();
    let name = ["PRIVATE", "KEY"].join(" ");
    let pem = format!("-----BEGIN {name}-----\n{}\n-----END {name}-----\n", body.join("\n"));
    let client_secret = fresh() + &fresh();
    let account = json!({"type": "service_account", "project_id": "orders-prod-4711", "private_key": pem,
        "client_secret": client_secret, "client_email": "reader@orders-prod-4711.example"});
    let quoted = password.replace('/', "%2F").replace('+', "%2B");
    let pair = format!("svc-reader:{}", fresh());
    let secrets = [
        ("DSN", format!("postgres://app:{quoted}@db.internal:5432/orders?sslmode=require")),
        ("PEM", pem.clone()),
        ("ACCOUNT", account.to_string()),
        ("PAIR", pair.clone()),
    ];
    let mut cases = Vec::new();
    let wholes = secrets.iter().map(|(_, value)| value.trim());
    for secret in wholes.chain([password.as_str(), client_secret.as_str()]) {
        for form in forms(secret) {
            cases.extend(PLACES.map(|place| Case::of(&form, place, Cuts::One)));
        }
    }
    let basic = STANDARD.encode(format!("app:{password}"));
    for (text, before) in [(&body[0], 0), (&body[3], 0), (&basic, 4)] {
        let form = Form { text: text.clone(), around: (before, 0) };
        cases.extend(PLACES.map(|place| Case::of(&form, place, Cuts::One)));
    }
    for public in [
        "db.internal:5432/orders?sslmode=require for app",
        "service_account orders-prod-4711 reader@orders-prod-4711.example",
        &format!("no -----BEGIN {name}----- in the file"),
    ] {
        cases.extend(PLACES.map(|place| Case::exact(public, place, public)));
    }
    check(&secrets, &cases);
}
