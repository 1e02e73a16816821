//! What the server's refusals mean to a person, in the port's words.

use std::error::Error;
use std::io;
use std::time::Duration;

use roamport_domain::journal::JournalError;
use sqlx::error::ErrorKind;
use sqlx::postgres::PgDatabaseError;

/// The number with which this release writes, which its statements give to `roamport_clock`. A migration
/// that earlier releases must not write beside raises the number in the table `journal`.
pub(crate) const WRITER: i64 = 2;

/// Why something came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// We refuse: the connection is as good as before.
    Refused(JournalError),
    /// The server refused, or the way to it broke.
    Database(sqlx::Error),
    /// The server said nothing for so long.
    Silent(Duration),
}

impl Failure {
    /// The port's error, where the journal lies at `server`.
    pub(crate) fn into_error(self, server: &str) -> JournalError {
        match self {
            Self::Refused(error) => error,
            Self::Database(error) => Trouble::of(server, error).into(),
            Self::Silent(time) => Trouble::refusal(format!(
                "{server} did not answer for {} s: read the order again before going on, since what \
                 was being written may or may not be there; check the server and the network to it",
                time.as_secs()
            ))
            .into(),
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::Refused(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// A failure of the journal as a whole.
#[derive(Debug)]
pub(crate) struct Trouble {
    message: String,
    is_damage: bool,
    /// The writer number that the journal needs, where ours is too low.
    superseded_by: Option<i64>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl From<Trouble> for JournalError {
    fn from(trouble: Trouble) -> Self {
        let Trouble {
            message,
            is_damage,
            superseded_by,
            source,
        } = trouble;
        if let Some(needed) = superseded_by {
            let ours = WRITER;
            Self::Superseded { needed, ours }
        } else if is_damage {
            Self::Corrupt { message }
        } else {
            Self::Unavailable { message, source }
        }
    }
}

/// What the server said, without the row it said it about: a row may hold an activation code.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL's error {code}: {message}")]
struct Refusal {
    code: String,
    message: String,
}

impl Refusal {
    fn of(error: &PgDatabaseError) -> Self {
        // Classes 22 and 23, data and constraints, quote values in their messages.
        let quotes = matches!(error.code().get(..2), Some("22" | "23"));
        let message = match (quotes, error.constraint()) {
            (false, _) => error.message().to_owned(),
            (true, Some(constraint)) => format!("the constraint {constraint} refused it"),
            (true, None) => "a value was refused".to_owned(),
        };
        Self {
            code: error.code().to_owned(),
            message,
        }
    }
}

/// The server's refusal, where it is one.
fn refused(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error
        .as_database_error()?
        .try_downcast_ref::<PgDatabaseError>()
}

/// Whether the connection is of no more use. Codes:
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(crate) fn is_broken(error: &sqlx::Error) -> bool {
    match refused(error) {
        // Class 08: the connection. 57P01 to 57P05: the server or an operator ends the session.
        // 25006, 25P03: it fell back to a standby; the session was idle in a transaction.
        Some(error) => {
            let code = error.code();
            code.starts_with("08") || code.starts_with("57P") || ["25006", "25P03"].contains(&code)
        }
        None => !is_unreadable_row(error),
    }
}

/// The unique constraint that was violated, by its name.
pub(crate) fn violated(error: &sqlx::Error) -> Option<&str> {
    let error = error.as_database_error()?;
    (error.kind() == ErrorKind::UniqueViolation)
        .then(|| error.constraint())
        .flatten()
}

impl Trouble {
    /// The database cannot be used as a journal; nothing was written.
    pub(crate) const fn damage(message: String) -> Self {
        Self {
            message,
            is_damage: true,
            superseded_by: None,
            source: None,
        }
    }

    /// The journal cannot be used, for a reason of our own.
    pub(crate) const fn refusal(message: String) -> Self {
        Self {
            message,
            is_damage: false,
            superseded_by: None,
            source: None,
        }
    }

    /// What an error means where the journal lies at `server`.
    pub(crate) fn of(server: &str, error: sqlx::Error) -> Self {
        if let Some(error) = refused(&error) {
            return Self::of_refusal(server, Refusal::of(error));
        }
        if is_unreadable_row(&error) {
            return Self::damage(format!(
                "a row in {server} is not what this release writes ({error}); nothing was written: use \
                 the release that wrote it, or restore a backup"
            ));
        }
        let message = match &error {
            sqlx::Error::Io(error) if is_unreachable(error) => format!(
                "{server} cannot be reached ({error}); nothing was written: start the server, or \
                 check host and port in the URL and the firewall between"
            ),
            sqlx::Error::Tls(_) => format!(
                "the connection to {server} cannot be made safe ({error}); nothing was written: check \
                 the server's certificate, `sslmode` and `sslrootcert` in the URL"
            ),
            sqlx::Error::Protocol(_) | sqlx::Error::Configuration(_) => format!(
                "the connection to {server} failed ({error}): check that a PostgreSQL server listens \
                 there, and read the order again before going on"
            ),
            _ => format!(
                "the connection to {server} broke ({error}): read the order again before going on, \
                 since what was being written may or may not be there"
            ),
        };
        Self {
            message,
            is_damage: false,
            superseded_by: None,
            source: Some(Box::new(error)),
        }
    }

    fn of_refusal(server: &str, refusal: Refusal) -> Self {
        let said = &refusal.message;
        let message = match refusal.code.as_str() {
            "28P01" | "28000" => format!(
                "{server} does not let this user in ({said}); nothing was written: check user and \
                 password in the URL, and the server's pg_hba.conf"
            ),
            "3D000" => format!(
                "{server} does not exist; nothing was written: make it with `createdb`, or name another \
                 one in the URL"
            ),
            "42501" => format!(
                "this user may not do what the journal needs in {server} ({said}); nothing was \
                 written: let it own the schema of the journal, or CREATE in the database once"
            ),
            "25006" => format!(
                "{server} is read-only, a standby or set so; nothing was written: connect to the primary"
            ),
            "53100" => format!(
                "the disk of {server} is full; nothing was written: free some space and try again"
            ),
            "53300" => format!(
                "{server} takes no more connections; nothing was written: raise its max_connections, or \
                 lower max_connections of each process here"
            ),
            "57014" | "55P03" => format!(
                "{server} took too long ({said}); nothing was written: try again, and look for what \
                 holds the lock in pg_stat_activity if this goes on"
            ),
            "57P03" => format!(
                "{server} is starting or stopping ({said}); nothing was written: try again in a moment"
            ),
            // Raised by `roamport_clock`; the message is the number that is needed.
            "RP001" => {
                return Self {
                    superseded_by: Some(said.parse().unwrap_or(i64::MAX)),
                    ..Self::refusal(String::new())
                };
            }
            "40001" | "40P01" => {
                format!(
                    "{server} gave way to another change ({said}); nothing was written: try again"
                )
            }
            "42P01" | "42703" | "42883" | "3F000" => {
                return Self::damage(format!(
                    "a table of the journal is missing in {server} ({said}); nothing was written: \
                     restore a backup, or use the release that wrote it"
                ));
            }
            code if code.starts_with("XX") => {
                return Self::damage(format!(
                    "{server} reports damage ({said}); nothing was written: stop, keep a copy of the \
                     server's data directory, and restore a backup"
                ));
            }
            code if code.starts_with("57P") || code.starts_with("08") => format!(
                "{server} ended the connection ({said}): read the order again before going on, since \
                 what was being written may or may not be there"
            ),
            _ => format!("{server} refused ({refusal}); nothing was written"),
        };
        Self {
            message,
            is_damage: false,
            superseded_by: None,
            source: Some(Box::new(refusal)),
        }
    }
}

/// Whether the connection never stood.
fn is_unreachable(error: &io::Error) -> bool {
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, InvalidInput, NetworkUnreachable,
        NotFound, PermissionDenied,
    };
    // A name that nobody knows is an uncategorised error with this text.
    error.to_string().contains("failed to lookup address")
        || matches!(
            error.kind(),
            AddrNotAvailable
                | ConnectionRefused
                | HostUnreachable
                | InvalidInput
                | NetworkUnreachable
                | NotFound
                | PermissionDenied
        )
}

const fn is_unreadable_row(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::TypeNotFound { .. }
            | sqlx::Error::RowNotFound
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str) -> JournalError {
        let refusal = Refusal {
            code: code.to_owned(),
            message: "what the server says".to_owned(),
        };
        Trouble::of_refusal("db:5432, database shop", refusal).into()
    }

    #[test]
    fn every_refusal_says_where_and_what_to_do() {
        for (code, says) in [
            ("28P01", "check user and password"),
            ("3D000", "createdb"),
            ("42501", "own the schema"),
            ("25006", "connect to the primary"),
            ("53100", "free some space"),
            ("53300", "max_connections"),
            ("57014", "pg_stat_activity"),
            ("57P03", "try again in a moment"),
            ("57P01", "read the order again"),
            ("40P01", "try again"),
            ("23514", "nothing was written"),
        ] {
            let error = said(code);
            assert!(matches!(error, JournalError::Unavailable { .. }), "{code}");
            let text = error.to_string();
            assert!(text.contains(says) && text.contains("db:5432"), "{text}");
        }
    }

    #[test]
    fn damage_and_missing_tables_are_no_passing_trouble() {
        for code in ["XX001", "XX002", "42P01"] {
            assert!(matches!(said(code), JournalError::Corrupt { .. }), "{code}");
        }
    }

    #[test]
    fn a_server_that_is_down_is_told_from_a_connection_that_broke() {
        let of = |kind: io::ErrorKind| {
            let error = sqlx::Error::Io(kind.into());
            JournalError::from(Trouble::of("db:5432, database shop", error)).to_string()
        };
        let down = of(io::ErrorKind::ConnectionRefused);
        assert!(down.contains("start the server") && down.contains("nothing was written"));
        let broken = of(io::ErrorKind::ConnectionReset);
        assert!(broken.contains("may or may not be there"), "{broken}");
        assert!(!broken.contains("nothing was written"), "{broken}");
    }

    #[test]
    fn a_silent_server_may_have_written() {
        let text = Failure::Silent(Duration::from_secs(15))
            .into_error("db:5432")
            .to_string();
        assert!(
            text.contains("15 s") && text.contains("may or may not"),
            "{text}"
        );
    }
}
