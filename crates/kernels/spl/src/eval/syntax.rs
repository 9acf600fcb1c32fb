//! An expression as it was written.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::functions::EvalFunction;
use crate::value::{Comparison, Value};

/// An expression of `eval` or `where`, with its place in the search.
#[derive(Debug, Clone)]
pub struct Expression {
    pub(crate) node: Node,
    pub(crate) span: Range<usize>,
}

/// What an expression consists of. Chains of one operator level are lists, so that a long search
/// does not make a deep tree.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Literal(Value<'static>),
    Field(String),
    Negate(Box<Expression>),
    Not(Box<Expression>),
    Logic(Logic, Vec<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    /// The first operand, then each operator with its right side, left to right.
    Arithmetic(Box<Expression>, Vec<(Operator, Expression)>),
    Call(&'static EvalFunction, Vec<Expression>),
}

/// How conditions are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logic {
    And,
    Or,
    Xor,
}

/// An operator that takes two values and gives one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Concat,
    Multiply,
    Divide,
    Remainder,
}

impl Expression {
    /// The value of the field `name`, written at byte `at`.
    pub fn field(name: &str, at: usize) -> Self {
        Self { node: Node::Field(name.to_owned()), span: at..at }
    }

    /// The fields it reads.
    pub fn fields(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.collect_fields(&mut names);
        names
    }

    /// Where it stands in the search, in bytes.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The name of the field, if the expression is one.
    pub fn as_field(&self) -> Option<&str> {
        match &self.node {
            Node::Field(name) => Some(name),
            _ => None,
        }
    }

    fn collect_fields<'a>(&'a self, names: &mut BTreeSet<&'a str>) {
        match &self.node {
            Node::Literal(_) => {}
            Node::Field(name) => {
                names.insert(name);
            }
            Node::Negate(inner) | Node::Not(inner) => inner.collect_fields(names),
            Node::Logic(_, parts) | Node::Call(_, parts) => {
                parts.iter().for_each(|part| part.collect_fields(names));
            }
            Node::Compare(_, left, right) => {
                left.collect_fields(names);
                right.collect_fields(names);
            }
            Node::Arithmetic(first, rest) => {
                first.collect_fields(names);
                rest.iter().for_each(|(_, part)| part.collect_fields(names));
            }
        }
    }
}
