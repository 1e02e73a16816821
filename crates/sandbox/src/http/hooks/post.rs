//! One HTTP POST to an address on this machine.
//!
//! With the client half of hyper, whose server half runs the sandbox: `reqwest` belongs to
//! `provider-http` alone, and an event must not leave the machine, nor follow a redirect, nor be sent twice.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::Uri;
use axum::http::header::{CONTENT_TYPE, HOST};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An address of this machine.
#[derive(Debug)]
pub(super) struct Address {
    host: String,
    port: u16,
    authority: String,
    path: String,
}

impl Address {
    /// Takes `http://` addresses of loopback.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        const WANTED: &str = "events go to http:// addresses of this machine only";
        let uri: Uri = url.parse().map_err(|_| WANTED.to_owned())?;
        let authority = uri.authority().ok_or(WANTED)?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let local = host == "localhost"
            || host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        if uri.scheme_str() != Some("http") || !local || authority.as_str().contains('@') {
            return Err(WANTED.to_owned());
        }
        Ok(Self {
            host,
            port: authority.port_u16().unwrap_or(80),
            authority: authority.to_string(),
            path: uri
                .path_and_query()
                .map_or("/", axum::http::uri::PathAndQuery::as_str)
                .to_owned(),
        })
    }
}

/// Posts JSON and gives the status of the answer, or why there is none.
pub(super) async fn post(
    url: &str,
    headers: &[(&str, String)],
    body: String,
) -> Result<u16, String> {
    let address = Address::parse(url)?;
    let broken = |error: &dyn std::fmt::Display| format!("the connection failed: {error}");
    let stream = TcpStream::connect((address.host.as_str(), address.port))
        .await
        .map_err(|error| broken(&error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let mut request = hyper::Request::post(&address.path)
        .header(HOST, &address.authority)
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request
        .body(Body::from(body))
        .map_err(|error| broken(&error))?;
    // The connection is driven only as long as the answer is waited for. An address that closes it
    // right behind its answer has answered.
    let mut answer = std::pin::pin!(sender.send_request(request));
    let answer = tokio::select! {
        biased;
        answer = answer.as_mut() => answer,
        _ = connection => answer.await,
    };
    let answer = answer.map_err(|error| broken(&error))?;
    Ok(answer.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_taken() {
        for url in [
            "http://127.0.0.1:8080/a?b=c",
            "http://localhost/",
            "http://[::1]:1/x",
        ] {
            assert!(Address::parse(url).is_ok(), "{url}");
        }
        for url in [
            "https://127.0.0.1/",
            "http://192.0.2.1/",
            "http://hooks.shop.example/x",
            "http://127.0.0.1@hooks.shop.example/x",
            "http://localhost.example/",
            "http://user@127.0.0.1/",
            "/x",
            "",
            "not an address",
        ] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
        let address = Address::parse("http://127.0.0.1:8080/a?b=c").unwrap();
        assert_eq!((address.port, address.path.as_str()), (8080, "/a?b=c"));
    }
}
