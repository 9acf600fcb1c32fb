//! Binds an expression to the columns of a plan: fields become columns by number, what does not
//! depend on the row is computed, conditions and values are told apart.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::Expr;
use parking_lot::Mutex;

use super::native;
use super::program::{Call, Program, Row};
use super::regular::Pattern;
use super::syntax::{Expression, Logic, Node, Operator};
use super::udf::RowFunction;
use super::{EvalCx, arguments};
use crate::SplError;
use crate::functions::{EvalFunction, Returns};
use crate::value::{Kind, Value, number};

/// A column that an expression reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Source {
    pub(super) column: Column,
    pub(super) data_type: DataType,
}

impl Source {
    pub(super) fn kind(&self) -> Kind {
        Kind::of(&self.data_type)
    }
}

/// An expression bound to the columns of a plan.
#[derive(Debug)]
pub(super) struct Compiled {
    program: Program,
    sources: Vec<Source>,
    cx: EvalCx,
}

/// Binds `expression` to the fields of `schema`.
pub(super) fn compile(
    expression: &Expression,
    schema: &DFSchema,
    cx: &EvalCx,
) -> Result<Compiled, SplError> {
    let mut compiler = Compiler { schema, cx, sources: Vec::new() };
    let program = compiler.program(expression)?;
    Ok(Compiled { program, sources: compiler.sources, cx: cx.clone() })
}

impl Compiled {
    pub(super) fn kind(&self) -> Kind {
        kind(&self.program, &self.sources)
    }

    /// The expression as a column of this kind.
    pub(super) fn lower(self, wanted: Kind) -> Expr {
        lower(self.program, wanted, &self.sources, &self.cx)
    }

    /// The same, all by the interpreter.
    #[cfg(test)]
    pub(super) fn interpreted(self, wanted: Kind) -> Expr {
        let mut used = Vec::new();
        arguments::collect_columns(&self.program, &mut used);
        if used.is_empty() {
            return self.lower(wanted);
        }
        RowFunction::call(self.program, wanted, &used, &self.sources, &self.cx)
    }
}

fn lower(program: Program, wanted: Kind, sources: &[Source], cx: &EvalCx) -> Expr {
    if let Some(expr) = native::lower(&program, wanted, sources) {
        return expr;
    }
    let condition = |part| lower(part, Kind::Bool, sources, cx);
    match program {
        // Each part of a condition stands alone, so that the parts DataFusion knows are seen by it.
        Program::Logic(logic, parts) => {
            native::join(logic, parts.into_iter().map(condition).collect())
        }
        Program::Not(inner) => !condition(*inner),
        Program::Call(mut call) if matches!(call.function.name, "isnull" | "isnotnull") => {
            let Some(inner) = call.arguments.pop() else { return native::unknown() };
            let inner_kind = kind(&inner, sources);
            let value = lower(inner, inner_kind, sources, cx);
            match call.function.name {
                "isnull" => value.is_null(),
                _ => value.is_not_null(),
            }
        }
        program => {
            let mut used = Vec::new();
            arguments::collect_columns(&program, &mut used);
            RowFunction::call(program, wanted, &used, sources, cx)
        }
    }
}

struct Compiler<'a> {
    schema: &'a DFSchema,
    cx: &'a EvalCx,
    sources: Vec<Source>,
}

impl Compiler<'_> {
    fn program(&mut self, expression: &Expression) -> Result<Program, SplError> {
        let program = match &expression.node {
            Node::Literal(value) => Program::Constant(Some(value.clone())),
            Node::Field(name) => return Ok(self.column(name)),
            Node::Negate(inner) => Program::Negate(Box::new(self.value(inner)?)),
            Node::Not(inner) => Program::Not(Box::new(self.condition(inner, "NOT")?)),
            Node::Logic(logic, parts) => {
                let name = match logic {
                    Logic::And => "AND",
                    Logic::Or => "OR",
                    Logic::Xor => "XOR",
                };
                let parts = parts.iter().map(|part| self.condition(part, name));
                Program::Logic(*logic, parts.collect::<Result<_, _>>()?)
            }
            Node::Compare(comparison, left, right) => {
                let (left, right) = (self.program(left)?, self.program(right)?);
                Program::Compare(*comparison, Box::new(left), Box::new(right))
            }
            Node::Arithmetic(first, rest) => {
                let first = self.value(first)?;
                let rest = rest.iter().map(|(operator, part)| Ok((*operator, self.value(part)?)));
                Program::Arithmetic(Box::new(first), rest.collect::<Result<_, SplError>>()?)
            }
            Node::Call(function, parts) => self.call(function, parts, expression)?,
        };
        Ok(self.folded(program))
    }

    fn column(&mut self, name: &str) -> Program {
        if let Some(known) = self.sources.iter().position(|source| source.column.name == name) {
            return Program::Column(known);
        }
        let found = self.schema.iter().find(|(_, field)| field.name() == name);
        let Some((qualifier, field)) = found else { return Program::Constant(None) };
        if field.data_type().is_null() {
            return Program::Constant(None);
        }
        let column = Column::new(qualifier.cloned(), name);
        self.sources.push(Source { column, data_type: field.data_type().clone() });
        Program::Column(self.sources.len() - 1)
    }

    /// An operand of arithmetic.
    fn value(&mut self, expression: &Expression) -> Result<Program, SplError> {
        let program = self.program(expression)?;
        match kind(&program, &self.sources) {
            Kind::Bool => Err(SplError::new(
                expression.span.start,
                "this is a condition, not a value to compute with",
            )),
            _ => Ok(program),
        }
    }

    fn condition(&mut self, expression: &Expression, taker: &str) -> Result<Program, SplError> {
        let program = self.program(expression)?;
        match kind(&program, &self.sources) {
            Kind::Bool | Kind::Null => Ok(program),
            _ => Err(SplError::new(
                expression.span.start,
                format!("{taker} takes a condition here, this is a value"),
            )),
        }
    }

    fn call(
        &mut self,
        function: &'static EvalFunction,
        parts: &[Expression],
        expression: &Expression,
    ) -> Result<Program, SplError> {
        check_call(function, parts, expression)?;
        let fixed_pattern = fixed_pattern(function, parts)?.map(Arc::new);
        let mut arguments = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            arguments.push(match function.takes_condition(index) {
                true => self.condition(part, &format!("{}()", function.name))?,
                false => self.program(part)?,
            });
        }
        let is_text = |part: &Expression| matches!(part.node, Node::Literal(Value::Text(_)));
        let quoted = parts.iter().map(is_text).collect();
        let (pattern, draws) = (Mutex::new(None), AtomicU64::new(0));
        let call = Call { function, arguments, quoted, fixed_pattern, pattern, draws };
        Ok(Program::Call(Box::new(call)))
    }

    /// What reads no column is computed now.
    fn folded(&self, program: Program) -> Program {
        let mut columns = Vec::new();
        arguments::collect_columns(&program, &mut columns);
        let is_fixed = columns.is_empty() && !is_volatile(&program);
        if !is_fixed || matches!(program, Program::Constant(_)) {
            return program;
        }
        let row = Row { columns: &[], index: 0, bound: None, cx: self.cx };
        let value = program.evaluate(&row).map(Value::into_owned);
        match (kind(&program, &self.sources), value) {
            // An unknown condition stays a condition.
            (Kind::Bool, None) => program,
            (_, value) => Program::Constant(value),
        }
    }
}

