//! One page under way, in a task of its own: its time-out runs however slowly the stream is read.

use std::borrow::Cow;
use std::sync::Arc;

use roamport_domain::provider::{CallClass, ErrorKind, Operation, PackageQuery};
use roamport_provider_http::Failure;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::client::Client;
use crate::convert::{Page, gigabytes, page};
use crate::wire::{PackagesData, holds_nothing};

type Outcome = Result<Page, Failure>;

/// The status of an answer without a body.
const NO_CONTENT: u16 = 204;

/// A page that was asked for, or will be once its outcome is wanted. Dropped, it asks no more.
pub(super) struct PageTask {
    client: Arc<Client>,
    query: Arc<PackageQuery>,
    number: u32,
    asked: Option<JoinHandle<Outcome>>,
}

impl PageTask {
    /// Asks now.
    pub(super) fn ask(client: &Arc<Client>, query: &Arc<PackageQuery>, number: u32) -> Self {
        let mut task = Self::later(client, query, number);
        task.asked = Some(start(Arc::clone(client), Arc::clone(query), number));
        task
    }

    /// Asks when the outcome is wanted, so that whoever retries decides when.
    pub(super) fn later(client: &Arc<Client>, query: &Arc<PackageQuery>, number: u32) -> Self {
        Self {
            client: Arc::clone(client),
            query: Arc::clone(query),
            number,
            asked: None,
        }
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// What came of it. May be dropped and asked again.
    pub(super) async fn outcome(&mut self) -> Outcome {
        let asked = self.asked.get_or_insert_with(|| {
            start(
                Arc::clone(&self.client),
                Arc::clone(&self.query),
                self.number,
            )
        });
        match asked.await {
            Ok(outcome) => outcome,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {
                let words = "the runtime is shutting down";
                Err(Failure::not_sent(ErrorKind::Unavailable, words))
            }
        }
    }
}

impl Drop for PageTask {
    fn drop(&mut self) {
        if let Some(asked) = &self.asked {
            asked.abort();
        }
    }
}

fn start(client: Arc<Client>, query: Arc<PackageQuery>, number: u32) -> JoinHandle<Outcome> {
    tokio::spawn(async move { fetch(&client, &query, number).await }.in_current_span())
}

async fn fetch(client: &Client, query: &PackageQuery, number: u32) -> Outcome {
    let operation = Operation::Packages;
    let class = match query.package {
        Some(_) => CallClass::Read,
        None => CallClass::Listing,
    };
    let parameters = parameters(client, query, number);
    let request = client
        .read(operation, "/api/esim/packages", parameters)
        .with_class(class)
        .with_time_out(client.time_outs.listing);
    let answer = client.answer(request).await?;
    if answer.status == NO_CONTENT || holds_nothing(&answer.body, "packages") {
        return nothing(number);
    }
    let data = Client::decode::<PackagesData<'_>>(operation, &answer.body)?;
    page(&data, &client.name).map_err(|problem| {
        Failure::unusable(
            operation,
            format!("the answer cannot be read: {}", problem.0),
        )
    })
}

/// A page without a list is behind the last one. The first page has to hold one, be it empty: a catalog must not be
/// quietly empty.
fn nothing(number: u32) -> Outcome {
    if number > 1 {
        return Ok(Page {
            packages: Vec::new(),
            total: None,
        });
    }
    let words = "the first page of the catalog holds no list of packages, not even an empty one";
    Err(Failure::unusable(Operation::Packages, words))
}

/// The query as the provider takes it. Beside `packageId` other filters are ignored, so they are not
/// sent; `isUnlimited=false` means "everything", so it is not sent either.
fn parameters<'a>(
    client: &Client,
    query: &'a PackageQuery,
    number: u32,
) -> Vec<(&'static str, Cow<'a, str>)> {
    let mut parameters: Vec<(&'static str, Cow<'a, str>)> = vec![
        ("page", number.to_string().into()),
        ("pageSize", client.limits.page_size.to_string().into()),
    ];
    let mut add = |name, value: Option<Cow<'a, str>>| {
        parameters.extend(value.map(|value| (name, value)));
    };
    if let Some(package) = &query.package {
        add("packageId", Some(package.as_str().into()));
        return parameters;
    }
    let code = query.destination_code.as_deref().map(Cow::Borrowed);
    add(
        "countryCode",
        code.or_else(|| query.country.map(|country| country.to_string().into())),
    );
    add(
        "country",
        query.destination_name.as_deref().map(Cow::Borrowed),
    );
    add(
        "geography",
        query.geography.map(|geography| geography.as_str().into()),
    );
    add("days", query.days.map(|days| days.to_string().into()));
    add("gbs", query.data.map(|data| gigabytes(data).into()));
    add("isUnlimited", query.unlimited.then(|| "true".into()));
    parameters
}
