//! A list that is read by page numbers: complete, or an error.

mod page_task;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use roamport_domain::provider::{Operation, PackageQuery, Reaction, Result};
use roamport_domain::{Package, ProviderError};

use self::page_task::PageTask;
use super::seen::Seen;
use crate::Failure;

/// How often a list that moved is started again.
const RESTARTS: u8 = 2;

/// One page of a list that is read by page numbers.
#[derive(Debug)]
pub struct NumberedPage {
    /// Its packages, in the provider's order; those that match no query too.
    pub packages: Vec<Package>,
    /// How many packages the whole list has, if the provider says so.
    pub total: Option<u64>,
}

/// A list that is read by page numbers, from 1 on.
pub trait NumberedPages: Send + Sync + 'static {
    /// What is asked for. Packages that do not match are left out, whatever the provider's filter does.
    fn query(&self) -> &PackageQuery;

    /// How many pages are asked for at once, at most.
    fn pages_in_flight(&self) -> usize;

    /// How many pages are read before the list counts as one that never ends.
    fn most_pages(&self) -> u32;

    /// Asks for a page.
    ///
    /// # Errors
    ///
    /// The [`Failure`] of the call. [`is_end`](Self::is_end) says whether it means the end of the list.
    fn fetch(&self, number: u32) -> impl Future<Output = Result<NumberedPage, Failure>> + Send;

    /// Whether a failed page means that the list is over, or that nothing matches.
    fn is_end(&self, number: u32, failure: &Failure) -> bool;

    /// The port's error for a failure.
    fn error(&self, failure: Failure) -> ProviderError;
}

/// All packages that match the query, each once, in the provider's order.
///
/// Must be polled inside a tokio runtime: each page is read in a task of its own.
pub fn in_numbered_pages(pages: impl NumberedPages) -> BoxStream<'static, Result<Package>> {
    stream::unfold(Listing::new(pages), |mut listing| async move {
        listing.next().await.map(|item| (item, listing))
    })
    .fuse()
    .boxed()
}

/// Reads pages 1, 2, 3 … with a bounded number in flight.
///
/// A page counts whatever it holds, before the query's own filter: only so can a page that brings
/// nothing new be told from one that brings nothing wanted. The list ends
///
/// - at an empty page,
/// - at a 404 beyond page 1,
/// - at a page that brings nothing new, once those on their way behind it, at least one, bring
///   nothing new either.
///
/// A page shorter than asked for is *not* the end: a server may cap the size silently.
struct Listing<Pages> {
    pages: Arc<Pages>,
    /// Pages asked for and not yet taken, in order.
    in_flight: VecDeque<PageTask<Pages>>,
    /// Packages of the page taken last that wait to be yielded.
    ready: std::vec::IntoIter<Package>,
    seen: Seen,
    next_page: u32,
    pages_taken: u32,
    restarts: u8,
    stated_total: Option<u64>,
    /// The last page brought nothing new: the end, unless one behind it does.
    ending: bool,
    ended: bool,
}

/// What a page that was taken means for the list.
enum Step {
    Yield(Vec<Package>),
    Go,
    End,
    Fail(Failure),
}

impl<Pages: NumberedPages> Listing<Pages> {
    fn new(pages: Pages) -> Self {
        Self {
            pages: Arc::new(pages),
            in_flight: VecDeque::new(),
            ready: Vec::new().into_iter(),
            seen: Seen::default(),
            next_page: 1,
            pages_taken: 0,
            restarts: 0,
            stated_total: None,
            ending: false,
            ended: false,
        }
    }

    async fn next(&mut self) -> Option<Result<Package>> {
        loop {
            if let Some(package) = self.ready.next() {
                return Some(Ok(package));
            }
            if self.ended {
                return None;
            }
            self.ask();
            let task = self
                .in_flight
                .front_mut()
                .expect("`ask` leaves at least one page in flight");
            let number = task.number();
            let outcome = task.outcome().await;
            self.in_flight.pop_front();
            match self.take(number, outcome) {
                Step::Go => {}
                Step::Yield(packages) => self.ready = packages.into_iter(),
                Step::End => self.end(),
                Step::Fail(failure) => return Some(Err(self.fail(number, failure))),
            }
        }
    }

