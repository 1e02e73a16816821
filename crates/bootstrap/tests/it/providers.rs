//! The list of providers: what each can do, without an account; and how its events are decoded.

use std::sync::Arc;

use insta::assert_snapshot;
use jiff::Timestamp;
use roamport_bootstrap::settings::HIDDEN;
use roamport_bootstrap::{
    Composition, Providers, RunningProvider, Settings, SettingsLoader, StartError, SystemClock,
};
use roamport_domain::Capabilities;
use roamport_domain::provider::{Dedup, Delivery, DeliveryError, Refund, Trust};

use crate::support::{Home, from_environment, from_file, message};

fn clock() -> Arc<SystemClock> {
    Arc::new(SystemClock)
}

fn named(provider: &str) -> SettingsLoader {
    Home::new()
        .loader()
        .flag("provider", provider, "--provider")
}

fn capabilities(settings: &Settings, name: &str) -> Capabilities {
    let described = Providers::standard().describe(settings, clock()).unwrap();
    let found = described.iter().find(|provider| provider.name == name);
    found.unwrap().capabilities.unwrap()
}

async fn refused(loader: SettingsLoader) -> StartError {
    Composition::start(loader.load().unwrap())
        .await
        .unwrap_err()
}

#[test]
fn what_each_provider_can_do_is_told_without_an_account() {
    let settings = named("roamify").load().unwrap();
    let described = Providers::standard().describe(&settings, clock()).unwrap();
    let configured: Vec<&str> = described
        .iter()
        .filter(|provider| provider.configured)
        .map(|provider| provider.name.as_str())
        .collect();
    assert_eq!(configured, ["roamify"]);
    assert_eq!(
        capabilities(&settings, "esim-access").cancellation,
        Some(Refund::AtOnce)
    );
    assert_eq!(capabilities(&settings, "roamify").cancellation, None);
    assert_eq!(capabilities(&settings, "roamify").dedup, Dedup::None);
}

#[test]
fn the_sandbox_can_do_what_its_dialect_can() {
    let dialect = |text| {
        Home::new()
            .loader()
            .flag("sandbox.dialect", text, "--dialect")
            .load()
            .unwrap()
    };
    let (first, second) = (dialect("roamify"), dialect("esim-access"));
    assert!(!capabilities(&first, "sandbox").price_guard);
    assert!(capabilities(&second, "sandbox").price_guard);
}

#[tokio::test]
async fn what_is_told_of_a_provider_is_what_it_says_once_it_runs() {
    for dialect in ["roamify", "esim-access"] {
        let home = Home::new();
        let settings = home
            .small_sandbox()
            .flag("sandbox.dialect", dialect, "--dialect")
            .load()
            .unwrap();
        let told = capabilities(&settings, "sandbox");
        let composition = Composition::start(settings).await.unwrap();
        assert_eq!(composition.provider().capabilities(), told, "{dialect}");
        assert!(composition.provider().balance().await.is_ok(), "{dialect}");
        composition.shutdown().await;
    }
}

#[test]
fn a_provider_of_ones_own_says_what_it_can_do_or_is_listed_without() {
    let start = |_| async {
        Err::<RunningProvider, _>(StartError::Provider {
            name: "acme".to_owned(),
            source: "no adapter".into(),
        })
    };
    let settings = named("acme").load().unwrap();
    let silent = Providers::none().with("acme", start);
    let told = silent.clone().with_capabilities("acme", |_| {
        Ok(Capabilities {
            top_up: true,
            ..Capabilities::NONE
        })
    });
    let of = |providers: &Providers| providers.describe(&settings, clock()).unwrap()[0].clone();
    assert!(of(&silent).configured);
    assert_eq!(of(&silent).capabilities, None);
    assert!(of(&told).capabilities.unwrap().top_up);
    // Whoever takes the place of another says for itself what it can do.
    assert_eq!(of(&told.with("acme", start)).capabilities, None);
    assert!(silent.event_decoder(&settings, clock()).unwrap().is_none());
}

#[tokio::test]
async fn an_access_code_that_is_missing_or_malformed_is_told_before_anything_is_sent() {
    assert_snapshot!(
        refused(named("esim-access")).await,
        @"setting `esim_access.access_code` is not set: put the access code of eSIM Access's console into ROAMPORT__ESIM_ACCESS__ACCESS_CODE, or the path of a file that holds it into ROAMPORT__ESIM_ACCESS__ACCESS_CODE_FILE"
    );
    let two_words = named("esim-access").flag("esim_access.access_code", "two words", "--code");
    let error = refused(two_words).await.to_string();
    assert!(
        error.starts_with("provider `esim-access` cannot be used"),
        "{error}"
    );
    assert!(!error.contains("two words"), "{error}");
}

