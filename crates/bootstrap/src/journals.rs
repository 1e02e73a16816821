//! Which journals there are, by the name in the settings; and the directory they lie in.

use std::fs::DirBuilder;
use std::path::Path;
use std::sync::Arc;

use roamport_adapter_postgres::{PostgresJournal, PostgresJournalConfig};
use roamport_adapter_sqlite::SqliteJournal;
use roamport_domain::journal::AccountStore;
use roamport_domain::{BalanceStore, Clock, EventInbox, OrderJournal, ProfileStore};

use crate::ending::Ending;
use crate::registry::Registry;
use crate::{Settings, StartError};

/// The database in the data directory.
const DATABASE: &str = "roamport.db";

/// What a journal is made from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JournalContext {
    /// All settings.
    pub settings: Arc<Settings>,
    /// The program's clocks.
    pub clock: Arc<dyn Clock>,
}

impl JournalContext {
    pub(crate) fn new(settings: Arc<Settings>, clock: Arc<dyn Clock>) -> Self {
        Self { settings, clock }
    }
}

/// Where orders, profiles and balances are kept.
#[derive(Debug)]
pub struct Storage {
    journal: Arc<dyn OrderJournal>,
    profiles: Arc<dyn ProfileStore>,
    accounts: Arc<dyn AccountStore>,
    balances: Option<Arc<dyn BalanceStore>>,
    inbox: Option<Arc<dyn EventInbox>>,
    ending: Ending,
}

impl Storage {
    /// A journal, a profile store and an account store, which may be one thing.
    pub fn new(
        journal: Arc<dyn OrderJournal>,
        profiles: Arc<dyn ProfileStore>,
        accounts: Arc<dyn AccountStore>,
    ) -> Self {
        Self {
            journal,
            profiles,
            accounts,
            balances: None,
            inbox: None,
            ending: Ending::default(),
        }
    }

    /// With a place for the balances that reconciliations read. Without one they are not kept, and
    /// no reconciliation can tell what moved in the wallet.
    #[must_use]
    pub fn with_balances(self, balances: Arc<dyn BalanceStore>) -> Self {
        Self {
            balances: Some(balances),
            ..self
        }
    }

    /// With a place for the events of providers that were acted upon. Without one none can be taken.
    #[must_use]
    pub fn with_inbox(self, inbox: Arc<dyn EventInbox>) -> Self {
        Self {
            inbox: Some(inbox),
            ..self
        }
    }

    /// With something to end when the program does, such as writes that are queued.
    #[must_use]
    pub fn with_shutdown<Ended>(self, shutdown: impl FnOnce() -> Ended + Send + 'static) -> Self
    where
        Ended: Future<Output = ()> + Send + 'static,
    {
        Self {
            ending: Ending::by(shutdown),
            ..self
        }
    }

    /// The orders.
    pub fn journal(&self) -> Arc<dyn OrderJournal> {
        Arc::clone(&self.journal)
    }

    /// The profiles.
    pub fn profiles(&self) -> Arc<dyn ProfileStore> {
        Arc::clone(&self.profiles)
    }

    /// What is known of accounts.
    pub fn accounts(&self) -> Arc<dyn AccountStore> {
        Arc::clone(&self.accounts)
    }

    /// The balances that were read, where they are kept.
    pub fn balances(&self) -> Option<Arc<dyn BalanceStore>> {
        self.balances.clone()
    }

    /// Which events of providers were acted upon, where that is kept.
    pub fn inbox(&self) -> Option<Arc<dyn EventInbox>> {
        self.inbox.clone()
    }

    pub(crate) async fn shutdown(self) {
        self.ending.end().await;
    }
}

/// The journals that a setting can name: a plain list of names and constructors.
///
/// The journal in memory is not among them: what it keeps is gone when the program ends, and with it
/// all knowledge of money spent. A test that wants it adds it with [`Journals::with`].
#[derive(Clone, Debug)]
pub struct Journals(Registry<JournalContext, Storage>);

impl Journals {
    /// The list of this release: `sqlite`, the file `roamport.db` in the data directory, and
    /// `postgres`, the database whose URL the setting `journal` is.
    pub fn standard() -> Self {
        Self::none()
            .with("sqlite", sqlite)
            .with("postgres", postgres)
    }

    /// The empty list.
    pub fn none() -> Self {
        Self(Registry::new("journal"))
    }

    /// The list with one more journal, which takes the place of an earlier one of that name.
    #[must_use]
    pub fn with<Construct, Made>(self, name: impl Into<String>, construct: Construct) -> Self
    where
        Construct: Fn(JournalContext) -> Made + Send + Sync + 'static,
        Made: Future<Output = Result<Storage, StartError>> + Send + 'static,
    {
        Self(self.0.with(name, construct))
    }

    /// The names, sorted.
    pub fn names(&self) -> Vec<String> {
        self.0.names()
    }

    /// Opens the journal that the settings name.
    pub(crate) async fn open(&self, context: JournalContext) -> Result<Storage, StartError> {
        let settings = Arc::clone(&context.settings);
        self.0
            .make(&settings.journal, settings.origin("journal"), context)
            .await
    }
}

async fn sqlite(context: JournalContext) -> Result<Storage, StartError> {
    let folder = &context.settings.data_dir;
    make_data_directory(folder)?;
    let journal = SqliteJournal::open(folder.join(DATABASE), Arc::clone(&context.clock)).await?;
    let journal = Arc::new(journal);
    Ok(storage(&journal).with_shutdown(move || async move { journal.close().await }))
}

/// Its clock is the server's, whatever clock the program has.
async fn postgres(context: JournalContext) -> Result<Storage, StartError> {
    let settings = &context.settings.postgres;
    let url = settings.url.required("the URL of the database")?;
    let config = PostgresJournalConfig {
        schema: settings.schema.clone(),
        max_connections: settings.max_connections,
        statement_time_out: settings.statement_timeout,
        connect_time_out: settings.connect_timeout,
        ..PostgresJournalConfig::new(url)
    };
    let journal = Arc::new(PostgresJournal::connect(&config).await?);
    Ok(storage(&journal).with_shutdown(move || async move { journal.close().await }))
}

/// One database that keeps everything.
fn storage<Kept>(journal: &Arc<Kept>) -> Storage
where
    Kept: OrderJournal + ProfileStore + AccountStore + BalanceStore + EventInbox,
{
    let storage = Storage::new(
        Arc::clone(journal) as Arc<dyn OrderJournal>,
        Arc::clone(journal) as Arc<dyn ProfileStore>,
        Arc::clone(journal) as Arc<dyn AccountStore>,
    );
    storage
        .with_balances(Arc::clone(journal) as Arc<dyn BalanceStore>)
        .with_inbox(Arc::clone(journal) as Arc<dyn EventInbox>)
}

/// Makes the data directory and what is missing above it, for this account alone where the platform
/// knows modes. One that exists is left as it is.
pub(crate) fn make_data_directory(path: &Path) -> Result<(), StartError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .map_err(|source| StartError::DataDirectory {
            path: path.to_owned(),
            source,
        })
}
