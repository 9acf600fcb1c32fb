//! The facts of a connection that policies may ask for (spec iot-core §4.3).

use std::net::IpAddr;

/// Longest value a variable is replaced by, in characters.
const VALUE_CHARS_MAX: usize = 1024;
/// Values of one field of a certificate that count.
const VALUES_MAX: usize = 5;

/// Who asks, and how the connection was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The MQTT client id; absent over HTTP.
    pub client_id: Option<String>,
    /// The peer's address.
    pub source_ip: Option<IpAddr>,
    /// The thing whose name is the client id and that the certificate is attached to; else the one
    /// that the certificate is attached to exclusively.
    pub thing: Option<ThingFacts>,
    /// Whether the certificate is attached to `thing` (`iot:Connection.Thing.IsAttached`).
    pub is_attached: bool,
    /// The client certificate; absent on the plaintext listener.
    pub certificate: Option<CertificateFacts>,
    /// The session outlives the connection (clean session 0, or a session expiry above 0).
    pub persistent_connect: bool,
    /// The will's topic, if the CONNECT carries a will.
    pub last_will_topic: Option<String>,
}

/// A thing as policies see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThingFacts {
    /// Its name.
    pub name: String,
    /// Its type's name, if it has one.
    pub type_name: Option<String>,
    /// Its attributes.
    pub attributes: Vec<(String, String)>,
}

/// A certificate as policies see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateFacts {
    /// SHA-256 of the DER, hex (`iot:CertificateId`).
    pub id: String,
    /// The serial number as text.
    pub serial_number: String,
    /// The subject's values in the order of the certificate; a field may repeat.
    pub subject: Vec<(NameField, String)>,
    /// The issuer's values, likewise.
    pub issuer: Vec<(NameField, String)>,
}

macro_rules! name_fields {
    ($($(#[$doc:meta])* $field:ident = $text:literal,)*) => {
        /// A field of a certificate's subject or issuer that policies can name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum NameField { $($(#[$doc])* $field,)* }

        impl NameField {
            /// Every field.
            pub const ALL: &[Self] = &[$(Self::$field,)*];

            /// The name as policies write it behind `iot:Certificate.Subject.`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$field => $text,)* }
            }
        }
    };
}

name_fields! {
    /// `dnQualifier`.
    DistinguishedNameQualifier = "DistinguishedNameQualifier",
    /// `C`.
    Country = "Country",
    /// `O`.
    Organization = "Organization",
    /// `OU`.
    OrganizationalUnit = "OrganizationalUnit",
    /// `ST`.
    State = "State",
    /// `CN`.
    CommonName = "CommonName",
    /// `serialNumber` of the name, not of the certificate.
    SerialNumber = "SerialNumber",
    /// `title`.
    Title = "Title",
    /// `SN`.
    Surname = "Surname",
    /// `GN`.
    GivenName = "GivenName",
    /// `initials`.
    Initials = "Initials",
    /// `pseudonym`.
    Pseudonym = "Pseudonym",
    /// `generationQualifier`.
    GenerationQualifier = "GenerationQualifier",
    /// Alternative name: mail address.
    Rfc822Name = "AlternativeName.RFC822Name",
    /// Alternative name: host name.
    DnsName = "AlternativeName.DNSName",
    /// Alternative name: directory name.
    DirectoryName = "AlternativeName.DirectoryName",
    /// Alternative name: URI.
    UniformResourceIdentifier = "AlternativeName.UniformResourceIdentifier",
    /// Alternative name: address.
    IpAddress = "AlternativeName.IPAddress",
}

/// What a key stands for on one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) values: Vec<String>,
    origin: Origin,
}

/// Where a value comes from, which decides the characters it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Connection,
    /// The certificate; special characters keep it from being substituted.
    Certificate,
    /// The subject's or issuer's name; in conditions special characters carry a backslash besides.
    CertificateName,
}

/// Where a variable's value is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A topic or topic filter.
    Topic,
    /// Another resource.
    Resource,
    /// A value of a condition.
    Condition,
}

/// Why a variable has no text here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// There is no such variable.
    Unknown,
    /// This connection has no value for it.
    Absent,
    /// It has several values.
    Several,
    /// It is longer than 1024 characters.
    TooLong,
    /// It holds this character, which could act as a wildcard.
    Special(char),
}

impl std::fmt::Display for Unresolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown => f.write_str("does not exist"),
            Self::Absent => f.write_str("has no value here"),
            Self::Several => f.write_str("has more than one value"),
            Self::TooLong => write!(f, "has a value longer than {VALUE_CHARS_MAX} characters"),
            Self::Special(c) => write!(f, "has a value with `{c}`, which could act as a wildcard"),
        }
    }
}

impl Values {
    fn one(value: impl Into<String>) -> Self {
        Self { values: vec![value.into()], origin: Origin::Connection }
    }

