//! Invoking a function for records, in bounded pieces, several at a time.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use picket_core::Clock;

use super::lambda::{self, Verdict};
use super::{Functions, InvokeError, Sourced};
use crate::backup::lines::Cause;
use crate::batch::Outcome;
use crate::document::FunctionStep;
use crate::record::RecordNames;

/// Invocations of one stream at a time; Firehose's limit towards Splunk.
const INVOCATIONS_MAX: usize = 10;

/// What an invocation needs beside the records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FunctionCx<'a> {
    /// Who runs functions; nobody, as long as there is no functions engine.
    pub(crate) functions: Option<&'a dyn Functions>,
    pub(crate) step: &'a FunctionStep,
    pub(crate) stream_arn: &'a str,
    pub(crate) region: &'a str,
    pub(crate) names: RecordNames,
    pub(crate) clock: &'a dyn Clock,
    /// Pause before the first repetition.
    pub(crate) backoff: Duration,
}

/// What became of each of `records`, in their order.
pub(crate) async fn run_function(cx: FunctionCx<'_>, records: &[Sourced]) -> Vec<Outcome> {
    let pieces = pieces_of(records, cx.step.buffer_bytes);
    // Boxed: the compiler cannot see that a closure that borrows its argument fits every lifetime.
    let runs: Vec<BoxFuture<'_, Vec<Outcome>>> =
        pieces.into_iter().map(|piece| invoke_piece(cx, piece).boxed()).collect();
    futures::stream::iter(runs).buffered(INVOCATIONS_MAX).collect::<Vec<_>>().await.concat()
}

/// Cuts `records` so that no piece has more than `bytes_max` bytes, unless a record alone has.
fn pieces_of(records: &[Sourced], bytes_max: usize) -> Vec<&[Sourced]> {
    let mut pieces = Vec::new();
    let mut rest = records;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take_while(|sourced| {
            bytes += sourced.record.data.len();
            bytes <= bytes_max
        });
        let (piece, after) = rest.split_at(fitting.count().max(1));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

async fn invoke_piece(cx: FunctionCx<'_>, records: &[Sourced]) -> Vec<Outcome> {
    let mut attempts = 0;
    let result = loop {
        attempts += 1;
        match invoke_once(cx, records).await {
            Err((error @ (InvokeError::Failed(_) | InvokeError::Throttled(_)), _))
                if attempts <= cx.step.retries =>
            {
                tracing::info!(function = %cx.step.arn, attempts, %error, "the invocation is repeated");
                let doubled = cx.backoff.saturating_mul(1 << (attempts - 1).min(5));
                tokio::time::sleep(crate::hec::jittered(doubled)).await;
            }
            result => break result,
        }
    };
    let ended = cx.clock.now();
    let failed =
        |code, message, attempts| Outcome::Failed(Cause { code, message, attempts, ended });
    match result {
        Ok(verdicts) => verdicts
            .into_iter()
            .map(|verdict| match verdict {
                Verdict::Data(data) => Outcome::Data(data),
                Verdict::Dropped => Outcome::Dropped,
                Verdict::Failed(code, message) => failed(code, message, 1),
            })
            .collect(),
        Err((error, code)) => {
            tracing::warn!(function = %cx.step.arn, records = records.len(), %error, "records could not be transformed");
            records.iter().map(|_| failed(code, error.to_string(), attempts)).collect()
        }
    }
}

async fn invoke_once(
    cx: FunctionCx<'_>,
    records: &[Sourced],
) -> Result<Vec<Verdict>, (InvokeError, &'static str)> {
    let coded = |error: InvokeError| {
        let code = match &error {
            InvokeError::NotFound(_) => "Lambda.ResourceNotFound",
            InvokeError::Failed(_) => "Lambda.FunctionError",
            InvokeError::Throttled(_) => "Lambda.InvokeLimitExceeded",
        };
        (error, code)
    };
    let functions =
        cx.functions.ok_or_else(|| coded(InvokeError::NotFound(cx.step.arn.clone())))?;
    let event = lambda::write_event(cx.stream_arn, cx.region, cx.names, records)
        .map_err(|error| coded(InvokeError::Failed(error.to_string())))?;
    let answer = functions.invoke(&cx.step.arn, event).await.map_err(coded)?;
    let ids: Vec<String> = records.iter().map(|it| cx.names.record_id(it.sequence)).collect();
    Ok(lambda::read_answer(&answer, &ids))
}
