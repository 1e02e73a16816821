//! A list that comes in one answer, as the stream that the port asks for.

use std::vec::IntoIter;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use roamport_domain::Package;
use roamport_domain::provider::{Reaction, Result};

/// The packages that `fetch` gives, in their order. It is called at the first poll; after an error
/// that may be tried again once more at the next one, and never after anything else. A stream that has
/// ended gives nothing more.
pub fn in_one_answer<Fetch, Fetching>(fetch: Fetch) -> BoxStream<'static, Result<Package>>
where
    Fetch: FnMut() -> Fetching + Send + 'static,
    Fetching: Future<Output = Result<Vec<Package>>> + Send + 'static,
{
    let listing = Listing {
        fetch,
        ready: Vec::new().into_iter(),
        ended: false,
    };
    stream::unfold(listing, |mut listing| async move {
        listing.next().await.map(|item| (item, listing))
    })
    .fuse()
    .boxed()
}

struct Listing<Fetch> {
    fetch: Fetch,
    ready: IntoIter<Package>,
    ended: bool,
}

impl<Fetch, Fetching> Listing<Fetch>
where
    Fetch: FnMut() -> Fetching,
    Fetching: Future<Output = Result<Vec<Package>>>,
{
    async fn next(&mut self) -> Option<Result<Package>> {
        if !self.ended {
            match (self.fetch)().await {
                Ok(packages) => {
                    self.ended = true;
                    self.ready = packages.into_iter();
                }
                Err(error) => {
                    self.ended = !matches!(error.reaction(), Reaction::Retry { .. });
                    return Some(Err(error));
                }
            }
        }
        self.ready.next().map(Ok)
    }
}
