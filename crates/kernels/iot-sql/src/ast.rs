//! The parsed form of a statement.

use regex::Regex;
use serde_json::Value;

use crate::functions::SqlFunction;

#[derive(Debug)]
pub(crate) enum Expr {
    Literal(Value),
    /// A field of the payload, or of the element inside a nested SELECT.
    Name(String),
    /// A member of another expression's value.
    Member(Box<Expr>, String),
    /// `*` as an argument: the payload's bytes.
    Payload,
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(BinaryOperator, Box<Expr>, Box<Expr>),
    Case(Box<Case>),
    Cast(Box<Expr>, CastTarget),
    Call(Box<Call>),
    Object(Vec<(String, Expr)>),
    Array(Vec<Expr>),
    Select(Box<NestedSelect>),
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) subject: Expr,
    pub(crate) branches: Vec<(Expr, Expr)>,
    pub(crate) otherwise: Option<Expr>,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) function: &'static SqlFunction,
    pub(crate) arguments: Vec<Expr>,
    /// The second argument of a regular expression function, when it is a literal.
    pub(crate) regex: Option<Regex>,
}

#[derive(Debug)]
pub(crate) struct NestedSelect {
    pub(crate) projection: Projection,
    pub(crate) from: Expr,
    pub(crate) filter: Option<Expr>,
}

#[derive(Debug)]
pub(crate) enum Projection {
    Value(Expr),
    Items(Vec<Item>),
}

#[derive(Debug)]
pub(crate) enum Item {
    Star,
    /// The key's path has more than one part for a dotted alias.
    Named {
        key: Vec<String>,
        expr: Expr,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOperator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CastTarget {
    Text,
    Int,
    Decimal,
    Boolean,
}
