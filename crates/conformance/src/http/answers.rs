//! An answer that nobody documents is an error of its own kind to a read, and a doubt about a purchase.

use std::time::Duration;

use roamport_domain::provider::{ErrorKind, Reaction};

use super::{HttpHarness, answering, failed_order, failed_read};
use crate::suite::promises;

promises! { dyn HttpHarness:
    /// An answer that nobody documents leaves every change ambiguous; a read says what was wrong with it.
    an_odd_answer_is_ambiguous_for_changes_alone,
    /// An answer that asks for a pause is an error that says how long.
    a_rate_limit_says_how_long,
}

const HTML: &str = "<!doctype html><html><body>502 Bad Gateway</body></html>";

/// What is odd from any provider.
const ODD: [(u16, &str, ErrorKind); 8] = [
    (200, HTML, ErrorKind::InvalidResponse),
    (200, "", ErrorKind::InvalidResponse),
    (200, "[]", ErrorKind::InvalidResponse),
    (307, "", ErrorKind::InvalidResponse),
    (500, "", ErrorKind::Unavailable),
    (502, HTML, ErrorKind::Unavailable),
    (524, "error code: 524", ErrorKind::Unavailable),
    (429, "", ErrorKind::RateLimited),
];

async fn an_odd_answer_is_ambiguous_for_changes_alone(harness: &dyn HttpHarness) {
    for (status, body, kind) in ODD.into_iter().chain(harness.odd_answers()) {
        let server = answering(status, "", body).await;
        let provider = harness.provider(&server.url(), None);
        let read = failed_read(&*provider).await;
        assert!(
            read.kind() == kind,
            "HTTP {status} {body:?} is to a read no {kind:?}: {read}"
        );
        let mut errors = vec![failed_order(harness, &*provider).await];
        errors.extend(harness.changes(&*provider).await);
        for error in errors {
            assert!(
                error.kind() == ErrorKind::Ambiguous,
                "HTTP {status} {body:?} leaves a change in doubt, and yet: {error}"
            );
        }
    }
}

async fn a_rate_limit_says_how_long(harness: &dyn HttpHarness) {
    let server = answering(429, "Retry-After: 17\r\n", "").await;
    let error = failed_read(&*harness.provider(&server.url(), None)).await;
    let after = Some(Duration::from_secs(17));
    assert!(
        error.reaction() == Reaction::Retry { after },
        "the server asked for 17 seconds, and the error for {:?}",
        error.reaction()
    );
}
