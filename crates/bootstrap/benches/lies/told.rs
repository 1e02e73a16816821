//! What an answer says, read by the provider's documentation and by nothing of the adapters.

use roamport_sandbox::Dialect;

use super::json::Json;
use super::transcript::{Answer, Call, Exchange};

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// No whole answer came.
    Nothing,
    /// None of the documented forms.
    Undocumented,
    /// A documented form of failure.
    Failure,
    Orders(Vec<OrderRow>),
    Esims(Vec<EsimRow>),
    /// In ten-thousandths of a dollar.
    Wallet(i64),
    /// A documented success that the judge has no use for.
    Other,
}

/// An order, as far as the answer names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OrderRow {
    pub(crate) id: Option<String>,
    pub(crate) reference: Option<String>,
    /// One for each eSIM, where the answer tells them all.
    pub(crate) packages: Option<Vec<String>>,
    pub(crate) esims: Vec<EsimRow>,
    pub(crate) total: Option<i64>,
    pub(crate) currency: Option<String>,
    /// The card that was topped up.
    pub(crate) iccid: Option<String>,
}

/// An eSIM, as far as the answer names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EsimRow {
    pub(crate) id: Option<String>,
    pub(crate) iccid: Option<String>,
    pub(crate) code: Option<String>,
    /// Whether it can never be used.
    pub(crate) dead: bool,
}

const DEAD: [&str; 10] = [
    "DELETED",
    "EXPIRED",
    "FAILED",
    "SUSPENDED",
    "REVOKED",
    "REVOKE",
    "CANCEL",
    "CANCELLED",
    "USED_EXPIRED",
    "UNUSED_EXPIRED",
];

/// Reads an answer.
pub(crate) fn told(dialect: Dialect, exchange: &Exchange) -> Told {
    let Answer::Whole { status, body, .. } = &exchange.answer else {
        return Told::Nothing;
    };
    let Some(body) = Json::parse(body) else {
        return Told::Undocumented;
    };
    match dialect {
        Dialect::Roamify => roamify(exchange.call, *status, &body),
        Dialect::EsimAccess => esim_access(exchange.call, *status, &body),
    }
}

/// Whether the answer says of itself that it comes out of a cache.
pub(crate) fn is_stale(answer: &Answer) -> bool {
    let Answer::Whole { headers, .. } = answer else {
        return false;
    };
    headers.iter().any(|(name, value)| {
        (name.eq_ignore_ascii_case("age") && value.trim() != "0")
            || (name.to_ascii_lowercase().contains("cache")
                && value.to_ascii_lowercase().contains("hit"))
    })
}

fn roamify(call: Call, status: u16, body: &Json) -> Told {
    let word = body.get("status").and_then(Json::as_text);
    let fields = body.as_object().map_or(0, <[_]>::len);
    let message = body.get("message").and_then(Json::as_text).is_some();
    if status >= 400 {
        let failed = message && word == Some("failed");
        let refused =
            status == 400 && fields == 1 && body.get("error").and_then(Json::as_text).is_some();
        return if failed || refused {
            Told::Failure
        } else {
            Told::Undocumented
        };
    }
    let documented = matches!(status, 200 | 201) && word == Some("success");
    let (true, Some(data), true) = (documented, body.get("data"), no_error(body)) else {
        return Told::Undocumented;
    };
    let told = match call {
        Call::Purchase | Call::TopUp | Call::FindById => {
            roamify_order(data).map(|row| Told::Orders(vec![row]))
        }
        Call::FindByReference | Call::List => {
            rows(data.get("orders"), roamify_order).map(Told::Orders)
        }
        Call::Provision if data.as_list().is_some() => {
            rows(Some(data), roamify_esim).map(Told::Esims)
        }
        Call::Provision | Call::Esim => roamify_esim(data).map(|row| Told::Esims(vec![row])),
        Call::Wallet => literal(data, "balance")
            .and_then(|text| dollars(&text))
            .map(Told::Wallet),
        _ => Some(Told::Other),
    };
    told.unwrap_or(Told::Undocumented)
}

/// No field says that something went wrong.
fn no_error(body: &Json) -> bool {
    let names = ["error", "errors", "errorMessage"];
    names.iter().all(|name| match body.get(name) {
        None | Some(Json::Null | Json::Bool(false)) => true,
        Some(Json::Text(text)) => text.is_empty() || text == "0",
        Some(Json::Number(text)) => text == "0",
        Some(Json::List(values)) => values.is_empty(),
        Some(Json::Object(fields)) => fields.is_empty(),
        Some(Json::Bool(true)) => false,
    })
}

fn rows<T>(list: Option<&Json>, read: fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    list?.as_list()?.iter().map(read).collect()
}

/// The literal text of a field. A field that stands there twice with two values says nothing, nor does a text
/// that is longer than any id, steers a terminal or holds half a character.
fn literal(value: &Json, name: &str) -> Option<String> {
    let fields = value.as_object()?;
    let mut named = fields.iter().filter(|(field, _)| field == name);
    let (_, first) = named.next()?;
    if named.any(|(_, other)| other != first) {
        return None;
    }
    let text = first.as_literal()?;
    let is_plain = text.len() <= LONGEST_ID && !text.chars().any(steers);
    is_plain.then(|| text.to_owned())
}

