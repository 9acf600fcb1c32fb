//! What stands in the `reports` log. Each variant carries its version; a new shape is a new variant at
//! the end.

use std::net::IpAddr;

use picket_core::Timestamp;
use picket_ports::reports::ReportFormat;
use picket_wire_report::Format;
use serde::{Deserialize, Serialize};

use picket_profile::{Flag, WindowCounts};

/// One record, borrowing from the bytes it was read from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum ReportsRecord<'a> {
    /// A report that was accepted.
    ReportV1 {
        /// The identity in the topic.
        thing: &'a str,
        /// True for CBOR, false for JSON.
        cbor: bool,
        /// When the gateway took it; no two reports of a thing have the same.
        arrived: Timestamp,
        /// As sent.
        payload: &'a [u8],
    },
    /// What the front door counted from `from` to `at`. Also the clock: windows that ended long enough
    /// before `at` are closed. May be without devices.
    CloudV1 {
        /// The previous flush.
        from: Timestamp,
        /// This flush.
        at: Timestamp,
        /// What changed, each identity once.
        devices: Vec<DeviceDeltaV1>,
    },
    /// The server started: nobody is connected.
    StartedV1 {
        /// When.
        at: Timestamp,
    },
    /// A report that was accepted from somebody else than the thing itself.
    ForeignReportV1 {
        /// The identity in the topic.
        thing: &'a str,
        /// True for CBOR, false for JSON.
        cbor: bool,
        /// When the gateway took it; no two reports of a thing have the same.
        arrived: Timestamp,
        /// As sent.
        payload: &'a [u8],
        /// The client id of who published it.
        publisher: &'a str,
    },
    /// A report that was refused for something impossible.
    ImpossibleV1 {
        /// The identity in the topic.
        thing: &'a str,
        /// When the gateway refused it.
        arrived: Timestamp,
        /// What is impossible.
        flag: Flag,
    },
    /// [`ReportsRecord::CloudV1`] with counts for some topics only.
    CloudV2 {
        /// The previous flush.
        from: Timestamp,
        /// This flush.
        at: Timestamp,
        /// What changed, each identity once.
        devices: Vec<DeviceDelta>,
    },
    /// A percentile over the devices of a profile has been computed.
    ThresholdV1(Threshold),
}

/// A percentile of one behaviour and one period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Threshold {
    /// The behaviour's id.
    pub(crate) behavior: u64,
    /// The end of the period.
    pub(crate) end: Timestamp,
    /// The percentile; absent where too few devices had a value.
    pub(crate) value: Option<f64>,
    /// Devices that had a value.
    pub(crate) devices: u64,
}

/// What one device did between two flushes, as of [`ReportsRecord::CloudV1`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeviceDeltaV1 {
    /// The client id.
    pub(crate) identity: String,
    /// What was counted.
    pub(crate) counts: WindowCounts,
    /// The address of its newest session, if it is connected now.
    pub(crate) connected: Option<IpAddr>,
}

/// What one device did between two flushes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeviceDelta {
    /// The client id.
    pub(crate) identity: String,
    /// What was counted.
    pub(crate) counts: WindowCounts,
    /// The address of its newest session, if it is connected now.
    pub(crate) connected: Option<IpAddr>,
    /// What was counted for some topics only, by lens.
    pub(crate) scoped: Vec<(u64, WindowCounts)>,
}

impl From<DeviceDeltaV1> for DeviceDelta {
    fn from(old: DeviceDeltaV1) -> Self {
        let DeviceDeltaV1 { identity, counts, connected } = old;
        Self { identity, counts, connected, scoped: Vec::new() }
    }
}

/// A record that cannot be read: the log was written by a newer version, or is damaged.
#[derive(Debug, thiserror::Error)]
#[error("record {partition}/{sequence} of the reports log cannot be read: {cause}")]
pub(crate) struct BadRecord {
    pub(crate) partition: u16,
    pub(crate) sequence: u64,
    pub(crate) cause: String,
}

impl<'a> ReportsRecord<'a> {
    /// Reads a record.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }

