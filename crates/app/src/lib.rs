#![doc = include_str!("../README.md")]

pub mod attention;
pub mod balance;
pub mod cancellation;
pub mod catalogue;
mod driver;
pub mod error;
pub mod esims;
mod evidence;
mod journal_time;
pub mod order_and_provision;
pub mod orders;
pub mod parts;
pub mod progress;
pub mod provider_events;
pub mod quote;
pub mod reconcile;
pub mod stop;
pub mod top_up;
pub mod usage;
pub mod worker;

pub use self::attention::{Decision, DecisionError};
pub use self::cancellation::{Cancellations, GivenBack};
pub use self::catalogue::Catalogue;
pub use self::driver::BackPressurePolicy;
pub use self::error::{AppError, Refusal};
pub use self::esims::Esims;
pub use self::evidence::LookupReport;
pub use self::orders::Orders;
pub use self::parts::{Carried, Halt, LeasePolicy, OrdersParts};
pub use self::progress::{Observer, Progress, Silent};
pub use self::provider_events::{Effect, EventPolicy, ProviderEvents, Taken, TakenEvent};
pub use self::quote::Quote;
pub use self::reconcile::Reconciler;
pub use self::stop::{StopSignal, Stopper};
pub use self::usage::UsageReader;
pub use self::worker::{Worker, WorkerPolicy};
