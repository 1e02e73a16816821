//! Packages of both shapes, odd values included.

use roamport_domain::Currency;
use roamport_domain::Money;
use rstest::rstest;

use super::*;
use crate::wire;

fn provider() -> ProviderName {
    ProviderName::parse("roamify").unwrap()
}

/// A page with one package that has these fields beside id, price and days.
fn read(fields: &str) -> Result<Package, String> {
    let body = format!(
        r#"{{"status":"success","data":{{"packages":[{{"id":"g","countryName":"Portugal",
        "countryCode":"PT","packages":[{{"packageId":"p","package":"P","price":1.5,"day":7,{fields}}}]}}]}}}}"#
    );
    let data =
        wire::decode::<PackagesData<'_>>(body.as_bytes()).map_err(|error| format!("{error:?}"))?;
    let page = page(&data, &provider()).map_err(|problem| problem.0)?;
    Ok(page.packages.into_iter().next().unwrap())
}

fn fixed(bytes: u64) -> DataAllowance {
    DataAllowance::Fixed {
        size: DataSize::from_bytes(bytes),
    }
}

#[rstest]
#[case(r#""dataAmount":1024,"dataUnit":"MB""#, 1 << 30)]
#[case(r#""dataAmount":"1024","dataUnit":"mb""#, 1 << 30)]
#[case(r#""dataAmount":1.5,"dataUnit":"GB""#, 3 << 29)]
#[case(r#""dataAmount":512,"dataUnit":"KB""#, 512 << 10)]
#[case(r#""dataAmount":1024"#, 1 << 30)]
#[case(r#""dataAmount":-1,"dataUnit":"""#, 0)]
#[case(r#""dataAmount":0,"dataUnit":"MB""#, 0)]
#[case(r#""data":{"isUnlimited":false,"dataAmount":5120,"dataUnit":"MB"}"#, 5 << 30)]
fn data_is_counted_in_binary_units(#[case] fields: &str, #[case] bytes: u64) {
    assert_eq!(read(fields).unwrap().data, fixed(bytes));
}

#[rstest]
#[case(r#""dataAmount":1024,"dataUnit":"MB","isUnlimited":true"#, None)]
#[case(r#""dataAmount":9007199254740991,"dataUnit":"MB""#, None)]
#[case(r#""isUnlimited":"true""#, None)]
#[case(r#""data":{"isUnlimited":true}"#, None)]
#[case(
    r#""isUnlimited":true,"withThrottle":true"#,
    Some(FairUse { threshold: None, then: AfterLimit::Unknown })
)]
#[case(
    r#""isUnlimited":true,"throttle":{"throttleSpeed":"128","throttleSpeedUnit":"KBPS","throttleThreshold":2,"throttleThresholdUnit":"gb"}"#,
    Some(FairUse {
        threshold: Some(DataSize::from_bytes(2 << 30)),
        then: AfterLimit::Slowed { kilobits_per_second: 128 },
    })
)]
#[case(
    r#""isUnlimited":true,"throttle":{"throttleSpeed":0.5,"throttleSpeedUnit":"mbps","throttleThreshold":0.5}"#,
    Some(FairUse {
        threshold: Some(DataSize::from_bytes(1 << 29)),
        then: AfterLimit::Slowed { kilobits_per_second: 500 },
    })
)]
#[case(
    r#""isUnlimited":true,"throttle":{"throttleSpeed":1,"throttleSpeedUnit":"parsecs","throttleThreshold":2,"throttleThresholdUnit":"pages"}"#,
    Some(FairUse { threshold: None, then: AfterLimit::Unknown })
)]
fn unlimited_data_is_no_number(#[case] fields: &str, #[case] fair_use: Option<FairUse>) {
    assert_eq!(
        read(fields).unwrap().data,
        DataAllowance::Unlimited { fair_use }
    );
}

#[rstest]
#[case(r#""dataUnit":"MB""#, "`dataAmount` is missing")]
#[case(
    r#""dataAmount":"lots","dataUnit":"MB""#,
    "`dataAmount` is missing or no amount"
)]
#[case(r#""dataAmount":-7,"dataUnit":"MB""#, "`dataAmount`")]
#[case(r#""dataAmount":1,"dataUnit":"parsecs""#, "`dataUnit` is none of")]
fn a_package_whose_data_cannot_be_read_is_named(#[case] fields: &str, #[case] expected: &str) {
    let problem = read(fields).unwrap_err();
    assert!(problem.contains(expected), "{problem}");
    assert!(
        problem.starts_with("`data.packages[0].packages[0]` (package `p`): "),
        "{problem}"
    );
}

