//! Orders that cannot settle themselves, and a person who settles them: each situation made by the
//! sandbox, the ledger as the judge.

use std::time::Duration;

use roamport_app::attention::{Action, Decision, DecisionError, Warning};
use roamport_app::{AppError, Orders};
use roamport_domain::journal::{OrderJournal as _, Owner};
use roamport_domain::order::{Ending, Event, OrderState, ProviderInstance, Resolution};
use roamport_domain::{Order, OrderId, ProviderOrderId};
use roamport_sandbox::world::Purchase;
use roamport_sandbox::{Fault, Operation, Rule};

use crate::support::{PORTUGAL_3GB, Shop, WINDOW_AND_QUIET, wish};

pub(crate) fn decision() -> Decision {
    Decision::new("ada", "asked the provider, ticket 4711").unwrap()
}

pub(crate) fn provider_id(text: &str) -> ProviderOrderId {
    ProviderOrderId::parse(text).unwrap()
}

/// An order whose every call was lost before it had an effect: two attempts, and no charge.
pub(crate) async fn never_bought(shop: &Shop) -> Order {
    shop.rule(Rule::new(Operation::Order, Fault::DropBeforeEffect).times(2));
    let order = shop.buy("never").await;
    assert_eq!(
        (order.state(), shop.charges()),
        (OrderState::NeedsAttention, 0)
    );
    order
}

/// An order of unknown outcome whose every look-up fails, so that it is unknown for ever.
pub(crate) async fn unknown_for_ever(shop: &Shop) -> Order {
    shop.fault(Operation::Order, Fault::DropAfterEffect);
    shop.rule(
        Rule::new(Operation::Orders, Fault::HtmlError { status: 502 })
            .skip(1)
            .for_ever(),
    );
    let order = shop.buy("unknown").await;
    assert_eq!(
        (order.state(), shop.charges()),
        (OrderState::NeedsAttention, 1)
    );
    shop.world.clear_faults().unwrap();
    order
}

pub(crate) async fn last_decision(orders: &Orders, id: OrderId) -> (Resolution, String, String) {
    let events = orders.events(id).await.unwrap();
    let found = events
        .iter()
        .rev()
        .find_map(|recorded| match &recorded.event {
            Event::AttentionResolved {
                resolution,
                by,
                why,
                ..
            } => Some((resolution.clone(), by.clone(), why.clone())),
            _ => None,
        });
    found.unwrap()
}

pub(crate) async fn refused(
    shop: &Shop,
    id: OrderId,
    error: Result<roamport_app::attention::Decided, AppError>,
) -> DecisionError {
    let before = shop.orders.order(id).await.unwrap().version();
    let AppError::Decision(error) = error.unwrap_err() else {
        panic!("a decision that cannot be")
    };
    assert_eq!(
        shop.orders.order(id).await.unwrap().version(),
        before,
        "nothing was changed"
    );
    error
}

