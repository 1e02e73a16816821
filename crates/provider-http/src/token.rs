//! A bearer token that expires: fetched when it is needed, by one caller at a time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderValue;
use roamport_domain::provider::ErrorKind;
use roamport_domain::{Clock, Monotonic, Secret};

use crate::Failure;
use crate::settings::secret_header;

/// A token is replaced so long before it expires: a request that waits at the gate takes it along.
const MARGIN: Duration = Duration::from_mins(1);

/// A token as the provider gives it out.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The token, without `Bearer`.
    pub token: Secret,
    /// How long it is accepted from now on. One that is replaced at once is shorter than two minutes.
    pub expires_in: Duration,
}

/// The `Authorization` header of an API whose tokens expire.
///
/// Shared by all calls of an adapter. While one caller fetches a token the others wait for it. The age of a token is
/// counted by the monotonic clock of this process. `Debug` shows no character of it.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use roamport_domain::{Clock, Secret};
/// use roamport_provider_http::{BearerToken, Failure, IssuedToken};
///
/// async fn header(clock: Arc<dyn Clock>) -> Result<(), Failure> {
///     let bearer = BearerToken::new(clock);
///     // Here an adapter asks the provider for a token.
///     let fetch = || async {
///         let token = Secret::new("issued-token");
///         Ok(IssuedToken { token, expires_in: Duration::from_secs(3600) })
///     };
///     assert_eq!(bearer.header(fetch).await?, "Bearer issued-token");
///     Ok(())
/// }
/// # let _ = header;
/// ```
pub struct BearerToken {
    clock: Arc<dyn Clock>,
    stored: Mutex<Option<StoredToken>>,
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct StoredToken {
    token: Secret,
    header: HeaderValue,
    replace_at: Monotonic,
}

impl BearerToken {
    /// No token yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            stored: Mutex::new(None),
            fetching: tokio::sync::Mutex::new(()),
        }
    }

    /// The value of the header, marked as sensitive. Calls `fetch` if there is no token, or it expires within a minute;
    /// within half of its life if that is shorter.
    ///
    /// # Errors
    ///
    /// The failure of `fetch`, and [`ErrorKind::InvalidResponse`] for a token that no header can carry. Nothing of the call
    /// that needs the token was sent: give the failure [`CallProof::NotSent`](roamport_domain::provider::CallProof::NotSent)
    /// in front of a purchase.
    pub async fn header<Fetch, Fetching>(&self, fetch: Fetch) -> Result<HeaderValue, Failure>
    where
        Fetch: FnOnce() -> Fetching + Send,
        Fetching: Future<Output = Result<IssuedToken, Failure>> + Send,
    {
        if let Some(stored) = self.fresh() {
            return Ok(stored);
        }
        let _fetching = self.fetching.lock().await;
        // Another caller may have fetched it in the meantime.
        if let Some(stored) = self.fresh() {
            return Ok(stored);
        }
        let IssuedToken { token, expires_in } = fetch().await?;
        let header = secret_header("access_token", "Bearer ", token.expose())
            .map_err(|error| Failure::not_sent(ErrorKind::InvalidResponse, error.to_string()))?;
        let margin = MARGIN.min(expires_in / 2);
        let good_for = expires_in.saturating_sub(margin);
        let replace_at = self.clock.monotonic().plus(good_for);
        *self.lock() = Some(StoredToken {
            token,
            header: header.clone(),
            replace_at,
        });
        Ok(header)
    }

    /// Forgets the token if it is the one of this header: the provider no longer accepts it. A newer one stays.
    pub fn forget(&self, header: &HeaderValue) {
        let mut stored = self.lock();
        if stored
            .as_ref()
            .is_some_and(|stored| stored.header == *header)
        {
            *stored = None;
        }
    }

    /// The token that is stored, to keep it out of a provider's words with [`Secrets`](crate::Secrets).
    pub fn stored(&self) -> Option<Secret> {
        self.lock().as_ref().map(|stored| stored.token.clone())
    }

    fn fresh(&self) -> Option<HeaderValue> {
        let now = self.clock.monotonic();
        let stored = self.lock();
        let stored = stored.as_ref()?;
        (now < stored.replace_at).then(|| stored.header.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<StoredToken>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BearerToken")
            .finish_non_exhaustive()
    }
}
