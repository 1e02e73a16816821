//! A journal that is read-only, damaged or of a later release: a clear error, nothing written, nothing
//! bought.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{BOTH, Goods, Scene};
use crate::home::{Finished, Home};

/// Every file of a directory with its bytes.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect()
}

fn database(home: &Home) -> PathBuf {
    home.data().join("roamport.db")
}

/// A home whose journal holds a wish that was not sent, and is then spoilt.
fn spoilt(goods: Goods, spoil: impl Fn(&Path)) -> Scene {
    let scene = Scene::new(goods);
    let recorded = scene
        .home
        .run(&format!("{} --key old --wait 0", scene.line));
    assert_eq!(recorded.code, Some(0), "{}", recorded.stderr);
    let names: Vec<_> = files(&scene.home.data()).into_keys().collect();
    assert_eq!(names, [database(&scene.home)], "the log is in the file");
    spoil(&database(&scene.home));
    scene
}

/// Whatever is asked of the program, it says why not, and leaves files and provider alone.
fn check_refused(scene: &Scene, says: &[&str], run: impl Fn(&str) -> Finished) {
    let goods = scene.goods;
    let before = files(&scene.home.data());
    let (charges, calls) = (scene.charges().len(), scene.calls());
    for line in [
        format!("{} --another", scene.line),
        format!("{} --key old", scene.line),
        "order resume".to_owned(),
    ] {
        let finished = run(&line);
        let said = &finished.stderr;
        assert!(
            !matches!(finished.code, Some(0) | None),
            "{goods:?}, {line}: {:?} {said}",
            finished.code
        );
        assert_eq!(finished.stdout, "", "{goods:?}, {line}");
        for words in says {
            assert!(said.contains(words), "{goods:?}, {line}: {said}");
        }
    }
    assert_eq!(
        (scene.charges().len(), scene.calls()),
        (charges, calls),
        "{goods:?}: nothing was sent"
    );
    // To look into the file SQLite may lay a log and the log's index beside it: an empty log says
    // nothing.
    let mut after = files(&scene.home.data());
    after.retain(|path, bytes| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let empty_log = name.ends_with(".db-wal") && bytes.is_empty();
        !empty_log && !name.ends_with(".db-shm")
    });
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&after), names(&before), "{goods:?}");
    assert!(after == before, "{goods:?}: something was written");
}

/// What is done to the bytes of a database.
type Spoil = fn(&mut Vec<u8>);

#[test]
fn a_damaged_journal_is_refused_untouched_and_nothing_is_bought() {
    let spoilers: [(&str, Spoil, &str); 3] = [
        (
            "the pages behind the first are noise",
            |bytes| bytes[4096..].fill(0xA5),
            "is damaged",
        ),
        (
            "the table of contents is noise",
            |bytes| bytes[100..4096].fill(0xA5),
            "is damaged",
        ),
        (
            "the first bytes are noise",
            |bytes| bytes[..100].fill(0xA5),
            "no SQLite database",
        ),
    ];
    for goods in BOTH {
        for (what, spoil, says) in spoilers {
            let scene = spoilt(goods, |path| {
                let mut bytes = fs::read(path).unwrap();
                spoil(&mut bytes);
                fs::write(path, bytes).unwrap();
            });
            println!("{goods:?}: {what}");
            check_refused(&scene, &[says, "nothing was written"], |line| {
                scene.home.run(line)
            });
        }
    }
}

#[test]
fn a_journal_of_a_later_release_is_refused_untouched_and_nothing_is_bought() {
    for goods in BOTH {
        let scene = spoilt(goods, |path| {
            // The version of the tables lies at byte 60 of the header,
            // <https://www.sqlite.org/fileformat2.html#the_database_header>.
            let mut bytes = fs::read(path).unwrap();
            bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
            fs::write(path, bytes).unwrap();
        });
        let says = ["version 99", "use the release that wrote it"];
        check_refused(&scene, &says, |line| scene.home.run(line));
    }
}

/// Runs a command line as a user who may read and not write: the same one where that is no super-user,
/// otherwise `nobody`.
#[cfg(unix)]
fn run_unprivileged(home: &Home, program: &Path, line: &str) -> Finished {
    let words: Vec<&str> = line.split_whitespace().collect();
    let plain = home.command(&words);
    let mut command = if is_super_user() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    let environment = plain.get_envs();
    command
        .args(plain.get_args())
        .env_clear()
        .envs(environment.filter_map(|(key, value)| Some((key, value?))))
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home.path(""))
        .stdin(std::process::Stdio::null());
    command.output().unwrap().into()
}

#[cfg(unix)]
fn is_super_user() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}

#[cfg(unix)]
#[test]
fn a_read_only_journal_is_refused_untouched_and_nothing_is_bought() {
    use std::os::unix::fs::{PermissionsExt as _, chown};

    let root = is_super_user();
    if root && Command::new("setpriv").arg("--version").output().is_err() {
        println!("skipped: a super-user may write read-only files, and there is no setpriv");
        return;
    }
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    for goods in BOTH {
        let scene = spoilt(goods, |_| {});
        let home = &scene.home;
        let program = home.path("roamport");
        fs::copy(env!("CARGO_BIN_EXE_roamport"), &program).unwrap();
        mode(&program, 0o755);
        if root {
            for path in [home.path(""), home.data(), database(home)] {
                chown(path, Some(65_534), Some(65_534)).unwrap();
            }
        }
        mode(&database(home), 0o400);
        check_refused(&scene, &["read-only", "nothing was written"], |line| {
            run_unprivileged(home, &program, line)
        });
        // Made writable again, it is as it was: the wish is carried on, and bought once.
        mode(&database(home), 0o600);
        let line = format!("{} --key old --json", scene.line);
        let bought = run_unprivileged(home, &program, &line);
        assert_eq!(bought.code, Some(0), "{goods:?}: {}", bought.stderr);
        assert_eq!((scene.charges().len(), scene.calls()), (1, 1), "{goods:?}");
    }
}
