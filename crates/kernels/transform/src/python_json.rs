//! JSON as Python's `json.dumps(json.loads(text))` writes it: a space after `,` and `:`, everything
//! outside of printable ASCII as `\uXXXX`, numbers in Python's notation, the last of equal keys at the
//! place of the first.

use std::collections::HashMap;
use std::ops::Range;

/// Deepest nesting that is rewritten.
pub const DEPTH_MAX: usize = 128;

/// Python refuses to read integers with more digits than this.
const INTEGER_DIGITS_MAX: usize = 4300;

/// Why a text could not be rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// Not JSON.
    #[error("the text is not JSON: byte {0} is not expected")]
    Syntax(usize),
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("the JSON nests deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// A number that has no JSON form after rounding, or too many digits.
    #[error("the JSON holds a number that is too large")]
    NumberTooLarge,
}

/// Appends `json`, one JSON value, to `out`. After an error `out` may hold a part of it.
pub fn rewrite(json: &str, out: &mut Vec<u8>) -> Result<(), RewriteError> {
    let mut rewriter = Rewriter { json: json.as_bytes(), at: 0, out };
    rewriter.skip_space();
    rewriter.value(0)?;
    rewriter.skip_space();
    match rewriter.peek() {
        None => Ok(()),
        Some(_) => Err(rewriter.unexpected()),
    }
}

/// Appends `text` as a JSON string.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        write_char(c, out);
    }
    out.push(b'"');
}

fn write_char(c: char, out: &mut Vec<u8>) {
    match c {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\u{8}' => out.extend_from_slice(b"\\b"),
        '\u{c}' => out.extend_from_slice(b"\\f"),
        ' '..='~' => out.push(c as u8),
        _ => {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                write_unit(*unit, out);
            }
        }
    }
}

fn write_unit(unit: u16, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.push(DIGITS[usize::from(unit >> shift & 15)]);
    }
}

