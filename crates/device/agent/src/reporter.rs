//! From the collectors to one report.

use picket_core::Clock;
use picket_wire_report::{Report, encode};

use crate::collectors::{self, Counters, Sample};
use crate::config::AgentConfig;
use crate::interfaces::Interfaces;
use crate::sockets::TcpSockets;

/// Makes reports with rising ids, and remembers the traffic counters between them.
#[derive(Debug)]
pub struct Reporter<'a> {
    config: &'a AgentConfig,
    clock: &'a dyn Clock,
    last_id: u64,
    /// Counters at the last report that was sent.
    reported: Option<Counters>,
    /// Counters at the one before, in case the last is rejected.
    reported_before: Option<Counters>,
    /// Counters at the last measurement.
    measured: Option<Counters>,
}

/// A report, and what could not be measured.
#[derive(Debug)]
pub struct Measurement {
    /// The report.
    pub report: Report,
    /// One line for each collector or custom metric that failed.
    pub failures: Vec<String>,
}

impl<'a> Reporter<'a> {
    /// A reporter that has measured nothing so far.
    pub fn new(config: &'a AgentConfig, clock: &'a dyn Clock) -> Self {
        Self { config, clock, last_id: 0, reported: None, reported_before: None, measured: None }
    }

    /// Runs every collector.
    pub fn measure(&mut self) -> Measurement {
        let mut failures = Vec::new();
        let interfaces = Interfaces::read(&self.config.procfs).unwrap_or_else(|error| {
            failures.push(error.to_string());
            Interfaces::default()
        });
        let mut report = Report { report_id: self.next_id(), ..Report::default() };
        let mut sample = Sample {
            procfs: &self.config.procfs,
            tcp: TcpSockets::default(),
            has_tcp: false,
            interfaces,
            list_entries_max: self.config.list_entries_max,
            interfaces_excluded: &self.config.interfaces_excluded,
            custom_metrics: &self.config.custom_metrics,
            reported: self.reported.as_ref(),
            counters: None,
            failures: Vec::new(),
        };
        for collector in collectors::ALL {
            if let Err(error) = collector.collect(&mut sample, &mut report) {
                failures.push(format!("{}: {error}", collector.name()));
            }
        }
        failures.extend(sample.failures.iter().map(ToString::to_string));
        self.measured = sample.counters;
        Measurement { report, failures }
    }

    /// Reads the traffic counters only, for the next measurement to count from.
    pub fn baseline(&mut self) {
        let excluded = &self.config.interfaces_excluded;
        // If they cannot be read, the next measurement says so.
        self.reported = Counters::read(&self.config.procfs, excluded).ok();
    }

    /// The report's bytes in the configured form.
    pub fn encode(&self, report: &Report) -> Vec<u8> {
        encode(self.config.format, self.config.names, report)
    }

    /// The last measurement has been sent: traffic counts from there.
    pub fn sent(&mut self) {
        if let Some(measured) = self.measured.take() {
            self.reported_before = self.reported.replace(measured);
        }
    }

    /// The last report was rejected: the next one makes good for its traffic.
    pub fn rejected(&mut self) {
        if let Some(before) = self.reported_before.take() {
            self.reported = Some(before);
        }
    }

    /// Seconds since the epoch, or one more than the last where the clock stands still or went back.
    fn next_id(&mut self) -> u64 {
        let now = u64::try_from(self.clock.now().as_millis() / 1000).unwrap_or(0);
        self.last_id = now.max(self.last_id.saturating_add(1));
        self.last_id
    }
}

#[cfg(test)]
mod tests {
    use picket_core::{ManualClock, Timestamp};

    use super::*;
    use crate::collectors::fake;

    #[test]
    fn ids_rise_even_when_the_clock_goes_back() {
        let machine = fake::machine();
        let config = machine.config();
        let clock = ManualClock::at(Timestamp::from_millis(1_718_000_300_999));
        let mut reporter = Reporter::new(&config, &clock);
        assert_eq!(reporter.measure().report.report_id, 1_718_000_300);
        clock.set(Timestamp::from_millis(5));
        assert_eq!(reporter.measure().report.report_id, 1_718_000_301);
    }

    fn bytes_in(reporter: &mut Reporter<'_>) -> Option<u64> {
        reporter.measure().report.metrics.unwrap().network_stats?.bytes_in
    }

    #[test]
    fn traffic_counts_from_the_last_report_that_was_sent_and_taken() {
        let machine = fake::machine();
        let config = machine.config();
        let clock = ManualClock::default();
        let mut reporter = Reporter::new(&config, &clock);
        machine.traffic(1000);
        assert_eq!(bytes_in(&mut reporter), None);
        reporter.sent();
        machine.traffic(1500);
        assert_eq!(bytes_in(&mut reporter), Some(500));
        // It could not be sent.
        machine.traffic(1700);
        assert_eq!(bytes_in(&mut reporter), Some(700));
        reporter.sent();
        reporter.rejected();
        machine.traffic(1800);
        assert_eq!(bytes_in(&mut reporter), Some(800));
    }

    #[test]
    fn what_cannot_be_measured_is_told_and_the_rest_goes_on() {
        let machine = fake::machine();
        let mut config = machine.config();
        std::fs::remove_file(machine.path("net/tcp")).unwrap();
        std::fs::create_dir(machine.path("net/tcp")).unwrap();
        config.custom_metrics = fake::custom_metrics();
        let clock = ManualClock::default();
        let measurement = Reporter::new(&config, &clock).measure();
        let failures = &measurement.failures;
        assert_eq!(failures.len(), 3, "{failures:?}");
        assert!(failures[0].starts_with("listening_tcp_ports: "), "{failures:?}");
        assert!(failures[2].starts_with("custom metric `broken`: "), "{failures:?}");
        let metrics = measurement.report.metrics.unwrap();
        assert!(metrics.listening_udp_ports.is_some());
        assert_eq!(measurement.report.custom_metrics.unwrap().len(), 1);
    }
}
