//! The happy path, and what is refused before anything is recorded.

use std::sync::Arc;

use jiff::civil::date;
use roamport_app::order_and_provision::{Wish, WishLine};
use roamport_app::orders::{Placement, Terms};
use roamport_app::{AppError, Halt, Progress, Refusal, Silent, StopSignal};
use roamport_domain::order::{OrderState, ProviderInstance};
use roamport_domain::provider::EsimKey;
use roamport_domain::{OrderJournal as _, ProfileStore as _};
use roamport_sandbox::{Fault, Operation, Rule};

use crate::support::{
    KENYA_TRAVEL_DATE, Listener, PORTUGAL_1GB, PORTUGAL_3GB, Shop, carry, carry_beside, count, key,
    package_id, usd, wish,
};

fn two_lines() -> Wish {
    Wish {
        lines: vec![
            WishLine::new(package_id(PORTUGAL_1GB), count(1)),
            WishLine::new(package_id(PORTUGAL_3GB), count(1)),
        ],
        start_date: None,
    }
}

#[tokio::test(start_paused = true)]
async fn two_lines_become_two_profiles_and_one_charge() {
    let shop = Shop::careless();
    let quote = shop.orders.quote(&two_lines()).await.unwrap();
    let id = shop.order(&two_lines(), "two").await;
    assert_eq!(shop.charges(), 0, "recording buys nothing");
    let listener = Listener::new();
    let carried = shop
        .orders
        .carry_on(id, listener.clone(), StopSignal::never())
        .await
        .unwrap();
    let order = carried.order;
    assert_eq!(
        (order.state(), carried.halt),
        (OrderState::Fulfilled, Halt::Settled)
    );
    assert_eq!(order.attention().len(), 0);

    let ledger = shop.world.ledger().unwrap();
    let [charge] = &ledger[..] else {
        panic!("one charge, not {ledger:?}")
    };
    assert_eq!(charge.packages, [PORTUGAL_1GB, PORTUGAL_3GB]);
    assert_eq!(charge.amount, quote.total.amount());
    assert_eq!(
        charge.reference.as_deref(),
        Some(order.requested().reference.as_str())
    );
    assert_eq!(charge.order_id, order.placed().unwrap().id.as_str());

    for (item, package) in order.items().iter().zip([PORTUGAL_1GB, PORTUGAL_3GB]) {
        let kept = shop
            .journal
            .find_profile(&quote.provider.name, &EsimKey::from_id(item.esim.clone()))
            .await
            .unwrap()
            .unwrap();
        assert!(kept.esim.is_ready());
        assert_eq!((kept.order, kept.package.as_str()), (id, package));
    }
    let heard = listener.heard();
    let states: Vec<OrderState> = heard
        .iter()
        .filter_map(|progress| match progress {
            Progress::State(state) => Some(*state),
            _ => None,
        })
        .collect();
    assert_eq!(
        states,
        [
            OrderState::Placing,
            OrderState::Provisioning,
            OrderState::Fulfilled
        ]
    );
    assert!(heard.contains(&Progress::Checking));
    assert!(heard.contains(&Progress::Provisioning { ready: 2, total: 2 }));
}

#[tokio::test(start_paused = true)]
async fn no_activation_code_is_in_events_errors_or_debug() {
    let shop = Shop::careless();
    let order = shop.buy("secret").await;
    let key = EsimKey::from_id(order.items()[0].esim.clone());
    let name = &order.requested().provider.name;
    let kept = shop
        .journal
        .find_profile(name, &key)
        .await
        .unwrap()
        .unwrap();
    let code = kept.esim.activation().unwrap().lpa().expose().to_owned();
    let code = code.rsplit('$').find(|part| part.len() > 3).unwrap();
    let events = shop.orders.events(order.id()).await.unwrap();
    let stored: String = events
        .iter()
        .map(|recorded| recorded.event.to_stored())
        .collect();
    for text in [
        stored,
        format!("{order:?}"),
        format!("{kept:?}"),
        format!("{:?}", shop.orders),
    ] {
        assert!(!text.contains(code));
    }
}