#[rstest]
#[case(r#"{"packageId":"p","price":1,"dataAmount":1}"#, "`day` is missing")]
#[case(
    r#"{"packageId":"p","price":1,"day":-1,"dataAmount":1}"#,
    "`day` is missing or no number"
)]
#[case(
    r#"{"packageId":"p","price":1,"day":7.5,"dataAmount":1}"#,
    "`day` is missing or no number"
)]
#[case(r#"{"packageId":"p","day":1,"dataAmount":1}"#, "`price` is missing")]
#[case(
    r#"{"packageId":"p","day":1,"price":-1,"dataAmount":1}"#,
    "`price` is missing or negative"
)]
#[case(
    r#"{"packageId":"p","day":1,"price":"free","dataAmount":1}"#,
    "is not an amount"
)]
#[case(
    r#"{"packageId":"p","day":1,"price":{"a":1},"dataAmount":1}"#,
    "is not an amount"
)]
#[case(
    r#"{"packageId":"p","day":1,"price":1,"currency":"EURO","dataAmount":1}"#,
    "ISO 4217"
)]
#[case(r#"{"day":1,"price":1,"dataAmount":1}"#, "package id is empty")]
fn what_an_order_needs_is_required(#[case] package: &str, #[case] expected: &str) {
    let list = format!("[{package}]");
    let problem = top_ups(&serde_json::from_str(&list).unwrap(), &provider()).unwrap_err();
    assert!(problem.0.contains(expected), "{problem:?}");
}

#[rstest]
#[case("1.46", "1.46")]
#[case("\"1.46\"", "1.46")]
#[case("9.809999999999999", "9.81")]
#[case("5", "5")]
#[case("0.0001", "0.0001")]
#[case("1e1", "10")]
#[case("0", "0")]
fn a_price_is_exact(#[case] literal: &str, #[case] expected: &str) {
    let json = format!(r#"[{{"packageId":"p","day":1,"dataAmount":1,"price":{literal}}}]"#);
    let found = top_ups(&serde_json::from_str(&json).unwrap(), &provider()).unwrap();
    assert_eq!(
        found[0].price,
        Money::parse_amount(expected, Currency::USD).unwrap()
    );
}

#[rstest]
#[case(r#""withCall":false,"callAmount":-1"#, Allowance::None)]
#[case(r#""dataUnit":"MB""#, Allowance::None)]
#[case(
    r#""withCall":true,"callAmount":60,"callUnit":"minutes""#,
    Allowance::Count(60)
)]
#[case(
    r#""withCall":true,"callAmount":"3600","callUnit":"seconds""#,
    Allowance::Count(60)
)]
#[case(r#""withCall":true,"callAmount":-1"#, Allowance::Included)]
#[case(r#""withCall":true"#, Allowance::Included)]
#[case(
    r#""withCall":true,"callAmount":9007199254740991"#,
    Allowance::Unlimited
)]
#[case(
    r#""withCall":true,"callType":"Unlimited","callAmount":-1"#,
    Allowance::Unlimited
)]
#[case(
    r#""call":{"withCall":true,"callAmount":30,"callUnit":"minutes"}"#,
    Allowance::Count(30)
)]
fn calls_are_read_from_either_place(#[case] fields: &str, #[case] expected: Allowance) {
    let package = read(&format!(r#""dataAmount":1,{fields}"#)).unwrap();
    assert_eq!(package.voice, expected);
    assert_eq!(package.sms, Allowance::None);
}

#[rstest]
#[case(r#""withThrottle":false,"throttle":{}"#, None)]
#[case(r#""throttle":{}"#, None)]
#[case(
    r#""withThrottle":false,"throttle":{"throttleSpeed":null,"throttleSpeedUnit":"kbps"}"#,
    None
)]
#[case(r#""withThrottle":true,"throttle":{}"#, Some(AfterLimit::Unknown))]
#[case(r#""withThrottle":true"#, Some(AfterLimit::Unknown))]
#[case(
    r#""withThrottle":false,"throttle":{"throttleSpeed":512}"#,
    Some(AfterLimit::Slowed { kilobits_per_second: 512 })
)]
fn an_empty_throttle_is_no_fair_use_limit(
    #[case] fields: &str,
    #[case] expected: Option<AfterLimit>,
) {
    let package = read(&format!(r#""isUnlimited":true,{fields}"#)).unwrap();
    let DataAllowance::Unlimited { fair_use } = package.data else {
        panic!("{:?}", package.data)
    };
    assert_eq!(fair_use.map(|limit| limit.then), expected);
}

#[test]
fn unknown_fields_and_words_pass() {
    let package = read(
        r#""dataAmount":1,"activation":"at-dawn","plan":"who-knows","brandNew":{"a":[1]},
        "requirements":{"travelDate":"true","passport":true},"notes":"one note","apn":null,
        "withHotspot":1,"isAPNAutomatic":"true""#,
    )
    .unwrap();
    assert_eq!(
        package.validity.starts,
        ValidityStart::Other("at-dawn".to_owned())
    );
    assert!(
        package.flags.travel_date_required && package.flags.hotspot && package.flags.apn_automatic
    );
    assert_eq!(package.notes, ["one note"]);
    assert_eq!(package.apn, None);
}

#[test]
fn a_group_without_packages_is_not_an_empty_one() {
    assert_eq!(
        refused(r#"{"packages":[{"id":"g"}]}"#),
        "`data.packages[0]` has a missing field `packages`"
    );
}

/// Why a page with this `data` cannot be read.
fn refused(data: &str) -> String {
    let data: PackagesData<'_> = serde_json::from_str(data).unwrap();
    page(&data, &provider()).err().unwrap().0
}

#[rstest]
#[case(
    r#"{"packages":[{"packages":[{"packageId":"good","price":1,"day":7,"dataAmount":1},
        {"packageId":"esim-x","price":1,"throttle":"fast"}]}]}"#,
    "`data.packages[0].packages[1].throttle` should be struct Throttle (package `esim-x`)"
)]
#[case(
    r#"{"packages":[{"packages":["gone"]}]}"#,
    "`data.packages[0].packages[0]` is no object"
)]
#[case(r#"{"packages":[[]]}"#, "`data.packages[0]` is no object")]
#[case(
    r#"{"packages":[{"signals":[5],"packages":[]}]}"#,
    "`data.packages[0]`: `signals[0]` is no object"
)]
fn what_cannot_be_read_is_named(#[case] data: &str, #[case] expected: &str) {
    assert_eq!(refused(data), expected);
}