/// The longest text that names anything.
const LONGEST_ID: usize = 255;

fn steers(character: char) -> bool {
    character.is_control()
        || character == char::REPLACEMENT_CHARACTER
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A card number has 16 to 22 digits; another text is none.
fn card(value: &Json) -> Option<String> {
    literal(value, "iccid").filter(|text| {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        (16..=22).contains(&digits)
    })
}

fn roamify_order(value: &Json) -> Option<OrderRow> {
    value.as_object()?;
    let items = match (value.get("items"), value.get("esims")) {
        (Some(items), _) => items.as_list()?,
        (None, _) => &[],
    };
    let packages: Option<Vec<String>> = items
        .iter()
        .map(|item| literal(item, "packageId"))
        .collect();
    let named = items.iter().map(|item| EsimRow {
        id: literal(item, "esimId"),
        ..EsimRow::default()
    });
    let profiles = value.get("esims").and_then(Json::as_list);
    let profiles = profiles.unwrap_or_default().iter().filter_map(roamify_esim);
    Some(OrderRow {
        id: Some(literal(value, "id")?),
        reference: literal(value, "referenceId"),
        packages: packages.filter(|packages| !packages.is_empty()),
        esims: named.chain(profiles).collect(),
        total: literal(value, "total").and_then(|text| dollars(&text)),
        currency: literal(value, "currency"),
        iccid: None,
    })
}

fn roamify_esim(value: &Json) -> Option<EsimRow> {
    value.as_object()?;
    let profile = value.get("esim");
    Some(EsimRow {
        id: literal(value, "id"),
        iccid: card(value),
        code: profile.and_then(|profile| literal(profile, "lpaCode")),
        dead: is_dead(value.get("status")),
    })
}

fn is_dead(state: Option<&Json>) -> bool {
    let state = state.and_then(Json::as_text).unwrap_or_default();
    DEAD.contains(&state.to_ascii_uppercase().as_str())
}

fn esim_access(call: Call, status: u16, body: &Json) -> Told {
    let success = match body.get("success") {
        Some(Json::Bool(success)) => *success,
        Some(Json::Text(text)) => match text.as_str() {
            "true" => true,
            "false" => false,
            _ => return Told::Undocumented,
        },
        _ => return Told::Undocumented,
    };
    let code = body.get("errorCode").and_then(Json::as_literal);
    if status != 200 {
        return Told::Undocumented;
    }
    if !success {
        let coded = code.is_some_and(|code| code != "0");
        return if coded {
            Told::Failure
        } else {
            Told::Undocumented
        };
    }
    if code.is_some_and(|code| code != "0") || !no_error(body) {
        return Told::Undocumented;
    }
    let Some(obj) = body.get("obj") else {
        return Told::Undocumented;
    };
    let told = match call {
        Call::Purchase => esim_access_order(obj).map(|row| Told::Orders(vec![row])),
        Call::TopUp => obj.as_object().map(|_| {
            Told::Orders(vec![OrderRow {
                reference: literal(obj, "transactionId"),
                iccid: card(obj),
                ..OrderRow::default()
            }])
        }),
        Call::FindById | Call::List => rows(obj.get("esimList"), esim_access_row).map(Told::Orders),
        Call::Esim | Call::Provision => {
            rows(obj.get("esimList"), esim_access_esim).map(Told::Esims)
        }
        Call::Wallet => obj.get("balance").and_then(units).map(Told::Wallet),
        _ => Some(Told::Other),
    };
    told.unwrap_or(Told::Undocumented)
}

fn esim_access_order(value: &Json) -> Option<OrderRow> {
    Some(OrderRow {
        id: Some(literal(value, "orderNo")?),
        reference: literal(value, "transactionId"),
        ..OrderRow::default()
    })
}

/// One eSIM of an order: the provider has no object for the order itself.
fn esim_access_row(value: &Json) -> Option<OrderRow> {
    let esim = esim_access_esim(value)?;
    let plans = value.get("packageList").and_then(Json::as_list);
    let first = plans.and_then(<[Json]>::first);
    Some(OrderRow {
        id: literal(value, "orderNo"),
        reference: literal(value, "transactionId"),
        packages: first
            .and_then(|plan| literal(plan, "packageCode"))
            .map(|package| vec![package]),
        esims: vec![esim],
        ..OrderRow::default()
    })
}

fn esim_access_esim(value: &Json) -> Option<EsimRow> {
    value.as_object()?;
    Some(EsimRow {
        id: literal(value, "esimTranNo"),
        iccid: card(value),
        code: literal(value, "ac"),
        dead: is_dead(value.get("esimStatus")) || is_dead(value.get("smdpStatus")),
    })
}

/// Whole ten-thousandths.
fn units(value: &Json) -> Option<i64> {
    value.as_literal()?.parse().ok()
}

/// An amount in dollars, as ten-thousandths.
fn dollars(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 4 {
        return None;
    }
    let decimals: String = decimals.chars().chain("0000".chars()).take(4).collect();
    let (whole, decimals): (i64, i64) = (whole.parse().ok()?, decimals.parse().ok()?);
    let whole = whole.checked_mul(10_000)?;
    if text.starts_with('-') {
        whole.checked_sub(decimals)
    } else {
        whole.checked_add(decimals)
    }
}