    /// The values as conditions see them: a special character of a distinguished name carries a
    /// backslash (spec iot-core §4.3).
    pub(crate) fn for_conditions(self) -> Vec<String> {
        match self.origin {
            Origin::CertificateName => self.values.iter().map(|value| escaped(value)).collect(),
            Origin::Connection | Origin::Certificate => self.values,
        }
    }
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, ',' | '"' | '\\' | '+' | '=' | '<' | '>' | ';') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

const THING: &str = "iot:connection.thing.";
const ATTRIBUTES: &str = "iot:connection.thing.attributes[";
const CERTIFICATE: &str = "iot:certificate.";

/// Keys that are not families.
const PLAIN_KEYS: &[&str] = &[
    "aws:SourceIp",
    "iot:ClientId",
    "iot:CertificateId",
    "iot:Certificate.SerialNumber",
    "iot:Certificate.AvailableKeys",
    "iot:Connection.Thing.ThingName",
    "iot:Connection.Thing.ThingTypeName",
    "iot:Connection.Thing.IsAttached",
    "iot:ConnectAttributes",
    "iot:LastWillTopic",
];

/// Whether `key` is one that [`Subject::values`] can know.
pub(crate) fn is_known_key(key: &str) -> bool {
    if PLAIN_KEYS.iter().any(|plain| plain.eq_ignore_ascii_case(key)) {
        return true;
    }
    let lower = key.to_ascii_lowercase();
    if lower.starts_with(ATTRIBUTES) {
        return key.ends_with(']');
    }
    asks_certificate(&lower)
}

/// Whether `key`, in any case, is about what stands in the certificate.
pub(crate) fn asks_certificate(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    lower.strip_prefix(CERTIFICATE).is_some_and(|rest| certificate_field(rest).is_some())
}

/// Every key a typing mistake could be close to.
pub(crate) fn known_keys() -> impl Iterator<Item = String> {
    let fields = NameField::ALL.iter().flat_map(|field| {
        ["Subject", "Issuer"].map(|name| format!("iot:Certificate.{name}.{}", field.as_str()))
    });
    let attributes = "iot:Connection.Thing.Attributes[NAME]".to_owned();
    PLAIN_KEYS.iter().map(|key| (*key).to_owned()).chain([attributes]).chain(fields)
}

impl Subject {
    /// The values of `key`, which is compared without regard to case; `None` if this connection has
    /// none. Keys that only a CONNECT has are absent unless `connecting`.
    pub(crate) fn values(&self, key: &str, connecting: bool) -> Option<Values> {
        let lower = key.to_ascii_lowercase();
        match lower.as_str() {
            "aws:sourceip" => self.source_ip.map(|ip| Values::one(ip.to_canonical().to_string())),
            "iot:clientid" => self.client_id.as_deref().map(Values::one),
            "iot:connectattributes" => {
                Some(self.connect_attributes()).filter(|set| connecting && !set.values.is_empty())
            }
            "iot:lastwilltopic" => {
                self.last_will_topic.as_deref().filter(|_| connecting).map(Values::one)
            }
            "iot:certificateid" => self.certificate.as_ref().map(|facts| Values::one(&facts.id)),
            _ => self.thing_values(key, &lower).or_else(|| self.certificate_values(&lower)),
        }
    }

    /// The text `${name}` is replaced by at `place`. Values that would act as MQTT wildcards are kept
    /// out of topics and filters.
    pub(crate) fn variable(&self, name: &str, place: Place) -> Result<String, Unresolved> {
        let Some(Values { mut values, origin }) = self.values(name, false) else {
            let known = is_known_key(name);
            return Err(if known { Unresolved::Absent } else { Unresolved::Unknown });
        };
        let value = values.pop().ok_or(Unresolved::Absent)?;
        if !values.is_empty() {
            return Err(Unresolved::Several);
        }
        let refused: &[char] = match (origin, place) {
            (Origin::Certificate | Origin::CertificateName, _) => &['*', '$', '+', '?', '#'],
            (Origin::Connection, Place::Topic) => &['+', '#'],
            (Origin::Connection, _) => &[],
        };
        if let Some(c) = value.chars().find(|c| refused.contains(c)) {
            return Err(Unresolved::Special(c));
        }
        if value.chars().count() > VALUE_CHARS_MAX {
            return Err(Unresolved::TooLong);
        }
        let is_escaped = origin == Origin::CertificateName && place == Place::Condition;
        Ok(if is_escaped { escaped(&value) } else { value })
    }

    fn connect_attributes(&self) -> Values {
        let persistent = self.persistent_connect.then_some("PersistentConnect");
        let will = self.last_will_topic.is_some().then_some("LastWill");
        let values = persistent.into_iter().chain(will).map(str::to_owned).collect();
        Values { values, origin: Origin::Connection }
    }