#[tokio::test(start_paused = true)]
async fn the_whole_purchase_takes_no_longer_than_its_calls() {
    let shop = Shop::careless();
    shop.buy("quick").await;
    assert_eq!(shop.clock.elapsed().as_millis(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_cannot_be_met_is_refused_by_the_quote() {
    let shop = Shop::careless();
    let refusal = async |wish: Wish| match shop.orders.quote(&wish).await.unwrap_err() {
        AppError::Refused(refusal) => refusal,
        other => panic!("refused, not {other:?}"),
    };
    let unknown = refusal(wish("esim-atlantis", 1)).await;
    assert!(matches!(unknown, Refusal::UnknownPackage { .. }));
    assert!(
        unknown
            .to_string()
            .contains("sandbox sells no package `esim-atlantis`"),
        "{unknown}"
    );

    let many = refusal(wish(PORTUGAL_3GB, 11)).await;
    assert!(matches!(
        many,
        Refusal::AboveLimit {
            what: "eSIMs",
            asked: 11,
            limit: 10,
            ..
        }
    ));
    // The limit is one of the order, not of its lines; and it is known without asking.
    let calls = shop.world.calls(Operation::Packages);
    let lines = vec![
        WishLine::new(package_id(PORTUGAL_1GB), count(6)),
        WishLine::new(package_id(PORTUGAL_3GB), count(5)),
    ];
    let many = refusal(Wish {
        lines,
        start_date: None,
    })
    .await;
    assert!(matches!(many, Refusal::AboveLimit { asked: 11, .. }));
    let most = wish(PORTUGAL_3GB, u16::MAX);
    assert!(matches!(refusal(most).await, Refusal::AboveLimit { .. }));
    assert_eq!(shop.world.calls(Operation::Packages), calls);

    let undated = refusal(wish(KENYA_TRAVEL_DATE, 1)).await;
    assert!(matches!(undated, Refusal::TravelDateMissing { .. }));
    let nothing = Wish {
        lines: Vec::new(),
        start_date: None,
    };
    assert_eq!(refusal(nothing).await, Refusal::Empty);
    assert_eq!(shop.purchase_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_quote_above_the_maximum_or_the_wallet_records_nothing() {
    let shop = Shop::with_balance("1.00");
    let quote = shop.orders.quote(&wish(PORTUGAL_3GB, 1)).await.unwrap();
    let terms = Terms {
        maximum: Some(usd("0.01")),
        ..Terms::default()
    };
    let error = shop.orders.place(&quote, &terms).await.unwrap_err();
    assert!(
        matches!(error, AppError::Refused(Refusal::AboveMaximum { .. })),
        "{error}"
    );

    let error = shop
        .orders
        .place(&quote, &Terms::default())
        .await
        .unwrap_err();
    let AppError::Refused(Refusal::WalletShort { missing, .. }) = &error else {
        panic!("the wallet is short, not {error:?}")
    };
    assert_eq!(*missing, quote.total.checked_sub(usd("1")).unwrap());
    assert!(
        error.to_string().contains(&format!("{missing} is missing")),
        "{error}"
    );
    assert!(shop.orders.list(Vec::new()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_is_exactly_enough_is_enough() {
    let price = Shop::careless()
        .orders
        .quote(&wish(PORTUGAL_3GB, 1))
        .await
        .unwrap()
        .total;
    let shop = Shop::with_balance(&price.amount().to_string());
    assert_eq!(shop.buy("last cent").await.state(), OrderState::Fulfilled);
    assert!(shop.world.balance().unwrap().is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_travel_date_reaches_the_profile() {
    let shop = Shop::careless();
    let start_date = Some(date(2026, 12, 24));
    let id = shop
        .order(
            &Wish {
                start_date,
                ..wish(KENYA_TRAVEL_DATE, 1)
            },
            "dated",
        )
        .await;
    assert_eq!(shop.carry(id).await.order.state(), OrderState::Fulfilled);
    let esims = shop.world.esims().unwrap();
    let profile = esims[0].profile.as_ref().unwrap();
    assert_eq!(profile.start_date.as_deref(), Some("2026-12-24"));
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_is_filled_while_the_order_waits_pays_for_it() {
    let shop = Shop::careless();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "patient").await;
    let full = shop.world.balance().unwrap();
    shop.world.set_balance(usd("0.10").amount()).unwrap();
    let work = carry_beside(&shop.orders, id);
    tokio::time::sleep(std::time::Duration::from_mins(3)).await;
    assert_eq!(shop.charges(), 0);
    assert_eq!(
        shop.orders.order(id).await.unwrap().state(),
        OrderState::Requested
    );
    shop.world.set_balance(full).unwrap();
    assert_eq!(work.await.unwrap().order.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_dearer_package_is_bought_only_under_a_maximum_that_allows_it() {
    for (maximum, state, charges) in [
        (None, OrderState::Failed, 0),
        (Some(usd("100")), OrderState::Fulfilled, 1),
    ] {
        let shop = Shop::careless();
        let quote = shop.orders.quote(&wish(PORTUGAL_3GB, 1)).await.unwrap();
        let terms = Terms {
            key: Some(key("dearer")),
            maximum,
            ..Terms::default()
        };
        let Placement::New(order) = shop.orders.place(&quote, &terms).await.unwrap() else {
            panic!("a new order")
        };
        let dearer = Fault::PriceChange { percent: 20 };
        shop.rule(Rule::new(Operation::Packages, dearer.clone()).for_ever());
        shop.rule(Rule::new(Operation::Order, dearer).for_ever());
        let order = shop.carry(order.id()).await.order;
        assert_eq!((order.state(), shop.charges()), (state, charges));
        // The price that was checked just before is the one that counts: no attention.
        assert_eq!(order.attention().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_is_carried_on_with_the_provider_it_was_started_with_alone() {
    let shop = Shop::careless();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "mine").await;
    let elsewhere = shop.process("another", |parts| {
        parts.instance = ProviderInstance {
            base_url: "https://other.example".into(),
            ..parts.instance.clone()
        };
    });
    let error = elsewhere
        .carry_on(id, Arc::new(Silent), StopSignal::never())
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::OtherProvider { .. }));
    assert!(
        error.to_string().contains("https://provider.example"),
        "{error}"
    );
    assert!(elsewhere.unfinished().await.unwrap().is_empty());
    assert_eq!(shop.orders.unfinished().await.unwrap().len(), 1);
    assert_eq!(shop.charges(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_ended_is_left_as_it_is() {
    let shop = Shop::careless();
    let order = shop.buy("done").await;
    let calls = shop.world.calls(Operation::Orders);
    let again = carry(&shop.orders, order.id()).await;
    assert_eq!((again.order, again.halt), (order, Halt::Settled));
    assert_eq!(shop.world.calls(Operation::Orders), calls);
    assert!(shop.orders.unfinished().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_order_nobody_knows_is_an_error() {
    let shop = Shop::careless();
    let id = roamport_domain::OrderId::from_uuid(uuid::Uuid::nil());
    assert!(shop.journal.load(id).await.is_err());
    let error = shop
        .orders
        .carry_on(id, Arc::new(Silent), StopSignal::never())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("there is no order"), "{error}");
}
