//! Expressions, loosest binding first: OR, AND, NOT, comparison, `+ -`, `* / %`, sign, member.

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::Parser;
use crate::ast::{BinaryOperator, Call, Case, CastTarget, Expr};
use crate::error::{SqlError, nearest};
use crate::functions::{self, SqlFunction};
use crate::lexer::Token;
use crate::version::SqlVersion;

/// Words that cannot be a field's name where an expression begins.
const RESERVED: &[&str] =
    &["SELECT", "FROM", "WHERE", "AS", "AND", "OR", "NOT", "WHEN", "THEN", "ELSE", "END"];

/// Largest compiled regular expression, in bytes.
pub(crate) const REGEX_BYTES_MAX: usize = 256 * 1024;

/// Operators by how tightly they bind, loosest first; NOT comes between the second and the third.
const LEVELS: &[&[(&str, BinaryOperator)]] = &[
    &[("OR", BinaryOperator::Or)],
    &[("AND", BinaryOperator::And)],
    &[
        ("=", BinaryOperator::Equal),
        ("<>", BinaryOperator::NotEqual),
        ("<", BinaryOperator::Less),
        ("<=", BinaryOperator::LessOrEqual),
        (">", BinaryOperator::Greater),
        (">=", BinaryOperator::GreaterOrEqual),
    ],
    &[("+", BinaryOperator::Add), ("-", BinaryOperator::Subtract)],
    &[
        ("*", BinaryOperator::Multiply),
        ("/", BinaryOperator::Divide),
        ("%", BinaryOperator::Remainder),
    ],
];
const COMPARISON: usize = 2;

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expr, SqlError> {
        self.nested(|parser| parser.binary(0))
    }

    fn binary(&mut self, level: usize) -> Result<Expr, SqlError> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        if level == COMPARISON && self.is_word("NOT") {
            self.advance()?;
            self.link()?;
            let operand = self.nested(|parser| parser.binary(COMPARISON))?;
            return Ok(Expr::Not(Box::new(operand)));
        }
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(operators) {
            self.advance()?;
            self.link()?;
            let right = self.binary(level + 1)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operator(&self, operators: &[(&str, BinaryOperator)]) -> Option<BinaryOperator> {
        let here = |name: &str| match &self.token {
            Token::Word(word) => word.eq_ignore_ascii_case(name),
            Token::Sign(sign) => *sign == name,
            _ => false,
        };
        operators.iter().find(|(name, _)| here(name)).map(|(_, operator)| *operator)
    }

    fn unary(&mut self) -> Result<Expr, SqlError> {
        if !self.is_sign("-") {
            return self.postfix();
        }
        self.advance()?;
        self.link()?;
        let operand = self.nested(Self::unary)?;
        Ok(match operand {
            Expr::Literal(Value::Number(n)) if n.as_i64().is_some_and(|n| n > i64::MIN) => {
                Expr::Literal(Value::from(-n.as_i64().unwrap_or_default()))
            }
            operand => Expr::Negate(Box::new(operand)),
        })
    }

    fn postfix(&mut self) -> Result<Expr, SqlError> {
        let mut expr = self.primary()?;
        while self.is_sign(".") {
            expr = self.member(expr)?;
        }
        if self.is_sign("[") {
            return Err(self.error("`[` cannot follow here; use get(array, index)"));
        }
        Ok(expr)
    }

    fn primary(&mut self) -> Result<Expr, SqlError> {
        match self.token.clone() {
            Token::Int(n) => self.literal(Value::from(n)),
            Token::Decimal(n) => self.literal(Value::from(n)),
            Token::Text(text) => self.literal(Value::String(text)),
            Token::Sign("(") => {
                self.advance()?;
                let inner = if self.is_word("SELECT") {
                    self.nested(Self::nested_select)?
                } else {
                    self.expression()?
                };
                self.expect_sign(")")?;
                Ok(inner)
            }
            Token::Sign("{") => self.object(),
            Token::Sign("[") => self.array(),
            Token::Word(word) => self.word(word),
            _ => Err(self.unexpected("an expression")),
        }
    }

    fn literal(&mut self, value: Value) -> Result<Expr, SqlError> {
        self.advance()?;
        Ok(Expr::Literal(value))
    }

    fn word(&mut self, word: String) -> Result<Expr, SqlError> {
        let at = self.start;
        match word.to_ascii_lowercase().as_str() {
            "true" => return self.literal(Value::Bool(true)),
            "false" => return self.literal(Value::Bool(false)),
            "null" => return self.literal(Value::Null),
            "case" => return self.case(),
            _ => {}
        }
        if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(&word)) {
            return Err(self.unexpected("an expression"));
        }
        self.advance()?;
        if !self.is_sign("(") {
            // Each reference can copy the whole payload.
            self.link()?;
            return Ok(Expr::Name(word));
        }
        self.advance()?;
        if word.eq_ignore_ascii_case("cast") {
            return self.cast();
        }
        self.call(&word, at)
    }

    fn case(&mut self) -> Result<Expr, SqlError> {
        self.advance()?;
        let subject = self.expression()?;
        let mut branches = Vec::new();
        while self.is_word("WHEN") {
            self.advance()?;
            let when = self.expression()?;
            self.expect_word("THEN")?;
            branches.push((when, self.expression()?));
        }
        if branches.is_empty() {
            return Err(self.unexpected("`WHEN`"));
        }
        let mut otherwise = None;
        if self.is_word("ELSE") {
            self.advance()?;
            otherwise = Some(self.expression()?);
        }
        self.expect_word("END")?;
        Ok(Expr::Case(Box::new(Case { subject, branches, otherwise })))
    }

    fn cast(&mut self) -> Result<Expr, SqlError> {
        const TYPES: &[(&str, CastTarget, SqlVersion)] = &[
            ("String", CastTarget::Text, SqlVersion::V2015),
            ("Nvarchar", CastTarget::Text, SqlVersion::V2015),
            ("Text", CastTarget::Text, SqlVersion::V2015),
            ("Ntext", CastTarget::Text, SqlVersion::V2015),
            ("Varchar", CastTarget::Text, SqlVersion::V2015),
            ("Int", CastTarget::Int, SqlVersion::V2015),
            ("Integer", CastTarget::Int, SqlVersion::V2015),
            ("Double", CastTarget::Decimal, SqlVersion::V2015),
            ("Decimal", CastTarget::Decimal, SqlVersion::V2016),
            ("Bool", CastTarget::Boolean, SqlVersion::V2016),
            ("Boolean", CastTarget::Boolean, SqlVersion::V2016),
        ];
        let value = self.expression()?;
        self.expect_word("AS")?;
        let Token::Word(name) = &self.token else { return Err(self.unexpected("a type")) };
        let found = TYPES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        let Some((known, target, since)) = found else {
            let near = nearest(name, TYPES.iter().map(|(known, ..)| *known));
            return Err(self.error(format!("unknown type `{name}`{near}")));
        };
        if *since > self.version {
            self.only_since_2016(&format!("cast to {known}"))?;
        }
        self.advance()?;
        self.expect_sign(")")?;
        Ok(Expr::Cast(Box::new(value), *target))
    }

    /// The opening parenthesis has been read; `at` is where the name began.
    fn call(&mut self, name: &str, at: usize) -> Result<Expr, SqlError> {
        let function = self.function(name).map_err(|problem| self.lexer.error(at, problem))?;
        let mut arguments = Vec::new();
        while !self.is_sign(")") {
            if !arguments.is_empty() {
                self.expect_sign(",")?;
            }
            if self.is_sign("*") && function.name == "encode" && arguments.is_empty() {
                self.advance()?;
                arguments.push(Expr::Payload);
                continue;
            }
            arguments.push(self.expression()?);
        }
        self.advance()?;
        if let Some(problem) = function.arity.problem(arguments.len()) {
            return Err(self.lexer.error(at, format!("{}() takes {problem}", function.name)));
        }
        let regex =
            literal_regex(function, &arguments).map_err(|problem| self.lexer.error(at, problem))?;
        Ok(Expr::Call(Box::new(Call { function, arguments, regex })))
    }

    fn function(&self, name: &str) -> Result<&'static SqlFunction, String> {
        if let Some(function) = functions::find(name) {
            if function.since > self.version {
                let name = function.name;
                return Err(format!(
                    "{name}() needs awsIotSqlVersion 2016-03-23; this is 2015-10-08"
                ));
            }
            return Ok(function);
        }
        if let Some((known, why)) =
            functions::REFUSED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            return Err(format!("{known}() is not supported: {why}"));
        }
        let known = functions::ALL.iter().map(|function| function.name).chain(["cast"]);
        Err(format!("unknown function `{name}`{}", nearest(name, known)))
    }

    fn object(&mut self) -> Result<Expr, SqlError> {
        self.only_since_2016("an object literal")?;
        self.advance()?;
        let mut members = Vec::new();
        while !self.is_sign("}") {
            if !members.is_empty() {
                self.expect_sign(",")?;
            }
            let Token::Text(key) = &self.token else {
                return Err(self.unexpected("a member's name in quotes"));
            };
            let key = key.clone();
            self.advance()?;
            self.expect_sign(":")?;
            members.push((key, self.expression()?));
        }
        self.advance()?;
        Ok(Expr::Object(members))
    }

    fn array(&mut self) -> Result<Expr, SqlError> {
        self.only_since_2016("an array literal")?;
        self.advance()?;
        let mut elements = Vec::new();
        while !self.is_sign("]") {
            if !elements.is_empty() {
                self.expect_sign(",")?;
            }
            elements.push(self.expression()?);
        }
        self.advance()?;
        Ok(Expr::Array(elements))
    }
}

fn literal_regex(function: &SqlFunction, arguments: &[Expr]) -> Result<Option<Regex>, String> {
    match arguments.get(1) {
        Some(Expr::Literal(Value::String(pattern))) if function.name.starts_with("regexp_") => {
            compile_regex(pattern).map(Some).ok_or_else(|| {
                format!(
                    "the regular expression of {}() is malformed, too large, or uses look-around \
                     or back references, which are not supported",
                    function.name
                )
            })
        }
        _ => Ok(None),
    }
}

/// Compiles `pattern` within the size limit.
pub(crate) fn compile_regex(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build().ok()
}
