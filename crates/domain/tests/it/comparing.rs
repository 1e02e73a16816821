//! An answer of a provider held against what was ordered, field by field.

use roamport_domain::order::comparison::{Comparison, compare, differences};
use roamport_domain::order::{AnswerField, Order};
use roamport_domain::provider::{ProviderOrder, ProviderOrderItem, ProviderOrderStatus};
use roamport_domain::{Currency, Iccid, Money, Reference};
use rstest::rstest;

use crate::support::{
    Scene, bought, esim, esims, line, package, placed, provider_order, settled, top_up_content, usd,
};

const SAME: Comparison = Comparison::Same;
const DIFFERENT: Comparison = Comparison::Different;
const NOT_TOLD: Comparison = Comparison::NotTold;

const CARD: &str = "8988303000001234567";

/// Two eSIMs of package `one` at 3.27, one of `two` at 5.00: 11.54 in all.
fn three() -> Order {
    Scene::wishing(esims(vec![line("one", 2, "3.27"), line("two", 1, "5.00")])).order
}

fn top_up() -> Order {
    Scene::wishing(top_up_content()).order
}

fn item(of: &str, id: &str) -> ProviderOrderItem {
    let price = if of == "two" { "5.00" } else { "3.27" };
    ProviderOrderItem {
        package: Some(package(of)),
        esim: Some(esim(id)),
        iccid: None,
        price: Some(usd(price)),
        profile: None,
    }
}

/// The whole order, told in full.
fn answer(order: &Order) -> ProviderOrder {
    ProviderOrder {
        id: provider_order("po-1"),
        reference: Some(order.requested().reference.clone()),
        status: ProviderOrderStatus::Completed,
        total: Some(usd("11.54")),
        items: vec![item("one", "e-1"), item("two", "e-2"), item("one", "e-3")],
        created_at: None,
        oddities: Vec::new(),
    }
}

type Change = fn(&mut ProviderOrder);

#[test]
fn an_answer_that_repeats_the_wish_differs_in_nothing() {
    let order = three();
    let whole = answer(&order);
    assert_eq!(differences(&order, &whole), []);
    for field in AnswerField::ALL {
        let expected = if field == AnswerField::Iccid {
            NOT_TOLD
        } else {
            SAME
        };
        assert_eq!(compare(&order, &whole, field), expected, "{field:?}");
    }
}

/// eSIM Access takes a package's code or its slug in an order, and answers with either.
#[test]
fn a_package_told_by_its_other_name_is_the_one_that_was_ordered() {
    let slug = || package("ES_3_30");
    let mut one = line("one", 2, "3.27");
    one.alias = Some(slug());
    let order = Scene::wishing(esims(vec![one, line("two", 1, "5.00")])).order;
    let mut told = answer(&order);
    told.items[0].package = Some(slug());
    assert_eq!(differences(&order, &told), []);

    // Once by its id and twice by its slug are three, and two were ordered.
    told.items[1].package = Some(slug());
    assert_eq!(differences(&order, &told), [AnswerField::Quantity]);
    // An order that knows no other name cannot tell that it is the same package.
    told = answer(&three());
    told.items[0].package = Some(slug());
    assert_eq!(differences(&three(), &told), [AnswerField::Packages]);
}

