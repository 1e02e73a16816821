//! What comes back: every whole answer as it is, and nothing that is longer than honest ones are.

use std::time::Duration;

use roamport_conformance::http::{Behaviour, RawServer};
use roamport_domain::provider::{CallProof, ErrorKind};
use roamport_provider_http::{Effect, Failure};
use rstest::rstest;
use wiremock::ResponseTemplate;

use crate::support::{EFFECTS, answering, read, transport, with_effect};
use crate::test_support::TestClock;

const ALL: [Effect; 3] = [Effect::None, Effect::Change, Effect::Purchase];

#[rstest]
fn whole_answers_are_given_back_whatever_their_status(
    #[values(200, 201, 204, 300, 400, 401, 402, 404, 409, 429, 500, 502, 503, 599)] status: u16,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let body = if status == 204 { "" } else { "<html>words" };
        let server = answering(ResponseTemplate::new(status).set_body_string(body)).await;
        let clock = TestClock::new();
        let transport = transport(&server.uri(), &clock);
        for effect in ALL {
            let answer = transport
                .attempt(with_effect(effect, &clock))
                .await
                .unwrap();
            assert_eq!(
                (answer.status, answer.body),
                (status, body.as_bytes().to_vec())
            );
            assert_eq!(answer.retry_after, None);
        }
        assert_eq!(server.received_requests().await.unwrap().len(), 3);
    });
}