    /// Asks for as many pages as may be in flight. Once a page brought nothing new, only for one
    /// behind it where none is in flight.
    fn ask(&mut self) {
        let wanted = if self.ending { 1 } else { self.window() };
        while self.in_flight.len() < wanted {
            self.in_flight
                .push_back(PageTask::ask(&self.pages, self.next_page));
            self.next_page = self.next_page.saturating_add(1);
        }
    }

    /// A filtered list is short as a rule, so it starts with one page and grows with every page taken;
    /// the whole catalogue starts with all it may have.
    fn window(&self) -> usize {
        let most = self.pages.pages_in_flight();
        if *self.pages.query() == PackageQuery::default() {
            most
        } else {
            usize::try_from(self.pages_taken)
                .unwrap_or(usize::MAX)
                .saturating_add(1)
                .min(most)
        }
    }

    fn take(&mut self, number: u32, outcome: Result<NumberedPage, Failure>) -> Step {
        let page = match outcome {
            Ok(page) => page,
            Err(failure) if self.pages.is_end(number, &failure) => return Step::End,
            Err(failure) => return Step::Fail(failure),
        };
        self.pages_taken += 1;
        self.stated_total = page.total.or(self.stated_total);
        if page.packages.is_empty() {
            return Step::End;
        }
        if !self.seen.any_new(&page.packages) {
            // Every page that is on its way behind it is looked at before the list counts as over.
            let last = self.ending && self.in_flight.is_empty();
            self.ending = true;
            return if last { Step::End } else { Step::Go };
        }
        if self.ending {
            return self.restart();
        }
        if number >= self.pages.most_pages() {
            return Step::Fail(unreadable(format!(
                "the list of packages did not end within {number} pages"
            )));
        }
        self.matching(page.packages)
    }

    /// Keeps what was not yielded before and matches the query.
    fn matching(&mut self, packages: Vec<Package>) -> Step {
        let wanted = self.pages.query().package.as_ref();
        let mut found = false;
        let mut fresh = packages;
        fresh.retain(|package| {
            let first = self.seen.insert(&package.id);
            found |= wanted == Some(&package.id);
            first && self.pages.query().matches(package)
        });
        // A package's id is its own: there is no second one to wait for.
        if found {
            self.end();
        }
        Step::Yield(fresh)
    }

    /// A page with nothing new was followed by one with something new: the list moved.
    fn restart(&mut self) -> Step {
        if self.restarts == RESTARTS {
            return Step::Fail(unreadable(format!(
                "the list of packages moved while it was read, {} times in a row; read it again later",
                RESTARTS + 1
            )));
        }
        tracing::debug!(
            restart = self.restarts + 1,
            "the list of packages moved and is read again"
        );
        self.restarts += 1;
        self.in_flight.clear();
        self.seen.start_again();
        self.next_page = 1;
        self.pages_taken = 0;
        self.ending = false;
        Step::Go
    }

    fn end(&mut self) {
        self.ended = true;
        self.in_flight.clear();
        let read = self.seen.in_this_pass();
        if let Some(total) = self.stated_total
            && self.pages.query().package.is_none()
            && read < total
        {
            tracing::warn!(
                total,
                read,
                "the provider states more packages than its pages held"
            );
        }
    }

    /// The failure as an item. One that may be tried again leaves the same page to be asked for by
    /// the next poll; any other ends the stream.
    fn fail(&mut self, number: u32, failure: Failure) -> ProviderError {
        let error = self.pages.error(failure);
        if matches!(error.reaction(), Reaction::Retry { .. }) {
            self.in_flight
                .push_front(PageTask::later(&self.pages, number));
        } else {
            self.ended = true;
            self.in_flight.clear();
        }
        error
    }
}

fn unreadable(words: String) -> Failure {
    Failure::unusable(Operation::Packages, words)
}
