//! What part of the events a search can want.

use picket_core::Timestamp;

use super::{CompareOp, Comparison, SearchExpr};
use crate::eval::EvalCx;
use crate::run::TimeRange;

/// Bounds that every event a search finds lies within.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Events from this time on.
    pub earliest: Option<Timestamp>,
    /// Events before this time.
    pub latest: Option<Timestamp>,
    /// Events of these indexes only; `None` if that cannot be told.
    pub indexes: Option<Vec<String>>,
}

/// The names of the indexes that events found by `expression` can be in.
pub(crate) fn indexes(expression: &SearchExpr) -> Option<Vec<String>> {
    match expression {
        SearchExpr::Compare(Comparison { field, operator: CompareOp::Eq, value, .. })
            if field == "index" && !value.contains('*') =>
        {
            Some(vec![value.to_lowercase()])
        }
        SearchExpr::All(terms) => {
            let mut bounds = terms.iter().filter_map(indexes);
            let first = bounds.next()?;
            Some(bounds.fold(first, |kept, other| {
                kept.into_iter().filter(|name| other.contains(name)).collect()
            }))
        }
        SearchExpr::Any(terms) if !terms.is_empty() => {
            let mut all = Vec::new();
            for term in terms {
                all.extend(indexes(term)?);
            }
            all.sort();
            all.dedup();
            Some(all)
        }
        _ => None,
    }
}

/// Whether `expression` says anything about the index. If not, internal indexes are left out.
pub(crate) fn names_index(expression: &SearchExpr) -> bool {
    let mut names = false;
    expression.visit(&mut |leaf| {
        if let SearchExpr::Compare(Comparison { field, value, .. }) = leaf {
            names |= field == "index" && value != "*";
        }
    });
    names
}

/// The time range that the text gives, if it gives any: the widest of all its bounds.
pub(crate) fn time_range(
    expression: &SearchExpr,
    cx: &EvalCx,
    latest_default: Option<Timestamp>,
) -> Option<TimeRange> {
    let mut is_bounded = false;
    expression.visit(&mut |leaf| {
        is_bounded |= matches!(leaf, SearchExpr::Time(bound) if !bound.is_index_time);
    });
    if !is_bounded {
        return None;
    }
    let (earliest, latest) = bounds(expression, cx);
    Some(TimeRange { earliest, latest: latest.or(latest_default) })
}

/// The bounds that hold for every event that `expression` finds.
fn bounds(expression: &SearchExpr, cx: &EvalCx) -> (Option<Timestamp>, Option<Timestamp>) {
    match expression {
        SearchExpr::Time(bound) if !bound.is_index_time => {
            let time = bound.spec.resolve_in(cx.now, &cx.zone);
            let time = (!bound.spec.is_zero()).then_some(time);
            if bound.is_earliest { (time, None) } else { (None, time) }
        }
        SearchExpr::All(terms) => {
            terms.iter().map(|term| bounds(term, cx)).fold((None, None), |kept, other| {
                let later = kept.0.max(other.0);
                let sooner = match (kept.1, other.1) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                (later, sooner)
            })
        }
        SearchExpr::Any(terms) => {
            let mut all = terms.iter().map(|term| bounds(term, cx));
            let Some(first) = all.next() else { return (None, None) };
            all.fold(first, |kept, other| {
                let sooner = kept.0.and_then(|a| other.0.map(|b| a.min(b)));
                let later = kept.1.and_then(|a| other.1.map(|b| a.max(b)));
                (sooner, later)
            })
        }
        _ => (None, None),
    }
}
