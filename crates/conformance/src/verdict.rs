//! How a case ends: it panics where a promise is broken, and says so where it was not tried.

use std::fmt;

/// A case that does not apply, or needs a power that the harness lacks; what that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped(pub String);

/// What a case returns where it did not panic.
pub type Verdict<T = ()> = Result<T, Skipped>;

impl fmt::Display for Skipped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Skipped {}

/// A case that does not apply.
pub(crate) fn skipped<T>(why: impl Into<String>) -> Verdict<T> {
    Err(Skipped(why.into()))
}

/// How a case ends: one that applies to every implementation returns nothing.
pub(crate) trait Ending {
    fn verdict(self) -> Verdict;
}

impl Ending for () {
    fn verdict(self) -> Verdict {
        Ok(())
    }
}

impl Ending for Verdict {
    fn verdict(self) -> Verdict {
        self
    }
}

/// What should have gone well: otherwise the promise is broken.
pub(crate) trait OrBroken<T> {
    /// Panics with the error where there is one. `doing` fits «… failed».
    fn or_broken(self, doing: &str) -> T;
}

impl<T, E: fmt::Display> OrBroken<T> for Result<T, E> {
    #[track_caller]
    fn or_broken(self, doing: &str) -> T {
        match self {
            Ok(value) => value,
            Err(error) => panic!("{doing} failed: {error}"),
        }
    }
}
