//! The promises of the provider port.
//!
//! A case takes a [`ProviderHarness`], sets up its own data (it buys) and passes against any provider that
//! keeps the promise. [`provider_suite!`](crate::provider_suite) tries them all.

mod balance;
mod cancellation;
mod catalogue;
mod delays;
mod dropped;
mod errors;
mod orders;
mod prices;
mod provisioning;
mod repeats;
mod secrets;
mod top_up;
mod trial;
mod usage;
mod usage_batch;

use crate::ProviderHarness;
use crate::suite::{Area, Suite};

/// Every promise of the provider port.
pub static SUITE: Suite<dyn ProviderHarness> = Suite {
    name: "provider_suite!",
    title: "Providers",
    areas: &[
        Area::new("catalogue", "The catalogue", catalogue::PROMISES),
        Area::new("orders", "Orders", orders::PROMISES),
        Area::new("repeats", "Purchases sent twice", repeats::PROMISES),
        Area::new("prices", "Prices and days", prices::PROMISES),
        Area::new(
            "delays",
            "Late deliveries and late effects",
            delays::PROMISES,
        ),
        Area::new("dropped", "Calls that are dropped", dropped::PROMISES),
        Area::new("provisioning", "Profiles", provisioning::PROMISES),
        Area::new("top_up", "Top-ups", top_up::PROMISES),
        Area::new("usage", "Usage", usage::PROMISES),
        Area::new(
            "usage_batch",
            "Usage of several eSIMs",
            usage_batch::PROMISES,
        ),
        Area::new("cancellation", "Giving eSIMs back", cancellation::PROMISES),
        Area::new("balance", "The wallet", balance::PROMISES),
        Area::new("errors", "Errors and calls", errors::PROMISES),
        Area::new("secrets", "Secrets", secrets::PROMISES),
    ],
};

/// Makes one test that tries every promise of the provider port, several at once, and names each that is
/// broken.
///
/// The expression makes a new [`ProviderHarness`](crate::ProviderHarness); it is evaluated once for
/// each promise, in an async context, so that it may `.await`. The test prints the
/// [tally](crate::suite::Tally) of what holds and what does not apply. With `not_applicable = [..]` behind
/// the harness, the names of the promises that need not apply, the tally is exact. With `only = [..]`
/// instead, the test tries the promises of these names alone. Call the macro inside a module of its own
/// where one file tests several providers: the [crate's page](crate) shows it.
#[macro_export]
macro_rules! provider_suite {
    ($($arguments:tt)+) => {
        $crate::suite_test! {
            every_promise_of_the_provider_is_kept,
            $crate::provider::SUITE,
            dyn $crate::ProviderHarness;
            $($arguments)+
        }
    };
}
