//! How long to wait before the next attempt.

use std::time::Duration;

use rand::RngExt as _;

/// Waits that double with each failure, each shortened by chance so that a fleet does not return all
/// at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// The wait after another failure: between half of and the whole doubled time.
    pub(crate) fn failed(&mut self) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1).min(30);
        jittered(doubled.min(self.longest))
    }
}

fn jittered(whole: Duration) -> Duration {
    whole.mul_f64(rand::rng().random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_anew_after_a_success() {
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(second, second * 10);
        for expected in [1, 2, 4, 8, 10, 10] {
            let wait = backoff.failed();
            let whole = second * expected;
            assert!((whole / 2..=whole).contains(&wait), "{wait:?} is not about {whole:?}");
        }
        backoff.succeeded();
        assert!(backoff.failed() <= second);
    }
}
