//! Counts of tests, read from what test runners print at their end.

use std::fmt;
use std::ops::AddAssign;

/// How many tests did what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// A check that is not a test run counts as one.
    pub(crate) const ONE: Self = Self { passed: 1, failed: 0, skipped: 0 };
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// Whose closing lines to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    /// `cargo test`: one line for each binary.
    CargoTest,
    /// `cargo nextest run`: one line.
    Nextest,
    /// pytest: one line.
    Pytest,
    /// Vitest: the line `Tests`.
    Vitest,
}

impl Runner {
    /// Adds up the closing lines in `output`; `None` if there is none, which is not the same as a run
    /// of no tests.
    pub(crate) fn count(self, output: &str) -> Option<Tally> {
        let mut sum = None;
        for line in output.lines() {
            let line = without_colours(line);
            if self.closes(line.trim()) {
                *sum.get_or_insert_with(Tally::default) += counts(&line);
            }
        }
        sum
    }

    fn closes(self, line: &str) -> bool {
        match self {
            Self::CargoTest => line.starts_with("test result:"),
            Self::Nextest => line.starts_with("Summary ["),
            Self::Pytest => line.starts_with('=') && line.ends_with('=') && line.contains(" in "),
            Self::Vitest => line.starts_with("Tests "),
        }
    }
}

/// Reads every `N passed`, `N failed`, … of one line.
fn counts(line: &str) -> Tally {
    let mut tally = Tally::default();
    let mut number = None;
    for word in line.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '(' | ')'))
    {
        if word.is_empty() {
            continue;
        }
        if let Some(number) = number {
            match word {
                "passed" => tally.passed += number,
                "failed" | "error" | "errors" => tally.failed += number,
                "skipped" | "ignored" | "xfailed" => tally.skipped += number,
                // nextest: `3 timed out`, `1 exec failed`.
                "timed" | "exec" => tally.failed += number,
                _ => {}
            }
        }
        number = word.parse::<u64>().ok();
    }
    tally
}

/// Drops terminal colour sequences.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn cargo_test_lines_are_added_up() {
        let output = "running 2 tests\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
            test result: FAILED. 10 passed; 1 failed; 3 ignored; 0 measured; 7 filtered out";
        assert_eq!(Runner::CargoTest.count(output), Some(tally(12, 1, 3)));
    }

    #[test]
    fn nextest_counts_what_timed_out_as_failed() {
        let output = "     Summary [  12.345s] 128/130 tests run: 124 passed (2 slow), 3 failed, 1 timed out, 2 skipped";
        assert_eq!(Runner::Nextest.count(output), Some(tally(124, 4, 2)));
        let plain = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.1s] 1 test run: 1 passed, 0 skipped";
        assert_eq!(Runner::Nextest.count(plain), Some(tally(1, 0, 0)));
    }

    #[test]
    fn pytest_errors_are_failures() {
        let output = "collected 9 items\n=== 1 failed, 5 passed, 2 skipped, 1 error in 12.34s ===";
        assert_eq!(Runner::Pytest.count(output), Some(tally(5, 2, 2)));
    }

    #[test]
    fn vitest_counts_tests_and_not_files() {
        let output = " Test Files  2 passed (2)\n      Tests  1 failed | 11 passed (12)";
        assert_eq!(Runner::Vitest.count(output), Some(tally(11, 1, 0)));
    }

    #[test]
    fn a_run_of_no_tests_is_not_a_run_without_an_end() {
        let output = "running 0 tests\ntest result: ok. 0 passed; 0 failed; 0 ignored";
        assert_eq!(Runner::CargoTest.count(output), Some(tally(0, 0, 0)));
        assert_eq!(Runner::CargoTest.count("running 0 tests"), None);
    }

    #[test]
    fn the_closing_line_is_plain() {
        assert_eq!(tally(3, 0, 0).to_string(), "3 passed, 0 failed");
        assert_eq!(tally(3, 1, 2).to_string(), "3 passed, 1 failed, 2 skipped");
    }
}
