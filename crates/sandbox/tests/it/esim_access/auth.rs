//! Who may call: access codes and signatures, on time and late.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::{Clock, Monotonic};
use roamport_sandbox::World;
use roamport_sandbox::world::WorldBuilder;
use serde_json::{Value, json};

use super::*;
use crate::shape::{same_form, sample};

const CODE: &str = "invented-access-code";
const KEY: &str = "invented-secret-key";

/// A clock that says what it is told to: the real one of these worlds.
#[derive(Debug)]
struct Told(Mutex<Timestamp>);

impl Clock for Told {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(Duration::ZERO)
    }
}

fn world(code: &str, key: &str, at: &str) -> WorldBuilder {
    let at = Timestamp::from_millisecond(at.parse().unwrap()).unwrap();
    World::builder()
        .packages(60)
        .token(code)
        .secret_key(key)
        .clock(Arc::new(Told(Mutex::new(at))))
        .switches(with(|switches| switches.signature_required = true))
}

struct Headers<'a> {
    code: &'a str,
    timestamp: &'a str,
    request: &'a str,
    signature: &'a str,
}

async fn signed(sandbox: &Sandbox, path: &str, headers: &Headers<'_>, body: &str) -> Answer {
    let url = sandbox.url(&format!("/api/v1/open{path}"));
    let named = [
        ("RT-AccessCode", headers.code),
        ("RT-Timestamp", headers.timestamp),
        ("RT-RequestID", headers.request),
        ("RT-Signature", headers.signature),
    ];
    let request = sandbox.client.post(url).body(body.to_owned());
    let request = named
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .fold(request, |request, (name, value)| {
            request.header(name, value)
        });
    answer(request).await.unwrap()
}

fn vectors() -> Vec<Value> {
    let vectors = sample("esim-access", "signature-vectors");
    vectors["vectors"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_published_signature_is_taken_in_either_case() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 4);
    for vector in &vectors {
        let field = |name: &str| text(&vector[name]);
        let world = world(
            field("access_code"),
            field("secret_key"),
            field("timestamp"),
        );
        let sandbox = Sandbox::of(world).await;
        for name in ["signature_lower_hex", "signature_upper_hex"] {
            let headers = Headers {
                code: field("access_code"),
                timestamp: field("timestamp"),
                request: field("request_id"),
                signature: field(name),
            };
            let taken = signed(&sandbox, "/balance/query", &headers, field("body")).await;
            obj(&taken);
            // One byte more is another body.
            let longer = format!("{} ", field("body"));
            let refused = signed(&sandbox, "/balance/query", &headers, &longer).await;
            assert_eq!(code(&refused), "101003");
            same_form(&refused.json(), "esim-access", "error.101003");
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_far_off_is_refused_before_the_signature() {
    let vector = vectors().remove(2);
    let field = |name: &str| text(&vector[name]).to_owned();
    let at: i64 = field("timestamp").parse().unwrap();
    for (off, expected) in [
        (-300_000, None),
        (300_000, None),
        (-300_001, Some("101001")),
        (300_001, Some("101001")),
        (86_400_000, Some("101001")),
    ] {
        let sandbox = Sandbox::of(world(CODE, KEY, &(at + off).to_string())).await;
        let headers = Headers {
            code: CODE,
            timestamp: &field("timestamp"),
            request: &field("request_id"),
            signature: &field("signature_lower_hex"),
        };
        let answer = signed(&sandbox, "/balance/query", &headers, "{}").await;
        match expected {
            None => {
                obj(&answer);
            }
            Some(expected) => {
                assert_eq!(code(&answer), expected, "{off}");
                same_form(&answer.json(), "esim-access", "error.101001");
            }
        }
    }
    // How late is a switch; and the world's own clock is another matter.
    let sandbox = Sandbox::of(world(CODE, KEY, &(at + 301_000).to_string())).await;
    let switches = with(|switches| {
        switches.signature_required = true;
        switches.timestamp_window_ms = 400_000;
    });
    sandbox.world.set_switches(switches).unwrap();
    sandbox
        .world
        .advance(SignedDuration::from_hours(9_000))
        .unwrap();
    let headers = Headers {
        code: CODE,
        timestamp: &field("timestamp"),
        request: &field("request_id"),
        signature: &field("signature_lower_hex"),
    };
    obj(&signed(&sandbox, "/balance/query", &headers, "{}").await);
}

#[tokio::test]
async fn headers_that_are_missing_or_malformed_have_their_own_codes() {
    let vector = vectors().remove(2);
    let field = |name: &str| text(&vector[name]).to_owned();
    let (timestamp, request) = (field("timestamp"), field("request_id"));
    let signature = field("signature_lower_hex");
    let sandbox = Sandbox::of(world(CODE, KEY, &timestamp)).await;
    let good = Headers {
        code: CODE,
        timestamp: &timestamp,
        request: &request,
        signature: &signature,
    };
    let other = "invented-access-cod3";
    let cases = [
        (Headers { code: "", ..good }, "000101"),
        (
            Headers {
                code: other,
                ..good
            },
            "000102",
        ),
        (
            Headers {
                timestamp: "",
                ..good
            },
            "000101",
        ),
        (
            Headers {
                timestamp: "yesterday",
                ..good
            },
            "000102",
        ),
        (
            Headers {
                request: "",
                ..good
            },
            "000101",
        ),
        (
            Headers {
                request: "7",
                ..good
            },
            "000102",
        ),
        (
            Headers {
                signature: "",
                ..good
            },
            "000101",
        ),
        (
            Headers {
                signature: "xyz",
                ..good
            },
            "000102",
        ),
        (
            Headers {
                signature: "00ff",
                ..good
            },
            "101003",
        ),
    ];
    for (headers, expected) in cases {
        let refused = signed(&sandbox, "/balance/query", &headers, "{}").await;
        assert_eq!(code(&refused), expected);
        assert!(!refused.text.contains(KEY) && !refused.text.contains(other));
    }
    obj(&signed(&sandbox, "/balance/query", &good, "{}").await);
}

#[tokio::test]
async fn an_unsigned_call_passes_where_signing_is_optional_and_a_wrong_signature_never() {
    let sandbox = Sandbox::small().await;
    obj(&call(&sandbox, "/balance/query", json!({})).await);
    let headers = Headers {
        code: TOKEN,
        timestamp: "1795003200123",
        request: "3f0c2b5e-1d4a-4c7b-9e21-000000000001",
        signature: "00",
    };
    let switches = with(|switches| switches.timestamp_window_ms = u64::MAX);
    sandbox.world.set_switches(switches).unwrap();
    let refused = signed(&sandbox, "/balance/query", &headers, "{}").await;
    assert_eq!(code(&refused), "101003");
    // The first dialect's token in the first dialect's place is no access code.
    let url = sandbox.url("/api/v1/open/balance/query");
    let bearer = answer(sandbox.client.post(url).bearer_auth(TOKEN)).await;
    assert_eq!(code(&bearer.unwrap()), "000101");
}
