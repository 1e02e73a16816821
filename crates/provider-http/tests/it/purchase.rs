//! Effects over broken connections: sent at most once, on a connection of their own, and never in doubt
//! without saying so.

use std::time::Duration;

use roamport_conformance::http::{Behaviour, RawServer};
use roamport_domain::provider::CallProof;
use roamport_domain::provider::ErrorKind;
use roamport_provider_http::Effect;
use rstest::rstest;

use crate::support::{EFFECTS, purchase, read, transport, with_effect};
use crate::test_support::{TestClock, url_of_nobody};

const DONE: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"id\":1}";

#[rstest]
#[case(Behaviour::CloseAtOnce)]
#[case(Behaviour::ReadAndClose)]
#[case(Behaviour::Answer("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"status\":"))]
#[case(Behaviour::Answer("HTTP/1.1 500 Oops\r\nContent-Length: 500\r\n\r\n{"))]
#[case(Behaviour::Answer("HTTP/1.1 400 Bad\r\nContent-Length: 500\r\n\r\n{"))]
#[case(Behaviour::Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\""))]
#[case(Behaviour::Answer(
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n\r\n{}"
))]
#[case(Behaviour::Answer("nonsense\r\n\r\n"))]
#[tokio::test]
async fn a_connection_that_breaks_leaves_an_effect_ambiguous_and_sends_it_once(
    #[case] behaviour: Behaviour,
) {
    for effect in EFFECTS {
        let server = RawServer::start(vec![behaviour]).await;
        let clock = TestClock::new();
        let request = with_effect(effect, &clock);
        let failure = transport(&server.url(), &clock)
            .attempt(request)
            .await
            .unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Ambiguous, "{}", failure.message);
        assert_eq!(
            (failure.proof, failure.effect),
            (CallProof::Unknown, effect)
        );
        assert_eq!(server.connections(), 1);
        assert!(server.requests() <= 1);
    }
}

#[rstest]
#[case(Behaviour::CloseAtOnce)]
#[case(Behaviour::ReadAndClose)]
#[case(Behaviour::Answer("nonsense\r\n\r\n"))]
#[tokio::test]
async fn a_connection_that_breaks_fails_a_read_after_one_attempt(#[case] behaviour: Behaviour) {
    let server = RawServer::start(vec![behaviour]).await;
    let failure = transport(&server.url(), &TestClock::new())
        .attempt(read())
        .await
        .unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Unavailable, "{}", failure.message);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_refused_connection_sends_nothing() {
    let url = url_of_nobody().await;
    let clock = TestClock::new();
    for effect in [Effect::None, Effect::Change, Effect::Purchase] {
        let failure = transport(&url, &clock)
            .attempt(with_effect(effect, &clock))
            .await
            .unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Unavailable);
        assert_eq!((failure.proof, failure.status), (CallProof::NotSent, None));
        let words = "no connection could be made";
        assert!(failure.message.starts_with(words), "{}", failure.message);
        assert!(!failure.message.contains("http"), "{}", failure.message);
    }
}

#[rstest]
#[case(Effect::Change)]
#[case(Effect::Purchase)]
#[tokio::test]
async fn an_effect_never_travels_on_a_connection_that_was_used_before(#[case] effect: Effect) {
    // The first connection stays open after its answer; the second one dies with the request.
    let server = RawServer::start(vec![
        Behaviour::AnswerAndStay(DONE),
        Behaviour::ReadAndClose,
    ])
    .await;
    let clock = TestClock::new();
    let transport = transport(&server.url(), &clock);
    let answer = transport
        .attempt(with_effect(effect, &clock))
        .await
        .unwrap();
    assert_eq!(answer.body, b"{\"id\":1}");
    let again = transport.attempt(with_effect(effect, &clock)).await;
    assert_eq!(again.unwrap_err().kind, ErrorKind::Ambiguous);
    assert_eq!((server.connections(), server.requests()), (2, 2));
    // A read after it shows that no copy of the effect was waiting to be sent.
    transport.attempt(read()).await.unwrap_err();
    assert_eq!((server.connections(), server.requests()), (3, 3));
}

#[tokio::test]
async fn reads_share_a_connection_and_no_effect_joins_them() {
    let server = RawServer::start(vec![Behaviour::AnswerAndStay(DONE)]).await;
    let clock = TestClock::new();
    let transport = transport(&server.url(), &clock);
    for _ in 0..3 {
        transport.attempt(read()).await.unwrap();
    }
    assert_eq!((server.connections(), server.requests()), (1, 3));
    for effect in EFFECTS {
        transport
            .attempt(with_effect(effect, &clock))
            .await
            .unwrap();
    }
    assert_eq!((server.connections(), server.requests()), (3, 5));
}

#[tokio::test]
async fn an_effect_without_an_answer_is_ambiguous_after_its_time_out() {
    let server = RawServer::start(vec![Behaviour::Silence]).await;
    let clock = TestClock::new();
    let transport = transport(&server.url(), &clock);
    for (effect, expected) in [
        (Effect::None, ErrorKind::Unavailable),
        (Effect::Change, ErrorKind::Ambiguous),
        (Effect::Purchase, ErrorKind::Ambiguous),
    ] {
        let request = with_effect(effect, &clock).with_time_out(Duration::from_millis(60));
        let failure = transport.attempt(request).await.unwrap_err();
        assert_eq!(failure.kind, expected);
        assert_eq!(failure.message, "no answer came in time");
    }
}

#[tokio::test]
async fn no_failure_shows_a_header_a_path_or_a_body() {
    let clock = TestClock::new();
    let servers = [
        RawServer::start(vec![Behaviour::ReadAndClose]).await.url(),
        RawServer::start(vec![Behaviour::Answer("nonsense\r\n\r\n")])
            .await
            .url(),
        url_of_nobody().await,
    ];
    for url in servers {
        let transport = transport(&url, &clock);
        let request = purchase(&clock).with_query(vec![("iccid", "8944123".into())]);
        let failure = transport.attempt(request).await.unwrap_err();
        let shown = format!("{failure:?} {} {transport:?}", failure.message);
        for hidden in ["4711", "8944123", "/order", "buy"] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
    }
}
