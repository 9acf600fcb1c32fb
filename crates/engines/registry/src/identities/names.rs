//! Names, paths and ARNs of IAM.

use uuid::Uuid;

use crate::ControlError;
use crate::checked::{TextRule, shown};

pub(super) const ROLE_NAME: TextRule = TextRule {
    chars_min: 1,
    chars_max: 64,
    pattern: "[\\w+=,.@-]+",
    is_allowed: |c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c),
};

pub(super) const POLICY_NAME: TextRule = TextRule { chars_max: 128, ..ROLE_NAME };

pub(super) const DESCRIPTION: TextRule = TextRule {
    chars_min: 0,
    chars_max: 1_000,
    pattern: "text without control characters",
    is_allowed: |c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'),
};

const PATH_CHARS_MAX: usize = 512;

/// `/` or `/a/b/`.
pub(super) fn check_path(path: &str) -> Result<(), ControlError> {
    let is_plain = path.chars().all(|c| c.is_ascii_graphic());
    let is_framed = path.starts_with('/') && path.ends_with('/');
    if is_plain && is_framed && path.len() <= PATH_CHARS_MAX {
        return Ok(());
    }
    Err(ControlError::Invalid(format!(
        "`Path` is `{}`; it must begin and end with a slash",
        shown(path)
    )))
}

/// An id as IAM makes them: `AROA…` for roles, `ANPA…` for policies.
pub(super) fn unique_id(prefix: &str) -> String {
    let letters = Uuid::new_v4().simple().to_string().to_ascii_uppercase();
    format!("{prefix}{}", letters.chars().take(17).collect::<String>())
}

/// The parts of a role's ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn {
    /// Twelve digits.
    pub account: String,
    /// `/` or `/a/b/`.
    pub path: String,
    /// The role's name.
    pub name: String,
}

impl RoleArn {
    /// Reads `arn:aws:iam::123456789012:role/a/b/NAME`.
    pub fn parse(text: &str) -> Option<Self> {
        let (account, rest) = account_and_rest(text)?;
        let rest = rest.strip_prefix("role")?;
        let (path, name) = path_and_name(rest)?;
        ROLE_NAME.check("RoleName", name).ok()?;
        Some(Self { account: account.to_owned(), path: path.to_owned(), name: name.to_owned() })
    }
}

/// The account and what comes after it in `arn:PARTITION:iam::ACCOUNT:REST`.
pub(super) fn account_and_rest(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let is_account = account == "aws"
        || account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let fits = arn == "arn"
        && partition.starts_with("aws")
        && service == "iam"
        && region.is_empty()
        && is_account;
    fits.then_some((account, rest))
}

/// `/a/b/` and `NAME` of `/a/b/NAME`.
pub(super) fn path_and_name(text: &str) -> Option<(&str, &str)> {
    let at = text.rfind('/')?;
    let (path, name) = text.split_at_checked(at + 1)?;
    check_path(path).ok()?;
    Some((path, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_arns_are_read_with_their_path() {
        let read = |text| RoleArn::parse(text).map(|arn| (arn.path, arn.name));
        let some = |path: &str, name: &str| Some((path.to_owned(), name.to_owned()));
        assert_eq!(read("arn:aws:iam::000000000000:role/r"), some("/", "r"));
        assert_eq!(read("arn:aws-cn:iam::000000000000:role/a/b/r"), some("/a/b/", "r"));
        for wrong in [
            "",
            "r",
            "arn:aws:iam::000000000000:role/",
            "arn:aws:iam::000000000000:user/r",
            "arn:aws:iam::00000000000:role/r",
            "arn:aws:iot::000000000000:role/r",
            "arn:aws:iam:x:000000000000:role/r",
            "arn:aws:iam::000000000000:role/a b",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
