//! Where a base URL leads to: this machine, or another one.

use std::net::IpAddr;

/// Whether a checked base URL leads to this machine itself.
pub(super) fn is_loopback(base_url: &str) -> bool {
    let host = host(base_url);
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    match address {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Whether what is sent to a checked base URL can be read on the way by others.
pub(super) fn is_open(base_url: &str) -> bool {
    let scheme = base_url.split("://").next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("http") && !is_loopback(base_url)
}

/// The host of a URL without credentials, in lower case, an IPv6 address in its brackets.
fn host(base_url: &str) -> String {
    let rest = base_url
        .split_once("://")
        .map_or(base_url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.split_once(']') {
        Some((address, _)) => format!("{address}]"),
        None => authority.split(':').next().unwrap_or_default().to_owned(),
    };
    host.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_every_other() {
        for own in [
            "http://127.0.0.1:8080",
            "http://127.9.9.9/api",
            "http://localhost",
            "http://LocalHost:1/x",
            "http://a.localhost",
            "http://[::1]:80",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback(own) && !is_open(own), "{own}");
        }
        for other in [
            "http://10.0.0.1",
            "http://provider.example",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://[2001:db8::1]:80",
        ] {
            assert!(!is_loopback(other) && is_open(other), "{other}");
        }
        assert!(!is_open("https://provider.example"));
    }
}
