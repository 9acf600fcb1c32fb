//! When a delivery that failed is tried again (spec delivery §3.4).

use std::time::Duration;

/// How pauses grow from the shortest to the longest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Growth {
    /// By the same amount each time.
    #[default]
    Linear,
    /// By an amount that grows by the same amount each time.
    Arithmetic,
    /// By the same factor each time.
    Geometric,
    /// By an amount that doubles each time.
    Exponential,
}

impl Growth {
    /// Reads AWS's `backoffFunction`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "linear" => Self::Linear,
            "arithmetic" => Self::Arithmetic,
            "geometric" => Self::Geometric,
            "exponential" => Self::Exponential,
            _ => return None,
        })
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Arithmetic => "arithmetic",
            Self::Geometric => "geometric",
            Self::Exponential => "exponential",
        }
    }

    /// The pause number `index` of `count`.
    fn pause(self, index: u32, count: u32, shortest: f64, longest: f64) -> f64 {
        if count <= 1 {
            return shortest;
        }
        let last = f64::from(count - 1);
        let way = f64::from(index) / last;
        let share = match self {
            Self::Linear => way,
            Self::Arithmetic => way * (f64::from(index) + 1.0) / (last + 1.0),
            Self::Geometric if shortest > 0.0 => {
                return shortest * (longest / shortest).powf(way);
            }
            Self::Geometric | Self::Exponential => {
                (f64::from(index).exp2() - 1.0) / (last.exp2() - 1.0)
            }
        };
        shortest + (longest - shortest) * share
    }
}

/// The phases of AWS's retries: at once, at the shortest pause, growing, at the longest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RetryPlan {
    pub(crate) immediate: u32,
    pub(crate) at_shortest: u32,
    pub(crate) growing: u32,
    pub(crate) at_longest: u32,
    pub(crate) first_pause: Duration,
    pub(crate) shortest: Duration,
    pub(crate) longest: Duration,
    pub(crate) growth: Growth,
}

impl RetryPlan {
    /// To parts of this server: for weeks.
    pub(crate) const INSIDE: Self = Self {
        immediate: 3,
        at_shortest: 2,
        growing: 10,
        at_longest: 100_000,
        first_pause: Duration::from_secs(1),
        shortest: Duration::from_secs(1),
        longest: Duration::from_secs(20),
        growth: Growth::Exponential,
    };

    /// To people, and to webhooks: for six hours.
    pub(crate) const PATIENT: Self = Self {
        immediate: 0,
        at_shortest: 2,
        growing: 10,
        at_longest: 38,
        first_pause: Duration::from_secs(10),
        shortest: Duration::from_secs(10),
        longest: Duration::from_secs(600),
        growth: Growth::Exponential,
    };

    /// To HTTP receivers that say nothing else.
    pub(crate) const HTTP: Self = Self {
        immediate: 0,
        at_shortest: 0,
        growing: 3,
        at_longest: 0,
        first_pause: Duration::from_secs(20),
        shortest: Duration::from_secs(20),
        longest: Duration::from_secs(20),
        growth: Growth::Linear,
    };

    /// The pause after failure number `failures`, which counts from 1; `None` when that was the last one.
    pub(crate) fn pause(&self, failures: u32) -> Option<Duration> {
        let mut index = failures.saturating_sub(1);
        if index < self.immediate {
            return Some(Duration::ZERO);
        }
        index -= self.immediate;
        if index < self.at_shortest {
            return Some(self.first_pause);
        }
        index -= self.at_shortest;
        if index < self.growing {
            let (shortest, longest) = (self.shortest.as_secs_f64(), self.longest.as_secs_f64());
            let pause = self.growth.pause(index, self.growing, shortest, longest);
            return Some(Duration::from_secs_f64(pause.clamp(0.0, 3_600.0)));
        }
        index -= self.growing;
        (index < self.at_longest).then_some(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(plan: &RetryPlan) -> Vec<u64> {
        (1..).map_while(|failures| plan.pause(failures)).map(|pause| pause.as_secs()).collect()
    }

    #[test]
    fn http_is_tried_three_times_more_and_parts_of_ours_for_weeks() {
        assert_eq!(pauses(&RetryPlan::HTTP), [20, 20, 20]);
        let inside = pauses(&RetryPlan::INSIDE);
        assert_eq!(inside.len(), 100_015);
        assert_eq!(inside[..6], [0, 0, 0, 1, 1, 1]);
        assert_eq!(inside[14..17], [20, 20, 20]);
    }

    #[test]
    fn people_are_tried_fifty_times_over_six_hours() {
        let plan = pauses(&RetryPlan::PATIENT);
        assert_eq!(plan.len(), 50);
        assert_eq!((plan[0], plan[49]), (10, 600));
        let hours = plan.iter().sum::<u64>() / 3_600;
        assert!((6..8).contains(&hours), "{hours} hours");
    }

    proptest::proptest! {
        #[test]
        fn pauses_grow_and_stay_between_the_ends(
            count in 1_u32..50, shortest in 1_u64..100, more in 0_u64..1000, growth in 0_usize..4,
        ) {
            let growth = [
                Growth::Linear, Growth::Arithmetic, Growth::Geometric, Growth::Exponential,
            ][growth];
            let plan = RetryPlan {
                immediate: 0, at_shortest: 0, growing: count, at_longest: 0, growth,
                first_pause: Duration::ZERO,
                shortest: Duration::from_secs(shortest),
                longest: Duration::from_secs(shortest + more),
            };
            let all: Vec<Duration> = (1..).map_while(|failures| plan.pause(failures)).collect();
            proptest::prop_assert_eq!(all.len() as u32, count);
            proptest::prop_assert!(all.windows(2).all(|pair| pair[0] <= pair[1]));
            let slack = Duration::from_millis(1);
            proptest::prop_assert!(all.iter().all(|it| *it + slack >= plan.shortest && *it <= plan.longest + slack));
        }
    }
}
