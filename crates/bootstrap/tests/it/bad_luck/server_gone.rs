//! A PostgreSQL server that crashes at the worst moments and is started again, over real HTTP.

use std::sync::Arc;
use std::time::Duration;

use roamport_adapter_postgres::test_cluster::{TestCluster, TestDatabase};
use roamport_adapter_postgres::{PostgresJournal, PostgresJournalConfig};
use roamport_app::{AppError, OrdersParts, Silent, StopSignal};
use roamport_domain::Secret;
use roamport_domain::journal::JournalError;
use roamport_domain::order::OrderState;
use roamport_sandbox::Fault;

use super::shop::{Goods, Shop, carry, carry_beside, until};

/// A shop whose orders are kept on this server.
async fn shop(goods: Goods, cluster: &TestCluster) -> (Shop, TestDatabase) {
    let shop = Shop::over_http(goods).await;
    let database = cluster.database();
    let url = Secret::new(database.url());
    let journal = PostgresJournal::connect(&PostgresJournalConfig::new(url)).await;
    let parts = OrdersParts {
        journal: Arc::new(journal.unwrap()),
        ..shop.parts.clone()
    };
    (shop.with(parts), database)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_before_the_intent_means_that_nothing_is_sent_until_it_is_back() {
    let Some(mut cluster) = TestCluster::own() else {
        return;
    };
    for goods in Goods::BOTH {
        let (shop, _database) = shop(goods, &cluster).await;
        let id = shop.order("gone").await;
        cluster.kill();
        let work = shop
            .orders
            .carry_on(id, Arc::new(Silent), StopSignal::never());
        let error = work.await.unwrap_err();
        assert!(
            matches!(error, AppError::Journal(JournalError::Unavailable { .. })),
            "{goods:?}: {error}"
        );
        assert_eq!((shop.charges().len(), shop.calls()), (0, 0), "{goods:?}");
        cluster.start();
        let order = carry(&shop.orders, id).await.order;
        shop.check_bought_once(&order, 1, "the server is back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_during_the_call_is_given_the_answer_when_it_is_back() {
    let Some(mut cluster) = TestCluster::own() else {
        return;
    };
    for goods in Goods::BOTH {
        let (shop, _database) = shop(goods, &cluster).await;
        let id = shop.order("gone").await;
        shop.fault(Fault::Stall { ms: 250 });
        let work = carry_beside(&shop.orders, id);
        until("the charge", async || !shop.charges().is_empty()).await;
        cluster.kill();
        // The answer comes while there is nowhere to put it.
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(!work.is_finished(), "{goods:?}: the answer is in hand");
        cluster.start();
        let mut order = work.await.unwrap().order;
        if order.state() != OrderState::Fulfilled {
            order = carry(&shop.orders, id).await.order;
        }
        shop.check_bought_once(&order, 1, "the server is back");
        let names = shop.names_of_events(id).await;
        assert!(
            !names.contains(&"placement_abandoned"),
            "{goods:?}: {names:?}"
        );
    }
}
