//! How a world begins: its size, seed, wallet, clock and, perhaps, the file that keeps it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use roamport_domain::Clock;
use rust_decimal::Decimal;
use secrecy::SecretString;

use super::contents::{Beginning, Contents, Pace};
use super::{Base, Inner, Live, World, WorldError};
use crate::catalogue::Catalogue;
use crate::state::{Header, Log};
use crate::switches::Switches;

/// The size of the provider's real catalogue, and the default here.
pub const USUAL_PACKAGES: usize = 28_000;

/// The bearer token where none is given. It guards nothing: a sandbox has no secrets.
pub const USUAL_TOKEN: &str = "sandbox";

/// The key that signs requests of the second dialect, where none is given. It guards nothing either.
pub const USUAL_SECRET_KEY: &str = "sandbox-secret";

/// Builds a [`World`].
#[derive(Debug)]
pub struct WorldBuilder {
    packages: usize,
    seed: u64,
    balance: String,
    token: SecretString,
    secret_key: SecretString,
    state: Option<PathBuf>,
    salt: Option<String>,
    base: Base,
    pace: Pace,
    switches: Switches,
}

impl Default for WorldBuilder {
    fn default() -> Self {
        Self {
            packages: USUAL_PACKAGES,
            seed: 1,
            balance: "1000".to_owned(),
            token: USUAL_TOKEN.into(),
            secret_key: USUAL_SECRET_KEY.into(),
            state: None,
            salt: Some(String::new()),
            base: Base::System,
            pace: Pace::default(),
            switches: Switches::default(),
        }
    }
}

impl WorldBuilder {
    /// The number of packages; 28,000 by default.
    #[must_use]
    pub fn packages(self, packages: usize) -> Self {
        Self { packages, ..self }
    }

    /// The seed of the catalogue; 1 by default.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The wallet at the beginning, in US dollars; `1000` by default. A world that is continued from
    /// a file keeps its own.
    #[must_use]
    pub fn balance(self, balance: impl Into<String>) -> Self {
        Self {
            balance: balance.into(),
            ..self
        }
    }

    /// The key of signed requests; `sandbox-secret` by default.
    #[must_use]
    pub fn secret_key(self, secret_key: impl Into<SecretString>) -> Self {
        Self {
            secret_key: secret_key.into(),
            ..self
        }
    }

    /// The bearer token of the first dialect and the access code of the second; `sandbox` by default.
    #[must_use]
    pub fn token(self, token: impl Into<SecretString>) -> Self {
        Self {
            token: token.into(),
            ..self
        }
    }

    /// Keeps the world in this file, or continues the one that is there, with the wallet, clock and
    /// switches of the file.
    #[must_use]
    pub fn state(self, path: impl Into<PathBuf>) -> Self {
        Self {
            state: Some(path.into()),
            ..self
        }
    }

    /// What ids are derived from. By default a world in memory always gives out the same ids, and a
    /// world in a file gives out ids of its own.
    #[must_use]
    pub fn salt(self, salt: impl Into<String>) -> Self {
        Self {
            salt: Some(salt.into()),
            ..self
        }
    }

    /// Gives out ids that no other world gives out, even in memory.
    #[must_use]
    pub fn own_ids(self) -> Self {
        Self { salt: None, ..self }
    }

    /// The clock that the world's time follows; the machine's by default.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self {
            base: Base::Given(clock),
            ..self
        }
    }

    /// Begins with a clock that stands at this moment until it is moved.
    #[must_use]
    pub fn frozen_at(self, moment: Timestamp) -> Self {
        Self {
            pace: Pace::Frozen(moment),
            ..self
        }
    }

    /// The switches at the beginning.
    #[must_use]
    pub fn switches(self, switches: Switches) -> Self {
        Self { switches, ..self }
    }

    /// The world.
    ///
    /// # Errors
    ///
    /// [`WorldError`] where the catalogue cannot have this size, the balance is no amount, or the
    /// state file cannot be used or belongs to another catalogue.
    pub fn build(self) -> Result<World, WorldError> {
        let catalogue = Catalogue::new(self.seed, self.packages)?;
        let mut beginning = Beginning {
            balance: amount(&self.balance)?,
            pace: self.pace,
            switches: self.switches,
        };
        let own = || {
            let moment = self.base.now().as_nanosecond();
            format!("{moment:x}-{:x}", std::process::id())
        };
        let mut salt = match &self.salt {
            Some(salt) if self.state.is_none() || !salt.is_empty() => salt.clone(),
            _ => own(),
        };
        let mut log = None;
        if let Some(path) = &self.state {
            let asked = Header::new(self.seed, self.packages, beginning, salt);
            let (opened, kept) = Log::open(path, asked)?;
            (beginning, salt) = (kept.beginning, kept.salt);
            log = Some(opened);
        }
        let cut = log.as_ref().and_then(Log::cut).map(str::to_owned);
        let live = Live {
            contents: Contents::new(beginning),
            others: BTreeMap::new(),
            log,
            stale: false,
        };
        let world = World {
            account: None,
            lag: SignedDuration::ZERO,
            inner: Arc::new(Inner {
                catalogue,
                seed: self.seed,
                salt,
                token: self.token,
                secret_key: self.secret_key,
                base: self.base,
                cut,
                live: Mutex::new(live),
                calls: std::array::from_fn(|_| 0.into()),
            }),
        };
        // A damaged file is found now, not at the first call.
        world.now()?;
        Ok(world)
    }
}

/// Reads an amount of US dollars.
pub(crate) fn amount(text: &str) -> Result<Decimal, WorldError> {
    Decimal::from_str(text)
        .ok()
        .filter(|amount| !amount.is_sign_negative())
        .ok_or_else(|| WorldError::Amount(text.to_owned()))
}
