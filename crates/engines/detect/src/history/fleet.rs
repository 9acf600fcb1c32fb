//! Reading the whole fleet, device by device, in bounded memory.
//!
//! A day's store holds its devices in name order, so all days are read side by side, as one merges sorted
//! lists: each device comes once, with its records of all days in time order. One task reads, several
//! threads look at what it reads; a device is looked at by one of them from beginning to end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use picket_core::Timestamp;
use picket_ports::StateStore;
use picket_ports::metric_history::{HistoryError, Progress};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::History;
use super::codec::BadEntry;
use super::days::{self, Day};
use super::kept::Origin;

/// Bytes that are read ahead of all days together.
const AHEAD_BYTES_MAX: usize = 8 << 20;
/// Pairs in a page, and in the first one, of which nobody knows how large they are.
const PAGE_MAX: usize = 2048;
const PAGE_MIN: usize = 16;
/// Weight of the records that go to a thread in one go.
const BATCH: usize = 1024;
/// Bytes that weigh as much as one record more.
const HEAVY: usize = 256;
/// Batches that wait for a thread.
const WAITING_MAX: usize = 4;
/// Threads at most.
const THREADS_MAX: usize = 4;
/// How long one request may take.
const TIME_MAX: Duration = Duration::from_secs(120);
/// Records after which progress is told.
const PROGRESS_EVERY: u64 = 8192;

/// A stored record of a device.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) sequence: u64,
    pub(super) origin: Origin,
    /// The datapoints, encoded.
    pub(super) values: Vec<u8>,
}

/// Why a visitor does not go on.
#[derive(Debug)]
pub(super) enum Halt {
    /// What is stored cannot be read.
    Damaged(BadEntry),
    /// It holds as much as it may.
    Full(String),
}

impl From<BadEntry> for Halt {
    fn from(error: BadEntry) -> Self {
        Self::Damaged(error)
    }
}

impl From<Halt> for HistoryError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Damaged(error) => Self::Storage(error.to_string()),
            Halt::Full(text) => Self::TooMuch(text),
        }
    }
}

/// Looks at devices, one after the other.
pub(super) trait Visitor: Send + 'static {
    /// The records of this device follow, in time order.
    fn begin(&mut self, thing: &Arc<str>);
    /// A record.
    fn entry(&mut self, entry: Entry) -> Result<(), Halt>;
    /// There are no more of this device.
    fn end(&mut self) -> Result<(), Halt>;
}

/// Which records to read.
pub(super) struct Walk<'a> {
    /// From here on.
    pub(super) from: Timestamp,
    /// Up to, exclusive.
    pub(super) to: Timestamp,
    /// Which devices; others are passed over.
    pub(super) wanted: &'a (dyn Fn(&str) -> bool + Send + Sync),
    /// Is told how far the reading has come.
    pub(super) progress: Progress<'a>,
}

/// Some records of one device on their way to a thread.
struct Part {
    thing: Arc<str>,
    entries: Vec<Entry>,
    weight: usize,
    is_first: bool,
    is_last: bool,
}

impl Part {
    fn of(thing: &Arc<str>, is_first: bool) -> Self {
        Self { thing: thing.clone(), entries: Vec::new(), weight: 1, is_first, is_last: false }
    }

    fn add(&mut self, entry: Entry) {
        self.weight += 1 + entry.values.len() / HEAVY;
        self.entries.push(entry);
    }
}

/// One day that is being read.
struct Cursor {
    store: Arc<dyn StateStore>,
    after: Option<Vec<u8>>,
    buffer: VecDeque<(Vec<u8>, Vec<u8>)>,
    page: usize,
    /// Bytes that a page should have.
    page_bytes: usize,
    is_over: bool,
}

