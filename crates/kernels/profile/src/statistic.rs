//! Percentiles over the devices of a profile (spec device-defender §4.2).

/// One of AWS's eleven percentiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Statistic {
    /// In hundredths of a percent: 9990 is `p99.9`.
    basis_points: u16,
    name: &'static str,
}

/// Devices that must have a value, so that a percentile says anything.
pub const DEVICES_MIN: usize = 2;

impl Statistic {
    /// Every percentile, in the order of AWS's documentation.
    pub const ALL: &[Self] = &[
        Self { basis_points: 0, name: "p0" },
        Self { basis_points: 10, name: "p0.1" },
        Self { basis_points: 1, name: "p0.01" },
        Self { basis_points: 100, name: "p1" },
        Self { basis_points: 1000, name: "p10" },
        Self { basis_points: 5000, name: "p50" },
        Self { basis_points: 9000, name: "p90" },
        Self { basis_points: 9900, name: "p99" },
        Self { basis_points: 9990, name: "p99.9" },
        Self { basis_points: 9999, name: "p99.99" },
        Self { basis_points: 10_000, name: "p100" },
    ];

    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        self.name
    }

    /// Reads AWS's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|statistic| statistic.name == text)
    }

    /// The percentile of `values`, which are brought into order for it: nearest rank, `p0` the least and
    /// `p100` the largest. `None` if fewer than [`DEVICES_MIN`] have one.
    pub fn resolve(self, values: &mut [f64]) -> Option<f64> {
        if values.len() < DEVICES_MIN {
            return None;
        }
        let rank = (values.len() as u128 * u128::from(self.basis_points)).div_ceil(10_000).max(1);
        let place = usize::try_from(rank - 1).ok().filter(|place| *place < values.len())?;
        let (_, value, _) = values.select_nth_unstable_by(place, f64::total_cmp);
        Some(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(statistic: &str, values: &[f64], expected: Option<f64>) {
        let mut values = values.to_vec();
        let statistic = Statistic::parse(statistic).unwrap();
        assert_eq!(statistic.resolve(&mut values), expected, "{}", statistic.as_str());
    }

    #[test]
    fn percentiles_are_the_nearest_rank() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        for (name, expected) in [
            ("p0", 1.0),
            ("p0.01", 1.0),
            ("p0.1", 1.0),
            ("p1", 1.0),
            ("p10", 10.0),
            ("p50", 50.0),
            ("p90", 90.0),
            ("p99", 99.0),
            ("p99.9", 100.0),
            ("p99.99", 100.0),
            ("p100", 100.0),
        ] {
            check(name, &hundred, Some(expected));
        }
        check("p50", &[3.0, 1.0, 2.0], Some(2.0));
        check("p50", &[4.0, 1.0], Some(1.0));
    }

    #[test]
    fn one_device_has_no_percentile() {
        check("p50", &[1.0], None);
        check("p100", &[], None);
    }
}
