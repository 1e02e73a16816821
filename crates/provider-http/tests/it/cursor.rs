//! Lists whose pages name the next one.

use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use roamport_domain::provider::{ErrorKind, Operation, Result};
use roamport_domain::{Package, ProviderError, ProviderName};
use roamport_provider_http::listing::{CursorPage, by_cursor};

use crate::support::package;

type Answer = Result<(Vec<&'static str>, Option<u8>), ErrorKind>;

fn acme() -> ProviderName {
    ProviderName::parse("acme").unwrap()
}

/// What a list of these answers gives, and the cursors it asked for.
async fn listed(most_pages: u32, answers: Vec<Answer>) -> (Vec<Result<Package>>, Vec<Option<u8>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let mut answers = answers.into_iter();
    let stream = by_cursor(acme(), most_pages, move |cursor| {
        noted.lock().unwrap().push(cursor);
        let answer = answers
            .next()
            .expect("asked once more than there are answers");
        async move {
            let (names, next) = answer
                .map_err(|kind| ProviderError::new(kind, acme(), Operation::Packages, "no page"))?;
            let packages = names.into_iter().map(package).collect();
            Ok(CursorPage { packages, next })
        }
    });
    let items = stream.collect().await;
    let asked = asked.lock().unwrap().clone();
    (items, asked)
}

fn names(items: &[Result<Package>]) -> Vec<&str> {
    let packages = items.iter().filter_map(|item| item.as_ref().ok());
    packages.map(|package| package.id.as_str()).collect()
}

fn kinds(items: &[Result<Package>]) -> Vec<ErrorKind> {
    let errors = items.iter().filter_map(|item| item.as_ref().err());
    errors.map(ProviderError::kind).collect()
}

#[tokio::test]
async fn each_package_comes_once_and_each_page_is_asked_for_with_the_cursor_before_it() {
    let pages = vec![
        Ok((vec!["a", "b"], Some(1))),
        Ok((vec![], Some(2))),
        Ok((vec!["b", "c"], None)),
    ];
    let (items, asked) = listed(10, pages).await;
    assert_eq!(
        (names(&items), kinds(&items)),
        (vec!["a", "b", "c"], vec![])
    );
    assert_eq!(asked, [None, Some(1), Some(2)]);
}

#[tokio::test]
async fn a_page_that_failed_for_now_is_asked_for_again_and_any_other_error_ends_the_list() {
    let pages = vec![
        Ok((vec!["a"], Some(1))),
        Err(ErrorKind::Unavailable),
        Ok((vec!["b"], Some(2))),
        Err(ErrorKind::Unauthorized),
    ];
    let (items, asked) = listed(10, pages).await;
    assert_eq!(names(&items), ["a", "b"]);
    assert_eq!(
        kinds(&items),
        [ErrorKind::Unavailable, ErrorKind::Unauthorized]
    );
    assert_eq!(asked, [None, Some(1), Some(1), Some(2)]);
}

#[tokio::test]
async fn a_list_that_never_ends_is_an_error_and_never_cut_short() {
    let own_cursor = vec![Ok((vec!["a"], Some(1))), Ok((vec!["b"], Some(1)))];
    let too_long = vec![Ok((vec!["a"], Some(1))), Ok((vec!["b"], Some(2)))];
    for (most_pages, pages) in [(10, own_cursor), (2, too_long)] {
        let (items, _) = listed(most_pages, pages).await;
        assert_eq!(
            (names(&items), kinds(&items)),
            (vec!["a"], vec![ErrorKind::InvalidResponse])
        );
    }
    let last_allowed = vec![Ok((vec!["a"], Some(1))), Ok((vec!["b"], None))];
    assert_eq!(names(&listed(2, last_allowed).await.0), ["a", "b"]);
}

#[test]
fn nothing_is_asked_for_before_the_first_poll() {
    let asked = |_| -> std::future::Ready<Result<CursorPage<u8>>> { panic!("asked") };
    drop(by_cursor(acme(), 1, asked));
}
