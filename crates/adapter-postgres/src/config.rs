//! The settings of a journal.

use std::num::NonZeroU16;
use std::time::Duration;

use roamport_domain::Secret;

/// Which database a journal lies in, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresJournalConfig {
    /// `postgres://user:password@host:5432/database`, as libpq writes it; `?sslmode=verify-full`
    /// behind it makes the connection one to that host alone. What stands for itself in a password
    /// (`/ ? # @ %`) is percent-encoded. A secret: it is in no error and in no `Debug`.
    pub url: Secret,
    /// The schema that holds the tables: lower-case letters, digits and `_`. It is made where it is
    /// missing. `roamport` by default, so that a shop's own `orders` stand beside it.
    pub schema: String,
    /// How many connections this process has at most; 10 by default.
    pub max_connections: NonZeroU16,
    /// What the server calls this program in `pg_stat_activity` and in its log, unless the URL says
    /// otherwise; `roamport` by default.
    pub application_name: String,
    /// How long the server works on one statement, waits for locks included; 10 s by default.
    pub statement_time_out: Duration,
    /// How long making a connection takes at most; 10 s by default.
    pub connect_time_out: Duration,
    /// How long a statement may stay unanswered before the connection is given up, beyond
    /// `statement_time_out`: a server that is gone without a word says nothing. 5 s by default.
    ///
    /// `None` waits for ever, and so does making a connection. That is for tests that pause Tokio's
    /// clock: it jumps to the next time-out while a real server is at work.
    pub answer_within: Option<Duration>,
}

impl PostgresJournalConfig {
    /// The settings for the database of `url`, everything else as it usually is.
    pub fn new(url: Secret) -> Self {
        Self {
            url,
            schema: "roamport".to_owned(),
            max_connections: const { NonZeroU16::new(10).expect("ten is not zero") },
            application_name: "roamport".to_owned(),
            statement_time_out: Duration::from_secs(10),
            connect_time_out: Duration::from_secs(10),
            answer_within: Some(Duration::from_secs(5)),
        }
    }
}
