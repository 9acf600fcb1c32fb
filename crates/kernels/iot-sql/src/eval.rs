//! The value of an expression for one message.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

use serde_json::{Map, Value};

use crate::ast::{Call, Case, Expr, Item, NestedSelect, Projection};
use crate::functions::Arguments;
use crate::input::Input;
use crate::operators;
use crate::version::SqlVersion;

/// Longest text an operator or function gives, in bytes; a longer one is Undefined.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Most elements all nested SELECTs of a statement look at for one message; with more the result is
/// Undefined. Bounds a nested SELECT inside another, which would take the product of both.
const ELEMENTS_MAX: usize = 100_000;

/// A value, or `None` for Undefined.
pub(crate) type Evaluated<'a> = Option<Cow<'a, Value>>;

/// One message under evaluation. The payload is parsed when something first asks for a field.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    pub(crate) input: &'a Input<'a>,
    pub(crate) version: SqlVersion,
    payload: OnceCell<Option<Value>>,
    unreadable: Cell<bool>,
    elements_left: Cell<usize>,
}

impl<'a> Message<'a> {
    pub(crate) fn new(input: &'a Input<'a>, version: SqlVersion) -> Self {
        Self {
            input,
            version,
            payload: OnceCell::new(),
            unreadable: Cell::new(false),
            elements_left: Cell::new(ELEMENTS_MAX),
        }
    }

    /// The payload as JSON; `None` if it is not.
    pub(crate) fn payload(&self) -> Option<&Value> {
        let parse = || {
            let parsed = serde_json::from_slice(self.input.payload).ok();
            self.unreadable.set(parsed.is_none() && !self.input.payload.is_empty());
            parsed
        };
        self.payload.get_or_init(parse).as_ref()
    }

    /// Whether a field was asked for although the payload is not JSON.
    pub(crate) fn is_unreadable(&self) -> bool {
        self.unreadable.get()
    }

    /// Under 2016-03-23 a field or result like `10.0` is an Int. What is written or computed inside an
    /// expression keeps its type, so that `7 / 2.0` is not a whole-number division.
    fn typed<'v>(&self, value: Cow<'v, Value>) -> Cow<'v, Value> {
        if self.version >= SqlVersion::V2016 && value.is_f64() {
            return Cow::Owned(crate::convert::whole_to_int(value.into_owned()));
        }
        value
    }
}

/// Where names are looked up: in the payload, or in the element of a nested SELECT.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'v> {
    pub(crate) message: &'v Message<'v>,
    pub(crate) element: Option<&'v Value>,
}

