//! How often one user may call.

use std::time::Instant;

use ahash::AHashMap;
use parking_lot::Mutex;

/// Most callers whose use is remembered.
const CALLERS_MAX: usize = 65_536;

/// A bucket of requests for each caller, one second deep.
#[derive(Debug)]
pub(super) struct Throttle {
    per_second: f64,
    buckets: Mutex<AHashMap<String, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    left: f64,
    filled: Instant,
}

impl Throttle {
    /// `per_second` requests; 0 sets no limit.
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second), buckets: Mutex::default() }
    }

    /// Takes one request of `caller`; false when the bucket is empty.
    pub(super) fn take(&self, caller: &str) -> bool {
        self.take_at(caller, Instant::now())
    }

    fn take_at(&self, caller: &str, now: Instant) -> bool {
        if self.per_second <= 0.0 {
            return true;
        }
        let mut buckets = self.buckets.lock();
        if !buckets.contains_key(caller) {
            if buckets.len() >= CALLERS_MAX {
                // A full bucket is as good as none.
                buckets.retain(|_, bucket| bucket.filled.elapsed().as_secs() < 1);
            }
            buckets.insert(caller.to_owned(), Bucket { left: self.per_second, filled: now });
        }
        let Some(bucket) = buckets.get_mut(caller) else { return true };
        let passed = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.left = (bucket.left + passed * self.per_second).min(self.per_second);
        bucket.filled = now;
        if bucket.left < 1.0 {
            return false;
        }
        bucket.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_caller_gets_its_rate_and_no_more_and_others_are_not_concerned() {
        let throttle = Throttle::new(10);
        let start = Instant::now();
        assert_eq!((0..20).filter(|_| throttle.take_at("ana", start)).count(), 10);
        assert!(throttle.take_at("bob", start));
        let later = start + Duration::from_millis(300);
        assert_eq!((0..20).filter(|_| throttle.take_at("ana", later)).count(), 3);
        assert!((0..20_000).all(|_| Throttle::new(0).take_at("ana", start)));
    }
}
