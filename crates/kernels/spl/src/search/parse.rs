//! Reading a search expression.

use super::{CompareOp, Comparison, RawKind, RawTerm, SearchExpr, TimeBound};
use crate::SplError;
use crate::parser::{NESTING_MAX, Parser, Word};
use crate::time::parse_spec;

/// Most conditions of one search command.
const TERMS_MAX: usize = 1000;
/// Time modifiers of old that nobody should begin to use.
const LEGACY_TIMES: &[&str] = &[
    "starttime",
    "endtime",
    "timeformat",
    "startdaysago",
    "enddaysago",
    "starthoursago",
    "endhoursago",
    "startminutesago",
    "endminutesago",
    "daysago",
    "hoursago",
    "minutesago",
    "monthsago",
    "startmonthsago",
    "endmonthsago",
    "searchtimespandays",
    "searchtimespanhours",
];

/// Reads the terms from here to the end of the command. Only the search that reads events, the `is_base`
/// one, takes a time range.
pub(crate) fn parse(parser: &mut Parser<'_>, is_base: bool) -> Result<SearchExpr, SplError> {
    let start = parser.at();
    let mut terms = Terms { parser, is_base };
    let expression = terms.conjunction(0)?;
    if terms.parser.peek() == Some(')') {
        return Err(SplError::new(terms.parser.at(), "this `)` closes nothing"));
    }
    terms.parser.expect_end("search")?;
    if expression.weight() > TERMS_MAX {
        let message = format!(
            "the search has more than {TERMS_MAX} terms; put values of one field into `IN (…)`"
        );
        return Err(SplError::new(start, message));
    }
    Ok(expression)
}

struct Terms<'p, 'a> {
    parser: &'p mut Parser<'a>,
    is_base: bool,
}

impl Terms<'_, '_> {
    fn conjunction(&mut self, depth: usize) -> Result<SearchExpr, SplError> {
        let mut terms = Vec::new();
        loop {
            self.parser.skip_separators();
            if self.parser.is_at_end() || self.parser.next_char() == Some(')') {
                return Ok(one_or(terms, SearchExpr::All));
            }
            let at = self.parser.at();
            if accept_word(self.parser, "AND") {
                if terms.is_empty() {
                    return Err(SplError::new(at, "`AND` needs a term before it"));
                }
                self.expect_term("AND")?;
            }
            terms.push(self.disjunction(depth)?);
        }
    }

    fn expect_term(&mut self, operator: &str) -> Result<(), SplError> {
        if self.parser.is_at_end() || self.parser.next_char() == Some(')') {
            return Err(self.parser.unexpected(&format!("the term after `{operator}`")));
        }
        Ok(())
    }

    fn disjunction(&mut self, depth: usize) -> Result<SearchExpr, SplError> {
        let mut terms = vec![self.negation(depth)?];
        while accept_word(self.parser, "OR") {
            self.expect_term("OR")?;
            terms.push(self.negation(depth)?);
        }
        Ok(one_or(terms, SearchExpr::Any))
    }

    fn negation(&mut self, depth: usize) -> Result<SearchExpr, SplError> {
        if depth > NESTING_MAX {
            let message = format!("the search is nested deeper than {NESTING_MAX}");
            return Err(SplError::new(self.parser.at(), message));
        }
        if accept_word(self.parser, "NOT") {
            self.expect_term("NOT")?;
            return Ok(SearchExpr::Not(Box::new(self.negation(depth + 1)?)));
        }
        for operator in ["AND", "OR"] {
            let at = self.parser.at();
            if accept_word(self.parser, operator) {
                return Err(SplError::new(at, format!("`{operator}` needs a term before it")));
            }
        }
        match self.parser.peek() {
            Some('(') => {
                self.parser.expect('(')?;
                let inner = self.conjunction(depth + 1)?;
                self.parser.expect(')')?;
                Ok(inner)
            }
            Some('[') => Err(SplError::new(
                self.parser.at(),
                "subsearches in `[…]` are not supported; run the inner search first",
            )),
            _ => self.term(),
        }
    }

    fn term(&mut self) -> Result<SearchExpr, SplError> {
        let word = self.word()?;
        if let Some(operator) = self.operator()? {
            let value = self.value()?;
            return self.comparison(word, operator, value);
        }
        if !word.is_quoted {
            if let Some(kind) = raw_kind(&word.text)
                && self.parser.peek() == Some('(')
            {
                let text = self.call_argument()?;
                return Ok(SearchExpr::Raw(RawTerm { text, kind }));
            }
            if accept_word(self.parser, "IN") {
                return self.value_list(&word);
            }
            if let Some((field, value)) = word.text.split_once("::")
                && !field.is_empty()
                && !value.is_empty()
            {
                let field = Word { text: field.to_owned(), ..word };
                let value = (Word { text: value.to_owned(), ..field.clone() }, false);
                return self.comparison(field, CompareOp::Eq, value);
            }
        } else if accept_word(self.parser, "IN") {
            return self.value_list(&word);
        }
        Ok(SearchExpr::Raw(RawTerm { text: word.text, kind: RawKind::Keyword }))
    }

    fn comparison(
        &mut self,
        field: Word,
        operator: CompareOp,
        (value, is_cased): (Word, bool),
    ) -> Result<SearchExpr, SplError> {
        if self.is_base
            && !field.is_quoted
            && let Some(bound) = time_bound(&field, operator, &value)?
        {
            return Ok(SearchExpr::Time(bound));
        }
        let field = field.text;
        Ok(SearchExpr::Compare(Comparison { field, operator, value: value.text, is_cased }))
    }

