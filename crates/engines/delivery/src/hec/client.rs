//! Requests to one collector, and the task that asks it for acknowledgements.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use picket_core::{Secret, Tasks};
use picket_outbound::Resolver;
use picket_wire_hec::reply::ReplyBody;
use picket_wire_hec::route::CHANNEL_HEADER;
use picket_wire_hec::{Channel, EndpointKind, Endpoints, ReplyCode, ack, compression};
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER,
};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::channel::{Acknowledged, ChannelBook, Sending};
use super::classify::{self, HecFailure};
use crate::config::DeliveryConfig;

/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Connections that were idle for longer are not used again: Splunk closes them after 12 s, and a request
/// that meets the closing has to be sent twice.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// What a client needs to know.
pub(crate) struct HecOptions<'a> {
    pub(crate) config: &'a DeliveryConfig,
    pub(crate) tls: rustls::ClientConfig,
    pub(crate) url: String,
    pub(crate) resolver: Resolver,
    pub(crate) kind: EndpointKind,
    pub(crate) token: Secret,
    pub(crate) channel: Channel,
}

/// A client that could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up: {0}")]
pub(crate) struct ClientError(String);

/// The client of one stream.
#[derive(Debug)]
pub(crate) struct HecClient {
    core: Arc<Core>,
    _polling: DropGuard,
}

#[derive(Debug)]
struct Core {
    http: reqwest::Client,
    endpoints: Endpoints,
    kind: EndpointKind,
    headers: HeaderMap,
    gzip_level: u32,
    require_acks: bool,
    /// The collector has accepted a body without giving an id.
    unconfirmed: AtomicBool,
    poll: (Duration, Duration),
    book: Mutex<ChannelBook>,
    /// A request was accepted whose acknowledgement is awaited.
    awaited: Notify,
}

/// A request that was accepted.
#[derive(Debug)]
pub(crate) enum Accepted {
    /// It is done when this resolves.
    Awaiting(Acknowledged),
    /// The token has no acknowledgements.
    Unconfirmed,
}

impl HecClient {
    /// Sets the client up. Its polling ends with `hard` or when it is dropped.
    pub(crate) fn open(
        options: HecOptions<'_>,
        tasks: &Tasks,
        hard: &CancellationToken,
    ) -> Result<Self, ClientError> {
        let failed = |error: &dyn std::fmt::Display| ClientError(error.to_string());
        let config = options.config;
        let mut authorization =
            HeaderValue::from_str(&format!("Splunk {}", options.token.expose()))
                .map_err(|error| failed(&error))?;
        authorization.set_sensitive(true);
        let endpoints = Endpoints::below(&options.url, options.kind);
        let connecting = Duration::from_millis(config.connect_timeout_ms);
        let asking = Duration::from_millis(config.request_timeout_ms);
        let http = picket_outbound::client(options.tls, options.resolver, connecting, asking)
            .cookie_store(true)
            .pool_max_idle_per_host(config.in_flight_max + 1)
            .pool_idle_timeout(IDLE_MAX)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| failed(&error))?;
        let core = Arc::new(Core {
            http,
            endpoints,
            kind: options.kind,
            headers: HeaderMap::from_iter([(AUTHORIZATION, authorization)]),
            gzip_level: config.gzip_level,
            require_acks: config.require_acks,
            unconfirmed: AtomicBool::new(false),
            poll: (
                Duration::from_millis(config.ack_poll_min_ms),
                Duration::from_millis(config.ack_poll_max_ms),
            ),
            book: Mutex::new(ChannelBook::new(options.channel)),
            awaited: Notify::new(),
        });
        let stop = hard.child_token();
        tasks.spawn("delivery-acks", core.clone().poll(stop.clone()));
        Ok(Self { core, _polling: stop.drop_guard() })
    }

    /// Sends one body.
    pub(crate) async fn post(&self, body: Bytes) -> Result<Accepted, HecFailure> {
        self.core.post(body).await
    }

    /// Whether the token is known to have no acknowledgements.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        self.core.unconfirmed.load(Ordering::Relaxed)
    }
}

