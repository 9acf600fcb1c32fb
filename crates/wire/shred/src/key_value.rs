//! `key=value` in plain text (spec siem §1.2, mode `auto`).

use crate::limits::Limits;

/// Hands the pairs of `text` to `pair`, in order. Returns whether a limit left some out.
///
/// A key is letters, digits, `_`, `.` and `-`, begins with a letter or `_`, and stands at the start or
/// after a blank, comma, semicolon, ampersand, pipe or opening bracket. A value is quoted (`"` or `'`,
/// backslash escapes the quote) or runs to the next blank, comma, semicolon, ampersand, pipe, quote
/// or closing bracket. An empty value is no pair.
pub(crate) fn pairs(text: &str, limits: &Limits, mut pair: impl FnMut(&str, &str)) -> bool {
    let end = text.floor_char_boundary(limits.text_bytes_max);
    let searched = text.get(..end).unwrap_or(text);
    let mut cut = searched.len() < text.len();
    let mut taken = 0;
    let mut at = 0;
    while let Some(found) = find_equals(searched, at) {
        let Some((value, after)) = value_at(searched, found + 1) else {
            at = found + 1;
            continue;
        };
        at = after;
        let Some(key) = key_before(searched, found) else {
            at = found + 1;
            continue;
        };
        if taken == limits.text_pairs_max {
            cut = true;
            break;
        }
        taken += 1;
        pair(key, &value);
    }
    cut
}

fn find_equals(text: &str, from: usize) -> Option<usize> {
    text.as_bytes().get(from..)?.iter().position(|&byte| byte == b'=').map(|found| from + found)
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

fn key_before(text: &str, equals: usize) -> Option<&str> {
    let before = text.as_bytes().get(..equals)?;
    let start = before.iter().rposition(|&byte| !is_key_byte(byte)).map_or(0, |found| found + 1);
    let stands_free = start == 0
        || before.get(start - 1).is_some_and(|&byte| {
            byte.is_ascii_whitespace()
                || matches!(byte, b',' | b';' | b'&' | b'|' | b'(' | b'[' | b'{')
        });
    let key = text.get(start..equals)?;
    let begins_well = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (stands_free && begins_well).then_some(key)
}

/// The value that begins at `at` and where the text goes on after it.
fn value_at(text: &str, at: usize) -> Option<(std::borrow::Cow<'_, str>, usize)> {
    let rest = text.get(at..)?;
    if let Some(quote @ ('"' | '\'')) = rest.chars().next()
        && let Some((value, length)) = quoted(rest, quote)
    {
        return (!value.is_empty()).then_some((value.into(), at + length));
    }
    let ends = |c: char| c.is_whitespace() || ",;&|\"')]}".contains(c);
    let length = rest.find(ends).unwrap_or(rest.len());
    let value = rest.get(..length)?;
    (!value.is_empty()).then_some((value.into(), at + length))
}

/// The text between quotes and the length with them; `None` when the quote is never closed.
fn quoted(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next()?.1 {
                escaped if escaped == quote || escaped == '\\' => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            c if c == quote => return Some((value, at + 1)),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let mut found = Vec::new();
        pairs(text, &Limits::default(), |key, value| {
            found.push((key.to_owned(), value.to_owned()));
        });
        let found: Vec<_> = found.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn pairs_are_found_between_blanks_and_commas() {
        check(
            "user=root, src=10.0.0.1;port=22",
            &[("user", "root"), ("src", "10.0.0.1"), ("port", "22")],
        );
        check("GET /x?a=1&b=2 code=404", &[("b", "2"), ("code", "404")]);
    }

    #[test]
    fn quoted_values_keep_their_blanks_and_lose_their_escapes() {
        check(r#"msg="a \"b\" c\d" who='x y'"#, &[("msg", r#"a "b" c\d"#), ("who", "x y")]);
        check("msg=\"never closed", &[]);
    }

    #[test]
    fn what_is_no_pair_is_left_alone() {
        check("a = b", &[]);
        check("==", &[]);
        check("1a=2 é=3 x==y", &[("x", "=y")]);
        check("a= b=1", &[("b", "1")]);
        check("", &[]);
    }

    #[test]
    fn the_limit_on_pairs_is_reported() {
        let limits = Limits { text_pairs_max: 1, ..Limits::default() };
        let mut count = 0;
        assert!(pairs("a=1 b=2", &limits, |_, _| count += 1));
        assert_eq!(count, 1);
    }
}
