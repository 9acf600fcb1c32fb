//! `CreateDimension`.

use picket_ports::RegistryError;

use super::stored::{self, Record};
use super::{Dimension, KIND, TOPIC_FILTER, failure};
use crate::checked::{ENTRY_NAME, REQUEST_TOKEN};
use crate::security_profiles::PROFILES_LOCK;
use crate::{ControlError, ControlPlane};

/// A dimension to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDimension {
    /// Its name.
    pub name: String,
    /// `TOPIC_FILTER`.
    pub dimension_type: String,
    /// The filters, 1 to 100.
    pub values: Vec<String>,
    /// Tells a repeated request from another one. Without it every repetition is another one.
    pub client_request_token: Option<String>,
}

impl NewDimension {
    /// Topic filters under a name.
    pub fn topic_filter(name: impl Into<String>, values: Vec<String>) -> Self {
        let dimension_type = TOPIC_FILTER.to_owned();
        Self { name: name.into(), dimension_type, values, client_request_token: None }
    }
}

impl ControlPlane {
    /// `CreateDimension`. The same request with the same token finds what it made; any other for a name
    /// that is taken is refused.
    pub async fn create_dimension(
        &self,
        new: NewDimension,
        tags: &[(String, String)],
    ) -> Result<Dimension, ControlError> {
        let NewDimension { name, dimension_type, values, client_request_token } = new;
        ENTRY_NAME.check("name", &name)?;
        client_request_token
            .iter()
            .try_for_each(|token| REQUEST_TOKEN.check("clientRequestToken", token))?;
        self.check_first_tags(tags)?;
        let record = Record { dimension_type, string_values: values, client_request_token };
        let body = record.checked_body(&name)?;
        let _held = self.locks.hold(&[PROFILES_LOCK]).await;
        let registry = &self.parts.registry;
        match registry.document(KIND, &name).await {
            Ok(document) => return self.same_dimension(&record, stored::read(document)?),
            Err(RegistryError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.check_dimension_count().await?;
        self.set_first_tags(&self.dimension_arn(&name), tags).await?;
        match registry.create_document(KIND, &name, &body, self.parts.clock.now()).await {
            Ok(document) => Ok(stored::read(document)?.dimension),
            // Another process was faster.
            Err(RegistryError::AlreadyExists { .. }) => {
                let found = registry.document(KIND, &name).await;
                self.same_dimension(&record, stored::read(found.map_err(|it| failure(it, &name))?)?)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn check_dimension_count(&self) -> Result<(), ControlError> {
        let count_max = self.parts.limits.dimensions_max;
        let count = self.parts.registry.document_count(KIND).await?;
        if usize::try_from(count).is_ok_and(|count| count < count_max) {
            return Ok(());
        }
        Err(ControlError::LimitExceeded(format!(
            "there are {count} dimensions; at most {count_max} are allowed"
        )))
    }

    fn same_dimension(
        &self,
        wanted: &Record,
        there: stored::Stored,
    ) -> Result<Dimension, ControlError> {
        if wanted.client_request_token.is_some() && *wanted == there.record {
            return Ok(there.dimension);
        }
        let name = there.dimension.name;
        let arn = self.dimension_arn(&name);
        Err(ControlError::AlreadyExists { kind: "dimension", id: name.clone(), name, arn })
    }
}
