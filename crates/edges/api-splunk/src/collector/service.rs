//! One request, from its route to its answer. The order of the checks is fixed (spec delivery §5.3):
//! route, method, shutting down, declared length, token, channel, back-pressure, decoding, items.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::{HeaderMap, Method, Request};
use picket_core::{Clock, Ledger, Tasks};
use picket_ports::{EventIndex, IndexError};
use picket_wire_hec::route::CHANNEL_HEADER;
use picket_wire_hec::{Channel, Limits, Reply, ReplyCode, Route, ack, raw_lines};

use super::acks::{AckBook, AckKey};
use super::auth::authenticate;
use super::body::{BodyError, BodyReader, HeldBody};
use super::config::HecConfig;
use super::intake::{Defaults, Taken, take_events, take_lines};
use super::query::Query;
use super::response::{self, HecResponse};
use super::stats::Counters;
use super::tokens::{HecToken, TokenTable};

/// Bodies larger than this are parsed on a thread where that may take its time.
const INLINE_BYTES_MAX: usize = 64 * 1024;

/// Most ids in one acknowledgement query.
const QUERY_IDS_MAX: usize = 100_000;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) config: HecConfig,
    pub(crate) index: Arc<dyn EventIndex>,
    pub(crate) tokens: RwLock<Arc<TokenTable>>,
    pub(crate) acks: Mutex<AckBook>,
    pub(crate) reader: BodyReader,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) counters: Counters,
}

/// An answer that ends the walk early.
type Refusal = Box<HecResponse>;

fn refuse(code: ReplyCode) -> Refusal {
    Box::new(response::code(code))
}

/// What is known of a data request once it may go on.
struct Admitted {
    token: Arc<HecToken>,
    acks: Option<AckKey>,
}

impl Collector {
    /// Answers one request of the sender at `peer`.
    pub(crate) async fn answer(&self, peer: IpAddr, request: Request<Incoming>) -> HecResponse {
        let answer = self.routed(peer, request).await;
        self.counters.answered(answer.status().as_u16());
        answer
    }

    async fn routed(&self, peer: IpAddr, request: Request<Incoming>) -> HecResponse {
        let Some(route) = Route::of_path(request.uri().path()) else {
            return response::not_found(404);
        };
        let answered = match (route, request.method()) {
            (_, &Method::OPTIONS) => return response::options(route),
            (Route::Health, &Method::GET | &Method::HEAD) => Ok(self.health(&request)),
            (Route::Event | Route::Raw, &Method::POST) => self.data(route, peer, request).await,
            (Route::Ack, &Method::POST | &Method::GET) => self.ack_query(request).await,
            _ => return response::bad_method(route),
        };
        answered.unwrap_or_else(|refusal| *refusal)
    }

    /// Forgets idle channels.
    pub(crate) fn sweep(&self) {
        self.acks_locked().sweep(self.clock.now());
    }

    fn acks_locked(&self) -> std::sync::MutexGuard<'_, AckBook> {
        self.acks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn token_table(&self) -> Arc<TokenTable> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn health(&self, request: &Request<Incoming>) -> HecResponse {
        if self.tasks.is_stopping() {
            return response::code(ReplyCode::ShuttingDown);
        }
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let code = match authenticate(&self.token_table(), request.headers(), &query) {
            Err(ReplyCode::InvalidToken) => ReplyCode::HealthInvalidToken,
            Err(ReplyCode::TokenDisabled) => ReplyCode::HealthTokenDisabled,
            // Nobody has to say who they are to ask for health.
            _ if self.reader.budget.is_used_up() => ReplyCode::QueuesFull,
            _ => ReplyCode::Healthy,
        };
        response::code(code)
    }

