//! Orders put together from rows, and the ids of top-ups.

use rstest::rstest;

use super::*;
use crate::wire::EsimList;

const NOW: &str = "2026-11-20T09:30:00Z";

fn provider() -> ProviderName {
    ProviderName::parse("esim-access").unwrap()
}

fn id(text: &str) -> ProviderOrderId {
    ProviderOrderId::parse(text).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A row with its first plan and perhaps a top-up.
fn row(
    number: &str,
    order: &str,
    status: &str,
    made: &str,
    top_up: Option<(&str, &str)>,
) -> String {
    let more = top_up.map_or(String::new(), |(number, made)| {
        format!(
            r#",{{"packageCode":"TOPUP_P","createTime":"{made}","esimTranNo":"{number}","transactionId":"R-{number}"}}"#
        )
    });
    format!(
        r#"{{"esimTranNo":"{number}","orderNo":"{order}","transactionId":"R-{order}","ac":"LPA:1$a.test$K",
        "smdpStatus":"RELEASED","esimStatus":"{status}","packageList":[{{"packageCode":"P","createTime":"{made}",
        "esimTranNo":"{number}","transactionId":"R-{order}"}}{more}]}}"#
    )
}

fn with_rows<T>(rows: &[String], take: impl FnOnce(&[WireEsim<'_>]) -> T) -> T {
    let json = format!(r#"{{"esimList":[{}]}}"#, rows.join(","));
    let list: EsimList<'_> = serde_json::from_str(&json).unwrap();
    take(&list.rows().unwrap())
}

fn order(rows: &[String]) -> ProviderOrder {
    with_rows(rows, |rows| {
        order_of(&id("B1"), rows, &provider(), at(NOW))
            .unwrap()
            .unwrap()
    })
}

#[test]
fn an_order_is_all_rows_that_bear_its_number() {
    let made = "2026-11-20T09:00:00+0000";
    let order = order(&[
        row("1", "B1", "GOT_RESOURCE", made, None),
        row("2", "B2", "GOT_RESOURCE", made, None),
        row(
            "3",
            "B1",
            "IN_USE",
            "2026-11-20T08:59:00+0000",
            Some(("9", made)),
        ),
    ]);
    assert_eq!(order.reference, Some(Reference::parse("R-B1").unwrap()));
    assert_eq!(order.created_at, Some(at("2026-11-20T08:59:00Z")));
    assert_eq!(order.status, ProviderOrderStatus::Completed);
    let items: Vec<_> = order
        .items
        .iter()
        .map(|item| {
            (
                item.esim.as_ref().unwrap().as_str(),
                item.package.as_ref().unwrap().as_str(),
            )
        })
        .collect();
    assert_eq!(items, [("1", "P"), ("3", "P")]);
    assert!(order.items.iter().all(|item| item.profile.is_some()));
    assert_eq!(order.total, None);
}

#[rstest]
#[case(
    "GOT_RESOURCE",
    "2026-11-20T09:00:00+0000",
    ProviderOrderStatus::Completed
)]
#[case(
    "GOT_RESOURCE",
    "2026-11-20T09:25:00+0000",
    ProviderOrderStatus::Pending
)]
#[case(
    "GOT_RESOURCE",
    "2026-11-20T09:31:00+0000",
    ProviderOrderStatus::Pending
)]
#[case("CANCEL", "2026-11-20T09:29:00+0000", ProviderOrderStatus::Refunded)]
#[case("REVOKE", "2026-11-20T09:00:00+0000", ProviderOrderStatus::Completed)]
fn a_young_order_may_still_be_getting_esims(
    #[case] status: &str,
    #[case] made: &str,
    #[case] expected: ProviderOrderStatus,
) {
    assert_eq!(
        order(&[row("1", "B1", status, made, None)]).status,
        expected
    );
}

#[test]
fn an_order_is_given_back_only_where_all_of_it_is() {
    let made = "2026-11-20T09:00:00+0000";
    let rows = [
        row("1", "B1", "CANCEL", made, None),
        row("2", "B1", "GOT_RESOURCE", made, None),
    ];
    assert_eq!(order(&rows).status, ProviderOrderStatus::Completed);
}

#[test]
fn rows_of_other_orders_are_no_order() {
    let rows = [row("1", "B2", "GOT_RESOURCE", "", None)];
    let found = with_rows(&rows, |rows| {
        order_of(&id("B1"), rows, &provider(), at(NOW)).unwrap()
    });
    assert_eq!(found, None);
}

#[test]
fn orders_and_top_ups_since_a_moment_come_oldest_first() {
    let rows = [
        row("1", "B2", "IN_USE", "2026-11-20T09:02:00+0000", None),
        row(
            "2",
            "B1",
            "IN_USE",
            "2026-11-19T09:00:00+0000",
            Some(("9", "2026-11-20T09:01:00+0000")),
        ),
        row("3", "B3", "IN_USE", "2026-11-20T09:00:00+0000", None),
    ];
    let found = with_rows(&rows, |rows| {
        orders_since(rows, &provider(), at("2026-11-20T09:00:00Z"), at(NOW)).unwrap()
    });
    let shown: Vec<_> = found
        .iter()
        .map(|order| {
            (
                order.id.as_str(),
                order.reference.as_ref().unwrap().as_str(),
            )
        })
        .collect();
    assert_eq!(shown, [("B3", "R-B3"), ("2/9", "R-9"), ("B2", "R-B2")]);
}