#[test]
fn neither_access_code_nor_secret_key_is_shown() {
    const CODE: &str = "c0de-5eCr3t-0042";
    const KEY: &str = "k3y-5eCr3t-0043";
    let settings = from_environment(&[
        ("ROAMPORT__ESIM_ACCESS__ACCESS_CODE", CODE),
        ("ROAMPORT__ESIM_ACCESS__SECRET_KEY", KEY),
        ("ROAMPORT__ROAMIFY__WEBHOOK_SECRET", KEY),
    ])
    .unwrap();
    let described = settings.describe();
    for key in [
        "esim_access.access_code",
        "esim_access.secret_key",
        "roamify.webhook_secret",
    ] {
        let one = described.iter().find(|one| one.key == key).unwrap();
        assert_eq!(one.value.as_deref(), Some(HIDDEN), "{key}");
    }
    let shown = format!("{settings:?} {described:?}");
    assert!(!shown.contains(CODE) && !shown.contains(KEY), "{shown}");
    let in_file = from_file("[esim_access]\naccess_code = [\"c0de-5eCr3t-0042\"]\n");
    assert!(!format!("{in_file:?}").contains(CODE));
}

#[test]
fn bad_values_of_the_second_provider_are_refused_by_name() {
    for (key, value, says) in [
        ("PAGE_SIZE", "4", "from 5 to 500"),
        ("PAGE_SIZE", "501", "from 5 to 500"),
        ("UPPER_CASE_SIGNATURE", "perhaps", "true or false"),
        (
            "BASE_URL",
            "api.esimaccess.com",
            "such as https://api.esimaccess.com",
        ),
        ("CATALOGUE_TIMEOUT", "0s", "above zero"),
    ] {
        let variable = format!("ROAMPORT__ESIM_ACCESS__{key}");
        let said = message(from_environment(&[(variable.as_str(), value)]));
        assert!(said.contains(says) && said.contains(&variable), "{said}");
    }
    assert_snapshot!(
        message(from_environment(&[("ROAMPORT__SANDBOX__DIALECT", "klingon")])),
        @r#"setting `sandbox.dialect` is `klingon` in the environment variable ROAMPORT__SANDBOX__DIALECT: it takes "roamify" or "esim-access""#
    );
    assert_snapshot!(
        message(from_environment(&[("ROAMPORT_ESIM_ACCESS_ACCESS_CODE", "x")])),
        @"unknown setting `ROAMPORT_ESIM_ACCESS_ACCESS_CODE` in the environment: did you mean `ROAMPORT__ESIM_ACCESS__ACCESS_CODE`?"
    );
}

#[test]
fn events_are_decoded_as_the_configured_provider_sends_them() {
    let unsigned = named("esim-access").load().unwrap();
    let decoder = Providers::standard()
        .event_decoder(&unsigned, clock())
        .unwrap()
        .unwrap();
    assert_eq!(decoder.provider().as_str(), "esim-access");
    let delivery = Delivery {
        headers: &[],
        body: br#"{"notifyType":"CHECK_HEALTH","notifyId":"1"}"#,
        received_at: Timestamp::UNIX_EPOCH,
    };
    assert_eq!(decoder.decode(&delivery).unwrap().trust, Trust::Hint);

    let signed = named("roamify").flag("roamify.webhook_secret", "s3cret", "--secret");
    let decoder = Providers::standard()
        .event_decoder(&signed.load().unwrap(), clock())
        .unwrap()
        .unwrap();
    assert_eq!(decoder.provider().as_str(), "roamify");
    assert_eq!(decoder.decode(&delivery), Err(DeliveryError::Unsigned));
}

#[test]
fn a_missing_webhook_secret_names_the_variables_that_set_it() {
    let settings = named("roamify").load().unwrap();
    let error = Providers::standard()
        .event_decoder(&settings, clock())
        .unwrap_err();
    assert_snapshot!(error, @"setting `roamify.webhook_secret` is not set: put the secret that Roamify signs its events with, as the partner portal shows it, into ROAMPORT__ROAMIFY__WEBHOOK_SECRET, or the path of a file that holds it into ROAMPORT__ROAMIFY__WEBHOOK_SECRET_FILE");
}

#[tokio::test]
async fn the_composition_takes_events_where_the_provider_sends_them() {
    let home = Home::new();
    let loader = home.small_sandbox();
    let settings = loader
        .flag("sandbox.dialect", "esim-access", "--dialect")
        .load();
    let composition = Composition::start(settings.unwrap()).await.unwrap();
    assert!(composition.provider_events().await.unwrap().is_some());
    composition.shutdown().await;
}
