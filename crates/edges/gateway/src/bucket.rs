//! Rates: so much in any second, on average.

use std::time::{Duration, Instant};

/// Lets `rate` units through in any second, on average.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    rate: f32,
    most: f32,
    /// Below 0 while there is a debt.
    tokens: f32,
    filled: Instant,
}

impl Bucket {
    /// A full bucket that holds what comes in a second; `rate` 0 is no limit.
    pub(crate) fn new(rate: u32, now: Instant) -> Self {
        Self::with_burst(rate, rate, now)
    }

    /// A full bucket that holds `burst`.
    pub(crate) fn with_burst(rate: u32, burst: u32, now: Instant) -> Self {
        // Rates are far below 2^24, where every whole number is exact.
        let (rate, most) = (rate as f32, burst.max(1) as f32);
        Self { rate, most, tokens: most, filled: now }
    }

    /// Whether one more may pass now.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        if self.rate == 0.0 {
            return true;
        }
        self.fill(now);
        let passes = self.tokens >= 1.0;
        if passes {
            self.tokens -= 1.0;
        }
        passes
    }

    /// Books `count` units that have passed already. What is too much is a debt.
    pub(crate) fn spend(&mut self, count: usize, now: Instant) {
        if self.rate > 0.0 {
            self.fill(now);
            self.tokens -= count as f32;
        }
    }

    /// How many whole units may pass now, `wanted` at most.
    pub(crate) fn available(&mut self, wanted: usize, now: Instant) -> usize {
        if self.rate == 0.0 {
            return wanted;
        }
        self.fill(now);
        (self.tokens.max(0.0) as usize).min(wanted)
    }

    /// When a whole unit will be there; `None` if one is.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Instant> {
        if self.rate == 0.0 {
            return None;
        }
        self.fill(now);
        let missing = 1.0 - self.tokens;
        (missing > 0.0).then(|| now + Duration::from_secs_f32(missing / self.rate))
    }

    /// Whether it is as full as it can be.
    pub(crate) fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.rate == 0.0 || self.tokens >= self.most
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f32();
        self.tokens = (self.tokens + elapsed * self.rate).min(self.most);
        self.filled = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_one_second_passes_and_then_the_rate_holds() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, start);
        assert_eq!((0..20).filter(|_| bucket.take(start)).count(), 10);
        let later = start + Duration::from_millis(500);
        assert_eq!((0..20).filter(|_| bucket.take(later)).count(), 5);
        assert!(!bucket.is_full(later));
        assert!(bucket.is_full(later + Duration::from_secs(1)));
    }

    #[test]
    fn a_debt_is_waited_for() {
        let start = Instant::now();
        let mut bucket = Bucket::new(1000, start);
        bucket.spend(2999, start);
        assert_eq!(bucket.available(10, start), 0);
        let next = bucket.next(start).unwrap() - start;
        assert!(
            next > Duration::from_millis(1990) && next < Duration::from_millis(2010),
            "{next:?}"
        );
        assert_eq!(bucket.available(10, start + Duration::from_millis(2010)), 10);
        assert_eq!(bucket.next(start + Duration::from_secs(3)), None);
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let start = Instant::now();
        let mut bucket = Bucket::new(0, start);
        bucket.spend(1 << 30, start);
        assert!(bucket.take(start) && bucket.is_full(start));
        assert_eq!((bucket.available(7, start), bucket.next(start)), (7, None));
    }
}
