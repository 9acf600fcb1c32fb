//! The options that `chart` and `timechart` share.

use super::pivot::SplitOptions;
use crate::SplError;
use crate::parser::Word;

/// Sets the option `name`; whether it is one that they share.
pub(super) fn set(options: &mut SplitOptions, name: &str, value: &Word) -> Result<bool, SplError> {
    match name {
        "limit" => set_limit(options, value)?,
        "sep" => options.separator.clone_from(&value.text),
        "format" => options.format = Some(value.text.clone()),
        "usenull" => options.uses_null = value.as_bool()?,
        "useother" => options.uses_other = value.as_bool()?,
        "nullstr" => options.null_name.clone_from(&value.text),
        "otherstr" => options.other_name.clone_from(&value.text),
        _ => return Ok(false),
    }
    Ok(true)
}

/// `10`, `top10` or `bottom10`.
fn set_limit(options: &mut SplitOptions, value: &Word) -> Result<(), SplError> {
    let lower = value.text.to_ascii_lowercase();
    let (is_bottom, number) = match lower.strip_prefix("bottom") {
        Some(number) => (true, number),
        None => (false, lower.strip_prefix("top").unwrap_or(&lower)),
    };
    options.is_bottom = is_bottom;
    options.limit = number.trim().parse().map_err(|_| {
        SplError::new(value.at, format!("`{}` is not a number, `topN` or `bottomN`", value.text))
    })?;
    Ok(())
}

/// The error that an option is known and does nothing yet.
pub(super) fn unsupported(command: &str, name: &str, value: &Word) -> SplError {
    SplError::new(value.at, format!("the option `{name}` of `{command}` is not supported"))
}