#[rstest]
#[case("17", Some(17))]
#[case("Fri, 20 Nov 2026 00:01:30 GMT", Some(90))]
#[case("Thu, 19 Nov 2026 00:01:30 GMT", Some(0))]
#[case("soon", None)]
#[tokio::test]
async fn an_answer_says_how_long_to_wait_in_both_forms(
    #[case] text: &str,
    #[case] seconds: Option<u64>,
) {
    let answer = ResponseTemplate::new(429).insert_header("Retry-After", text);
    let server = answering(answer).await;
    let clock = TestClock::new();
    let transport = transport(&server.uri(), &clock);
    for effect in ALL {
        let answer = transport
            .attempt(with_effect(effect, &clock))
            .await
            .unwrap();
        assert_eq!(answer.retry_after, seconds.map(Duration::from_secs));
    }
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_header_leaves() {
    let clock = TestClock::new();
    for status in [301, 302, 303, 307, 308] {
        let other = answering(ResponseTemplate::new(200)).await;
        let location = format!("{}/order", other.uri());
        let redirect = ResponseTemplate::new(status).insert_header("Location", location.as_str());
        let server = answering(redirect).await;
        for effect in ALL {
            let answer = transport(&server.uri(), &clock)
                .attempt(with_effect(effect, &clock))
                .await
                .unwrap();
            assert_eq!(answer.status, status);
        }
        let followed = other.received_requests().await.unwrap();
        assert!(followed.is_empty(), "{status} was followed");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_keeps_what_its_head_said() {
    let cut = "HTTP/1.1 503 Busy\r\nRetry-After: 9\r\nContent-Length: 500\r\n\r\n{\"err";
    let clock = TestClock::new();
    for (effect, expected) in [
        (Effect::None, ErrorKind::Unavailable),
        (Effect::Change, ErrorKind::Ambiguous),
        (Effect::Purchase, ErrorKind::Ambiguous),
    ] {
        let server = RawServer::start(vec![Behaviour::Answer(cut)]).await;
        let failure = transport(&server.url(), &clock)
            .attempt(with_effect(effect, &clock))
            .await
            .unwrap_err();
        assert_eq!((failure.kind, failure.status), (expected, Some(503)));
        assert_eq!(failure.retry_after, Some(Duration::from_secs(9)));
        assert_eq!(failure.proof, CallProof::Unknown);
        let words = "the answer broke off: ";
        assert!(failure.message.starts_with(words), "{}", failure.message);
    }
}

#[tokio::test]
async fn an_announced_length_beyond_every_honest_one_is_not_read() {
    let endless = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{";
    let clock = TestClock::new();
    for (effect, expected, words) in [
        (Effect::None, ErrorKind::InvalidResponse, "64 MiB"),
        (Effect::Change, ErrorKind::Ambiguous, "8 MiB"),
        (Effect::Purchase, ErrorKind::Ambiguous, "8 MiB"),
    ] {
        let server = RawServer::start(vec![Behaviour::Answer(endless)]).await;
        let failure = transport(&server.url(), &clock)
            .attempt(with_effect(effect, &clock))
            .await
            .unwrap_err();
        assert_eq!((failure.kind, failure.status), (expected, Some(200)));
        assert_eq!(
            failure.message,
            format!("the answer is longer than {words}")
        );
    }
}

#[tokio::test]
async fn a_length_that_was_not_announced_is_bounded_as_well() {
    let body = "x".repeat((8 << 20) + 1);
    let answer: &'static str = format!("HTTP/1.1 200 OK\r\n\r\n{body}").leak();
    let server = RawServer::start(vec![Behaviour::Answer(answer)]).await;
    let clock = TestClock::new();
    let transport = transport(&server.url(), &clock);
    for effect in EFFECTS {
        let failure = transport
            .attempt(with_effect(effect, &clock))
            .await
            .unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Ambiguous);
        assert_eq!(failure.message, "the answer is longer than 8 MiB");
    }
    // A catalogue may be longer than that.
    let answer = transport.attempt(read()).await.unwrap();
    assert_eq!(answer.body.len(), (8 << 20) + 1);
}

#[tokio::test]
async fn an_answer_of_millions_of_empty_objects_is_refused_while_it_is_read() {
    let body = format!("[{}", "{},".repeat(1_000_001));
    let server = answering(ResponseTemplate::new(200).set_body_string(body)).await;
    let clock = TestClock::new();
    let transport = transport(&server.uri(), &clock);
    for effect in ALL {
        let failure = transport
            .attempt(with_effect(effect, &clock))
            .await
            .unwrap_err();
        assert_eq!(
            failure.message,
            "the answer holds more than 1000000 objects and lists"
        );
        assert_eq!(
            (failure.proof, failure.status),
            (CallProof::Unknown, Some(200))
        );
    }
}

/// 17 KB that unfold to 18 MB: a page of six million `{}`.
const SIX_MILLION: &[u8] =
    include_bytes!("../../../../fixtures/hostile/six-million-objects.json.gz");

#[tokio::test]
async fn a_small_compressed_answer_of_millions_of_objects_is_not_unfolded_to_its_end() {
    // Of the second, only the first half is there: whoever unfolded it to its end would say that it broke off.
    for body in [SIX_MILLION, &SIX_MILLION[..SIX_MILLION.len() / 2]] {
        let answer = ResponseTemplate::new(200)
            .insert_header("Content-Encoding", "gzip")
            .set_body_raw(body, "application/json");
        let server = answering(answer).await;
        let clock = TestClock::new();
        let transport = transport(&server.uri(), &clock);
        for effect in ALL {
            let failure = transport
                .attempt(with_effect(effect, &clock))
                .await
                .unwrap_err();
            assert_eq!(
                failure.message,
                "the answer holds more than 1000000 objects and lists"
            );
        }
    }
}

#[rstest]
#[case(401, ErrorKind::Unauthorized)]
#[case(403, ErrorKind::Unauthorized)]
#[case(408, ErrorKind::Unavailable)]
#[case(425, ErrorKind::Unavailable)]
#[case(429, ErrorKind::RateLimited)]
#[case(500, ErrorKind::Unavailable)]
#[case(599, ErrorKind::Unavailable)]
#[case(200, ErrorKind::InvalidResponse)]
#[case(404, ErrorKind::InvalidResponse)]
#[case(600, ErrorKind::InvalidResponse)]
fn the_status_of_a_failed_answer_means_something_for_a_read_and_nothing_for_an_effect(
    #[case] status: u16,
    #[case] read: ErrorKind,
) {
    for (effect, kind) in [
        (Effect::None, read),
        (Effect::Change, ErrorKind::Ambiguous),
        (Effect::Purchase, ErrorKind::Ambiguous),
    ] {
        let failure = Failure::of_status(effect, status, "words");
        assert_eq!((failure.kind, failure.status), (kind, Some(status)));
        assert_eq!(failure.proof, CallProof::Unknown);
        let refusal = failure.turned_away(ErrorKind::Rejected);
        assert_eq!(refusal.kind, ErrorKind::Rejected);
        assert_eq!(refusal.proof, CallProof::TurnedAway);
        assert_eq!((refusal.effect, refusal.status), (effect, Some(status)));
    }
}
