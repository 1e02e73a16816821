//! One fuzz target: how many inputs a test run takes, and where an input that fails is stored.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Inputs of a target in an ordinary run of the tests. `cargo xtask fuzz` sets a time instead.
pub const SMOKE_INPUTS: usize = 3_000;
/// The longest that a target takes in an ordinary run of the tests.
pub const SMOKE_TIME: Duration = Duration::from_secs(2);
/// Bytes of the longest input: enough decisions for three answers with seven changes each.
pub const LONGEST_INPUT: usize = 1_024;

/// The file of a failing input.
const FAILING: &str = "failing";

/// Runs a target: `check` panics where a promise is broken. Inputs that failed before come first.
#[macro_export]
macro_rules! target {
    ($name:literal, $check:expr) => {
        $crate::bolero::check!(name = $name)
            .with_iterations($crate::target::SMOKE_INPUTS)
            .with_test_time($crate::target::SMOKE_TIME)
            .with_max_len($crate::target::LONGEST_INPUT)
            .for_each(|input: &[u8]| {
                let _attempt = $crate::target::Attempt::new($name, input);
                $check($crate::Cursor::new(input))
            })
    };
}

/// Stores its input if the check of it panics. A failing input is made smaller by trying smaller ones, so that the
/// file ends up with the smallest that failed.
#[derive(Debug)]
pub struct Attempt<'a> {
    name: &'a str,
    input: &'a [u8],
}

impl<'a> Attempt<'a> {
    /// Begins the check of `input` by the target of this name.
    pub const fn new(name: &'a str, input: &'a [u8]) -> Self {
        Self { name, input }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let folder = folder(self.name);
        let stored = fs::create_dir_all(&folder);
        let stored = stored.and_then(|()| fs::write(folder.join(FAILING), self.input));
        // A checkout that cannot be written to loses the file; the report shows the input all the same.
        drop(stored);
    }
}

/// Where the failing inputs of a target are stored. Every later run begins with them.
pub fn folder(name: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/__fuzz__");
    tests.join(name).join("crashes")
}
