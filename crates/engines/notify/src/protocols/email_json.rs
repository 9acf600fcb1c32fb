//! `email-json`: a mail for programs; its text is what HTTP receivers get.

use async_trait::async_trait;

use super::{Parcel, Protocol, email, signed};
use crate::message::Purpose;
use crate::retry::RetryPlan;
use crate::ways::{Failure, Ways};

/// AWS's protocol for programs that read mail.
#[derive(Debug)]
pub(super) struct EmailJson;

#[async_trait]
impl Protocol for EmailJson {
    fn name(&self) -> &'static str {
        "email-json"
    }

    fn asks_receiver(&self) -> bool {
        true
    }

    fn check(&self, ways: &Ways, endpoint: &str) -> Result<(), String> {
        email::check(ways, endpoint)
    }

    fn plan(&self) -> RetryPlan {
        RetryPlan::PATIENT
    }

    async fn deliver(&self, ways: &Ways, parcel: &Parcel<'_>) -> Result<(), Failure> {
        let subject = match &parcel.message.purpose {
            Purpose::Notification => email::subject_of(parcel),
            Purpose::Confirmation { .. } => "Confirm your subscription",
            Purpose::Farewell { .. } => return Ok(()),
        };
        let body = signed::body(ways, parcel).await?;
        email::send(ways, parcel, subject, body).await
    }
}
