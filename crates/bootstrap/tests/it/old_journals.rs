//! Journals that an earlier release wrote (`fixtures/journals`): this release reads each, and brings
//! every order in it to its end.
//!
//! The judge is the ledger of the sandbox that sold the orders, restored beside the journal. It charges
//! every purchase that reaches Roamify; at eSIM Access a repeated transaction is answered with the first
//! order.

mod expected;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::TryStreamExt as _;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig};
use roamport_adapter_postgres::test_cluster::{TestCluster, TestDatabase};
use roamport_adapter_postgres::{ClockOffset, PostgresJournal, PostgresJournalConfig};
use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_adapter_sqlite::SqliteJournal;
use roamport_app::attention::Decision;
use roamport_app::{Halt, LeasePolicy, Orders, OrdersParts, Silent, StopSignal};
use roamport_domain::journal::{OrderFilter, OrderSummary, Owner};
use roamport_domain::order::{
    Event, LookUpResult, OrderPolicy, PlacementOutcome, ProviderInstance, Resolution,
};
use roamport_domain::provider::{EsimKey, Provisioning};
use roamport_domain::{
    Account, Capabilities, Clock, EsimId, EsimProvider as _, Monotonic, ProviderName, Secret,
};
use roamport_sandbox::{SandboxProvider, World};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tempfile::TempDir;
use tokio::time::Instant;

use self::expected::{Expected, ORDERS};
use crate::crash_points::ports::{Kept, Points, StoppingJournal, while_time_stands};

/// When the last worker of the earlier release was stopped.
const STOPPED_AT: &str = "2026-12-01T12:00:00Z";
/// A minute: about as long as an upgrade takes.
const UPGRADE: SignedDuration = SignedDuration::from_mins(1);
/// Long after the last moment at which any of the orders may be sent.
const MONTH: SignedDuration = SignedDuration::from_hours(24 * 30);

fn fixture(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/journals");
    fixtures.join(name)
}

/// Tokio's own clock, counted from the moment at which work goes on.
#[derive(Clone, Copy, Debug)]
struct ResumedClock {
    at: Timestamp,
    since: Instant,
}

impl ResumedClock {
    fn after(pause: SignedDuration) -> Self {
        let stopped: Timestamp = STOPPED_AT.parse().unwrap();
        Self {
            at: stopped + pause,
            since: Instant::now(),
        }
    }
}

impl Clock for ResumedClock {
    fn now(&self) -> Timestamp {
        self.at + SignedDuration::try_from(self.since.elapsed()).unwrap()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.since.elapsed())
    }
}

/// Where the restored journal lies.
enum Place {
    Sqlite,
    Postgres(TestDatabase),
}

/// Copies of the fixtures: the journal, and the two providers as they were when it was written.
struct Restored {
    clock: ResumedClock,
    folder: TempDir,
    place: Place,
    /// How far PostgreSQL's clock was moved to keep up with the paused one.
    server_clock: (ClockOffset, Arc<Mutex<Duration>>),
    roamify: World,
    esim_access: World,
}

impl Restored {
    fn on_sqlite(pause: SignedDuration) -> Self {
        let restored = Self::around(Place::Sqlite, pause);
        fs::copy(fixture("journal.db"), restored.path()).unwrap();
        restored
    }

    /// `None` where there is no PostgreSQL, as one line says.
    fn on_postgres(pause: SignedDuration) -> Option<Self> {
        let database = TestCluster::shared()?.database();
        database.run(&fs::read_to_string(fixture("journal.sql")).unwrap());
        let restored = Self::around(Place::Postgres(database), pause);
        // The server's clock stands, and moves with the paused one alone.
        let Place::Postgres(database) = &restored.place else {
            unreachable!("it was just made");
        };
        database.run(&format!(
            "CREATE OR REPLACE FUNCTION roamport.roamport_now() RETURNS timestamptz \
             LANGUAGE sql VOLATILE AS $$ SELECT timestamptz '{}' + \
             coalesce(nullif(current_setting('roamport.clock_offset', true), '')::interval, \
             interval '0') $$",
            restored.clock.at
        ));
        Some(restored)
    }

