//! How the values of a metric spread over the fleet.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::metric_history::{Band, BandRequest, HistoryError};
use picket_profile::Measured;

use super::History;
use super::book::SeriesId;
use super::codec::Datapoints;
use super::fleet::{Entry, Halt, Visitor, Walk, walk};

/// Steps at most.
const STEPS_MAX: u64 = 500;
/// Values that are held at most, one of each device and step: 64 MiB.
const VALUES_MAX: u64 = 8 << 20;

/// The steps of a request.
#[derive(Debug, Clone, Copy)]
struct Steps {
    start: Timestamp,
    step: Duration,
    count: usize,
}

impl Steps {
    fn of(from: Timestamp, to: Timestamp, step: Duration) -> Self {
        let asked = step.max(Duration::from_secs(1));
        let first = from.floor_to(asked);
        let wanted = to.since(first).as_millis().div_ceil(asked.as_millis());
        let longer = u32::try_from(wanted.div_ceil(u128::from(STEPS_MAX))).unwrap_or(u32::MAX);
        let step = asked.saturating_mul(longer.max(1));
        let start = from.floor_to(step);
        let count = to.since(start).as_millis().div_ceil(step.as_millis().max(1));
        Self { start, step, count: usize::try_from(count).unwrap_or(usize::MAX) }
    }

    fn place(&self, at: Timestamp) -> usize {
        let place = at.since(self.start).as_millis() / self.step.as_millis().max(1);
        usize::try_from(place).unwrap_or(usize::MAX)
    }

    fn start_of(&self, place: usize) -> Timestamp {
        self.start.plus(self.step.saturating_mul(u32::try_from(place).unwrap_or(u32::MAX)))
    }
}

/// Gathers the newest value of each device in each step.
struct Gather {
    series: SeriesId,
    steps: Steps,
    values: Vec<Vec<f64>>,
    newest: Option<(usize, f64)>,
    held: Arc<AtomicU64>,
}

impl Gather {
    fn keep(&mut self) -> Result<(), Halt> {
        let Some((place, value)) = self.newest.take() else { return Ok(()) };
        if let Some(values) = self.values.get_mut(place) {
            values.push(value);
            if self.held.fetch_add(1, Ordering::Relaxed) >= VALUES_MAX {
                return Err(Halt::Full(format!(
                    "there are more than {VALUES_MAX} values, one of each device and step; ask for \
                     longer steps, a shorter time or a group"
                )));
            }
        }
        Ok(())
    }
}

impl Visitor for Gather {
    fn begin(&mut self, _thing: &Arc<str>) {}

    fn entry(&mut self, entry: Entry) -> Result<(), Halt> {
        let found = Datapoints::of(&entry.values)?.next_of(|series| series == self.series)?;
        let Some(value) = found.and_then(|(_, measured)| number(&measured)) else {
            return Ok(());
        };
        let place = self.steps.place(entry.at);
        if self.newest.is_some_and(|(other, _)| other != place) {
            self.keep()?;
        }
        self.newest = Some((place, value));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Halt> {
        self.keep()
    }
}

/// A measured value as a number: of message sizes the sum.
pub(super) fn number(measured: &Measured) -> Option<f64> {
    measured.value().as_f64().filter(|it| it.is_finite())
}

impl History {
    /// The bands of the steps in which some wanted device had a value, and the length of a step.
    pub(super) async fn bands(
        &self,
        request: &BandRequest,
        wanted: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<(Duration, Vec<Band>), HistoryError> {
        let stored = self.stored().await?.zip(self.book.find(&request.series));
        let Some(((oldest, newest), series)) = stored else {
            return Ok((request.step, Vec::new()));
        };
        // Steps are made of what is stored, whatever is asked for.
        let (from, to) = (request.from.max(oldest), request.to.min(newest));
        if from >= to {
            return Ok((request.step, Vec::new()));
        }
        let steps = Steps::of(from, to, request.step);
        let held = Arc::new(AtomicU64::new(0));
        let make = || Gather {
            series,
            steps,
            values: vec![Vec::new(); steps.count],
            newest: None,
            held: held.clone(),
        };
        let asked = Walk { from, to, wanted, progress: &|_, _| {} };
        let mut parts = walk(self, &asked, make).await?;
        let mut bands = Vec::new();
        for place in 0..steps.count {
            let mut values = Vec::new();
            for part in &mut parts {
                values.append(part.values.get_mut(place).unwrap_or(&mut Vec::new()));
            }
            bands.extend(band(steps.start_of(place), values));
        }
        Ok((steps.step, bands))
    }
}

fn band(start: Timestamp, mut values: Vec<f64>) -> Option<Band> {
    values.sort_unstable_by(f64::total_cmp);
    let rank = |percent: usize| {
        let rank = (values.len() * percent).div_ceil(100).max(1);
        values.get(rank - 1).copied()
    };
    Some(Band {
        start_ms: start,
        devices: values.len() as u64,
        min: rank(0)?,
        p10: rank(10)?,
        p50: rank(50)?,
        p90: rank(90)?,
        p99: rank(99)?,
        max: rank(100)?,
    })
}

#[cfg(test)]
mod tests {
    use picket_fjall::FjallStore;
    use picket_ports::metric_history::Series;

