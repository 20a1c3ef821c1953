//! Whatever a service of AWS does wrong, no value and no key of ours appears anywhere but in the server's own environment.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;

use super::traces_of;
use crate::context::TestContext;

/// What the services give, and what we log in with.
const VALUE: &str = "canary/manager+0f9e8d7c6b5a~Zz";
const PARAMETER: &str = "canary/parameter+1f9e8d7c6b5a~Zz";
const GIVEN_KEY: &str = "canary/given+key2f9e8d7c6b5a4321dcba4321";
const GIVEN_TOKEN: &str = "canary/given+token3f9e8d7c6b5a~Zz";
const OWN_KEY: &str = "canary/own+key4f9e8d7c6b5a4321dcba4321ab";
const OWN_TOKEN: &str = "canary/own+token5f9e8d7c6b5a~Zz";
const SECRETS: [&str; 6] = [VALUE, PARAMETER, GIVEN_KEY, GIVEN_TOKEN, OWN_KEY, OWN_TOKEN];

/// What may be wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    Drop,
    Truncate,
    Malformed,
    NotUtf8,
    Huge,
    Redirect,
    /// Said with everything that was asked, as careless servers do.
    Status(u16),
}

const FAULTS: [Fault; 10] = [
    Fault::None,
    Fault::Drop,
    Fault::Truncate,
    Fault::Malformed,
    Fault::NotUtf8,
    Fault::Huge,
    Fault::Redirect,
    Fault::Status(400),
    Fault::Status(429),
    Fault::Status(500),
];

/// Starts services that give everything to everybody, wrongly; where, and how often they were asked. They end with the test
/// program.
fn services(fault: Fault) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::Relaxed);
            thread::spawn(move || answer(connection, fault));
        }
    });
    (format!("http://{address}"), asked)
}

fn answer(connection: TcpStream, fault: Fault) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        if reader.read_line(&mut head)? == 0 || head[start..] == *"\r\n" {
            break;
        }
        if let Some(("content-length", value)) =
            head[start..].trim_end().to_ascii_lowercase().split_once(": ")
        {
            length = value.parse().unwrap_or(0);
        }
    }
    let mut asked = String::new();
    reader.take(length).read_to_string(&mut asked)?;
    let (mut status, mut body) = (200, said(&head));
    let length = body.len();
    match fault {
        Fault::None => {}
        Fault::Drop => return Ok(()),
        Fault::Truncate => body.truncate(length / 2),
        Fault::Malformed => body.truncate(length - 1),
        Fault::NotUtf8 => body.insert_str(length / 2, "\u{1}"),
        Fault::Huge => body.insert_str(length - 1, &" ".repeat(16 << 20)),
        Fault::Redirect => status = 307,
        Fault::Status(other) => {
            status = other;
            body = refusal(&head, &asked);
        }
    }
    let announced = if fault == Fault::Truncate { length } else { body.len() };
    let mut body = body.into_bytes();
    if fault == Fault::NotUtf8 {
        body[length / 2] = 0xff;
    }
    let mut connection = connection;
    write!(
        connection,
        "HTTP/1.1 {status} Said\r\ncontent-type: application/x-amz-json-1.1\r\n\
         location: http://127.0.0.1:9/\r\ncontent-length: {announced}\r\nconnection: close\r\n\r\n"
    )?;
    connection.write_all(&body)
}

/// The right answer to the question with this head.
fn said(head: &str) -> String {
    let secret = json!({
        "ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf", "Name": "app",
        "VersionId": "00000000-0000-0000-0000-000000000001", "VersionStages": ["AWSCURRENT"],
        "SecretString": VALUE, "CreatedDate": 1_700_000_000.0,
    });
    let parameter =
        json!({"Name": "/app", "Type": "SecureString", "Value": PARAMETER, "Version": 1});
    let target = head.lines().find(|line| line.to_ascii_lowercase().starts_with("x-amz-target:"));
    match target.and_then(|line| line.rsplit('.').next()) {
        Some("GetSecretValue") => secret.to_string(),
        Some("BatchGetSecretValue") => json!({"SecretValues": [secret], "Errors": []}).to_string(),
        Some("GetParameter") => json!({"Parameter": parameter}).to_string(),
        Some("GetParameters") => {
            json!({"Parameters": [parameter], "InvalidParameters": []}).to_string()
        }
        _ => format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASIAQQQQQQQQQQQQQQQQ</AccessKeyId><SecretAccessKey>{GIVEN_KEY}</SecretAccessKey>\
             <SessionToken>{GIVEN_TOKEN}</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration></Credentials>\
             <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/mcp/x</Arn>\
             <AssumedRoleId>AROAQQQQQQQQQQQQQQQQ:x</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
        ),
    }
}

/// An error that repeats everything, the values too.
fn refusal(head: &str, asked: &str) -> String {
    let said = format!("{head} {asked} {}", said(head));
    if head.to_ascii_lowercase().contains("x-amz-target") {
        json!({"__type": "SomethingException", "message": said}).to_string()
    } else {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>Something</Code><Message><![CDATA[{said}]]></Message></Error>\
             </ErrorResponse>"
        )
    }
}

/// A user who logs in with keys from the encrypted store.
fn person(endpoint: &str) -> TestContext {
    let tables = format!(
        "[servers.server.secrets]\nTOKEN = \"awssm://app\"\nPARAMETER = \"awsssm://app\"\n\
         \"KEY,SESSION\" = {{ ref = \"aws-sts://arn:aws:iam::123456789012:role/mcp\", \
         fields = [\"secret_access_key\", \"session_token\"] }}\n\
         [providers.awssm]\ntype = \"awssm\"\nendpoint = \"{endpoint}\"\nregion = \"eu-central-1\"\n\
         access_key_id = \"AKIAQQQQQQQQQQQQQQQQ\"\nsecret_access_key = \"local://key\"\n\
         session_token = \"local://token\"\n"
    );
    let context = TestContext::with_example("echo_server", &[], &tables);
    context.set_secret("local://key", OWN_KEY);
    context.set_secret("local://token", OWN_TOKEN);
    context
}

#[test]
fn nothing_of_aws_is_told_whatever_goes_wrong_with_it() {
    thread::scope(|scope| {
        for fault in FAULTS {
            scope.spawn(move || {
                let (endpoint, asked) = services(fault);
                let traces = traces_of(&person(&endpoint));
                assert!(asked.load(Ordering::Relaxed) >= 3, "{fault:?}: {}", traces.said);
                if fault == Fault::None {
                    // The check itself: without a fault all of it is there, and is withheld.
                    for variable in ["TOKEN", "PARAMETER", "KEY", "SESSION"] {
                        let marker = format!("[hushpipe:{variable}]");
                        assert!(traces.said.contains(&marker), "{}", traces.said);
                    }
                }
                for secret in SECRETS {
                    traces.assert_without(secret, &format!("{fault:?}"));
                }
            });
        }
    });
}
