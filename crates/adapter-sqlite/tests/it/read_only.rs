//! A journal that may only be read: refused when it is opened, whoever opens it, and left as it is.

#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use roamport_conformance::journal::AppendAt as _;
use roamport_domain::OrderJournal;
use roamport_domain::journal::{JournalError, Version};

use crate::support::Bench;

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_file_that_nobody_may_write_is_refused_untouched_and_works_again_later() {
    let bench = Bench::new().await;
    let new = bench.opened("kept").await;
    bench.journal.close().await;
    let path = bench.path();
    let bytes = fs::read(&path).unwrap();
    for mode in [0o400, 0o444] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = bench.open_another().await.unwrap_err();
        assert!(matches!(error, JournalError::Unavailable { .. }), "{error}");
        let text = error.to_string();
        for words in ["read-only", "nothing was written", "writable for this user"] {
            assert!(text.contains(words), "{text}");
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "the file was changed");
        // Nothing is left beside it that could not be written later.
        assert_eq!(names(bench.directory.path()), ["roamport.db"]);
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let journal = bench.open_another().await.unwrap();
    assert_eq!(
        journal.load(new.id).await.unwrap().version(),
        Version::FIRST
    );
    let version = journal.append_at(new.id, Version::FIRST, &[], None).await;
    assert_eq!(version.unwrap(), Version::FIRST);
}
