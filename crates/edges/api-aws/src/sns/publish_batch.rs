//! `PublishBatch`.

use std::collections::BTreeSet;

use futures::future::join_all;
use http::Method;
use picket_wire_aws::{AwsCode, AwsError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::inputs::{MessageInput, list};
use crate::answer::Answer;
use crate::call::Call;
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "PublishBatch",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

const ENTRIES_MAX: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    topic_arn: String,
    #[serde(default, deserialize_with = "list")]
    publish_batch_request_entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EntryId {
    id: String,
}

/// An entry: its id, and the members of a message.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Entry(Value);

async fn run(call: Call) -> ApiResult {
    let Input { topic_arn, publish_batch_request_entries } = call.input()?;
    let entries: Vec<(String, MessageInput)> =
        publish_batch_request_entries.into_iter().map(Entry::read).collect::<ApiResult<_>>()?;
    check_ids(&entries)?;
    let bytes_max = call.notify().message_bytes_max(&topic_arn)?;
    let bytes: usize = entries.iter().map(|(_, message)| message.bytes()).sum();
    if bytes > bytes_max {
        let text = format!("the batch has {bytes} bytes; the topic takes {bytes_max}");
        return Err(AwsError::new(AwsCode::BatchRequestTooLong, text).into());
    }
    let publishing = entries.into_iter().map(|(id, message)| async {
        let published = match message.into_publication() {
            Ok(publication) => {
                call.notify().publish(&topic_arn, publication).await.map_err(ApiError::from)
            }
            Err(error) => Err(error),
        };
        (id, published)
    });
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, published) in join_all(publishing).await {
        match published {
            Ok(message_id) => successful.push(json!({ "Id": id, "MessageId": message_id })),
            Err(error) => failed.push(failure(&call, &id, error)),
        }
    }
    Ok(Answer::json(json!({ "Successful": successful, "Failed": failed })))
}

fn failure(call: &Call, id: &str, error: ApiError) -> Value {
    let error = match error {
        ApiError::Aws(error) => error,
        ApiError::Control(error) => (call.service.faults)(error),
    };
    json!({
        "Id": id,
        "Code": error.code.as_str(),
        "Message": error.message,
        "SenderFault": error.code.status() < 500,
    })
}

fn check_ids(entries: &[(String, MessageInput)]) -> ApiResult<()> {
    let refuse = |code: AwsCode, text: &str| Err(ApiError::from(AwsError::new(code, text)));
    if entries.is_empty() {
        return refuse(AwsCode::EmptyBatchRequest, "the batch has no entries");
    }
    if entries.len() > ENTRIES_MAX {
        return refuse(
            AwsCode::TooManyEntriesInBatchRequest,
            "the batch has more entries than the 10 that are possible",
        );
    }
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut seen = BTreeSet::new();
    for (id, _) in entries {
        if id.is_empty() || id.len() > 80 || !id.chars().all(valid) {
            return refuse(
                AwsCode::InvalidBatchEntryId,
                "an entry's id must be 1 to 80 letters, digits, - and _",
            );
        }
        if !seen.insert(id.as_str()) {
            return refuse(AwsCode::BatchEntryIdsNotDistinct, "two entries have the same id");
        }
    }
    Ok(())
}

impl Entry {
    fn read(self) -> ApiResult<(String, MessageInput)> {
        let bad = |error: serde_json::Error| {
            ApiError::invalid(format!("Invalid parameter: PublishBatchRequestEntries: {error}"))
        };
        let EntryId { id } = EntryId::deserialize(&self.0).map_err(bad)?;
        Ok((id, serde_json::from_value(self.0).map_err(bad)?))
    }
}
