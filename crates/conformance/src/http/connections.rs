//! A purchase is sent once, on a connection of its own, and a doubt about it is never hidden.

use std::time::Duration;

use roamport_domain::provider::{ErrorKind, Reaction};

use super::{Behaviour, HttpHarness, RawServer, answer, failed_order, failed_read};
use crate::suite::promises;

promises! { dyn HttpHarness:
    /// A connection that breaks before the answer or within it leaves an order ambiguous, and the order was
    /// sent once.
    a_broken_connection_leaves_an_order_ambiguous_and_sends_it_once,
    /// A refusal that breaks off proves nothing: the order is ambiguous.
    a_refusal_that_breaks_off_proves_nothing,
    /// No order travels on a connection that was used before, and no copy of it waits to be sent.
    an_order_travels_on_a_connection_of_its_own,
    /// A call that changes something and has no answer in time is ambiguous; a read that has none is
    /// unavailable.
    a_change_without_an_answer_is_ambiguous,
}

async fn a_broken_connection_leaves_an_order_ambiguous_and_sends_it_once(
    harness: &dyn HttpHarness,
) {
    let cut = "HTTP/1.1 500 Oops\r\nContent-Length: 500\r\n\r\n{";
    for behaviour in [Behaviour::ReadAndClose, Behaviour::Answer(cut)] {
        let server = RawServer::start(vec![behaviour]).await;
        let provider = harness.provider(&server.url(), None);
        let error = failed_order(harness, &*provider).await;
        assert!(
            error.kind() == ErrorKind::Ambiguous && error.reaction() == Reaction::Reconcile,
            "an order was sent, and its error says otherwise ({behaviour:?}): {error}"
        );
        assert!(
            error.message().contains("money may have moved"),
            "the error does not say that money may have moved: {error}"
        );
        let (connections, requests) = (server.connections(), server.requests());
        assert!(
            connections == 1 && requests <= 1,
            "one order made {connections} connections and {requests} requests ({behaviour:?})"
        );
    }
}

async fn a_refusal_that_breaks_off_proves_nothing(harness: &dyn HttpHarness) {
    let cut = "HTTP/1.1 400 Bad Request\r\nContent-Length: 500\r\n\r\n{\"err";
    let server = RawServer::start(vec![Behaviour::Answer(cut)]).await;
    let provider = harness.provider(&server.url(), None);
    let error = failed_order(harness, &*provider).await;
    assert!(
        error.kind() == ErrorKind::Ambiguous,
        "half a refusal was taken for one: {error}"
    );
}

async fn an_order_travels_on_a_connection_of_its_own(harness: &dyn HttpHarness) {
    // The first connection stays open after its answer; the second one breaks with the request.
    let placed = answer(200, "", &harness.placed());
    let server = RawServer::start(vec![
        Behaviour::AnswerAndStay(placed),
        Behaviour::ReadAndClose,
    ])
    .await;
    let provider = harness.provider(&server.url(), None);
    if let Some(error) = harness.order(&*provider).await {
        panic!("an order that was placed failed: {error}");
    }
    let error = failed_order(harness, &*provider).await;
    assert!(
        error.kind() == ErrorKind::Ambiguous,
        "a broken connection is an error of another kind: {error}"
    );
    let reached = |server: &RawServer| (server.connections(), server.requests());
    assert!(
        reached(&server) == (2, 2),
        "two orders made {:?} connections and requests",
        reached(&server)
    );
    // A read after it shows that no copy of the order was waiting to be sent.
    failed_read(&*provider).await;
    assert!(
        reached(&server) == (3, 3),
        "two orders and a read made {:?} connections and requests",
        reached(&server)
    );
}

async fn a_change_without_an_answer_is_ambiguous(harness: &dyn HttpHarness) {
    let server = RawServer::start(vec![Behaviour::Silence]).await;
    let timeout = Some(Duration::from_millis(80));
    let provider = harness.provider(&server.url(), timeout);
    let mut errors = vec![failed_order(harness, &*provider).await];
    errors.extend(harness.changes(&*provider).await);
    for error in errors {
        assert!(
            error.kind() == ErrorKind::Ambiguous,
            "a change without an answer is an error of another kind: {error}"
        );
    }
    let error = failed_read(&*provider).await;
    assert!(
        error.kind() == ErrorKind::Unavailable,
        "a read without an answer is an error of another kind: {error}"
    );
}
