//! The program put together: provider by name, sandbox over HTTP, journal on demand.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures::StreamExt as _;
use roamport_bootstrap::{
    Composition, Journals, Providers, RunningProvider, SettingsLoader, StartError, Storage,
};
use roamport_domain::journal::InMemoryJournal;
use roamport_domain::order::ProviderInstance;
use roamport_domain::provider::{ErrorKind, PackageQuery};
use roamport_domain::{EsimProvider as _, ProviderName};
use roamport_sandbox::{Fault, Operation, Rule, SandboxProvider, Server, World};

use crate::support::Home;

async fn start(loader: SettingsLoader) -> Composition {
    Composition::start(loader.load().unwrap()).await.unwrap()
}

async fn refused(loader: SettingsLoader) -> StartError {
    Composition::start(loader.load().unwrap())
        .await
        .unwrap_err()
}

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

#[tokio::test]
async fn the_sandbox_is_read_over_http_through_all_layers_and_nothing_is_bought() {
    let home = Home::new();
    let composition = start(
        home.small_sandbox()
            .flag("sandbox.balance", "12.50", "--balance"),
    )
    .await;
    let provider = composition.provider();
    assert_eq!(provider.name().as_str(), "sandbox");
    assert_eq!(
        provider.balance().await.unwrap().amount().to_string(),
        "12.5"
    );
    let packages: Vec<_> = provider
        .packages(PackageQuery::default())
        .take(60)
        .collect()
        .await;
    assert_eq!(packages.len(), 60);
    assert!(packages.iter().all(Result::is_ok));
    assert_eq!(
        provider.balance().await.unwrap().amount().to_string(),
        "12.5"
    );
    // A read needs no journal, so there is none.
    assert!(!home.data().join("roamport.db").exists());
    composition.shutdown().await;
}

#[tokio::test]
async fn a_restart_keeps_the_world_and_is_the_same_instance() {
    let home = Home::new();
    let first = start(
        home.small_sandbox()
            .flag("sandbox.balance", "40", "--balance"),
    )
    .await;
    let instance = first.instance().clone();
    assert_eq!(
        first
            .provider()
            .balance()
            .await
            .unwrap()
            .amount()
            .to_string(),
        "40"
    );
    first.shutdown().await;

    // Between two runs the wallet changes, as by a purchase of another process.
    let world = World::builder()
        .packages(300)
        .state(home.data().join("sandbox.state"))
        .build()
        .unwrap();
    world.add_balance("2.75".parse().unwrap()).unwrap();

    let second = start(
        home.small_sandbox()
            .flag("sandbox.balance", "999", "--balance"),
    )
    .await;
    assert_eq!(
        second
            .provider()
            .balance()
            .await
            .unwrap()
            .amount()
            .to_string(),
        "42.75"
    );
    assert_eq!(*second.instance(), instance);
    assert_eq!(instance.to_string(), "sandbox (sandbox:data-dir)");
    second.shutdown().await;
}

#[tokio::test]
async fn two_compositions_share_one_world() {
    let home = Home::new();
    let (one, other) = tokio::join!(start(home.small_sandbox()), start(home.small_sandbox()));
    assert_ne!(one.owner(), other.owner());
    assert_eq!(one.instance(), other.instance());
    let balance = one.provider().balance().await.unwrap();
    assert_eq!(other.provider().balance().await.unwrap(), balance);
}

