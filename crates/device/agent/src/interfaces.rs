//! Which interface an address of this machine belongs to.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::procfs::{Procfs, ProcfsError};

/// Most routes and addresses that are kept.
const ENTRIES_MAX: usize = 1024;

#[derive(Debug)]
struct Route {
    destination: u32,
    mask: u32,
    has_gateway: bool,
    interface: String,
}

/// The machine's addresses, as far as `/proc/net/route` and `/proc/net/if_inet6` tell.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    routes: Vec<Route>,
    v6: BTreeMap<Ipv6Addr, String>,
}

impl Interfaces {
    pub(crate) fn read(procfs: &Procfs) -> Result<Self, ProcfsError> {
        let mut interfaces = Self::default();
        procfs.lines("net/route", |line| {
            if interfaces.routes.len() < ENTRIES_MAX {
                interfaces.routes.extend(parse_route(line));
            }
        })?;
        procfs.lines("net/if_inet6", |line| {
            if interfaces.v6.len() < ENTRIES_MAX {
                interfaces.v6.extend(parse_v6(line));
            }
        })?;
        Ok(interfaces)
    }

    /// The interface of a local address. A wildcard address stands for itself, as other Device
    /// Defender agents report it.
    pub(crate) fn of(&self, address: IpAddr) -> Option<String> {
        if address.is_unspecified() {
            return Some(address.to_string());
        }
        if address.is_loopback() {
            return Some("lo".to_owned());
        }
        match address {
            IpAddr::V4(address) => self.of_v4(address),
            IpAddr::V6(address) => self.v6.get(&address).cloned(),
        }
    }

    /// The interface whose network the address lies in: the longest prefix, on the link before
    /// through a gateway.
    fn of_v4(&self, address: Ipv4Addr) -> Option<String> {
        let address = u32::from(address);
        self.routes
            .iter()
            .filter(|route| address & route.mask == route.destination)
            .max_by_key(|route| (route.mask.count_ones(), !route.has_gateway))
            .map(|route| route.interface.clone())
    }
}

/// Reads `Iface Destination Gateway Flags RefCnt Use Metric Mask …`, numbers in the machine's order.
fn parse_route(line: &str) -> Option<Route> {
    let words: Vec<&str> = line.split_ascii_whitespace().take(8).collect();
    let [interface, destination, gateway, _, _, _, _, mask] = *words.as_slice() else {
        return None;
    };
    let number = |text| Some(u32::from_be_bytes(u32::from_str_radix(text, 16).ok()?.to_ne_bytes()));
    Some(Route {
        destination: number(destination)?,
        mask: number(mask)?,
        has_gateway: number(gateway)? != 0,
        interface: interface.to_owned(),
    })
}

/// Reads `address index prefix scope flags name`.
fn parse_v6(line: &str) -> Option<(Ipv6Addr, String)> {
    let mut words = line.split_ascii_whitespace();
    let address = u128::from_str_radix(words.next()?, 16).ok()?;
    Some((Ipv6Addr::from(address), words.nth(4)?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interfaces() -> Interfaces {
        let routes = [
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU",
            "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0",
            "eth1\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0",
            "wlan0\t0005A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0",
        ];
        let v6 = ["fd000000000000000000000000000002 04 40 00 82     eth0", "junk"];
        Interfaces {
            routes: routes.iter().filter_map(|line| parse_route(line)).collect(),
            v6: v6.iter().filter_map(|line| parse_v6(line)).collect(),
        }
    }

    #[test]
    fn an_address_belongs_to_the_narrowest_network() {
        let interfaces = interfaces();
        for (address, expected) in [
            ("192.168.5.7", Some("wlan0")),
            ("192.168.9.7", Some("eth1")),
            ("192.0.2.2", Some("eth0")),
            ("127.0.0.53", Some("lo")),
            ("::1", Some("lo")),
            ("fd00::2", Some("eth0")),
            ("fd00::3", None),
            ("0.0.0.0", Some("0.0.0.0")),
            ("::", Some("::")),
        ] {
            let found = interfaces.of(address.parse().unwrap());
            assert_eq!(found.as_deref(), expected, "{address}");
        }
    }
}