/// The regular expression of a call, if it is written in the search.
fn fixed_pattern(
    function: &EvalFunction,
    parts: &[Expression],
) -> Result<Option<Pattern>, SplError> {
    let part = function.pattern_argument().and_then(|index| parts.get(index));
    match part {
        Some(Expression { node: Node::Literal(Value::Text(text)), span }) => Pattern::new(text)
            .map(Some)
            .map_err(|error| SplError::new(span.start, error.to_string())),
        _ => Ok(None),
    }
}

/// What can be said against a call before there is a row.
fn check_call(
    function: &EvalFunction,
    parts: &[Expression],
    expression: &Expression,
) -> Result<(), SplError> {
    let at = expression.span.start;
    if function.name == "tonumber"
        && let [Expression { node: Node::Literal(Value::Text(text)), span }] = parts
        && number::parse(text.trim()).is_none()
    {
        return Err(SplError::new(
            span.start,
            format!("tonumber() of `{text}`, which is no number"),
        ));
    }
    if function.name == "mvfilter" && parts.first().is_none_or(|part| part.fields().len() != 1) {
        return Err(SplError::new(at, "mvfilter() takes a condition on exactly one field"));
    }
    if function.name == "mvmap" && parts.first().is_none_or(|part| part.as_field().is_none()) {
        return Err(SplError::new(at, "mvmap() takes a field first"));
    }
    if function.name == "searchmatch" {
        return Err(SplError::new(at, "searchmatch() is not supported; use match() or like()"));
    }
    Ok(())
}

/// Whether the value may differ between rows that are equal.
fn is_volatile(program: &Program) -> bool {
    match program {
        Program::Constant(_) | Program::Column(_) => false,
        Program::Negate(inner) | Program::Not(inner) => is_volatile(inner),
        Program::Logic(_, parts) => parts.iter().any(is_volatile),
        Program::Compare(_, left, right) => is_volatile(left) || is_volatile(right),
        Program::Arithmetic(first, rest) => {
            is_volatile(first) || rest.iter().any(|(_, part)| is_volatile(part))
        }
        Program::Call(call) => {
            call.function.name == "random" || call.arguments.iter().any(is_volatile)
        }
    }
}

/// What `program` gives.
pub(super) fn kind(program: &Program, sources: &[Source]) -> Kind {
    match program {
        Program::Constant(None) => Kind::Null,
        Program::Constant(Some(value)) => match value {
            Value::Integer(_) => Kind::Integer,
            Value::Number(_) => Kind::Number,
            Value::Text(_) => Kind::Text,
            Value::Bool(_) => Kind::Bool,
            Value::Multi(_) => Kind::Multi,
        },
        Program::Column(column) => sources.get(*column).map_or(Kind::Null, Source::kind),
        Program::Negate(_) => Kind::Number,
        Program::Not(_) | Program::Logic(..) | Program::Compare(..) => Kind::Bool,
        Program::Arithmetic(first, rest) => {
            let mut left = kind(first, sources);
            for (operator, right) in rest {
                left = arithmetic_kind(*operator, left, kind(right, sources));
            }
            left
        }
        Program::Call(call) => match call.function.returns {
            Returns::Always(kind) => kind,
            Returns::Counted(kind) => kind(call.arguments.len()),
            Returns::Joined { from, step } => call
                .arguments
                .iter()
                .skip(from)
                .step_by(step)
                .map(|argument| kind(argument, sources))
                .fold(Kind::Null, Kind::join),
        },
    }
}

fn arithmetic_kind(operator: Operator, left: Kind, right: Kind) -> Kind {
    match operator {
        Operator::Concat => Kind::Text,
        // Text joins text, but fields of text that read as numbers are added.
        Operator::Add if !left.is_number() && !right.is_number() => Kind::Text,
        _ => Kind::Number,
    }
}