    use super::super::kept::{Kept, Origin};
    use super::*;

    const NOON_MS: i64 = 1_795_694_400_000;

    fn series() -> Series {
        Series { metric: "aws:all-bytes-in".to_owned(), dimension: None }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(NOON_MS + seconds * 1000)
    }

    fn request(seconds: (i64, i64), step: u64) -> BandRequest {
        BandRequest {
            series: series(),
            group: None,
            from: at(seconds.0),
            to: at(seconds.1),
            step: Duration::from_secs(step),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn each_device_counts_with_its_newest_value_of_a_step() {
        let dir = tempfile::tempdir().unwrap();
        let history = History::open(Arc::new(FjallStore::open(dir.path()).unwrap())).await.unwrap();
        let number = history.book().number(&series());
        let mut kept = Kept::default();
        for device in 1..=100_u64 {
            let thing: Arc<str> = Arc::from(format!("pump-{device:03}").as_str());
            for (seconds, value) in [(10, 9999), (20, device), (650, device * 10)] {
                kept.begin(&thing, at(seconds), (device, Origin::Report));
                kept.value(number, &Measured::Count(value));
            }
        }
        history.recorder().store([&kept]).await.unwrap();
        let (step, bands) = history.bands(&request((0, 900), 300), &|_| true).await.unwrap();
        assert_eq!(step, Duration::from_secs(300));
        let expected = |start, scale: f64| Band {
            start_ms: at(start),
            devices: 100,
            min: scale,
            p10: 10.0 * scale,
            p50: 50.0 * scale,
            p90: 90.0 * scale,
            p99: 99.0 * scale,
            max: 100.0 * scale,
        };
        assert_eq!(bands, [expected(0, 1.0), expected(600, 10.0)]);
        let one = |thing: &str| thing == "pump-007";
        let (_, bands) = history.bands(&request((0, 300), 300), &one).await.unwrap();
        assert_eq!((bands[0].devices, bands[0].min, bands[0].max), (1, 7.0, 7.0));
        let (first, last) = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
        let ever = BandRequest { from: first, to: last, ..request((0, 1), 0) };
        let (step, bands) = history.bands(&ever, &|_| true).await.unwrap();
        assert_eq!((step.as_secs(), bands.len()), (173, 2));
        let never = BandRequest { from: at(-900_000), to: at(-800_000), ..ever };
        assert!(history.bands(&never, &|_| true).await.unwrap().1.is_empty());
    }

    #[test]
    fn steps_are_made_longer_where_there_would_be_too_many() {
        let steps = Steps::of(at(0), at(14 * 86_400), Duration::from_secs(60));
        assert_eq!(steps.step, Duration::from_secs(60 * 41));
        assert!(steps.count <= 501, "{}", steps.count);
        let steps = Steps::of(at(10), at(20), Duration::from_secs(300));
        assert_eq!((steps.count, steps.start), (1, at(0)));
    }
}
