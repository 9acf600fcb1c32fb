//! `email`: a mail for people.

use async_trait::async_trait;

use super::{Parcel, Protocol, confirm_url, unsubscribe_url};
use crate::mailer::{Letter, check_address};
use crate::message::Purpose;
use crate::retry::RetryPlan;
use crate::ways::{Failure, Ways};

const NO_SERVER: &str =
    "there is no mail server: set host and from in the section [notify.smtp] of the configuration";

/// AWS's protocol for people.
#[derive(Debug)]
pub(super) struct Email;

#[async_trait]
impl Protocol for Email {
    fn name(&self) -> &'static str {
        "email"
    }

    fn asks_receiver(&self) -> bool {
        true
    }

    fn check(&self, ways: &Ways, endpoint: &str) -> Result<(), String> {
        check(ways, endpoint)
    }

    fn plan(&self) -> RetryPlan {
        RetryPlan::PATIENT
    }

    async fn deliver(&self, ways: &Ways, parcel: &Parcel<'_>) -> Result<(), Failure> {
        let Parcel { topic, subscription, message, .. } = *parcel;
        let (subject, text) = match &message.purpose {
            Purpose::Notification => {
                let (subject, text) = match &message.mail {
                    Some((subject, text)) => (subject.as_str(), text.as_str()),
                    None => (subject_of(parcel), parcel.text()),
                };
                let leave = unsubscribe_url(ways, subscription);
                (subject, format!("{text}\n\n-- \nTo stop getting these mails, open {leave}\n"))
            }
            Purpose::Confirmation { token } => {
                let confirm = confirm_url(ways, topic, token);
                let text = format!(
                    "This address was subscribed to the topic\n{}\n\nTo confirm, open\n{confirm}\n\n\
                     If you did not ask for this, do nothing: no more mails will come.\n",
                    topic.arn
                );
                ("Confirm your subscription", text)
            }
            // People are not told that they have just left.
            Purpose::Farewell { .. } => return Ok(()),
        };
        send(ways, parcel, subject, text).await
    }
}

pub(super) fn check(ways: &Ways, endpoint: &str) -> Result<(), String> {
    if ways.mailer.is_none() {
        return Err(NO_SERVER.to_owned());
    }
    check_address(endpoint)
}

/// The subject of a mail whose message has none.
pub(super) fn subject_of<'a>(parcel: &Parcel<'a>) -> &'a str {
    parcel.message.subject.as_deref().unwrap_or("Notification from Picket")
}

pub(super) async fn send(
    ways: &Ways,
    parcel: &Parcel<'_>,
    subject: &str,
    text: String,
) -> Result<(), Failure> {
    let Some(mailer) = &ways.mailer else {
        return Err(Failure::lasting("no_mail_server", NO_SERVER));
    };
    let from_name = parcel.topic.attribute("DisplayName").filter(|name| !name.is_empty());
    let to = parcel.subscription.document.endpoint.as_str();
    mailer.send(Letter { to, from_name, subject, text, id: &parcel.message.id }).await
}
