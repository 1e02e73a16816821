//! What a suite's macro is made of: a test for each case, and the tally of them all.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use crate::verdict::{Stopped, Verdict, block_on, run};

/// A harness in the making. `Skipped` where there is nothing to try it on: the server of a journal may
/// not be there.
pub type Making<H> = Pin<Box<dyn Future<Output = Verdict<Box<H>>>>>;

/// One case, given a harness.
pub type Try<H> = for<'a> fn(&'a H) -> Pin<Box<dyn Future<Output = Verdict> + 'a>>;

/// A case under its name.
pub type Case<H> = (&'static str, Try<H>);

/// What became of the promises of one suite, over one implementation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The promises that are kept.
    pub kept: Vec<&'static str>,
    /// The promises that do not apply or could not be tried, and why not.
    pub not_applicable: Vec<(&'static str, String)>,
    /// The promises that are broken, and how.
    pub broken: Vec<(&'static str, String)>,
}

impl Tally {
    /// Runs every case, each with a harness and on a runtime of its own. A case that panics is broken.
    ///
    /// # Errors
    ///
    /// Why nothing could be tried, where there is nothing to make a harness on.
    pub fn of<H: ?Sized>(make: fn() -> Making<H>, cases: &[Case<H>]) -> Verdict<Self> {
        let mut tally = Self::default();
        for &(name, case) in cases {
            let tried = catch_unwind(AssertUnwindSafe(|| {
                block_on(async {
                    let harness = make().await?;
                    Ok(case(&*harness).await)
                })
            }));
            match tried {
                Ok(Ok(Ok(()))) => tally.kept.push(name),
                Ok(Ok(Err(Stopped::Skipped(why)))) => tally.not_applicable.push((name, why)),
                Ok(Ok(Err(Stopped::Broken(how))) | Err(Stopped::Broken(how))) => {
                    tally.broken.push((name, how));
                }
                Ok(Err(skipped)) => return Err(skipped),
                Err(_) => tally.broken.push((name, "it panicked".to_owned())),
            }
        }
        Ok(tally)
    }

    /// Compares what does not apply with the list of what need not, name by name.
    ///
    /// # Errors
    ///
    /// What differs: a promise that does not apply and is not listed, one that is listed and applies,
    /// and a name that is no promise's.
    pub fn check(&self, listed: &[&str]) -> Result<(), String> {
        let mut wrong = Vec::new();
        for (name, why) in &self.not_applicable {
            if !listed.contains(name) {
                wrong.push(format!(
                    "`{name}` does not apply and is not listed in `not_applicable`: {why}"
                ));
            }
        }
        for name in listed {
            let is_broken = self.broken.iter().any(|(broken, _)| broken == name);
            if self.kept.contains(name) || is_broken {
                wrong.push(format!(
                    "`{name}` is listed in `not_applicable` and applies: take it off the list"
                ));
            } else if !self.not_applicable.iter().any(|(other, _)| other == name) {
                wrong.push(format!(
                    "`{name}` is listed in `not_applicable` and is no promise of this suite"
                ));
            }
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("\n"))
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kept, not_applicable) = (self.kept.len(), self.not_applicable.len());
        write!(
            formatter,
            "{kept} promises hold, {not_applicable} do not apply"
        )?;
        if !self.broken.is_empty() {
            write!(formatter, ", {} are broken", self.broken.len())?;
        }
        for (name, why) in &self.not_applicable {
            write!(formatter, "\n  {name} does not apply: {why}")?;
        }
        for (name, how) in &self.broken {
            write!(formatter, "\n  {name} is broken: {how}")?;
        }
        Ok(())
    }
}

/// Names for [`tell`].
#[doc(hidden)]
pub fn exactly(names: impl AsRef<[&'static str]>) -> Option<Vec<&'static str>> {
    Some(names.as_ref().to_vec())
}

/// Runs one case as the test of its name.
///
/// # Panics
///
/// Where the promise is broken: that is how a test fails.
#[doc(hidden)]
pub fn run_case<H: ?Sized>(name: &str, make: fn() -> Making<H>, case: Try<H>) {
    run(name, async {
        let harness = make().await?;
        case(&*harness).await
    });
}

/// Tells the tally, as the test that a suite's macro makes does, and compares it with the list where
/// there is one.
///
/// # Panics
///
/// Where a promise is broken, and where what does not apply is not what is listed.
#[doc(hidden)]
#[expect(
    clippy::print_stdout,
    reason = "a tally is told where tests report; it passes otherwise without a word"
)]
pub fn tell<H: ?Sized>(
    suite: &str,
    make: fn() -> Making<H>,
    cases: &[Case<H>],
    not_applicable: Option<Vec<&'static str>>,
) {
    let tally = match Tally::of(make, cases) {
        Ok(tally) => tally,
        Err(stopped) => return println!("{suite}: {stopped}"),
    };
    println!("{suite}: {tally}");
    assert!(tally.broken.is_empty(), "{suite}: {tally}");
    if let Some(Err(wrong)) = not_applicable.map(|listed| tally.check(&listed)) {
        panic!("{suite}: {tally}\n{wrong}");
    }
}
