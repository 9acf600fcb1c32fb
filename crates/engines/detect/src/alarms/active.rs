//! The alarms that are on, in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use parking_lot::RwLock;
use picket_core::Timestamp;
use picket_ports::alarms::{AlarmFacts, AlarmFilter, VerificationState, Violation};

use super::keys;

/// Alarms that one page looks at, at most, so that a filter that fits few holds up nobody.
const EXAMINED_MAX: usize = 100_000;

/// An alarm's place in the list: the newest first.
type Place = (Reverse<Timestamp>, u128);

/// Alarms that are on. Follows the store: changed after each commit.
#[derive(Debug, Default)]
pub(super) struct Active(RwLock<Alarms>);

#[derive(Debug, Default)]
struct Alarms {
    by_age: BTreeMap<Place, Violation>,
    by_thing: HashMap<String, BTreeSet<Place>>,
    started: HashMap<u128, Timestamp>,
}

impl Alarms {
    fn put(&mut self, violation: Violation) {
        let Some(id) = keys::id(&violation.violation_id) else { return };
        let place = (Reverse(violation.started), id);
        self.started.insert(id, violation.started);
        self.by_thing.entry(violation.thing.clone()).or_default().insert(place);
        self.by_age.insert(place, violation);
    }

    fn place(&self, violation_id: &str) -> Option<Place> {
        let id = keys::id(violation_id)?;
        Some((Reverse(*self.started.get(&id)?), id))
    }

    fn take_out(&mut self, violation_id: &str) {
        let Some(place) = self.place(violation_id) else { return };
        self.started.remove(&place.1);
        let Some(violation) = self.by_age.remove(&place) else { return };
        if let Some(places) = self.by_thing.get_mut(&violation.thing) {
            places.remove(&place);
            if places.is_empty() {
                self.by_thing.remove(&violation.thing);
            }
        }
    }
}

/// A page of alarms; absent `next` says that it is the last.
pub(super) struct ActivePage {
    pub(super) alarms: Vec<Violation>,
    pub(super) next: Option<String>,
}

impl Active {
    /// Takes in alarms that were raised.
    pub(super) fn put(&self, alarms: impl Iterator<Item = Violation>) {
        let mut book = self.0.write();
        alarms.for_each(|alarm| book.put(alarm));
    }

    /// Takes out alarms that ended.
    pub(super) fn take_out<'a>(&self, violation_ids: impl Iterator<Item = &'a str>) {
        let mut book = self.0.write();
        violation_ids.for_each(|id| book.take_out(id));
    }

    /// Takes in what is newer of alarms that are still on.
    pub(super) fn renew(&self, alarms: impl Iterator<Item = Violation>) {
        let mut book = self.0.write();
        for newer in alarms {
            // One that was cleared in the same batch is gone already.
            let Some(place) = book.place(&newer.violation_id) else { continue };
            if let Some(alarm) = book.by_age.get_mut(&place) {
                *alarm = newer;
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.read().by_age.len()
    }

    pub(super) fn get(&self, violation_id: &str) -> Option<Violation> {
        let book = self.0.read();
        book.by_age.get(&book.place(violation_id)?).cloned()
    }

    pub(super) fn has(&self, violation_id: &str) -> bool {
        self.0.read().place(violation_id).is_some()
    }

    /// How many fit.
    pub(super) fn count(
        &self,
        filter: &AlarmFilter,
        found: &impl Fn(&str) -> VerificationState,
    ) -> usize {
        if *filter == AlarmFilter::default() {
            return self.len();
        }
        let book = self.0.read();
        match &filter.thing {
            None => book.by_age.values().filter(|it| fits(filter, it, found)).count(),
            Some(thing) => {
                let places = book.by_thing.get(thing).into_iter().flatten();
                let alarms = places.filter_map(|place| book.by_age.get(place));
                alarms.filter(|it| fits(filter, it, found)).count()
            }
        }
    }

    /// Up to `rows_max` alarms after the place `after`, the newest first. `found` says what an alarm was
    /// found to be.
    pub(super) fn page(
        &self,
        filter: &AlarmFilter,
        (after, rows_max): (Option<&str>, usize),
        found: &impl Fn(&str) -> VerificationState,
    ) -> ActivePage {
        let book = self.0.read();
        let start = after.and_then(place_of).map_or(Bound::Unbounded, Bound::Excluded);
        let range = (start, Bound::Unbounded);
        match &filter.thing {
            None => collect(book.by_age.range(range), (filter, rows_max), found),
            Some(thing) => {
                let places = book.by_thing.get(thing).map(|places| places.range(range));
                let alarms = places.into_iter().flatten();
                let alarms = alarms.filter_map(|place| book.by_age.get_key_value(place));
                collect(alarms, (filter, rows_max), found)
            }
        }
    }
}

fn collect<'a>(
    alarms: impl Iterator<Item = (&'a Place, &'a Violation)>,
    (filter, rows_max): (&AlarmFilter, usize),
    found: &impl Fn(&str) -> VerificationState,
) -> ActivePage {
    let mut page = ActivePage { alarms: Vec::new(), next: None };
    let mut last = None;
    for (examined, (place, alarm)) in alarms.enumerate() {
        if examined >= EXAMINED_MAX && rows_max < EXAMINED_MAX {
            page.next = last.map(cursor);
            break;
        }
        if fits(filter, alarm, found) {
            if page.alarms.len() == rows_max {
                page.next = last.map(cursor);
                break;
            }
            page.alarms.push(alarm.clone());
        }
        last = Some(*place);
    }
    page
}

fn fits(
    filter: &AlarmFilter,
    alarm: &Violation,
    found: &impl Fn(&str) -> VerificationState,
) -> bool {
    let verification = found(&alarm.violation_id);
    filter.admits(&AlarmFacts { verification, ..AlarmFacts::of(alarm) })
}

fn cursor((Reverse(started), id): Place) -> String {
    format!("{}.{id:032x}", started.as_millis())
}

fn place_of(cursor: &str) -> Option<Place> {
    let (started, id) = cursor.split_once('.')?;
    Some((Reverse(Timestamp::from_millis(started.parse().ok()?)), keys::id(id)?))
}