    fn around(place: Place, pause: SignedDuration) -> Self {
        let clock = ResumedClock::after(pause);
        let folder = tempfile::tempdir().unwrap();
        let world = |name: &str| {
            let state = folder.path().join(name);
            fs::copy(fixture(name), &state).unwrap();
            let world = World::builder().packages(60).state(state);
            world.clock(Arc::new(clock)).build().unwrap()
        };
        let (roamify, esim_access) = (world("roamify.sandbox"), world("esim-access.sandbox"));
        Self {
            clock,
            folder,
            place,
            server_clock: Default::default(),
            roamify,
            esim_access,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    /// The journal as a process opens it.
    async fn open(&self) -> Kept {
        match &self.place {
            Place::Sqlite => {
                let opening = SqliteJournal::open(self.path(), Arc::new(self.clock));
                let journal = Arc::new(while_time_stands(opening).await.unwrap());
                Kept {
                    journal: journal.clone(),
                    accounts: journal.clone(),
                    profiles: journal,
                    before_each: Arc::new(|| {}),
                }
            }
            Place::Postgres(database) => {
                let config = PostgresJournalConfig::new(Secret::new(database.url()));
                let (offset, kept_up) = self.server_clock.clone();
                let opening = PostgresJournal::connect_shifted(&config, offset.clone());
                let journal = Arc::new(while_time_stands(opening).await.unwrap());
                let clock = self.clock;
                Kept {
                    journal: journal.clone(),
                    accounts: journal.clone(),
                    profiles: journal,
                    before_each: Arc::new(move || {
                        let mut kept_up = kept_up.lock().unwrap();
                        let elapsed = clock.since.elapsed();
                        offset.pass(elapsed.saturating_sub(*kept_up));
                        *kept_up = elapsed.max(*kept_up);
                    }),
                }
            }
        }
    }

    fn world(&self, provider: &ProviderName) -> &World {
        match provider.as_str() {
            "roamify" => &self.roamify,
            "esim-access" => &self.esim_access,
            other => panic!("no world is kept for {other}"),
        }
    }

    /// What the adapter of a provider promises. In process the sandbox makes profiles when it is asked.
    fn capabilities(&self, instance: &ProviderInstance) -> Capabilities {
        let (url, clock) = (instance.base_url.as_str(), Arc::new(self.clock));
        let promised = if instance.name.as_str() == "roamify" {
            let config = RoamifyConfig::new(url, "token-of-a-test");
            Roamify::new(&config, clock).unwrap().capabilities()
        } else {
            let config = EsimAccessConfig::new(url, "code-of-a-test");
            EsimAccess::new(&config, clock).unwrap().capabilities()
        };
        Capabilities {
            provisioning: Provisioning::SeparateCall,
            ..promised
        }
    }

    /// The orders of one provider, as a process of this release carries them on.
    async fn orders(&self, instance: ProviderInstance) -> Orders {
        let provider = SandboxProvider::new(self.world(&instance.name).clone())
            .named(instance.name.clone())
            .with_clock(Arc::new(self.clock))
            .with_capabilities(self.capabilities(&instance));
        let (points, _) = Points::until(usize::MAX);
        let kept = self.open().await;
        let identity = Secret::new("token-of-a-test");
        let account = while_time_stands(kept.accounts.account(&identity))
            .await
            .unwrap();
        let journal = Arc::new(StoppingJournal::new(kept, points));
        Orders::new(OrdersParts {
            provider: Arc::new(provider),
            instance,
            journal: journal.clone(),
            profiles: journal.clone(),
            accounts: journal,
            account,
            clock: Arc::new(self.clock),
            policy: OrderPolicy::default(),
            lease: LeasePolicy::default(),
            owner: Owner::new("this release"),
        })
    }

    /// The rows of all orders, the oldest first.
    async fn rows(&self, journal: &Kept) -> Vec<OrderSummary> {
        let listed = journal.journal.list(OrderFilter::default()).try_collect();
        let mut rows: Vec<OrderSummary> = while_time_stands(listed).await.unwrap();
        rows.reverse();
        rows
    }

    fn charges(&self, row: &OrderSummary) -> usize {
        let world = self.world(&row.provider.name);
        world.charges_for(row.reference.as_str()).unwrap().len()
    }

    async fn check_rows(&self) {
        let journal = self.open().await;
        let rows = self.rows(&journal).await;
        let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        let mut expected: Vec<&str> = ORDERS.iter().map(|order| order.key).collect();
        let mut found = keys.clone();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected);
        for row in &rows {
            let key = row.key.as_str();
            let order = while_time_stands(journal.journal.load(row.id))
                .await
                .unwrap();
            assert_eq!(OrderSummary::of(&order, row.updated_at), *row, "{key}");
            let expected = Expected::of(key);
            assert_eq!(row.state, expected.stored, "{key}");
            assert_eq!(self.charges(row), expected.charged, "{key}");
        }
    }

    /// Carries every order on, all at once as a worker does, until each rests.
    async fn carry_all_on(&self) -> Vec<OrderSummary> {
        let journal = self.open().await;
        let mut working = Vec::new();
        for provider in ["roamify", "esim-access"] {
            let mut rows = self.rows(&journal).await;
            rows.retain(|row| row.provider.name.as_str() == provider);
            let orders = self.orders(rows[0].provider.clone()).await;
            // A person says that the credentials in use are those that this release did not record.
            let by = Decision::new("ada", "the token was never changed").unwrap();
            let unknown = Account::unknown();
            let confirmed = orders.confirm_account(&unknown, &by);
            while_time_stands(confirmed).await.unwrap();
            for row in rows {
                let orders = orders.clone();
                working.push(async move {
                    let ended = orders.carry_on(row.id, Arc::new(Silent), StopSignal::never());
                    let ended = ended.await.unwrap();
                    assert_eq!(ended.halt, Halt::Settled, "{}", row.key.as_str());
                    assert!(ended.order.state().is_settled(), "{}", row.key.as_str());
                });
            }
        }
        join_all(working).await;
        let rows = self.rows(&journal).await;
        for row in &rows {
            let events = while_time_stands(journal.journal.events(row.id))
                .await
                .unwrap();
            let events: Vec<Event> = events.into_iter().map(|one| one.event).collect();
            assert_nothing_in_doubt_is_sent(row.key.as_str(), &events);
        }
        rows
    }

    async fn check_ends(&self) {
        let rows = self.carry_all_on().await;
        let ends: Vec<String> = rows
            .iter()
            .filter_map(|row| {
                let expected = Expected::of(row.key.as_str());
                assert!(
                    expected.paid <= expected.charged.max(1),
                    "the table itself asks for a second charge of {}",
                    expected.key
                );
                let (is, shall) = (
                    (row.state, self.charges(row)),
                    (expected.end, expected.paid),
                );
                (is != shall).then(|| format!("{}: {is:?}, not {shall:?}", expected.key))
            })
            .collect();
        assert!(ends.is_empty(), "{ends:#?}");
    }

    async fn check_a_month_later(&self) {
        for row in self.carry_all_on().await {
            let expected = Expected::of(row.key.as_str());
            assert_eq!(self.charges(&row), expected.charged, "{}", expected.key);
        }
    }

    /// The eSIM that three orders name has one profile: the last order's that kept it.
    async fn check_the_shared_profile(&self) {
        let journal = self.open().await;
        let rows = self.rows(&journal).await;
        let row = |key: &str| rows.iter().find(|row| row.key.as_str() == key).unwrap();
        let first = row("roamify-same-esim-first");
        let esim: &EsimId = &first.esims[0];
        for other in ["roamify-same-esim-second", "roamify-same-esim-third"] {
            assert_eq!(row(other).esims, first.esims);
        }
        let key = EsimKey::from_id(esim.clone());
        let finding = journal.profiles.find_profile(&first.provider.name, &key);
        let kept = while_time_stands(finding).await.unwrap().unwrap();
        assert_eq!(kept.order, row("roamify-same-esim-second").id);
    }
}

/// No purchase call follows one of unknown outcome before look-ups proved absence, a person decided, or
/// the provider promised to answer a repetition with the first order.
#[track_caller]
fn assert_nothing_in_doubt_is_sent(key: &str, events: &[Event]) {
    let mut in_doubt = false;
    for event in events {
        match event {
            Event::PlacementStarted { replays, .. } => {
                assert!(!in_doubt || replays.is_some(), "{key}: {events:#?}");
                in_doubt = true;
            }
            Event::PlacementSettled { outcome, .. } => {
                in_doubt = matches!(outcome, PlacementOutcome::Ambiguous { .. });
            }
            Event::AbsenceEstablished { look_ups, .. } => {
                assert!(look_ups.len() >= 3, "{key}: {events:#?}");
                in_doubt = false;
            }
            Event::AttentionResolved {
                resolution: Resolution::Resend { .. },
                ..
            } => in_doubt = false,
            Event::LookedUp {
                result: LookUpResult::Healthy { found },
                ..
            } => in_doubt &= found.is_empty(),
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_order_of_an_old_sqlite_journal_is_what_its_row_says() {
    Restored::on_sqlite(UPGRADE).check_rows().await;
}

#[tokio::test(start_paused = true)]
async fn every_order_of_an_old_postgres_journal_is_what_its_row_says() {
    if let Some(restored) = Restored::on_postgres(UPGRADE) {
        restored.check_rows().await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_order_of_an_old_sqlite_journal_reaches_its_end() {
    Restored::on_sqlite(UPGRADE).check_ends().await;
}

#[tokio::test(start_paused = true)]
async fn every_order_of_an_old_postgres_journal_reaches_its_end() {
    if let Some(restored) = Restored::on_postgres(UPGRADE) {
        restored.check_ends().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_month_later_nothing_of_an_old_sqlite_journal_is_bought() {
    Restored::on_sqlite(MONTH).check_a_month_later().await;
}

#[tokio::test(start_paused = true)]
async fn a_month_later_nothing_of_an_old_postgres_journal_is_bought() {
    if let Some(restored) = Restored::on_postgres(MONTH) {
        restored.check_a_month_later().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_esim_in_several_orders_of_an_old_sqlite_journal_has_one_profile() {
    Restored::on_sqlite(UPGRADE)
        .check_the_shared_profile()
        .await;
}

#[tokio::test(start_paused = true)]
async fn an_esim_in_several_orders_of_an_old_postgres_journal_has_one_profile() {
    if let Some(restored) = Restored::on_postgres(UPGRADE) {
        restored.check_the_shared_profile().await;
    }
}

#[tokio::test]
async fn the_events_of_an_old_journal_are_written_again_as_they_were() {
    let restored = Restored::on_sqlite(UPGRADE);
    let options = SqliteConnectOptions::new().filename(restored.path());
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM events")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(bodies.len() > 200, "{} events", bodies.len());
    for body in bodies {
        assert_eq!(Event::from_stored(&body).unwrap().to_stored(), body);
    }
}
