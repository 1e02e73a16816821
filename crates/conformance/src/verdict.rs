//! How a case ends, and how a test runs one.

use std::fmt;

/// Why a case did not show that its promise is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The promise is broken; a sentence that says how.
    Broken(String),
    /// The case does not apply, or needs a power that the harness lacks; what that is.
    Skipped(String),
}

/// What a case gives: `Ok` where the promise was kept.
pub type Verdict<T = ()> = Result<T, Stopped>;

impl Stopped {
    /// Whether the promise is broken, as against not tried.
    pub const fn is_broken(&self) -> bool {
        matches!(self, Self::Broken(_))
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(how) => write!(formatter, "broken: {how}"),
            Self::Skipped(why) => write!(formatter, "skipped: {why}"),
        }
    }
}

impl std::error::Error for Stopped {}

/// Runs a case on a runtime of its own, as the tests that a suite's macro makes do. A skipped case
/// says so in one line of standard output and passes; the suite's [tally](crate::suite::Tally) counts it.
///
/// # Panics
///
/// Where the promise is broken: that is how a test fails.
pub fn run(name: &str, case: impl Future<Output = Verdict>) {
    match block_on(case) {
        Ok(()) => {}
        Err(Stopped::Skipped(why)) => tell_skipped(name, &why),
        Err(Stopped::Broken(how)) => panic!("{name} is broken: {how}"),
    }
}

/// What comes of it on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a test may start a runtime");
    runtime.block_on(future)
}

#[expect(
    clippy::print_stdout,
    reason = "a test that was not tried says so where tests report"
)]
fn tell_skipped(name: &str, why: &str) {
    println!("{name} does not apply: {why}");
}

/// Goes on where `kept`; otherwise the promise is broken, as `how` says.
pub(crate) fn ensure(kept: bool, how: impl FnOnce() -> String) -> Verdict {
    if kept {
        Ok(())
    } else {
        Err(Stopped::Broken(how()))
    }
}

/// A broken promise.
pub(crate) fn broken<T>(how: impl Into<String>) -> Verdict<T> {
    Err(Stopped::Broken(how.into()))
}

/// A case that does not apply.
pub(crate) fn skipped<T>(why: impl Into<String>) -> Verdict<T> {
    Err(Stopped::Skipped(why.into()))
}

/// Turns what should have gone well into a verdict.
pub(crate) trait OrBroken<T> {
    /// `doing` fits «… failed».
    fn or_broken(self, doing: &str) -> Verdict<T>;
}

impl<T, E: fmt::Display> OrBroken<T> for Result<T, E> {
    fn or_broken(self, doing: &str) -> Verdict<T> {
        self.map_err(|error| Stopped::Broken(format!("{doing} failed: {error}")))
    }
}
