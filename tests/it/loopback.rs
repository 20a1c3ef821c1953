//! Web services on loopback that no test of a store would meet: one refuses everyone and repeats their credential, as
//! careless gateways do, one never ends its answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Starts the one that repeats; returns its address as a URL. It ends with the test program.
pub(crate) fn repeats_authorization() -> String {
    serve(refuse)
}

/// Starts the one that never ends an answer, as long as it is read.
pub(crate) fn never_ends() -> String {
    serve(|mut connection| {
        // Who answers before it is asked is hung up on.
        let _ = connection.read(&mut [0; 0x10000])?;
        connection.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        loop {
            connection.write_all(chunk.as_bytes())?;
        }
    })
}

fn serve(answer: fn(TcpStream) -> std::io::Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || answer(connection));
        }
    });
    format!("http://{address}")
}

fn refuse(connection: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let (mut authorization, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            match name.to_ascii_lowercase().as_str() {
                "authorization" => value.clone_into(&mut authorization),
                "content-length" => length = value.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let said = format!("invalid token: {authorization}");
    let body = serde_json::json!({"error": said, "message": said}).to_string();
    let mut connection = connection;
    write!(
        connection,
        "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )
}
