//! Orders: kept whatever the answer looks like, as long as it has an id.

use roamport_domain::provider::{ProviderOrder, ProviderOrderItem, ProviderOrderStatus};
use roamport_domain::{EsimId, Money, PackageId, ProviderName, ProviderOrderId, Reference};
use roamport_provider_http::json::{Text, list};
use serde_json::value::RawValue;

use super::{Unreadable, esim, known, money};
use crate::history::HistoryEntry;
use crate::wire::{WireEsim, WireItem, WireOrder};

/// The order of an answer. Nothing but the id is required: a paid order is never lost to an odd
/// field. Amounts that cannot be read are absent, items that cannot be read are items nothing is
/// known of.
pub(crate) fn order(
    wire: &WireOrder<'_>,
    provider: &ProviderName,
) -> Result<ProviderOrder, Unreadable> {
    let id = ProviderOrderId::parse(wire.id.or_empty())
        .map_err(|error| Unreadable::new(error.to_string()))?;
    Ok(ProviderOrder {
        id,
        reference: wire.reference_id.get().and_then(Reference::named),
        status: status(wire.status.or_empty()),
        total: amount(wire.total, wire.currency.get()),
        items: items(wire, provider),
        created_at: known(wire.created_at),
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

fn amount(raw: Option<&RawValue>, currency: Option<&str>) -> Option<Money> {
    money(raw, currency).unwrap_or_default()
}

/// One entry per eSIM: `items` in a plain order, `esims` with their profiles in an instant one.
fn items(wire: &WireOrder<'_>, provider: &ProviderName) -> Vec<ProviderOrderItem> {
    let mut items: Vec<_> = list(wire.items)
        .unwrap_or_default()
        .into_iter()
        .map(|raw| {
            let item: WireItem<'_> = serde_json::from_str(raw.get()).unwrap_or_default();
            ProviderOrderItem {
                package: PackageId::parse(item.package_id.or_empty()).ok(),
                esim: EsimId::parse(item.esim_id.or_empty()).ok(),
                iccid: None,
                price: amount(item.price, item.currency.get().or(wire.currency.get())),
                profile: None,
            }
        })
        .collect();
    for raw in list(wire.esims).unwrap_or_default() {
        let profile = serde_json::from_str::<WireEsim<'_>>(raw.get())
            .ok()
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
    Ok(HistoryEntry {
        package,
        name: wire.package.name().unwrap_or_default(),
        price: money(wire.price, wire.currency.get())?,
        created_at: known(wire.created_at),
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
    }

    #[rstest]
    #[case(r#"{"id":"o","items":"none"}"#)]
    #[case(r#"{"id":"o","items":null}"#)]
    #[case(r#"{"id":"o","items":{}}"#)]
    #[case(r#"{"id":"o","total":{},"currency":7}"#)]
    #[case(r#"{"id":"o","total":1,"currency":"MOON"}"#)]
    fn an_order_survives_lists_and_amounts_of_another_shape(#[case] json: &str) {
        let order = read(json).unwrap();
        assert!(order.items.is_empty());
        assert_eq!(order.total, None);
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
}
