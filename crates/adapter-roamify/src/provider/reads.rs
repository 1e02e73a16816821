//! The reads: one request each, or two where the provider asks for a name we do not have.

use roamport_domain::provider::{DestinationFilter, ErrorKind, EsimKey, Operation, UsageQuery};
use roamport_domain::{Destination, Esim, Iccid, Money, Oddity, Usage};
use roamport_provider_http::Failure;

use crate::client::Client;
use crate::convert::{self, Unreadable};
use crate::wire::{BalanceData, CountriesData, OneOrMany, UsageBody, WireEsim};

type Result<T> = std::result::Result<T, Failure>;

/// A failure for an answer that lacks what it should hold.
pub(crate) fn unreadable(operation: Operation, problem: &Unreadable) -> Failure {
    Failure::unusable(
        operation,
        format!("the answer cannot be read: {}", problem.0),
    )
}

pub(crate) async fn destinations(
    client: &Client,
    filter: &DestinationFilter,
) -> Result<Vec<Destination>> {
    let operation = Operation::Destinations;
    let geography = filter
        .geography
        .map(|geography| ("geography", geography.as_str().into()));
    let call = client.read(
        operation,
        "/api/esim/countries",
        geography.into_iter().collect(),
    );
    let body = client.send(call).await?;
    let data = Client::decode::<CountriesData<'_>>(operation, &body)?;
    let mut destinations =
        convert::destinations(&data).map_err(|problem| unreadable(operation, &problem))?;
    // A place the provider gives no width for stays in: the filter was the provider's.
    if let Some(wanted) = filter.geography {
        destinations.retain(|place| place.geography().is_none_or(|found| found == wanted));
    }
    Ok(destinations)
}

pub(crate) async fn balance(client: &Client) -> Result<Money> {
    let operation = Operation::Balance;
    let body = client
        .send(client.read(operation, "/api/balance", Vec::new()))
        .await?;
    let data = Client::decode::<BalanceData<'_>>(operation, &body)?;
    convert::money(data.balance, data.currency.get())
        .and_then(|money| money.ok_or_else(|| Unreadable::new("`data.balance` is missing")))
        .map_err(|problem| unreadable(operation, &problem))
}

/// One eSIM, by exactly one of its names. An answer about another eSIM is no answer.
pub(crate) async fn esim(client: &Client, operation: Operation, key: &EsimKey) -> Result<Esim> {
    let parameter = match (key.id(), key.iccid()) {
        (Some(id), _) => ("esimId", id.as_str().into()),
        (None, Some(iccid)) => ("iccid", iccid.as_str().into()),
        (None, None) => unreachable!("a key bears at least one name"),
    };
    let body = client
        .send(client.read(operation, "/api/esim", vec![parameter]))
        .await?;
    let data = Client::decode(operation, &body)?;
    let raw = OneOrMany::of(data).all();
    let [only] = raw.as_slice() else {
        let words = format!("one eSIM was asked for and {} were answered", raw.len());
        return Err(Failure::unusable(operation, words));
    };
    let wire: WireEsim<'_> = serde_json::from_str(only.get())
        .map_err(|_| unreadable(operation, &Unreadable::new("`data` is no eSIM")))?;
    let esim = convert::esim(&wire, &client.name, key.id())
        .map_err(|problem| unreadable(operation, &problem))?;
    let same = match (key.id(), key.iccid()) {
        (Some(id), _) => esim.id() == id,
        (None, iccid) => esim.iccid() == iccid,
    };
    if same {
        Ok(esim)
    } else {
        Err(Failure::unusable(
            operation,
            "the answer is about another eSIM than was asked for",
        ))
    }
}

/// The card number, which comes with the profile.
pub(crate) fn iccid_of(esim: &Esim) -> Result<Iccid> {
    let odd = |oddity: &&Oddity| oddity.what == "ICCID";
    esim.iccid().cloned().ok_or_else(|| {
        let words = match esim.report().oddities.iter().find(odd) {
            Some(oddity) => format!("the ICCID of this eSIM cannot be read: {}", oddity.why),
            None => "this eSIM has no ICCID yet; generate its profile first".to_owned(),
        };
        Failure::not_sent(ErrorKind::Rejected, words)
    })
}

/// The card number of an eSIM that can be topped up.
pub(crate) async fn top_up_target(
    client: &Client,
    operation: Operation,
    key: &EsimKey,
) -> Result<Iccid> {
    let esim = esim(client, operation, key).await?;
    if esim.report().top_up == Some(false) {
        let words = "this eSIM cannot be topped up; buy a new one instead";
        return Err(Failure::not_sent(ErrorKind::Unsupported, words));
    }
    iccid_of(&esim)
}

/// Usage is asked for by ICCID. Where it has to be looked up, the flag is checked on the way.
pub(crate) async fn usage(client: &Client, query: &UsageQuery) -> Result<Usage> {
    let operation = Operation::Usage;
    let iccid = match query.esim.iccid() {
        Some(iccid) => iccid.clone(),
        None => usage_target(client, &query.esim).await?,
    };
    let path = if query.daily {
        "/api/esim/usage/details"
    } else {
        "/api/esim/usage"
    };
    let call = client.read(operation, path, vec![("iccid", iccid.as_str().into())]);
    let body = client.send(call).await.map_err(unsupported_usage)?;
    let data = Client::decode::<UsageBody<'_>>(operation, &body)?;
    let mut usage = convert::usage(&data, &client.name, client.clock.now());
    if usage.iccid.as_ref().is_some_and(|found| *found != iccid) {
        let words = "the answer is about another eSIM than was asked for";
        return Err(Failure::unusable(operation, words));
    }
    usage.iccid = Some(iccid);
    usage.esim = query.esim.id().cloned().or(usage.esim);
    Ok(usage)
}

async fn usage_target(client: &Client, key: &EsimKey) -> Result<Iccid> {
    let esim = esim(client, Operation::Usage, key).await?;
    if esim.report().usage_readable == Some(false) {
        let words =
            "the usage of this eSIM cannot be read; its notes say how the traveller checks it";
        return Err(Failure::not_sent(ErrorKind::Unsupported, words));
    }
    iccid_of(&esim)
}

/// The refusal for an eSIM without usage checks is a 400 whose words are not documented.
fn unsupported_usage(failure: Failure) -> Failure {
    let text = failure.message.to_ascii_lowercase();
    if failure.kind == ErrorKind::Rejected && text.contains("support") {
        Failure {
            kind: ErrorKind::Unsupported,
            ..failure
        }
    } else {
        failure
    }
}
