//! Orders: kept whatever the answer looks like, as long as it has an id.

use roamport_domain::provider::{ProviderOrder, ProviderOrderItem, ProviderOrderStatus};
use roamport_domain::{EsimId, Money, Oddity, PackageId, ProviderName, ProviderOrderId, Reference};
use roamport_provider_http::json::{Reading, Text, list};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Unreadable, esim, money};
use crate::history::HistoryEntry;
use crate::wire::{WireEsim, WireItem, WireOrder};

/// Why a text names nothing.
const NO_ID: &str = "is no id";

/// The order of an answer. Nothing but the id is required: a paid order is never lost to an odd
/// field. What cannot be read is noted, and items that cannot be read are items nothing is known of.
pub(crate) fn order(
    wire: &WireOrder<'_>,
    provider: &ProviderName,
) -> Result<ProviderOrder, Unreadable> {
    let id = ProviderOrderId::parse(wire.id.or_empty())
        .map_err(|error| Unreadable::new(error.to_string()))?;
    let mut oddities = Vec::new();
    let reference = wire.reference_id.read();
    let reference = reference.or_note("reference", "referenceId", &mut oddities);
    let total = amount(wire.total, wire.currency.get());
    Ok(ProviderOrder {
        id,
        reference: reference.and_then(Reference::named),
        status: status(wire.status.or_empty()),
        total: total.or_note("total", "total", &mut oddities),
        items: items(wire, provider, &mut oddities),
        created_at: wire
            .created_at
            .read()
            .or_note("time", "createdAt", &mut oddities),
        oddities,
    })
}

fn status(text: &str) -> ProviderOrderStatus {
    match text.to_ascii_uppercase().as_str() {
        "PENDING" => ProviderOrderStatus::Pending,
        "COMPLETED" => ProviderOrderStatus::Completed,
        "CANCELLED" => ProviderOrderStatus::Cancelled,
        "REFUNDED" => ProviderOrderStatus::Refunded,
        // Not documented; other providers send it, and it must not look like one that is done.
        "PARTIALLY_REFUNDED" | "PARTIAL_REFUND" => ProviderOrderStatus::PartiallyRefunded,
        "REQUIRE_ACTION" => ProviderOrderStatus::ActionRequired,
        "ARCHIVED" => ProviderOrderStatus::Archived,
        _ => ProviderOrderStatus::Other(Text::new(text).name().unwrap_or_default()),
    }
}

fn amount(raw: Option<&RawValue>, currency: Option<&str>) -> Reading<Money> {
    match money(raw, currency) {
        Ok(None) => Reading::Absent,
        Ok(Some(amount)) => Reading::Present(amount),
        Err(_) => Reading::Unreadable("is no amount of a known currency"),
    }
}

/// The elements of a nested list; none where there is none.
fn elements<'a>(
    raw: Option<&'a RawValue>,
    field: &str,
    oddities: &mut Vec<Oddity>,
) -> Vec<&'a RawValue> {
    let reading = match raw {
        Some(raw) if raw.get() != "null" => {
            list(Some(raw)).map_or(Reading::Unreadable("is no list"), Reading::Present)
        }
        _ => Reading::Absent,
    };
    reading
        .or_note("eSIMs", field, oddities)
        .unwrap_or_default()
}

/// One element of that list.
fn element<'a, T: Deserialize<'a>>(
    raw: &'a RawValue,
    field: &str,
    oddities: &mut Vec<Oddity>,
) -> Option<T> {
    let object = raw.get().starts_with('{');
    let read = object.then(|| serde_json::from_str(raw.get()).ok());
    let reading = read.flatten().map_or(
        Reading::Unreadable("has one of another form"),
        Reading::Present,
    );
    reading.or_note("eSIM", field, oddities)
}

/// One entry per eSIM: `items` in a plain order, `esims` with their profiles in an instant one.
fn items(
    wire: &WireOrder<'_>,
    provider: &ProviderName,
    oddities: &mut Vec<Oddity>,
) -> Vec<ProviderOrderItem> {
    let mut items = Vec::new();
    for raw in elements(wire.items, "items", oddities) {
        let item = element::<WireItem<'_>>(raw, "items", oddities).unwrap_or_default();
        let package = item.package_id.read().then(NO_ID, PackageId::parse);
        let id = item.esim_id.read().then(NO_ID, EsimId::parse);
        let price = amount(item.price, item.currency.get().or(wire.currency.get()));
        items.push(ProviderOrderItem {
            package: package.or_note("package", "items.packageId", oddities),
            esim: id.or_note("eSIM id", "items.esimId", oddities),
            iccid: None,
            price: price.or_note("price", "items.price", oddities),
            profile: None,
        });
    }
    for raw in elements(wire.esims, "esims", oddities) {
        let profile = element::<WireEsim<'_>>(raw, "esims", oddities)
            .and_then(|wire| esim(&wire, provider, None).ok());
        let id = profile.as_ref().map(|profile| profile.id().clone());
        let known = items
            .iter_mut()
            .find(|item| id.is_some() && item.esim == id);
        match known {
            Some(item) => item.profile = profile,
            None => items.push(ProviderOrderItem {
                package: None,
                esim: id,
                iccid: None,
                price: None,
                profile,
            }),
        }
    }
    items
}

/// One entry of an eSIM's history.
pub(crate) fn history_entry(wire: &WireItem<'_>) -> Result<HistoryEntry, Unreadable> {
    let package = PackageId::parse(wire.package_id.or_empty())
        .map_err(|error| Unreadable::new(error.to_string()))?;
    let mut oddities = Vec::new();
    let created_at = wire.created_at.read();
    Ok(HistoryEntry {
        package,
        name: wire.package.name().unwrap_or_default(),
        price: money(wire.price, wire.currency.get())?,
        created_at: created_at.or_note("creation", "createdAt", &mut oddities),
        oddities,
    })
}

