//! The reads: destinations, eSIMs by either name, usage and the wallet.

use std::collections::HashSet;

use roamport_domain::provider::{
    CallClass, CallProof, DestinationFilter, ErrorKind, EsimKey, Operation, UsageQuery,
};
use roamport_domain::{Destination, Esim, EsimId, Iccid, Money, Usage};
use roamport_provider_http::{Effect, Failure, Request};

use crate::client::Client;
use crate::convert::{self, Unreadable};
use crate::error::{Code, meaning};
use crate::wire::{
    BalanceObject, EsimList, EsimQuery, LocationList, Nothing, Pager, UsageBody, UsageList,
    WireEsim, holds_nothing,
};

type Result<T> = std::result::Result<T, Failure>;

/// Where the names of places are.
pub(crate) const LOCATIONS: &str = "/location/list";
/// The last page a query may ask for (reference: pagination).
const LAST_PAGE: u32 = 10_000;
/// How often a list that moved is read again.
const RESTARTS: u8 = 2;
/// How many eSIMs one question about usage may name (reference: usage query).
pub(crate) const USAGE_BATCH: u16 = 10;

/// A failure for an answer to a read that lacks what it should hold.
pub(crate) fn unreadable(problem: &Unreadable) -> Failure {
    Failure::unusable(
        Effect::None,
        format!("the answer cannot be read: {}", problem.0),
    )
}

/// The same failure, before an effect: nothing of it was sent.
pub(crate) fn before_sending(failure: Failure) -> Failure {
    Failure {
        proof: CallProof::NotSent,
        ..failure
    }
}

pub(crate) async fn destinations(
    client: &Client,
    filter: &DestinationFilter,
) -> Result<Vec<Destination>> {
    let call = client.read(Operation::Destinations, LOCATIONS, &Nothing {});
    let body = client.send(call).await?;
    let data = Client::decode::<LocationList<'_>>(Effect::None, &body)?;
    let mut destinations = convert::destinations(&data).map_err(|problem| unreadable(&problem))?;
    // A place of unknown width stays in.
    if let Some(wanted) = filter.geography {
        destinations.retain(|place| place.geography().is_none_or(|found| found == wanted));
    }
    Ok(destinations)
}

pub(crate) async fn balance(client: &Client) -> Result<Money> {
    let call = client.read(Operation::Balance, "/balance/query", &Nothing {});
    let body = client.send(call).await?;
    let data = Client::decode::<BalanceObject<'_>>(Effect::None, &body)?;
    convert::money(data.balance, None)
        .and_then(|money| money.ok_or_else(|| Unreadable::new("`obj.balance` is missing")))
        .map_err(|problem| unreadable(&problem))
}

/// The pages of a query of eSIMs, all of them.
pub(crate) async fn pages(
    client: &Client,
    operation: Operation,
    class: CallClass,
    query: &EsimQuery<'_>,
) -> Result<Vec<Vec<u8>>> {
    whole_list(client, operation, class, query)
        .await
        .map(|list| list.pages)
}

/// The pages of a list.
pub(crate) struct Pages {
    pub(crate) pages: Vec<Vec<u8>>,
    /// Whether they hold as many eSIMs as the total that the provider states.
    pub(crate) is_whole: bool,
}

/// The pages of a query of eSIMs, and whether the provider's total proves that they are all. A list that
/// ends before the total it states has moved while it was read, and is read again.
pub(crate) async fn whole_list(
    client: &Client,
    operation: Operation,
    class: CallClass,
    query: &EsimQuery<'_>,
) -> Result<Pages> {
    for _ in 0..=RESTARTS {
        if let Some(pages) = pass(client, operation, class, query).await? {
            return Ok(pages);
        }
    }
    Err(Failure::unusable(
        Effect::None,
        "the list of eSIMs moved while it was read, several times in a row; read it again later",
    ))
}

