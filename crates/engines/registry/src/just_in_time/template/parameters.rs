//! `Parameters`: what a template takes from the certificate.

use std::collections::BTreeMap;

use picket_pki::{CertificateNames, Registrable};
use serde_json::Value;

use super::TemplateError;
use super::section::{Section, unknown};

/// Where a parameter's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The certificate's id.
    Id,
    /// The first value of the subject under the word policies use for it.
    Subject(&'static str),
}

const OF_CERTIFICATE: [(&str, Source); 8] = [
    ("AWS::IoT::Certificate::Country", Source::Subject("Country")),
    ("AWS::IoT::Certificate::Organization", Source::Subject("Organization")),
    ("AWS::IoT::Certificate::OrganizationalUnit", Source::Subject("OrganizationalUnit")),
    (
        "AWS::IoT::Certificate::DistinguishedNameQualifier",
        Source::Subject("DistinguishedNameQualifier"),
    ),
    ("AWS::IoT::Certificate::StateName", Source::Subject("State")),
    ("AWS::IoT::Certificate::CommonName", Source::Subject("CommonName")),
    ("AWS::IoT::Certificate::SerialNumber", Source::Subject("SerialNumber")),
    (CERTIFICATE_ID, Source::Id),
];

/// The parameter with the certificate's own id.
pub(super) const CERTIFICATE_ID: &str = "AWS::IoT::Certificate::Id";

/// The declared parameters, each with its default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parameters(BTreeMap<String, Option<String>>);

/// The parameters' values for one certificate.
pub(super) type Values = BTreeMap<String, String>;

impl Parameters {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, TemplateError> {
        let mut parameters = BTreeMap::new();
        for (name, declaration) in section.members() {
            let declared = Section::new(declaration, section.path(name))?;
            declared.allow(&["Type", "Default"])?;
            if declared.required("Type")? != "String" {
                return Err(declared.problem("Type", "must be `String`"));
            }
            let default = match declared.optional("Default") {
                None => None,
                Some(Value::String(text)) => Some(text.clone()),
                Some(_) => return Err(declared.problem("Default", "must be a text")),
            };
            if source(name).is_none() && default.is_none() {
                let problem = match name.starts_with("AWS::") {
                    true => unknown(name, &OF_CERTIFICATE.map(|(name, _)| name)),
                    false => {
                        "has no value: nothing but the certificate is known when it comes, so it \
                         needs a `Default`"
                            .to_owned()
                    }
                };
                return Err(section.problem(name, problem));
            }
            parameters.insert(name.clone(), default);
        }
        Ok(Self(parameters))
    }

    /// Why `name` cannot be referred to, if it cannot.
    pub(super) fn problem_with(&self, name: &str) -> Option<String> {
        if self.0.contains_key(name) {
            return None;
        }
        if source(name).is_some() {
            return Some(format!("refers to `{name}`, which `Parameters` does not declare"));
        }
        let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
        let name = crate::checked::shown(name);
        Some(format!("refers to `{name}`, which {}", unknown(&name, &known)))
    }

    /// The values for one certificate. Every declared parameter has one, or the certificate is not the
    /// kind the template is for.
    pub(super) fn values(&self, certificate: &Registrable) -> Result<Values, TemplateError> {
        let names = CertificateNames::read(&certificate.der).unwrap_or_default();
        let mut values = Values::new();
        for (name, default) in &self.0 {
            let from_certificate = match source(name) {
                Some(Source::Id) => Some(certificate.facts.id.as_str()),
                Some(Source::Subject(word)) => names.of_subject(word),
                None => None,
            };
            let value = from_certificate.or(default.as_deref());
            let value = value.ok_or_else(|| TemplateError::NoValue(name.clone()))?;
            values.insert(name.clone(), value.to_owned());
        }
        Ok(values)
    }
}

fn source(name: &str) -> Option<Source> {
    OF_CERTIFICATE.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
}
