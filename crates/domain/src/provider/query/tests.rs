//! What each field of a query lets through.

use super::{PackageQuery, TopUpQuery};
use crate::package::{Destination, Geography, Place, Validity, ValidityStart};
use crate::provider::EsimKey;
use crate::{Currency, DataAllowance, DataSize, EsimId, Money, Package, PackageId, ProviderName};

fn id(text: &str) -> PackageId {
    PackageId::parse(text).unwrap()
}

/// A week with one gibibyte, sold for this place.
fn package(place: Place, code: &str) -> Package {
    Package {
        name: "Week".to_owned(),
        ..Package::new(
            ProviderName::parse("example").unwrap(),
            id("week"),
            Destination {
                place,
                code: code.to_owned(),
                name: "The Place".to_owned(),
            },
            DataAllowance::Fixed {
                size: DataSize::GIBIBYTE,
            },
            Validity {
                days: 7,
                starts: ValidityStart::FirstUse,
            },
            Money::zero(Currency::USD),
        )
    }
}

fn france() -> Package {
    package(Place::Country("FR".parse().unwrap()), "FR")
}

fn anything() -> PackageQuery {
    PackageQuery::default()
}

#[test]
fn each_field_of_a_query_narrows() {
    let country = |code: &str| PackageQuery {
        country: Some(code.parse().unwrap()),
        ..anything()
    };
    let code = |code: &str| PackageQuery {
        destination_code: Some(code.to_owned()),
        ..anything()
    };
    let name = |name: &str| PackageQuery {
        destination_name: Some(name.to_owned()),
        ..anything()
    };
    let reach = |geography| PackageQuery {
        geography: Some(geography),
        ..anything()
    };
    let days = |days| PackageQuery {
        days: Some(days),
        ..anything()
    };
    let data = |data| PackageQuery {
        data: Some(data),
        ..anything()
    };
    for (right, wrong) in [
        (country("FR"), country("DE")),
        (code(" fr "), code("f")),
        (name("the place"), name("place")),
        (reach(Geography::Local), reach(Geography::Global)),
        (days(7), days(8)),
        (data(DataSize::GIBIBYTE), data(DataSize::MEBIBYTE)),
        (PackageQuery::one(id("week")), PackageQuery::one(id("wee"))),
    ] {
        assert!(right.matches(&france()), "{right:?}");
        assert!(!wrong.matches(&france()), "{wrong:?}");
    }
    assert!(anything().matches(&france()));
    let unlimited = PackageQuery {
        unlimited: true,
        ..anything()
    };
    assert!(!unlimited.matches(&france()));
    let all_but_one = PackageQuery {
        days: Some(8),
        ..country("FR")
    };
    assert!(!all_but_one.matches(&france()));
}

#[test]
fn a_place_nobody_describes_is_where_its_code_says_and_reaches_as_asked() {
    let query = PackageQuery {
        country: Some("FR".parse().unwrap()),
        geography: Some(Geography::Regional),
        ..anything()
    };
    assert!(query.matches(&package(Place::Unknown, "fr")));
    assert!(!query.matches(&package(Place::Unknown, "DE")));
    assert!(!query.matches(&package(Place::Region, "FR")));
}

#[test]
fn a_query_of_top_ups_asks_the_same_of_what_is_sold() {
    let all = TopUpQuery::all(EsimKey::from_id(EsimId::parse("E-1").unwrap()));
    assert!(all.matches(&france()));
    for other in [
        TopUpQuery {
            days: Some(8),
            ..all.clone()
        },
        TopUpQuery {
            data: Some(DataSize::MEBIBYTE),
            ..all.clone()
        },
        TopUpQuery {
            unlimited: true,
            ..all.clone()
        },
        TopUpQuery {
            package: Some(id("wee")),
            ..all
        },
    ] {
        assert!(!other.matches(&france()), "{other:?}");
    }
}
