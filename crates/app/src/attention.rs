//! The use-cases of a person who settles an order that cannot settle itself: look at everything that
//! was tried, then decide, with a name and a reason that the journal keeps.
//!
//! | Decision | Then |
//! |---|---|
//! | [`Orders::attach`] | the provider's order is the one; carried on, its profiles are generated |
//! | [`Orders::resend`] | nothing was bought; carried on, it is sent once more, after looking again |
//! | [`Orders::accept`] | good as it is: `Fulfilled` |
//! | [`Orders::write_off`] | given up: `Failed` |
//! | [`Orders::cancel`] | called off before it was ever sent: `Cancelled` |
//!
//! No decision makes a purchase call: only [`Orders::carry_on`] does, under the rules of every order.
//!
//! [`Orders::attach`]: crate::Orders::attach
//! [`Orders::resend`]: crate::Orders::resend
//! [`Orders::accept`]: crate::Orders::accept
//! [`Orders::write_off`]: crate::Orders::write_off
//! [`Orders::cancel`]: crate::Orders::cancel
//! [`Orders::carry_on`]: crate::Orders::carry_on

mod accounts;
mod decision;
mod known;
mod record;
mod resolve;
mod review;

pub use self::decision::{Action, Decided, Decision, DecisionError, Warning};
pub(crate) use self::known::money_went_back;
pub use self::known::{KnownOrder, Role};
pub(crate) use self::record::Patience;
pub use self::review::{Choice, LookUpTally, Review};
