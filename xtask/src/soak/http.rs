//! As much HTTP as the sandbox's control routes need: one request, one JSON answer, one connection.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

/// The longest wait for a connection, or for the next bytes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends one request with a bearer token and gives the JSON of its answer.
pub(crate) fn call(
    address: SocketAddr,
    token: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> anyhow::Result<Value> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let answer =
        exchange(address, &head, &body).with_context(|| format!("{method} {path} failed"))?;
    read(&answer).with_context(|| format!("{method} {path} was answered badly"))
}

fn exchange(address: SocketAddr, head: &str, body: &str) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// The JSON of an answer whose status is good and whose body is whole.
fn read(answer: &[u8]) -> anyhow::Result<Value> {
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .context("it has no end of headers")?;
    let head = std::str::from_utf8(&answer[..end]).context("its headers are no text")?;
    let body = &answer[end + 4..];
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    let code = status.split(' ').nth(1).unwrap_or_default();
    if code != "200" {
        bail!("`{status}`: {}", String::from_utf8_lossy(body));
    }
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse::<usize>().ok())
        .context("it does not say how long it is")?;
    ensure!(
        body.len() == length,
        "{} bytes came of {length}",
        body.len()
    );
    serde_json::from_slice(body).context("its body is no JSON")
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_bears_token_and_body_and_its_answer_is_read() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).unwrap();
            request.truncate(length);
            while !request.ends_with(b"{\"a\":1}") {
                let mut more = [0; 64];
                let length = stream.read(&mut more).unwrap();
                request.extend_from_slice(&more[..length]);
            }
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{\"b\":2}")
                .unwrap();
            String::from_utf8(request).unwrap()
        });
        let answer = call(address, "T", "POST", "/_control/x", Some(&json!({"a": 1}))).unwrap();
        assert_eq!(answer, json!({"b": 2}));
        let request = server.join().unwrap();
        assert!(request.starts_with("POST /_control/x HTTP/1.1\r\n"));
        assert!(request.contains("\r\nAuthorization: Bearer T\r\n"));
        assert!(request.contains("\r\nContent-Length: 7\r\n"));
    }

    #[test]
    fn an_answer_that_is_bad_cut_or_no_http_is_an_error() {
        for (answer, reason) in [
            (&b""[..], "it has no end of headers"),
            (b"HTTP/1.1 200 OK\r\n", "it has no end of headers"),
            (
                b"HTTP/1.1 401 Unauthorized\r\n\r\nno",
                "`HTTP/1.1 401 Unauthorized`: no",
            ),
            (
                b"HTTP/1.1 200 OK\r\n\r\n{}",
                "it does not say how long it is",
            ),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
                "2 bytes came of 9",
            ),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n<>",
                "its body is no JSON",
            ),
        ] {
            assert_eq!(read(answer).unwrap_err().to_string(), reason);
        }
    }
}
