//! The functions of `stats` and its kin (spec siem §3.6). Calls are parsed once, then become DataFusion
//! aggregates: its own where the type of the column makes them exact, else ours, whose states can be
//! merged, so that partitions run side by side.

mod function;
mod lower;
mod parse;
mod tally;
mod udaf;

#[cfg(test)]
mod tests;

use datafusion::common::DFSchema;
use datafusion::logical_expr::Expr;

use crate::SplError;
use crate::eval::{EvalCx, Expression};

pub(crate) use function::Measure;
pub use function::{ALL, StatsFunction};
pub use parse::parse_call;

/// What is aggregated.
#[derive(Debug, Clone)]
pub enum Argument {
    /// The rows themselves: `count`.
    Rows,
    /// A field, or several where the name has a `*`.
    Field(String),
    /// The value of an expression for each row, or for `count` the rows where it is true.
    Eval(Box<Expression>),
}

/// A call of a stats function.
#[derive(Debug, Clone)]
pub struct AggregateCall {
    measure: Measure,
    /// The function as it was typed, `p95`.
    function: String,
    argument: Argument,
    /// The call as it was typed, `p95(value.count)`.
    text: String,
    at: usize,
}

/// Where the aggregates of a stage find what they need besides their argument.
#[derive(Debug, Clone)]
pub struct AggregateCx<'a> {
    /// The time of a row, a timestamp.
    pub time: Option<Expr>,
    /// The place of a row in the order the stage sees, ascending, `Int64`. Without it rows count in the
    /// order they come, which is right in a plan of one partition only.
    pub order: Option<Expr>,
    /// Length of a `timechart` bucket, for `per_second()` and its kin.
    pub span_seconds: Option<f64>,
    /// For arguments that are expressions.
    pub eval: &'a EvalCx,
}

impl AggregateCall {
    /// The name of the result where there is no `as`: the call as it was typed.
    pub fn default_name(&self) -> &str {
        &self.text
    }

    /// The function as it was typed.
    pub fn function_name(&self) -> &str {
        &self.function
    }

    /// What is aggregated.
    pub fn argument(&self) -> &Argument {
        &self.argument
    }

    /// Where the call stands in the search.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The argument if it stands for several fields.
    pub fn pattern(&self) -> Option<&str> {
        match &self.argument {
            Argument::Field(name) if name.contains('*') => Some(name),
            _ => None,
        }
    }

    /// The call for one of the fields that its pattern fits.
    #[must_use]
    pub fn with_argument(&self, field: &str) -> Self {
        Self {
            argument: Argument::Field(field.to_owned()),
            text: format!("{}({field})", self.function),
            ..self.clone()
        }
    }

    /// The fields it reads, `_time` included where the function goes by time.
    pub fn fields(&self) -> Vec<String> {
        let mut fields: Vec<String> = match &self.argument {
            Argument::Rows => Vec::new(),
            Argument::Field(name) => vec![name.clone()],
            Argument::Eval(expression) => {
                expression.fields().into_iter().map(str::to_owned).collect()
            }
        };
        if self.needs_time() {
            fields.push("_time".to_owned());
        }
        fields
    }

    /// Whether the order of rows changes the result.
    pub fn needs_order(&self) -> bool {
        self.measure.needs_order()
    }

    /// Whether the times of rows change the result.
    pub fn needs_time(&self) -> bool {
        self.measure.needs_time()
    }

    /// Whether a group without values gives 0 and not null, as in the cells of `chart`.
    pub fn is_zero_when_empty(&self) -> bool {
        matches!(self.measure, Measure::Count | Measure::Distinct)
    }

    /// The aggregate for a plan with this schema, without an alias.
    ///
    /// # Errors
    /// Arguments that are conditions, functions that need what the stage does not have.
    pub fn lower(&self, schema: &DFSchema, cx: &AggregateCx<'_>) -> Result<Expr, SplError> {
        lower::lower(self, schema, cx)
    }
}
