//! Suites of promises: the tables they are made of, and the tally of one over one implementation.

#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::verdict::{Skipped, Verdict};

/// A harness in the making. [`Skipped`] if there is nothing to try it on: the server of a journal may
/// not be there.
pub type Making<H> = Pin<Box<dyn Future<Output = Verdict<Box<H>>>>>;

/// A case: it panics if its promise is broken.
type Case<H> = for<'a> fn(&'a H) -> Pin<Box<dyn Future<Output = Verdict> + 'a>>;

/// One promise, and the case that tries it.
pub struct Promise<H: ?Sized> {
    /// The name under which a broken promise is reported.
    pub name: &'static str,
    /// What is promised, in a sentence.
    pub text: &'static str,
    pub(crate) case: Case<H>,
}

/// The promises about one subject.
#[derive(Debug)]
pub struct Area<H: ?Sized + 'static> {
    /// The module of the cases.
    pub name: &'static str,
    /// A heading for people.
    pub title: &'static str,
    /// The promises, in the order of the list that people read.
    pub promises: &'static [Promise<H>],
}

/// Every promise of one port.
#[derive(Debug)]
pub struct Suite<H: ?Sized + 'static> {
    /// The macro that runs the suite, without its exclamation mark.
    pub name: &'static str,
    /// A heading for people.
    pub title: &'static str,
    /// The promises by subject.
    pub areas: &'static [Area<H>],
}

/// What became of the promises of a suite, over one implementation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The promises that are kept.
    pub kept: Vec<&'static str>,
    /// The promises that do not apply or could not be tried, and why not.
    pub not_applicable: Vec<(&'static str, String)>,
    /// The promises that are broken, and how.
    pub broken: Vec<(&'static str, String)>,
}

/// Writes the table of a module's promises: a promise in words, and the function of its name that tries
/// it. `sync` stands before the harness of cases that wait for nothing.
macro_rules! promises {
    (sync $harness:ty: $($(#[doc = $text:literal])+ $name:ident,)+) => {
        promises! { @table $harness: $(
            [$($text)+] $name |harness| {
                Box::pin(std::future::ready($crate::verdict::Ending::verdict($name(harness))))
            };
        )+ }
    };
    ($harness:ty: $($(#[doc = $text:literal])+ $name:ident,)+) => {
        promises! { @table $harness: $(
            [$($text)+] $name |harness| {
                Box::pin(async move { $crate::verdict::Ending::verdict($name(harness).await) })
            };
        )+ }
    };
    (@table $harness:ty: $([$($text:literal)+] $name:ident $case:expr;)+) => {
        pub(super) const PROMISES: &[$crate::suite::Promise<$harness>] = &[$(
            $crate::suite::Promise {
                name: stringify!($name),
                text: concat!($($text),+).trim_ascii(),
                case: $case,
            },
        )+];
    };
}
pub(crate) use promises;

impl<H: ?Sized> fmt::Debug for Promise<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.name, self.text)
    }
}

impl<H: ?Sized> Promise<H> {
    /// Tries the promise with a harness and a runtime of its own.
    fn try_on(&self, make: fn() -> Making<H>) -> Outcome {
        let tried = caught(|| {
            runtime().block_on(async {
                let harness = make().await.map_err(Outcome::NoHarness)?;
                let verdict = (self.case)(&*harness).await;
                verdict.map_err(Outcome::NotApplicable)
            })
        });
        match tried {
            Ok(Ok(())) => Outcome::Kept,
            Ok(Err(outcome)) => outcome,
            Err(how) => Outcome::Broken(how),
        }
    }
}

/// How one case ended.
enum Outcome {
    Kept,
    NotApplicable(Skipped),
    NoHarness(Skipped),
    Broken(String),
}

impl<H: ?Sized> Area<H> {
    pub(crate) const fn new(
        name: &'static str,
        title: &'static str,
        promises: &'static [Promise<H>],
    ) -> Self {
        Self {
            name,
            title,
            promises,
        }
    }
}

impl<H: ?Sized> Suite<H> {
    /// Every promise of the suite.
    pub fn promises(&self) -> impl Iterator<Item = &'static Promise<H>> {
        self.areas.iter().flat_map(|area| area.promises)
    }

    /// The promises of these names.
    ///
    /// # Panics
    ///
    /// If the suite has no promise of that name.
    pub fn named(&self, names: &[&str]) -> Vec<&'static Promise<H>> {
        let of_name = |name: &&str| {
            let promise = self.promises().find(|promise| promise.name == *name);
            promise.unwrap_or_else(|| panic!("{} has no promise `{name}`", self.name))
        };
        names.iter().map(of_name).collect()
    }

    /// Tries promises, several at once, and fails if one is broken or if those that do not apply differ
    /// from the list.
    ///
    /// # Panics
    ///
    /// If a promise is broken, and if what does not apply is not what is listed.
    #[doc(hidden)]
    #[expect(
        clippy::print_stdout,
        reason = "a tally is told where tests report; it passes otherwise without a word"
    )]
    pub fn check(
        &self,
        promises: &[&'static Promise<H>],
        make: fn() -> Making<H>,
        not_applicable: Option<Vec<&'static str>>,
    ) {
        let suite = self.name;
        let tally = match Tally::of(promises, make) {
            Ok(tally) => tally,
            Err(skipped) => return println!("{suite}: skipped, {skipped}"),
        };
        println!("{suite}: {tally}");
        assert!(tally.broken.is_empty(), "{suite}: {tally}");
        if let Some(Err(wrong)) = not_applicable.map(|listed| tally.check(&listed)) {
            panic!("{suite}: {tally}\n{wrong}");
        }
    }
}

