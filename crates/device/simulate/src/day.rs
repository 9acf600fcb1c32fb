//! Day and night.

use std::f64::consts::TAU;
use std::time::Duration;

use picket_core::Timestamp;

/// Where in the day the load is highest: 14 o'clock.
const PEAK: f64 = 14.0 / 24.0;

/// The share of its full load that a device bears at `now`: 1 in the early afternoon, `night_level`
/// twelve hours later, with a day of `length`.
pub(crate) fn load(now: Timestamp, length: Duration, night_level: f64) -> f64 {
    let length_ms = i64::try_from(length.as_millis()).unwrap_or(i64::MAX).max(1);
    let in_day = now.as_millis().rem_euclid(length_ms) as f64 / length_ms as f64;
    let height = (1.0 + ((in_day - PEAK) * TAU).cos()) / 2.0;
    night_level + (1.0 - night_level) * height
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_is_full_in_the_afternoon_and_low_at_night() {
        let day = Duration::from_secs(86_400);
        let at = |hour: i64| load(Timestamp::from_millis(hour * 3_600_000), day, 0.2);
        assert!((at(14) - 1.0).abs() < 1e-9);
        assert!((at(2) - 0.2).abs() < 1e-9);
        assert!(at(8) > 0.5 && at(8) < 0.7);
    }

    #[test]
    fn a_shorter_day_runs_through_the_same_curve() {
        let minute = Duration::from_secs(60);
        let peak = Timestamp::from_millis(35_000);
        assert!((load(peak, minute, 0.5) - 1.0).abs() < 1e-9);
    }
}
