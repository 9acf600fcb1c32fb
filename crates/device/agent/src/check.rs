//! `check`: tells in plain words what would work, step by step, and what to do where it would not.

use std::time::{Duration, Instant};

use picket_core::{Clock, Timestamp};
use picket_device_client::{
    BlockingStream, ClientError, ConnectOptions, Identity, IdentityError, Transport,
};
use picket_wire_report::{Outcome, Response};
use x509_parser::parse_x509_certificate;

use crate::config::AgentConfig;
use crate::connection::{self, Connection};
use crate::reporter::Reporter;

/// How long to wait for the service's answer to the report.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// An end of validity nearer than this is worth a word.
const EXPIRY_NOTICE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The steps in order.
const STEPS: [&str; 7] =
    ["files", "validity", "measurements", "network", "TLS", "MQTT connection", "report"];

/// What became of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// It works; what was found.
    Passed(String),
    /// It works, but look at this.
    Noted(String),
    /// It does not work.
    Failed {
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: String,
    },
    /// Not tried, because an earlier step failed.
    Skipped,
}

/// One step of the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// What became of it.
    pub outcome: StepOutcome,
}

struct Failure {
    problem: String,
    advice: String,
}

fn failure(problem: impl ToString, advice: impl Into<String>) -> Failure {
    Failure { problem: problem.to_string(), advice: advice.into() }
}

/// Goes through all steps.
pub fn check(config: &AgentConfig, clock: &dyn Clock) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Err(Failure { problem, advice }) = attempt(config, clock, &mut steps) {
        steps.push(StepOutcome::Failed { problem, advice });
    }
    steps.resize(STEPS.len(), StepOutcome::Skipped);
    STEPS.into_iter().zip(steps).map(|(name, outcome)| Step { name, outcome }).collect()
}

/// Whether every step passed.
pub fn has_passed(steps: &[Step]) -> bool {
    let works =
        |step: &Step| matches!(step.outcome, StepOutcome::Passed(_) | StepOutcome::Noted(_));
    steps.iter().all(works)
}

fn attempt(
    config: &AgentConfig,
    clock: &dyn Clock,
    steps: &mut Vec<StepOutcome>,
) -> Result<(), Failure> {
    let identity = files(config)?;
    steps.push(StepOutcome::Passed(
        "certificate, key and CA can be read, and the key belongs to the certificate".to_owned(),
    ));
    steps.push(validity(&identity, clock.now())?);
    let mut reporter = Reporter::new(config, clock);
    let (report, outcome) = measurements(&mut reporter)?;
    steps.push(outcome);

    let options = connection::options(config);
    let stream = network(config, &options)?;
    steps.push(StepOutcome::Passed(format!("{} takes TCP connections", config.endpoint)));
    let stream = tls(config, &identity, stream, &options)?;
    steps.push(StepOutcome::Passed("the server is who it says, and speaks TLS".to_owned()));
    let connection = mqtt(config, stream)?;
    steps.push(StepOutcome::Passed(format!(
        "connected as client `{}`, and may hear the answers to its reports",
        config.client_id
    )));
    steps.push(send(connection, &report)?);
    Ok(())
}

fn files(config: &AgentConfig) -> Result<Identity, Failure> {
    Identity::load(&config.identity).map_err(|error| {
        let advice = match &error {
            IdentityError::Unreadable { .. } if error.is_not_found() => {
                "give the directory with ca.pem, certificate.pem.crt and private.pem.key by \
                 --identity; `picket thing create` writes them"
            }
            IdentityError::Unreadable { .. } => {
                "let the user who runs the agent read the file, and nobody else"
            }
            IdentityError::Unusable { .. } => {
                "copy the file again from where it was issued; it must be PEM text"
            }
            IdentityError::KeyMismatch { .. } => {
                "use the certificate and the key that were issued together"
            }
        };
        failure(error, advice)
    })
}

fn validity(identity: &Identity, now: Timestamp) -> Result<StepOutcome, Failure> {
    let (_, certificate) = parse_x509_certificate(identity.certificate_der()).map_err(|error| {
        failure(format!("the certificate cannot be read: {error}"), "copy it again")
    })?;
    let at = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
    let start = at(certificate.validity().not_before.timestamp());
    let end = at(certificate.validity().not_after.timestamp());
    if now < start {
        return Err(failure(
            format!("the certificate is valid from {start} on, and this device's clock says {now}"),
            "set the device's clock",
        ));
    }
    if now > end {
        return Err(failure(
            format!("the certificate expired at {end}; this device's clock says {now}"),
            "issue a new certificate, unless the device's clock is wrong",
        ));
    }
    let text = format!("the certificate is valid until {end}");
    Ok(if end.since(now) < EXPIRY_NOTICE {
        StepOutcome::Noted(format!("{text}; replace it soon"))
    } else {
        StepOutcome::Passed(text)
    })
}

