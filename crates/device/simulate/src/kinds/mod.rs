//! What kinds of device there are. One file a kind; [`ALL`] is the list.

mod camera;
mod gateway;
mod infusion_pump;
mod meter;
mod patient_monitor;
mod plc;

/// Every kind, in the order in which a small fleet gets them.
pub const ALL: &[&DeviceKind] = &[
    &infusion_pump::INFUSION_PUMP,
    &patient_monitor::PATIENT_MONITOR,
    &gateway::GATEWAY,
    &camera::CAMERA,
    &plc::PLC,
    &meter::METER,
];

/// The kind of a device that is not named after one.
pub const DEFAULT: &DeviceKind = &infusion_pump::INFUSION_PUMP;

/// Which kind the first devices are, over and over: places in [`ALL`].
const MIX: [usize; 20] = [0, 1, 2, 3, 4, 5, 0, 1, 0, 3, 5, 0, 1, 0, 1, 3, 0, 5, 1, 0];

/// How devices of one kind behave when all is well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeviceKind {
    /// Beginning of the thing names, before `-`.
    pub prefix: &'static str,
    /// What it is, in a few words.
    pub doc: &'static str,
    /// TCP ports it always listens on, with the interface.
    pub tcp_ports: &'static [(u16, &'static str)],
    /// UDP ports it always listens on, with the interface.
    pub udp_ports: &'static [(u16, &'static str)],
    /// Whom it is connected to.
    pub peers: &'static [Peer],
    /// Bytes in a second at full load.
    pub bytes_in_per_s: f64,
    /// Bytes out a second at full load.
    pub bytes_out_per_s: f64,
    /// Mean size of its packets.
    pub packet_bytes: f64,
    /// Share of the full load that remains at night.
    pub night_level: f64,
    /// What it measures besides.
    pub gauge: Gauge,
    /// Last level of the topic of its data messages.
    pub data_topic: &'static str,
}

/// A host that devices of a kind talk to. Destinations are inside of the site, as they should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peer {
    /// First three numbers of its IPv4 address; the last differs from device to device.
    pub network: [u8; 3],
    /// Its port.
    pub port: u16,
    /// How often the connection is open when a report is made, 0 to 1.
    pub share: f64,
}

/// A custom metric of type `number`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gauge {
    /// Its name.
    pub name: &'static str,
    /// Its value in quiet times.
    pub base: f64,
    /// How much is added at full load.
    pub with_load: f64,
    /// Share by which it varies.
    pub spread: f64,
}

impl DeviceKind {
    /// The kind that a thing of this name is of: by what is before the last `-`.
    pub fn of_name(name: &str) -> Option<&'static Self> {
        let (prefix, _) = name.rsplit_once('-')?;
        ALL.iter().copied().find(|kind| kind.prefix == prefix)
    }
}

/// Names for a fleet of `count` devices: `pump-001`, `monitor-001`, … A larger fleet begins with the
/// names of a smaller one.
pub fn names(count: usize) -> Vec<String> {
    let mut made = [0_usize; ALL.len()];
    let mut names = Vec::with_capacity(count);
    for place in MIX.iter().cycle().take(count) {
        if let (Some(kind), Some(number)) = (ALL.get(*place), made.get_mut(*place)) {
            *number += 1;
            names.push(format!("{}-{number:03}", kind.prefix));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_list_and_in_the_mix() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/kinds");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), ALL.len() + 1);
        for place in 0..ALL.len() {
            assert!(MIX.contains(&place));
        }
    }

    #[test]
    fn names_are_stable_and_name_their_kind() {
        let names = names(1000);
        assert_eq!(
            names[..7],
            [
                "pump-001",
                "monitor-001",
                "gateway-001",
                "camera-001",
                "plc-001",
                "meter-001",
                "pump-002"
            ]
        );
        assert_eq!(super::names(7), names[..7]);
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), 1000);
        assert!(names.iter().all(|name| DeviceKind::of_name(name).is_some()));
        assert_eq!(DeviceKind::of_name("toaster-001"), None);
    }
}
