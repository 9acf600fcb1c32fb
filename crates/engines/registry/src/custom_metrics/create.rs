//! `CreateCustomMetric`.

use picket_ports::RegistryError;

use super::stored::{self, Record};
use super::{CustomMetric, DISPLAY_NAME, KIND, failure};
use crate::checked::{ENTRY_NAME, REQUEST_TOKEN};
use crate::security_profiles::{PROFILES_LOCK, problem_message};
use crate::{ControlError, ControlPlane};

/// A custom metric to be created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewCustomMetric {
    /// Its name.
    pub name: String,
    /// `number`, `number-list`, `string-list` or `ip-address-list`.
    pub metric_type: String,
    /// Its name for people.
    pub display_name: Option<String>,
    /// Tells a repeated request from another one. Without it every repetition is another one.
    pub client_request_token: Option<String>,
}

impl ControlPlane {
    /// `CreateCustomMetric`. The same request with the same token finds what it made; any other for a
    /// name that is taken is refused.
    pub async fn create_custom_metric(
        &self,
        new: NewCustomMetric,
        tags: &[(String, String)],
    ) -> Result<CustomMetric, ControlError> {
        let NewCustomMetric { name, metric_type, display_name, client_request_token } = new;
        ENTRY_NAME.check("metricName", &name)?;
        display_name.iter().try_for_each(|text| DISPLAY_NAME.check("displayName", text))?;
        client_request_token
            .iter()
            .try_for_each(|token| REQUEST_TOKEN.check("clientRequestToken", token))?;
        self.check_first_tags(tags)?;
        let display_name = display_name.filter(|text| !text.is_empty());
        let record = Record { metric_type, display_name, client_request_token };
        let body = record.body()?;
        if let Err(problems) = picket_profile::parse_custom_metric(&name, &body) {
            return Err(ControlError::Invalid(problem_message(&problems)));
        }
        let _held = self.locks.hold(&[PROFILES_LOCK]).await;
        let registry = &self.parts.registry;
        match registry.document(KIND, &name).await {
            Ok(document) => return self.same_metric(&record, stored::read(document)?),
            Err(RegistryError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.check_metric_count().await?;
        self.set_first_tags(&self.custom_metric_arn(&name), tags).await?;
        match registry.create_document(KIND, &name, &body, self.parts.clock.now()).await {
            Ok(document) => Ok(stored::read(document)?.metric),
            // Another process was faster.
            Err(RegistryError::AlreadyExists { .. }) => {
                let found = registry.document(KIND, &name).await;
                self.same_metric(&record, stored::read(found.map_err(|it| failure(it, &name))?)?)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn check_metric_count(&self) -> Result<(), ControlError> {
        let count_max = self.parts.limits.custom_metrics_max;
        let count = self.parts.registry.document_count(KIND).await?;
        if usize::try_from(count).is_ok_and(|count| count < count_max) {
            return Ok(());
        }
        Err(ControlError::LimitExceeded(format!(
            "there are {count} custom metrics; at most {count_max} are allowed"
        )))
    }

    fn same_metric(
        &self,
        wanted: &Record,
        there: stored::Stored,
    ) -> Result<CustomMetric, ControlError> {
        if wanted.client_request_token.is_some() && *wanted == there.record {
            return Ok(there.metric);
        }
        let name = there.metric.name;
        let arn = self.custom_metric_arn(&name);
        Err(ControlError::AlreadyExists { kind: "custom metric", id: name.clone(), name, arn })
    }
}