#[test]
fn a_row_without_an_order_number_proves_nothing() {
    let json = r#"{"esimList":[{"esimTranNo":"1"}]}"#;
    let list: EsimList<'_> = serde_json::from_str(json).unwrap();
    let now = at(NOW);
    assert!(orders_since(&list.rows().unwrap(), &provider(), now, now).is_err());
}

#[rstest]
#[case("2/9", Some("R-9"))]
#[case("2/R-9", Some("R-9"))]
#[case("2/8", None)]
#[case("2/2", None)]
#[case("1/9", None)]
fn a_top_up_is_found_on_its_esim(#[case] text: &str, #[case] expected: Option<&str>) {
    let made = "2026-11-20T09:00:00+0000";
    let rows = [row("2", "B1", "IN_USE", made, Some(("9", made)))];
    let order = id(text);
    let found = with_rows(&rows, |rows| {
        top_up_order(&TopUpId::of(&order).unwrap(), rows, &provider()).unwrap()
    });
    let reference = found.as_ref().and_then(|order| order.reference.as_ref());
    assert_eq!(reference.map(Reference::as_str), expected);
    if let Some(found) = found {
        assert_eq!(
            (found.id, found.status),
            (order, ProviderOrderStatus::Completed)
        );
    }
}

fn top_up(json: &str) -> ProviderOrder {
    let wire: TopUpAnswer<'_> = serde_json::from_str(json).unwrap();
    let (esim, ours) = (EsimId::parse("2").unwrap(), Reference::parse("R").unwrap());
    topped_up(&wire, &esim, &ours, &PackageId::parse("TOPUP_P").unwrap()).unwrap()
}

#[rstest]
#[case(r#"{"topUpEsimTranNo":"9","transactionId":"R"}"#, "2/9", Some("R"))]
#[case(r#"{"topUpEsimTranNo":9}"#, "2/9", None)]
#[case(r#"{"transactionId":"R"}"#, "2/R", Some("R"))]
#[case("{}", "2/R", None)]
fn a_paid_top_up_is_never_lost_to_a_missing_field(
    #[case] json: &str,
    #[case] id: &str,
    #[case] reference: Option<&str>,
) {
    let order = top_up(json);
    assert_eq!(order.id.as_str(), id);
    assert_eq!(order.reference.as_ref().map(Reference::as_str), reference);
    assert_eq!(order.status, ProviderOrderStatus::Completed);
    assert_eq!(order.items[0].package.as_ref().unwrap().as_str(), "TOPUP_P");
}

#[test]
fn an_order_number_is_all_an_order_needs() {
    let read = |json: &str| bought(&serde_json::from_str::<OrderAnswer<'_>>(json).unwrap());
    let order = read(r#"{"orderNo":"B1","transactionId":["odd"]}"#).unwrap();
    assert_eq!((order.id, order.reference), (id("B1"), None));
    let kind = "is no identifier, but a broken text or a value of another kind";
    let noted: Vec<_> = order.oddities.iter().map(ToString::to_string).collect();
    assert_eq!(noted, [format!("reference: `transactionId` {kind}")]);
    for json in [
        "{}",
        r#"{"orderNo":""}"#,
        r#"{"orderNo":null,"transactionId":"R"}"#,
    ] {
        assert!(read(json).is_err(), "{json}");
    }
    assert!(TopUpId::of(&id("B26112009140001")).is_none());
}

#[test]
fn what_cannot_be_read_of_an_order_is_noted_once_and_told_apart_from_what_is_not_there() {
    let rows = ["1", "2"].map(|number| {
        row(number, "B1", "GOT_RESOURCE", "soon", Some(("9", "later")))
            .replace(r#""packageCode":"P""#, r#""packageCode":{"a":1}"#)
            .replace(r#""transactionId":"R-9""#, r#""transactionId":1.5"#)
    });
    let noted = |order: &ProviderOrder| -> Vec<String> {
        order.oddities.iter().map(ToString::to_string).collect()
    };
    let kind = "is no identifier, but a broken text or a value of another kind";
    let whole = order(&rows);
    assert_eq!(whole.created_at, None);
    assert_eq!(
        noted(&whole),
        [
            "creation: `createTime` is not a time".to_owned(),
            format!("package: `packageList.packageCode` {kind}"),
        ]
    );
    let listed = with_rows(&rows, |rows| {
        orders_since(rows, &provider(), at(NOW), at(NOW)).unwrap()
    });
    let listed_top_up = listed.iter().find(|order| order.id.as_str() == "1/9");
    assert_eq!(
        noted(listed_top_up.unwrap()),
        [
            format!("reference: `transactionId` {kind}"),
            "creation: `createTime` is not a time".to_owned(),
        ]
    );
    let made = "2026-11-20T09:00:00+0000";
    let plain = [row("1", "B1", "GOT_RESOURCE", made, None)];
    assert_eq!(noted(&order(&plain)), Vec::<String>::new());
    let topped = top_up(r#"{"topUpEsimTranNo":"9","iccid":"card"}"#);
    assert_eq!(noted(&topped), ["ICCID: `iccid` is no card number"]);
}
