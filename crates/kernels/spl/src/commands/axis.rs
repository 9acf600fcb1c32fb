//! A field whose values become the rows or columns of a chart, with or without buckets.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;

use super::grouping::{Keys, explode};
use crate::SplError;
use crate::flow::Flow;
use crate::parser::Word;
use crate::run::{RunCx, RunError};
use crate::time::{NumberSpan, Span, floor_number, floor_time};

/// A field and the span of its buckets, if it has any.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) field: String,
    pub(super) span: Option<Buckets>,
}

/// A span as it was written: of time for `_time`, of numbers for other fields.
#[derive(Debug, Clone)]
pub(super) struct Buckets {
    text: String,
    at: usize,
}

impl Buckets {
    /// Reads the value of `span=`.
    pub(super) fn parse(value: Word) -> Result<Self, SplError> {
        let buckets = Self { text: value.text, at: value.at };
        if buckets.time().is_ok() || buckets.numbers().is_ok() {
            return Ok(buckets);
        }
        let message = format!(
            "`{}` is neither a span of time such as `5m` nor one of numbers such as `10`",
            buckets.text
        );
        Err(SplError::new(buckets.at, message))
    }

    pub(super) fn time(&self) -> Result<Span, SplError> {
        Span::parse(&self.text).map_err(|error| SplError::new(self.at, error.message))
    }

    fn numbers(&self) -> Result<NumberSpan, SplError> {
        NumberSpan::parse(&self.text).map_err(|error| SplError::new(self.at, error.message))
    }

    /// The bucket of each value of `column`.
    pub(super) fn floor(
        &self,
        column: Expr,
        type_: &DataType,
        cx: &RunCx,
    ) -> Result<Expr, SplError> {
        Ok(match type_ {
            DataType::Timestamp(..) => floor_time(column, self.time()?, &cx.zone),
            _ => floor_number(column, self.numbers()?),
        })
    }
}

impl Axis {
    pub(super) fn new(field: String) -> Self {
        Self { field, span: None }
    }

    /// Whether its values are names of buckets such as `10-20`.
    pub(super) fn has_labels(&self, flow: &Flow) -> bool {
        let is_time = matches!(flow.data_type(&self.field), Some(DataType::Timestamp(..)));
        self.span.is_some() && !is_time
    }

    /// A column with one value of the axis a row, and its name.
    pub(super) fn column(&self, flow: Flow, cx: &RunCx) -> Result<(Flow, String), RunError> {
        if let (Some(span), Some(type_)) = (&self.span, flow.data_type(&self.field)) {
            let mut flow = flow;
            let name = flow.hidden_name();
            let bucket = span.floor(flow.column(&self.field), &type_, cx)?;
            // A list of buckets is taken apart below.
            let flow = flow.with_column(&name, bucket)?;
            let Keys { flow, mut columns } = explode(flow, std::slice::from_ref(&name), false)?;
            return Ok((flow, columns.pop().unwrap_or(name)));
        }
        let Keys { flow, mut columns } = explode(flow, std::slice::from_ref(&self.field), false)?;
        Ok((flow, columns.pop().unwrap_or_else(|| self.field.clone())))
    }
}
