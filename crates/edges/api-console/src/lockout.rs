//! Who has to wait after failed log-ins.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use picket_core::Timestamp;

/// Whose failures are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    User(String),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    newest: Timestamp,
}

/// Limits of a [`Lockout`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct LockoutLimits {
    pub(crate) user_failures_max: u32,
    pub(crate) address_failures_max: u32,
    /// How long to wait after the newest failure; failures older than this are forgotten.
    pub(crate) wait: Duration,
    pub(crate) entries_max: usize,
}

/// Counts failed log-ins per user and per address. An attempt is booked as failed before the password
/// is looked at, so that many attempts at once cannot get past the limit.
#[derive(Debug)]
pub(crate) struct Lockout {
    limits: LockoutLimits,
    failures: HashMap<Subject, Failures>,
}

impl Lockout {
    pub(crate) fn new(limits: LockoutLimits) -> Self {
        Self { limits, failures: HashMap::new() }
    }

    /// Books an attempt, or says how long the caller has to wait.
    pub(crate) fn attempt(
        &mut self,
        now: Timestamp,
        user: &str,
        address: IpAddr,
    ) -> Result<(), Duration> {
        let subjects = [
            (Subject::User(user.to_owned()), self.limits.user_failures_max),
            (Subject::Address(whole_site(address)), self.limits.address_failures_max),
        ];
        for (subject, failures_max) in &subjects {
            if let Some(wait) = self.wait(now, subject, *failures_max) {
                return Err(wait);
            }
        }
        for (subject, _) in subjects {
            self.book(now, subject);
        }
        Ok(())
    }

    /// The attempt booked last for `user` from `address` was right after all.
    pub(crate) fn succeeded(&mut self, user: &str, address: IpAddr) {
        self.failures.remove(&Subject::User(user.to_owned()));
        let address = Subject::Address(whole_site(address));
        if let Some(failures) = self.failures.get_mut(&address) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    fn wait(&self, now: Timestamp, subject: &Subject, failures_max: u32) -> Option<Duration> {
        let failures = self.failures.get(subject)?;
        let passed = now.since(failures.newest);
        (failures.count >= failures_max && passed < self.limits.wait)
            .then(|| self.limits.wait.saturating_sub(passed))
    }

    fn book(&mut self, now: Timestamp, subject: Subject) {
        if self.failures.len() >= self.limits.entries_max && !self.failures.contains_key(&subject) {
            self.make_room(now);
        }
        let wait = self.limits.wait;
        let failures = self.failures.entry(subject).or_insert(Failures { count: 0, newest: now });
        if now.since(failures.newest) >= wait {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.newest = now;
    }

    /// Forgets what is over; if nothing is, the subject with the fewest and oldest failures.
    fn make_room(&mut self, now: Timestamp) {
        let wait = self.limits.wait;
        self.failures.retain(|_, failures| now.since(failures.newest) < wait);
        if self.failures.len() < self.limits.entries_max {
            return;
        }
        let least = self
            .failures
            .iter()
            .min_by_key(|(_, failures)| (failures.count, failures.newest))
            .map(|(subject, _)| subject.clone());
        if let Some(subject) = least {
            self.failures.remove(&subject);
        }
    }
}

/// An IPv6 site has 2^64 addresses of its own; they count as one.
fn whole_site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: LockoutLimits = LockoutLimits {
        user_failures_max: 3,
        address_failures_max: 5,
        wait: Duration::from_secs(60),
        entries_max: 8,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_user_waits_after_three_failures_from_anywhere_and_may_try_again_later() {
        let mut lockout = Lockout::new(LIMITS);
        for n in 0..3 {
            lockout.attempt(at(0), "ada", address(n)).unwrap();
        }
        assert_eq!(lockout.attempt(at(10), "ada", address(9)), Err(Duration::from_secs(50)));
        assert!(lockout.attempt(at(10), "bob", address(9)).is_ok());
        assert!(lockout.attempt(at(60), "ada", address(9)).is_ok());
    }

    #[test]
    fn an_address_waits_after_five_failures_with_any_names() {
        let mut lockout = Lockout::new(LIMITS);
        for n in 0..5 {
            lockout.attempt(at(0), &format!("u{n}"), address(1)).unwrap();
        }
        assert!(lockout.attempt(at(1), "fresh", address(1)).is_err());
    }

    #[test]
    fn a_right_password_clears_the_user_and_takes_one_from_the_address() {
        let mut lockout = Lockout::new(LIMITS);
        for _ in 0..20 {
            lockout.attempt(at(0), "ada", address(1)).unwrap();
            lockout.succeeded("ada", address(1));
        }
    }

    #[test]
    fn made_up_names_cannot_push_a_locked_user_out() {
        let mut lockout = Lockout::new(LIMITS);
        for _ in 0..3 {
            lockout.attempt(at(0), "ada", address(1)).unwrap();
        }
        for n in 0..100_u8 {
            let _admitted = lockout.attempt(at(1), &format!("x{n}"), address(n + 2));
            assert!(lockout.failures.len() <= LIMITS.entries_max);
        }
        assert!(lockout.attempt(at(2), "ada", address(200)).is_err());
    }

    #[test]
    fn addresses_of_one_ipv6_site_count_as_one() {
        let mut lockout = Lockout::new(LIMITS);
        for n in 0..5_u16 {
            let address = IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, n]);
            lockout.attempt(at(0), &format!("u{n}"), address).unwrap();
        }
        let neighbour = IpAddr::from([0x2001, 0xdb8, 0, 1, 9, 9, 9, 9]);
        assert!(lockout.attempt(at(1), "fresh", neighbour).is_err());
    }
}
