//! The calls that change something: buying, topping up, giving back, and what only this provider does.

use roamport_domain::esim::PlanState;
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, ErrorKind, EsimKey, Line, Operation, ProviderOrder, Purchase,
    PurchaseRequest, Refund,
};
use roamport_domain::{Currency, EsimId, Money, Reference};
use roamport_provider_http::{Effect, Failure};
use serde::Serialize;

use super::reads::{self, before_sending};
use crate::client::Client;
use crate::convert::{self, Unreadable, ten_thousandths};
use crate::error::{Code, meaning};
use crate::wire::{
    EsimName, MessageBody, OrderAnswer, OrderBody, OrderLine, TopUpAnswer, TopUpBody, WebhookBody,
};

type Result<T> = std::result::Result<T, Failure>;

/// Characters of a `transactionId` (reference: order).
const LONGEST_REFERENCE: usize = 50;
/// eSIMs in one order (reference: order).
pub(super) const ESIMS_PER_ORDER: u16 = 30;
/// Days that can be bought (reference: order).
const DAYS: std::ops::RangeInclusive<u16> = 1..=365;
/// Characters of a message (reference: lifecycle).
const LONGEST_MESSAGE: usize = 500;

fn refuse(words: impl Into<String>) -> Failure {
    Failure::not_sent(ErrorKind::Rejected, words)
}

fn unpriceable(problem: Unreadable) -> Failure {
    refuse(problem.0)
}

/// Buys. The body is a pure function of the purchase, and names every price and the total: one that
/// moved is refused, not charged.
pub(crate) async fn purchase(client: &Client, purchase: &Purchase) -> Result<ProviderOrder> {
    let transaction_id = transaction_id(&purchase.reference)?;
    match &purchase.request {
        PurchaseRequest::PlaceOrder { lines, start_date } => {
            if start_date.is_some() {
                let words = "eSIM Access takes no travel date: days begin with installation or first use; \
                             order without one";
                return Err(Failure::not_sent(ErrorKind::Unsupported, words));
            }
            let body = order_body(transaction_id, lines)?;
            let answer = send(client, purchase, "/esim/order", &body).await?;
            let wire = Client::decode::<OrderAnswer<'_>>(Effect::Purchase, &answer)?;
            convert::bought(&wire).map_err(|problem| bought_unread(&problem))
        }
        PurchaseRequest::TopUp {
            esim,
            iccid: _,
            package,
            unit_price,
            days,
        } => {
            let body = TopUpBody {
                esim_tran_no: esim.as_str(),
                package_code: package.as_str(),
                amount: top_up_price(*unit_price, *days)?,
                transaction_id,
                period_num: *days,
            };
            let answer = send(client, purchase, "/esim/topup", &body).await?;
            let wire = Client::decode::<TopUpAnswer<'_>>(Effect::Purchase, &answer)?;
            convert::topped_up(&wire, esim, &purchase.reference, package)
                .map_err(|problem| bought_unread(&problem))
        }
    }
}

async fn send(
    client: &Client,
    purchase: &Purchase,
    path: &'static str,
    body: &(impl Serialize + Sync),
) -> Result<Vec<u8>> {
    let operation = purchase.request.operation();
    let call = client.purchase(operation, path, body, purchase.window);
    client.send(call).await
}

fn order_body<'a>(transaction_id: &'a str, lines: &'a [Line]) -> Result<OrderBody<'a>> {
    if lines.is_empty() {
        return Err(refuse("an order needs at least one line"));
    }
    let esims: u32 = lines
        .iter()
        .map(|line| u32::from(line.quantity.get()))
        .sum();
    if esims > u32::from(ESIMS_PER_ORDER) {
        return Err(refuse(format!(
            "{esims} eSIMs were asked for and eSIM Access takes {ESIMS_PER_ORDER} in one order; split it"
        )));
    }
    let package_info_list = lines.iter().map(order_line).collect::<Result<_>>()?;
    let out_of_range = |_| refuse("the total of the order is out of range");
    let total = lines
        .iter()
        .try_fold(Money::zero(Currency::USD), |sum, line| {
            sum.checked_add(line.total()?)
        });
    Ok(OrderBody {
        transaction_id,
        amount: ten_thousandths(total.map_err(out_of_range)?).map_err(unpriceable)?,
        package_info_list,
    })
}