/// Appends `number` in the notation of Python's `repr`. It must be finite.
pub fn write_float(number: f64, out: &mut Vec<u8>) {
    // Rust gives the same shortest digits that Python does; only the notation differs.
    let shortest = format!("{number:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let text = match exponent {
        -4..16 => plain_notation(&digits, exponent),
        _ => {
            let tail = digits.get(1..).filter(|tail| !tail.is_empty());
            let head: String = digits.chars().take(1).collect();
            let point = tail.map(|tail| format!(".{tail}")).unwrap_or_default();
            let exponent_sign = if exponent < 0 { '-' } else { '+' };
            format!("{head}{point}e{exponent_sign}{:02}", exponent.unsigned_abs())
        }
    };
    out.extend_from_slice(sign.as_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn plain_notation(digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return format!("0.{}{digits}", "0".repeat(zeros));
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    match (digits.get(..whole), digits.get(whole..)) {
        (Some(head), Some(tail)) if !tail.is_empty() => format!("{head}.{tail}"),
        _ => format!("{digits}{}.0", "0".repeat(whole.saturating_sub(digits.len()))),
    }
}

struct Rewriter<'a, 'o> {
    json: &'a [u8],
    at: usize,
    out: &'o mut Vec<u8>,
}

impl Rewriter<'_, '_> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    const fn unexpected(&self) -> RewriteError {
        RewriteError::Syntax(self.at)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<(), RewriteError> {
        if depth > DEPTH_MAX {
            return Err(RewriteError::TooDeep);
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.text(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => Err(self.unexpected()),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), RewriteError> {
        let end = self.at + word.len();
        if self.json.get(self.at..end) != Some(word) {
            return Err(self.unexpected());
        }
        self.at = end;
        self.out.extend_from_slice(word);
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), RewriteError> {
        self.at += 1;
        self.out.push(b'[');
        self.skip_space();
        let mut first = true;
        while !(first && self.take(b']')) {
            if !first {
                self.out.extend_from_slice(b", ");
            }
            first = false;
            self.skip_space();
            self.value(depth + 1)?;
            self.skip_space();
            if self.take(b']') {
                break;
            }
            if !self.take(b',') {
                return Err(self.unexpected());
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), RewriteError> {
        self.at += 1;
        self.out.push(b'{');
        self.skip_space();
        let start = self.out.len();
        let mut members = Vec::new();
        while !(members.is_empty() && self.take(b'}')) {
            if !members.is_empty() {
                self.out.extend_from_slice(b", ");
            }
            members.push(self.member(depth)?);
            self.skip_space();
            if self.take(b'}') {
                break;
            }
            if !self.take(b',') {
                return Err(self.unexpected());
            }
        }
        self.merge_equal_keys(start, &members);
        self.out.push(b'}');
        Ok(())
    }

    /// Copies one member; returns where its key and its value stand in the output.
    fn member(&mut self, depth: usize) -> Result<Member, RewriteError> {
        self.skip_space();
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        let key_start = self.out.len();
        self.text()?;
        let key = key_start..self.out.len();
        self.skip_space();
        if !self.take(b':') {
            return Err(self.unexpected());
        }
        self.out.extend_from_slice(b": ");
        self.skip_space();
        let value_start = self.out.len();
        self.value(depth + 1)?;
        Ok(Member { key, value: value_start..self.out.len() })
    }

    /// Does what a Python dict does with a key that comes twice.
    fn merge_equal_keys(&mut self, start: usize, members: &[Member]) {
        let written = |range: &Range<usize>| self.out.get(range.clone()).unwrap_or_default();
        if !has_equal_keys(members, written) {
            return;
        }
        let mut order: Vec<(&[u8], &[u8])> = Vec::new();
        let mut places: HashMap<&[u8], usize> = HashMap::new();
        for member in members {
            let (key, value) = (written(&member.key), written(&member.value));
            match places.get(key).and_then(|place| order.get_mut(*place)) {
                Some(slot) => slot.1 = value,
                None => {
                    places.insert(key, order.len());
                    order.push((key, value));
                }
            }
        }
        let pairs: Vec<Vec<u8>> =
            order.iter().map(|(key, value)| [*key, b": ", *value].concat()).collect();
        let merged = pairs.join(b", ".as_slice());
        self.out.truncate(start);
        self.out.extend_from_slice(&merged);
    }

    fn text(&mut self) -> Result<(), RewriteError> {
        self.at += 1;
        self.out.push(b'"');
        loop {
            self.copy_plain();
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0x7f..) => self.foreign_char()?,
                _ => return Err(self.unexpected()),
            }
        }
        self.at += 1;
        self.out.push(b'"');
        Ok(())
    }

    /// Copies printable ASCII up to the next byte that needs a look.
    fn copy_plain(&mut self) {
        let rest = self.json.get(self.at..).unwrap_or_default();
        let plain = rest
            .iter()
            .position(|byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\'))
            .unwrap_or(rest.len());
        self.out.extend_from_slice(rest.get(..plain).unwrap_or_default());
        self.at += plain;
    }

    /// Writes one character that is not printable ASCII.
    fn foreign_char(&mut self) -> Result<(), RewriteError> {
        let rest = self.json.get(self.at..).unwrap_or_default();
        // The input came as `str`, so a character is complete within four bytes.
        let window = rest.get(..rest.len().min(4)).unwrap_or_default();
        let valid = match std::str::from_utf8(window) {
            Ok(text) => text,
            Err(error) => {
                std::str::from_utf8(window.get(..error.valid_up_to()).unwrap_or_default())
                    .unwrap_or_default()
            }
        };
        let c = valid.chars().next().ok_or(RewriteError::Syntax(self.at))?;
        write_char(c, self.out);
        self.at += c.len_utf8();
        Ok(())
    }

    fn escape(&mut self) -> Result<(), RewriteError> {
        self.at += 1;
        let c = match self.peek() {
            Some(b'u') => return self.unicode_escape(),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        write_char(c, self.out);
        Ok(())
    }

    /// Writes the character of `\uXXXX`. Halves of surrogate pairs need no joining: Python writes the
    /// pair as the same two escapes, and a lone half as it came.
    fn unicode_escape(&mut self) -> Result<(), RewriteError> {
        self.at += 1;
        let mut unit: u16 = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let digit = digit.ok_or(RewriteError::Syntax(self.at))?;
            unit = unit << 4 | u16::try_from(digit).unwrap_or(0);
            self.at += 1;
        }
        match char::from_u32(u32::from(unit)) {
            Some(c) => write_char(c, self.out),
            None => write_unit(unit, self.out),
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<usize, RewriteError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.unexpected());
        }
        Ok(self.at - start)
    }

    fn number(&mut self) -> Result<(), RewriteError> {
        let start = self.at;
        let negative = self.take(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.digits()?;
        if leading_zero && digits > 1 {
            return Err(RewriteError::Syntax(start));
        }
        let mut is_float = false;
        if self.take(b'.') {
            is_float = true;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            is_float = true;
            if !self.take(b'-') {
                self.take(b'+');
            }
            self.digits()?;
        }
        let text = self.json.get(start..self.at).unwrap_or_default();
        if is_float {
            let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
            let finite = number.filter(|number| number.is_finite());
            write_float(finite.ok_or(RewriteError::NumberTooLarge)?, self.out);
        } else if digits > INTEGER_DIGITS_MAX {
            return Err(RewriteError::NumberTooLarge);
        } else if negative && leading_zero {
            self.out.push(b'0');
        } else {
            self.out.extend_from_slice(text);
        }
        Ok(())
    }
}

/// Where a member stands in the output.
struct Member {
    key: Range<usize>,
    value: Range<usize>,
}

fn has_equal_keys<'o>(members: &[Member], written: impl Fn(&Range<usize>) -> &'o [u8]) -> bool {
    if members.len() <= 16 {
        return members.iter().enumerate().any(|(place, member)| {
            let key = written(&member.key);
            members.iter().take(place).any(|earlier| written(&earlier.key) == key)
        });
    }
    let mut keys: Vec<&[u8]> = members.iter().map(|member| written(&member.key)).collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rewritten(json: &str) -> Result<String, RewriteError> {
        let mut out = Vec::new();
        rewrite(json, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn writes_what_python_writes() {
        // The right side is what CPython 3.11 prints for json.dumps(json.loads(left)).
        for (json, python) in [
            (r#"{"a":1,"b":[1,2]}"#, r#"{"a": 1, "b": [1, 2]}"#),
            (" [ ] ", "[]"),
            ("{ }", "{}"),
            ("[1.0,1.50,-0.0,-0,0]", "[1.0, 1.5, -0.0, 0, 0]"),
            (
                "[1e5,1e15,1e16,123456789012345680.0]",
                "[100000.0, 1000000000000000.0, 1e+16, 1.2345678901234568e+17]",
            ),
            ("[0.0001,0.00001,1.5e-7,2e-300]", "[0.0001, 1e-05, 1.5e-07, 2e-300]"),
            ("[0.1,3.14,100.25,1E2]", "[0.1, 3.14, 100.25, 100.0]"),
            ("12345678901234567890123", "12345678901234567890123"),
            (r#""käse 😀 \u00e9\/\u0041""#, r#""k\u00e4se \ud83d\ude00 \u00e9/A""#),
            (r#""\b\f\n\r\t\"\\\u0001\u007f""#, r#""\b\f\n\r\t\"\\\u0001\u007f""#),
            ("\"\u{7f}\u{80}\"", r#""\u007f\u0080""#),
            (r#""\ud800""#, r#""\ud800""#),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a": 3, "b": 2}"#),
            ("[true,false,null]", "[true, false, null]"),
        ] {
            assert_eq!(rewritten(json).as_deref(), Ok(python), "{json}");
        }
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for json in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "01",
            "1.",
            "-",
            ".5",
            "1e",
            "\"\n\"",
            "nul",
            "\"\\x\"",
            "\"\\u12\"",
            "1 2",
            "{1:2}",
            "'a'",
        ] {
            assert!(matches!(rewritten(json), Err(RewriteError::Syntax(_))), "{json}");
        }
        assert_eq!(rewritten("1e999"), Err(RewriteError::NumberTooLarge));
        assert_eq!(rewritten(&"9".repeat(4301)), Err(RewriteError::NumberTooLarge));
        assert_eq!(rewritten(&"[".repeat(100_000)), Err(RewriteError::TooDeep));
    }

    #[test]
    fn the_last_of_equal_keys_wins_among_many_too() {
        let members: Vec<String> = (0..40).map(|n| format!("\"k{}\":{n}", n % 20)).collect();
        let expected: Vec<String> = (0..20).map(|n| format!("\"k{n}\": {}", n + 20)).collect();
        assert_eq!(
            rewritten(&format!("{{{}}}", members.join(","))).unwrap(),
            format!("{{{}}}", expected.join(", "))
        );
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,60}") {
            drop(rewritten(&text));
        }

        #[test]
        fn json_like_text_is_taken_exactly_when_it_is_json(
            parts in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", "\"a\"", ":", ",", "1", "-0.5e3", " ", "null", "\"\\n\"", "\"é\"",
            ]), 0..12),
        ) {
            let text = parts.concat();
            let serde = serde_json::from_str::<serde_json::Value>(&text);
            prop_assert_eq!(rewritten(&text).is_ok(), serde.is_ok(), "{}", text);
        }

        #[test]
        fn floats_read_back_the_same(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
            let mut out = Vec::new();
            write_float(number, &mut out);
            let text = String::from_utf8(out).unwrap();
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), number.to_bits());
            prop_assert!(text.contains(['.', 'e']));
        }

        #[test]
        fn the_meaning_stays_the_same(text in "\\PC{0,30}", n in any::<i64>()) {
            let value = serde_json::json!({"a": [text, n], "b": {"c": text}});
            let out = rewritten(&value.to_string()).unwrap();
            prop_assert!(out.is_ascii());
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap(), value);
        }
    }
}
