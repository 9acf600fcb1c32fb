//! Running a stream's transform over records: none, a native one, or a function.

mod invoke;
pub(crate) mod lambda;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use picket_core::Timestamp;
use picket_ports::Record;
use picket_transform::NativeTransform;

use crate::backup::lines::Cause;
use crate::batch::{Assembler, Incoming};
use crate::document::FunctionStep;
use crate::record::RecordNames;

pub(crate) use invoke::{FunctionCx, run_function};

/// Records below this size in all are transformed on the spot, more on a thread for such work.
const INLINE_BYTES_MAX: usize = 16 * 1024;

/// Runs functions by their ARN. Given to the engine by whoever has a functions engine.
#[async_trait]
pub trait Functions: std::fmt::Debug + Send + Sync {
    /// Invokes the function with `event` (Firehose's transformation event, JSON) and waits for its
    /// answer.
    async fn invoke(&self, function_arn: &str, event: Bytes) -> Result<Bytes, InvokeError>;
}

/// Why an invocation gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// There is no such function. Trying again is pointless.
    #[error("function `{0}` does not exist")]
    NotFound(String),
    /// The function failed: an exception, its time limit, or its end. It is tried again.
    #[error("the function failed: {0}")]
    Failed(String),
    /// Too many invocations run already. It is tried again.
    #[error("the function cannot be invoked at the moment: {0}")]
    Throttled(String),
}

/// What a stream does with its records.
#[derive(Debug, Clone)]
pub(crate) enum Transform {
    /// Hands them on as they are.
    None,
    /// A built-in function, and the name it was asked for by.
    Native(Arc<NativeTransform>, FunctionStep),
    /// A function of the functions engine.
    Function(FunctionStep),
}

impl Transform {
    /// The ARN for the lines of records that could not be transformed.
    pub(crate) fn arn(&self) -> &str {
        match self {
            Self::None => "",
            Self::Native(_, step) | Self::Function(step) => &step.arn,
        }
    }
}

/// A record with its place in the log.
#[derive(Debug, Clone)]
pub(crate) struct Sourced {
    pub(crate) sequence: u64,
    pub(crate) record: Record,
}

impl Sourced {
    pub(crate) const fn incoming(&self) -> Incoming<'_> {
        Incoming { sequence: self.sequence, arrived: self.record.arrived, data: &self.record.data }
    }
}

/// The transform of [`run_local`].
#[derive(Debug, Clone)]
pub(crate) struct Local {
    /// None hands records on as they are.
    pub(crate) native: Option<Arc<NativeTransform>>,
    pub(crate) names: RecordNames,
    pub(crate) now: Timestamp,
}

/// Transforms `records` without waiting for anybody and adds them to `assembler`, which is given back.
pub(crate) async fn run_local(
    local: Local,
    records: Vec<Sourced>,
    mut assembler: Assembler,
) -> Result<Assembler, tokio::task::JoinError> {
    let bytes: usize = records.iter().map(|sourced| sourced.record.data.len()).sum();
    let work = move || {
        for sourced in &records {
            assembler.write(sourced.incoming(), |body| local.append(sourced, body));
        }
        assembler
    };
    if bytes <= INLINE_BYTES_MAX { Ok(work()) } else { tokio::task::spawn_blocking(work).await }
}

impl Local {
    fn append(&self, sourced: &Sourced, body: &mut Vec<u8>) -> Result<(), Cause> {
        let Record { data, traces, .. } = &sourced.record;
        let Some(native) = &self.native else {
            body.extend_from_slice(data);
            return Ok(());
        };
        let record_id = || self.names.record_id(sourced.sequence);
        // A record fails alone here. The seed function loses those behind it in its batch as well; that
        // is an accident nobody relies on.
        let written = native.transform_named(data, traces, &record_id, body);
        written.map(drop).map_err(|error| Cause {
            code: "Lambda.ProcessingFailedStatus",
            message: error.to_string(),
            attempts: 1,
            ended: self.now,
        })
    }
}
