//! A throwaway PostgreSQL cluster, made by the server binaries that are installed: one for a whole soak,
//! and one for a whole run of the tests, which would otherwise make one for each process.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::soak::now;

/// How long the server may take to start.
const LONGEST_START: Duration = Duration::from_secs(30);

/// What the server asks for, so that what shows a password is found out.
const PASSWORD: &str = "throwaway-secret";

/// A running server with an empty database. It ends with this value.
#[derive(Debug)]
pub(crate) struct Cluster {
    server: Child,
    port: u16,
}

impl Cluster {
    /// Makes a cluster below `folder` and starts it. `None` where no server is installed.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Option<Self>> {
        let Some(programs) = programs() else {
            return Ok(None);
        };
        let home = folder.join("postgres");
        fs::create_dir(&home)?;
        let account = Account::of_the_server(folder, &home)?;
        let data = home.join("data");
        let log = File::create(folder.join("postgres.log"))?;
        let password = home.join("password");
        fs::write(&password, PASSWORD)?;
        account.own(&password)?;
        let mut initialise = Command::new(programs.join("initdb"));
        initialise
            .args(["--username=soak", "--auth=scram-sha-256", "--encoding=UTF8"])
            .arg(format!("--pwfile={}", password.display()))
            .args(["--no-locale", "--pgdata"])
            .arg(&data)
            .current_dir(&home)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?);
        account.take(&mut initialise);
        let made = initialise.status().context("failed to start `initdb`")?;
        if !made.success() {
            bail!("`initdb` failed: {}", last_words(folder));
        }
        let port = free_port()?;
        let mut server = Command::new(programs.join("postgres"));
        server
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", home.display()))
            .current_dir(&home)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        account.take(&mut server);
        let server = server.spawn().context("failed to start `postgres`")?;
        let mut cluster = Self { server, port };
        cluster.wait(folder)?;
        Ok(Some(cluster))
    }

    /// Where `roamport` finds the database.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://soak:{PASSWORD}@127.0.0.1:{}/postgres",
            self.port
        )
    }

    fn wait(&mut self, folder: &Path) -> anyhow::Result<()> {
        let until = now() + LONGEST_START;
        // Listening comes before readiness by a moment; the log tells.
        while now() < until {
            if let Some(status) = self.server.try_wait()? {
                bail!("the server ended ({status}): {}", last_words(folder));
            }
            let log = fs::read_to_string(folder.join("postgres.log")).unwrap_or_default();
            let ready = log.contains("ready to accept connections");
            if ready && TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("the server did not start in time: {}", last_words(folder))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGINT is the server's "fast shutdown": its children go with it. One that is killed
        // without warning leaves them behind.
        let pid = self.server.id().to_string();
        let asked = Command::new("kill").args(["-INT", &pid]).status();
        if asked.is_err() {
            self.server.kill().ok();
        }
        self.server.wait().ok();
    }
}

fn last_words(folder: &Path) -> String {
    let log = fs::read_to_string(folder.join("postgres.log")).unwrap_or_default();
    log.lines().last().unwrap_or("it said nothing").to_owned()
}

/// The folder of `initdb` and `postgres`: the one that `pg_config` names, or the newest where Debian
/// puts them.
fn programs() -> Option<PathBuf> {
    let asked = Command::new("pg_config").arg("--bindir").output().ok();
    let named = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let mut folders: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    folders.sort_unstable();
    let newest_first = folders.into_iter().rev().map(|(_, folder)| folder);
    let has_both =
        |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    named
        .map(PathBuf::from)
        .into_iter()
        .chain(newest_first)
        .find(has_both)
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// The account that the server runs under: it refuses to be started by a super-user.
struct Account {
    #[cfg(unix)]
    other: Option<(u32, u32)>,
}

#[cfg(unix)]
impl Account {
    /// Our own, unless that is the super-user: then `postgres` or `nobody`, who is given `home` and
    /// let through `folder`.
    fn of_the_server(folder: &Path, home: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

        if fs::metadata(home)?.uid() != 0 {
            return Ok(Self { other: None });
        }
        let accounts = fs::read_to_string("/etc/passwd").context("no accounts are to be read")?;
        let ids = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| ids_of(&accounts, name))
            .context("a super-user needs the account `postgres` or `nobody` for the server")?;
        chown(home, Some(ids.0), Some(ids.1))?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o711))?;
        Ok(Self { other: Some(ids) })
    }

    /// Gives a file to the account.
    fn own(&self, file: &Path) -> anyhow::Result<()> {
        if let Some((user, group)) = self.other {
            std::os::unix::fs::chown(file, Some(user), Some(group))?;
        }
        Ok(())
    }

    fn take(&self, command: &mut Command) {
        use std::os::unix::process::CommandExt as _;

        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
    }
}

#[cfg(not(unix))]
impl Account {
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on other platforms")]
    fn of_the_server(_: &Path, _: &Path) -> anyhow::Result<Self> {
        Ok(Self {})
    }

    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "there is an account on other platforms, and it can fail"
    )]
    fn own(&self, _: &Path) -> anyhow::Result<()> {
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "there is an account on other platforms")]
    fn take(&self, _: &mut Command) {}
}

/// User and group of an account, by the lines of `/etc/passwd`.
#[cfg(unix)]
fn ids_of(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let mut lines = accounts.lines().map(|line| line.split(':'));
    let mut fields =
        lines.find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?;
    let user = fields.nth(1)?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some((user, group))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "root:x:0:0:root:/:/bin/sh\npostgres2:x:9:9::/:\npostgres:x:101:103::/:\n";
        assert_eq!(ids_of(accounts, "postgres"), Some((101, 103)));
        assert_eq!(ids_of(accounts, "nobody"), None);
        assert_eq!(ids_of("postgres:x:one:2\n", "postgres"), None);
    }
}
