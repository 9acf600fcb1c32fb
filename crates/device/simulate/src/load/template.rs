//! A report that is encoded once and sent often, each time under a new id: a bench should load the
//! server, not itself.

use std::time::Duration;

use picket_core::{Clock, SystemClock, Timestamp};
use picket_wire_report::Format;

use crate::device::{Device, Moment};

/// An id with as many digits, and as long in CBOR, as every millisecond of this century.
const MARK: i64 = 1_000_000_000_017;

pub(super) struct ReportTemplate {
    bytes: Vec<u8>,
    /// Where the id is; absent if it was not found, so that the id stays the same.
    at: Option<usize>,
    format: Format,
    id: u64,
}

impl ReportTemplate {
    pub(super) fn new(device: &Device) -> Self {
        let moment = Moment {
            now: Timestamp::from_millis(MARK),
            since_start: Duration::ZERO,
            since_last: Some(Duration::from_secs(300)),
            number: 0,
        };
        let format = device.format();
        let bytes = device.encode(&device.report(&moment));
        let mark = written(format, MARK.unsigned_abs());
        let at = bytes.windows(mark.len()).position(|window| window == mark.as_slice());
        let id = u64::try_from(SystemClock.now().as_millis()).unwrap_or(1);
        Self { bytes, at, format, id }
    }

    /// The report with the next id.
    pub(super) fn next(&mut self) -> &[u8] {
        self.id += 1;
        let id = written(self.format, self.id);
        let place = self.at.and_then(|at| self.bytes.get_mut(at..at + id.len()));
        if let Some(place) = place {
            place.copy_from_slice(&id);
        }
        &self.bytes
    }
}

fn written(format: Format, id: u64) -> Vec<u8> {
    match format {
        Format::Json => id.to_string().into_bytes(),
        // Major type 0 with eight bytes.
        Format::Cbor => [&[0x1b][..], &id.to_be_bytes()].concat(),
    }
}

#[cfg(test)]
mod tests {
    use picket_wire_report::decode;

    use super::*;

    #[test]
    fn only_the_id_changes_in_both_encodings() {
        for index in [0, 4, 6] {
            let day = Duration::from_secs(86_400);
            let device = Device::new("pump-001", index, 1, day).unwrap();
            let mut template = ReportTemplate::new(&device);
            let first = decode(device.format(), template.next()).unwrap();
            let mut second = decode(device.format(), template.next()).unwrap();
            assert_eq!(second.report_id, first.report_id + 1);
            second.report_id = first.report_id;
            assert_eq!(first, second);
        }
    }
}
