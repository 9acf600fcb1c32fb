//! From a request to its answer.

mod audit;
mod authenticate;
mod choose;
mod respond;
mod route;
mod session_rights;
mod stats;
mod throttle;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use picket_core::{Clock, ErrorCode, Tasks};
use picket_mitigate::Mitigation;
use picket_notify::NotifyEngine;
use picket_ports::{AccessKeys, Alarms, HttpPeer, MetricHistory};
use picket_registry::ControlPlane;
use picket_wire_aws::sigv4::Verifier;
use picket_wire_aws::{AwsError, TokenKey};
use tokio::sync::oneshot;

use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::config::AwsConfig;
use crate::fault::{self, ApiError};
use crate::iot_data::DataPlane;
use crate::operation::Service;

use authenticate::Signed;
use route::Router;
use stats::Stats;
use throttle::Throttle;

pub(crate) use choose::Only;
pub(crate) use respond::error as render_error;
pub use stats::OperationStats;

/// What the endpoint needs from the rest of the server.
#[derive(Debug, Clone)]
pub struct AwsDeps {
    /// Does the operations.
    pub control: Arc<ControlPlane>,
    /// Who may sign.
    pub keys: Arc<dyn AccessKeys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The scope of connections and of changes.
    pub tasks: Tasks,
    /// Signs pagination tokens; one for each data directory.
    pub token_key: TokenKey,
    /// Messages and connections.
    pub data: Arc<DataPlane>,
    /// Notification topics.
    pub notify: Arc<NotifyEngine>,
    /// The book of alarms.
    pub alarms: Arc<dyn Alarms>,
    /// The stored datapoints.
    pub metric_history: Arc<dyn MetricHistory>,
    /// Mitigation actions and tasks.
    pub mitigation: Arc<Mitigation>,
}

/// What all calls share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: AwsConfig,
    pub(crate) deps: AwsDeps,
    verifier: Verifier,
    router: Router,
    stats: Stats,
    throttle: Throttle,
}

/// The AWS endpoint without its listener. The data operations are also mounted on the gateway's HTTPS port;
/// cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Endpoint {
    shared: Arc<Shared>,
}

impl Endpoint {
    /// An endpoint.
    pub fn new(config: AwsConfig, deps: AwsDeps) -> Self {
        let router = Router::new(crate::services::SERVICES);
        let stats = Stats::new(crate::services::SERVICES);
        let verifier = Verifier::new(config.signature_rules());
        let throttle = Throttle::new(config.user_requests_per_second_max);
        Self { shared: Arc::new(Shared { config, deps, verifier, router, stats, throttle }) }
    }

    /// How many changes could not be written to the audit trail; each is in the log as an error.
    pub fn unrecorded_changes(&self) -> u64 {
        self.shared.stats.unrecorded()
    }

    /// How often each operation ran, how often in vain, and how long it took. Operations that were never
    /// called are not listed.
    pub fn snapshot(&self) -> Vec<OperationStats> {
        self.shared.stats.snapshot()
    }

    /// How many requests came to no operation: not signed, signed wrongly, too late, with a body that was
    /// too large or never came, or for an operation that is not here.
    pub fn refused_requests(&self) -> u64 {
        self.shared.stats.refused()
    }

    /// Answers a request. The listener has put an [`HttpPeer`] into its extensions.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: std::fmt::Display,
    {
        let started = Instant::now();
        let request_id = uuid::Uuid::new_v4().to_string();
        let shared = &self.shared;
        let limit = shared.config.request_timeout();
        let peer = request.extensions().get::<HttpPeer>().cloned();
        let peer = peer.unwrap_or_else(|| HttpPeer {
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            certificate: None,
        });
        let (head, body) = request.into_parts();
        let wanted = choose::services(&head);
        if let Some(link) = crate::sns::Link::read(&head, &wanted.claim) {
            return shared.follow(link, &peer, &request_id).await;
        }
        let protocol = wanted.protocol();
        let admitted = tokio::time::timeout(limit, shared.admit(&head, body, &peer, &wanted)).await;
        let admitted = admitted.unwrap_or_else(|_| {
            let code = fault::own(protocol, ErrorCode::Timeout);
            Err(AwsError::new(code, "its body took too long to arrive"))
        });
        let found = admitted.and_then(|signed| {
            let routed = shared.router.find(&wanted, &head, &signed.body)?;
            Ok((signed, routed))
        });
        let (signed, routed) = match found {
            Ok(found) => found,
            Err(error) => {
                shared.stats.note_refused();
                return respond::error(&error, protocol, &request_id);
            }
        };
        let call = Call {
            shared: shared.clone(),
            service: routed.service,
            operation: routed.operation,
            caller: signed.caller,
            labels: routed.labels,
            parameters: routed.parameters,
            headers: head.headers,
            body: routed.form.unwrap_or(signed.body),
            source: peer.address.to_string(),
            request_id,
        };
        shared.run(call, started).await
    }
}

impl Shared {
    async fn admit<B>(
        &self,
        head: &http::request::Parts,
        body: B,
        peer: &HttpPeer,
        wanted: &choose::Wanted,
    ) -> Result<Signed, AwsError>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: std::fmt::Display,
    {
        let owner = self.identify(head, peer, wanted)?;
        let body = authenticate::read_body(
            body,
            &head.headers,
            self.config.body_bytes_max,
            wanted.protocol(),
        )
        .await?;
        self.verify(head, owner, body, wanted)
    }

