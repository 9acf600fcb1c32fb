//! The language of `search`: comparisons, keywords and phrases (spec siem §3.3).
//!
//! Parentheses bind tightest, then NOT, then OR, then AND, which is also what two terms side by side
//! mean. This is not the order of `where`.

mod lower;
mod parse;
mod raw_test;
mod scope;
mod value_test;

pub(crate) use lower::lower;
pub(crate) use lower::{balanced, time_condition};
pub(crate) use parse::parse;
pub use scope::Scope;
pub(crate) use scope::{indexes, names_index, time_range};

use crate::fields::Fields;
use crate::pattern::Pattern;
use crate::time::TimeSpec;

/// A search expression.
#[derive(Debug, Clone)]
pub(crate) enum SearchExpr {
    All(Vec<SearchExpr>),
    Any(Vec<SearchExpr>),
    Not(Box<SearchExpr>),
    Compare(Comparison),
    /// Something in the text of the event.
    Raw(RawTerm),
    /// `earliest=` or `latest=` in the base search.
    Time(TimeBound),
}

/// `field op value`.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub(crate) field: String,
    pub(crate) operator: CompareOp,
    pub(crate) value: String,
    /// Whether the case of letters counts, as in `CASE(x)`.
    pub(crate) is_cased: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CompareOp {
    Eq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
}

/// A keyword or phrase.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RawTerm {
    pub(crate) text: String,
    pub(crate) kind: RawKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RawKind {
    Keyword,
    /// `CASE(x)`: the case of letters counts.
    Cased,
    /// `TERM(x)`: one whole token between major breakers.
    Term,
}

#[derive(Debug, Clone)]
pub(crate) struct TimeBound {
    pub(crate) is_earliest: bool,
    /// Whether it bounds the time of writing, not of the event.
    pub(crate) is_index_time: bool,
    pub(crate) spec: TimeSpec,
}

impl SearchExpr {
    /// The fields it reads.
    pub(crate) fn fields(&self) -> Fields {
        let mut fields = Fields::none();
        self.visit(&mut |leaf| match leaf {
            Self::Compare(comparison) => fields.extend([comparison.field.as_str()]),
            Self::Raw(_) => fields.extend(["_raw"]),
            Self::Time(bound) => {
                fields.extend([if bound.is_index_time { "_indextime" } else { "_time" }]);
            }
            _ => {}
        });
        fields
    }

    /// Calls `see` with every leaf.
    fn visit(&self, see: &mut impl FnMut(&Self)) {
        match self {
            Self::All(terms) | Self::Any(terms) => terms.iter().for_each(|term| term.visit(see)),
            Self::Not(term) => term.visit(see),
            leaf => see(leaf),
        }
    }
}

impl SearchExpr {
    /// How many conditions it becomes.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Any(terms) if same_field(terms).is_some() => 1,
            Self::All(terms) | Self::Any(terms) => terms.iter().map(Self::weight).sum(),
            Self::Not(term) => term.weight(),
            _ => 1,
        }
    }
}

/// The field, if `terms` are a long list of values of one field.
fn same_field(terms: &[SearchExpr]) -> Option<&str> {
    const LONG: usize = 32;
    let field = |term: &'_ SearchExpr| match term {
        SearchExpr::Compare(comparison) if comparison.operator == CompareOp::Eq => {
            Some(comparison.field.clone())
        }
        _ => None,
    };
    let SearchExpr::Compare(first) = terms.first()? else { return None };
    let is_same = |term| field(term).is_some_and(|field| field == first.field);
    (terms.len() > LONG && terms.iter().all(is_same)).then_some(first.field.as_str())
}

impl Comparison {
    fn is_exact(&self) -> bool {
        Pattern::new(&self.value).is_exact()
    }
}