    fn operator(&mut self) -> Result<Option<CompareOp>, SplError> {
        self.parser.skip_blanks();
        let rest = self.parser.rest();
        if rest.starts_with("==") {
            let message = "`==` belongs to `where`; here one `=` compares";
            return Err(SplError::new(self.parser.at(), message));
        }
        let operators = [
            ("!=", CompareOp::NotEq),
            ("<=", CompareOp::LessEq),
            (">=", CompareOp::GreaterEq),
            ("=", CompareOp::Eq),
            ("<", CompareOp::Less),
            (">", CompareOp::Greater),
        ];
        for (text, operator) in operators {
            if rest.starts_with(text) {
                self.parser.move_to(self.parser.at() + text.len());
                return Ok(Some(operator));
            }
        }
        Ok(None)
    }

    /// A value, and whether its case counts.
    fn value(&mut self) -> Result<(Word, bool), SplError> {
        self.parser.skip_blanks();
        let at = self.parser.at();
        if self.parser.next_char() == Some('"') {
            return Ok((self.parser.quoted()?, false));
        }
        let text = self.bare(true);
        if text.is_empty() {
            return Err(self.parser.unexpected("a value"));
        }
        if let Some(kind) = raw_kind(&text)
            && self.parser.next_char() == Some('(')
        {
            let text = self.call_argument()?;
            return Ok((Word { text, at, is_quoted: true }, kind == RawKind::Cased));
        }
        Ok((Word { text, at, is_quoted: false }, false))
    }

    fn value_list(&mut self, field: &Word) -> Result<SearchExpr, SplError> {
        self.parser.expect('(')?;
        let mut values = Vec::new();
        loop {
            self.parser.skip_separators();
            if self.parser.next_char() == Some(')') && !values.is_empty() {
                self.parser.expect(')')?;
                return Ok(one_or(values, SearchExpr::Any));
            }
            let value = self.value()?;
            values.push(self.comparison(field.clone(), CompareOp::Eq, value)?);
        }
    }

    fn call_argument(&mut self) -> Result<String, SplError> {
        self.parser.expect('(')?;
        let text = match self.parser.peek() {
            Some('"') => self.parser.quoted()?.text,
            _ => self.bare(true),
        };
        if text.is_empty() {
            return Err(self.parser.unexpected("a text"));
        }
        self.parser.expect(')')?;
        Ok(text)
    }

    fn word(&mut self) -> Result<Word, SplError> {
        self.parser.skip_blanks();
        let at = self.parser.at();
        if self.parser.next_char() == Some('"') {
            return self.parser.quoted();
        }
        if self.parser.next_char() == Some('`') {
            return Err(SplError::new(
                at,
                "macros are not supported; write out what it stands for",
            ));
        }
        let text = self.bare(false);
        if text.is_empty() {
            return Err(self.parser.unexpected("a term"));
        }
        Ok(Word { text, at, is_quoted: false })
    }

    /// A bare word. An operator ends it unless it `is_value`; `\|` stands for a pipe.
    fn bare(&mut self, is_value: bool) -> String {
        let mut text = String::new();
        let rest = self.parser.rest();
        let mut chars = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' if chars.next_if(|(_, next)| *next == '|').is_some() => text.push('|'),
                '(' | ')' | '[' | ']' | '|' | ',' | '"' => end = at,
                '=' | '<' | '>' if !is_value => end = at,
                '!' if !is_value && chars.peek().is_some_and(|(_, next)| *next == '=') => end = at,
                c if c.is_whitespace() => end = at,
                c => text.push(c),
            }
            if end < rest.len() {
                break;
            }
        }
        self.parser.move_to(self.parser.at() + end);
        text
    }
}

/// One term as it is, several as `all` of them.
fn one_or(mut terms: Vec<SearchExpr>, all: fn(Vec<SearchExpr>) -> SearchExpr) -> SearchExpr {
    if terms.len() == 1 { terms.remove(0) } else { all(terms) }
}

fn raw_kind(name: &str) -> Option<RawKind> {
    match name {
        "TERM" => Some(RawKind::Term),
        "CASE" => Some(RawKind::Cased),
        _ => None,
    }
}

/// Reads an operator word. Those of `search` are written in capitals.
fn accept_word(parser: &mut Parser<'_>, word: &str) -> bool {
    parser.skip_blanks();
    let Some(rest) = parser.rest().strip_prefix(word) else { return false };
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '[' | ']' | '|');
    if rest.chars().next().is_none_or(ends) {
        parser.move_to(parser.at() + word.len());
        return true;
    }
    false
}

fn time_bound(
    field: &Word,
    operator: CompareOp,
    value: &Word,
) -> Result<Option<TimeBound>, SplError> {
    let name = field.text.to_ascii_lowercase();
    if LEGACY_TIMES.contains(&name.as_str()) {
        let message = format!("`{name}` is not supported; use `earliest` and `latest`");
        return Err(SplError::new(field.at, message));
    }
    let (is_earliest, is_index_time) = match name.as_str() {
        "earliest" => (true, false),
        "latest" => (false, false),
        "_index_earliest" => (true, true),
        "_index_latest" => (false, true),
        _ => return Ok(None),
    };
    if operator != CompareOp::Eq {
        return Err(SplError::new(field.at, format!("`{name}` takes `=` only")));
    }
    let spec = parse_spec(&value.text).map_err(|error| SplError::new(value.at, error.message))?;
    Ok(Some(TimeBound { is_earliest, is_index_time, spec }))
}
