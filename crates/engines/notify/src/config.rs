//! The `[notify]` section of the configuration.

use std::path::PathBuf;
use std::time::Duration;

use picket_core::Secret;
use picket_outbound::OutboundRules;
use serde::{Deserialize, Serialize};

/// The setting that allows addresses, for messages.
const ALLOW_HOSTS: &str = "notify.allow_hosts";

/// Settings of notifications. What concerns one topic or subscription stands in its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotifyConfig {
    /// Address at which receivers and readers of mails reach the AWS endpoint, such as
    /// `https://picket.example:4566`: it stands in front of the links to confirm and to unsubscribe, and of
    /// the signing certificate. Absent, the default, it is where the AWS endpoint listens.
    pub base_url: Option<String>,
    /// Where notifications may go although it is link-local, loopback or private, or a webhook at plain
    /// `http`: host names, addresses, blocks such as `10.1.0.0/16`, or `host:port`. Default none.
    pub allow_hosts: Vec<String>,
    /// PEM files with further root certificates to trust, beside the machine's. Default none.
    pub extra_roots: Vec<PathBuf>,
    /// Deliveries to one subscription that may be on their way at once; to one whose last three failed it
    /// is one. Default 4.
    pub per_subscription_max: usize,
    /// Deliveries that may be on their way at once, of all subscriptions. Default 256.
    pub attempts_max: usize,
    /// How long one attempt may take in milliseconds. Default 15,000, as AWS has it.
    pub attempt_timeout_ms: u64,
    /// How long a connection may take in milliseconds. Default 5,000.
    pub connect_timeout_ms: u64,
    /// Length of the pauses between attempts, in thousandths of what AWS has. Default 1,000.
    pub retry_pace_permille: u32,
    /// Messages that may wait for one subscription; further ones are dropped and counted. Default 10,000.
    pub waiting_max: usize,
    /// Messages that could not be delivered and are kept for inspection, for each subscription; the oldest
    /// goes first. Default 100.
    pub failed_max: usize,
    /// How long a deduplication id is remembered, in hours. Default 6.
    pub deduplication_hours: u32,
    /// Most topics. Default 1,000.
    pub topics_max: usize,
    /// Most subscriptions of one topic. Default 1,000.
    pub subscriptions_max: usize,
    /// How long deliveries on their way may take to end at shutdown, in milliseconds. What does not end is
    /// tried again after the restart. Default 3,000.
    pub drain_ms: u64,
    /// The mail server. Without, the default, nobody can subscribe by mail.
    pub smtp: Option<SmtpConfig>,
}

/// `[notify.smtp]`: the server that takes our mails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// Its name or address.
    pub host: String,
    /// Its port. Default 587; with `security = "tls"` 465 and with `"none"` 25.
    pub port: Option<u16>,
    /// How the connection is protected. Default `starttls`.
    #[serde(default)]
    pub security: SmtpSecurity,
    /// The user to log in as; absent, the default, nobody logs in.
    pub username: Option<String>,
    /// Their password.
    pub password: Option<Secret>,
    /// Who the mails are from, such as `Picket <picket@example.com>`.
    pub from: String,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// TLS from the first byte.
    Tls,
    /// Plain, then TLS before anything is said; refused where the server has none.
    #[default]
    StartTls,
    /// Not at all. For a server on this machine; a password is refused.
    None,
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self {
            base_url: None,
            allow_hosts: Vec::new(),
            extra_roots: Vec::new(),
            per_subscription_max: 4,
            attempts_max: 256,
            attempt_timeout_ms: 15_000,
            connect_timeout_ms: 5_000,
            retry_pace_permille: 1_000,
            waiting_max: 10_000,
            failed_max: 100,
            deduplication_hours: 6,
            topics_max: 1_000,
            subscriptions_max: 1_000,
            drain_ms: 3_000,
            smtp: None,
        }
    }
}

impl NotifyConfig {
    /// What is wrong with the settings, each with its key; empty if nothing is.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut range = |key: &str, value: u64, min: u64, max: u64| {
            if !(min..=max).contains(&value) {
                problems.push(format!("notify.{key} is {value}; it must be from {min} to {max}"));
            }
        };
        range("per_subscription_max", self.per_subscription_max as u64, 1, 256);
        range("attempts_max", self.attempts_max as u64, 1, 4_096);
        range("attempt_timeout_ms", self.attempt_timeout_ms, 10, 600_000);
        range("connect_timeout_ms", self.connect_timeout_ms, 1, 600_000);
        range("retry_pace_permille", u64::from(self.retry_pace_permille), 0, 100_000);
        range("waiting_max", self.waiting_max as u64, 1, 1_000_000);
        range("failed_max", self.failed_max as u64, 0, 10_000);
        range("deduplication_hours", u64::from(self.deduplication_hours), 1, 168);
        range("topics_max", self.topics_max as u64, 1, 100_000);
        range("subscriptions_max", self.subscriptions_max as u64, 1, 100_000);
        range("drain_ms", self.drain_ms, 0, 60_000);
        if let Err(problem) = self.outbound_rules() {
            problems.push(format!("{ALLOW_HOSTS}: {problem}"));
        }
        if let Some(base) = &self.base_url
            && !base.starts_with("http://")
            && !base.starts_with("https://")
        {
            problems.push("notify.base_url must begin with https:// or http://".to_owned());
        }
        problems.extend(self.smtp.iter().flat_map(SmtpConfig::problems));
        problems
    }

    pub(crate) fn outbound_rules(&self) -> Result<OutboundRules, String> {
        OutboundRules::parse(ALLOW_HOSTS, &self.allow_hosts)
    }

    pub(crate) const fn attempt_timeout(&self) -> Duration {
        Duration::from_millis(self.attempt_timeout_ms)
    }

    pub(crate) const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(crate) const fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }

    pub(crate) fn remembered(&self) -> Duration {
        Duration::from_secs(u64::from(self.deduplication_hours) * 3_600)
    }
}

impl SmtpConfig {
    /// The port it is at.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            SmtpSecurity::Tls => 465,
            SmtpSecurity::StartTls => 587,
            SmtpSecurity::None => 25,
        })
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.host.is_empty() {
            problems.push("notify.smtp.host is empty".to_owned());
        }
        if let Err(error) = self.from.parse::<lettre::message::Mailbox>() {
            problems.push(format!("notify.smtp.from is no mail address: {error}"));
        }
        if self.username.is_some() != self.password.is_some() {
            problems.push(
                "notify.smtp.username and notify.smtp.password belong together: give both or neither"
                    .to_owned(),
            );
        }
        if self.security == SmtpSecurity::None && self.password.is_some() {
            problems.push(
                "notify.smtp.password would be sent in the clear; set notify.smtp.security to \
                 \"starttls\" or \"tls\""
                    .to_owned(),
            );
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_order() {
        assert_eq!(NotifyConfig::default().problems(), Vec::<String>::new());
    }

    #[test]
    fn every_bad_setting_is_named() {
        let config = NotifyConfig {
            attempts_max: 0,
            base_url: Some("picket.example".to_owned()),
            smtp: Some(SmtpConfig {
                host: String::new(),
                port: None,
                security: SmtpSecurity::None,
                username: Some("u".to_owned()),
                password: Some(Secret::new("p")),
                from: "nobody".to_owned(),
            }),
            ..NotifyConfig::default()
        };
        let problems = config.problems().join("\n");
        for key in ["attempts_max is 0", "base_url", "smtp.host", "smtp.from", "smtp.password"] {
            assert!(problems.contains(&format!("notify.{key}")), "{key}: {problems}");
        }
    }
}
