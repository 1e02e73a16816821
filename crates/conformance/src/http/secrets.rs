//! No error shows a secret, whatever the provider sends back.

use std::error::Error as _;
use std::fmt::Write as _;

use roamport_domain::provider::ProviderError;

use super::{HttpHarness, answering, failed_order, failed_read};
use crate::suite::promises;
use crate::verdict::OrBroken as _;

promises! { dyn HttpHarness:
    /// No error repeats a secret that the provider sends, under whatever status: not in its words, its
    /// `Debug` or its causes.
    no_error_repeats_a_secret_that_the_provider_sends,
    /// A connection that cannot be made shows no card number, though the URL may hold one.
    a_refused_connection_shows_no_card_number,
    /// `Debug` of the adapter names its base URL, and no secret.
    debug_of_the_adapter_shows_its_address_and_no_secret,
}

async fn no_error_repeats_a_secret_that_the_provider_sends(harness: &dyn HttpHarness) {
    for status in [200, 400, 401, 404, 409, 500] {
        for body in harness.telling_bodies() {
            let server = answering(status, "", &body).await;
            let provider = harness.provider(&server.url(), None);
            let mut errors = vec![
                failed_read(&*provider).await,
                failed_order(harness, &*provider).await,
            ];
            errors.extend(provider.esim(&harness.esim()).await.err());
            errors.extend(harness.changes(&*provider).await);
            for error in &errors {
                check(harness, &everything_shown(error));
            }
        }
    }
}

async fn a_refused_connection_shows_no_card_number(harness: &dyn HttpHarness) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").or_broken("taking a port");
    let address = listener.local_addr().or_broken("reading an address");
    drop(listener);
    let provider = harness.provider(&format!("http://{address}"), None);
    match provider.esim(&harness.esim()).await {
        Ok(esim) => panic!("{esim:?} was read, which nobody sent"),
        Err(error) => check(harness, &everything_shown(&error)),
    }
}

async fn debug_of_the_adapter_shows_its_address_and_no_secret(harness: &dyn HttpHarness) {
    let provider = harness.provider("https://adapter.example.com", None);
    let shown = format!("{provider:?} {provider:#?}");
    assert!(
        shown.contains("adapter.example.com"),
        "`Debug` of the adapter does not say which server it is for"
    );
    check(harness, &shown);
}

/// The error as anybody may show it, with everything beneath it.
fn everything_shown(error: &ProviderError) -> String {
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        write!(shown, " {cause} {cause:?}").expect("a text takes any text");
        source = cause.source();
    }
    shown
}

/// Never shows the secret itself.
#[track_caller]
fn check(harness: &dyn HttpHarness, shown: &str) {
    for (number, secret) in harness.secrets().iter().enumerate() {
        let is_shown = shown.contains(secret.expose());
        assert!(!is_shown, "secret {number} of the harness is shown");
    }
}
