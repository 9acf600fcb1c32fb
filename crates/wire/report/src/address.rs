//! The far end of a connection, as agents write it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// An address with, nearly always, a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RemoteAddress {
    /// IPv4 or IPv6.
    pub ip: IpAddr,
    /// The port, absent if the agent sent a bare address.
    pub port: Option<u16>,
}

impl RemoteAddress {
    /// Reads `192.0.2.1:443`, `[2001:db8::7]:443`, `2001:db8::7:443` (some agents leave out the
    /// brackets: the last colon divides) and the same without a port.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((host, port)) = text.rsplit_once(':')
            && let (Some(ip), Ok(port)) = (parse_ip(host), port.parse())
        {
            return Some(Self { ip, port: Some(port) });
        }
        parse_ip(text).map(|ip| Self { ip, port: None })
    }
}

fn parse_ip(text: &str) -> Option<IpAddr> {
    if let Some(inner) = text.strip_prefix('[') {
        return parse_v6(inner.strip_suffix(']')?).map(IpAddr::V6);
    }
    text.parse().ok().or_else(|| parse_v6(text).map(IpAddr::V6))
}

/// An IPv6 address, its zone (`%eth0`) left out.
fn parse_v6(text: &str) -> Option<Ipv6Addr> {
    text.split('%').next()?.parse().ok()
}

impl fmt::Display for RemoteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ip, self.port) {
            (IpAddr::V6(ip), Some(port)) => write!(f, "[{ip}]:{port}"),
            (IpAddr::V4(ip), Some(port)) => write!(f, "{ip}:{port}"),
            // In brackets, so that the last group is not read as a port.
            (IpAddr::V6(ip), None) => write!(f, "[{ip}]"),
            (IpAddr::V4(ip), None) => write!(f, "{ip}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, ip: &str, port: Option<u16>) {
        let parsed = RemoteAddress::parse(text);
        assert_eq!(parsed, Some(RemoteAddress { ip: ip.parse().unwrap(), port }), "{text}");
    }

    #[test]
    fn reads_every_spelling_that_agents_use() {
        check("203.0.113.9:8883", "203.0.113.9", Some(8883));
        check("[2001:db8::7]:443", "2001:db8::7", Some(443));
        check("2001:db8::7:443", "2001:db8::7", Some(443));
        check("[fe80::1%eth0]:53", "fe80::1", Some(53));
        check("203.0.113.9", "203.0.113.9", None);
        check("[2001:db8::7]", "2001:db8::7", None);
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in ["", ":", "host:80", "1.2.3:80", "1.2.3.4:99999", "[1.2.3.4", "[]:1"] {
            assert_eq!(RemoteAddress::parse(text), None, "{text}");
        }
    }
}