#[test]
fn millions_of_empty_packages_are_counted_before_one_is_read() {
    let group = |count: usize| format!(r#"{{"packages":[{}]}}"#, vec!["{}"; count].join(","));
    let too_many = format!(r#"{{"packages":[{0},{0}]}}"#, group(60_000));
    assert_eq!(refused(&too_many), "a page holds more than 100000 packages");
    let one = format!(r#"{{"packages":[{}]}}"#, group(100_001));
    assert_eq!(
        refused(&one),
        "`data.packages[0].packages` holds more than 100000 elements"
    );
}

#[test]
fn a_text_of_any_kind_costs_its_package_nothing() {
    let long = "n".repeat(200_000);
    let package = read(&format!(
        r#""dataAmount":1,"notes":["half \ud83c","{long}"],"apn":"{long}","activation":"{long}""#
    ))
    .unwrap();
    assert_eq!(package.notes[0], "half \u{FFFD}");
    assert_eq!(package.notes[1].chars().count(), 2_000);
    assert_eq!(package.apn.unwrap().chars().count(), 200);
    let ValidityStart::Other(word) = package.validity.starts else {
        panic!("{:?}", package.validity.starts)
    };
    assert_eq!(word.chars().count(), 200);
}

#[test]
fn the_packages_of_a_group_share_their_area() {
    let body = include_str!("../../../../../fixtures/roamify/get-esim-packages.json");
    let data = wire::decode::<PackagesData<'_>>(body.as_bytes())
        .ok()
        .unwrap();
    let page = page(&data, &provider()).unwrap();
    assert!(Arc::ptr_eq(&page.packages[0].area, &page.packages[1].area));
    assert!(!Arc::ptr_eq(&page.packages[0].area, &page.packages[3].area));
}

#[rstest]
#[case(1 << 30, "1")]
#[case(3 << 29, "1.5")]
#[case(1 << 20, "0.0009765625")]
fn sizes_are_asked_for_as_plain_decimals(#[case] bytes: u64, #[case] expected: &str) {
    assert_eq!(gigabytes(DataSize::from_bytes(bytes)), expected);
}
