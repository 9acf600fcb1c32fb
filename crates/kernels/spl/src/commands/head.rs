//! `head`

use async_trait::async_trait;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, WindowFrame, WindowFunctionDefinition, when,
};
use datafusion::prelude::{ident, lit};

use super::{Command, Stage};
use crate::SplError;
use crate::eval::Expression;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::{Options, Parser};
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "head",
    aliases: &[],
    syntax: "head [<n>] | head (<expression>) [limit=<n>] [null=<bool>] [keeplast=<bool>]",
    doc: "The first n rows, 10 if nothing is said; or all rows before the first for which the expression is not true.",
    example: "search index=iot | head 20",
    generates: false,
    parse,
};

#[derive(Debug)]
struct Head {
    rows_max: Option<usize>,
    condition: Option<Expression>,
    /// Whether a condition that is null counts as true.
    passes_null: bool,
    /// Whether the row at which it stops is kept.
    keeps_last: bool,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options = Options { command: "head", names: &["limit", "null", "keeplast"] };
    let mut head = Head { rows_max: None, condition: None, passes_null: false, keeps_last: false };
    while !parser.is_at_end() {
        if let Some((name, value)) = parser.option(OPTIONS)? {
            match name {
                "limit" => head.rows_max = Some(value.as_count()?),
                "null" => head.passes_null = value.as_bool()?,
                _ => head.keeps_last = value.as_bool()?,
            }
        } else if parser.peek() == Some('(') && head.condition.is_none() {
            head.condition = Some(parser.expression()?);
        } else if head.rows_max.is_none() && head.condition.is_none() {
            head.rows_max = Some(parser.name("a number of rows")?.as_count()?);
        } else {
            parser.expect_end("head")?;
        }
    }
    if head.condition.is_none() {
        head.rows_max = head.rows_max.or(Some(10));
    }
    Ok(Box::new(head))
}

#[async_trait]
impl Stage for Head {
    fn reads(&self, wanted: Fields) -> Fields {
        match &self.condition {
            Some(condition) => wanted.with(condition.fields()),
            None => wanted,
        }
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let mut flow = flow;
        if let Some(condition) = &self.condition {
            flow = self.up_to(condition, flow, cx)?;
        }
        Ok(match self.rows_max {
            Some(rows) => flow.head(rows)?,
            None => flow,
        })
    }
}

impl Head {
    fn up_to(&self, condition: &Expression, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let condition = condition.lower_predicate(flow.schema(), &cx.eval())?;
        let passes = if self.passes_null { condition.is_not_false() } else { condition.is_true() };
        let mut flow = flow;
        let (stops, stopped) = (flow.hidden_name(), flow.hidden_name());
        let stop = when(passes, lit(0_i64)).otherwise(lit(1_i64))?;
        let flow = flow.with_column(&stops, stop)?;
        // How many rows up to this one would have stopped it.
        let sum = WindowFunctionDefinition::AggregateUDF(sum_udaf());
        let so_far = Expr::from(WindowFunction::new(sum, vec![ident(&stops)]))
            .order_by(flow.sort_keys())
            .window_frame(WindowFrame::new(Some(true)))
            .build()?;
        let flow = flow.window(vec![so_far.alias(&stopped)])?;
        let before =
            if self.keeps_last { ident(&stopped) - ident(&stops) } else { ident(&stopped) };
        Ok(flow.filter(before.eq(lit(0_i64)))?)
    }
}
