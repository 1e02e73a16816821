//! As much of HTTP/1.1 as a liar between two processes needs: one request and one answer a connection.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use roamport_sandbox::http::InProcessAnswer;

use super::calls::Sent;
use super::edits::Sends;

/// The longest wait for the next bytes.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than any client of a run waits.
const SILENCE: Duration = Duration::from_secs(8);

type Head = (String, Vec<(String, String)>);

/// The request on a connection.
pub(crate) fn request(stream: &TcpStream) -> io::Result<Sent> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let (line, headers) = head(&mut reader)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next(), words.next());
    let (Some(method), Some(target)) = (method, target) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let body = body(&mut reader, &headers)?;
    Ok(Sent {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body,
    })
}

/// Asks the honest provider.
pub(crate) fn ask(address: SocketAddr, sent: &Sent) -> io::Result<InProcessAnswer> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = format!(
        "{} {} HTTP/1.1\r\nhost: {address}\r\n",
        sent.method, sent.target
    );
    let length = sent.body.len();
    for (name, value) in &sent.headers {
        let ours = ["host", "connection", "content-length", "accept-encoding"];
        if !ours.contains(&name.as_str()) {
            text.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
        }
    }
    let end = format!("content-length: {length}\r\nconnection: close\r\n\r\n");
    text.push_str(&end);
    (&stream).write_all(text.as_bytes())?;
    (&stream).write_all(&sent.body)?;
    let mut reader = BufReader::new(&stream);
    let (line, headers) = head(&mut reader)?;
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
    Ok(InProcessAnswer {
        status: status.ok_or(io::ErrorKind::InvalidData)?,
        body: body(&mut reader, &headers)?,
        headers,
    })
}

/// Sends what the liar sends, and closes.
pub(crate) fn send(mut stream: &TcpStream, sends: Sends) -> io::Result<()> {
    let (answer, missing) = match sends {
        Sends::Answer(answer) => (answer, 0),
        Sends::Part(answer) => (answer, 40),
        Sends::Nothing => return stream.shutdown(Shutdown::Both),
        Sends::Silence => {
            std::thread::sleep(SILENCE);
            return stream.shutdown(Shutdown::Both);
        }
    };
    let mut text = format!("HTTP/1.1 {} X\r\n", answer.status);
    for (name, value) in &answer.headers {
        if name != "content-length" && name != "connection" {
            text.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
        }
    }
    let bodiless = matches!(answer.status, 204 | 304);
    let body: &[u8] = if bodiless { b"" } else { &answer.body };
    if !bodiless {
        let length = format!("content-length: {}\r\n", body.len() + missing);
        text.push_str(&length);
    }
    text.push_str("connection: close\r\n\r\n");
    stream.write_all(text.as_bytes())?;
    stream.write_all(body)?;
    stream.shutdown(Shutdown::Both)
}

fn head(reader: &mut BufReader<&TcpStream>) -> io::Result<Head> {
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Ok((first.trim_end().to_owned(), headers));
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn body(reader: &mut BufReader<&TcpStream>, headers: &[(String, String)]) -> io::Result<Vec<u8>> {
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}
