//! The language of `eval` and `where` (spec siem §3.4): parsed once, then turned into DataFusion
//! expressions for the columns at hand. What DataFusion computes exactly as the language asks is
//! handed over as it is; everything else runs in one scalar function of ours, row by row.

mod arguments;
mod compile;
mod lexer;
mod native;
mod parser;
mod program;
mod regular;
mod syntax;
mod udf;

#[cfg(test)]
mod agreement;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr, lit};
use jiff::tz::TimeZone;
use picket_core::Timestamp;

use crate::SplError;
use crate::value::Kind;

pub(crate) use arguments::Arguments;
pub use parser::parse_expression;
pub(crate) use program::position;
pub(crate) use regular::expand;
pub use regular::{Pattern, PatternError};
pub use syntax::Expression;

/// What an expression takes from outside the row.
#[derive(Debug, Clone, PartialEq)]
pub struct EvalCx {
    /// The start of the search job, or the instant it was scheduled for.
    pub now: Timestamp,
    /// The time zone of the user.
    pub zone: TimeZone,
}

impl EvalCx {
    /// In UTC.
    pub fn utc(now: Timestamp) -> Self {
        Self { now, zone: TimeZone::UTC }
    }
}

impl Expression {
    /// A column with the value of the expression for every row of a plan with this schema: `Int64`,
    /// `Float64`, `Utf8` or `List<Utf8>`. Fields that the schema does not have are null.
    ///
    /// # Errors
    /// A condition, which is no value of a field, and conditions where a value belongs or the reverse.
    pub fn lower(&self, schema: &DFSchema, cx: &EvalCx) -> Result<Expr, SplError> {
        let compiled = compile::compile(self, schema, cx)?;
        match compiled.kind() {
            Kind::Bool => Err(SplError::new(
                self.span.start,
                "a field cannot hold a condition; use if(condition, \"true\", \"false\")",
            )),
            Kind::Null => Ok(lit(ScalarValue::Utf8(None))),
            Kind::Time => Ok(compiled.lower(Kind::Number)),
            kind => Ok(compiled.lower(kind)),
        }
    }

    /// The value as a point in time, `Timestamp(Millisecond)`, for a column such as `_time`. What does
    /// not read as a number of seconds is null.
    ///
    /// # Errors
    /// As [`Self::lower`].
    pub fn lower_time(&self, schema: &DFSchema, cx: &EvalCx) -> Result<Expr, SplError> {
        Ok(compile::compile(self, schema, cx)?.lower(Kind::Time))
    }

    /// The condition for every row, `Boolean`; null where it is neither true nor false.
    ///
    /// # Errors
    /// An expression that is not a condition.
    pub fn lower_predicate(&self, schema: &DFSchema, cx: &EvalCx) -> Result<Expr, SplError> {
        let compiled = compile::compile(self, schema, cx)?;
        match compiled.kind() {
            Kind::Bool => Ok(compiled.lower(Kind::Bool)),
            Kind::Null => Ok(lit(ScalarValue::Boolean(None))),
            _ => Err(SplError::new(
                self.span.start,
                "this is a value, not a condition; compare it with something",
            )),
        }
    }

    /// Whether the expression is a condition, for plans with this schema.
    ///
    /// # Errors
    /// As [`Self::lower`].
    pub fn is_condition(&self, schema: &DFSchema, cx: &EvalCx) -> Result<bool, SplError> {
        Ok(compile::compile(self, schema, cx)?.kind() == Kind::Bool)
    }

    /// Whether the expression is null in every row, so that assigning it removes the field.
    ///
    /// # Errors
    /// As [`Self::lower`].
    pub fn is_null(&self, schema: &DFSchema, cx: &EvalCx) -> Result<bool, SplError> {
        Ok(compile::compile(self, schema, cx)?.kind() == Kind::Null)
    }
}
