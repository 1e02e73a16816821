//! Packages of every `dataType`, and what becomes of odd values.

use rstest::rstest;

use super::*;

fn read(rows: &str) -> Result<Vec<Package>, Unreadable> {
    let json = format!(r#"{{"packageList":[{rows}]}}"#);
    let data: PackageList<'_> = serde_json::from_str(&json).unwrap();
    let provider = ProviderName::parse("esim-access").unwrap();
    packages(&data, &provider, &Places::default())
}

fn row(changes: &str) -> String {
    let plain = r#""packageCode":"P1","name":"One","price":19000,"currencyCode":"USD","volume":1024,
        "dataType":1,"duration":30,"durationUnit":"DAY","location":"ES","locationCode":"ES","activeType":1,
        "supportTopUpType":2,"fupPolicy":"""#;
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&format!("{{{plain}}}")).unwrap();
    let other: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&format!("{{{changes}}}")).unwrap();
    fields.extend(other);
    serde_json::to_string(&fields).unwrap()
}

fn one(changes: &str) -> Package {
    read(&row(changes)).unwrap().remove(0)
}

fn problem(changes: &str) -> String {
    read(&row(changes)).unwrap_err().0
}

#[test]
fn the_slug_is_the_packages_other_name_where_it_is_one() {
    let alias = |changes| one(changes).alias.map(|alias| alias.to_string());
    assert_eq!(alias(r#""slug":"ES_3_30""#).as_deref(), Some("ES_3_30"));
    for none in [r#""slug":"P1""#, r#""slug":"""#, r#""slug":null"#, ""] {
        assert_eq!(alias(none), None, "{none}");
    }
}

#[rstest]
#[case("1 Mbps", AfterLimit::Slowed { kilobits_per_second: 1000 })]
#[case("384 Kbps", AfterLimit::Slowed { kilobits_per_second: 384 })]
#[case("1.5Mbps", AfterLimit::Slowed { kilobits_per_second: 1500 })]
#[case("128kbps", AfterLimit::Slowed { kilobits_per_second: 128 })]
#[case("", AfterLimit::Unknown)]
#[case("slow", AfterLimit::Unknown)]
#[case("0 Kbps", AfterLimit::Unknown)]
#[case("5 Gbps", AfterLimit::Unknown)]
#[case("9999999999999 Mbps", AfterLimit::Unknown)]
fn a_speed_is_read_in_both_units(#[case] policy: &str, #[case] expected: AfterLimit) {
    assert_eq!(slowed_to(policy), expected);
}

#[rstest]
#[case(1, 2, None)]
#[case(1, 3, Some(DAYS))]
#[case(2, 1, Some(DAYS))]
#[case(3, 2, Some(DAYS))]
#[case(4, 3, Some(DAYS))]
fn a_day_plan_or_one_topped_up_by_days_is_sold_by_the_day(
    #[case] data_type: i64,
    #[case] top_up: i64,
    #[case] expected: Option<DayRange>,
) {
    let changes = format!(r#""dataType":{data_type},"supportTopUpType":{top_up}"#);
    assert_eq!(one(&changes).by_day, expected);
}

#[test]
fn data_is_bytes_in_all_or_by_the_day() {
    let size = DataSize::from_bytes(1024);
    assert_eq!(one("").data, DataAllowance::Fixed { size });
    let then = AfterLimit::Slowed {
        kilobits_per_second: 384,
    };
    assert_eq!(
        one(r#""dataType":2,"fupPolicy":"384 Kbps""#).data,
        DataAllowance::Daily {
            per_day: size,
            then
        }
    );
    let then = AfterLimit::Stopped;
    assert_eq!(
        one(r#""dataType":3,"fupPolicy":"384 Kbps""#).data,
        DataAllowance::Daily {
            per_day: size,
            then
        }
    );
    let unlimited = |fair_use| DataAllowance::Unlimited { fair_use };
    assert_eq!(one(r#""dataType":4,"volume":0"#).data, unlimited(None));
    let fair_use = FairUse {
        threshold: Some(size),
        then: AfterLimit::Unknown,
    };
    assert_eq!(one(r#""dataType":4"#).data, unlimited(Some(fair_use)));
}

#[rstest]
#[case(r#""price":null"#, "`price` is missing or negative")]
#[case(r#""price":-1"#, "`price` is missing or negative")]
#[case(r#""price":1.9"#, "an amount is no whole number of ten-thousandths")]
#[case(r#""currencyCode":"MOON""#, "`MOON` is not an ISO 4217 currency code")]
#[case(r#""volume":"much""#, "`volume` is missing or no number of bytes")]
#[case(r#""volume":-1"#, "`volume` is missing or no number of bytes")]
#[case(r#""dataType":9"#, "`dataType` is none of 1, 2, 3 and 4")]
#[case(r#""duration":70000"#, "`duration` is missing or no number of days")]
#[case(r#""durationUnit":"MONTH""#, "`durationUnit` is not `DAY`")]
fn a_package_that_cannot_be_read_is_named(#[case] changes: &str, #[case] expected: &str) {
    assert_eq!(
        problem(changes),
        format!("`obj.packageList[0]` (package `P1`): {expected}")
    );
}

#[test]
fn a_row_that_is_no_package_is_no_gap() {
    let rows = format!("{},7", row(""));
    assert_eq!(
        read(&rows).unwrap_err().0,
        "`obj.packageList[1]` is no package"
    );
    assert!(problem(r#""packageCode":"""#).contains("package id is empty"));
}

#[test]
fn odd_values_lose_nothing_but_themselves() {
    let package = one(
        r#""price":"19000","volume":"1024","dataType":"1","duration":"30","name":null,"activeType":"7",
        "unusedValidTime":0,"locationNetworkList":"none","new":{"a":1},"description":"Good""#,
    );
    assert_eq!(package.name, "P1");
    assert_eq!(package.price.to_string(), "1.90 USD");
    assert_eq!(package.install_within_days, None);
    assert_eq!(
        package.validity.starts,
        ValidityStart::Other("7".to_owned())
    );
    assert_eq!(package.notes, ["Good"]);
    assert_eq!(package.area.coverage.len(), 1);
}

#[test]
fn a_package_comes_once_and_places_are_shared() {
    let rows = [
        row(""),
        row(r#""packageCode":"P2""#),
        row(""),
        row(r#""packageCode":"P3","locationCode":"EU-2","location":"ES,PT""#),
    ]
    .join(",");
    let found = read(&rows).unwrap();
    let ids: Vec<_> = found.iter().map(|package| package.id.as_str()).collect();
    assert_eq!(ids, ["P1", "P2", "P3"]);
    assert!(Arc::ptr_eq(&found[0].area, &found[1].area));
    assert!(!Arc::ptr_eq(&found[0].area, &found[2].area));
    let covered: Vec<_> = found[2]
        .area
        .coverage
        .iter()
        .map(|covered| covered.name.as_str())
        .collect();
    assert_eq!(covered, ["ES", "PT"]);
}
