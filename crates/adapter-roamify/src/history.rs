//! What was bought for one eSIM over time.

use jiff::Timestamp;
use roamport_domain::{Money, Oddity, PackageId};

/// One purchase for an eSIM: the original package or a top-up. The reference does not say in which
/// order the provider lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// What was bought.
    pub package: PackageId,
    /// Its display name.
    pub name: String,
    /// What it cost, wholesale; `None` where the provider does not say.
    pub price: Option<Money>,
    /// When it was bought.
    pub created_at: Option<Timestamp>,
    /// What the provider says of it and could not be read.
    pub oddities: Vec<Oddity>,
}
