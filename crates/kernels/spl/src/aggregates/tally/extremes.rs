//! The least and the greatest value: numbers rank below text.

use super::{Sample, Saved, Tally};
use crate::value::Value;

/// The least or greatest number and text seen, as they were sent.
#[derive(Debug)]
pub(super) struct Extreme {
    wants_max: bool,
    number: Option<(f64, String)>,
    text: Option<String>,
}

impl Extreme {
    pub(super) fn new(wants_max: bool) -> Self {
        Self { wants_max, number: None, text: None }
    }

    fn add_text(&mut self, value: &Value<'_>) {
        let Some(number) = value.number() else {
            let text = value.text();
            let is_better = self
                .text
                .as_deref()
                .is_none_or(|best| if self.wants_max { *text > *best } else { *text < *best });
            if is_better {
                self.text = Some(text.into_owned());
            }
            return;
        };
        let is_better = self.number.as_ref().is_none_or(|(best, printed)| {
            if number == *best {
                // Of 1 and 1.0 the same one wins whatever comes first.
                return *value.text() < **printed;
            }
            if self.wants_max { number > *best } else { number < *best }
        });
        if is_better {
            self.number = Some((number, value.text().into_owned()));
        }
    }
}

impl Tally for Extreme {
    fn add(&mut self, sample: Sample<'_>) {
        self.add_text(&sample.value);
    }

    fn save(&self) -> Saved {
        let number = self.number.as_ref().map(|(_, text)| text.clone());
        Saved { texts: number.into_iter().chain(self.text.clone()).collect(), ..Saved::default() }
    }

    fn merge(&mut self, other: Saved) {
        other.texts.iter().for_each(|text| self.add_text(&Value::text_of(text)));
    }

    fn result(&self) -> Option<Value<'static>> {
        let number = self.number.as_ref().map(|(_, text)| text);
        let best = match self.wants_max {
            true => self.text.as_ref().or(number),
            false => number.or(self.text.as_ref()),
        };
        best.map(|text| Value::text_of(text.clone()))
    }

    fn size(&self) -> usize {
        self.text.as_ref().map_or(0, String::capacity)
            + self.number.as_ref().map_or(0, |(_, text)| text.capacity())
    }
}
