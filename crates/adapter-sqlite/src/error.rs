//! What the database's refusals mean to a person, in the port's words.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use roamport_domain::journal::JournalError;
use sqlx::error::{DatabaseError, ErrorKind};

/// Why a statement or a change came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The change itself is refused: others in the same transaction are not touched.
    Refused(JournalError),
    /// The database failed: nothing of the transaction may stand.
    Database(sqlx::Error),
}

impl Failure {
    /// The port's error, where the journal lies at `path`.
    pub(crate) fn into_error(self, path: &Path) -> JournalError {
        match self {
            Self::Refused(error) => error,
            Self::Database(error) => Trouble::of(path, error).into(),
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

/// A failure of the journal as a whole, which may have to be told to several callers.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    message: String,
    is_damage: bool,
    /// The writer number that the journal needs, and ours, where that is too low.
    superseded: Option<(i64, i64)>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// `Arc<dyn Error>` as an error that can be boxed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Shared(Arc<dyn Error + Send + Sync>);

impl From<Trouble> for JournalError {
    fn from(trouble: Trouble) -> Self {
        let Trouble {
            message,
            is_damage,
            superseded,
            source,
        } = trouble;
        if let Some((needed, ours)) = superseded {
            Self::Superseded { needed, ours }
        } else if is_damage {
            Self::Corrupt { message }
        } else {
            Self::Unavailable {
                message,
                source: source.map(|source| Box::new(Shared(source)).into()),
            }
        }
    }
}

/// SQLite's primary result codes, <https://www.sqlite.org/rescode.html>.
mod code {
    pub(super) const PERM: u32 = 3;
    pub(super) const BUSY: u32 = 5;
    pub(super) const LOCKED: u32 = 6;
    pub(super) const READONLY: u32 = 8;
    pub(super) const IOERR: u32 = 10;
    pub(super) const CORRUPT: u32 = 11;
    pub(super) const FULL: u32 = 13;
    pub(super) const CANTOPEN: u32 = 14;
    pub(super) const NOTADB: u32 = 26;
}

/// The primary result code of a refusal by SQLite: the low byte of the extended one.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let extended: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// Whether another connection holds what the statement needed.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(code::BUSY | code::LOCKED))
}

/// Whether a row was refused because another has its place.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(DatabaseError::is_unique_violation)
}

/// Whether a row was refused for what it lacks: a value, or a row that it belongs to.
pub(crate) fn is_refused(error: &sqlx::Error) -> bool {
    let kind = error.as_database_error().map(DatabaseError::kind);
    matches!(
        kind,
        Some(ErrorKind::NotNullViolation | ErrorKind::ForeignKeyViolation)
    )
}

impl Trouble {
    fn new(message: String, source: impl Error + Send + Sync + 'static) -> Self {
        Self {
            message,
            is_damage: false,
            superseded: None,
            source: Some(Arc::new(source)),
        }
    }

    /// The file cannot be used as a journal; nothing was written.
    pub(crate) const fn damage(message: String) -> Self {
        Self {
            message,
            is_damage: true,
            superseded: None,
            source: None,
        }
    }

    /// The journal cannot be used, for a reason of our own.
    pub(crate) const fn refusal(message: String) -> Self {
        Self {
            message,
            is_damage: false,
            superseded: None,
            source: None,
        }
    }

    /// A later release has taken the journal over.
    pub(crate) const fn superseded(needed: i64, ours: i64) -> Self {
        Self {
            message: String::new(),
            is_damage: false,
            superseded: Some((needed, ours)),
            source: None,
        }
    }

    /// What happened, in words.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The file or its directory could not be made or looked at.
    pub(crate) fn file(path: &Path, what: &str, error: io::Error) -> Self {
        let path = path.display();
        Self::new(
            format!(
                "{what} {path} failed ({error}); nothing was written: check that the directory \
                 exists and that this user may write there, or name another place"
            ),
            error,
        )
    }

