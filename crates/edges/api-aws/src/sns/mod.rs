//! `sns`: notification topics (spec delivery §3).

mod confirm_subscription;
mod create_topic;
mod delete_topic;
mod get_subscription_attributes;
mod get_topic_attributes;
mod inputs;
mod link;
mod list_subscriptions;
mod list_subscriptions_by_topic;
mod list_tags_for_resource;
mod list_topics;
mod paging;
mod publish;
mod publish_batch;
mod rendering;
mod set_subscription_attributes;
mod set_topic_attributes;
mod subscribe;
mod tag_resource;
mod unsubscribe;
mod untag_resource;

use picket_notify::NotifyEngine;
use picket_wire_aws::Protocol;

use crate::call::Call;
use crate::operation::{Operation, Service};

pub(crate) use link::Link;

pub(crate) static SERVICE: Service = Service {
    name: "sns",
    protocol: Protocol::Query,
    signing_names: &["sns"],
    target_prefix: None,
    faults: crate::fault::for_sns,
    namespace: Some("http://sns.amazonaws.com/doc/2010-03-31/"),
    operations: &[OPERATIONS],
    model: include_str!("../models/sns.txt"),
};

static OPERATIONS: &[&Operation] = &[
    &confirm_subscription::OPERATION,
    &create_topic::OPERATION,
    &delete_topic::OPERATION,
    &get_subscription_attributes::OPERATION,
    &get_topic_attributes::OPERATION,
    &list_subscriptions::OPERATION,
    &list_subscriptions_by_topic::OPERATION,
    &list_tags_for_resource::OPERATION,
    &list_topics::OPERATION,
    &publish::OPERATION,
    &publish_batch::OPERATION,
    &set_subscription_attributes::OPERATION,
    &set_topic_attributes::OPERATION,
    &subscribe::OPERATION,
    &tag_resource::OPERATION,
    &unsubscribe::OPERATION,
    &untag_resource::OPERATION,
];

impl Call {
    /// The notification topics.
    fn notify(&self) -> &NotifyEngine {
        &self.shared.deps.notify
    }
}
