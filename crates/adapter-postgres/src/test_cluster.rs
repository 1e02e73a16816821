//! A throwaway PostgreSQL server for tests, behind the feature `test-cluster`. Unix only.
//!
//! [`TestCluster::shared`] starts one server for the test process, from the binaries that are
//! installed, in a temporary directory, on loopback and a free port, with `fsync` on; or it uses the
//! server of `TEST_POSTGRES_URL`, whose user may make databases. Where neither is to be had it says
//! so in one line and gives `None`, so that a test can end; with `ROAMPORT_REQUIRE_POSTGRES=1` it
//! panics instead. PostgreSQL does not run as the super-user: such a one drops to `postgres` or
//! `nobody` for it.
//!
//! The server ends with the test process, however that one ends: a shell stands between the two, and
//! reads from a pipe that breaks with it.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Once, OnceLock};
use std::thread;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

const USER: &str = "roamport";

/// The password of the throwaway server. Nothing may show it.
pub const PASSWORD: &str = "thr0wn-away";

/// Starts the server, ends it when asked or when the pipe breaks, and removes its directory.
const GUARD: &str = r#"
start() {
    "$1/postgres" -D "$2/data" -k "$2" -p "$3" -c listen_addresses=127.0.0.1 -c fsync=on \
        -c max_connections=150 -c shared_buffers=16MB -c timezone=UTC </dev/null >>"$2/log" 2>&1 &
    server=$!
}
start "$@"
while read -r word; do
    case $word in
        kill) kill -QUIT "$server"; wait "$server" ;;
        start) start "$@" ;;
    esac
    echo "$word"
done
kill -QUIT "$server"
wait "$server"
rm -rf "$2"
"#;

/// A server that tests may do anything to.
#[derive(Debug)]
pub struct TestCluster {
    /// Without the name of a database.
    base: String,
    parameters: String,
    /// `None`: somebody else's.
    guard: Option<Guard>,
}

#[derive(Debug)]
struct Guard {
    shell: Child,
    answers: BufReader<ChildStdout>,
}

/// A database of its own for one test. It goes when this is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    name: String,
    /// Where to drop it, on a server that lives on.
    server: Option<String>,
}

impl TestCluster {
    /// The server of this test process; `None` where there is none to be had, as one line says.
    ///
    /// # Panics
    ///
    /// Where the installed server cannot be started, or is required and not there.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<TestCluster>> = OnceLock::new();
        let found = SHARED.get_or_init(|| {
            let given = variable("TEST_POSTGRES_URL").filter(|url| !url.is_empty());
            match given {
                Some(url) => Some(Self::of_url(&url)),
                None => binaries().map(|binaries| Self::started(&binaries)),
            }
        });
        found.as_ref().or_else(skip)
    }

    /// A server for one test, which may stop it; `None` where no binaries are installed.
    ///
    /// # Panics
    ///
    /// Those of [`TestCluster::shared`].
    pub fn own() -> Option<Self> {
        binaries()
            .map(|binaries| Self::started(&binaries))
            .or_else(skip)
    }

    fn of_url(url: &str) -> Self {
        let (place, parameters) = match url.split_once('?') {
            Some((place, parameters)) => (place, format!("?{parameters}")),
            None => (url, String::new()),
        };
        let start = place.find("://").map_or(0, |colon| colon + 3);
        let end = place[start..]
            .find('/')
            .map_or(place.len(), |slash| start + slash);
        Self {
            base: place[..end].to_owned(),
            parameters,
            guard: None,
        }
    }

    fn started(binaries: &Path) -> Self {
        let made = Self::start_in(binaries);
        made.unwrap_or_else(|error| panic!("the test server cannot be started: {error}"))
    }

    fn start_in(binaries: &Path) -> io::Result<Self> {
        let directory = make_directory()?;
        let account = account(&directory)?;
        make_cluster(binaries, &directory, account)?;
        // Nobody else is given this port between here and the server's start, as a rule.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let mut command = as_account("sh", account);
        command
            .args(["-c", GUARD, "guard"])
            .arg(binaries)
            .arg(&directory)
            .arg(port.to_string())
            .current_dir(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // An interrupt at the terminal ends the tests, and the broken pipe then the server.
            .process_group(0);
        let mut shell = command.spawn()?;
        let answers = shell.stdout.take().expect("it was piped just now");
        let cluster = Self {
            base: format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{port}"),
            parameters: String::new(),
            guard: Some(Guard {
                shell,
                answers: BufReader::new(answers),
            }),
        };
        cluster.wait();
        Ok(cluster)
    }

    /// Stops the server at once, as a crash does: nothing is finished, nothing tidied up.
    ///
    /// # Panics
    ///
    /// Where the server is not this test's own.
    pub fn kill(&mut self) {
        self.tell("kill");
    }

    /// Starts it again, and waits until it takes connections.
    ///
    /// # Panics
    ///
    /// Where the server is not this test's own, or does not start.
    pub fn start(&mut self) {
        self.tell("start");
        self.wait();
    }

    fn tell(&mut self, word: &str) {
        let guard = self
            .guard
            .as_mut()
            .expect("only a test's own server is stopped");
        let pipe = guard
            .shell
            .stdin
            .as_mut()
            .expect("it was piped and never taken");
        writeln!(pipe, "{word}").expect("the guard lives as long as the cluster");
        let mut answer = String::new();
        guard
            .answers
            .read_line(&mut answer)
            .expect("the guard answers every word");
        assert_eq!(answer.trim(), word);
    }

    /// The URL of a database of this server.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}{}", self.base, self.parameters)
    }

    /// A new, empty database.
    ///
    /// # Panics
    ///
    /// Where the server refuses.
    pub fn database(&self) -> TestDatabase {
        self.make("template0")
    }

    fn make(&self, template: &str) -> TestDatabase {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("roamport_test_{}_{number}", std::process::id());
        let server = self.url("postgres");
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'");
        execute(&server, &sql).expect("the test server makes databases");
        TestDatabase {
            url: self.url(&name),
            name,
            server: self.guard.is_none().then_some(server),
        }
    }

    /// A copy of a database to which nobody is connected: what a backup of this moment restores.
    ///
    /// # Panics
    ///
    /// Where somebody still is, after some seconds.
    pub fn copy(&self, of: &TestDatabase) -> TestDatabase {
        self.make(&of.name)
    }

    fn wait(&self) {
        let url = self.url("postgres");
        for _ in 0..600 {
            if execute(&url, "SELECT 1").is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the test server takes no connection");
    }
}

