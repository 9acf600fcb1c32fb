//! The datapoints of one device.

use std::collections::BTreeSet;

use picket_core::Timestamp;
use picket_ports::metric_history::{HistoryError, Series, StoredDatapoint};
use picket_ports::registry::{Page, Rows};
use picket_ports::state_store::Pairs;

use super::History;
use super::book::SeriesId;
use super::codec::{BadEntry, Datapoints};
use super::days;

/// Records read at once.
const RECORDS: usize = 512;
/// Records read for one page, after which it ends as it is.
const RECORDS_MAX: usize = 65_536;
/// Records read to find out which series a device has: the newest ones of each day.
const NEWEST: usize = 600;

impl History {
    /// A page of a device's values of one series, newest first.
    pub(super) async fn values(
        &self,
        thing: &str,
        series: &Series,
        (from, to): (Timestamp, Timestamp),
        page: &Page,
    ) -> Result<Rows<StoredDatapoint>, HistoryError> {
        let Some(number) = self.book.find(series) else {
            return Ok(Rows { rows: Vec::new(), next: None });
        };
        let prefix = days::prefix_of(thing);
        let mut before = days::before(thing, to);
        if let Some(tail) = page.after.as_deref().and_then(|text| hex::decode(text).ok()) {
            before = before.min([prefix.as_slice(), &tail].concat());
        }
        let rows_max = usize::try_from(page.rows_max.max(1)).unwrap_or(usize::MAX);
        let mut gather = Gather { number, from, rows_max, read: 0, rows: Vec::new() };
        for (_, store) in self.days(from, to).await?.into_iter().rev() {
            loop {
                let pairs = store.scan_back(&prefix, Some(&before), RECORDS).await;
                let pairs = pairs.map_err(|error| HistoryError::Storage(error.to_string()))?;
                let Some((last, _)) = pairs.last() else { break };
                before.clone_from(last);
                match gather.take(&pairs)? {
                    Gathered::More => {}
                    Gathered::End => return Ok(Rows { rows: gather.rows, next: None }),
                    Gathered::Full(key) => {
                        let tail = key.get(prefix.len()..).unwrap_or_default();
                        return Ok(Rows { rows: gather.rows, next: Some(hex::encode(tail)) });
                    }
                }
            }
        }
        Ok(Rows { rows: gather.rows, next: None })
    }

    /// The series that a device had lately on any day, in name order.
    pub(super) async fn series_of(&self, thing: &str) -> Result<Vec<Series>, HistoryError> {
        let prefix = days::prefix_of(thing);
        let mut found: BTreeSet<SeriesId> = BTreeSet::new();
        let (from, to) = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
        for (_, store) in self.days(from, to).await? {
            let pairs = store.scan_back(&prefix, None, NEWEST).await;
            for (_, values) in pairs.map_err(|error| HistoryError::Storage(error.to_string()))? {
                collect(&values, &mut found).map_err(|bad| damaged(&bad))?;
            }
        }
        let mut series: Vec<Series> =
            found.into_iter().filter_map(|number| self.book.series(number)).collect();
        series.sort_unstable();
        Ok(series)
    }
}

/// A page in the making.
struct Gather {
    number: SeriesId,
    from: Timestamp,
    rows_max: usize,
    read: usize,
    rows: Vec<StoredDatapoint>,
}

/// Where a page stands after some records.
enum Gathered<'a> {
    /// It has room.
    More,
    /// Everything older is too old.
    End,
    /// It ends with the record of this key.
    Full(&'a [u8]),
}

impl Gather {
    /// Takes records, newest first.
    fn take<'a>(&mut self, pairs: &'a Pairs) -> Result<Gathered<'a>, HistoryError> {
        for (key, values) in pairs {
            let Some(parts) = days::read_key(key) else { continue };
            if parts.at < self.from {
                return Ok(Gathered::End);
            }
            if let Some(value) = find(values, self.number).map_err(|bad| damaged(&bad))? {
                self.rows.push(StoredDatapoint { time: parts.at, value: value.value() });
            }
            self.read += 1;
            if self.rows.len() >= self.rows_max || self.read >= RECORDS_MAX {
                return Ok(Gathered::Full(key));
            }
        }
        Ok(Gathered::More)
    }
}

