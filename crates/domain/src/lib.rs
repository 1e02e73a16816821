//! The words and rules of Roamport: what is sold, what was bought, what may happen next.
//!
//! `domain` is the centre of the house. It names the things a seller of travel eSIMs speaks of
//! ([`Package`], [`Order`], [`Esim`], [`TopUp`], [`Usage`], [`Money`]), the ports through which the
//! outside is reached ([`EsimProvider`], [`OrderJournal`], [`ProfileStore`], [`BalanceStore`],
//! [`EventInbox`], [`Gate`], [`Clock`]), their errors, and the pure order machine: which event may follow which
//! ([`Order::apply`]) and what to do next ([`next_step`](order::next_step)).
//!
//! It performs no I/O, reads no clock and draws no random number: whoever embeds it decides where
//! the time and the randomness come from.
//!
//! # Features
//!
//! - `mock`: [`mockall`](https://docs.rs/mockall) mocks of the ports (`MockEsimProvider`, …).
//! - `qr`: the QR code of an [`Activation`], as matrix, for a terminal and as SVG.
//! - `png`: that QR code as a PNG file.

pub mod clock;
pub mod country;
pub mod data;
pub mod esim;
pub mod id;
pub mod journal;
pub mod money;
pub mod order;
pub mod package;
pub mod provider;
#[cfg(feature = "qr")]
pub mod qr;
pub mod secret;
pub mod top_up;
pub mod usage;

pub use clock::{Clock, Monotonic};
pub use country::CountryCode;
pub use data::{DataAllowance, DataSize};
pub use esim::{Activation, Esim, Oddity};
pub use id::{
    Account, EsimId, Iccid, IdempotencyKey, OrderId, PackageId, ProviderName, ProviderOrderId,
    Reference,
};
pub use journal::{AccountStore, BalanceStore, EventInbox, OrderJournal, ProfileStore};
pub use money::{Currency, Money};
pub use order::Order;
pub use package::{Destination, Package};
pub use provider::{Capabilities, EsimProvider, EsimProviderExt, Gate, ProviderError};
pub use secret::Secret;
pub use top_up::TopUp;
pub use usage::Usage;