impl TestDatabase {
    /// Its URL, password included.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements in it, as somebody with a database shell does.
    ///
    /// # Panics
    ///
    /// Where the server refuses them.
    pub fn run(&self, sql: &str) {
        execute(&self.url, sql).expect("the statements are right");
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            // Best effort: a test that failed may have left the server unreachable.
            execute(
                server,
                &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
            )
            .ok();
        }
    }
}

/// On a thread of its own, so that it works inside and outside of a runtime.
fn execute(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let mut connection = PgConnection::connect(url).await?;
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                .execute(&mut connection)
                .await?;
            connection.close().await
        })
    };
    thread::scope(|scope| scope.spawn(work).join().expect("nothing in it panics"))
}

/// Says once why tests are skipped, also where their output is not shown.
fn skip<T>() -> Option<T> {
    static SAID: Once = Once::new();
    let why = "no PostgreSQL server is installed and TEST_POSTGRES_URL is not set";
    assert!(
        variable("ROAMPORT_REQUIRE_POSTGRES").is_none_or(|value| value != "1"),
        "{why}, and ROAMPORT_REQUIRE_POSTGRES=1 asks for one"
    );
    SAID.call_once(|| {
        // Whoever reads no output misses nothing that a test could do about it.
        writeln!(io::stdout(), "skipped: {why}").ok();
    });
    None
}

#[expect(
    clippy::disallowed_methods,
    reason = "how tests reach a server is no setting of the program"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Where `initdb` and `postgres` are: what `pg_config` says, or Debian's newest.
fn binaries() -> Option<PathBuf> {
    let mut folders = Vec::new();
    if let Ok(answer) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(
            String::from_utf8_lossy(&answer.stdout).trim(),
        ));
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<PathBuf> = versions.flatten().map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        std::cmp::Reverse(name.and_then(|name| name.parse::<u32>().ok()))
    });
    folders.extend(versions.into_iter().map(|version| version.join("bin")));
    folders.into_iter().find(|folder| {
        ["initdb", "postgres"]
            .iter()
            .all(|name| folder.join(name).is_file())
    })
}

fn make_directory() -> io::Result<PathBuf> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("roamport-postgres-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    if path.exists() {
        // Of a process that had this id before and was cut off together with its guard.
        fs::remove_dir_all(&path)?;
    }
    fs::create_dir(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
    Ok(path)
}

/// The ordinary account under which a super-user starts the server; `None` for everybody else.
fn account(directory: &Path) -> io::Result<Option<(u32, u32)>> {
    if fs::metadata(directory)?.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        let line = accounts
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let (user, group) = find("postgres")
        .or_else(|| find("nobody"))
        .ok_or_else(|| io::Error::other("there is no account `postgres` or `nobody`"))?;
    chown(directory, Some(user), Some(group))?;
    Ok(Some((user, group)))
}

fn as_account(program: impl AsRef<std::ffi::OsStr>, account: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = account {
        command.uid(user).gid(group);
    }
    command
}

fn make_cluster(binaries: &Path, directory: &Path, account: Option<(u32, u32)>) -> io::Result<()> {
    let password = directory.join("password");
    fs::write(&password, PASSWORD)?;
    if let Some((user, group)) = account {
        chown(&password, Some(user), Some(group))?;
    }
    let mut passwords = std::ffi::OsString::from("--pwfile=");
    passwords.push(&password);
    let made = as_account(binaries.join("initdb"), account)
        .arg("-D")
        .arg(directory.join("data"))
        .args(["-U", USER, "--auth=scram-sha-256", "--encoding=UTF8"])
        .args(["--no-locale", "--no-instructions", "--no-sync"])
        .arg(passwords)
        .current_dir(directory)
        .output()?;
    if made.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    Err(io::Error::other(format!("initdb failed: {said}")))
}
