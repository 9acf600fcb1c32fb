//! How long a device waits before it connects again.

use std::time::Duration;

use rand::RngExt as _;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// The wait after `failures` failures in a row: doubling, with jitter.
pub(crate) fn wait(failures: u32) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(failures.min(20)));
    doubled.min(LONGEST).mul_f64(rand::rng().random_range(0.5..=1.0))
}
