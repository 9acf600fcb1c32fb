//! Where a fact came from: the way back from a chart to the packet.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The place of a record in a durable log, `<log>/<partition>/<sequence>`. Given to a report when it
/// is appended, carried along every later stage, and stored beside the event in the SIEM.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TraceId {
    /// The log's name, for example `reports`.
    pub log: String,
    /// The partition inside the log.
    pub partition: u16,
    /// The record's number inside the partition.
    pub sequence: u64,
}

/// A text that is not a trace id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a trace id of the form LOG/PARTITION/SEQUENCE")]
pub struct InvalidTraceId(String);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.log, self.partition, self.sequence)
    }
}

impl FromStr for TraceId {
    type Err = InvalidTraceId;

    fn from_str(text: &str) -> Result<Self, InvalidTraceId> {
        let parse = || {
            let mut parts = text.rsplitn(3, '/');
            let sequence = parts.next()?.parse().ok()?;
            let partition = parts.next()?.parse().ok()?;
            let log = parts.next().filter(|log| !log.is_empty())?.to_owned();
            Some(Self { log, partition, sequence })
        };
        parse().ok_or_else(|| InvalidTraceId(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_prints() {
        let id = TraceId { log: "reports".to_owned(), partition: 3, sequence: 42 };
        assert_eq!(id.to_string(), "reports/3/42");
        assert_eq!("reports/3/42".parse(), Ok(id));
        assert!("42".parse::<TraceId>().is_err());
    }
}
