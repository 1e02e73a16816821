//! A list whose pages each name the next one.

use std::vec::IntoIter;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use roamport_domain::provider::{ErrorKind, Operation, Reaction, Result};
use roamport_domain::{Package, ProviderError, ProviderName};

use super::seen::Seen;

/// One page of a list with cursors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorPage<Cursor> {
    /// Its packages, in the provider's order.
    pub packages: Vec<Package>,
    /// What the next page is asked for with; `None` on the last page.
    pub next: Option<Cursor>,
}

/// The packages of all pages, each once. `fetch` gets `None` for the first page and then the cursor that the page before
/// named. A page that names its own cursor as the next one, and a list longer than `most_pages`, end the stream with
/// [`ErrorKind::InvalidResponse`]: a catalog is never cut short in silence.
///
/// ```
/// use futures_util::TryStreamExt as _;
/// use roamport_domain::ProviderName;
/// use roamport_provider_http::listing::{CursorPage, by_cursor};
///
/// # futures_util::future::FutureExt::now_or_never(async {
/// let acme = ProviderName::parse("acme").unwrap();
/// let pages = by_cursor(acme, 1000, |cursor: Option<u8>| async move {
///     // Here an adapter sends its request.
///     let next = cursor.is_none().then_some(7);
///     Ok(CursorPage { packages: Vec::new(), next })
/// });
/// assert_eq!(pages.try_collect::<Vec<_>>().await.unwrap(), []);
/// # }).unwrap();
/// ```
pub fn by_cursor<Cursor, Fetch, Fetching>(
    provider: ProviderName,
    most_pages: u32,
    fetch: Fetch,
) -> BoxStream<'static, Result<Package>>
where
    Cursor: Clone + PartialEq + Send + 'static,
    Fetch: FnMut(Option<Cursor>) -> Fetching + Send + 'static,
    Fetching: Future<Output = Result<CursorPage<Cursor>>> + Send + 'static,
{
    let listing = Listing {
        provider,
        fetch,
        pages_left: most_pages,
        cursor: None,
        ended: false,
        ready: Vec::new().into_iter(),
        seen: Seen::default(),
    };
    stream::unfold(listing, |mut listing| async move {
        listing.next().await.map(|item| (item, listing))
    })
    .fuse()
    .boxed()
}

struct Listing<Cursor, Fetch> {
    provider: ProviderName,
    fetch: Fetch,
    pages_left: u32,
    /// The cursor of the next page; `None` for the first one.
    cursor: Option<Cursor>,
    ended: bool,
    ready: IntoIter<Package>,
    seen: Seen,
}

impl<Cursor, Fetch, Fetching> Listing<Cursor, Fetch>
where
    Cursor: Clone + PartialEq,
    Fetch: FnMut(Option<Cursor>) -> Fetching,
    Fetching: Future<Output = Result<CursorPage<Cursor>>>,
{
    async fn next(&mut self) -> Option<Result<Package>> {
        loop {
            for package in self.ready.by_ref() {
                if self.seen.insert(&package.id) {
                    return Some(Ok(package));
                }
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.read().await {
                self.ended = !matches!(error.reaction(), Reaction::Retry { .. });
                return Some(Err(error));
            }
        }
    }

    async fn read(&mut self) -> Result<()> {
        let page = (self.fetch)(self.cursor.clone()).await?;
        if page.next.is_some() && page.next == self.cursor {
            return Err(self.invalid("a page of packages names itself as the next one"));
        }
        if page.next.is_some() && self.pages_left <= 1 {
            return Err(self.invalid("the list of packages has more pages than are read"));
        }
        self.pages_left = self.pages_left.saturating_sub(1);
        self.ready = page.packages.into_iter();
        self.ended = page.next.is_none();
        self.cursor = page.next;
        Ok(())
    }

    fn invalid(&self, words: &str) -> ProviderError {
        let (kind, operation) = (ErrorKind::InvalidResponse, Operation::Packages);
        ProviderError::new(kind, self.provider.clone(), operation, words)
    }
}
