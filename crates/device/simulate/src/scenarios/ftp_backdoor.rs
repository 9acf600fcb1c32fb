use picket_wire_report::{ListeningPort, Report};

use super::Scenario;
use crate::device::{Device, Moment};

const FTP: u16 = 21;

#[derive(Debug)]
pub(super) struct FtpBackdoor;

impl Scenario for FtpBackdoor {
    fn name(&self) -> &'static str {
        "ftp-backdoor"
    }

    fn doc(&self) -> &'static str {
        "One device begins to listen on TCP port 21."
    }

    fn alter(&self, device: &Device, _moment: &Moment, report: &mut Report) {
        let listening =
            report.metrics.get_or_insert_default().listening_tcp_ports.get_or_insert_default();
        let interface = device.kind.tcp_ports.first().map(|(_, interface)| (*interface).to_owned());
        let ports = listening.ports.get_or_insert_default();
        ports.insert(0, ListeningPort { port: FTP, interface });
        listening.total = u64::try_from(ports.len()).ok();
    }
}
