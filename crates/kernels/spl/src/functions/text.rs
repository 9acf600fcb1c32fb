//! Text and its parts.

use std::borrow::Cow;

use super::{Arity, EvalFunction, Returns};
use crate::eval::{Arguments, position};
use crate::value::{Kind, Value, number};

pub(super) const LOWER: EvalFunction = EvalFunction {
    name: "lower",
    arity: Arity::exactly(1),
    doc: "The text in lower case.",
    examples: &[("lower(\"FTP\")", "ftp"), ("lower(missing)", "null")],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| Some(Value::text_of(arguments.text(0)?.to_lowercase())),
};

pub(super) const UPPER: EvalFunction = EvalFunction {
    name: "upper",
    arity: Arity::exactly(1),
    doc: "The text in upper case.",
    examples: &[("upper(thing)", "PUMP-17"), ("upper(\"ä\")", "Ä")],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| Some(Value::text_of(arguments.text(0)?.to_uppercase())),
};

pub(super) const LEN: EvalFunction = EvalFunction {
    name: "len",
    arity: Arity::exactly(1),
    doc: "How many characters the text has.",
    examples: &[("len(thing)", "7"), ("len(port)", "4"), ("len(empty)", "0"), ("len(\"ä€\")", "2")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| Some(position(arguments.text(0)?.chars().count())),
};

/// The characters that `trim` takes away: those of the second argument, else blanks and tabs.
fn trimmed<'a>(
    arguments: &Arguments<'a>,
    trim: for<'t> fn(&'t str, &dyn Fn(char) -> bool) -> &'t str,
) -> Option<Value<'a>> {
    let text = arguments.text(0)?;
    let set = match arguments.len() {
        1 => Cow::Borrowed(" \t"),
        _ => arguments.text(1)?,
    };
    let is_trimmed = |c: char| set.contains(c);
    Some(Value::text_of(match text {
        Cow::Borrowed(text) => Cow::Borrowed(trim(text, &is_trimmed)),
        Cow::Owned(text) => Cow::Owned(trim(&text, &is_trimmed).to_owned()),
    }))
}

pub(super) const TRIM: EvalFunction = EvalFunction {
    name: "trim",
    arity: Arity::between(1, 2),
    doc: "The text without blanks and tabs, or the characters given, at both ends.",
    examples: &[("trim(\"  a b \")", "a b"), ("trim(\"..a..\", \".\")", "a")],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| trimmed(arguments, |text, set| text.trim_matches(set)),
};

pub(super) const LTRIM: EvalFunction = EvalFunction {
    name: "ltrim",
    arity: Arity::between(1, 2),
    doc: "The text without blanks and tabs, or the characters given, at its start.",
    examples: &[("ltrim(\" a \")", "a "), ("ltrim(\"0012\", \"0\")", "12")],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| trimmed(arguments, |text, set| text.trim_start_matches(set)),
};

pub(super) const RTRIM: EvalFunction = EvalFunction {
    name: "rtrim",
    arity: Arity::between(1, 2),
    doc: "The text without blanks and tabs, or the characters given, at its end.",
    examples: &[("rtrim(\" a \")", " a"), ("rtrim(\"a/b//\", \"/\")", "a/b")],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| trimmed(arguments, |text, set| text.trim_end_matches(set)),
};

