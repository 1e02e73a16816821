//! The mocks of the ports, as other crates' tests use them.

use std::sync::Arc;

use roamport_domain::journal::{
    JournalError, MockOrderJournal, MockProfileStore, OrderChange, OrderJournal as _,
};
use roamport_domain::provider::{CallClass, Gate as _, MockEsimProvider, MockGate};
use roamport_domain::{Currency, EsimProvider, EsimProviderExt as _, Money, ProfileStore as _};

use crate::support::{Scene, nothing, package};

#[tokio::test]
async fn a_mocked_provider_works_behind_the_port_and_counts_its_calls() {
    let mut mock = MockEsimProvider::new();
    let balance = Money::parse_amount("12.50", Currency::USD).unwrap();
    mock.expect_balance()
        .times(1)
        .returning(move || Ok(balance));
    mock.expect_purchase().never();
    mock.expect_packages()
        .times(1)
        .returning(|_| Box::pin(futures::stream::empty()));
    let provider: Arc<dyn EsimProvider> = Arc::new(mock);
    assert_eq!(provider.balance().await.unwrap(), balance);
    assert!(
        provider
            .find_package(&package("one"))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_mocked_journal_refuses_and_is_told_what_was_appended() {
    let mut mock = MockOrderJournal::new();
    let order = Scene::new().order;
    let (id, version) = (order.id(), order.version());
    mock.expect_load().returning(move |_| Ok(order.clone()));
    mock.expect_append()
        .withf(move |change, due| {
            change.expected() == version && change.events().len() == 1 && due.is_none()
        })
        .times(1)
        .returning(|change, _| {
            Err(JournalError::VersionConflict {
                order: change.id(),
                expected: change.expected(),
                actual: change.expected().next(),
            })
        });
    let loaded = mock.load(id).await.unwrap();
    let change = OrderChange::of(&loaded, vec![nothing(0)]).unwrap();
    let refused = mock.append(&change, None).await.unwrap_err();
    assert!(matches!(refused, JournalError::VersionConflict { .. }));
}

#[tokio::test]
async fn the_smaller_ports_have_mocks_too() {
    let mut gate = MockGate::new();
    gate.expect_admit()
        .withf(|class| *class == CallClass::Purchase)
        .times(1)
        .return_const(());
    gate.admit(CallClass::Purchase).await;
    let mut store = MockProfileStore::new();
    store.expect_find_profile().returning(|_, _| Ok(None));
    let scene = Scene::new();
    let key = roamport_domain::provider::EsimKey::from_id(crate::support::esim("esim-1"));
    let kept = store
        .find_profile(&scene.order.requested().provider.name, &key)
        .await
        .unwrap();
    assert!(kept.is_none());
}
