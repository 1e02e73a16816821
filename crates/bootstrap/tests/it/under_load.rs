//! A provider under load and in trouble, over real HTTP in both dialects: which requests reach it, in
//! which order and how many, seen between adapter and sandbox.
//!
//! The stack is the one of production: `layers::Stack` over the adapter, and `RateLimit` as its gate. The
//! circuit's pauses are measured on a clock that a test moves; what takes real time is milliseconds of
//! time-outs and of the gate. No test asserts how long anything took, only what was asked and in which order.

mod catalogue_sync;
mod flapping;
mod order_of_layers;
mod scene;
mod storm;
mod tarpit;
mod unknown_outcomes;
mod watched_gate;
mod wire;

/// Makes two tests of each function: against the sandbox in the one dialect, and in the other.
macro_rules! in_both_dialects {
    ($($name:ident),+ $(,)?) => {
        mod roamify {
            $(#[tokio::test]
            async fn $name() {
                super::$name(roamport_sandbox::Dialect::Roamify).await;
            })+
        }

        mod esim_access {
            $(#[tokio::test]
            async fn $name() {
                super::$name(roamport_sandbox::Dialect::EsimAccess).await;
            })+
        }
    };
}
use in_both_dialects;
