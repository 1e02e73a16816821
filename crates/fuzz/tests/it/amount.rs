//! Every text and every JSON value that claims to be an amount or a number.

use roamport_domain::Money;
use roamport_domain::money::Currency;
use roamport_fuzz::Cursor;
use roamport_fuzz::edit::{edit_bytes, edit_text};
use roamport_provider_http::json::{
    Flag, Identifier, Number, Reading, Text, WireTime, amount_text,
};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

const SAMPLES: [&str; 20] = [
    "3.27",
    "9.809999999999999",
    "1000",
    "-0.0001",
    "0",
    "1e2",
    "1.9E+4",
    "1e-7",
    "19000.0",
    "1000000000000",
    "1000000000000.000001",
    "9223372036854775807",
    "18446744073709551615",
    "79228162514264337593543950335",
    "0.0000000000000000000000000001",
    "1e28",
    "1e-28",
    "1795003202",
    "1795003202000",
    "2026-11-20T09:14:07+0000",
];

const FRAGMENTS: [&str; 16] = [
    "0",
    "9",
    "-",
    "+",
    ".",
    "e",
    "E",
    "e-",
    "_",
    " ",
    "00000000000000",
    "99999999999999",
    "\0",
    "\u{661}",
    ",",
    "x",
];

const CURRENCIES: [Currency; 4] = [Currency::USD, Currency::JPY, Currency::KWD, Currency::XXX];

fn read(mut cursor: Cursor<'_>) {
    let text = edit_text(&SAMPLES, &FRAGMENTS, &mut cursor);
    let text = String::from_utf8_lossy(&text).into_owned();
    let currency = CURRENCIES[usize::from(cursor.byte()) % CURRENCIES.len()];
    check_money(&text, currency);
    let mut code = currency.code().as_bytes().to_vec();
    edit_bytes(&mut code, &mut cursor);
    let code = String::from_utf8_lossy(&code).into_owned();
    if let Ok(currency) = Money::parse_currency(&code) {
        assert_eq!(currency.code(), code.trim().to_ascii_uppercase());
    }
    check_json(&text);
    check_json(&serde_json::to_string(&text).unwrap());
}

fn check_money(text: &str, currency: Currency) {
    let Ok(money) = Money::parse_amount(text, currency) else {
        return;
    };
    let amount = money.amount();
    assert!(
        amount.abs() <= Decimal::from(1_000_000_000_000_i64) && amount.scale() <= 6,
        "{amount}"
    );
    if let Some(expected) = plain(text) {
        assert_eq!(amount.to_string(), expected, "{text:?}");
    }
    let shown = money.to_string();
    let (shown, code) = shown.rsplit_once(' ').expect("an amount and a currency");
    assert_eq!(code, currency.code());
    assert_eq!(Money::parse_amount(shown, currency), Ok(money), "{text:?}");
    let stored = serde_json::to_string(&money).unwrap();
    assert_eq!(
        serde_json::from_str::<Money>(&stored).unwrap(),
        money,
        "{stored}"
    );
    assert_eq!(money.is_negative(), amount < Decimal::ZERO);
    let rounded = money.rounded_for_display();
    assert!(
        (rounded.amount() - amount).abs() < Decimal::ONE,
        "{rounded} of {amount}"
    );
    for sum in [money.checked_add(money), money.checked_times(2)] {
        let doubled = Decimal::TWO * amount;
        let fits = doubled.abs() <= Decimal::from(1_000_000_000_000_i64);
        assert_eq!(
            sum.ok().map(|sum| sum.amount()),
            fits.then(|| doubled.normalize())
        );
    }
    assert_eq!(money.checked_sub(money), Ok(Money::zero(currency)));
}

/// What a plain decimal with at most six decimals says, digit by digit, in the shortest form.
fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 6 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole = Some(whole.trim_start_matches('0'))
        .filter(|whole| !whole.is_empty())
        .unwrap_or("0");
    let fraction = fraction.trim_end_matches('0');
    let is_zero = whole == "0" && fraction.is_empty();
    let sign = if text.starts_with('-') && !is_zero {
        "-"
    } else {
        ""
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// The readers of a JSON value: each takes any value, and none changes a digit.
fn check_json(json: &str) {
    let Ok(raw) = serde_json::from_str::<&RawValue>(json) else {
        return;
    };
    let json = raw.get();
    let inner = amount_text(raw);
    assert!(inner.is_none_or(|inner| json.contains(inner)), "{json}");
    let number: Number = serde_json::from_str(json).unwrap();
    if let Some(whole) = number.whole() {
        assert_eq!(number.decimal(), Some(Decimal::from(whole)));
        if let Some(expected) = inner.and_then(plain) {
            assert_eq!(whole.to_string(), expected, "{json}");
        }
    }
    if let (Some(decimal), Some(expected)) = (number.decimal(), inner.and_then(plain)) {
        assert_eq!(decimal.normalize().to_string(), expected, "{json}");
    }
    let identifier: Identifier<'_> = serde_json::from_str(json).unwrap();
    if let (Some(id), false) = (identifier.get(), json.starts_with('"')) {
        assert_eq!(id, json, "an identifier is what is written");
    }
    let text: Text<'_> = serde_json::from_str(json).unwrap();
    assert!(text.or_empty().chars().count() <= 2_000);
    let flag: Flag = serde_json::from_str(json).unwrap();
    assert!(!(flag.is_set() && flag.is_refused()));
    let time: WireTime = serde_json::from_str(json).unwrap();
    if let Reading::Present(moment) = time.read() {
        let again = serde_json::to_string(&moment.to_string()).unwrap();
        let again: WireTime = serde_json::from_str(&again).unwrap();
        assert_eq!(again.read(), Reading::Present(moment), "{json}");
    }
}

#[test]
fn no_digit_of_an_amount_is_lost_on_the_way() {
    roamport_fuzz::target!("amount", read);
}