impl Cursor {
    /// Reads on, if nothing is buffered.
    async fn fill(&mut self) -> Result<(), HistoryError> {
        if !self.buffer.is_empty() || self.is_over {
            return Ok(());
        }
        let pairs = self.store.scan(b"", self.after.as_deref(), self.page).await;
        let pairs = pairs.map_err(|error| HistoryError::Storage(error.to_string()))?;
        match pairs.last() {
            Some((key, _)) => self.after = Some(key.clone()),
            None => self.is_over = true,
        }
        let bytes: usize = pairs.iter().map(|(key, value)| key.len() + value.len()).sum();
        let each = bytes.checked_div(pairs.len()).unwrap_or(1).max(1);
        self.page = (self.page_bytes / each).clamp(PAGE_MIN, PAGE_MAX);
        self.buffer = pairs.into();
        Ok(())
    }

    /// The device whose records come next; the reader must have filled the buffer.
    fn thing(&self) -> Option<&[u8]> {
        self.buffer.front().map(|(key, _)| days::thing_bytes(key))
    }

    /// Passes over all records of `thing`. Returns how many were at hand.
    fn skip(&mut self, thing: &[u8]) -> u64 {
        let mut skipped = 0;
        while self.thing() == Some(thing) {
            self.buffer.pop_front();
            skipped += 1;
        }
        if self.buffer.is_empty() && !self.is_over {
            // What else there is of it is not read at all.
            self.after = self.after.take().max(Some(days::behind(thing)));
        }
        skipped
    }
}

/// Shows the records of the wanted devices to visitors, of which each thread has one. Returns them in
/// the end.
pub(super) async fn walk<V: Visitor>(
    history: &History,
    walk: &Walk<'_>,
    make: impl Fn() -> V,
) -> Result<Vec<V>, HistoryError> {
    let stores = history.days(walk.from, walk.to).await?;
    let page_bytes = AHEAD_BYTES_MAX / stores.len().max(1);
    let all = stores.iter().map(|(_, store)| store.pairs_estimate()).sum();
    let cursors: Vec<Cursor> = stores
        .into_iter()
        .map(|(_, store)| Cursor {
            store,
            after: None,
            buffer: VecDeque::new(),
            page: 4 * PAGE_MIN,
            page_bytes,
            is_over: false,
        })
        .collect();
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(THREADS_MAX);
    let mut visitors = JoinSet::new();
    let mut senders = Vec::new();
    for _ in 0..threads {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let visitor = make();
        visitors.spawn_blocking(move || visit(visitor, receiver));
        senders.push(Sender { queue: sender, parts: Vec::new(), weight: 0 });
    }
    let mut reader = Reader { cursors, senders, turn: 0, read: 0, all, began: Instant::now() };
    // A visitor that halts hangs up, which is found out below.
    let read = reader.run(walk).await;
    drop(reader);
    let mut done = Vec::with_capacity(threads);
    while let Some(ended) = visitors.join_next().await {
        let ended = ended.map_err(|error| HistoryError::Storage(error.to_string()))?;
        done.push(ended?);
    }
    read?;
    (walk.progress)(all, all);
    Ok(done)
}

fn visit<V: Visitor>(mut visitor: V, mut queue: mpsc::Receiver<Vec<Part>>) -> Result<V, Halt> {
    while let Some(parts) = queue.blocking_recv() {
        for Part { thing, entries, is_first, is_last, .. } in parts {
            if is_first {
                visitor.begin(&thing);
            }
            for entry in entries {
                visitor.entry(entry)?;
            }
            if is_last {
                visitor.end()?;
            }
        }
    }
    Ok(visitor)
}

/// What goes to one thread.
struct Sender {
    queue: mpsc::Sender<Vec<Part>>,
    parts: Vec<Part>,
    weight: usize,
}

impl Sender {
    /// Sends what has gathered. `false` if the thread has halted.
    async fn flush(&mut self) -> bool {
        self.weight = 0;
        self.queue.send(std::mem::take(&mut self.parts)).await.is_ok()
    }
}

struct Reader {
    cursors: Vec<Cursor>,
    senders: Vec<Sender>,
    turn: usize,
    read: u64,
    all: u64,
    began: Instant,
}