fn measurements(reporter: &mut Reporter<'_>) -> Result<(Vec<u8>, StepOutcome), Failure> {
    reporter.baseline();
    let measurement = reporter.measure();
    let report = &measurement.report;
    if report.metrics.is_none() && report.custom_metrics.is_none() {
        let problem = measurement.failures.join("; ");
        return Err(failure(problem, "let the agent read /proc/net, or set `procfs`"));
    }
    let bytes = reporter.encode(report);
    let outcome = if measurement.failures.is_empty() {
        StepOutcome::Passed(format!("all could be measured; the report has {} bytes", bytes.len()))
    } else {
        StepOutcome::Noted(format!("left out of the report: {}", measurement.failures.join("; ")))
    };
    Ok((bytes, outcome))
}

fn network(config: &AgentConfig, options: &ConnectOptions) -> Result<BlockingStream, Failure> {
    BlockingStream::dial(&config.endpoint, options.timeouts.connect).map_err(|error| {
        let advice = match &error {
            ClientError::Resolve { .. } => "check the endpoint's spelling and this device's DNS",
            _ => "check that the server runs, the port is right and no firewall is in between",
        };
        failure(error, advice)
    })
}

fn tls(
    config: &AgentConfig,
    identity: &Identity,
    stream: BlockingStream,
    options: &ConnectOptions,
) -> Result<BlockingStream, Failure> {
    let transport = connection::transport(config, identity)
        .map_err(|error| failure(error, "check the CA file"))?;
    let Transport::Tls(tls) = transport else { return Ok(stream) };
    stream.secure(&tls, options.timeouts.connect).map_err(|error| {
        let advice = match &error {
            ClientError::ServerNotTrusted { .. } => {
                "use the CA file of this server, and an endpoint name that its certificate carries"
            }
            ClientError::Timeout { .. } => "check that the port speaks TLS",
            _ => {
                "check that the port speaks TLS, and that the certificate is registered and active"
            }
        };
        failure(error, advice)
    })
}

fn mqtt(config: &AgentConfig, stream: BlockingStream) -> Result<Connection, Failure> {
    let refused_certificate = "register the certificate with the server, or activate it there if it is inactive or revoked";
    let client = Connection::start(stream, config).map_err(|error| {
        let advice = match &error {
            // With TLS 1.3 the server judges our certificate only now.
            ClientError::Tls { certificate_refused: true, .. } => refused_certificate,
            ClientError::ConnectRefused { .. } if error.is_denied() => {
                "attach a policy that allows iot:Connect for this client id to the certificate"
            }
            ClientError::Closed { .. } | ClientError::Broken { .. } => {
                "look at the server's log; most often the certificate is not known or not active \
                 there, or the policy does not allow iot:Connect for this client id"
            }
            _ => "look at the server's log for this client id",
        };
        failure(error, advice)
    })?;
    Connection::subscribe(client, config).map_err(|error| {
        let advice = "allow iot:Subscribe and iot:Receive on the thing's defender metrics topics";
        failure(error, advice)
    })
}

fn send(mut connection: Connection, report: &[u8]) -> Result<StepOutcome, Failure> {
    connection.send(report).map_err(|error| {
        failure(error, "allow iot:Publish on the thing's defender metrics topic")
    })?;
    let answer = answer(&mut connection).map_err(|error| failure(error, "try again"))?;
    connection.close();
    match answer.map(|it| it.outcome) {
        Some(Outcome::Accepted) => {
            Ok(StepOutcome::Passed("the service accepted the report".to_owned()))
        }
        // The way is free; only the pace is not.
        Some(Outcome::Rejected { code, message }) if code == "Throttled" => Ok(StepOutcome::Noted(
            format!("the report arrived too soon after the last one ({message}), which is fine"),
        )),
        Some(Outcome::Rejected { code, message }) => Err(failure(
            format!("the service rejected the report: {code}: {message}"),
            "report this as a fault of the agent, with the output of --dry-run",
        )),
        None => Err(failure(
            format!("the service did not answer within {ANSWER_TIMEOUT:?}"),
            "check that the policy allows iot:Receive, and that the server runs Device Defender",
        )),
    }
}

fn answer(connection: &mut Connection) -> Result<Option<Response>, ClientError> {
    let deadline = Instant::now() + ANSWER_TIMEOUT;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match connection.answer(left)? {
            Some(answer) => return Ok(Some(answer)),
            None if left.is_zero() => return Ok(None),
            None => {}
        }
    }
}
