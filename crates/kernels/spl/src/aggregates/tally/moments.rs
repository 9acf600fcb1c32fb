//! Sums and spreads of numbers.

use super::{Sample, Saved, Tally};
use crate::aggregates::Measure;
use crate::value::Value;

/// Count, sum, mean and squared distances from it, kept so that parts can be merged without loss.
#[derive(Debug)]
pub(super) struct Moments {
    measure: Measure,
    count: f64,
    sum: f64,
    sum_of_squares: f64,
    mean: f64,
    /// Sum of squared distances from the mean.
    distances: f64,
    min: f64,
    max: f64,
}

impl Moments {
    pub(super) fn new(measure: Measure) -> Self {
        Self {
            measure,
            count: 0.0,
            sum: 0.0,
            sum_of_squares: 0.0,
            mean: 0.0,
            distances: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }

    fn variance(&self, sample: bool) -> f64 {
        match (sample, self.count <= 1.0) {
            (_, true) => 0.0,
            (true, _) => self.distances / (self.count - 1.0),
            (false, _) => self.distances / self.count,
        }
    }
}

impl Tally for Moments {
    fn add(&mut self, sample: Sample<'_>) {
        let Some(number) = sample.value.number() else { return };
        self.count += 1.0;
        self.sum += number;
        self.sum_of_squares += number * number;
        let distance = number - self.mean;
        self.mean += distance / self.count;
        self.distances += distance * (number - self.mean);
        self.min = self.min.min(number);
        self.max = self.max.max(number);
    }

    fn save(&self) -> Saved {
        let numbers = vec![
            self.count,
            self.sum,
            self.sum_of_squares,
            self.mean,
            self.distances,
            self.min,
            self.max,
        ];
        Saved { numbers, ..Saved::default() }
    }

    fn merge(&mut self, other: Saved) {
        let [count, sum, sum_of_squares, mean, distances, min, max] = other.numbers[..] else {
            return;
        };
        if count == 0.0 {
            return;
        }
        let total = self.count + count;
        let apart = mean - self.mean;
        self.distances += distances + apart * apart * self.count * count / total;
        self.mean += apart * count / total;
        self.count = total;
        self.sum += sum;
        self.sum_of_squares += sum_of_squares;
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    fn result(&self) -> Option<Value<'static>> {
        if self.count == 0.0 {
            return None;
        }
        let number = match self.measure {
            Measure::Average => self.sum / self.count,
            Measure::SumOfSquares => self.sum_of_squares,
            Measure::Range => self.max - self.min,
            Measure::Variance { sample } => self.variance(sample),
            Measure::Deviation { sample } => self.variance(sample).sqrt(),
            Measure::Per { seconds } => self.sum * seconds,
            _ => self.sum,
        };
        Some(Value::Number(number + 0.0))
    }

    fn size(&self) -> usize {
        0
    }
}