    fn thing_values(&self, key: &str, lower: &str) -> Option<Values> {
        let name = lower.strip_prefix(THING)?;
        if name == "isattached" {
            self.client_id.as_ref()?;
            return Some(Values::one(if self.is_attached { "true" } else { "false" }));
        }
        let thing = self.thing.as_ref()?;
        match name {
            "thingname" => Some(Values::one(&thing.name)),
            "thingtypename" => thing.type_name.as_deref().map(Values::one),
            _ => {
                // Attribute names keep their case.
                let attribute = key.get(ATTRIBUTES.len()..)?.strip_suffix(']')?;
                lower.strip_prefix(ATTRIBUTES)?;
                let mut attributes = thing.attributes.iter();
                attributes.find(|(name, _)| name == attribute).map(|(_, value)| Values::one(value))
            }
        }
    }

    fn certificate_values(&self, lower: &str) -> Option<Values> {
        let facts = self.certificate.as_ref()?;
        let (values, origin) = match lower.strip_prefix(CERTIFICATE)? {
            "serialnumber" => (vec![facts.serial_number.clone()], Origin::Certificate),
            "availablekeys" => (facts.available_keys(), Origin::Certificate),
            rest => {
                let (of_subject, field, pick) = certificate_field(rest)?;
                let names = if of_subject { &facts.subject } else { &facts.issuer };
                let of_field = names.iter().filter(|(name, _)| *name == field);
                let mut values = of_field.map(|(_, value)| value.clone());
                let values = match pick {
                    Pick::All => values.take(VALUES_MAX).collect(),
                    Pick::Nth(n) => vec![values.nth(n)?],
                };
                let is_name = !field.as_str().starts_with("AlternativeName.");
                (values, if is_name { Origin::CertificateName } else { Origin::Certificate })
            }
        };
        (!values.is_empty()).then_some(Values { values, origin })
    }
}

