//! Everything that can go wrong with a purchase, a test each, with the sandbox's ledger as the judge.
//!
//! The page `docs/operations/bad-luck.md` says in an operator's words what comes of each; `documented`
//! checks that every test it names is there.
//!
//! Two faces of one world serve most tests: in process on paused time, with the times of production
//! and a journal in memory; and over HTTP through the adapter and all layers, with a journal on
//! SQLite and times of tenths of a second. Both the purchase of eSIMs and the top-up are tried.

mod answers;
mod clocks;
mod crashes;
mod crowd;
mod documented;
mod journal_gone;
mod late;
mod leases;
mod left_alone;
mod look_ups;
mod ports;
mod server_gone;
mod shop;
mod stalled;

/// Makes two tests of each function: with a shop in process, and with one over HTTP; each for a
/// purchase of eSIMs and for a top-up.
macro_rules! on_both_faces {
    ($($name:ident),+ $(,)?) => {
        mod in_process {
            use crate::bad_luck::shop::{Goods, Shop};

            $(#[tokio::test(start_paused = true)]
            async fn $name() {
                for goods in Goods::BOTH {
                    super::$name(Shop::in_process(goods).await).await;
                }
            })+
        }

        mod over_http {
            use crate::bad_luck::shop::{Goods, Shop};

            $(#[tokio::test]
            async fn $name() {
                for goods in Goods::BOTH {
                    super::$name(Shop::over_http(goods).await).await;
                }
            })+
        }
    };
}
use on_both_faces;