impl Tally {
    /// Tries promises, each with a harness and on a runtime of its own, several at once.
    ///
    /// # Errors
    ///
    /// Why nothing could be tried, if there is nothing to make a harness on.
    ///
    /// # Panics
    ///
    /// If a thread cannot be started.
    pub fn of<H: ?Sized>(
        promises: &[&'static Promise<H>],
        make: fn() -> Making<H>,
    ) -> Verdict<Self> {
        let next = AtomicUsize::new(0);
        let outcomes = Mutex::new(Vec::new());
        // More than there are cores: some cases wait.
        let threads = thread::available_parallelism().map_or(4, |cores| 2 * cores.get());
        thread::scope(|scope| {
            for _ in 0..threads.min(promises.len()) {
                scope.spawn(|| {
                    while let Some(promise) = promises.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let outcome = promise.try_on(make);
                        let mut outcomes = outcomes.lock().expect("no thread panics with it");
                        outcomes.push((promise.name, outcome));
                    }
                });
            }
        });
        let outcomes = outcomes.into_inner().expect("no thread panics with it");
        let place = |name: &str| promises.iter().position(|promise| promise.name == name);
        Self::count(outcomes, place)
    }

    fn count(
        mut outcomes: Vec<(&'static str, Outcome)>,
        place: impl Fn(&str) -> Option<usize>,
    ) -> Verdict<Self> {
        outcomes.sort_by_key(|(name, _)| place(name));
        let mut tally = Self::default();
        for (name, outcome) in outcomes {
            match outcome {
                Outcome::Kept => tally.kept.push(name),
                Outcome::NotApplicable(Skipped(why)) => tally.not_applicable.push((name, why)),
                Outcome::NoHarness(skipped) => return Err(skipped),
                Outcome::Broken(how) => tally.broken.push((name, how)),
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

/// What comes of a step, or what was said when it panicked.
pub(crate) fn caught<T>(step: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(step)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        text.unwrap_or_else(|| "it panicked".to_owned())
    })
}

/// A runtime of its own, for one case.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a test may start a runtime")
}

/// The test that the macro of each suite makes.
#[doc(hidden)]
#[macro_export]
macro_rules! suite_test {
    ($test:ident, $suite:expr, $port:ty; $make:expr $(,)?) => {
        $crate::suite_test! { @test $test, $suite, $port, $make, $suite.promises().collect(), None }
    };
    ($test:ident, $suite:expr, $port:ty; $make:expr, not_applicable = $names:expr $(,)?) => {
        $crate::suite_test! { @test $test, $suite, $port, $make, $suite.promises().collect(),
        Some(::std::vec::Vec::from($names)) }
    };
    ($test:ident, $suite:expr, $port:ty; $make:expr, only = $names:expr $(,)?) => {
        $crate::suite_test! { @test $test, $suite, $port, $make, $suite.named(&$names), None }
    };
    (@test $test:ident, $suite:expr, $port:ty, $make:expr, $promises:expr, $listed:expr) => {
        #[test]
        fn $test() {
            fn make() -> $crate::suite::Making<$port> {
                ::std::boxed::Box::pin(async {
                    let harness: ::std::boxed::Box<$port> = ::std::boxed::Box::new($make);
                    $crate::Verdict::Ok(harness)
                })
            }
            let promises: ::std::vec::Vec<_> = $promises;
            $suite.check(&promises, make, $listed);
        }
    };
}