/// One pass over the pages; `None` where they ended before their total. From the second page on, one without a list is
/// behind the last one.
async fn pass(
    client: &Client,
    operation: Operation,
    class: CallClass,
    query: &EsimQuery<'_>,
) -> Result<Option<Pages>> {
    let list = |pages, is_whole| Ok(Some(Pages { pages, is_whole }));
    let mut pages = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    let mut total: Option<usize> = None;
    for page_num in 1..=LAST_PAGE {
        let query = EsimQuery {
            pager: Pager {
                page_num,
                page_size: client.page_size,
            },
            ..query.clone()
        };
        let request = client.read(operation, "/esim/query", &query);
        let page = page(client, request.with_class(class)).await;
        let before = seen.len();
        match page {
            Err(failure) if page_num > 1 && failure.status == Some(404) => {}
            Err(failure) => return Err(failure),
            Ok(None) if page_num > 1 => {}
            Ok(None) => {
                let words = "the answer holds no list of eSIMs, not even an empty one";
                return Err(Failure::unusable(Effect::None, words));
            }
            Ok(Some(body)) => {
                let data = Client::decode::<EsimList<'_>>(Effect::None, &body)?;
                let rows = data
                    .rows()
                    .map_err(|problem| unreadable(&Unreadable(problem)))?;
                seen.extend(
                    rows.iter()
                        .map(|row| row.esim_tran_no.or_empty().to_owned()),
                );
                let stated = data.pager.and_then(|pager| pager.total.whole());
                total = stated
                    .and_then(|total| usize::try_from(total).ok())
                    .or(total);
                pages.push(body);
            }
        }
        let more = seen.len() > before;
        match total {
            Some(total) if seen.len() >= total => return list(pages, true),
            Some(_) if !more => return Ok(None),
            None if !more => return list(pages, false),
            _ => {}
        }
    }
    let words = format!("the list of eSIMs did not end within {LAST_PAGE} pages");
    Err(Failure::unusable(Effect::None, words))
}

/// The body of one page; `None` for one that has nothing in the place of its list.
async fn page(client: &Client, request: Request<'_>) -> Result<Option<Vec<u8>>> {
    let answer = client.answer(request).await?;
    let nothing = answer.status == 204 || holds_nothing(&answer.body, "esimList");
    Ok((!nothing).then_some(answer.body))
}

