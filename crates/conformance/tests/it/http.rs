//! The suite of adapters over HTTP passes an honest one, and finds broken ones out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use roamport_conformance::Verdict;
use roamport_conformance::http::{HttpHarness, SUITE};
use roamport_conformance::suite::{Making, Tally};
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, ErrorKind, EsimKey, FoundOrders, Operation,
    OrderLookup, PackageQuery, ProviderOrder, ProvisionRequest, Purchase, Result, TopUpQuery,
    UsageQuery,
};
use roamport_domain::{
    Capabilities, Destination, Esim, EsimProvider, Iccid, Money, Package, ProviderError,
    ProviderName, Secret, Usage,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

const TOKEN: &str = "http-token-5d07";
const ICCID: &str = "8988303000001234567";

/// What an adapter does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    SendsAgain,
    CallsADoubtARefusal,
    TakesHalfARefusal,
    KeepsConnections,
    CallsALostReadADoubt,
    ReadsAnything,
    TakesAnyAnswer,
    KnowsNoPause,
    RepeatsTheAnswer,
    ShowsTheUrl,
    ShowsItsToken,
    HidesItsAddress,
}

/// Status, `Retry-After` and body of an answer; `None` where a part of it is missing.
struct Answer {
    status: u16,
    pause: Option<Duration>,
    body: Option<String>,
}

/// An adapter to a shop that answers `{"balance":"1.00"}` and `{"order":"o-1"}`.
struct Shop {
    name: ProviderName,
    address: String,
    timeout: Duration,
    flaw: Flaw,
    kept: Mutex<Option<TcpStream>>,
}

impl fmt::Debug for Shop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match self.flaw {
            Flaw::ShowsItsToken => format!("{} {TOKEN}", self.address),
            Flaw::HidesItsAddress => String::new(),
            _ => self.address.clone(),
        };
        formatter.debug_tuple("Shop").field(&shown).finish()
    }
}

impl Shop {
    fn error(&self, operation: Operation, kind: ErrorKind, words: &str) -> ProviderError {
        ProviderError::new(kind, self.name.clone(), operation, words)
    }

    /// Sends one request; the answer as far as it came, or why there is none.
    async fn send(&self, path: &str) -> std::io::Result<Answer> {
        let mut kept = self.kept.lock().await;
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => TcpStream::connect(&self.address).await?,
        };
        let request = format!("POST {path} HTTP/1.1\r\nAuthorization: {TOKEN}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut text = String::new();
        let mut buffer = [0; 4096];
        let answer = loop {
            let count = stream.read(&mut buffer).await?;
            text.push_str(&String::from_utf8_lossy(&buffer[..count]));
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                if count == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            };
            let header = |name: &str| {
                let line = head.lines().find_map(|line| line.strip_prefix(name))?;
                line.trim().parse::<u64>().ok()
            };
            let length = header("Content-Length:").and_then(|length| length.try_into().ok());
            let is_whole = body.len() >= length.unwrap_or(0);
            if is_whole || count == 0 {
                break Answer {
                    status: head[9..12].parse().unwrap(),
                    pause: header("Retry-After:").map(Duration::from_secs),
                    body: is_whole.then(|| body.to_owned()),
                };
            }
        };
        if self.flaw == Flaw::KeepsConnections {
            *kept = Some(stream);
        }
        Ok(answer)
    }

    /// The value of a field of an answer to a call, in time.
    async fn ask(&self, operation: Operation, path: &str, field: &str) -> Result<String> {
        let sent = tokio::time::timeout(self.timeout, self.send(path)).await;
        let mut sent = sent.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
        if sent.is_err() && self.flaw == Flaw::SendsAgain {
            sent = self.send(path).await;
        }
        let answer = sent.map_err(|error| self.lost(operation, path, &error.to_string()))?;
        let Some(body) = answer.body else {
            if self.flaw == Flaw::TakesHalfARefusal && answer.status == 400 {
                return Err(self.error(operation, ErrorKind::Rejected, "refused"));
            }
            return Err(self.lost(operation, path, "it broke off"));
        };
        let value = body
            .strip_prefix(&format!("{{\"{field}\":\""))
            .and_then(|rest| rest.strip_suffix("\"}"));
        if let (200, Some(value)) = (answer.status, value) {
            return Ok(value.to_owned());
        }
        if operation.has_effect() && self.flaw != Flaw::TakesAnyAnswer {
            let words = match self.flaw {
                Flaw::RepeatsTheAnswer => body,
                _ => "money may have moved".to_owned(),
            };
            return Err(self.error(operation, ErrorKind::Ambiguous, &words));
        }
        let kind = match answer.status {
            429 => ErrorKind::RateLimited,
            500.. => ErrorKind::Unavailable,
            _ => ErrorKind::InvalidResponse,
        };
        let error = self.error(operation, kind, "an odd answer");
        Err(
            match answer.pause.filter(|_| self.flaw != Flaw::KnowsNoPause) {
                Some(pause) => error.with_retry_after(pause),
                None => error,
            },
        )
    }

    /// The error of a call without an answer.
    fn lost(&self, operation: Operation, path: &str, why: &str) -> ProviderError {
        let doubt = operation.has_effect() || self.flaw == Flaw::CallsALostReadADoubt;
        let kind = match self.flaw {
            Flaw::CallsADoubtARefusal => ErrorKind::Rejected,
            _ if doubt => ErrorKind::Ambiguous,
            _ => ErrorKind::Unavailable,
        };
        let place = match self.flaw {
            Flaw::ShowsTheUrl => path,
            _ => "",
        };
        self.error(
            operation,
            kind,
            &format!("money may have moved: {why} {place}"),
        )
    }

    fn unsupported<T>(&self, operation: Operation) -> Result<T> {
        Err(self.error(operation, ErrorKind::Unsupported, "it cannot"))
    }
}

