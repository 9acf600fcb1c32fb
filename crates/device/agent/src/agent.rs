//! The agent at work: connects, reports on schedule, tells what the service answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use picket_core::Clock;
use picket_device_client::{ClientError, Identity, IdentityError};
use picket_wire_report::{Outcome, Response};

use crate::backoff::Backoff;
use crate::config::AgentConfig;
use crate::connection::{self, Connection};
use crate::reporter::{Measurement, Reporter};

/// First and longest wait between attempts to connect.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LONGEST: Duration = Duration::from_secs(300);
/// How soon a wish to stop is noticed while waiting to reconnect, and at most while connected.
const STOP_STEP: Duration = Duration::from_millis(200);
const LISTEN_STEP: Duration = Duration::from_secs(2);
/// How long `once` waits for the service's answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// Why the agent gave up.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Certificate, key or CA are not usable.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// TLS cannot be set up from them.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// The connection failed.
    #[error(transparent)]
    Connection(#[from] ClientError),
    /// Nothing could be measured.
    #[error("nothing could be measured: {0}")]
    NothingMeasured(String),
    /// The service rejected the report.
    #[error("the service rejected the report: {code}: {message}")]
    Rejected {
        /// Its error code.
        code: String,
        /// Its message.
        message: String,
    },
    /// The service acknowledged the report but did not say what it thinks of it.
    #[error(
        "the report was delivered, but the service did not answer within {0:?}; is Device Defender on there?"
    )]
    NoAnswer(Duration),
}

/// The agent with its settings.
#[derive(Debug)]
pub struct Agent<'a> {
    config: &'a AgentConfig,
    clock: &'a dyn Clock,
    stop: &'a AtomicBool,
}

impl<'a> Agent<'a> {
    /// An agent that works until `stop` is true.
    pub fn new(config: &'a AgentConfig, clock: &'a dyn Clock, stop: &'a AtomicBool) -> Self {
        Self { config, clock, stop }
    }

    /// Reports until told to stop. Connections that fail are tried again; only files that cannot be
    /// used end it.
    pub fn run(&self) -> Result<(), AgentError> {
        let transport = self.transport()?;
        let mut reporter = Reporter::new(self.config, self.clock);
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        let mut due = Instant::now();
        tracing::info!(
            thing = %self.config.thing_name,
            endpoint = %self.config.endpoint,
            interval_s = self.config.interval.as_secs(),
            "agent started"
        );
        while !self.is_stopping() {
            let served = Connection::open(self.config, &transport).and_then(|connection| {
                self.serve(connection, &mut reporter, &mut backoff, &mut due)
            });
            if let Err(error) = served {
                let wait = backoff.failed();
                tracing::warn!(%error, retry_ms = wait.as_millis(), "not connected");
                self.sleep(wait);
            }
        }
        tracing::info!("agent stopped");
        Ok(())
    }

    /// Sends one report and waits for the service's answer. Traffic is measured over `sample`.
    pub fn once(&self, sample: Duration) -> Result<Response, AgentError> {
        let transport = self.transport()?;
        let mut reporter = Reporter::new(self.config, self.clock);
        let bytes = self.sampled(&mut reporter, sample)?;
        let mut connection = Connection::open(self.config, &transport)?;
        connection.send(&bytes)?;
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let answer = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match connection.answer(left)? {
                Some(answer) => break answer,
                None if left.is_zero() => return Err(AgentError::NoAnswer(ANSWER_TIMEOUT)),
                None => {}
            }
        };
        connection.close();
        match answer.outcome {
            Outcome::Accepted => Ok(answer),
            Outcome::Rejected { code, message } => Err(AgentError::Rejected { code, message }),
        }
    }

    /// A report as `once` would send it.
    pub fn dry_run(&self, sample: Duration) -> Result<Vec<u8>, AgentError> {
        self.sampled(&mut Reporter::new(self.config, self.clock), sample)
    }

    /// Hands a report to `show` each interval until told to stop. Nothing is sent.
    pub fn dry_run_forever(&self, mut show: impl FnMut(&[u8])) -> Result<(), AgentError> {
        let mut reporter = Reporter::new(self.config, self.clock);
        while !self.is_stopping() {
            show(&self.measure(&mut reporter)?);
            reporter.sent();
            self.sleep(self.config.interval);
        }
        Ok(())
    }

    fn transport(&self) -> Result<picket_device_client::Transport, AgentError> {
        let identity = Identity::load(&self.config.identity)?;
        connection::transport(self.config, &identity).map_err(AgentError::Tls)
    }

    fn sampled(
        &self,
        reporter: &mut Reporter<'_>,
        sample: Duration,
    ) -> Result<Vec<u8>, AgentError> {
        reporter.baseline();
        self.sleep(sample);
        self.measure(reporter)
    }

    fn measure(&self, reporter: &mut Reporter<'_>) -> Result<Vec<u8>, AgentError> {
        let Measurement { report, failures } = reporter.measure();
        for failure in &failures {
            tracing::warn!(%failure, "not measured");
        }
        if report.metrics.is_none() && report.custom_metrics.is_none() {
            return Err(AgentError::NothingMeasured(failures.join("; ")));
        }
        Ok(reporter.encode(&report))
    }

    /// Reports on one connection until it breaks or the agent is told to stop.
    fn serve(
        &self,
        mut connection: Connection,
        reporter: &mut Reporter<'_>,
        backoff: &mut Backoff,
        due: &mut Instant,
    ) -> Result<(), ClientError> {
        tracing::info!(endpoint = %self.config.endpoint, "connected");
        while !self.is_stopping() {
            let now = Instant::now();
            if *due <= now {
                *due = now + self.config.interval;
                self.report(&mut connection, reporter)?;
                backoff.succeeded();
            }
            let wait = due.saturating_duration_since(Instant::now()).min(LISTEN_STEP);
            if let Some(answer) = connection.answer(wait)? {
                tell(&answer, reporter);
            }
        }
        connection.close();
        Ok(())
    }

    fn report(
        &self,
        connection: &mut Connection,
        reporter: &mut Reporter<'_>,
    ) -> Result<(), ClientError> {
        let bytes = match self.measure(reporter) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "no report");
                return Ok(());
            }
        };
        match connection.send(&bytes) {
            Ok(()) => {
                tracing::debug!(bytes = bytes.len(), "report sent");
                reporter.sent();
                Ok(())
            }
            Err(error @ ClientError::PublishRefused { .. }) => {
                tracing::warn!(%error, "report refused");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn sleep(&self, time: Duration) {
        let until = Instant::now() + time;
        while !self.is_stopping() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(STOP_STEP));
        }
    }
}

fn tell(answer: &Response, reporter: &mut Reporter<'_>) {
    match &answer.outcome {
        Outcome::Accepted => tracing::debug!(report_id = answer.report_id, "report accepted"),
        Outcome::Rejected { code, message } => {
            tracing::warn!(report_id = answer.report_id, %code, %message, "report rejected");
            reporter.rejected();
        }
    }
}
