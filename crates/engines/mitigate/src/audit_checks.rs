//! The names of audit checks, and which actions help against what they find
//! (spec device-defender §7.1, §8.2).

use crate::MitigationError;
use crate::checked::{did_you_mean, shown};

/// What an action can do something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Helps {
    /// Findings of every check.
    All,
    /// Findings of these.
    With(&'static [&'static str]),
}

impl Helps {
    pub(crate) fn with(self, check: &str) -> bool {
        match self {
            Self::All => true,
            Self::With(checks) => checks.contains(&check),
        }
    }
}

/// Every check.
pub(crate) const CHECKS: [&str; 17] = [
    "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK",
    "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK",
    "CA_CERTIFICATE_EXPIRING_CHECK",
    "CA_CERTIFICATE_KEY_QUALITY_CHECK",
    "CONFLICTING_CLIENT_IDS_CHECK",
    "DEVICE_CERTIFICATE_EXPIRING_CHECK",
    "DEVICE_CERTIFICATE_AGE_CHECK",
    "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK",
    "DEVICE_CERTIFICATE_SHARED_CHECK",
    "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK",
    "IOT_POLICY_OVERLY_PERMISSIVE_CHECK",
    "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK",
    "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK",
    "IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK",
    "LOGGING_DISABLED_CHECK",
    "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK",
    "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK",
];

/// Checks that find fault with device certificates.
pub(crate) const DEVICE_CERTIFICATE: &[&str] = &[
    "DEVICE_CERTIFICATE_EXPIRING_CHECK",
    "DEVICE_CERTIFICATE_AGE_CHECK",
    "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK",
    "DEVICE_CERTIFICATE_SHARED_CHECK",
    "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK",
    "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK",
];

/// Checks that find fault with authorities.
pub(crate) const CA_CERTIFICATE: &[&str] = &[
    "CA_CERTIFICATE_EXPIRING_CHECK",
    "CA_CERTIFICATE_KEY_QUALITY_CHECK",
    "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK",
];

/// Checks that find fault with policies.
pub(crate) const IOT_POLICY: &[&str] =
    &["IOT_POLICY_OVERLY_PERMISSIVE_CHECK", "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK"];

/// The check that finds logging switched off.
pub(crate) const LOGGING: &[&str] = &["LOGGING_DISABLED_CHECK"];

/// Names that older pages have for some checks.
const FORMER: &[(&str, &str)] = &[
    ("DEVICE_CERT_APPROACHING_EXPIRATION_CHECK", "DEVICE_CERTIFICATE_EXPIRING_CHECK"),
    ("CA_CERT_APPROACHING_EXPIRATION_CHECK", "CA_CERTIFICATE_EXPIRING_CHECK"),
    ("REVOKED_DEVICE_CERT_CHECK", "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK"),
    ("REVOKED_CA_CERT_CHECK", "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK"),
    ("IOT_POLICY_UNRESTRICTED_CHECK", "IOT_POLICY_OVERLY_PERMISSIVE_CHECK"),
];

/// Refuses what is not the name of a check.
pub(crate) fn check_name(member: &str, text: &str) -> Result<(), MitigationError> {
    if CHECKS.contains(&text) {
        return Ok(());
    }
    let former = FORMER.iter().find(|(former, _)| *former == text);
    let hint = match former {
        Some((_, now)) => format!("; it is called `{now}` now"),
        None => did_you_mean(text, CHECKS.into_iter()),
    };
    Err(MitigationError::Invalid(format!(
        "`{}` at `{member}` is not an audit check{hint}",
        shown(text)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_is_told_the_right_one() {
        assert!(check_name("m", CHECKS[3]).is_ok());
        for (given, hint) in [
            ("DEVICE_CERTIFICATE_SHARED_CHEK", "did you mean `DEVICE_CERTIFICATE_SHARED_CHECK`?"),
            ("REVOKED_CA_CERT_CHECK", "`REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK` now"),
            ("x", "`x` at `m` is not an audit check"),
        ] {
            let text = check_name("m", given).unwrap_err().to_string();
            assert!(text.contains(hint), "{text}");
        }
    }

    #[test]
    fn every_check_that_an_action_helps_with_is_a_check() {
        for listed in [DEVICE_CERTIFICATE, CA_CERTIFICATE, IOT_POLICY, LOGGING] {
            assert!(listed.iter().all(|check| CHECKS.contains(check)), "{listed:?}");
        }
        assert!(FORMER.iter().all(|(_, now)| CHECKS.contains(now)));
    }
}