impl Core {
    async fn post(&self, body: Bytes) -> Result<Accepted, HecFailure> {
        let (body, packed) = self.pack(body).await;
        let sending = self.book.lock().sending();
        let content_type = match self.kind {
            EndpointKind::Event => "application/json",
            EndpointKind::Raw => "text/plain; charset=utf-8",
        };
        let mut request = self
            .http
            .post(&self.endpoints.data)
            .headers(self.headers.clone())
            .header(CHANNEL_HEADER, sending.channel.to_string())
            .header(CONTENT_TYPE, content_type)
            .body(body);
        if packed {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        let (status, retry_after, answer) =
            exchange(request).await.map_err(|error| classify::of_error(&error))?;
        if status != 200 {
            let mut failure = classify::of_answer(status, &answer, retry_after.as_deref());
            failure.part = failure.ack_id.and_then(|id| self.await_id(sending, id));
            return Err(failure);
        }
        let reply = ReplyBody::parse(&answer).ok_or_else(|| {
            HecFailure::retry(
                "Splunk.InvalidEndpoint",
                "the answer is not a collector's; check HECEndpoint",
            )
        })?;
        let Some(id) = reply.ack_id else { return self.unconfirmed() };
        self.await_id(sending, id).map(Accepted::Awaiting).ok_or_else(|| {
            HecFailure::retry(
                "Splunk.ProxyWithoutStickySessions",
                "the collector started its acknowledgement ids anew; it was restarted, or a load \
                 balancer has no sticky sessions",
            )
        })
    }

    fn await_id(&self, sending: Sending, id: u64) -> Option<Acknowledged> {
        let acknowledged = self.book.lock().issued(sending, id);
        self.awaited.notify_one();
        acknowledged
    }

    fn unconfirmed(&self) -> Result<Accepted, HecFailure> {
        if !self.require_acks {
            if !self.unconfirmed.swap(true, Ordering::Relaxed) {
                tracing::warn!(endpoint = %self.endpoints.data,
                    "the token has no indexer acknowledgement; what the collector accepts counts as delivered");
            }
            return Ok(Accepted::Unconfirmed);
        }
        let message = "the token has no indexer acknowledgement; enable it";
        let mut failure = HecFailure::retry("Splunk.DisabledAck", message);
        failure.remedy = classify::Remedy::GiveUp;
        Err(failure)
    }

    /// The body as it goes out, and whether it is gzip.
    async fn pack(&self, body: Bytes) -> (Bytes, bool) {
        if self.gzip_level == 0 {
            return (body, false);
        }
        let (level, plain) = (self.gzip_level, body.clone());
        let packing = tokio::task::spawn_blocking(move || compression::pack(&plain, level));
        match packing.await {
            Ok(Ok(packed)) => (packed.into(), true),
            _ => (body, false),
        }
    }

    /// Asks for what is awaited until `stop`.
    async fn poll(self: Arc<Self>, stop: CancellationToken) {
        let (shortest, longest) = self.poll;
        let mut pause = shortest;
        loop {
            if self.book.lock().next_query().is_empty() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.awaited.notified() => pause = shortest,
                }
            }
            let mut due = Instant::now() + pause;
            while Instant::now() < due {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep_until(due) => {}
                    () = self.awaited.notified() => {
                        pause = shortest;
                        due = due.min(Instant::now() + pause);
                    }
                }
            }
            let progress = tokio::select! {
                () = stop.cancelled() => return,
                progress = self.ask() => progress,
            };
            pause = if progress { shortest } else { (pause * 2).min(longest) };
        }
    }

    /// Asks once; true if something was acknowledged.
    async fn ask(&self) -> bool {
        let (channel, ids) = {
            let mut book = self.book.lock();
            (book.channel(), book.next_query())
        };
        if ids.is_empty() {
            return true;
        }
        let request = self
            .http
            .post(&self.endpoints.ack)
            .headers(self.headers.clone())
            .header(CHANNEL_HEADER, channel.to_string())
            .header(CONTENT_TYPE, "application/json")
            .body(ack::write_query(&ids));
        let (status, _, answer) = match exchange(request).await {
            Ok(exchanged) => exchanged,
            Err(error) => {
                tracing::debug!(%error, "acknowledgements could not be asked for");
                return false;
            }
        };
        if let Some(done) = (status == 200).then(|| ack::parse_answer(&answer)).flatten() {
            return self.book.lock().acknowledged(channel, &done) > 0;
        }
        let code = ReplyBody::parse(&answer).and_then(|reply| reply.known_code());
        tracing::warn!(status, ?code, "the collector refused to tell acknowledgements");
        if let Some(
            ReplyCode::ChannelMissing | ReplyCode::InvalidChannel | ReplyCode::AckDisabled,
        ) = code
        {
            self.book.lock().replace(channel);
        }
        false
    }
}

type Exchanged = (u16, Option<String>, Vec<u8>);

async fn exchange(request: reqwest::RequestBuilder) -> Result<Exchanged, reqwest::Error> {
    let mut response = request.send().await?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        answer.extend_from_slice(&chunk);
        if answer.len() > ANSWER_BYTES_MAX {
            break;
        }
    }
    Ok((status, retry_after, answer))
}
