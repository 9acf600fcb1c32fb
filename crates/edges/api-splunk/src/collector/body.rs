//! Reading a request's body within limits of size, memory and time.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use hyper::{HeaderMap, Request};
use picket_wire_hec::ReplyCode;
use picket_wire_hec::compression::{self, UnpackError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that one permit of the memory budget stands for.
const PERMIT_BYTES: usize = 1024;

/// How many times larger than its packed form a body usually is, at most.
const USUAL_RATIO: usize = 10;

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// Larger than allowed: 413.
    TooLarge,
    /// An encoding we do not know: 415.
    UnknownEncoding,
    /// A HEC answer.
    Code(ReplyCode),
    /// The sender went away or took too long: 408.
    Incomplete,
}

/// The memory all bodies share.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Arc<Semaphore>);

impl Budget {
    /// A budget of `bytes_max`.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes_max / PERMIT_BYTES).min(Semaphore::MAX_PERMITS))))
    }

    /// Whether nothing is left.
    pub(crate) fn is_used_up(&self) -> bool {
        self.0.available_permits() == 0
    }

    /// Takes `bytes` out; `None` if that much is not left.
    fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let permits = u32::try_from(bytes.div_ceil(PERMIT_BYTES)).ok()?;
        self.0.clone().try_acquire_many_owned(permits).ok()
    }
}

/// A body in memory, and its share of the budget, given back when this is dropped.
#[derive(Debug)]
pub(crate) struct HeldBody {
    pub(crate) bytes: Bytes,
    _shares: Vec<OwnedSemaphorePermit>,
}

/// How a body is read.
#[derive(Debug, Clone)]
pub(crate) struct BodyReader {
    pub(crate) bytes_max: usize,
    pub(crate) timeout: Duration,
    pub(crate) budget: Budget,
}

impl BodyReader {
    /// Whether the declared length is within the limit.
    pub(crate) fn check_length(&self, headers: &HeaderMap) -> Result<(), BodyError> {
        let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let declared = declared.and_then(|value| value.trim().parse::<usize>().ok());
        match declared {
            Some(length) if length > self.bytes_max => Err(BodyError::TooLarge),
            _ => Ok(()),
        }
    }

    /// Reads and unpacks the body.
    pub(crate) async fn read(&self, request: Request<Incoming>) -> Result<HeldBody, BodyError> {
        let packed = is_packed(request.headers())?;
        let reading = self.collect(request.into_body());
        let body = tokio::time::timeout(self.timeout, reading)
            .await
            .map_err(|_| BodyError::Incomplete)??;
        if packed && !body.bytes.is_empty() { self.unpack(body).await } else { Ok(body) }
    }

    async fn collect(&self, mut incoming: Incoming) -> Result<HeldBody, BodyError> {
        let busy = BodyError::Code(ReplyCode::Busy);
        let declared = incoming.size_hint().exact().and_then(|size| usize::try_from(size).ok());
        let mut held = declared.unwrap_or(PERMIT_BYTES);
        let mut shares = vec![self.budget.take(held).ok_or(busy)?];
        let mut bytes = BytesMut::with_capacity(held.min(self.bytes_max));
        while let Some(frame) = incoming.frame().await {
            let Ok(data) = frame.map_err(|_| BodyError::Incomplete)?.into_data() else { continue };
            let size = bytes.len() + data.len();
            if size > self.bytes_max {
                return Err(BodyError::TooLarge);
            }
            if size > held {
                // Growing by halves keeps the number of shares small.
                let more = (size - held).max(held / 2);
                shares.push(self.budget.take(more).ok_or(busy)?);
                held += more;
            }
            bytes.extend_from_slice(&data);
        }
        Ok(HeldBody { bytes: bytes.freeze(), _shares: shares })
    }

    /// Unpacks within the share of a usual body; what is packed tighter than that takes a whole body's
    /// share first, so that bodies that swell cannot take more memory than there is.
    async fn unpack(&self, body: HeldBody) -> Result<HeldBody, BodyError> {
        let usual = body.bytes.len().saturating_mul(USUAL_RATIO).min(self.bytes_max);
        match self.unpack_within(&body, usual).await {
            Err(BodyError::TooLarge) if usual < self.bytes_max => {
                self.unpack_within(&body, self.bytes_max).await
            }
            unpacked => unpacked,
        }
    }

    /// Unpacks on a thread where it may take its time.
    async fn unpack_within(
        &self,
        body: &HeldBody,
        bytes_max: usize,
    ) -> Result<HeldBody, BodyError> {
        let share = self.budget.take(bytes_max).ok_or(BodyError::Code(ReplyCode::Busy))?;
        let packed = body.bytes.clone();
        let unpacking =
            tokio::task::spawn_blocking(move || compression::unpack(&packed, bytes_max));
        match unpacking.await {
            Ok(Ok(bytes)) => Ok(HeldBody { bytes: Bytes::from(bytes), _shares: vec![share] }),
            Ok(Err(UnpackError::TooLarge)) => Err(BodyError::TooLarge),
            Ok(Err(UnpackError::Damaged)) => Err(BodyError::Code(ReplyCode::InvalidDataFormat)),
            Err(_) => Err(BodyError::Code(ReplyCode::InternalError)),
        }
    }
}

/// Whether the body is gzip; an error for any other encoding.
fn is_packed(headers: &HeaderMap) -> Result<bool, BodyError> {
    let Some(encoding) = headers.get(CONTENT_ENCODING) else { return Ok(false) };
    let encoding = encoding.to_str().map_err(|_| BodyError::UnknownEncoding)?.trim();
    if encoding.eq_ignore_ascii_case("gzip") || encoding.eq_ignore_ascii_case("x-gzip") {
        Ok(true)
    } else if encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") {
        Ok(false)
    } else {
        Err(BodyError::UnknownEncoding)
    }
}
