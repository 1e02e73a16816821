//! Lists of orders, read page by page: a slow reader of the list holds no connection.

use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use roamport_domain::OrderId;
use roamport_domain::journal::{JournalError, OrderFilter, OrderSummary};
use sqlx::QueryBuilder;
use sqlx::postgres::{PgConnection, Postgres};

use crate::connections::Connections;
use crate::error::Failure;
use crate::moment::Moment;
use crate::rows::{self, SUMMARY_COLUMNS};

/// How many orders are read at once.
const PAGE: usize = 200;

struct Progress {
    connections: Arc<Connections>,
    filter: OrderFilter,
    /// The last order so far: the next page begins below it.
    below: Option<(Timestamp, OrderId)>,
    is_done: bool,
}

/// The orders that match, the newest first.
pub(crate) fn list(
    connections: Arc<Connections>,
    filter: OrderFilter,
) -> BoxStream<'static, Result<OrderSummary, JournalError>> {
    let start = Progress {
        connections,
        filter,
        below: None,
        is_done: false,
    };
    stream::try_unfold(start, |mut progress| async move {
        if progress.is_done {
            return Ok::<_, JournalError>(None);
        }
        let page = progress.next_page().await?;
        Ok(Some((stream::iter(page.into_iter().map(Ok)), progress)))
    })
    .try_flatten()
    .fuse()
    .boxed()
}

impl Progress {
    async fn next_page(&mut self) -> Result<Vec<OrderSummary>, JournalError> {
        let connections = Arc::clone(&self.connections);
        let mut lent = connections.lend().await?;
        let page = connections.timed(self.read_page(&mut lent)).await;
        lent.finish(page)
    }

    async fn read_page(
        &mut self,
        connection: &mut PgConnection,
    ) -> Result<Vec<OrderSummary>, Failure> {
        let rows = self.query().build().fetch_all(connection).await?;
        let page: Vec<OrderSummary> = rows
            .iter()
            .map(rows::decode_summary)
            .collect::<Result<_, _>>()?;
        self.is_done = page.len() < PAGE;
        if let Some(last) = page.last() {
            self.below = Some((last.created_at, last.id));
        }
        Ok(page)
    }

    fn query(&self) -> QueryBuilder<Postgres> {
        let mut query =
            QueryBuilder::new(format!("SELECT {SUMMARY_COLUMNS} FROM orders WHERE true"));
        let OrderFilter {
            states,
            esim,
            fingerprint,
            provider,
            reference,
            provider_order,
        } = &self.filter;
        if let [state] = states.as_slice() {
            query.push(" AND state = ").push_bind(state.as_str());
        } else if !states.is_empty() {
            let names: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
            query.push(" AND state = ANY (").push_bind(names).push(")");
        }
        if let Some(esim) = esim {
            query.push(" AND id IN (SELECT order_id FROM order_esims WHERE esim = ");
            query.push_bind(esim.as_str().to_owned()).push(")");
        }
        if let Some(fingerprint) = fingerprint {
            query
                .push(" AND fingerprint = ")
                .push_bind(fingerprint.as_str().to_owned());
        }
        if let Some(provider) = provider {
            query
                .push(" AND provider = ")
                .push_bind(provider.as_str().to_owned());
        }
        if let Some(reference) = reference {
            query
                .push(" AND reference = ")
                .push_bind(reference.as_str().to_owned());
        }
        if let Some(provider_order) = provider_order {
            query
                .push(" AND provider_order_id = ")
                .push_bind(provider_order.as_str().to_owned());
        }
        if let Some((created_at, id)) = self.below {
            query
                .push(" AND (created_at, id) < (")
                .push_bind(Moment::of(created_at));
            query.push(", ").push_bind(id.as_uuid()).push(")");
        }
        query.push(" ORDER BY created_at DESC, id DESC LIMIT ");
        query.push_bind(i64::try_from(PAGE).expect("a page is small"));
        query
    }
}

#[cfg(test)]
mod tests;
