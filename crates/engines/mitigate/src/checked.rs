//! Texts and lists that callers give, checked against AWS's patterns.

use std::collections::BTreeSet;

use crate::MitigationError;

/// Most characters of names and ids.
const NAME_CHARS_MAX: usize = 128;
/// `clientRequestToken`.
const TOKEN_CHARS_MAX: usize = 64;
const ROLE_CHARS: std::ops::RangeInclusive<usize> = 20..=2048;
const NOTE_CHARS_MAX: usize = 1000;
const TAGS_MAX: usize = 50;

type Checked<T = ()> = Result<T, MitigationError>;

/// Names of actions, ids of tasks, findings and violations, reason codes: `[a-zA-Z0-9_-]{1,128}`.
pub(crate) fn name(member: &str, text: &str) -> Checked {
    word(member, text, NAME_CHARS_MAX)
}

pub(crate) fn token(text: &str) -> Checked {
    word("clientRequestToken", text, TOKEN_CHARS_MAX)
}

fn word(member: &str, text: &str, chars_max: usize) -> Checked {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let problem = match text.chars().find(|c| !is_allowed(*c)) {
        Some(odd) => format!("holds {odd:?}"),
        None if text.is_empty() => "is empty".to_owned(),
        None if text.len() > chars_max => format!("has {} characters", text.len()),
        None => return Ok(()),
    };
    Err(MitigationError::Invalid(format!(
        "value `{}` at `{member}` {problem}: it must have 1 to {chars_max} characters of \
         [a-zA-Z0-9_-]+",
        shown(text)
    )))
}

/// The ARN of an IAM role.
pub(crate) fn role_arn(member: &str, text: &str) -> Checked {
    let is_role = || {
        let (account, name) = text.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_name = |c: char| c.is_ascii_alphanumeric() || "+=,.@_/-".contains(c);
        let last = name.rsplit('/').next()?;
        (is_account && !last.is_empty() && name.chars().all(is_name)).then_some(())
    };
    if ROLE_CHARS.contains(&text.chars().count()) && is_role().is_some() {
        return Ok(());
    }
    Err(MitigationError::Invalid(format!(
        "`{member}` is `{}`; it must be of the form arn:aws:iam::123456789012:role/NAME, with 20 to \
         2048 characters",
        shown(text)
    )))
}

/// A note by the person who starts a task.
pub(crate) fn note(text: &str) -> Checked {
    let chars = text.chars().count();
    if chars > NOTE_CHARS_MAX {
        return Err(MitigationError::Invalid(format!(
            "`note` has {chars} characters; at most {NOTE_CHARS_MAX} are allowed"
        )));
    }
    match text.chars().find(|c| c.is_control() && *c != '\n') {
        None => Ok(()),
        Some(odd) => Err(MitigationError::Invalid(format!("`note` holds {odd:?}"))),
    }
}

pub(crate) fn tags(tags: &[(String, String)]) -> Checked {
    if tags.len() > TAGS_MAX {
        return Err(MitigationError::Invalid(format!(
            "there are {} tags; at most {TAGS_MAX} are allowed",
            tags.len()
        )));
    }
    let is_allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    let mut seen = BTreeSet::new();
    for (key, value) in tags {
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(is_allowed) {
            return Err(MitigationError::Invalid(format!(
                "tag key `{}` must have 1 to 128 letters, digits, spaces and characters of _.:/=+-@",
                shown(key)
            )));
        }
        if value.chars().count() > 256 || value.chars().any(char::is_control) {
            return Err(MitigationError::Invalid(format!(
                "the value of tag `{}` must have at most 256 characters, none a control character",
                shown(key)
            )));
        }
        if !seen.insert(key) {
            return Err(MitigationError::Invalid(format!("tag `{}` is given twice", shown(key))));
        }
    }
    Ok(())
}

/// A list of 1 to `items_max` items, none of them twice.
pub(crate) fn list(member: &str, items: &[String], items_max: usize) -> Checked {
    if items.is_empty() || items.len() > items_max {
        return Err(MitigationError::Invalid(format!(
            "`{member}` has {} members; it must have 1 to {items_max}",
            items.len()
        )));
    }
    let mut seen = BTreeSet::new();
    match items.iter().find(|item| !seen.insert(item.as_str())) {
        None => Ok(()),
        Some(twice) => {
            Err(MitigationError::Invalid(format!("`{}` is in `{member}` twice", shown(twice))))
        }
    }
}

/// One of a few words.
pub(crate) fn one_of(member: &str, text: &str, words: &[&str]) -> Checked {
    if words.contains(&text) {
        return Ok(());
    }
    Err(MitigationError::Invalid(format!(
        "`{member}` is `{}`; it must be {}{}",
        shown(text),
        match words {
            [only] => (*only).to_owned(),
            several => format!("one of {}", several.join(", ")),
        },
        did_you_mean(text, words.iter().copied())
    )))
}

/// `; did you mean …?` where one of the words is close.
pub(crate) fn did_you_mean<'w>(text: &str, words: impl Iterator<Item = &'w str>) -> String {
    let likeness = |word: &&str| strsim::jaro_winkler(&text.to_lowercase(), &word.to_lowercase());
    let near = words
        .map(|word| (likeness(&word), word))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    near.map(|(_, word)| format!("; did you mean `{word}`?")).unwrap_or_default()
}

/// A text from a caller, short enough and harmless enough for a message.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(result: Checked) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn names_tokens_and_notes_have_their_limits() {
        assert!(name("taskId", &"x".repeat(128)).is_ok());
        assert!(refusal(name("taskId", &"x".repeat(129))).contains("has 129 characters"));
        assert!(refusal(name("taskId", "")).contains("`taskId` is empty"));
        assert!(refusal(name("taskId", "a:b\u{7}")).contains("`a:b\\u{7}` at `taskId` holds ':'"));
        assert!(refusal(token(&"t".repeat(65))).contains("1 to 64"));
        assert!(note("first\nsecond").is_ok());
        assert!(refusal(note("a\u{1b}b")).contains("holds '\\u{1b}'"));
    }

    #[test]
    fn a_role_is_told_from_what_looks_like_one() {
        for good in ["arn:aws:iam::123456789012:role/a", "arn:aws:iam::000000000000:role/x/y+z"] {
            assert!(role_arn("roleArn", good).is_ok(), "{good}");
        }
        let long = format!("arn:aws:iam::123456789012:role/{}", "r".repeat(2100));
        for bad in [
            "",
            "role/a",
            "arn:aws:iam::1234:role/abc",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/a/",
            "arn:aws:iam::123456789012:user/a",
            "arn:aws:iam::123456789012:role/a b",
            &long,
        ] {
            assert!(refusal(role_arn("roleArn", bad)).contains("must be of the form"), "{bad}");
        }
    }

    #[test]
    fn lists_are_bounded_and_hold_nothing_twice() {
        let items = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(list("actions", &items("a b"), 2).is_ok());
        assert!(refusal(list("actions", &[], 2)).contains("has 0 members; it must have 1 to 2"));
        assert!(refusal(list("actions", &items("a b c"), 2)).contains("has 3 members"));
        assert!(refusal(list("actions", &items("a a"), 2)).contains("`a` is in `actions` twice"));
    }
}
