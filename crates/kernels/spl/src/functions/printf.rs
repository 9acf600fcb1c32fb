//! The formats of `printf`.

use crate::value::{Value, number};

/// Widest field.
const WIDTH_MAX: usize = 1000;

/// How one value is printed.
#[derive(Debug, Default)]
struct Form {
    left: bool,
    plus: bool,
    blank: bool,
    zero: bool,
    alternate: bool,
    commas: bool,
    width: usize,
    precision: Option<usize>,
}

/// `format` with the values in place; none if one is missing or does not fit.
pub(super) fn print<'a>(
    format: &str,
    next: &mut dyn FnMut() -> Option<Value<'a>>,
) -> Option<String> {
    let mut text = String::new();
    let mut characters = format.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let mut form = Form::default();
        while let Some(flag) = characters.next_if(|c| "-+ 0#'".contains(*c)) {
            match flag {
                '-' => form.left = true,
                '+' => form.plus = true,
                ' ' => form.blank = true,
                '0' => form.zero = true,
                '#' => form.alternate = true,
                _ => form.commas = true,
            }
        }
        form.width = count(&mut characters, next)?.unwrap_or_default();
        if characters.next_if_eq(&'.').is_some() {
            form.precision = Some(count(&mut characters, next)?.unwrap_or_default());
        }
        match characters.next()? {
            '%' => text.push('%'),
            code => text.push_str(&form.value(code, &next()?)?),
        }
    }
    Some(text)
}

/// A width or precision, written out or `*` for the next value.
fn count<'a>(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    next: &mut dyn FnMut() -> Option<Value<'a>>,
) -> Option<Option<usize>> {
    let number = if characters.next_if_eq(&'*').is_some() {
        number::whole(next()?.number()?.trunc())?
    } else {
        let mut digits = String::new();
        while let Some(digit) = characters.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        if digits.is_empty() {
            return Some(None);
        }
        digits.parse().ok()?
    };
    usize::try_from(number).ok().filter(|number| *number <= WIDTH_MAX).map(Some)
}

impl Form {
    fn value(&self, code: char, value: &Value<'_>) -> Option<String> {
        let whole = || number::whole(value.number()?.trunc());
        let body = match code {
            's' => self.cut(&value.text()),
            'c' => value.text().chars().take(1).collect(),
            'd' | 'i' => return self.signed(whole()? < 0, &whole()?.unsigned_abs().to_string()),
            'u' => return self.signed(false, &whole()?.unsigned_abs().to_string()),
            'o' => self.based("0", &format!("{:o}", whole()?)),
            'x' | 'p' => self.based("0x", &format!("{:x}", whole()?)),
            'X' => self.based("0X", &format!("{:X}", whole()?)),
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
                let number = value.number()?;
                return self.signed(number < 0.0, &self.real(code, number.abs()));
            }
            _ => return None,
        };
        Some(self.padded("", &body, matches!(code, 'o' | 'x' | 'X') && self.zero))
    }

    fn cut(&self, text: &str) -> String {
        text.chars().take(self.precision.unwrap_or(usize::MAX)).collect()
    }

    fn based(&self, prefix: &str, digits: &str) -> String {
        if self.alternate { format!("{prefix}{digits}") } else { digits.to_owned() }
    }

    fn real(&self, code: char, value: f64) -> String {
        let precision = self.precision.unwrap_or(6);
        match code {
            'f' | 'F' => number::round_text(value, precision),
            'e' | 'E' => scientific(value, precision, code),
            _ => {
                // As short as %e or %f gives it, without zeros at the end.
                let digits = precision.max(1);
                let exponent = value.abs().log10().floor();
                let is_plain =
                    value == 0.0 || (-4.0..number::from_whole(digits as i64)).contains(&exponent);
                let text = match is_plain {
                    true => {
                        let before = if value == 0.0 { 1.0 } else { exponent + 1.0 };
                        let after = number::from_whole(digits as i64) - before;
                        let after = number::whole(after.max(0.0)).unwrap_or_default();
                        number::round_text(value, usize::try_from(after).unwrap_or_default())
                    }
                    false => {
                        let code = if code == 'g' { 'e' } else { 'E' };
                        return scientific(value, digits - 1, code);
                    }
                };
                match text.contains('.') && !self.alternate {
                    true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                    false => text,
                }
            }
        }
    }

    fn signed(&self, is_negative: bool, body: &str) -> Option<String> {
        let sign = match (is_negative, self.plus, self.blank) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        let body = if self.commas { grouped(body) } else { body.to_owned() };
        Some(self.padded(sign, &body, self.zero))
    }

    fn padded(&self, sign: &str, body: &str, zeros: bool) -> String {
        let missing = self.width.saturating_sub(sign.len() + body.chars().count());
        if self.left {
            return format!("{sign}{body}{}", " ".repeat(missing));
        }
        match zeros {
            true => format!("{sign}{}{body}", "0".repeat(missing)),
            false => format!("{}{sign}{body}", " ".repeat(missing)),
        }
    }
}

/// `1.500000e+03`.
fn scientific(value: f64, precision: usize, code: char) -> String {
    let text = format!("{value:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{digits}{code}{sign}{exponent:0>2}")
}

/// The digits before the point in groups of three.
fn grouped(body: &str) -> String {
    let whole = body.find('.').unwrap_or(body.len());
    let mut text = String::new();
    for (index, c) in body.chars().enumerate() {
        if index > 0 && index < whole && (whole - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    text
}