impl CertificateFacts {
    fn available_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        for (name, values) in [("Subject", &self.subject), ("Issuer", &self.issuer)] {
            for (field, _) in values {
                let key = format!("{name}.{}", field.as_str());
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys
    }
}

enum Pick {
    All,
    Nth(usize),
}

/// Splits the lower-case `subject.commonname.1`: whether it is the subject, the field, which values.
/// The suffix counts from the second value, so `.1` is the one at index 1; up to five values count.
fn certificate_field(rest: &str) -> Option<(bool, NameField, Pick)> {
    if matches!(rest, "serialnumber" | "availablekeys") {
        return Some((true, NameField::SerialNumber, Pick::All));
    }
    let (of_subject, rest) = match rest.strip_prefix("subject.") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("issuer.")?),
    };
    let field = |name: &str| {
        NameField::ALL.iter().copied().find(|field| field.as_str().eq_ignore_ascii_case(name))
    };
    if let Some(field) = field(rest) {
        return Some((of_subject, field, Pick::Nth(0)));
    }
    let (name, suffix) = rest.rsplit_once('.')?;
    let pick = match suffix {
        "list" => Pick::All,
        "1" | "2" | "3" | "4" => Pick::Nth(suffix.parse().ok()?),
        _ => return None,
    };
    Some((of_subject, field(name)?, pick))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        Subject {
            client_id: Some("pump-17".to_owned()),
            source_ip: Some("::ffff:10.0.0.7".parse().unwrap()),
            thing: Some(ThingFacts {
                name: "pump-17".to_owned(),
                type_name: None,
                attributes: vec![("Site".to_owned(), "north".to_owned())],
            }),
            is_attached: true,
            certificate: Some(CertificateFacts {
                id: "ab".to_owned(),
                serial_number: "77".to_owned(),
                subject: vec![
                    (NameField::CommonName, "pump".to_owned()),
                    (NameField::OrganizationalUnit, "a".to_owned()),
                    (NameField::OrganizationalUnit, "b".to_owned()),
                ],
                issuer: vec![(NameField::Organization, "we*".to_owned())],
            }),
            persistent_connect: true,
            last_will_topic: Some("t".to_owned()),
        }
    }

    fn check(variable: &str, expected: Option<&str>) {
        let value = subject().variable(variable, Place::Resource).ok();
        assert_eq!(value.as_deref(), expected, "{variable}");
    }

    #[test]
    fn variables_take_their_value_from_the_connection() {
        check("iot:ClientId", Some("pump-17"));
        check("aws:SourceIp", Some("10.0.0.7"));
        check("iot:Connection.Thing.ThingName", Some("pump-17"));
        check("iot:Connection.Thing.ThingTypeName", None);
        check("iot:Connection.Thing.Attributes[Site]", Some("north"));
        check("iot:Connection.Thing.Attributes[site]", None);
        check("iot:Connection.Thing.IsAttached", Some("true"));
        check("iot:Certificate.SerialNumber", Some("77"));
        check("iot:CertificateId", Some("ab"));
        check("iot:Certificate.Subject.CommonName", Some("pump"));
        check("iot:Certificate.Subject.OrganizationalUnit", Some("a"));
        check("iot:Certificate.Subject.OrganizationalUnit.1", Some("b"));
        check("iot:Certificate.Subject.OrganizationalUnit.2", None);
        check("iot:Certificate.Subject.OrganizationalUnit.List", None);
        check("iot:Thing.ThingName", None);
        check("iot:LastWillTopic", None);
    }

    #[test]
    fn values_that_could_act_as_wildcards_are_not_substituted() {
        let organization = subject().variable("iot:Certificate.Issuer.Organization", Place::Topic);
        assert_eq!(organization, Err(Unresolved::Special('*')));
        let hostile = Subject { client_id: Some("+".to_owned()), ..Subject::default() };
        let client = |subject: &Subject, place| subject.variable("iot:ClientId", place);
        assert_eq!(client(&hostile, Place::Topic), Err(Unresolved::Special('+')));
        assert_eq!(client(&hostile, Place::Resource).as_deref(), Ok("+"));
        let long = Subject { client_id: Some("x".repeat(1025)), ..Subject::default() };
        assert_eq!(client(&long, Place::Resource), Err(Unresolved::TooLong));
        let longest = Subject { client_id: Some("ä".repeat(1024)), ..Subject::default() };
        assert!(client(&longest, Place::Resource).is_ok());
    }

    #[test]
    fn special_characters_of_a_name_carry_a_backslash_in_conditions_only() {
        let mut subject = subject();
        subject.certificate.as_mut().unwrap().subject =
            vec![(NameField::Organization, r#"a,"b\c=d<e>f;g"#.to_owned())];
        let key = "iot:Certificate.Subject.Organization";
        let seen = subject.values(key, false).unwrap().for_conditions();
        assert_eq!(seen, [r#"a\,\"b\\c\=d\<e\>f\;g"#]);
        assert_eq!(subject.variable(key, Place::Condition).as_ref(), Ok(&seen[0]));
        assert_eq!(subject.variable(key, Place::Topic).as_deref(), Ok(r#"a,"b\c=d<e>f;g"#));
    }

    #[test]
    fn alternative_names_are_fields_like_the_others() {
        let mut subject = subject();
        subject.certificate.as_mut().unwrap().subject = vec![
            (NameField::DnsName, "a.example".to_owned()),
            (NameField::DnsName, "b.example".to_owned()),
        ];
        let value = |key: &str| subject.variable(key, Place::Topic);
        let key = "iot:Certificate.Subject.AlternativeName.DNSName";
        assert_eq!(value(key).as_deref(), Ok("a.example"));
        assert_eq!(value(&format!("{key}.1")).as_deref(), Ok("b.example"));
        assert_eq!(value(&format!("{key}.2")), Err(Unresolved::Absent));
        assert_eq!(value(&format!("{key}.List")), Err(Unresolved::Several));
        assert_eq!(
            value("iot:Certificate.Issuer.AlternativeName.DNSName"),
            Err(Unresolved::Absent)
        );
        let keys = subject.values("iot:Certificate.AvailableKeys", false).unwrap().values;
        assert_eq!(keys, ["Subject.AlternativeName.DNSName", "Issuer.Organization"]);
    }

    #[test]
    fn connect_attributes_exist_only_while_connecting() {
        let values = subject().values("iot:ConnectAttributes", true).unwrap().values;
        assert_eq!(values, ["PersistentConnect", "LastWill"]);
        assert_eq!(subject().values("iot:ConnectAttributes", false), None);
        assert_eq!(Subject::default().values("iot:ConnectAttributes", true), None);
    }

    #[test]
    fn the_reference_names_every_word_that_policies_may_use() {
        let page = include_str!("../../../../docs/reference/policies.md");
        let fields = NameField::ALL.iter().map(|field| field.as_str());
        let actions = crate::Action::ALL.iter().map(|action| action.name());
        let operators = crate::operator::OPERATORS.iter().map(|(name, ..)| *name);
        let keys = PLAIN_KEYS.iter().copied();
        for word in keys.chain(fields).chain(actions).chain(operators).chain(["Null"]) {
            assert!(page.contains(&format!("`{word}`")), "{word}");
        }
    }

    #[test]
    fn every_known_key_is_known() {
        for key in known_keys() {
            assert!(is_known_key(&key), "{key}");
        }
        assert!(is_known_key("iot:Certificate.Subject.Country.List"));
        assert!(!is_known_key("iot:Certificate.Subject.Country.9"));
        assert!(!is_known_key("aws:CurrentTime"));
    }
}
