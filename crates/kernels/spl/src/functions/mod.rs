//! The functions of `eval` and `where` (spec siem §3.5). One file per family; each function's
//! examples are run as tests.

mod bits;
mod conditions;
mod hashes;
mod json;
mod json_members;
mod kinds;
mod many;
mod maths;
mod multivalue;
mod network;
mod printf;
mod search;
mod text;
mod times;

#[cfg(test)]
mod tests;

use crate::SplError;
use crate::eval::Arguments;
use crate::nearest::hint;
use crate::value::{Kind, Value};

/// A function an expression can call.
#[derive(Debug)]
pub struct EvalFunction {
    /// Its name; calls are compared without regard to case.
    pub name: &'static str,
    /// How many arguments it takes.
    pub arity: Arity,
    /// One sentence for whoever writes a search.
    pub doc: &'static str,
    /// Expressions and what they give; `null` for no value, values of a multivalue joined by `|`.
    pub examples: &'static [(&'static str, &'static str)],
    /// What it gives, known from the kinds of its arguments.
    pub(crate) returns: Returns,
    /// Its value. Arguments are evaluated when asked for.
    pub(crate) eval: for<'a> fn(&Arguments<'a>) -> Option<Value<'a>>,
}

impl EvalFunction {
    /// Whether the argument at `index` is a condition.
    pub(crate) fn takes_condition(&self, index: usize) -> bool {
        match self.name {
            "if" | "mvfilter" => index == 0,
            "case" | "validate" => index.is_multiple_of(2),
            _ => false,
        }
    }

    /// Which argument is a regular expression.
    pub(crate) fn pattern_argument(&self) -> Option<usize> {
        matches!(self.name, "match" | "replace" | "mvfind").then_some(1)
    }
}

/// What a function gives.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Returns {
    /// Always this kind.
    Always(Kind),
    /// This kind for so many arguments.
    Counted(fn(usize) -> Kind),
    /// What all of the arguments at positions `from`, `from + step` … can hold.
    Joined { from: usize, step: usize },
}

/// How many arguments a function takes, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arity {
    /// Fewest.
    pub min: usize,
    /// Most.
    pub max: usize,
    /// Whether arguments come in pairs, so that their number is even.
    pub pairs: bool,
}

impl Arity {
    pub(crate) const fn exactly(n: usize) -> Self {
        Self { min: n, max: n, pairs: false }
    }

    pub(crate) const fn between(min: usize, max: usize) -> Self {
        Self { min, max, pairs: false }
    }

    pub(crate) const fn at_least(min: usize) -> Self {
        Self { min, max: usize::MAX, pairs: false }
    }

    pub(crate) const fn pairs(min: usize) -> Self {
        Self { min, max: usize::MAX, pairs: true }
    }

    /// What is wrong with `given` arguments, to follow "f() takes".
    fn problem(self, given: usize) -> Option<String> {
        let fits = (self.min..=self.max).contains(&given) && !(self.pairs && given % 2 == 1);
        if fits {
            return None;
        }
        let wanted = match self {
            Self { pairs: true, .. } => "pairs of arguments".to_owned(),
            Self { min: 0, max: 0, .. } => "no arguments".to_owned(),
            Self { min: 1, max: 1, .. } => "1 argument".to_owned(),
            Self { min, max, .. } if min == max => format!("{min} arguments"),
            Self { min, max: usize::MAX, .. } => format!("{min} or more arguments"),
            Self { min, max, .. } => format!("{min} to {max} arguments"),
        };
        Some(format!("{wanted}, {given} given"))
    }
}

