//! `firehose`: the result becomes a record of a delivery stream.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use picket_iot_sql::{SqlVersion, Template};
use picket_ports::{DeliveryError, Record};

use super::{Action, ActionCx, ActionFailure, ActionKind, Remedy};
use crate::document::Members;

/// Most records of one call in batch mode.
const BATCH_RECORDS_MAX: usize = 500;

pub(super) const KIND: ActionKind = ActionKind {
    name: "firehose",
    doc: "Puts the result into a delivery stream, one record per message, or one per element of \
          an array in batch mode.",
    parse,
};

#[derive(Debug)]
struct Firehose {
    stream: Template,
    separator: &'static str,
    batch_mode: bool,
}

fn parse(members: &mut Members<'_>, version: SqlVersion) -> Option<Box<dyn Action>> {
    members.only(&["roleArn", "deliveryStreamName", "separator", "batchMode"]);
    // Actions run as the engine itself; the role is stored with the rule and has no effect here.
    members.text("roleArn");
    let name = members.required_text("deliveryStreamName");
    let stream = name.and_then(|name| members.parse_template("deliveryStreamName", name, version));
    let separator = match members.text("separator") {
        None => "",
        Some("\n") => "\n",
        Some("\t") => "\t",
        Some("\r\n") => "\r\n",
        Some(",") => ",",
        Some(_) => {
            members.problem("separator", "it must be \"\\n\", \"\\t\", \"\\r\\n\" or \",\"");
            ""
        }
    };
    let batch_mode = members.boolean("batchMode");
    Some(Box::new(Firehose { stream: stream?, separator, batch_mode }))
}

#[async_trait]
impl Action for Firehose {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn failed_action(&self) -> &'static str {
        "FirehoseAction"
    }

    async fn run(&self, cx: &ActionCx<'_>) -> Result<(), ActionFailure> {
        let stream = self.stream.render(cx.input);
        let failure = |error: DeliveryError| {
            let remedy = match error {
                DeliveryError::Unavailable { .. } => Remedy::Retry,
                DeliveryError::NoSuchStream(_) => Remedy::Later,
                DeliveryError::TooLarge { .. } => Remedy::Nothing,
            };
            ActionFailure { resource: stream.to_string(), message: error.to_string(), remedy }
        };
        let elements = if self.batch_mode { cx.emission.elements() } else { None };
        let Some(elements) = elements else {
            let record = self.record(cx, cx.emission.bytes.clone());
            cx.delivery.put(&stream, vec![record]).await.map_err(failure)?;
            return Ok(());
        };
        for batch in elements.chunks(BATCH_RECORDS_MAX) {
            let records = batch.iter().map(|data| self.record(cx, data.clone())).collect();
            cx.delivery.put(&stream, records).await.map_err(failure)?;
        }
        Ok(())
    }
}

impl Firehose {
    /// The record keeps the message's traces in their order, also when the statement has reshaped the
    /// payload: the facts in it still come from there.
    fn record(&self, cx: &ActionCx<'_>, data: Bytes) -> Record {
        let data = if self.separator.is_empty() {
            data
        } else {
            let mut joined = BytesMut::with_capacity(data.len() + self.separator.len());
            joined.extend_from_slice(&data);
            joined.extend_from_slice(self.separator.as_bytes());
            joined.freeze()
        };
        Record { data, arrived: cx.message.arrived, traces: cx.message.traces.to_vec() }
    }
}