#[tokio::test(start_paused = true)]
async fn a_decided_order_is_due_for_whichever_worker_comes() {
    let shop = Shop::careless();
    let order = unknown_for_ever(&shop).await;
    let charged = provider_id(&shop.world.ledger().unwrap()[0].order_id);
    shop.orders
        .attach(order.id(), &charged, &decision())
        .await
        .unwrap();
    let limit = std::num::NonZeroU16::new(10).unwrap();
    let claims = shop
        .journal
        .claim_for(
            &order.requested().provider,
            &shop.parts.account,
            &Owner::new("a worker"),
            Duration::from_secs(30),
            limit,
        )
        .await
        .unwrap();
    assert_eq!(
        claims.len(),
        1,
        "the claim was given back, and the order is due"
    );
    assert_eq!(claims[0].order, order.id());
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_never_bought_is_sent_once_more_after_the_quiet_period() {
    let shop = Shop::careless();
    let order = never_bought(&shop).await;
    let before = shop.clock.elapsed();
    let decided = shop
        .orders
        .resend(order.id(), true, &decision())
        .await
        .unwrap();
    assert_eq!(decided.order.state(), OrderState::Requested);
    assert_eq!(decided.order.granted_attempts(), 1);
    let order = shop.carry(order.id()).await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 3));
    assert!(
        shop.clock.elapsed().saturating_sub(before) >= WINDOW_AND_QUIET,
        "a process that did not watch waits: {:?}",
        shop.clock.elapsed().saturating_sub(before)
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_once_more_without_the_word_that_it_was_checked() {
    let shop = Shop::careless();
    let order = never_bought(&shop).await;
    let error = shop.orders.resend(order.id(), false, &decision()).await;
    let error = refused(&shop, order.id(), error).await;
    assert_eq!(error, DecisionError::NotChecked { order: order.id() });
    assert_eq!(shop.purchase_calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_has_after_all_is_not_sent_once_more() {
    let shop = Shop::careless();
    let order = unknown_for_ever(&shop).await;
    let charged = provider_id(&shop.world.ledger().unwrap()[0].order_id);
    let error = shop.orders.resend(order.id(), true, &decision()).await;
    let error = refused(&shop, order.id(), error).await;
    assert_eq!(
        error,
        DecisionError::StillThere {
            order: order.id(),
            found: vec![charged]
        }
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_resend_while_no_look_up_answers_is_a_warning_and_the_look_before_sending_still_finds_it()
{
    let shop = Shop::careless();
    let order = unknown_for_ever(&shop).await;
    shop.fault(Operation::Orders, Fault::HtmlError { status: 502 });
    let decided = shop
        .orders
        .resend(order.id(), true, &decision())
        .await
        .unwrap();
    assert!(
        matches!(&decided.warnings[..], [Warning::NotLookedUp { .. }]),
        "{decided:?}"
    );
    let order = shop.carry(order.id()).await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_charge_that_comes_after_a_write_off_is_shown_again() {
    let shop = Shop::careless().under(|policy| policy.max_attempts = 1);
    shop.fault(Operation::Order, Fault::LateEffect { ms: 3_600_000 });
    let order = shop.buy("very late").await;
    assert_eq!(
        (order.state(), shop.charges()),
        (OrderState::NeedsAttention, 0)
    );
    let order = shop
        .orders
        .write_off(order.id(), &decision())
        .await
        .unwrap()
        .order;
    assert_eq!(
        (order.state(), order.ending()),
        (OrderState::Failed, Some(&Ending::WrittenOff))
    );
    let (resolution, by, _) = last_decision(&shop.orders, order.id()).await;
    assert_eq!((resolution, by.as_str()), (Resolution::WriteOff, "ada"));
    tokio::time::sleep(Duration::from_hours(1)).await;
    let found = crate::reconciling::reconcile(&shop).await;
    assert_eq!(shop.charges(), 1);
    assert!(!found.is_clean());
    let order = shop.orders.order(order.id()).await.unwrap();
    assert_eq!(order.state(), OrderState::NeedsAttention);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_never_sent_is_called_off() {
    let shop = Shop::careless();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "off").await;
    let order = shop.orders.cancel(id, &decision()).await.unwrap().order;
    assert_eq!(order.state(), OrderState::Cancelled);
    let events = shop.orders.events(id).await.unwrap();
    let Event::Cancelled { by, why, .. } = &events.last().unwrap().event else {
        panic!("{events:?}")
    };
    assert_eq!(
        (by.as_str(), why.as_str()),
        ("ada", "asked the provider, ticket 4711")
    );
    assert_eq!(shop.carry(id).await.order.state(), OrderState::Cancelled);
    assert_eq!(shop.purchase_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_a_restored_journal_takes_for_unsent_is_not_called_off() {
    let shop = Shop::careless();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "off").await;
    let reference = shop
        .orders
        .order(id)
        .await
        .unwrap()
        .requested()
        .reference
        .clone();
    let made = Purchase::order(PORTUGAL_3GB, 1, reference.as_str());
    let made = provider_id(&shop.world.purchase(&made).unwrap().id);
    let error = shop.orders.cancel(id, &decision()).await;
    let error = refused(&shop, id, error).await;
    assert_eq!(
        error,
        DecisionError::StillThere {
            order: id,
            found: vec![made]
        }
    );
    assert_eq!(shop.carry(id).await.order.state(), OrderState::Fulfilled);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn no_order_is_called_off_once_a_call_may_have_landed() {
    let shop = Shop::careless();
    for order in [never_bought(&shop).await, unknown_for_ever(&shop).await] {
        let error = shop.orders.cancel(order.id(), &decision()).await;
        let error = refused(&shop, order.id(), error).await;
        assert!(
            matches!(
                error,
                DecisionError::NotPossible {
                    action: "cancel",
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_ended_well_leaves_nothing_to_decide() {
    let shop = Shop::careless();
    let order = shop.buy("well").await;
    let (id, own) = (order.id(), order.placed().unwrap().id.clone());
    let by = decision();
    for (error, action) in [
        (shop.orders.attach(id, &own, &by).await, "attach"),
        (shop.orders.resend(id, true, &by).await, "resend"),
        (shop.orders.accept(id, &by).await, "accept"),
        (shop.orders.write_off(id, &by).await, "write-off"),
        (shop.orders.cancel(id, &by).await, "cancel"),
    ] {
        match refused(&shop, id, error).await {
            DecisionError::NotPossible {
                order,
                state,
                action: told,
                ..
            } => {
                assert_eq!((order, state, told), (id, OrderState::Fulfilled, action));
            }
            other => panic!("{action}: {other}"),
        }
    }
    assert_eq!(shop.orders.review(id).await.unwrap().choices, []);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_accepted_that_was_not_bought() {
    let shop = Shop::careless();
    let order = never_bought(&shop).await;
    let error = shop.orders.accept(order.id(), &decision()).await;
    let error = refused(&shop, order.id(), error).await;
    assert!(
        matches!(
            error,
            DecisionError::NotPossible {
                action: "accept",
                ..
            }
        ),
        "{error}"
    );
    let review = shop.orders.review(order.id()).await.unwrap();
    let offered: Vec<&str> = review
        .choices
        .iter()
        .map(|choice| choice.action.name())
        .collect();
    assert_eq!(offered, ["attach", "resend", "write-off"]);
}

#[tokio::test(start_paused = true)]
async fn what_another_process_holds_is_waited_for_as_long_as_a_lease_and_then_left() {
    let shop = Shop::careless();
    let order = never_bought(&shop).await;
    let owner = Owner::new("another process");
    let long = Duration::from_hours(1);
    let claim = shop
        .journal
        .claim_order(order.id(), &owner, long)
        .await
        .unwrap()
        .unwrap();
    let before = shop.clock.elapsed();
    let error = shop.orders.write_off(order.id(), &decision()).await;
    let error = refused(&shop, order.id(), error).await;
    assert_eq!(error, DecisionError::HeldElsewhere { order: order.id() });
    let waited = shop.clock.elapsed().saturating_sub(before);
    assert!(
        waited >= Duration::from_secs(30) && waited < Duration::from_secs(40),
        "{waited:?}"
    );

    shop.journal.release(&claim).await.unwrap();
    let order = shop
        .orders
        .write_off(order.id(), &decision())
        .await
        .unwrap()
        .order;
    assert_eq!(order.state(), OrderState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_decision_about_another_providers_order_is_refused() {
    let shop = Shop::careless();
    let order = never_bought(&shop).await;
    let elsewhere = shop.process("elsewhere", |parts| {
        parts.instance = ProviderInstance {
            base_url: "https://another.example".into(),
            ..parts.instance.clone()
        };
    });
    for error in [
        elsewhere
            .write_off(order.id(), &decision())
            .await
            .unwrap_err(),
        elsewhere
            .resend(order.id(), true, &decision())
            .await
            .unwrap_err(),
        elsewhere
            .attach(order.id(), &provider_id("o-1"), &decision())
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, AppError::OtherProvider { .. }), "{error}");
    }
    assert_eq!(shop.orders.order(order.id()).await.unwrap(), order);
}

#[tokio::test(start_paused = true)]
async fn a_review_tells_what_was_tried_with_its_times() {
    let shop = Shop::careless();
    let order = never_bought(&shop).await;
    let review = shop.orders.review(order.id()).await.unwrap();
    assert_eq!(review.order, order);
    assert_eq!(review.history.len() as u64, order.version().count());
    assert_eq!(review.order.attempts().len(), 2);
    // One before each call, and at least three conclusive ones after each.
    let tally = &review.look_ups;
    assert!(tally.conclusive >= 6, "{tally:?}");
    assert_eq!(tally.count, tally.empty + tally.unhealthy + tally.found);
    assert_eq!((tally.unhealthy, tally.found), (0, 0));
    assert!(tally.first_at.unwrap() < tally.last_at.unwrap());
    assert_eq!(review.provider_orders, []);
    let attach = &review.choices[0];
    assert_eq!(
        (&attach.action, attach.leads_to),
        (&Action::Attach(None), OrderState::Placed)
    );
    let resend = &review.choices[1];
    assert_eq!(
        (&resend.action, resend.leads_to),
        (&Action::Resend, OrderState::Requested)
    );
    let off = &review.choices[2];
    assert_eq!(
        (&off.action, off.leads_to),
        (&Action::WriteOff, OrderState::Failed)
    );
}

#[tokio::test(start_paused = true)]
async fn a_review_counts_the_look_ups_that_failed_and_quotes_the_last() {
    let shop = Shop::careless();
    let order = unknown_for_ever(&shop).await;
    let tally = shop.orders.review(order.id()).await.unwrap().look_ups;
    assert_eq!((tally.empty, tally.found, tally.conclusive), (1, 0, 0));
    assert!(tally.unhealthy > 10, "{tally:?}");
    assert!(tally.last_problem.unwrap().contains("502"));
}

#[tokio::test(start_paused = true)]
async fn an_unsent_order_can_be_called_off_and_an_unknown_one_is_an_error() {
    let shop = Shop::careless();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "off").await;
    let review = shop.orders.review(id).await.unwrap();
    let [choice] = review.choices.as_slice() else {
        panic!("{:?}", review.choices)
    };
    assert_eq!(
        (&choice.action, choice.leads_to),
        (&Action::Cancel, OrderState::Cancelled)
    );
    let nobody: OrderId = "018f0000-0000-7000-8000-000000000001".parse().unwrap();
    let error = shop.orders.review(nobody).await.unwrap_err();
    assert!(error.to_string().contains("there is no order"), "{error}");
    let error = shop
        .orders
        .write_off(nobody, &decision())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("there is no order"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_decision_and_a_reconciliation_may_be_made_on_any_thread() {
    let shop = Shop::careless();
    let id = never_bought(&shop).await.id();
    let reconciler = crate::reconciling::reconciler(&shop);
    let found = tokio::spawn(async move { reconciler.reconcile(None).await });
    assert!(found.await.unwrap().unwrap().is_clean());
    let orders = shop.orders.clone();
    let work = tokio::spawn(async move {
        let made = provider_id("no-such-order");
        let attached = orders.attach(id, &made, &decision()).await;
        assert!(attached.is_err(), "{attached:?}");
        orders.resend(id, true, &decision()).await.unwrap();
        orders.cancel(id, &decision()).await
    });
    // What was granted once more may have been sent before: it is not called off.
    assert!(work.await.unwrap().is_err());
}