impl<'v> Scope<'v> {
    fn root(self) -> Option<&'v Value> {
        self.element.or_else(|| self.message.payload())
    }

    /// The value of `expr`. Recursion is bounded by the parser's limits.
    pub(crate) fn eval(self, expr: &'v Expr) -> Evaluated<'v> {
        match expr {
            Expr::Literal(value) => Some(Cow::Borrowed(value)),
            Expr::Name(name) => {
                let value = self.root()?.get(name)?;
                Some(self.message.typed(Cow::Borrowed(value)))
            }
            Expr::Member(of, name) => match self.eval(of)? {
                Cow::Borrowed(value) => Some(self.message.typed(Cow::Borrowed(value.get(name)?))),
                Cow::Owned(Value::Object(mut object)) => {
                    Some(self.message.typed(Cow::Owned(object.remove(name)?)))
                }
                Cow::Owned(_) => None,
            },
            // Only `encode` takes this, and reads the bytes itself.
            Expr::Payload => None,
            Expr::Not(operand) => {
                let operand = crate::convert::boolean(&*self.eval(operand)?)?;
                Some(Cow::Owned(Value::Bool(!operand)))
            }
            Expr::Negate(operand) => operators::negate(&*self.eval(operand)?).map(Cow::Owned),
            Expr::Binary(operator, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                bounded(operators::binary(*operator, &left, &right))
            }
            Expr::Case(case) => self.case(case),
            Expr::Cast(value, target) => {
                operators::cast(&*self.eval(value)?, *target).map(Cow::Owned)
            }
            Expr::Call(call) => self.call(call),
            Expr::Object(members) => {
                let value = |(key, expr): &'v (String, Expr)| {
                    Some((key.clone(), self.eval(expr)?.into_owned()))
                };
                Some(Cow::Owned(Value::Object(members.iter().filter_map(value).collect())))
            }
            Expr::Array(elements) => {
                let value = |expr| self.eval(expr).map(Cow::into_owned);
                Some(Cow::Owned(Value::Array(elements.iter().filter_map(value).collect())))
            }
            Expr::Select(select) => self.select(select).map(Cow::Owned),
        }
    }

    /// The value of an expression whose result leaves the statement.
    pub(crate) fn result(self, expr: &'v Expr) -> Evaluated<'v> {
        self.eval(expr).map(|value| self.message.typed(value))
    }

    fn case(self, case: &'v Case) -> Evaluated<'v> {
        let subject = self.eval(&case.subject)?;
        for (when, then) in &case.branches {
            if self.eval(when).is_some_and(|when| operators::equal(&subject, &when)) {
                return self.eval(then);
            }
        }
        self.eval(case.otherwise.as_ref()?)
    }

    fn call(self, call: &'v Call) -> Evaluated<'v> {
        let values: Vec<_> = call.arguments.iter().map(|expr| self.eval(expr)).collect();
        let arguments = Arguments {
            values: &values,
            whole_payload: matches!(call.arguments.first(), Some(Expr::Payload)),
            regex: call.regex.as_ref(),
            input: self.message.input,
            version: self.message.version,
        };
        bounded((call.function.eval)(&arguments))
    }

    /// Whether `filter` lets this scope pass: only `true` does.
    pub(crate) fn passes(self, filter: Option<&'v Expr>) -> bool {
        filter.is_none_or(|filter| {
            self.eval(filter).and_then(|value| crate::convert::boolean(&value)) == Some(true)
        })
    }

    /// A nested SELECT: an array for an array, an object for an object.
    fn select(self, select: &'v NestedSelect) -> Option<Value> {
        let payload = Self { message: self.message, element: None };
        let Cow::Borrowed(from) = payload.eval(&select.from)? else { return None };
        let one = |element: &'v Value| {
            let scope = Self { message: self.message, element: Some(element) };
            scope.passes(select.filter.as_ref()).then(|| scope.project(&select.projection))?
        };
        match from {
            Value::Array(elements) => {
                let left = &self.message.elements_left;
                left.set(left.get().checked_sub(elements.len())?);
                Some(Value::Array(elements.iter().filter_map(one).collect()))
            }
            Value::Object(_) => one(from),
            _ => None,
        }
    }

    /// What SELECT gives here. `*` adds the members of the payload or element, if it is an object.
    pub(crate) fn project(self, projection: &'v Projection) -> Option<Value> {
        let items = match projection {
            Projection::Value(expr) => return self.result(expr).map(Cow::into_owned),
            Projection::Items(items) => items,
        };
        if let [Item::Star] = items.as_slice() {
            return self.root().cloned();
        }
        let mut object = Map::new();
        for item in items {
            match item {
                Item::Star => {
                    if let Some(Value::Object(members)) = self.root() {
                        object.extend(members.clone());
                    }
                }
                Item::Named { key, expr } => {
                    if let Some(value) = self.result(expr) {
                        insert(&mut object, key, value.into_owned());
                    }
                }
            }
        }
        Some(Value::Object(object))
    }
}

fn bounded<'v>(value: Option<Value>) -> Evaluated<'v> {
    let fits = |value: &Value| value.as_str().is_none_or(|text| text.len() <= TEXT_BYTES_MAX);
    value.filter(fits).map(Cow::Owned)
}

/// Puts `value` at a dotted key, making objects on the way.
fn insert(object: &mut Map<String, Value>, key: &[String], value: Value) {
    let Some((last, parents)) = key.split_last() else { return };
    let mut at = object;
    for parent in parents {
        let slot = at.entry(parent.clone()).or_insert(Value::Null);
        if !slot.is_object() {
            *slot = Value::Object(Map::new());
        }
        let Value::Object(inner) = slot else { return };
        at = inner;
    }
    at.insert(last.clone(), value);
}
