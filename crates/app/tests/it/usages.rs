//! Usage of several eSIMs in as few calls as the provider has.

use std::num::NonZeroU16;

use roamport_app::{AppError, UsageReader};
use roamport_domain::provider::{ErrorKind, EsimKey};
use roamport_domain::{DataSize, EsimId};
use roamport_sandbox::switches::Switches;
use roamport_sandbox::{Fault, Operation};

use crate::support::{PORTUGAL_3GB, Shop, wish};

fn reader(shop: &Shop) -> UsageReader {
    let parts = &shop.parts;
    UsageReader::new(
        parts.provider.clone(),
        parts.journal.clone(),
        parts.profiles.clone(),
    )
}

async fn bought(shop: &Shop, count: u16) -> Vec<EsimId> {
    let id = shop.order(&wish(PORTUGAL_3GB, count), "a group").await;
    let order = shop.carry(id).await.order;
    order.items().iter().map(|item| item.esim.clone()).collect()
}

fn under(shop: &Shop, batch: Option<u16>) {
    let switches = shop.world.switches().unwrap();
    shop.world
        .set_switches(Switches {
            usage_batch: batch.and_then(NonZeroU16::new),
            ..switches
        })
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn many_are_read_in_few_calls_in_their_order_and_an_unknown_one_is_none() {
    for (batch, calls) in [(Some(10), 1), (Some(2), 2), (None, 4)] {
        let shop = Shop::careless();
        under(&shop, batch);
        let esims = bought(&shop, 3).await;
        for (esim, number) in esims.iter().zip(1..) {
            shop.world.use_data(esim.as_str(), number << 20).unwrap();
        }
        let mut keys: Vec<EsimKey> = esims.iter().rev().cloned().map(EsimKey::from_id).collect();
        let again = keys[0].clone();
        keys.insert(1, EsimKey::from_id(EsimId::parse("nobody's").unwrap()));
        keys.push(again);
        let before = shop.world.calls(Operation::Usage);
        let views = reader(&shop).usages(&keys).await.unwrap();
        assert_eq!(
            shop.world.calls(Operation::Usage) - before,
            calls,
            "{batch:?}"
        );
        let used: Vec<Option<u64>> = views
            .iter()
            .map(|view| Some(view.as_ref()?.data.used?.bytes() / DataSize::GIBIBYTE.bytes()))
            .collect();
        assert_eq!(
            used,
            [Some(3), None, Some(2), Some(1), Some(3)],
            "{batch:?}"
        );
        for (view, key) in views.iter().zip(&keys) {
            if let (Some(view), Some(id)) = (view, key.id()) {
                assert_eq!(
                    (view.usage.esim.as_ref(), view.purchased.len()),
                    (Some(id), 1)
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_esims_cost_no_call_and_a_failed_call_is_an_error() {
    let shop = Shop::careless();
    under(&shop, Some(10));
    let before = shop.world.calls(Operation::Usage);
    assert!(reader(&shop).usages(&[]).await.unwrap().is_empty());
    assert_eq!(shop.world.calls(Operation::Usage), before);
    let keys: Vec<EsimKey> = bought(&shop, 2)
        .await
        .into_iter()
        .map(EsimKey::from_id)
        .collect();
    shop.fault(Operation::Usage, Fault::HtmlError { status: 503 });
    let error = reader(&shop).usages(&keys).await.unwrap_err();
    let AppError::Provider(error) = error else {
        panic!("the provider's, not {error}")
    };
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
