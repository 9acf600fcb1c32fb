//! The arguments of a call, evaluated when a function asks for them.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::EvalCx;
use super::program::{Call, Program, Row};
use super::regular::Pattern;
use crate::value::Value;

/// The arguments of one call for one row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments<'a> {
    call: &'a Call,
    row: &'a Row<'a>,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(call: &'a Call, row: &'a Row<'a>) -> Self {
        Self { call, row }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.call.arguments.len()
    }

    /// The argument at `index`; `None` if it is null or absent.
    pub(crate) fn value(&self, index: usize) -> Option<Value<'a>> {
        self.call.arguments.get(index)?.evaluate(self.row)
    }

    /// All arguments from `index` on.
    pub(crate) fn values_from(&self, index: usize) -> impl Iterator<Item = Option<Value<'a>>> {
        let arguments = self.call.arguments.get(index..).unwrap_or_default();
        let row = self.row;
        arguments.iter().map(move |argument| argument.evaluate(row))
    }

    /// The argument as text.
    pub(crate) fn text(&self, index: usize) -> Option<Cow<'a, str>> {
        self.value(index).map(Value::into_text)
    }

    /// The argument as a number.
    pub(crate) fn number(&self, index: usize) -> Option<f64> {
        self.value(index)?.number()
    }

    /// The argument as a whole number; fractions are cut off.
    pub(crate) fn whole(&self, index: usize) -> Option<i64> {
        crate::value::number::whole(self.number(index)?.trunc())
    }

    /// The argument as a condition.
    pub(crate) fn truth(&self, index: usize) -> Option<bool> {
        self.value(index)?.truth()
    }

    /// Whether the argument was written as text in quotes.
    pub(crate) fn is_quoted(&self, index: usize) -> bool {
        self.call.quoted.get(index).copied().unwrap_or_default()
    }

    /// The argument as a compiled pattern; `None` if it is null or no pattern.
    pub(crate) fn pattern(&self, index: usize) -> Option<Arc<Pattern>> {
        if let Some(pattern) = &self.call.fixed_pattern {
            return Some(pattern.clone());
        }
        let text = self.text(index)?;
        let mut last = self.call.pattern.lock();
        match &*last {
            Some(pattern) if pattern.source() == text => Some(pattern.clone()),
            _ => {
                let pattern = Arc::new(Pattern::new(&text).ok()?);
                *last = Some(pattern.clone());
                Some(pattern)
            }
        }
    }

    /// The column that the argument at `index` is or, for a condition, the only one it reads.
    pub(crate) fn column(&self, index: usize) -> Option<usize> {
        let mut columns = Vec::new();
        collect_columns(self.call.arguments.get(index)?, &mut columns);
        columns.first().copied()
    }

    /// The values of the cell of `column` in this row.
    pub(crate) fn cell(&self, column: usize) -> Vec<Cow<'a, str>> {
        let value = match self.row.bound {
            Some((bound, text)) if bound == column => Some(Value::Text(Cow::Borrowed(text))),
            _ => self.row.columns.get(column).and_then(|reader| reader.value(self.row.index)),
        };
        value.map(Value::into_items).unwrap_or_default()
    }

    /// The argument at `index` where `column` holds only `item`.
    pub(crate) fn value_with(
        &self,
        index: usize,
        column: usize,
        item: &str,
    ) -> Option<Value<'static>> {
        let row = Row { bound: Some((column, item)), ..*self.row };
        self.call.arguments.get(index)?.evaluate(&row).map(Value::into_owned)
    }

    /// What comes from outside the row.
    pub(crate) fn cx(&self) -> &'a EvalCx {
        self.row.cx
    }

    /// A number that differs from row to row, of 32 bits.
    pub(crate) fn random(&self) -> u32 {
        let seed = self.row.cx.now.as_millis().unsigned_abs();
        let drawn = self.call.draws.fetch_add(1, Ordering::Relaxed);
        // SplitMix64: spreads a counter over all bits.
        let mut bits = seed.wrapping_add(drawn.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((bits ^ (bits >> 31)) >> 32).unwrap_or_default()
    }
}

/// The columns that `program` reads, in order.
pub(super) fn collect_columns(program: &Program, columns: &mut Vec<usize>) {
    match program {
        Program::Constant(_) => {}
        Program::Column(column) => {
            if !columns.contains(column) {
                columns.push(*column);
            }
        }
        Program::Negate(inner) | Program::Not(inner) => collect_columns(inner, columns),
        Program::Logic(_, parts) => parts.iter().for_each(|part| collect_columns(part, columns)),
        Program::Call(call) => {
            call.arguments.iter().for_each(|part| collect_columns(part, columns));
        }
        Program::Compare(_, left, right) => {
            collect_columns(left, columns);
            collect_columns(right, columns);
        }
        Program::Arithmetic(first, rest) => {
            collect_columns(first, columns);
            rest.iter().for_each(|(_, part)| collect_columns(part, columns));
        }
    }
}