/// The rows of pages, each once.
pub(crate) fn rows(pages: &[Vec<u8>]) -> Result<Vec<WireEsim<'_>>> {
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for page in pages {
        let data = Client::decode::<EsimList<'_>>(Effect::None, page)?;
        let of_page = data
            .rows()
            .map_err(|problem| unreadable(&Unreadable(problem)))?;
        for row in of_page {
            if seen.insert(row.esim_tran_no.or_empty().to_owned()) {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

/// One eSIM. While its profile is being allocated it is one without an activation.
pub(crate) async fn esim(client: &Client, operation: Operation, key: &EsimKey) -> Result<Esim> {
    match (read(client, operation, key, |_, esim| esim).await, key.id()) {
        (Err(failure), Some(id)) if meaning(&failure) == Some(Code::Allocating) => {
            Ok(convert::allocating(id, &client.name))
        }
        (outcome, _) => outcome,
    }
}

/// One eSIM with its row, by its number where that is known. An answer about another one is no answer.
async fn read<T>(
    client: &Client,
    operation: Operation,
    key: &EsimKey,
    take: impl FnOnce(&WireEsim<'_>, Esim) -> T + Send,
) -> Result<T> {
    let query = match (key.id(), key.iccid()) {
        (Some(id), _) => EsimQuery {
            esim_tran_no: Some(id.as_str()),
            ..EsimQuery::default()
        },
        (None, iccid) => EsimQuery {
            iccid: iccid.map(Iccid::as_str),
            ..EsimQuery::default()
        },
    };
    let pages = pages(client, operation, CallClass::Read, &query).await?;
    let rows = rows(&pages)?;
    let answered = rows.len();
    let mut found = Vec::with_capacity(answered);
    for row in &rows {
        let esim = convert::esim(row, &client.name).map_err(|problem| unreadable(&problem))?;
        let same = match (key.id(), key.iccid()) {
            (Some(id), _) => esim.id() == id,
            (None, iccid) => esim.iccid() == iccid,
        };
        if same {
            found.push((row, esim));
        }
    }
    if found.is_empty() && answered > 0 {
        let words = "the answer is about another eSIM than was asked for";
        return Err(Failure::unusable(Effect::None, words));
    }
    let (row, esim) = the_one(found)?;
    Ok(take(row, esim))
}

/// The eSIM that is meant. Card numbers are reused, so one may have been borne by several: then it is
/// the only one that is not over. Where that does not decide, nobody guesses.
fn the_one<R>(mut found: Vec<(R, Esim)>) -> Result<(R, Esim)> {
    if found.len() > 1 {
        let live = found
            .iter()
            .filter(|(_, esim)| !convert::has_ended(esim))
            .count();
        if live != 1 {
            let words = format!(
                "{} eSIMs have borne this ICCID, {live} of them still usable: name the eSIM by its id",
                found.len()
            );
            return Err(Failure::not_sent(ErrorKind::Rejected, words));
        }
        found.retain(|(_, esim)| !convert::has_ended(esim));
    }
    found.pop().ok_or_else(|| Failure {
        proof: CallProof::Unknown,
        ..Failure::not_sent(ErrorKind::NotFound, "there is no such eSIM")
    })
}

/// The provider's number of an eSIM; read where only the ICCID is known.
pub(crate) async fn number_of(
    client: &Client,
    operation: Operation,
    key: &EsimKey,
) -> Result<EsimId> {
    match key.id() {
        Some(id) => Ok(id.clone()),
        None => esim(client, operation, key)
            .await
            .map(|esim| esim.id().clone()),
    }
}

/// The usage of one eSIM: its plan from the eSIM, its figures from the newer of the two sources.
pub(crate) async fn usage(client: &Client, query: &UsageQuery) -> Result<Usage> {
    let operation = Operation::Usage;
    let now = client.clock.now();
    let known = read(client, operation, &query.esim, |row, esim| {
        convert::from_esim(row, &esim, now)
    })
    .await?;
    let Some(id) = known.esim.clone() else {
        return Ok(known);
    };
    let figures = figures(client, operation, &[&id]).await?.pop().flatten();
    Ok(match figures {
        Some(figures) => Usage {
            data: figures.data,
            as_of: figures.as_of,
            oddities: [known.oddities, figures.oddities].concat(),
            ..known
        },
        None => known,
    })
}

/// The usage of several eSIMs in one question. Where only an ICCID is known, the number is read first.
pub(crate) async fn usage_batch(client: &Client, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
    let operation = Operation::UsageBatch;
    if esims.len() > usize::from(USAGE_BATCH) {
        let words =
            format!("at most {USAGE_BATCH} eSIMs are asked for at once; ask in several calls");
        return Err(Failure::not_sent(ErrorKind::Unsupported, words));
    }
    let mut numbers = Vec::with_capacity(esims.len());
    for key in esims {
        numbers.push(match number_of(client, operation, key).await {
            Ok(number) => Some(number),
            Err(failure) if failure.kind == ErrorKind::NotFound => None,
            Err(failure) => return Err(failure),
        });
    }
    let known: Vec<&EsimId> = numbers.iter().flatten().collect();
    let mut figures = figures(client, operation, &known).await?.into_iter();
    Ok(numbers
        .iter()
        .zip(esims)
        .map(|(number, key)| {
            number.as_ref()?;
            let usage = figures.next().flatten()?;
            let iccid = key.iccid().cloned();
            Some(Usage { iccid, ..usage })
        })
        .collect())
}

/// What the usage query tells of each, in their order. An eSIM named twice is asked for once.
async fn figures(
    client: &Client,
    operation: Operation,
    esims: &[&EsimId],
) -> Result<Vec<Option<Usage>>> {
    let mut asked: Vec<&str> = Vec::with_capacity(esims.len());
    for esim in esims {
        if !asked.contains(&esim.as_str()) {
            asked.push(esim.as_str());
        }
    }
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let body = UsageBody {
        esim_tran_no_list: asked,
    };
    let call = client.read(operation, "/esim/usage/query", &body);
    let answer = client.send(call).await?;
    let data = Client::decode::<UsageList<'_>>(Effect::None, &answer)?;
    let rows = data
        .rows()
        .map_err(|problem| unreadable(&Unreadable(problem)))?;
    let now = client.clock.now();
    Ok(esims
        .iter()
        .map(|esim| {
            let row = rows
                .iter()
                .find(|row| row.esim_tran_no.or_empty() == esim.as_str())?;
            Some(convert::usage(row, esim, &client.name, now))
        })
        .collect())
}