#[tokio::test]
async fn a_world_of_another_catalogue_says_what_to_do() {
    let home = Home::new();
    start(home.small_sandbox()).await.shutdown().await;
    let error = refused(home.small_sandbox().flag("sandbox.seed", "2", "--seed")).await;
    assert!(matches!(error, StartError::Sandbox { .. }), "{error}");
    let text = error.to_string();
    for part in [
        "sandbox.state",
        "seed 1 and 300 packages",
        "seed 2",
        "--data-dir",
        "move the file away",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_unauthorized_and_is_not_shown() {
    let world = World::builder()
        .packages(60)
        .token("right")
        .build()
        .unwrap();
    let server = Server::start(world, any_port()).await.unwrap();
    let home = Home::new();
    let loader = |token: &str| {
        home.loader()
            .flag("provider", "roamify", "--provider")
            .flag(
                "roamify.base_url",
                format!("{}/", server.base_url()),
                "--base-url",
            )
            .flag("roamify.token", token, "--token")
    };
    let wrong = start(loader("wr0ng-t0ken")).await;
    let error = wrong.provider().balance().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(!format!("{error} {error:?} {wrong:?}").contains("wr0ng-t0ken"));

    let right = start(loader("right")).await;
    assert_eq!(
        right
            .provider()
            .balance()
            .await
            .unwrap()
            .amount()
            .to_string(),
        "1000"
    );
    assert_eq!(right.instance().name.as_str(), "roamify");
    // The slash at the end of the setting makes no other instance of it.
    assert_eq!(right.instance().base_url, server.base_url());
    server.shutdown().await;
}

#[tokio::test]
async fn a_failed_read_is_repeated_by_the_retry_layer_as_often_as_the_settings_say() {
    let world = World::builder().packages(60).build().unwrap();
    world.set_balance("5".parse().unwrap()).unwrap();
    let server = Server::start(world.clone(), any_port()).await.unwrap();
    let home = Home::new();
    let composition = start(
        home.loader()
            .flag("provider", "roamify", "--provider")
            .flag("roamify.base_url", server.base_url(), "--base-url")
            .flag("roamify.token", "sandbox", "--token")
            .flag("retry.tries", "3", "--tries")
            .flag("retry.shortest_pause", "1ms", "--pause"),
    )
    .await;
    let failure = Fault::StatusBeforeEffect {
        status: 503,
        body: None,
        retry_after: None,
    };
    world
        .add_fault(Rule::new(Operation::Balance, failure).times(2))
        .unwrap();
    assert_eq!(
        composition
            .provider()
            .balance()
            .await
            .unwrap()
            .amount()
            .to_string(),
        "5"
    );
    assert_eq!(world.calls(Operation::Balance), 3);
}

#[tokio::test]
async fn a_provider_that_keeps_failing_is_left_alone_as_the_settings_say() {
    for (failures, sent) in [("3", 3), ("0", 6)] {
        let world = World::builder().packages(60).build().unwrap();
        let server = Server::start(world.clone(), any_port()).await.unwrap();
        let home = Home::new();
        let composition = start(
            home.loader()
                .flag("provider", "roamify", "--provider")
                .flag("roamify.base_url", server.base_url(), "--base-url")
                .flag("roamify.token", "sandbox", "--token")
                .flag("retry.tries", "1", "--tries")
                .flag("circuit_breaker.failures", failures, "--failures")
                .flag("circuit_breaker.pause", "1h", "--pause"),
        )
        .await;
        let failure = Fault::StatusBeforeEffect {
            status: 503,
            body: None,
            retry_after: None,
        };
        world
            .add_fault(Rule::new(Operation::Balance, failure).for_ever())
            .unwrap();
        let mut refused = 0;
        for _ in 0..6 {
            let error = composition.provider().balance().await.unwrap_err();
            refused += u64::from(error.retry_after().is_some());
        }
        assert_eq!(
            (world.calls(Operation::Balance), refused),
            (sent, 6 - sent),
            "circuit_breaker.failures = {failures}"
        );
    }
}

#[tokio::test]
async fn roamify_without_a_token_does_not_start() {
    let error = refused(
        Home::new()
            .loader()
            .flag("provider", "roamify", "--provider"),
    )
    .await;
    assert!(
        error.to_string().contains("ROAMPORT__ROAMIFY__TOKEN_FILE"),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_that_no_header_carries_does_not_start() {
    let loader = Home::new()
        .loader()
        .flag("provider", "roamify", "--provider");
    let error = refused(loader.flag("roamify.token", "two words", "--token")).await;
    assert!(matches!(error, StartError::Provider { .. }), "{error}");
    assert!(
        !format!("{error} {error:?}").contains("two words"),
        "{error}"
    );
}

#[tokio::test]
async fn an_unknown_provider_names_the_nearest_and_its_place() {
    let home = Home::new();
    let error = refused(home.loader().flag("provider", "roamfy", "--provider")).await;
    insta::assert_snapshot!(
        error,
        @"unknown provider `roamfy` given with --provider: did you mean `roamify`?"
    );
    let error = refused(home.loader().flag("provider", "acme", "--provider")).await;
    insta::assert_snapshot!(
        error,
        @"unknown provider `acme` given with --provider: there is esim-access, roamify, sandbox"
    );
}

#[tokio::test]
async fn a_provider_of_ones_own_is_chosen_by_its_name_and_ended_with_the_program() {
    let (ended, was_ended) = std::sync::mpsc::channel();
    let providers = Providers::standard().with("acme", move |context| {
        let ended = ended.clone();
        async move {
            let name = ProviderName::parse("acme").expect("four letters");
            let world = World::builder()
                .packages(60)
                .build()
                .expect("a small world");
            let provider = SandboxProvider::new(world)
                .named(name.clone())
                .with_clock(Arc::clone(&context.clock));
            let base_url = context
                .settings
                .text("acme.url")
                .unwrap_or_default()
                .to_owned();
            Ok(
                RunningProvider::new(Arc::new(provider), ProviderInstance { name, base_url })
                    .with_shutdown(move || async move { ended.send(()).unwrap() }),
            )
        }
    });
    let settings = Home::new()
        .loader()
        .more_defaults("[acme]\nurl = \"https://acme.test\"\n")
        .flag("provider", "acme", "--provider")
        .load()
        .unwrap();
    let composition = Composition::builder(settings)
        .providers(providers)
        .start()
        .await
        .unwrap();
    assert_eq!(
        composition.instance().to_string(),
        "acme (https://acme.test)"
    );
    assert_eq!(
        composition
            .provider()
            .balance()
            .await
            .unwrap()
            .amount()
            .to_string(),
        "1000"
    );
    assert!(was_ended.try_recv().is_err());
    composition.shutdown().await;
    assert!(was_ended.try_recv().is_ok());
}

#[tokio::test]
async fn the_journal_is_opened_once_and_lies_in_the_data_directory() {
    let home = Home::new();
    let composition = start(home.small_sandbox()).await;
    let journal = composition.journal().await.unwrap();
    assert!(home.data().join("roamport.db").exists());
    assert!(Arc::ptr_eq(&journal, &composition.journal().await.unwrap()));
    assert!(composition.orders().await.is_ok() && composition.usage().await.is_ok());
    assert!(composition.esims().await.is_ok());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: std::path::PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(home.data()), 0o700);
        assert_eq!(mode(home.data().join("roamport.db")), 0o600);
    }
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_is_named() {
    let home = Home::new();
    let file = home.write("file", "");
    let below = file.join("data").display().to_string();
    let error = refused(home.small_sandbox().flag("data_dir", below, "--data-dir")).await;
    assert!(matches!(error, StartError::DataDirectory { .. }), "{error}");
    assert!(error.to_string().contains("--data-dir"), "{error}");
}

#[tokio::test]
async fn a_database_that_is_none_is_refused_and_left_alone() {
    let home = Home::new();
    let composition = start(home.small_sandbox()).await;
    let path = home.write(
        "data/roamport.db",
        "no database, but somebody's notes\n".repeat(50).as_str(),
    );
    let before = std::fs::read(&path).unwrap();
    let error = composition.journal().await.unwrap_err();
    assert!(matches!(error, StartError::Journal(_)), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn an_unknown_journal_is_named_when_it_is_asked_for() {
    let home = Home::new();
    let composition = start(home.small_sandbox().flag("journal", "sqlit", "--journal")).await;
    let error = composition.journal().await.unwrap_err();
    insta::assert_snapshot!(
        error,
        @"unknown journal `sqlit` given with --journal: did you mean `sqlite`?"
    );
}

#[tokio::test]
async fn a_journal_of_ones_own_is_chosen_by_its_name() {
    let home = Home::new();
    let journals = Journals::standard().with("memory", |context| async move {
        let journal = Arc::new(InMemoryJournal::new(context.clock));
        let profiles = Arc::clone(&journal) as _;
        Ok(Storage::new(Arc::clone(&journal) as _, profiles, journal))
    });
    let settings = home
        .small_sandbox()
        .flag("journal", "memory", "--journal")
        .load()
        .unwrap();
    let composition = Composition::builder(settings)
        .journals(journals)
        .start()
        .await
        .unwrap();
    composition.journal().await.unwrap().now().await.unwrap();
    assert!(!home.data().join("roamport.db").exists());
}