/// The price of a top-up, times its days if it is sold by the day.
fn top_up_price(unit_price: Money, sold_days: Option<u16>) -> Result<i64> {
    let price = match days(sold_days)? {
        Some(days) => unit_price
            .checked_times(days.into())
            .map_err(|_| refuse("the price of the top-up is out of range"))?,
        None => unit_price,
    };
    ten_thousandths(price).map_err(unpriceable)
}

fn order_line(line: &Line) -> Result<OrderLine<'_>> {
    Ok(OrderLine {
        package_code: line.package.as_str(),
        count: line.quantity.get(),
        price: ten_thousandths(line.unit_price).map_err(unpriceable)?,
        period_num: days(line.days)?,
    })
}

fn days(days: Option<u16>) -> Result<Option<u16>> {
    match days {
        Some(days) if !DAYS.contains(&days) => Err(refuse(format!(
            "{days} days were asked for and eSIM Access sells {} to {}",
            DAYS.start(),
            DAYS.end()
        ))),
        days => Ok(days),
    }
}

fn transaction_id(reference: &Reference) -> Result<&str> {
    let text = reference.as_str();
    if text.chars().count() > LONGEST_REFERENCE {
        return Err(refuse(format!(
            "the reference is longer than the {LONGEST_REFERENCE} characters eSIM Access takes"
        )));
    }
    Ok(text)
}

fn bought_unread(problem: &Unreadable) -> Failure {
    Failure::unusable(
        Effect::Purchase,
        format!("the answer cannot be read: {}", problem.0),
    )
}

/// Gives an eSIM back. A refusal for its state may mean that it was given back before, which the eSIM
/// tells.
pub(crate) async fn cancel(client: &Client, request: &CancelRequest) -> Result<CancelledEsim> {
    let operation = Operation::Cancel;
    let esim = reads::number_of(client, operation, &request.esim)
        .await
        .map_err(before_sending)?;
    let done = CancelledEsim {
        refund: Refund::AtOnce,
        amount: None,
    };
    let Err(refusal) = lifecycle(client, operation, "/esim/cancel", &esim).await else {
        return Ok(done);
    };
    if !matches!(meaning(&refusal), Some(Code::State | Code::AbnormalOrder)) {
        return Err(refusal);
    }
    match reads::esim(client, operation, &EsimKey::from_id(esim)).await {
        Ok(esim) if *esim.plan() == PlanState::Cancelled => Ok(done),
        Ok(_) => Err(refusal),
        Err(failure) if failure.kind == ErrorKind::NotFound => Err(failure),
        Err(failure) => Err(Failure {
            kind: ErrorKind::Ambiguous,
            effect: Effect::Change,
            message: format!(
                "its state does not allow this, and could not be read: {}",
                failure.message
            ),
            ..failure
        }),
    }
}

/// Cancel, suspend, unsuspend and revoke: the eSIM's number in, nothing out.
pub(crate) async fn lifecycle(
    client: &Client,
    operation: Operation,
    path: &'static str,
    esim: &EsimId,
) -> Result<()> {
    let body = EsimName {
        esim_tran_no: esim.as_str(),
    };
    let call = client.change(operation, path, &body);
    let answer = client.send(call).await?;
    Client::decode_empty(Effect::Change, &answer)
}

/// Sends a text message to an eSIM.
pub(crate) async fn send_sms(client: &Client, esim: &EsimId, message: &str) -> Result<()> {
    let length = message.chars().count();
    if length == 0 || length > LONGEST_MESSAGE {
        return Err(refuse(format!(
            "a message has 1 to {LONGEST_MESSAGE} characters, and this one has {length}"
        )));
    }
    let body = MessageBody {
        esim_tran_no: esim.as_str(),
        message,
    };
    let operation = Operation::Other("send_sms");
    let call = client.change(operation, "/esim/sendSms", &body);
    let answer = client.send(call).await?;
    Client::decode_empty(Effect::Change, &answer)
}

/// Has events sent to `address`. The provider tries it first.
pub(crate) async fn save_webhook(client: &Client, address: &str) -> Result<()> {
    let body = WebhookBody {
        webhook: Some(address.to_owned()),
    };
    let operation = Operation::Other("save_webhook");
    let call = client.change(operation, "/webhook/save", &body);
    let answer = client.send(call).await?;
    Client::decode_empty(Effect::Change, &answer)
}
