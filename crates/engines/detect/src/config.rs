//! The `[detect]` section of the configuration.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Settings of the detect engine. Durations are texts such as `5m`, `1s`, `250ms`, `48h`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetectConfig {
    /// Length of an evaluation window. AWS's is five minutes; `durationSeconds` 300 in a profile is one
    /// window, 600 two, and so on, however long a window is. At least 1s. Default `5m`.
    #[serde(with = "text")]
    pub window: Duration,
    /// How long after its end a window of cloud-side metrics stays open for late counts. Default `2s`.
    #[serde(with = "text")]
    pub grace: Duration,
    /// How often the counts of the front door are written to the log; a fifth of the window at most.
    /// Default `1s`.
    #[serde(with = "text")]
    pub flush_interval: Duration,
    /// Least time between two reports of one thing; faster ones are rejected as `Throttled`. `0s`, the
    /// default, takes any; AWS's is five minutes, of which it lets 290 s pass.
    #[serde(with = "text")]
    pub report_interval_min: Duration,
    /// Least time between two rounds of metrics export. Default `1s`.
    #[serde(with = "text")]
    pub export_interval: Duration,
    /// How many export messages may be on their way at once. Default 16.
    pub export_concurrency: usize,
    /// How long reports are kept in the log after everyone has read them. Default `1h`.
    #[serde(with = "text")]
    pub retention: Duration,
    /// A behaviour in alarm without a datapoint for this long is invalidated. Default `48h`.
    #[serde(with = "text")]
    pub silence: Duration,
    /// How long the alarm history is kept. Default `720h` (30 days).
    #[serde(with = "text")]
    pub history: Duration,
    /// How long datapoints are kept, in whole days. Default `336h` (14 days).
    #[serde(with = "text")]
    pub datapoints: Duration,
    /// News of alarms that wait for a listener at most, such as while mail cannot be sent; the oldest are
    /// given up beyond. Default 100,000.
    pub alert_queue_max: u64,
    /// How long news of alarms wait for a listener at most. Default `24h`.
    #[serde(with = "text")]
    pub alert_queue_age_max: Duration,
    /// Unregistered identities that are remembered at most; reports and counts of further ones are not
    /// evaluated. Registered things are always. Default 1,000,000.
    pub identities_max: usize,
    /// Partitions of the `reports` log. Fixed when the data directory is created. Default 8.
    pub partitions: u16,
}

impl Default for DetectConfig {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(300),
            grace: Duration::from_secs(2),
            flush_interval: Duration::from_secs(1),
            report_interval_min: Duration::ZERO,
            export_interval: Duration::from_secs(1),
            export_concurrency: 16,
            retention: Duration::from_secs(3600),
            silence: Duration::from_secs(48 * 3600),
            history: Duration::from_secs(720 * 3600),
            datapoints: Duration::from_secs(336 * 3600),
            alert_queue_max: 100_000,
            alert_queue_age_max: Duration::from_secs(24 * 3600),
            identities_max: 1_000_000,
            partitions: 8,
        }
    }
}

impl DetectConfig {
    /// What is wrong with the settings, each with its key; empty if nothing is.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.window < Duration::from_secs(1) {
            problems.push("detect.window must be at least 1s".to_owned());
        }
        if self.flush_interval < Duration::from_millis(10) {
            problems.push("detect.flush_interval must be at least 10ms".to_owned());
        }
        if self.alert_queue_max == 0 {
            problems.push("detect.alert_queue_max must be at least 1".to_owned());
        }
        if self.alert_queue_age_max < Duration::from_secs(1) {
            problems.push("detect.alert_queue_age_max must be at least 1s".to_owned());
        }
        if self.partitions == 0 || self.partitions > 256 {
            problems.push("detect.partitions must be from 1 to 256".to_owned());
        }
        if self.export_concurrency == 0 || self.export_concurrency > 1024 {
            problems.push("detect.export_concurrency must be from 1 to 1024".to_owned());
        }
        problems
    }

    /// The flush interval in effect.
    pub(crate) fn flush_every(&self) -> Duration {
        self.flush_interval.min(self.window / 5).max(Duration::from_millis(10))
    }
}

/// Durations as text.
mod text {
    use super::Duration;
    use serde::{Deserialize, Deserializer, Serializer, de};

    const UNITS: &[(&str, u64)] =
        &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    pub(super) fn serialize<S: Serializer>(
        it: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let ms = it.as_millis();
        let whole = UNITS.iter().rev().find(|(_, size)| ms.is_multiple_of(u128::from(*size)));
        match whole.filter(|_| ms > 0) {
            Some((unit, size)) => {
                serializer.serialize_str(&format!("{}{unit}", ms / u128::from(*size)))
            }
            None => serializer.serialize_str("0s"),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            de::Error::custom(format_args!(
                "{shown:?} is not a duration; write a number and ms, s, m, h or d, for example 5m"
            ))
        })
    }

    pub(super) fn parse(text: &str) -> Option<Duration> {
        let text = text.trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = text.strip_prefix(digits)?;
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let number: u64 = digits.trim_end().parse().ok()?;
        number.checked_mul(*size).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_as_text() {
        for (sent, ms) in [("5m", 300_000), ("250ms", 250), ("2d", 172_800_000), ("0s", 0)] {
            let config: DetectConfig =
                serde_json::from_str(&format!("{{\"grace\":\"{sent}\"}}")).unwrap();
            assert_eq!(config.grace, Duration::from_millis(ms));
            assert!(serde_json::to_string(&config).unwrap().contains(&format!("\"{sent}\"")));
        }
    }

    #[test]
    fn a_wrong_duration_and_an_unknown_key_are_errors() {
        for (sent, part) in
            [("{\"window\":\"5 parsecs\"}", "parsecs"), ("{\"windw\":\"5m\"}", "windw")]
        {
            let error = serde_json::from_str::<DetectConfig>(sent).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(DetectConfig::default().problems().is_empty());
        assert_eq!(DetectConfig { partitions: 0, ..Default::default() }.problems().len(), 1);
    }
}
