//! More data for an eSIM that is already there.

use serde::{Deserialize, Serialize};

use crate::EsimId;
use crate::Iccid;
use crate::order::OrderedLine;

/// A purchase for an existing eSIM: the content of an [`Order`](crate::Order) that needs no
/// provisioning. Same ids, keys, journal and list as any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUp {
    /// The eSIM it is for.
    pub esim: EsimId,
    /// Its card number when the order was made: some providers take nothing else.
    pub iccid: Option<Iccid>,
    /// What is bought, once.
    pub line: OrderedLine,
}
