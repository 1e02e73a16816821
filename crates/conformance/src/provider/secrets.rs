//! No token, activation code, PIN or PUK is shown by `Debug` or an error.

use std::error::Error;
use std::fmt::Debug;

use roamport_domain::provider::EsimKey;
use roamport_domain::{Esim, Secret};

use super::errors::refusals;
use super::trial::Trial;
use crate::suite::promises;
use crate::verdict::skipped;
use crate::{ProviderHarness, Trouble, Verdict};

promises! { dyn ProviderHarness:
    /// `Debug` of the provider shows no secret of the harness.
    debug_of_the_provider_shows_no_secret,
    /// No error shows a secret: not in its words, its `Debug` or its causes.
    errors_show_no_secret,
    /// `Debug` of an eSIM and of its order shows neither activation code nor PIN, PUK or phone number.
    debug_of_an_esim_shows_no_secret,
}

/// A shorter text appears by chance: `0000`, the commonest PIN, in any timestamp.
const SHORTEST_TELLING: usize = 7;

/// Looks for secrets in texts; never shows one itself.
struct Hidden(Vec<Secret>);

impl Hidden {
    fn new(secrets: impl IntoIterator<Item = Secret>) -> Verdict<Self> {
        let telling = |secret: &Secret| secret.expose().len() >= SHORTEST_TELLING;
        let secrets: Vec<Secret> = secrets.into_iter().filter(telling).collect();
        if secrets.is_empty() {
            return skipped("there is no secret to look for");
        }
        Ok(Self(secrets))
    }

    fn check_text(&self, place: &str, text: &str) {
        let shown = self.0.iter().any(|secret| text.contains(secret.expose()));
        assert!(!shown, "a secret appears in {place}");
    }

    fn check(&self, place: &str, value: &dyn Debug) {
        self.check_text(place, &format!("{value:?} {value:#?}"));
    }
}

async fn debug_of_the_provider_shows_no_secret(harness: &dyn ProviderHarness) -> Verdict {
    let hidden = Hidden::new(harness.secrets())?;
    let provider = harness.provider();
    hidden.check("Debug of the provider", &provider);
    // Once more after a call: a client may keep what it sent.
    let balance = provider.balance().await;
    hidden.check("the answer to a call", &balance);
    hidden.check("Debug of the provider after a call", &provider);
    Ok(())
}

async fn errors_show_no_secret(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let (_, esim) = trial.installable(&package).await;
    let hidden = Hidden::new(harness.secrets().into_iter().chain(secrets_of(&esim)))?;
    let mut errors: Vec<_> = refusals(&trial)
        .await?
        .into_iter()
        .map(|(_, error)| error)
        .collect();
    for trouble in [
        Trouble::LostOrderReply,
        Trouble::UnreadableOrderReply,
        Trouble::FailedOrderReply,
    ] {
        if harness.make(trouble).await {
            let request = trial.request(vec![Trial::line(&package, 1)]);
            errors.extend(trial.provider.purchase(&request).await.err());
        }
    }
    for error in &errors {
        let place = format!("an error of {}", error.operation());
        hidden.check(&place, error);
        let mut cause: Option<&dyn Error> = Some(error);
        while let Some(error) = cause {
            hidden.check_text(&place, &error.to_string());
            cause = error.source();
        }
    }
    Ok(())
}

async fn debug_of_an_esim_shows_no_secret(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let (bought, esim) = trial.installable(&package).await;
    let hidden = Hidden::new(harness.secrets().into_iter().chain(secrets_of(&esim)))?;
    hidden.check("Debug of an eSIM", &esim);
    hidden.check("Debug of an order", &bought.order);
    let read = trial
        .provider
        .esim(&EsimKey::from_id(esim.id().clone()))
        .await;
    assert!(
        read.is_ok(),
        "an eSIM that was read a moment ago cannot be read"
    );
    hidden.check("Debug of an eSIM that was read again", &read);
    hidden.check("Debug of the provider", &trial.provider);
    Ok(())
}

fn secrets_of(esim: &Esim) -> Vec<Secret> {
    let report = esim.report();
    let card = [&report.pin, &report.puk, &report.msisdn];
    let mut secrets: Vec<Secret> = card.into_iter().flatten().cloned().collect();
    if let Some(activation) = esim.activation() {
        secrets.push(activation.matching_id().clone());
        secrets.push(activation.lpa());
        secrets.extend(activation.apn().password.clone());
    }
    secrets
}