fn find(values: &[u8], number: SeriesId) -> Result<Option<picket_profile::Measured>, BadEntry> {
    let found = Datapoints::of(values)?.next_of(|series| series == number)?;
    Ok(found.map(|(_, measured)| measured))
}

fn collect(values: &[u8], found: &mut BTreeSet<SeriesId>) -> Result<(), BadEntry> {
    let mut datapoints = Datapoints::of(values)?;
    while let Some((series, _)) = datapoints.next_of(|series| !found.contains(&series))? {
        found.insert(series);
    }
    Ok(())
}

fn damaged(error: &BadEntry) -> HistoryError {
    HistoryError::Storage(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use picket_core::MetricValue;
    use picket_fjall::FjallStore;
    use picket_profile::Measured;

    use super::super::kept::{Kept, Origin};
    use super::*;

    const NOON_MS: i64 = 1_795_694_400_000;
    const HOUR_MS: i64 = 3_600_000;

    fn series(metric: &str) -> Series {
        Series { metric: metric.to_owned(), dimension: None }
    }

    /// 50 hours, a datapoint of each series in every hour but every tenth one without ports.
    async fn filled(dir: &std::path::Path) -> History {
        let history = History::open(Arc::new(FjallStore::open(dir).unwrap())).await.unwrap();
        let bytes = history.book().number(&series("aws:all-bytes-in"));
        let ports = history.book().number(&series("aws:listening-tcp-ports"));
        let mut kept = Kept::default();
        for hour in 0..50 {
            let at = Timestamp::from_millis(NOON_MS + hour * HOUR_MS);
            for thing in ["pump", "pump1"] {
                kept.begin(&Arc::from(thing), at, (hour.unsigned_abs(), Origin::Report));
                kept.value(bytes, &Measured::Count(hour.unsigned_abs()));
                if hour % 10 != 0 {
                    kept.value(ports, &Measured::Ports(vec![22]));
                }
            }
        }
        history.recorder().store([&kept]).await.unwrap();
        history
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn values_come_newest_first_page_by_page_over_days() {
        let dir = tempfile::tempdir().unwrap();
        let history = filled(dir.path()).await;
        let at = |hour: i64| Timestamp::from_millis(NOON_MS + hour * HOUR_MS);
        let asked = series("aws:all-bytes-in");
        let mut page = Page::first(7);
        let mut hours = Vec::new();
        loop {
            let rows = history.values("pump", &asked, (at(3), at(41)), &page).await.unwrap();
            assert!(rows.rows.len() <= 7);
            hours.extend(rows.rows.into_iter().map(|it| match it.value {
                MetricValue::Count(hour) => i64::try_from(hour).unwrap(),
                other => panic!("{other:?}"),
            }));
            match rows.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        assert_eq!(hours, (3..41).rev().collect::<Vec<i64>>());
        let ports = series("aws:listening-tcp-ports");
        let all = Page::first(100);
        let rows = history.values("pump", &ports, (at(0), at(50)), &all).await.unwrap();
        assert_eq!(rows.rows.len(), 45);
        let nothing = history.values("pum", &ports, (at(0), at(50)), &all).await.unwrap();
        assert!(nothing.rows.is_empty() && nothing.next.is_none());
        let senseless = Page { after: Some("xyz".to_owned()), rows_max: 3 };
        assert_eq!(
            history.values("pump", &ports, (at(0), at(50)), &senseless).await.unwrap().rows.len(),
            3
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_series_of_a_device_are_those_it_has_values_of() {
        let dir = tempfile::tempdir().unwrap();
        let history = filled(dir.path()).await;
        history.book().number(&series("never"));
        let found = history.series_of("pump").await.unwrap();
        assert_eq!(found, [series("aws:all-bytes-in"), series("aws:listening-tcp-ports")]);
        assert!(history.series_of("pum").await.unwrap().is_empty());
    }
}