impl Reader {
    /// Reads to the end, or until a thread has halted.
    async fn run(&mut self, walk: &Walk<'_>) -> Result<(), HistoryError> {
        while let Some(bytes) = self.next_thing().await? {
            let thing = String::from_utf8_lossy(&bytes);
            if !(walk.wanted)(&thing) {
                let skipped: u64 = self.cursors.iter_mut().map(|it| it.skip(&bytes)).sum();
                self.told(skipped, walk)?;
                continue;
            }
            let thing: Arc<str> = Arc::from(&*thing);
            if !self.device(&thing, walk).await? {
                return Ok(());
            }
        }
        for sender in &mut self.senders {
            if !sender.parts.is_empty() && !sender.flush().await {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The first device in name order of which some day has records that were not read.
    async fn next_thing(&mut self) -> Result<Option<Vec<u8>>, HistoryError> {
        for cursor in &mut self.cursors {
            cursor.fill().await?;
        }
        Ok(self.cursors.iter().filter_map(Cursor::thing).min().map(<[u8]>::to_vec))
    }

    /// Hands all records of one device to the thread whose turn it is. `false` if it has halted.
    async fn device(&mut self, thing: &Arc<str>, walk: &Walk<'_>) -> Result<bool, HistoryError> {
        self.turn = (self.turn + 1) % self.senders.len().max(1);
        let mut part = Part::of(thing, true);
        for day in 0..self.cursors.len() {
            while let Some((key, values)) = self.next_of(day, thing).await? {
                self.told(1, walk)?;
                let Some(parts) = days::read_key(&key) else { continue };
                if !(walk.from..walk.to).contains(&parts.at) {
                    continue;
                }
                let days::KeyParts { at, sequence, origin, .. } = parts;
                part.add(Entry { at, sequence, origin, values });
                if part.weight < BATCH {
                    continue;
                }
                let full = std::mem::replace(&mut part, Part::of(thing, false));
                if !self.hand_over(full).await {
                    return Ok(false);
                }
            }
        }
        part.is_last = true;
        if part.is_first && part.entries.is_empty() {
            return Ok(true);
        }
        Ok(self.hand_over(part).await)
    }

    /// The next record of a device on a day.
    async fn next_of(
        &mut self,
        day: usize,
        thing: &str,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, HistoryError> {
        let Some(cursor) = self.cursors.get_mut(day) else { return Ok(None) };
        cursor.fill().await?;
        let is_of_it = cursor.thing() == Some(thing.as_bytes());
        Ok(cursor.buffer.pop_front_if(|_| is_of_it))
    }

    async fn hand_over(&mut self, part: Part) -> bool {
        let Some(sender) = self.senders.get_mut(self.turn) else { return false };
        sender.weight += part.weight;
        sender.parts.push(part);
        sender.weight < BATCH || sender.flush().await
    }

    /// Counts records, tells how far it has come, and looks at the time.
    fn told(&mut self, records: u64, walk: &Walk<'_>) -> Result<(), HistoryError> {
        let before = self.read / PROGRESS_EVERY;
        self.read += records;
        if self.read / PROGRESS_EVERY == before {
            return Ok(());
        }
        (walk.progress)(self.read.min(self.all), self.all);
        if self.began.elapsed() > TIME_MAX {
            return Err(HistoryError::TooMuch(format!(
                "{} of about {} stored records were read in {} s, which is as long as it may take; \
                 ask for a shorter time or fewer devices",
                self.read,
                self.all,
                TIME_MAX.as_secs()
            )));
        }
        Ok(())
    }
}

impl History {
    /// The stores of the days that `from..to` touches, oldest first.
    pub(super) async fn days(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Day, Arc<dyn StateStore>)>, HistoryError> {
        let failed = |error: picket_ports::LogError| HistoryError::Storage(error.to_string());
        let mut days = Vec::new();
        for name in self.states.state_names(days::PREFIX).await.map_err(failed)? {
            let Some(day) = Day::of_store(&name) else { continue };
            if day.start() < to && from < day.end() {
                days.push((day, self.states.open_state(&name).await.map_err(failed)?));
            }
        }
        days.sort_unstable_by_key(|(day, _)| *day);
        Ok(days)
    }

    /// About how many records the days that `from..to` touches have.
    pub(super) async fn records(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<u64, HistoryError> {
        let days = self.days(from, to).await?;
        Ok(days.iter().map(|(_, store)| store.pairs_estimate()).sum())
    }

    /// From the first instant of the oldest day that is stored to the end of the newest one.
    pub(super) async fn stored(&self) -> Result<Option<(Timestamp, Timestamp)>, HistoryError> {
        let names = self.states.state_names(days::PREFIX).await;
        let names = names.map_err(|error| HistoryError::Storage(error.to_string()))?;
        let mut days: Vec<Day> = names.iter().filter_map(|name| Day::of_store(name)).collect();
        days.sort_unstable();
        Ok(days.first().zip(days.last()).map(|(first, last)| (first.start(), last.end())))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use parking_lot::Mutex;
    use picket_fjall::FjallStore;
    use picket_ports::metric_history::Series;
    use picket_profile::Measured;

    use super::super::kept::Kept;
    use super::*;

    const NOON_MS: i64 = 1_795_694_400_000;

    #[derive(Default)]
    struct Seen {
        all: BTreeMap<String, Vec<i64>>,
        now: String,
        full_at: Option<usize>,
    }

    impl Visitor for Seen {
        fn begin(&mut self, thing: &Arc<str>) {
            thing.as_ref().clone_into(&mut self.now);
            assert!(self.all.insert(self.now.clone(), Vec::new()).is_none(), "{thing} came twice");
        }

        fn entry(&mut self, entry: Entry) -> Result<(), Halt> {
            let times = self.all.get_mut(&self.now).unwrap();
            times.push(entry.at.as_millis());
            match self.full_at {
                Some(most) if times.len() > most => Err(Halt::Full("no more".to_owned())),
                _ => Ok(()),
            }
        }

        fn end(&mut self) -> Result<(), Halt> {
            assert!(self.all[&self.now].is_sorted());
            Ok(())
        }
    }

    async fn filled(dir: &std::path::Path) -> History {
        let history = History::open(Arc::new(FjallStore::open(dir).unwrap())).await.unwrap();
        let series = Series { metric: "aws:all-bytes-in".to_owned(), dimension: None };
        let number = history.book().number(&series);
        let mut kept = Kept::default();
        for day in 0..3 {
            for n in 0..3000_i64 {
                let thing: Arc<str> = Arc::from(format!("pump-{:02}", n % 7).as_str());
                let at = Timestamp::from_millis(NOON_MS + day * days::DAY_MS + n * 1000);
                kept.begin(&thing, at, (n.unsigned_abs(), Origin::Report));
                kept.value(number, &Measured::Count(n.unsigned_abs()));
            }
        }
        history.recorder().store([&kept]).await.unwrap();
        history
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_device_comes_once_with_its_records_of_all_days_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let history = filled(dir.path()).await;
        let told = Mutex::new(Vec::new());
        let progress = |done, all| told.lock().push((done, all));
        let asked = Walk {
            from: at(NOON_MS + 10_000),
            to: at(NOON_MS + 2 * days::DAY_MS + 20_000),
            wanted: &|thing| thing != "pump-03",
            progress: &progress,
        };
        let seen = walk(&history, &asked, Seen::default).await.unwrap();
        let all: BTreeMap<String, Vec<i64>> = seen.into_iter().flat_map(|it| it.all).collect();
        assert_eq!(all.len(), 6);
        let records: usize = all.values().map(Vec::len).sum();
        assert_eq!(records, (2990 + 3000 + 20) - (428 + 429 + 3));
        let told = told.into_inner();
        assert!(told.is_sorted() && told.last().is_some_and(|(done, all)| done == all), "{told:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_visitor_that_is_full_ends_the_reading() {
        let dir = tempfile::tempdir().unwrap();
        let history = filled(dir.path()).await;
        let asked = Walk { from: at(0), to: at(i64::MAX), wanted: &|_| true, progress: &|_, _| {} };
        let make = || Seen { full_at: Some(100), ..Seen::default() };
        let error = walk(&history, &asked, make).await.map(drop).unwrap_err();
        assert!(matches!(error, HistoryError::TooMuch(_)), "{error}");
    }
}
