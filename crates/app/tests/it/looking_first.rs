//! The look-up that precedes every purchase and every failure: what is there already is adopted,
//! and nothing is bought or given up while nobody can look.

use std::time::Duration;

use roamport_domain::Reference;
use roamport_domain::order::{AnswerField, AttentionReason, OrderState};
use roamport_domain::provider::{AnswerForm, ErrorKind, FoundOrders, Operation};

use crate::support::mocks::{
    Desk, Diary, error, found, listed, name, nothing, ours, package, placed, provider, ready, under,
};

#[tokio::test(start_paused = true)]
async fn an_order_found_before_its_first_purchase_is_adopted_instead_of_bought_again() {
    // What a journal restored from yesterday looks like: it knows of no purchase, the provider does.
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_find_orders()
            .returning(|lookup| Ok(ours(lookup, vec![placed("bought", &["e1"])])));
        mock.expect_esim().returning(|_| Ok(ready("e1")));
        mock.expect_provision().returning(|_| Ok(ready("e1")));
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.placed().unwrap().id.as_str(), "bought");
    assert!(order.attempts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_there_is_adopted_although_its_package_is_gone_or_dearer_by_now() {
    for later in [None, Some(package("9.00"))] {
        let mut asked = 0;
        let desk = Desk::at(provider(|mock| {
            mock.expect_purchase().never();
            mock.expect_packages().returning(move |_| {
                asked += 1;
                let first = (asked == 1).then(|| package("4.00"));
                listed(first.or_else(|| later.clone()).into_iter().collect())
            });
            mock.expect_find_orders()
                .returning(|lookup| Ok(ours(lookup, vec![placed("bought", &["e1"])])));
            mock.expect_provision().returning(|_| Ok(ready("e1")));
        }));
        let order = desk.buy().await.order;
        assert_eq!(order.state(), OrderState::Fulfilled);
        assert_eq!(order.placed().unwrap().id.as_str(), "bought");
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_is_not_called_failed_before_a_look_up_confirms_that_nothing_is_there() {
    let mut asked = 0;
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_packages().returning(move |_| {
            asked += 1;
            listed(if asked == 1 {
                vec![package("4.00")]
            } else {
                Vec::new()
            })
        });
        mock.expect_find_orders()
            .returning(|_| Err(error(ErrorKind::Unavailable, Operation::FindOrders)));
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert_eq!(
        order.open_attention().collect::<Vec<_>>(),
        [&AttentionReason::UnsentUnconfirmed]
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_bought_while_the_look_up_before_it_says_nothing() {
    let diary = Diary::new();
    let (looked, bought) = (diary.clone(), diary.clone());
    let desk = Desk::at(provider(|mock| {
        mock.expect_find_orders()
            .returning(move |_| match looked.note("find") {
                1 => Err(error(ErrorKind::Unavailable, Operation::FindOrders)),
                2 => Err(error(ErrorKind::InvalidResponse, Operation::FindOrders)),
                _ => Ok(nothing()),
            });
        mock.expect_purchase().times(1).returning(move |_| {
            bought.note("place");
            Ok(placed("ours", &["e1"]))
        });
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.placed().unwrap().id.as_str(), "ours");
    assert_eq!(diary.times("find").len(), 3);
    assert!(diary.times("find").last() <= diary.times("place").first());
}

#[tokio::test(start_paused = true)]
async fn before_anything_was_sent_an_answer_that_names_nothing_of_ours_is_enough() {
    let other = Reference::derive(&name(), &crate::support::key("somebody else's"));
    let tolerated = FoundOrders {
        form: AnswerForm::Tolerated,
        ..nothing()
    };
    let cached = FoundOrders {
        fresh: false,
        ..nothing()
    };
    let cut = FoundOrders {
        complete: false,
        ..found(vec![under(&other, placed("not ours", &["e9"]))])
    };
    for answer in [tolerated, cached, cut] {
        let desk = Desk::at(provider(|mock| {
            mock.expect_find_orders()
                .times(1)
                .returning(move |_| Ok(answer.clone()));
            mock.expect_purchase()
                .times(1)
                .returning(|_| Ok(placed("ours", &["e1"])));
        }));
        assert_eq!(desk.buy().await.order.state(), OrderState::Fulfilled);
    }
}

#[tokio::test(start_paused = true)]
async fn several_orders_under_our_reference_are_a_persons_business() {
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_find_orders().returning(|lookup| {
            let both = vec![placed("one", &["e1"]), placed("two", &["e2"])];
            Ok(ours(lookup, both))
        });
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let reasons: Vec<_> = order.open_attention().collect();
    assert!(
        matches!(reasons[..], [AttentionReason::SeveralFound { orders }] if orders.len() == 2),
        "{reasons:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_of_another_package_under_our_reference_is_ours_and_shown() {
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_find_orders().returning(|lookup| {
            let mut order = placed("another", &["e1"]);
            order.items[0].package = Some(crate::support::package_id("esim-japan"));
            Ok(ours(lookup, vec![order]))
        });
        mock.expect_provision().returning(|_| Ok(ready("e1")));
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert_eq!(order.placed().unwrap().id.as_str(), "another");
    let fields = vec![AnswerField::Packages];
    assert_eq!(
        order.open_attention().collect::<Vec<_>>(),
        [&AttentionReason::GoodsDiffer { fields }]
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_without_a_reference_does_not_matter_before_anything_was_sent() {
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase()
            .times(1)
            .returning(|_| Ok(placed("ours", &["e1"])));
        mock.expect_find_orders()
            .returning(|_| Ok(found(vec![placed("nameless", &["e9"])])));
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.placed().unwrap().id.as_str(), "ours");
}

#[tokio::test(start_paused = true)]
async fn an_unsent_order_is_not_given_up_before_a_look_up_confirms_that_nothing_is_there() {
    let diary = Diary::new();
    let looked = diary.clone();
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_find_orders().returning(move |_| {
            looked.note("find");
            Err(error(ErrorKind::Unavailable, Operation::FindOrders))
        });
    }));
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert_eq!(
        order.open_attention().collect::<Vec<_>>(),
        [&AttentionReason::UnsentUnconfirmed]
    );
    let late = Duration::from_mins(15);
    assert!(
        diary.between("find", late, late * 2) > 10,
        "{:?}",
        diary.times("find")
    );
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_asks_for_it_proves_absence_three_times_before_its_first_call() {
    let diary = Diary::new();
    let (looked, bought) = (diary.clone(), diary.clone());
    let provider = provider(|mock| {
        mock.expect_find_orders().returning(move |_| {
            looked.note("look");
            Ok(nothing())
        });
        mock.expect_purchase().returning(move |_| {
            bought.note("buy");
            Ok(placed("PO-1", &["e1"]))
        });
    });
    let desk = Desk::with(provider, |parts| parts.policy.proven_absence_first = true);
    assert_eq!(desk.buy().await.order.state(), OrderState::Fulfilled);
    let looks = diary.times("look");
    assert_eq!(looks.len(), 4, "three, and the one before every call");
    assert!(
        looks[..3]
            .windows(2)
            .all(|pair| pair[0] + Duration::from_secs(10) <= pair[1]),
        "{looks:?}"
    );
    assert_eq!(diary.times("buy").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn such_a_shop_neither_buys_nor_gives_up_where_absence_is_not_proven() {
    let provider = provider(|mock| {
        mock.expect_purchase().never();
        mock.expect_find_orders().returning(|_| {
            Ok(FoundOrders {
                form: AnswerForm::Tolerated,
                ..nothing()
            })
        });
    });
    let desk = Desk::with(provider, |parts| parts.policy.proven_absence_first = true);
    let order = desk.buy().await.order;
    let open: Vec<_> = order.open_attention().collect();
    assert_eq!(open, [&AttentionReason::UnsentUnconfirmed]);
}