/// Every function, by name.
pub const ALL: &[&EvalFunction] = &[
    &maths::ABS,
    &maths::ACOS,
    &maths::ACOSH,
    &maths::ASIN,
    &maths::ASINH,
    &maths::ATAN,
    &maths::ATAN2,
    &maths::ATANH,
    &many::AVG,
    &bits::BIT_AND,
    &bits::BIT_NOT,
    &bits::BIT_OR,
    &bits::BIT_SHIFT_LEFT,
    &bits::BIT_SHIFT_RIGHT,
    &bits::BIT_XOR,
    &conditions::CASE,
    &maths::CEIL,
    &maths::CEILING,
    &network::CIDRMATCH,
    &conditions::COALESCE,
    &maths::COS,
    &maths::COSH,
    &maths::EXACT,
    &maths::EXP,
    &conditions::FALSE,
    &maths::FLOOR,
    &maths::HYPOT,
    &conditions::IF,
    &conditions::IN,
    &network::IPMASK,
    &kinds::ISBOOL,
    &kinds::ISDOUBLE,
    &kinds::ISINT,
    &kinds::ISMV,
    &conditions::ISNOTNULL,
    &conditions::ISNULL,
    &kinds::ISNUM,
    &kinds::ISSTR,
    &json_members::JSON,
    &json_members::JSON_APPEND,
    &json::JSON_ARRAY,
    &json::JSON_ARRAY_TO_MV,
    &json::JSON_DELETE,
    &json_members::JSON_ENTRIES,
    &json_members::JSON_EXTEND,
    &json::JSON_EXTRACT,
    &json::JSON_EXTRACT_EXACT,
    &json_members::JSON_HAS_KEY_EXACT,
    &json::JSON_KEYS,
    &json::JSON_OBJECT,
    &json::JSON_SET,
    &json::JSON_VALID,
    &text::LEN,
    &conditions::LIKE,
    &maths::LN,
    &maths::LOG,
    &text::LOWER,
    &text::LTRIM,
    &text::MATCH,
    &many::MAX,
    &hashes::MD5,
    &many::MIN,
    &json::MV_TO_JSON_ARRAY,
    &multivalue::MVAPPEND,
    &multivalue::MVCOUNT,
    &multivalue::MVDEDUP,
    &multivalue::MVFILTER,
    &multivalue::MVFIND,
    &multivalue::MVINDEX,
    &multivalue::MVJOIN,
    &multivalue::MVMAP,
    &multivalue::MVRANGE,
    &multivalue::MVREVERSE,
    &multivalue::MVSORT,
    &multivalue::MVZIP,
    &times::NOW,
    &conditions::NULL,
    &conditions::NULLIF,
    &maths::PI,
    &maths::POW,
    &text::PRINTF,
    &maths::RANDOM,
    &times::RELATIVE_TIME,
    &text::REPLACE,
    &maths::ROUND,
    &text::RTRIM,
    &search::SEARCHMATCH,
    &hashes::SHA1,
    &hashes::SHA256,
    &hashes::SHA512,
    &maths::SIGFIG,
    &maths::SIN,
    &maths::SINH,
    &json::SPATH,
    &text::SPLIT,
    &maths::SQRT,
    &times::STRFTIME,
    &times::STRPTIME,
    &text::SUBSTR,
    &many::SUM,
    &maths::TAN,
    &maths::TANH,
    &times::TIME,
    &kinds::TODOUBLE,
    &kinds::TOINT,
    &kinds::TONUMBER,
    &text::TOSTRING,
    &text::TRIM,
    &conditions::TRUE,
    &kinds::TYPEOF,
    &text::UPPER,
    &text::URLDECODE,
    &conditions::VALIDATE,
];

/// The function called `name`.
pub(crate) fn find(name: &str) -> Option<&'static EvalFunction> {
    ALL.iter().find(|function| function.name.eq_ignore_ascii_case(name)).copied()
}

/// The function called `name`, if it takes `given` arguments.
pub(crate) fn resolve(
    name: &str,
    given: usize,
    at: usize,
) -> Result<&'static EvalFunction, SplError> {
    let Some(function) = find(name) else {
        let hint = hint(name, ALL.iter().map(|function| function.name));
        return Err(SplError::new(at, format!("there is no function `{name}`{hint}")));
    };
    match function.arity.problem(given) {
        None => Ok(function),
        Some(problem) => Err(SplError::new(at, format!("{}() takes {problem}", function.name))),
    }
}