    /// Writes the record.
    pub(crate) fn write(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    /// When it happened.
    pub(crate) const fn time(&self) -> Timestamp {
        match self {
            Self::ReportV1 { arrived, .. }
            | Self::ForeignReportV1 { arrived, .. }
            | Self::ImpossibleV1 { arrived, .. } => *arrived,
            Self::CloudV1 { at, .. } | Self::CloudV2 { at, .. } | Self::StartedV1 { at } => *at,
            Self::ThresholdV1(threshold) => threshold.end,
        }
    }
}

/// The report format of the ports as that of the wire crate.
pub(crate) const fn wire_format(format: ReportFormat) -> Format {
    match format {
        ReportFormat::Json => Format::Json,
        ReportFormat::Cbor => Format::Cbor,
    }
}

/// The encoding that the flag of a stored report means.
pub(crate) const fn stored_format(cbor: bool) -> Format {
    if cbor { Format::Cbor } else { Format::Json }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One record of each kind as the first version wrote it. These must read for ever.
    #[test]
    fn records_of_the_first_version_can_be_read() {
        let at = Timestamp::from_millis(1_718_000_300_032);
        let counts = WindowCounts { connects: 1, ..WindowCounts::default() };
        let connected = Some(IpAddr::from([10, 0, 0, 1]));
        let devices = vec![DeviceDeltaV1 { identity: "p".to_owned(), counts, connected }];
        let fixtures = [
            (
                "0001700180c0e18c80640374776f",
                ReportsRecord::ReportV1 { thing: "p", cbor: true, arrived: at, payload: b"two" },
            ),
            (
                "0180c0e18c806480c0e18c80640101700000000000000000010001000a000001",
                ReportsRecord::CloudV1 { from: at, at, devices },
            ),
            ("0280c0e18c8064", ReportsRecord::StartedV1 { at }),
        ];
        for (stored, record) in fixtures {
            let bytes = hex::decode(stored).unwrap_or_default();
            let read = ReportsRecord::read(&bytes);
            assert_eq!(read, Ok(record.clone()), "{}", hex::encode(record.write().unwrap()));
        }
    }

    /// One record of each kind that came later, as it was written first.
    #[test]
    fn later_records_can_be_read() {
        let at = Timestamp::from_millis(1_718_000_300_032);
        let counts = WindowCounts { messages_in: 1, ..WindowCounts::default() };
        let scoped = vec![(7, counts.clone())];
        let identity = "p".to_owned();
        let devices = vec![DeviceDelta { identity, counts, connected: None, scoped }];
        let threshold = Threshold { behavior: u64::MAX, end: at, value: Some(1.5), devices: 300 };
        let fixtures = [
            (
                "0301700080c0e18c80640374776f0171",
                ReportsRecord::ForeignReportV1 {
                    thing: "p",
                    cbor: false,
                    arrived: at,
                    payload: b"two",
                    publisher: "q",
                },
            ),
            (
                "04017080c0e18c806402",
                ReportsRecord::ImpossibleV1 {
                    thing: "p",
                    arrived: at,
                    flag: Flag::CounterBackwards,
                },
            ),
            (
                "0580c0e18c806480c0e18c80640101700100000000000000000000010701000000000000000000",
                ReportsRecord::CloudV2 { from: at, at, devices },
            ),
            (
                "06ffffffffffffffffff0180c0e18c806401000000000000f83fac02",
                ReportsRecord::ThresholdV1(threshold),
            ),
        ];
        for (stored, record) in fixtures {
            let bytes = hex::decode(stored).unwrap_or_default();
            let read = ReportsRecord::read(&bytes);
            assert_eq!(read, Ok(record.clone()), "{}", hex::encode(record.write().unwrap()));
        }
    }

    #[test]
    fn damaged_records_are_errors() {
        for length in 0..6 {
            let whole = ReportsRecord::ReportV1 {
                thing: "p",
                cbor: false,
                arrived: Timestamp::from_millis(1),
                payload: b"{}",
            };
            let bytes = whole.write().unwrap();
            assert!(ReportsRecord::read(bytes.get(..length).unwrap()).is_err());
        }
    }
}