#[rstest]
#[case::no_reference(AnswerField::Reference, NOT_TOLD, |a: &mut ProviderOrder| a.reference = None)]
#[case::a_piece_of_it(AnswerField::Reference, NOT_TOLD, |a: &mut ProviderOrder| {
    let text = a.reference.as_ref().unwrap().as_str()[..5].to_owned();
    a.reference = Some(Reference::parse(text).unwrap());
})]
#[case::another_case(AnswerField::Reference, SAME, |a: &mut ProviderOrder| {
    let text = a.reference.as_ref().unwrap().as_str().to_ascii_lowercase();
    a.reference = Some(Reference::parse(text).unwrap());
})]
#[case::anothers(AnswerField::Reference, DIFFERENT, |a: &mut ProviderOrder| {
    a.reference = Some(Reference::parse("shop-10442").unwrap());
})]
#[case::no_package(AnswerField::Packages, NOT_TOLD, |a: &mut ProviderOrder| a.items.iter_mut().for_each(|item| item.package = None))]
#[case::another_package(AnswerField::Packages, DIFFERENT, |a: &mut ProviderOrder| a.items[2].package = Some(package("three")))]
#[case::fewer_of_a_package(AnswerField::Packages, SAME, |a: &mut ProviderOrder| a.items.truncate(1))]
#[case::no_package(AnswerField::Quantity, NOT_TOLD, |a: &mut ProviderOrder| a.items.iter_mut().for_each(|item| item.package = None))]
#[case::more_of_a_package(AnswerField::Quantity, DIFFERENT, |a: &mut ProviderOrder| a.items[2].package = Some(package("two")))]
#[case::fewer_of_a_package(AnswerField::Quantity, SAME, |a: &mut ProviderOrder| a.items.truncate(1))]
#[case::a_package_nobody_ordered(AnswerField::Quantity, SAME, |a: &mut ProviderOrder| a.items[2].package = Some(package("three")))]
#[case::no_esim(AnswerField::Esims, NOT_TOLD, |a: &mut ProviderOrder| a.items.iter_mut().for_each(|item| item.esim = None))]
#[case::an_esim_twice(AnswerField::Esims, DIFFERENT, |a: &mut ProviderOrder| a.items[2].esim = Some(esim("e-1")))]
#[case::one_too_many(AnswerField::Esims, DIFFERENT, |a: &mut ProviderOrder| a.items.push(item("one", "e-4")))]
#[case::no_item(AnswerField::EsimCount, NOT_TOLD, |a: &mut ProviderOrder| a.items.clear())]
#[case::fewer_items(AnswerField::EsimCount, SAME, |a: &mut ProviderOrder| a.items.truncate(2))]
#[case::more_items(AnswerField::EsimCount, DIFFERENT, |a: &mut ProviderOrder| a.items.push(item("one", "e-4")))]
#[case::no_total_but_prices(AnswerField::Total, SAME, |a: &mut ProviderOrder| a.total = None)]
#[case::no_total_and_a_price_missing(AnswerField::Total, NOT_TOLD, |a: &mut ProviderOrder| {
    a.total = None;
    a.items[1].price = None;
})]
#[case::no_total_and_an_item_missing(AnswerField::Total, NOT_TOLD, |a: &mut ProviderOrder| {
    a.total = None;
    a.items.truncate(2);
})]
#[case::other_prices(AnswerField::Total, DIFFERENT, |a: &mut ProviderOrder| {
    a.total = None;
    a.items[0].price = Some(usd("3.28"));
})]
#[case::almost_the_total(AnswerField::Total, SAME, |a: &mut ProviderOrder| a.total = Some(usd("11.54009")))]
#[case::a_ten_thousandth_more(AnswerField::Total, DIFFERENT, |a: &mut ProviderOrder| a.total = Some(usd("11.5401")))]
#[case::a_ten_thousandth_less(AnswerField::Total, DIFFERENT, |a: &mut ProviderOrder| a.total = Some(usd("11.5399")))]
#[case::nothing_charged(AnswerField::Total, DIFFERENT, |a: &mut ProviderOrder| a.total = Some(usd("0")))]
#[case::euros(AnswerField::Total, NOT_TOLD, |a: &mut ProviderOrder| a.total = Some(euros("11.54")))]
#[case::euros(AnswerField::Currency, DIFFERENT, |a: &mut ProviderOrder| a.total = Some(euros("11.54")))]
#[case::nothing_charged(AnswerField::Currency, SAME, |a: &mut ProviderOrder| a.total = Some(usd("0")))]
fn a_field_is_the_same_or_different_or_not_told(
    #[case] field: AnswerField,
    #[case] expected: Comparison,
    #[case] change: Change,
) {
    let order = three();
    let mut changed = answer(&order);
    change(&mut changed);
    assert_eq!(compare(&order, &changed, field), expected);
    let differs = differences(&order, &changed).contains(&field);
    assert_eq!(differs, expected == DIFFERENT);
}

fn euros(text: &str) -> Money {
    Money::parse_amount(text, Currency::EUR).unwrap()
}

#[test]
fn esims_that_are_known_leave_no_room_for_others() {
    let scene = Scene::new().sent(1, 0);
    let known = settled(1, 5, placed(bought("po-1", &["e-1"])));
    let order = scene.with(known).order;
    for (id, expected) in [("e-1", SAME), ("e-2", DIFFERENT)] {
        let told = ProviderOrder {
            items: vec![item("one", id)],
            ..answer(&order)
        };
        assert_eq!(compare(&order, &told, AnswerField::Esims), expected, "{id}");
    }
}

#[rstest]
#[case::its_own_card(&[Some(CARD)], SAME)]
#[case::another_card(&[Some("8988303000007654321")], DIFFERENT)]
#[case::one_of_two_is_another(&[Some(CARD), Some("8988303000007654321")], DIFFERENT)]
#[case::no_card(&[None], NOT_TOLD)]
#[case::no_item(&[], NOT_TOLD)]
fn of_a_top_up_the_card_is_compared_and_no_esim(
    #[case] cards: &[Option<&str>],
    #[case] expected: Comparison,
) {
    let order = top_up();
    let told = ProviderOrder {
        items: cards
            .iter()
            .map(|card| ProviderOrderItem {
                iccid: card.map(|card| Iccid::parse(card).unwrap()),
                ..item("one", "e-9")
            })
            .collect(),
        ..answer(&order)
    };
    assert_eq!(compare(&order, &told, AnswerField::Iccid), expected);
    for field in [AnswerField::Esims, AnswerField::EsimCount] {
        assert_eq!(compare(&order, &told, field), NOT_TOLD, "{field:?}");
    }
}
