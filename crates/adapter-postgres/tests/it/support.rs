//! A journal in a database of its own, and a look at it from outside.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_adapter_postgres::{ClockOffset, PostgresJournal, PostgresJournalConfig};
use roamport_conformance::journal::{Handle, JournalHarness, sample};
use roamport_domain::journal::{JournalError, NewOrder, Opened};
use roamport_domain::{AccountStore, BalanceStore, EventInbox, OrderJournal, ProfileStore, Secret};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::test_cluster::{TestCluster, TestDatabase};

#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) journal: Arc<PostgresJournal>,
    pub(crate) offset: ClockOffset,
    pub(crate) database: TestDatabase,
}

impl Bench {
    /// `None` where there is no server, as one line says.
    pub(crate) async fn new() -> Option<Self> {
        let database = TestCluster::shared()?.database();
        Some(Self::on(database).await)
    }

    pub(crate) async fn on(database: TestDatabase) -> Self {
        let offset = ClockOffset::default();
        let journal = PostgresJournal::connect_shifted(&config(database.url()), offset.clone())
            .await
            .unwrap();
        Self {
            journal: Arc::new(journal),
            offset,
            database,
        }
    }

    pub(crate) fn config(&self) -> PostgresJournalConfig {
        config(self.database.url())
    }

    /// Another handle on the same database, as another process would have it.
    pub(crate) async fn open_another(&self) -> Result<PostgresJournal, JournalError> {
        PostgresJournal::connect_shifted(&self.config(), self.offset.clone()).await
    }

    pub(crate) async fn now(&self) -> Timestamp {
        self.journal.now().await.unwrap()
    }

    /// Records a plain wish.
    pub(crate) async fn opened(&self, key: &str) -> NewOrder {
        let new = sample::order(key, self.now().await);
        assert_eq!(
            OrderJournal::open(&*self.journal, &new).await.unwrap(),
            Opened::New(new.id)
        );
        new
    }

    /// Runs statements on the tables from outside.
    pub(crate) async fn run(&self, sql: &str) {
        run(&mut self.shell().await, sql).await;
    }

    /// A plain connection that sees the tables, as somebody with a database shell has it.
    pub(crate) async fn shell(&self) -> PgConnection {
        let mut shell = PgConnection::connect(self.database.url()).await.unwrap();
        run(&mut shell, "SET search_path TO roamport").await;
        shell
    }
}

pub(crate) fn config(url: &str) -> PostgresJournalConfig {
    PostgresJournalConfig::new(Secret::new(url))
}

pub(crate) async fn run(shell: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(shell)
        .await
        .unwrap();
}

#[async_trait]
impl JournalHarness for Bench {
    fn journal(&self) -> Arc<dyn OrderJournal> {
        Arc::clone(&self.journal) as _
    }

    fn profiles(&self) -> Arc<dyn ProfileStore> {
        Arc::clone(&self.journal) as _
    }

    fn accounts(&self) -> Option<Arc<dyn AccountStore>> {
        Some(Arc::clone(&self.journal) as _)
    }

    fn balances(&self) -> Option<Arc<dyn BalanceStore>> {
        Some(Arc::clone(&self.journal) as _)
    }

    fn inbox(&self) -> Option<Arc<dyn EventInbox>> {
        Some(Arc::clone(&self.journal) as _)
    }

    async fn pass(&self, time: Duration) {
        self.offset.pass(time);
    }

    async fn another(&self) -> Option<Handle> {
        let other = Arc::new(self.open_another().await.unwrap());
        Some(Handle::whole(other))
    }
}
