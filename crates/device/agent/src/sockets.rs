//! `/proc/net/{tcp,tcp6,udp,udp6}`: one socket a line.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::procfs::{Procfs, ProcfsError};

/// Socket states as the kernel numbers them.
const ESTABLISHED: u8 = 1;
/// An unconnected UDP socket: it takes datagrams from anyone.
const UNCONNECTED: u8 = 7;
/// A TCP socket that takes connections.
const LISTEN: u8 = 10;

/// Most listening ports that are told apart.
const LISTENING_MAX: usize = 16_384;

/// One end of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct End {
    pub(crate) port: u16,
    pub(crate) ip: IpAddr,
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) local: End,
    pub(crate) remote: End,
    pub(crate) state: u8,
}

/// The TCP sockets, from one walk through the kernel's tables: it is the dearest part of a report.
#[derive(Debug, Default)]
pub(crate) struct TcpSockets {
    pub(crate) listening: BTreeSet<End>,
    /// The first of the established connections.
    pub(crate) established: Vec<Socket>,
    /// All of them.
    pub(crate) established_total: u64,
}

impl TcpSockets {
    pub(crate) fn read(procfs: &Procfs, entries_max: usize) -> Result<Self, ProcfsError> {
        let mut sockets = Self::default();
        each(procfs, Protocol::Tcp, |socket| match socket.state {
            LISTEN if sockets.listening.len() < LISTENING_MAX => {
                sockets.listening.insert(socket.local);
            }
            ESTABLISHED => {
                sockets.established_total += 1;
                if sockets.established.len() < entries_max {
                    sockets.established.push(socket);
                }
            }
            _ => {}
        })?;
        Ok(sockets)
    }
}

/// The unconnected UDP sockets.
pub(crate) fn listening_udp(procfs: &Procfs) -> Result<BTreeSet<End>, ProcfsError> {
    let mut listening = BTreeSet::new();
    each(procfs, Protocol::Udp, |socket| {
        if socket.state == UNCONNECTED && listening.len() < LISTENING_MAX {
            listening.insert(socket.local);
        }
    })?;
    Ok(listening)
}

#[derive(Debug, Clone, Copy)]
enum Protocol {
    Tcp,
    Udp,
}

/// Hands each socket of both address families to `take`.
fn each(
    procfs: &Procfs,
    protocol: Protocol,
    mut take: impl FnMut(Socket),
) -> Result<(), ProcfsError> {
    let tables = match protocol {
        Protocol::Tcp => {
            [("net/tcp", "net/sockstat", "TCP:"), ("net/tcp6", "net/sockstat6", "TCP6:")]
        }
        Protocol::Udp => {
            [("net/udp", "net/sockstat", "UDP:"), ("net/udp6", "net/sockstat6", "UDP6:")]
        }
    };
    for (table, summary, name) in tables {
        // The kernel walks through a table's whole hash, however few sockets are in it.
        if !is_empty(procfs, summary, name)? {
            procfs.lines(table, |line| {
                if let Some(socket) = parse(line) {
                    take(socket);
                }
            })?;
        }
    }
    Ok(())
}

/// Whether the kernel's summary says that no socket of this kind is in use.
fn is_empty(procfs: &Procfs, summary: &str, name: &str) -> Result<bool, ProcfsError> {
    let mut empty = false;
    procfs.lines(summary, |line| {
        let mut words = line.split_ascii_whitespace();
        empty |= words.next() == Some(name)
            && words.next() == Some("inuse")
            && words.next() == Some("0");
    })?;
    Ok(empty)
}

/// Reads `sl: local:port remote:port state …`; the heading is no socket.
fn parse(line: &str) -> Option<Socket> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let local = parse_end(words.next()?)?;
    let remote = parse_end(words.next()?)?;
    let state = u8::from_str_radix(words.next()?, 16).ok()?;
    Some(Socket { local, remote, state })
}

fn parse_end(text: &str) -> Option<End> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(End { ip: parse_address(address)?, port })
}

/// Addresses are printed as 32-bit words in the machine's own byte order.
fn parse_address(text: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = text.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    match text.len() {
        8 => Some(IpAddr::V4(Ipv4Addr::from(word(0)?))),
        32 => {
            let mut bytes = [0; 16];
            for (at, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(at)?);
            }
            // An IPv4 peer of an IPv6 socket is an IPv4 peer.
            Some(Ipv6Addr::from(bytes).to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_address_families() {
        let line = "   0: 0100007F:9BCD 0902000A:01BB 01 00000000:00000000 00:00000000";
        let socket = parse(line).unwrap();
        assert_eq!(socket.local, End { ip: "127.0.0.1".parse().unwrap(), port: 39885 });
        assert_eq!(socket.remote, End { ip: "10.0.2.9".parse().unwrap(), port: 443 });
        assert_eq!(socket.state, ESTABLISHED);

        let line =
            "1: 000000000000000000000000000000FF:0015 00000000000000000000000000000000:0000 0A";
        assert_eq!(parse(line).unwrap().local.port, 21);
        let mapped = parse_address("0000000000000000FFFF00000100007F").unwrap();
        assert_eq!(mapped, IpAddr::V4(Ipv4Addr::LOCALHOST));
    }

    #[test]
    fn a_table_whose_summary_is_empty_is_not_walked() {
        let machine = crate::collectors::fake::machine();
        let procfs = machine.config().procfs;
        assert_eq!(TcpSockets::read(&procfs, 500).unwrap().listening.len(), 3);
        std::fs::write(machine.path("net/sockstat6"), "TCP6: inuse 0\nUDP6: inuse 1\n").unwrap();
        assert_eq!(TcpSockets::read(&procfs, 500).unwrap().listening.len(), 2);
    }

    #[test]
    fn a_heading_or_a_damaged_line_is_no_socket() {
        for line in
            ["  sl  local_address rem_address   st", "", "0: 01:02 03:04 05", "0: zz:1 a:1 0A"]
        {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(line in ".{0,120}") {
            parse(&line);
        }
    }
}