pub(super) const SUBSTR: EvalFunction = EvalFunction {
    name: "substr",
    arity: Arity::between(2, 3),
    doc: "The text from a character on, counted from 1, or from the end if negative; so many of them.",
    examples: &[
        ("substr(thing, 1, 4)", "pump"),
        ("substr(thing, -2)", "17"),
        ("substr(thing, 6)", "17"),
        ("substr(thing, 20)", ""),
        ("substr(thing, -20, 4)", "pump"),
        ("substr(thing, 0, 4)", "pump"),
        ("substr(thing, 1, -1)", ""),
        ("substr(thing, missing)", "null"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let text = arguments.text(0)?;
        let start = arguments.whole(1)?;
        let take = match arguments.len() {
            2 => usize::MAX,
            _ => usize::try_from(arguments.whole(2)?).unwrap_or_default(),
        };
        let skip = match start {
            ..0 => {
                let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
                usize::try_from(length.saturating_add(start)).unwrap_or_default()
            }
            _ => usize::try_from(start.saturating_sub(1)).unwrap_or_default(),
        };
        Some(Value::text_of(text.chars().skip(skip).take(take).collect::<String>()))
    },
};

pub(super) const URLDECODE: EvalFunction = EvalFunction {
    name: "urldecode",
    arity: Arity::exactly(1),
    doc: "The text with escapes of web addresses, such as %20, undone.",
    examples: &[
        ("urldecode(\"a%20b%2Fc\")", "a b/c"),
        ("urldecode(\"100%\")", "100%"),
        ("urldecode(\"%C3%A4\")", "ä"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let text = arguments.text(0)?;
        let decoded = percent_encoding::percent_decode_str(&text).decode_utf8_lossy();
        Some(Value::text_of(decoded.into_owned()))
    },
};

pub(super) const PRINTF: EvalFunction = EvalFunction {
    name: "printf",
    arity: Arity::at_least(1),
    doc: "Text from a format and values: %s, %d, %f, %x and their kin, with flags, width and precision.",
    examples: &[
        ("printf(\"%s has %d ports\", thing, 2)", "pump-17 has 2 ports"),
        ("printf(\"%05.1f|%-4s|%4s\", 2.25, \"a\", \"b\")", "002.3|a   |   b"),
        ("printf(\"%x %X %#x %o %c%%\", 255, 255, 255, 8, \"abc\")", "ff FF 0xff 10 a%"),
        ("printf(\"%+d % d %e\", 5, 5, 1500)", "+5  5 1.500000e+03"),
        ("printf(\"%s\", missing)", "null"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let format = arguments.text(0)?;
        let mut values = arguments.values_from(1);
        super::printf::print(&format, &mut || values.next().flatten()).map(Value::text_of)
    },
};

pub(super) const SPLIT: EvalFunction = EvalFunction {
    name: "split",
    arity: Arity::exactly(2),
    doc: "The parts of the text between delimiters; its characters if the delimiter is empty.",
    examples: &[
        ("split(\"a,b,,c\", \",\")", "a|b||c"),
        ("split(\"abc\", \"\")", "a|b|c"),
        ("split(thing, \"/\")", "pump-17"),
        ("mvcount(split(empty, \",\"))", "1"),
    ],
    returns: Returns::Always(Kind::Multi),
    eval: |arguments| {
        let text = arguments.text(0)?;
        let delimiter = arguments.text(1)?;
        let owned = |part: &str| Cow::Owned(part.to_owned());
        let parts = match delimiter.is_empty() {
            true => text.chars().map(|c| Cow::Owned(c.to_string())).collect(),
            false => text.split(&*delimiter).map(owned).collect(),
        };
        Value::from_items(parts)
    },
};

pub(super) const MATCH: EvalFunction = EvalFunction {
    name: "match",
    arity: Arity::exactly(2),
    doc: "Whether a regular expression matches anywhere in the text, or in any value of a multivalue.",
    examples: &[
        ("tostring(match(thing, \"^pump-\\d+$\"))", "True"),
        ("tostring(match(thing, \"(?i)PUMP\"))", "True"),
        ("tostring(match(ports, \"^22$\"))", "True"),
        ("tostring(match(thing, \"pump(?!-17)\"))", "False"),
    ],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| {
        let value = arguments.value(0)?;
        let pattern = arguments.pattern(1)?;
        Some(Value::Bool(value.any(|text| pattern.is_match(text))))
    },
};

pub(super) const REPLACE: EvalFunction = EvalFunction {
    name: "replace",
    arity: Arity::exactly(3),
    doc: "The text with every match of a regular expression replaced; \\1 … \\9 stand for groups.",
    examples: &[
        ("replace(\"01/31/2024\", \"^(\\d{2})/(\\d{2})/\", \"\\2/\\1/\")", "31/01/2024"),
        ("replace(thing, \"[a-z]+\", \"x\")", "x-17"),
        ("replace(port, \"8\", \"\")", "3"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let text = arguments.text(0)?;
        let pattern = arguments.pattern(1)?;
        let replacement = arguments.text(2)?;
        Some(Value::text_of(pattern.replace(&text, &replacement).into_owned()))
    },
};

pub(super) const TOSTRING: EvalFunction = EvalFunction {
    name: "tostring",
    arity: Arity::between(1, 2),
    doc: "The value as text: as it is, in \"hex\" or \"binary\", with \"commas\", or as a \"duration\".",
    examples: &[
        ("tostring(port=8883)", "True"),
        ("tostring(15, \"hex\")", "0xF"),
        ("tostring(5, \"binary\")", "101"),
        ("tostring(12345.6789, \"commas\")", "12,345.68"),
        ("tostring(-1234567, \"commas\")", "-1,234,567"),
        ("tostring(615, \"duration\")", "00:10:15"),
        ("tostring(90061, \"duration\")", "1+01:01:01"),
        ("tostring(\"x\", \"hex\")", "null"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let value = arguments.value(0)?;
        if arguments.len() == 1 {
            return Some(Value::text_of(value.into_text()));
        }
        let number = value.number()?;
        let text = match arguments.text(1)?.to_ascii_lowercase().as_str() {
            "hex" => signed(number, |n| format!("0x{n:X}"))?,
            "binary" => signed(number, |n| format!("{n:b}"))?,
            "commas" => commas(number),
            "duration" => duration(number)?,
            _ => return None,
        };
        Some(Value::text_of(text))
    },
};

fn signed(value: f64, print: impl Fn(u64) -> String) -> Option<String> {
    let whole = number::whole(value.trunc())?;
    let sign = if whole < 0 { "-" } else { "" };
    Some(format!("{sign}{}", print(whole.unsigned_abs())))
}

fn commas(value: f64) -> String {
    let decimals = if value.fract() == 0.0 { 0 } else { 2 };
    let text = number::round_text(value, decimals);
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = text.find('.').map_or((text, ""), |at| text.split_at(at));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}

fn duration(value: f64) -> Option<String> {
    let seconds = number::whole(value.trunc())?;
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    Some(match seconds / 86_400 {
        0 => format!("{sign}{clock}"),
        days => format!("{sign}{days}+{clock}"),
    })
}
