//! What is known of a request beside its action and resource.

/// Keys that have a meaning here. One without a value is absent, as IAM has it; of any other key nothing
/// can be told.
const KNOWN: &[&str] = &[
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:SourceIp",
    "aws:TokenIssueTime",
    "aws:userid",
    "credentials-iot:AwsCertificateId",
    "credentials-iot:ThingName",
    "credentials-iot:ThingTypeName",
    "iot:ClientId",
    "sts:ExternalId",
    "sts:RoleSessionName",
];

/// Values of condition keys and policy variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    values: Vec<(String, String)>,
}

/// What is known of one key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fact<'f> {
    Value(&'f str),
    Absent,
    Untold,
}

impl Facts {
    /// Adds the value of a key, if there is one. Keys that have no meaning here are never looked at.
    #[must_use]
    pub fn with(mut self, key: &str, value: Option<impl Into<String>>) -> Self {
        self.values.extend(value.map(|value| (key.to_owned(), value.into())));
        self
    }

    /// Adds values of several keys.
    #[must_use]
    pub fn with_all(mut self, pairs: &[(String, String)]) -> Self {
        self.values.extend_from_slice(pairs);
        self
    }

    /// What is known of `key`, which is compared without regard to case.
    pub(super) fn of(&self, key: &str) -> Fact<'_> {
        if !KNOWN.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            return Fact::Untold;
        }
        let found = self.values.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map_or(Fact::Absent, |(_, value)| Fact::Value(value))
    }
}
