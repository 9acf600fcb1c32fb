//! The ways out of this server that protocols share.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::RwLock;
use picket_core::{Account, Clock};
use picket_outbound::{Looseness, OutboundRules, Refused, TlsError, tls_config};
use picket_ports::{Delivery, Publish};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::config::NotifyConfig;
use crate::mailer::{Mailer, MailerError};
use crate::signing::Signing;

/// Bytes of an answer that are read: enough to say what was wrong.
const ANSWER_BYTES_MAX: usize = 4 * 1024;
/// How long the rest of an answer may take.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(1);
/// Longest pause that a receiver can ask for.
const PAUSE_MAX: Duration = Duration::from_secs(600);
/// Longest description of a failure.
const TEXT_CHARS_MAX: usize = 300;

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Another attempt would fail the same way.
    pub(crate) is_final: bool,
    /// A short fixed word for the ledger.
    pub(crate) reason: &'static str,
    /// For people.
    pub(crate) text: String,
    /// The receiver asked not to be tried sooner.
    pub(crate) pause: Option<Duration>,
}

impl Failure {
    pub(crate) fn passing(reason: &'static str, text: impl std::fmt::Display) -> Self {
        Self { is_final: false, reason, text: shown(&text.to_string()), pause: None }
    }

    pub(crate) fn lasting(reason: &'static str, text: impl std::fmt::Display) -> Self {
        Self { is_final: true, ..Self::passing(reason, text) }
    }
}

fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT_CHARS_MAX).collect()
}

/// Why the ways out could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum WaysError {
    /// The trusted certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The mail server's settings cannot be used.
    #[error(transparent)]
    Mail(#[from] MailerError),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Http(#[from] reqwest::Error),
    /// The allow list is wrong.
    #[error("notify.allow_hosts: {0}")]
    Rules(String),
}

/// The ways out.
#[derive(Debug)]
pub(crate) struct Ways {
    pub(crate) account: Account,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) publish: Arc<dyn Publish>,
    pub(crate) delivery: Arc<dyn Delivery>,
    pub(crate) signing: Arc<Signing>,
    pub(crate) mailer: Option<Mailer>,
    base_url: RwLock<String>,
    rules: OutboundRules,
    /// For hosts that are on the allow list by name.
    trusting: reqwest::Client,
    /// For all others.
    strict: reqwest::Client,
}

/// What [`Ways`] is made of.
pub(crate) struct WaysParts {
    pub(crate) account: Account,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) publish: Arc<dyn Publish>,
    pub(crate) delivery: Arc<dyn Delivery>,
    pub(crate) signing: Arc<Signing>,
    pub(crate) extra_roots: Vec<String>,
}

impl Ways {
    pub(crate) fn open(config: &NotifyConfig, parts: WaysParts) -> Result<Self, WaysError> {
        let tls = tls_config(&config.extra_roots, &parts.extra_roots)?;
        let rules = config.outbound_rules().map_err(WaysError::Rules)?;
        let client = |trusts_names: bool| {
            let resolver = rules.resolver(trusts_names);
            let (connecting, asking) = (config.connect_timeout(), config.attempt_timeout());
            picket_outbound::client(tls.clone(), resolver, connecting, asking)
                .pool_max_idle_per_host(config.per_subscription_max)
                .pool_idle_timeout(Duration::from_secs(10))
                .build()
        };
        let mailer = config.smtp.as_ref();
        let mailer =
            mailer.map(|smtp| Mailer::open(smtp, config, &parts.extra_roots)).transpose()?;
        Ok(Self {
            trusting: client(true)?,
            strict: client(false)?,
            rules,
            mailer,
            account: parts.account,
            clock: parts.clock,
            publish: parts.publish,
            delivery: parts.delivery,
            signing: parts.signing,
            base_url: RwLock::new(config.base_url.clone().unwrap_or_default()),
        })
    }

    /// Where the AWS endpoint is reached, without a slash at the end.
    pub(crate) fn base_url(&self) -> String {
        self.base_url.read().trim_end_matches('/').to_owned()
    }

    /// Says where the AWS endpoint is reached, unless the configuration says it.
    pub(crate) fn is_reached_at(&self, base_url: &str) {
        let mut known = self.base_url.write();
        if known.is_empty() {
            base_url.clone_into(&mut known);
        }
    }

    /// Checks an address as far as that can be told without connecting.
    pub(crate) fn check(&self, url: &str, looseness: Looseness) -> Result<(), Refused> {
        self.rules.check(url, looseness).map(|_| ())
    }

    /// Posts `body`. An answer of 200 to 299 is success; 429, 5xx and what is no answer pass.
    pub(crate) async fn post(
        &self,
        url: &str,
        looseness: Looseness,
        headers: HeaderMap,
        body: impl Into<Bytes>,
    ) -> Result<(), Failure> {
        let checked = self
            .rules
            .check(url, looseness)
            .map_err(|refused| Failure::lasting("refused_address", refused))?;
        let client = if checked.is_allowed_by_name { &self.trusting } else { &self.strict };
        let request = client.post(checked.url).headers(headers).body(body.into());
        let mut response = request.send().await.map_err(|error| failure_of(&error))?;
        let status = response.status();
        let mut answer = Vec::new();
        // What a receiver says after its status does not change what it said, so nobody waits for it long.
        let reading = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                answer.extend_from_slice(&chunk);
                if answer.len() >= ANSWER_BYTES_MAX {
                    return;
                }
            }
        };
        let is_whole = tokio::time::timeout(ANSWER_WAIT_MAX, reading).await.is_ok();
        tracing::trace!(%status, is_whole, "a receiver has answered");
        if status.is_success() {
            return Ok(());
        }
        Err(refusal(status, response.headers(), &answer))
    }
}

fn failure_of(error: &reqwest::Error) -> Failure {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(source) = cause {
        if let Some(refused) = source.downcast_ref::<Refused>() {
            return Failure::lasting("refused_address", refused);
        }
        text = source.to_string();
        cause = source.source();
    }
    let (reason, what) = match () {
        () if error.is_timeout() => ("timeout", "no answer in time"),
        () if error.is_connect() => ("unreachable", "no connection"),
        () => ("no_answer", "no answer"),
    };
    Failure::passing(
        reason,
        if text.is_empty() { what.to_owned() } else { format!("{what}: {text}") },
    )
}

fn refusal(status: StatusCode, headers: &HeaderMap, answer: &[u8]) -> Failure {
    let said = String::from_utf8_lossy(answer);
    let text = format!("HTTP {}: {}", status.as_u16(), said.trim());
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let seconds = seconds.and_then(|text| text.parse().ok());
        let pause = seconds.map(Duration::from_secs).map(|pause| pause.min(PAUSE_MAX));
        return Failure { pause, ..Failure::passing("refused_for_now", text) };
    }
    if status.is_redirection() {
        return Failure::lasting("redirected", format!("{text}; redirects are not followed"));
    }
    Failure::lasting("refused", text)
}