    /// What the database's error means where the journal lies at `path`.
    pub(crate) fn of(path: &Path, error: sqlx::Error) -> Self {
        let shown = path.display();
        let message = match primary_code(&error) {
            Some(code::BUSY | code::LOCKED) => format!(
                "another process keeps {shown} locked; nothing was written: try again, and end the \
                 process that holds it if this goes on"
            ),
            Some(code::READONLY) => format!(
                "{shown} is read-only; nothing was written: make the file and its directory \
                 writable for this user"
            ),
            Some(code::PERM | code::CANTOPEN) => format!(
                "{shown} cannot be opened; nothing was written: check that it is a file, that its \
                 directory exists, and that this user may read and write both"
            ),
            Some(code::FULL) => format!(
                "the disk that holds {shown} is full; nothing was written: free some space and try \
                 again"
            ),
            Some(code::IOERR) => format!(
                "reading or writing {shown} failed: check the disk, then read the order again \
                 before going on, since what was being written may or may not be there"
            ),
            Some(code::CORRUPT) => {
                return Self::damage(format!(
                    "{shown} is damaged; nothing was written: stop, keep a copy of it and of the \
                     files beside it, and restore a backup"
                ));
            }
            Some(code::NOTADB) => {
                return Self::damage(format!(
                    "{shown} is no SQLite database; nothing was written: move it away, or name \
                     another file for the journal"
                ));
            }
            Some(_) => format!("the database refused ({error}); nothing was written"),
            None if is_unreadable_row(&error) => {
                return Self::damage(format!(
                    "a row in {shown} is not what this release writes ({error}); nothing was \
                     written: use the release that wrote it, or restore a backup"
                ));
            }
            None => format!(
                "the connection to {shown} failed ({error}): read the order again before going on"
            ),
        };
        Self::new(message, error)
    }
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
    use sqlx::Connection as _;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

    use super::*;

    async fn memory() -> SqliteConnection {
        let options = SqliteConnectOptions::new().in_memory(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql("CREATE TABLE kept (what TEXT NOT NULL UNIQUE) STRICT")
            .execute(&mut connection)
            .await
            .unwrap();
        connection
    }

    async fn refused(connection: &mut SqliteConnection, sql: &'static str) -> JournalError {
        let error = sqlx::raw_sql(sql).execute(connection).await.unwrap_err();
        Trouble::of(Path::new("/data/roamport.db"), error).into()
    }

    #[tokio::test]
    async fn a_read_only_database_says_so() {
        let mut connection = memory().await;
        let sql = "PRAGMA query_only = ON; INSERT INTO kept VALUES ('x')";
        let error = refused(&mut connection, sql).await;
        assert!(matches!(error, JournalError::Unavailable { .. }));
        let text = error.to_string();
        assert!(text.contains("/data/roamport.db is read-only"), "{text}");
        assert!(
            text.contains("make the file and its directory writable"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_refusal_shows_no_value() {
        let mut connection = memory().await;
        let sql = "INSERT INTO kept VALUES ('K2-1A9F3C'), ('K2-1A9F3C')";
        let error = refused(&mut connection, sql).await;
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("1A9F3C"), "{shown}");
        assert!(shown.contains("nothing was written"), "{shown}");
    }

    #[test]
    fn a_row_of_another_shape_is_damage() {
        let error = sqlx::Error::ColumnNotFound("due_at".to_owned());
        let error = JournalError::from(Trouble::of(Path::new("roamport.db"), error));
        assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
    }

    #[test]
    fn several_callers_are_told_the_same_source() {
        let error = io::Error::other("unplugged");
        let trouble = Trouble::file(Path::new("roamport.db"), "opening", error);
        for error in [
            JournalError::from(trouble.clone()),
            JournalError::from(trouble),
        ] {
            let source = error.source().unwrap();
            assert_eq!(source.to_string(), "unplugged");
        }
    }
}
