//! Bearer tokens that expire.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use roamport_domain::Secret;
use roamport_domain::provider::ErrorKind;
use roamport_provider_http::{BearerToken, Failure, HeaderValue, IssuedToken};

use crate::test_support::TestClock;

/// A token, and a provider that numbers those it gives out.
struct Issuer {
    clock: Arc<TestClock>,
    bearer: BearerToken,
    issued: AtomicUsize,
    expires_in: Duration,
}

impl Issuer {
    fn of(expires_in: Duration) -> Self {
        let clock = TestClock::new();
        Self {
            bearer: BearerToken::new(clock.clone()),
            clock,
            issued: AtomicUsize::new(0),
            expires_in,
        }
    }

    async fn header(&self) -> HeaderValue {
        let fetch = || async {
            tokio::task::yield_now().await;
            let number = self.issued.fetch_add(1, Ordering::Relaxed);
            Ok(IssuedToken {
                token: Secret::new(format!("token-{number}")),
                expires_in: self.expires_in,
            })
        };
        self.bearer
            .header(fetch)
            .await
            .unwrap_or_else(|failure| panic!("{}", failure.message))
    }
}

#[tokio::test]
async fn callers_that_come_together_share_one_token() {
    let issuer = Issuer::of(Duration::from_hours(1));
    let (one, other) = tokio::join!(issuer.header(), issuer.header());
    assert_eq!(
        (&one, &other),
        (&HeaderValue::from_static("Bearer token-0"), &one)
    );
    assert!(one.is_sensitive());
    assert_eq!(issuer.bearer.stored(), Some(Secret::new("token-0")));
    assert!(!format!("{:?}", issuer.bearer).contains("token-0"));
}

#[tokio::test]
async fn a_token_is_replaced_a_minute_before_it_expires_or_at_half_of_a_short_life() {
    for (expires_in, kept_for) in [(3_600, 3_539), (60, 29)] {
        let issuer = Issuer::of(Duration::from_secs(expires_in));
        issuer.header().await;
        issuer.clock.advance(Duration::from_secs(kept_for));
        assert_eq!(issuer.header().await, "Bearer token-0");
        issuer.clock.advance(Duration::from_secs(1));
        assert_eq!(issuer.header().await, "Bearer token-1");
    }
}

#[tokio::test]
async fn a_token_that_is_no_longer_accepted_is_forgotten_and_a_newer_one_is_not() {
    let issuer = Issuer::of(Duration::from_hours(1));
    let first = issuer.header().await;
    issuer.bearer.forget(&first);
    assert_eq!(issuer.header().await, "Bearer token-1");
    issuer.bearer.forget(&first);
    assert_eq!(issuer.header().await, "Bearer token-1");
}

#[tokio::test]
async fn a_token_that_cannot_be_fetched_or_sent_is_an_error_and_is_fetched_again() {
    let issuer = Issuer::of(Duration::from_hours(1));
    let failed = issuer
        .bearer
        .header(|| async { Err(Failure::not_sent(ErrorKind::Unavailable, "down")) });
    assert_eq!(
        failed.await.err().map(|failure| failure.kind),
        Some(ErrorKind::Unavailable)
    );
    let broken = || async {
        let (token, expires_in) = (Secret::new("two words"), Duration::from_secs(1));
        Ok(IssuedToken { token, expires_in })
    };
    let refused = issuer.bearer.header(broken).await.err();
    let refused = refused
        .map(|failure| (failure.kind, failure.message))
        .unwrap();
    assert_eq!(refused.0, ErrorKind::InvalidResponse);
    assert!(!refused.1.contains("two words"), "{}", refused.1);
    assert_eq!(issuer.header().await, "Bearer token-0");
}
