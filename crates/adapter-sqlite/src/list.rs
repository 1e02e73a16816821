//! Lists of orders, read page by page: a slow reader of the list holds no connection.

use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use roamport_domain::journal::{JournalError, OrderFilter, OrderSummary};
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{QueryBuilder, Row as _};

use crate::error::Failure;
use crate::readers::Readers;
use crate::rows::{self, SUMMARY_COLUMNS};

/// How many orders are read at once.
const PAGE: usize = 200;

/// The place of an order in the list, as its row has it: the next page begins below.
struct Place {
    created_at: String,
    id: String,
}

struct Progress {
    readers: Arc<Readers>,
    filter: OrderFilter,
    below: Option<Place>,
    is_done: bool,
}

/// The orders that match, the newest first.
pub(crate) fn list(
    readers: Arc<Readers>,
    filter: OrderFilter,
) -> BoxStream<'static, Result<OrderSummary, JournalError>> {
    let start = Progress {
        readers,
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
        let readers = Arc::clone(&self.readers);
        let mut reader = readers.lend().await?;
        let page = self
            .read_page(&mut reader)
            .await
            .map_err(|failure| readers.explain(failure))?;
        reader.give_back();
        Ok(page)
    }

    async fn read_page(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<OrderSummary>, Failure> {
        let rows = self.query().build().fetch_all(connection).await?;
        self.is_done = rows.len() < PAGE;
        if let Some(last) = rows.last() {
            self.below = Some(Place {
                created_at: last.try_get("created_at")?,
                id: last.try_get("id")?,
            });
        }
        rows.iter().map(rows::decode_summary).collect()
    }

    /// A plus before a column keeps SQLite from its index. It has no statistics here, and would take an
    /// index that says little, sorting all the rest of the journal for each page.
    fn query(&self) -> QueryBuilder<Sqlite> {
        let mut query = QueryBuilder::new(format!("SELECT {SUMMARY_COLUMNS} FROM orders WHERE 1"));
        let OrderFilter {
            states,
            esim,
            fingerprint,
            provider,
            reference,
            provider_order,
        } = &self.filter;
        if !states.is_empty() {
            query.push(" AND state IN (");
            let mut names = query.separated(", ");
            for state in states {
                names.push_bind(state.as_str());
            }
            query.push(")");
        }
        if let Some(esim) = esim {
            query.push(" AND id IN (SELECT order_id FROM order_esims WHERE esim = ");
            query.push_bind(esim.as_str().to_owned()).push(")");
        }
        if let Some(fingerprint) = fingerprint {
            // Orders for one thing are many where a shop sells much of it; those on their way are few.
            let on_their_way = !states.is_empty() && !states.iter().any(|state| state.is_final());
            query
                .push(if on_their_way {
                    " AND +fingerprint = "
                } else {
                    " AND fingerprint = "
                })
                .push_bind(fingerprint.as_str().to_owned());
        }
        if let Some(provider) = provider {
            // Alone it says next to nothing: most journals have one.
            let with_name = reference.is_some() || provider_order.is_some();
            query
                .push(if with_name {
                    " AND provider = "
                } else {
                    " AND +provider = "
                })
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
        if let Some(below) = &self.below {
            query
                .push(" AND (created_at, id) < (")
                .push_bind(below.created_at.clone());
            query.push(", ").push_bind(below.id.clone()).push(")");
        }
        query.push(" ORDER BY created_at DESC, id DESC LIMIT ");
        query.push_bind(i64::try_from(PAGE).expect("a page is small"));
        query
    }
}

#[cfg(test)]
mod tests;
