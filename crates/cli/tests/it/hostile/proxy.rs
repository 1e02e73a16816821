//! A provider that puts control characters into what it says: a proxy before the sandbox that changes the
//! texts of its answers.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// What a text ends in once it is hostile: a window title, a forged line, an erased screen, a turned
/// direction, invisible characters.
pub(crate) const HOSTILE: &str = "\u{1b}]0;owned\u{7}\r\nTotal     0.00 USD\n\u{9b}2J\u{7f}\u{202e}live\u{2069}\u{200b}\u{feff}\u{61c}";

/// The same without control characters of ISO 6429, as an identifier may bear it.
pub(crate) const INVISIBLE: &str = "\u{202e}live\u{2069}\u{200b}\u{feff}\u{61c}";

/// Which fields of an answer are hostile.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Poisoned {
    /// Every text ends in [`HOSTILE`], except in these fields.
    AllBut(&'static [&'static str]),
    /// The texts of this field end in this.
    Only(&'static str, &'static str),
}

/// The names of the fields that were seen to hold a text.
pub(crate) type Seen = Arc<Mutex<BTreeSet<String>>>;

/// The address of a proxy before `upstream` that poisons what passes.
pub(crate) fn before(upstream: &str, poisoned: Poisoned, seen: &Seen) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let upstream = upstream.trim_start_matches("http://").to_owned();
    let seen = seen.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let (upstream, seen) = (upstream.clone(), seen.clone());
            std::thread::spawn(move || {
                if let Ok(connection) = connection {
                    let _ = pass(connection, &upstream, poisoned, &seen);
                }
            });
        }
    });
    format!("http://{address}")
}

/// Passes one request on, and its answer back.
fn pass(
    mut client: TcpStream,
    upstream: &str,
    poisoned: Poisoned,
    seen: &Seen,
) -> std::io::Result<()> {
    let (head, body) = message(&mut client)?;
    let mut server = TcpStream::connect(upstream)?;
    write(&mut server, &head, &body)?;
    let (head, body) = message(&mut server)?;
    let body = match serde_json::from_slice::<Value>(&body) {
        Ok(mut answer) => {
            poisoned.poison("", &mut answer, seen);
            answer.to_string().into_bytes()
        }
        Err(_) => body,
    };
    write(&mut client, &head, &body)
}

/// The head, without what says how long the body is, and the body.
fn message(stream: &mut TcpStream) -> std::io::Result<(Vec<String>, Vec<u8>)> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut chunk)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut body = bytes.split_off(end + 4);
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    while body.len() < length.unwrap_or(0) {
        match stream.read(&mut chunk)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => body.extend_from_slice(&chunk[..read]),
        }
    }
    let of_the_way = ["content-length", "connection", "accept-encoding"];
    let kept = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        !of_the_way.contains(&name.as_str())
    });
    Ok((kept.map(str::to_owned).collect(), body))
}

fn write(stream: &mut TcpStream, head: &[String], body: &[u8]) -> std::io::Result<()> {
    let head = format!(
        "{}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        head.join("\r\n"),
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()
}

impl Poisoned {
    fn poison(self, field: &str, value: &mut Value, seen: &Seen) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.poison(name, value, seen);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.poison(field, item, seen);
                }
            }
            Value::String(text) => {
                seen.lock().unwrap().insert(field.to_owned());
                text.push_str(self.end(field));
            }
            _ => {}
        }
    }

    /// What the texts of a field end in.
    fn end(self, field: &str) -> &'static str {
        match self {
            Self::AllBut(fields) if !fields.contains(&field) => HOSTILE,
            Self::Only(only, end) if field == only => end,
            _ => "",
        }
    }
}