    async fn data(
        &self,
        route: Route,
        peer: IpAddr,
        request: Request<Incoming>,
    ) -> Result<HecResponse, Refusal> {
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let admitted = self.admit(request.headers(), &query)?;
        let now = self.clock.now();
        let peer = peer.to_canonical().to_string();
        let index = &self.config.default_index;
        let defaults = Defaults::new(admitted.token.clone(), &query, &peer, index, now);
        let defaults = defaults.map_err(refuse)?;
        let body = self.read_body(request).await?;
        if raw_lines::is_blank(&body.bytes) {
            return Err(refuse(ReplyCode::NoData));
        }
        let taken = self.take(route, &body, defaults).await.map_err(refuse)?;
        self.store(taken, admitted.acks).await
    }

    /// Everything that is checked before the body is read.
    fn admit(&self, headers: &HeaderMap, query: &Query) -> Result<Admitted, Refusal> {
        if self.tasks.is_stopping() {
            return Err(refuse(ReplyCode::ShuttingDown));
        }
        self.reader.check_length(headers).map_err(|error| self.body_refusal(error))?;
        let token = authenticate(&self.token_table(), headers, query).map_err(refuse)?;
        let channel = channel_of(headers, query).map_err(refuse)?;
        let acks = match (token.use_ack, channel) {
            (false, _) => None,
            (true, None) if token.channel_optional => None,
            (true, None) => return Err(refuse(ReplyCode::ChannelMissing)),
            (true, Some(channel)) => Some((token.name.clone(), channel)),
        };
        if acks.as_ref().is_some_and(|key| !self.acks_locked().has_room(key)) {
            return Err(refuse(self.full(ReplyCode::AckFull)));
        }
        Ok(Admitted { token, acks })
    }

    /// The body; a sender that is still at it when the server stops is told so.
    async fn read_body(&self, request: Request<Incoming>) -> Result<HeldBody, Refusal> {
        tokio::select! {
            body = self.reader.read(request) => body.map_err(|error| self.body_refusal(error)),
            () = self.tasks.stopping() => Err(refuse(ReplyCode::ShuttingDown)),
        }
    }

    /// The code for "no room", by configuration.
    const fn full(&self, capacity_code: ReplyCode) -> ReplyCode {
        if self.config.report_capacity { capacity_code } else { ReplyCode::Busy }
    }

    fn body_refusal(&self, error: BodyError) -> Refusal {
        let message = |status: u16, text: &str| {
            Box::new(response::json(status, format!("{{\"text\":\"{text}\",\"code\":{status}}}")))
        };
        match error {
            BodyError::TooLarge => {
                message(413, "The request body is larger than this server takes.")
            }
            BodyError::UnknownEncoding => {
                message(415, "The Content-Encoding is not supported; send gzip or none.")
            }
            BodyError::Incomplete => message(408, "The request body did not arrive in time."),
            BodyError::Code(ReplyCode::Busy) => refuse(self.full(ReplyCode::QueueFull)),
            BodyError::Code(code) => refuse(code),
        }
    }

    async fn take(
        &self,
        route: Route,
        body: &HeldBody,
        defaults: Defaults,
    ) -> Result<Taken, ReplyCode> {
        let limits = self.config.limits();
        let bytes = body.bytes.clone();
        let taken = if bytes.len() <= INLINE_BYTES_MAX {
            take_of(route, &bytes, limits, &defaults, &*self.index)?
        } else {
            let index = self.index.clone();
            let parsing = tokio::task::spawn_blocking(move || {
                take_of(route, &bytes, limits, &defaults, &*index)
            });
            parsing.await.map_err(|_| ReplyCode::InternalError)??
        };
        if taken.unknown_keys > 0 {
            tracing::debug!(keys = taken.unknown_keys, "unknown envelope keys had no effect");
        }
        let nothing = taken.events.is_empty() && taken.rejected.is_none() && taken.skipped == 0;
        if nothing { Err(ReplyCode::NoData) } else { Ok(taken) }
    }

