//! Topics that begin with `$` (spec iot-core §3.7).

use picket_ports::reports::ReportFormat;

/// What a publish on a topic means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination<'a> {
    /// An ordinary message.
    Broker,
    /// A report of device metrics.
    Report {
        /// The thing level of the topic.
        thing: &'a str,
        /// The encoding its last level names.
        format: ReportFormat,
    },
    /// Basic Ingest: the rules see it, subscribers do not.
    RulesOnly,
    /// A reserved topic that clients may not publish to, or that is not served.
    Unsupported,
}

/// Sorts a well-formed topic.
pub fn destination(topic: &str) -> Destination<'_> {
    if !topic.starts_with('$') {
        return Destination::Broker;
    }
    let mut levels = topic.split('/');
    let mut next = || levels.next().unwrap_or("");
    match (next(), next()) {
        ("$aws", "rules") if !next().is_empty() => Destination::RulesOnly,
        ("$aws", "things") => {
            let thing = next();
            let format = match (next(), next(), next()) {
                ("defender", "metrics", "json") => ReportFormat::Json,
                ("defender", "metrics", "cbor") => ReportFormat::Cbor,
                _ => return Destination::Unsupported,
            };
            if thing.is_empty() || levels.next().is_some() {
                return Destination::Unsupported;
            }
            Destination::Report { thing, format }
        }
        _ => Destination::Unsupported,
    }
}

/// Whether clients may subscribe to this pattern, which has no share prefix.
pub fn can_be_subscribed(pattern: &str) -> bool {
    if !pattern.starts_with('$') {
        return true;
    }
    if pattern.starts_with("$aws/events/") {
        return true;
    }
    let levels: Vec<&str> = pattern.split('/').collect();
    match levels.as_slice() {
        ["$aws", "things", _, "defender", "metrics", rest @ ..] => !rest.is_empty(),
        ["$aws", "things", _, "defender", "#"] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_and_basic_ingest_are_told_from_what_is_not_served() {
        let report = Destination::Report { thing: "pump", format: ReportFormat::Cbor };
        assert_eq!(destination("$aws/things/pump/defender/metrics/cbor"), report);
        assert_eq!(destination("$aws/rules/r"), Destination::RulesOnly);
        assert_eq!(destination("$aws/rules/r/a/b"), Destination::RulesOnly);
        assert_eq!(destination("a/$aws"), Destination::Broker);
        for topic in [
            "$aws/rules/",
            "$aws/things/pump/defender/metrics/xml",
            "$aws/things/pump/defender/metrics/json/accepted",
            "$aws/things//defender/metrics/json",
            "$aws/things/pump/shadow/update",
            "$SYS/x",
            "$",
        ] {
            assert_eq!(destination(topic), Destination::Unsupported, "{topic}");
        }
    }

    #[test]
    fn answers_and_events_can_be_subscribed() {
        for filter in ["a/#", "$aws/things/pump/defender/metrics/json/accepted", "$aws/events/#"] {
            assert!(can_be_subscribed(filter), "{filter}");
        }
        for filter in ["$aws/rules/r", "$aws/#", "$SYS/#", "$aws/things/pump/shadow/#"] {
            assert!(!can_be_subscribed(filter), "{filter}");
        }
    }
}
