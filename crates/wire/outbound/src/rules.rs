//! The rules: never to link-local, loopback or private addresses unless allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Longest URL.
const URL_CHARS_MAX: usize = 2_048;

/// Why an address is not connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No URL, or one that is too long.
    #[error("`{0}` is not a URL")]
    NotAUrl(String),
    /// Another scheme than http and https.
    #[error("a URL of scheme `{0}` is not allowed; use https")]
    Scheme(String),
    /// Plain http to a host that is not on the allow list.
    #[error(
        "plain http would show what is sent to the network; use https, or add `{host}` to {key}"
    )]
    PlainHttp {
        /// The host.
        host: String,
        /// The setting that could allow it.
        key: &'static str,
    },
    /// More than an address.
    #[error("the URL must not hold {0}")]
    Extras(&'static str),
    /// An address inside.
    #[error(
        "{address} is a link-local, loopback, private or special address; add it to {key} if it is meant"
    )]
    Address {
        /// The address.
        address: IpAddr,
        /// The setting that could allow it.
        key: &'static str,
    },
}

/// What a URL may hold beside scheme, host, port and path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looseness {
    /// A query.
    pub query: bool,
    /// The scheme `http`, to hosts that are not on the allow list either.
    pub plain_http: bool,
}

/// The allow list, parsed.
#[derive(Debug, Clone)]
pub struct OutboundRules {
    /// The setting that it is, for messages.
    key: &'static str,
    blocks: Vec<IpNet>,
    hosts: Vec<(String, Option<u16>)>,
}

/// An address that passed, as far as that can be told without looking its name up.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The address.
    pub url: Url,
    /// The host is on the allow list by name: whatever it resolves to is fine.
    pub is_allowed_by_name: bool,
}

/// Looks names up and leaves out what may not be connected to, so that a name cannot be pointed inside
/// after it was checked.
#[derive(Debug, Clone)]
pub struct Resolver {
    key: &'static str,
    /// Whatever a name resolves to is fine.
    trusts_names: bool,
    blocks: Vec<IpNet>,
}

impl OutboundRules {
    /// Reads the entries of the setting `key`, for example `delivery.allow_hosts`: host names, addresses,
    /// blocks, or `host:port`.
    ///
    /// # Errors
    /// An entry that is none of these, in words for people.
    pub fn parse(key: &'static str, entries: &[String]) -> Result<Self, String> {
        let mut rules = Self { key, blocks: Vec::new(), hosts: Vec::new() };
        for entry in entries {
            if let Ok(block) = entry.parse::<IpNet>() {
                rules.blocks.push(block);
            } else if let Ok(address) = entry.parse::<IpAddr>() {
                rules.blocks.push(IpNet::from(address));
            } else if let Ok(address) = entry.parse::<SocketAddr>() {
                rules.allow_host(&address.ip().to_string(), Some(address.port()));
            } else {
                let (host, port) = match entry.split_once(':') {
                    Some((host, port)) => {
                        (host, Some(port.parse::<u16>().map_err(|_| bad(entry))?))
                    }
                    None => (entry.as_str(), None),
                };
                let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
                if host.is_empty() || !host.chars().all(valid) {
                    return Err(bad(entry));
                }
                rules.allow_host(host, port);
            }
        }
        Ok(rules)
    }

    /// Allows one host, at one port or at all.
    pub fn allow_host(&mut self, host: &str, port: Option<u16>) {
        self.hosts.push((bare(host), port));
    }

    /// Allows the host and port of `url`; one that is no URL allows nothing.
    pub fn allow_url(&mut self, url: &str) {
        let Ok(url) = Url::parse(url) else { return };
        if let Some(host) = url.host_str() {
            self.allow_host(host, url.port_or_known_default());
        }
    }

    /// Checks everything that can be seen on the URL itself.
    ///
    /// # Errors
    /// Why it is not connected to.
    pub fn check(&self, text: &str, looseness: Looseness) -> Result<Checked, Refused> {
        let not_a_url = || Refused::NotAUrl(text.chars().take(200).collect());
        if text.len() > URL_CHARS_MAX {
            return Err(not_a_url());
        }
        let url = Url::parse(text).map_err(|_| not_a_url())?;
        let host = bare(url.host_str().ok_or_else(not_a_url)?);
        let port = url.port_or_known_default();
        let is_allowed_by_name =
            self.hosts.iter().any(|(name, at)| *name == host && (at.is_none() || *at == port));
        let address: Option<IpAddr> = host.parse().ok();
        let is_allowed_by_block =
            address.is_some_and(|address| self.blocks.iter().any(|block| block.contains(&address)));
        let is_allowed = is_allowed_by_name || is_allowed_by_block;
        match url.scheme() {
            "https" => {}
            "http" if is_allowed || looseness.plain_http => {}
            "http" => return Err(Refused::PlainHttp { host, key: self.key }),
            other => return Err(Refused::Scheme(other.to_owned())),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Extras("a user name or password"));
        }
        if url.fragment().is_some() {
            return Err(Refused::Extras("a fragment"));
        }
        if url.query().is_some() && !looseness.query {
            return Err(Refused::Extras("a query"));
        }
        if let Some(address) = address.filter(|address| !is_allowed && is_special(*address)) {
            return Err(Refused::Address { address, key: self.key });
        }
        Ok(Checked { url, is_allowed_by_name })
    }

    /// Looks names up for URLs that were [`Checked`]: one for those whose host is on the allow list by
    /// name, and one for all others.
    pub fn resolver(&self, trusts_names: bool) -> Resolver {
        Resolver { key: self.key, trusts_names, blocks: self.blocks.clone() }
    }
}

