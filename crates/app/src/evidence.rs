//! What a provider's answers prove about an order: the lookup with its witnesses.
//!
//! A lookup by reference sorts every order of the answer ([`rows`]). Where it may lead to another
//! purchase call it is done in a round: the wallet is read ([`wallet`]), the same call asks for an order
//! that the provider is known to have ([`control`]), and where the filter lets other orders through,
//! the unfiltered list is read ([`list`]). A purchase that the provider refused is held against wallet and
//! lookup before the order counts as failed ([`refusal`]). A witness that speaks against absence is a veto; a silent one
//! changes nothing.

mod control;
mod list;
mod look;
mod probe;
mod refusal;
mod rows;
mod wallet;

pub(crate) use self::look::look;
pub use self::probe::LookupReport;
pub(crate) use self::refusal::charged_all_the_same;