#[async_trait]
impl EsimProvider for Shop {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE
    }

    async fn destinations(&self, _: &DestinationFilter) -> Result<Vec<Destination>> {
        self.unsupported(Operation::Destinations)
    }

    fn packages(&self, _: PackageQuery) -> BoxStream<'static, Result<Package>> {
        stream::empty().boxed()
    }

    fn top_up_packages(&self, _: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        stream::empty().boxed()
    }

    async fn find_orders(&self, _: &OrderLookup) -> Result<FoundOrders> {
        self.unsupported(Operation::FindOrders)
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        let path = format!("/esim/{}", key.iccid().unwrap().as_str());
        let operation = Operation::Esim;
        self.ask(operation, &path, "esim").await?;
        self.unsupported(operation)
    }

    async fn usage(&self, _: &UsageQuery) -> Result<Usage> {
        self.unsupported(Operation::Usage)
    }

    async fn balance(&self) -> Result<Money> {
        let balance = self.ask(Operation::Balance, "/balance", "balance").await;
        if balance.is_err() && self.flaw == Flaw::ReadsAnything {
            return Ok(Money::zero(roamport_domain::Currency::USD));
        }
        Ok(Money::parse_amount(&balance?, roamport_domain::Currency::USD).unwrap())
    }

    async fn provision(&self, _: &ProvisionRequest) -> Result<Esim> {
        self.unsupported(Operation::Provision)
    }

    async fn cancel(&self, _: &CancelRequest) -> Result<CancelledEsim> {
        self.unsupported(Operation::Cancel)
    }

    async fn usage_batch(&self, _: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        self.unsupported(Operation::UsageBatch)
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        self.unsupported(purchase.request.operation())
    }
}

#[derive(Debug)]
struct ShopHarness {
    flaw: Flaw,
    /// The shop that was made last.
    shop: std::sync::Mutex<Option<Arc<Shop>>>,
}

fn shop(flaw: Flaw) -> ShopHarness {
    let shop = std::sync::Mutex::default();
    ShopHarness { flaw, shop }
}