    /// Runs the operation and renders its outcome. A change runs in a task of its own, so that it comes to
    /// its end, and into the audit trail, even when the caller has gone.
    async fn run(self: &Arc<Self>, call: Call, started: Instant) -> Response<Full<Bytes>> {
        let (service, operation) = (call.service, call.operation);
        let request_id = call.request_id.clone();
        // Before anything is written down, so that nobody fills the audit trail faster than this.
        if let Err(error) = self.throttled(&call) {
            self.stats.note(operation, true, started.elapsed());
            return respond::error(&error, service.protocol, &request_id);
        }
        let outcome = if operation.access.is_change() {
            let (done, outcome) = oneshot::channel();
            let shared = self.clone();
            self.deps.tasks.spawn("aws-change", async move {
                // Nobody listens any more where the caller has gone.
                drop(done.send(shared.change(call).await));
            });
            self.in_time(service, async { outcome.await.unwrap_or_else(|_| Err(gone())) }).await
        } else {
            self.in_time(service, self.attempt(call)).await
        };
        let outcome = outcome.map_err(|error| fault::in_words(error, service, operation));
        let took = started.elapsed();
        self.stats.note(operation, outcome.is_err(), took);
        let error = outcome.as_ref().err().map(|error| error.code.as_str());
        tracing::debug!(request_id, operation = operation.name, error, ?took, "AWS request");
        match outcome {
            Ok(answer) => respond::answer(answer, service, operation, &request_id),
            Err(error) => respond::error(&error, service.protocol, &request_id),
        }
    }

    async fn change(&self, call: Call) -> Result<Answer, ApiError> {
        let mut record = audit::record_of(&call);
        let (service, operation) = (call.service, call.operation);
        let outcome = self.attempt(call).await;
        let outcome = outcome.map_err(|error| fault::in_words(error, service, operation));
        match &outcome {
            Ok(Answer { about: Some(about), .. }) => record.resource.clone_from(about),
            Ok(_) => {}
            Err(error) => record.error = Some(error.code.as_str().to_owned()),
        }
        record.at = self.deps.clock.now();
        let registry = self.deps.control.registry();
        if let Err(error) = registry.record_change(&record).await {
            tracing::error!(%error, ?record, "a change is not in the audit trail");
            self.stats.note_unrecorded();
        }
        Ok(outcome?)
    }

    async fn attempt(&self, call: Call) -> Result<Answer, ApiError> {
        self.permit(&call)?;
        (call.operation.run)(call).await
    }

    /// Answers a link that nobody has to sign.
    async fn follow(
        self: &Arc<Self>,
        link: crate::sns::Link,
        peer: &HttpPeer,
        request_id: &str,
    ) -> Response<Full<Bytes>> {
        let service = &crate::sns::SERVICE;
        let (operation, from) = (link.operation(), peer.address.ip().to_string());
        let outcome = if self.throttle.take(&from) {
            let (shared, request_id) = (self.clone(), request_id.to_owned());
            let source = peer.address.to_string();
            let (done, outcome) = oneshot::channel();
            self.deps.tasks.spawn("aws-link", async move {
                // Nobody listens any more where the caller has gone.
                drop(done.send(link.follow(&shared.deps, &source, &request_id).await));
            });
            self.in_time(service, async { outcome.await.unwrap_or_else(|_| Err(gone())) }).await
        } else {
            Err(AwsError::new(fault::own_of(service, ErrorCode::Throttled), "rate exceeded").into())
        };
        match outcome.map_err(|error| fault::in_words(error, service, operation)) {
            Ok(answer) => respond::answer(answer, service, operation, request_id),
            Err(error) => respond::error(&error, service.protocol, request_id),
        }
    }

    fn permit(&self, call: &Call) -> Result<(), AwsError> {
        if let Some(session) = call.caller.session() {
            return session_rights::permit(call, session);
        }
        let access = call.operation.access;
        let may = match &call.caller {
            Caller::User(_) => access.is_for_every_user() || call.caller.is_admin(),
            Caller::Device(_) => access.is_for_devices(),
        };
        if !may {
            let text = format!(
                "{} is not authorized to perform {}:{}: that needs the role admin",
                call.caller.name(),
                call.service.name,
                call.operation.name
            );
            return Err(AwsError::new(fault::own_of(call.service, ErrorCode::Forbidden), text));
        }
        Ok(())
    }

    fn throttled(&self, call: &Call) -> Result<(), AwsError> {
        if self.throttle.take(call.caller.name()) {
            return Ok(());
        }
        let text = format!(
            "rate exceeded: more than {} requests a second",
            self.config.user_requests_per_second_max
        );
        Err(AwsError::new(fault::own_of(call.service, ErrorCode::Throttled), text))
    }

    async fn in_time(
        &self,
        service: &Service,
        outcome: impl Future<Output = Result<Answer, ApiError>>,
    ) -> Result<Answer, ApiError> {
        match tokio::time::timeout(self.config.request_timeout(), outcome).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let code = fault::own_of(service, ErrorCode::Timeout);
                Err(AwsError::new(code, "the operation took too long").into())
            }
        }
    }
}

fn gone() -> ApiError {
    ApiError::Control(picket_registry::ControlError::Internal("the change's task ended".to_owned()))
}