#[cfg(test)]
mod tests {
    use roamport_domain::Currency;
    use rstest::rstest;

    use super::*;

    fn read(json: &str) -> Result<ProviderOrder, Unreadable> {
        let wire: WireOrder<'_> = serde_json::from_str(json).unwrap();
        order(&wire, &ProviderName::parse("roamify").unwrap())
    }

    #[test]
    fn an_id_alone_is_an_order() {
        let order = read(r#"{"id":"o-1"}"#).unwrap();
        assert_eq!(order.id.as_str(), "o-1");
        assert_eq!(
            (order.reference, order.total, order.created_at),
            (None, None, None)
        );
        assert!(order.items.is_empty());
        assert_eq!(order.status, ProviderOrderStatus::Other(String::new()));
    }

    #[rstest]
    #[case(r#"{"status":"COMPLETED"}"#)]
    #[case(r#"{"id":""}"#)]
    #[case(r#"{"id":null}"#)]
    #[case(r#"{"id":{"a":1}}"#)]
    fn without_an_id_there_is_no_order(#[case] json: &str) {
        assert!(read(json).is_err());
    }

    #[test]
    fn odd_fields_lose_nothing_but_themselves() {
        let order = read(
            r#"{"id":77,"referenceId":["x"],"status":"WEIRD","total":"6.54","currency":"USD",
            "createdAt":"soon","items":[{"esimId":"e-1","packageId":"p","price":"3.27"},
            "nonsense",{"esimId":5,"price":{"a":1}}],"surprise":null}"#,
        )
        .unwrap();
        assert_eq!(order.id.as_str(), "77");
        assert_eq!(order.status, ProviderOrderStatus::Other("WEIRD".to_owned()));
        assert_eq!(
            order.total,
            Some(Money::parse_amount("6.54", Currency::USD).unwrap())
        );
        assert_eq!(order.items.len(), 3);
        assert_eq!(
            order.items[0].price,
            Some(Money::parse_amount("3.27", Currency::USD).unwrap())
        );
        assert_eq!(order.items[1], ProviderOrderItem::default());
        assert_eq!(order.items[2].esim, Some(EsimId::parse("5").unwrap()));
        assert_eq!(order.items[2].price, None);
        let noted: Vec<_> = order.oddities.iter().map(ToString::to_string).collect();
        assert_eq!(
            noted,
            [
                "reference: `referenceId` is no identifier, but a broken text or a value of another kind",
                "eSIM: `items` has one of another form",
                "price: `items.price` is no amount of a known currency",
                "time: `createdAt` is not a time",
            ]
        );
    }

    #[rstest]
    #[case(r#"{"id":"o","items":"none"}"#, &["eSIMs: `items` is no list"])]
    #[case(r#"{"id":"o","items":null}"#, &[])]
    #[case(r#"{"id":"o","items":{}}"#, &["eSIMs: `items` is no list"])]
    #[case(r#"{"id":"o","total":{},"currency":7}"#, &["total: `total` is no amount of a known currency"])]
    #[case(r#"{"id":"o","total":1,"currency":"MOON"}"#, &["total: `total` is no amount of a known currency"])]
    #[case(r#"{"id":"o","total":null}"#, &[])]
    #[case(r#"{"id":"o","total":""}"#, &[])]
    fn an_order_survives_lists_and_amounts_of_another_shape(
        #[case] json: &str,
        #[case] noted: &[&str],
    ) {
        let order = read(json).unwrap();
        assert!(order.items.is_empty());
        assert_eq!(order.total, None);
        let told: Vec<_> = order.oddities.iter().map(ToString::to_string).collect();
        assert_eq!(told, noted);
    }

    #[test]
    fn profiles_join_the_items_they_belong_to() {
        let order = read(
            r#"{"id":"o","items":[{"esimId":"e-1","packageId":"p"}],
            "esims":[{"id":"e-1","status":"READY"},{"id":"e-2","status":"NEW"},{"status":"READY"}]}"#,
        )
        .unwrap();
        assert_eq!(order.items.len(), 3);
        assert_eq!(order.items[0].package, Some(PackageId::parse("p").unwrap()));
        assert!(order.items[0].profile.is_some());
        assert_eq!(order.items[1].esim, Some(EsimId::parse("e-2").unwrap()));
        assert_eq!(order.items[2], ProviderOrderItem::default());
    }

    #[rstest]
    #[case("PENDING", ProviderOrderStatus::Pending)]
    #[case("completed", ProviderOrderStatus::Completed)]
    #[case("CANCELLED", ProviderOrderStatus::Cancelled)]
    #[case("REFUNDED", ProviderOrderStatus::Refunded)]
    #[case("partially_refunded", ProviderOrderStatus::PartiallyRefunded)]
    #[case("REQUIRE_ACTION", ProviderOrderStatus::ActionRequired)]
    #[case("ARCHIVED", ProviderOrderStatus::Archived)]
    #[case("Dancing", ProviderOrderStatus::Other("Dancing".to_owned()))]
    fn an_unknown_status_keeps_its_text(#[case] text: &str, #[case] expected: ProviderOrderStatus) {
        assert_eq!(status(text), expected);
    }

    #[test]
    fn an_unreadable_time_in_a_history_is_told() {
        let json = r#"{"packageId":"esim-x","price":1,"createdAt":"soon"}"#;
        let wire: WireItem<'_> = serde_json::from_str(json).unwrap();
        let entry = history_entry(&wire).unwrap();
        assert_eq!(entry.created_at, None);
        assert_eq!(entry.oddities[0].what, "creation");
    }
}