#[async_trait]
impl HttpHarness for ShopHarness {
    fn provider(&self, base_url: &str, timeout: Option<Duration>) -> Arc<dyn EsimProvider> {
        let (_, address) = base_url.split_once("://").unwrap();
        let shop = Arc::new(Shop {
            name: ProviderName::parse("shop").unwrap(),
            address: address.to_owned(),
            timeout: timeout.unwrap_or(Duration::from_secs(10)),
            flaw: self.flaw,
            kept: Mutex::default(),
        });
        *self.shop.lock().unwrap() = Some(Arc::clone(&shop));
        shop
    }

    async fn order(&self, _: &dyn EsimProvider) -> Option<ProviderError> {
        let shop = self.shop.lock().unwrap().clone().unwrap();
        let id = shop.ask(Operation::PlaceOrder, "/order", "order").await;
        id.err()
    }

    async fn changes(&self, _: &dyn EsimProvider) -> Vec<ProviderError> {
        Vec::new()
    }

    fn placed(&self) -> String {
        r#"{"order":"o-1"}"#.to_owned()
    }

    fn odd_answers(&self) -> Vec<(u16, &'static str, ErrorKind)> {
        vec![(200, r#"{"order":1}"#, ErrorKind::InvalidResponse)]
    }

    fn telling_bodies(&self) -> Vec<String> {
        vec![format!("wrong token {TOKEN}")]
    }

    fn esim(&self) -> EsimKey {
        EsimKey::from_iccid(Iccid::parse(ICCID).unwrap())
    }

    fn secrets(&self) -> Vec<Secret> {
        [TOKEN, ICCID].map(Secret::new).into()
    }
}

roamport_conformance::http_suite!(shop(Flaw::None), not_applicable = []);

/// Asserts that these cases find this flaw out.
macro_rules! found_out {
    ($($test:ident: $flaw:ident, $($case:ident),+;)*) => {
        $(
            #[test]
            fn $test() {
                let make = || -> Making<dyn HttpHarness> {
                    Box::pin(async { Verdict::<Box<dyn HttpHarness>>::Ok(Box::new(shop(Flaw::$flaw))) })
                };
                let names = [$(stringify!($case)),+];
                let tally = Tally::of(&SUITE.named(&names), make).unwrap();
                assert_eq!(tally.broken.len(), names.len(), "{tally}");
            }
        )*
    };
}

found_out! {
    an_adapter_that_sends_an_order_again_is_found_out: SendsAgain,
        a_broken_connection_leaves_an_order_ambiguous_and_sends_it_once;
    an_adapter_that_calls_a_doubt_a_refusal_is_found_out: CallsADoubtARefusal,
        a_broken_connection_leaves_an_order_ambiguous_and_sends_it_once,
        a_change_without_an_answer_is_ambiguous;
    an_adapter_that_takes_half_a_refusal_is_found_out: TakesHalfARefusal,
        a_refusal_that_breaks_off_proves_nothing;
    an_adapter_that_orders_on_a_used_connection_is_found_out: KeepsConnections,
        an_order_travels_on_a_connection_of_its_own;
    an_adapter_whose_lost_reads_are_in_doubt_is_found_out: CallsALostReadADoubt,
        a_change_without_an_answer_is_ambiguous;
    an_adapter_that_reads_anything_is_found_out: ReadsAnything,
        an_odd_answer_is_ambiguous_for_changes_alone;
    an_adapter_that_takes_any_answer_for_a_refusal_is_found_out: TakesAnyAnswer,
        an_odd_answer_is_ambiguous_for_changes_alone;
    an_adapter_that_knows_no_pause_is_found_out: KnowsNoPause,
        a_rate_limit_says_how_long;
    an_adapter_that_repeats_an_answer_is_found_out: RepeatsTheAnswer,
        no_error_repeats_a_secret_that_the_provider_sends;
    an_adapter_that_shows_its_url_is_found_out: ShowsTheUrl,
        a_refused_connection_shows_no_card_number;
    an_adapter_that_shows_its_token_is_found_out: ShowsItsToken,
        debug_of_the_adapter_shows_its_address_and_no_secret;
    an_adapter_that_hides_its_address_is_found_out: HidesItsAddress,
        debug_of_the_adapter_shows_its_address_and_no_secret;
}
