//! Several statements that are sent to SQLite's thread at once.
//!
//! Every query is a hop to the thread of its connection and back, and each hop waits for a processor. The
//! driver runs the statements of one text one after the other, binds the arguments to their `?` in the
//! order in which they were given, and stops at the first that fails. Of the project, this file alone
//! relies on it; a test below notices should a release of the driver do otherwise.

use futures::TryStreamExt as _;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Executor as _, Sqlite, Type};

use crate::writer::Writing;

/// How many rows one `INSERT` takes: few enough for SQLite's limit of 32,766 arguments a statement.
pub(crate) const MOST_ROWS: usize = 1000;

/// Texts with more rows than this are rare, and not worth a place among the prepared statements.
const PREPARED_ROWS: usize = 8;

/// Statements that write, with what they write. No value ever stands in the text.
#[derive(Debug, Default)]
pub(crate) struct Script {
    sql: String,
    arguments: SqliteArguments,
    most_rows: usize,
}

impl Script {
    /// Adds a statement. Its arguments are `?`, without numbers or names.
    pub(crate) fn statement(&mut self, sql: &'static str) {
        if !self.sql.is_empty() {
            self.sql.push_str("; ");
        }
        self.sql.push_str(sql);
    }

    /// Adds a statement with as many tuples of `columns` arguments between `head` and `tail` as there
    /// are `rows`: at least one, at most [`MOST_ROWS`].
    pub(crate) fn insert(
        &mut self,
        head: &'static str,
        columns: usize,
        rows: usize,
        tail: &'static str,
    ) {
        self.statement(head);
        for row in 0..rows {
            self.sql.push_str(if row == 0 { " (?" } else { ", (?" });
            self.sql.push_str(&", ?".repeat(columns - 1));
            self.sql.push(')');
        }
        self.sql.push_str(tail);
        self.most_rows = self.most_rows.max(rows);
    }

    /// The next argument.
    pub(crate) fn bind<'value, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'value, Sqlite> + Type<Sqlite>,
    {
        self.arguments
            .add(value)
            .expect("texts and integers can be encoded");
        self
    }

    /// Runs it in one hop, and gives how many rows each statement wrote.
    pub(crate) async fn run(self, writing: &mut Writing<'_>) -> Result<Vec<u64>, sqlx::Error> {
        let rows = self.execute(writing.connection()).await?;
        writing.wrote(rows.iter().sum());
        Ok(rows)
    }

    /// The same outside of the writer.
    pub(crate) async fn execute(
        self,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<u64>, sqlx::Error> {
        let is_usual = self.most_rows <= PREPARED_ROWS;
        // The text is put together from texts of ours and counts alone.
        let query = sqlx::query_with(AssertSqlSafe(self.sql), self.arguments).persistent(is_usual);
        connection
            .execute_many(query)
            .map_ok(|done| done.rows_affected())
            .try_collect()
            .await
    }
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{Connection as _, Row as _};

    use super::*;

    const TABLE: &str = "CREATE TABLE kept (number INTEGER NOT NULL UNIQUE, word TEXT) STRICT";

    async fn memory() -> SqliteConnection {
        let options = SqliteConnectOptions::new().in_memory(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&mut connection).await.unwrap();
        connection
    }

    async fn run(
        connection: &mut SqliteConnection,
        script: Script,
    ) -> Result<Vec<u64>, sqlx::Error> {
        script.run(&mut Writing::new(connection, 0)).await
    }

    async fn kept(connection: &mut SqliteConnection) -> Vec<(i64, Option<String>)> {
        sqlx::query("SELECT number, word FROM kept ORDER BY number")
            .fetch_all(connection)
            .await
            .unwrap()
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect()
    }

    fn three(rows: usize, word: &str) -> Script {
        let mut script = Script::default();
        script.insert("INSERT INTO kept (number, word) VALUES", 2, rows, "");
        for (number, _) in (1_i64..).zip(0..rows) {
            script.bind(number).bind(word);
        }
        script.statement("UPDATE kept SET word = ? WHERE number = ?");
        script.bind("renamed").bind(2_i64);
        script.statement("DELETE FROM kept WHERE number > ? AND word = ?");
        script.bind(3_i64).bind(word);
        script
    }

    #[tokio::test]
    async fn arguments_go_to_their_statements_in_order_and_each_tells_its_rows() {
        let mut connection = memory().await;
        // Both ways, prepared for keeps and not, and each twice.
        for rows in [5, 5, 900, 900] {
            let word = format!("one of {rows}; not \"two\" -- ?");
            let written = run(&mut connection, three(rows, &word)).await.unwrap();
            let rows = u64::try_from(rows).unwrap();
            assert_eq!(written, [rows, 1, rows - 3]);
            let expected = [
                (1, Some(word.clone())),
                (2, Some("renamed".to_owned())),
                (3, Some(word)),
            ];
            assert_eq!(kept(&mut connection).await, expected);
            sqlx::raw_sql("DELETE FROM kept")
                .execute(&mut connection)
                .await
                .unwrap();
        }
    }

    #[tokio::test]
    async fn the_statement_that_fails_is_the_last_to_run() {
        let mut connection = memory().await;
        let mut script = Script::default();
        for number in [1_i64, 1, 2] {
            script.statement("INSERT INTO kept VALUES (?, NULL)");
            script.bind(number);
        }
        let error = run(&mut connection, script).await.unwrap_err();
        assert!(error.as_database_error().unwrap().is_unique_violation());
        assert_eq!(kept(&mut connection).await, [(1, None)]);
    }

    #[tokio::test]
    async fn an_insert_takes_the_most_rows_of_the_widest_table() {
        let mut connection = memory().await;
        let mut script = Script::default();
        script.insert(
            "WITH wide (a, b, c, d, e) AS (VALUES",
            5,
            MOST_ROWS,
            ") INSERT INTO kept SELECT a, e FROM wide",
        );
        for number in 0..i64::try_from(MOST_ROWS).unwrap() {
            script.bind(number).bind(1).bind(2).bind(3).bind("last");
        }
        let written = run(&mut connection, script).await.unwrap();
        assert_eq!(written, [u64::try_from(MOST_ROWS).unwrap()]);
    }
}
