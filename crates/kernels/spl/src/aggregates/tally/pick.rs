//! The value at either end: of the rows as they come, or of time.

use super::sets::typed;
use super::{Sample, Saved, Tally};
use crate::aggregates::Measure;
use crate::value::{Value, number};

/// A value and where it stands: by time, then by order where later rows count as earlier, since
/// events come newest first.
#[derive(Debug, Clone, PartialEq)]
struct Placed {
    time: i64,
    order: i64,
    text: String,
}

/// The first and the last value.
#[derive(Debug)]
pub(super) struct Ends {
    measure: Measure,
    low: Option<Placed>,
    high: Option<Placed>,
}

impl Ends {
    pub(super) fn new(measure: Measure) -> Self {
        Self { measure, low: None, high: None }
    }

    /// Takes a value; of the values of one row the first stays first and the last becomes last.
    fn insert(&mut self, text: &str, time: i64, order: i64) {
        let rank = (time, order);
        let placed = || Placed { time, order, text: text.to_owned() };
        if self.low.as_ref().is_none_or(|low| rank < (low.time, low.order)) {
            self.low = Some(placed());
        }
        if self.high.as_ref().is_none_or(|high| rank >= (high.time, high.order)) {
            self.high = Some(placed());
        }
    }

    fn rate(&self) -> Option<f64> {
        let (low, high) = (self.low.as_ref()?, self.high.as_ref()?);
        let rise = number::parse(&high.text)? - number::parse(&low.text)?;
        let seconds = number::from_whole(high.time - low.time) / 1000.0;
        (seconds > 0.0).then(|| rise / seconds)
    }
}

impl Tally for Ends {
    fn add(&mut self, sample: Sample<'_>) {
        let text = sample.value.text();
        match sample.time {
            Some(time) => self.insert(&text, time, sample.order.saturating_neg()),
            None => self.insert(&text, 0, sample.order),
        }
    }

    fn save(&self) -> Saved {
        let mut saved = Saved::default();
        for end in [&self.low, &self.high].into_iter().flatten() {
            saved.texts.push(end.text.clone());
            saved.orders.extend([end.time, end.order]);
        }
        saved
    }

    fn merge(&mut self, other: Saved) {
        for (text, place) in other.texts.iter().zip(other.orders.chunks_exact(2)) {
            self.insert(text, place[0], place[1]);
        }
    }

    fn result(&self) -> Option<Value<'static>> {
        let seconds = |end: &Placed| Value::Number(number::from_whole(end.time) / 1000.0);
        match self.measure {
            Measure::First | Measure::Earliest => self.low.as_ref().map(|end| typed(&end.text)),
            Measure::Last | Measure::Latest => self.high.as_ref().map(|end| typed(&end.text)),
            Measure::EarliestTime => self.low.as_ref().map(seconds),
            Measure::LatestTime => self.high.as_ref().map(seconds),
            _ => self.rate().map(Value::Number),
        }
    }

    fn size(&self) -> usize {
        [&self.low, &self.high].into_iter().flatten().map(|end| end.text.capacity()).sum()
    }
}