fn bad(entry: &str) -> String {
    let shown: String = entry.chars().take(100).collect();
    format!("`{shown}` is not a host name, an address, a block or host:port")
}

/// A host as it is compared: lower case, an IPv6 address without brackets, no dot at the end.
fn bare(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether an address lies where only this machine or its network can reach it.
fn is_special(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_special_v4(v4),
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            let embedded = embedded_v4(v6);
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || first & 0xfe00 == 0xfc00
                || first & 0xffc0 == 0xfe80
                || first & 0xffc0 == 0xfec0
                || (first == 0x2001 && second == 0x0db8)
                || embedded.is_some_and(is_special_v4)
        }
    }
}

/// The IPv4 address inside of a NAT64, 6to4 or IPv4-compatible one.
fn embedded_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0, 0, 0, 0, 0, 0, high, low] => {
            Some(from(high, low))
        }
        [0x2002, high, low, ..] => Some(from(high, low)),
        _ => None,
    }
}

fn is_special_v4(v4: Ipv4Addr) -> bool {
    let [a, b, ..] = v4.octets();
    v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_broadcast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || (a == 192 && b == 0)
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed = |address: &SocketAddr| {
                rules.trusts_names
                    || !is_special(address.ip())
                    || rules.blocks.iter().any(|block| block.contains(&address.ip()))
            };
            let (good, bad): (Vec<SocketAddr>, Vec<SocketAddr>) = found.partition(allowed);
            match (good.is_empty(), bad.first()) {
                (true, Some(bad)) => {
                    Err(Refused::Address { address: bad.ip(), key: rules.key }.into())
                }
                _ => Ok(Box::new(good.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules(entries: &[&str]) -> OutboundRules {
        let entries: Vec<String> = entries.iter().map(|it| (*it).to_owned()).collect();
        OutboundRules::parse("delivery.allow_hosts", &entries).unwrap()
    }

    #[test]
    fn addresses_inside_are_refused_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "10.0.0.1",
            "172.16.9.9",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:7f00:1::]",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.1",
        ] {
            let checked = rules(&[]).check(&format!("https://{host}:8088"), Looseness::default());
            assert!(matches!(checked, Err(Refused::Address { .. })), "{host} gave {checked:?}");
        }
    }

    #[test]
    fn other_hostile_urls_are_refused() {
        let check = |url| rules(&[]).check(url, Looseness::default()).unwrap_err();
        assert!(matches!(check("ftp://h.example"), Refused::Scheme(_)));
        assert!(matches!(check("file:///etc/passwd"), Refused::NotAUrl(_) | Refused::Scheme(_)));
        assert!(matches!(check("http://h.example"), Refused::PlainHttp { .. }));
        assert!(matches!(check("https://user:pw@h.example"), Refused::Extras(_)));
        assert_eq!(check("https://h.example/?token=x"), Refused::Extras("a query"));
        assert_eq!(check("https://h.example/#x"), Refused::Extras("a fragment"));
        assert!(matches!(check("not a url"), Refused::NotAUrl(_)));
        let long = format!("https://h.example/{}", "x".repeat(URL_CHARS_MAX));
        assert!(matches!(check(&long), Refused::NotAUrl(_)));
    }

    #[test]
    fn a_loose_check_takes_queries_and_plain_http_and_still_refuses_what_is_inside() {
        let loose = Looseness { query: true, plain_http: true };
        let check = |url| rules(&[]).check(url, loose);
        assert!(check("http://h.example/hook?key=x").is_ok());
        assert!(matches!(check("http://127.0.0.1/hook"), Err(Refused::Address { .. })));
        assert!(matches!(check("http://u@h.example/"), Err(Refused::Extras(_))));
    }

    #[test]
    fn what_is_allowed_passes_and_nothing_beside_it() {
        let rules = rules(&["127.0.0.1:8088", "10.1.0.0/16", "hec.internal", "::1"]);
        for url in [
            "https://127.0.0.1:8088",
            "http://127.0.0.1:8088",
            "https://10.1.2.3",
            "https://HEC.internal:99",
            "https://[::1]:1",
            "https://8.8.8.8",
            "https://splunk.example",
        ] {
            assert!(rules.check(url, Looseness::default()).is_ok(), "{url}");
        }
        for url in ["https://127.0.0.1:8089", "https://127.0.0.2:8088", "https://10.2.0.1"] {
            assert!(rules.check(url, Looseness::default()).is_err(), "{url}");
        }
    }

    #[test]
    fn an_entry_that_is_none_is_refused() {
        for entry in ["", "http://x", "h:port", "a b", ":80", "10.0.0.0/99"] {
            assert!(OutboundRules::parse("k", &[entry.to_owned()]).is_err(), "{entry}");
        }
    }

    #[tokio::test]
    async fn a_name_that_points_inside_is_refused_when_it_is_looked_up() {
        let checked = rules(&[]).check("https://localhost:1", Looseness::default()).unwrap();
        let resolver = rules(&[]).resolver(checked.is_allowed_by_name);
        let error = resolver.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(error.to_string().contains("delivery.allow_hosts"), "{error}");
        let rules = rules(&["localhost"]);
        let checked = rules.check("https://localhost:1", Looseness::default()).unwrap();
        let resolver = rules.resolver(checked.is_allowed_by_name);
        assert!(resolver.resolve("localhost".parse().unwrap()).await.is_ok());
    }

    proptest! {
        #[test]
        fn arbitrary_texts_never_panic(text in ".{0,60}") {
            drop(rules(&[]).check(&text, Looseness::default()));
            drop(rules(&[]).check(&format!("https://{text}"), Looseness::default()));
            drop(OutboundRules::parse("k", &[text]));
        }
    }
}