    /// Stores what was taken and answers; the events before a bad one are kept.
    async fn store(&self, mut taken: Taken, acks: Option<AckKey>) -> Result<HecResponse, Refusal> {
        if self.config.strict_batch && taken.rejected.is_some() {
            taken.events.clear();
        }
        let count = u64::try_from(taken.events.len()).unwrap_or(u64::MAX);
        let bad = u64::from(taken.rejected.is_some());
        self.ledger.received(count + taken.skipped + bad);
        for (reason, dropped) in [("no event and no measurement", taken.skipped), ("refused", bad)]
        {
            if dropped > 0 {
                self.ledger.dropped(reason, dropped);
            }
        }
        let sequence = if count == 0 { 0 } else { self.append(taken.events).await? };
        let kept = count > 0 || taken.rejected.is_none();
        let ack_id = acks
            .filter(|_| kept)
            .map(|key| self.acks_locked().issue(key, sequence, self.clock.now()));
        Ok(response::reply(match taken.rejected {
            None => Reply { code: ReplyCode::Success, invalid_event_number: None, ack_id },
            Some(rejected) => Reply {
                code: rejected.code,
                invalid_event_number: Some(rejected.invalid_event_number()),
                ack_id,
            },
        }))
    }

    async fn append(&self, events: Vec<picket_ports::IndexedEvent>) -> Result<u64, Refusal> {
        let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
        let error = match self.index.append(events).await {
            Ok(sequence) => {
                self.ledger.delivered(count);
                if self.counters.has_recovered() {
                    tracing::info!("events are stored again");
                }
                return Ok(sequence);
            }
            Err(error) => error,
        };
        let (code, reason) = match &error {
            IndexError::NoSuchIndex(_) => (ReplyCode::IncorrectIndex, "refused"),
            IndexError::Busy => (self.full(ReplyCode::QueueFull), "busy"),
            IndexError::ShuttingDown => (ReplyCode::ShuttingDown, "shutting down"),
            IndexError::Storage(_) => (ReplyCode::InternalError, "storage failed"),
        };
        self.ledger.dropped(reason, count);
        if self.counters.is_news(reason) {
            tracing::warn!(events = count, %error, "events were not stored; senders are told");
        }
        Err(refuse(code))
    }

    async fn ack_query(&self, request: Request<Incoming>) -> Result<HecResponse, Refusal> {
        if self.tasks.is_stopping() {
            return Err(refuse(ReplyCode::ShuttingDown));
        }
        self.reader.check_length(request.headers()).map_err(|error| self.body_refusal(error))?;
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let token = authenticate(&self.token_table(), request.headers(), &query);
        let token = token.map_err(refuse)?;
        if !token.use_ack {
            return Err(refuse(ReplyCode::AckDisabled));
        }
        let channel = channel_of(request.headers(), &query).map_err(refuse)?;
        let channel = channel.ok_or_else(|| refuse(ReplyCode::ChannelMissing))?;
        let body = self.read_body(request).await?;
        let ids = ack::parse_query(&body.bytes, QUERY_IDS_MAX).map_err(refuse)?;
        let searchable = *self.index.searchable().borrow();
        let key = (token.name.clone(), channel);
        let statuses = self.acks_locked().query(&key, &ids, searchable, self.clock.now());
        Ok(response::json(200, ack::write_answer(&statuses)))
    }
}

fn take_of(
    route: Route,
    bytes: &Bytes,
    limits: Limits,
    defaults: &Defaults,
    index: &dyn EventIndex,
) -> Result<Taken, ReplyCode> {
    match route {
        Route::Raw => take_lines(bytes, limits, defaults, index),
        _ => Ok(take_events(bytes, limits, defaults, index)),
    }
}

/// The channel of a request: from the header, else from the query.
fn channel_of(headers: &HeaderMap, query: &Query) -> Result<Option<Channel>, ReplyCode> {
    let in_header = headers.get(CHANNEL_HEADER).map(|value| value.to_str().unwrap_or("?"));
    let Some(text) = in_header.filter(|text| !text.is_empty()).or_else(|| query.get("channel"))
    else {
        return Ok(None);
    };
    Channel::parse(text.trim()).map(Some).ok_or(ReplyCode::InvalidChannel)
}
