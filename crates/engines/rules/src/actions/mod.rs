//! What a rule can do with its result. One file per action, one line in [`ALL`].

mod firehose;
mod republish;

use std::sync::Arc;

use async_trait::async_trait;
use picket_core::Timestamp;
use picket_iot_sql::{Emission, Input, SqlVersion};
use picket_ports::{Delivery, Message, Publish};

use crate::document::Members;

/// A type of action.
#[derive(Debug)]
pub struct ActionKind {
    /// The member that names it in a rule's document.
    pub name: &'static str,
    /// One sentence for whoever writes a rule.
    pub doc: &'static str,
    /// Reads the action's options; `None` and booked problems if they are wrong.
    pub(crate) parse: fn(&mut Members<'_>, SqlVersion) -> Option<Box<dyn Action>>,
}

/// Every type of action.
pub const ALL: &[ActionKind] = &[firehose::KIND, republish::KIND];

/// One action of one rule, ready to run.
#[async_trait]
pub(crate) trait Action: std::fmt::Debug + Send + Sync {
    /// Its type's name, as in [`ALL`].
    fn kind(&self) -> &'static str;

    /// The name that error documents give it.
    fn failed_action(&self) -> &'static str;

    /// Does it once.
    async fn run(&self, cx: &ActionCx<'_>) -> Result<(), ActionFailure>;
}

/// What an action works on and with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ActionCx<'a> {
    pub(crate) message: &'a Message,
    pub(crate) emission: &'a Emission,
    /// What templates see.
    pub(crate) input: &'a Input<'a>,
    pub(crate) delivery: &'a Arc<dyn Delivery>,
    /// Absent until the broker has been attached.
    pub(crate) publisher: Option<&'a Arc<dyn Publish>>,
    pub(crate) now: Timestamp,
}

/// Why an action did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActionFailure {
    /// The stream or topic.
    pub(crate) resource: String,
    pub(crate) message: String,
    pub(crate) remedy: Remedy,
}

/// What could make an action succeed that has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Trying again at once.
    Retry,
    /// The publisher trying again later, after somebody has put something right.
    Later,
    /// Nothing: this message will fail again.
    Nothing,
}
