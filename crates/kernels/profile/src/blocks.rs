//! A set of address blocks that is asked quickly, however many there are.

use std::net::IpAddr;

use ipnet::IpNet;

/// Blocks as they were listed, and merged for asking. An address is compared within its family.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocks {
    listed: Vec<IpNet>,
    /// Sorted, none inside another.
    merged: Vec<IpNet>,
}

impl Blocks {
    /// The set of the given blocks, which may overlap. IPv4 blocks written in IPv6 are IPv4 blocks, as
    /// measured addresses are.
    pub fn new(listed: Vec<IpNet>) -> Self {
        let canonical: Vec<IpNet> = listed.iter().map(|block| canonical(*block)).collect();
        let mut merged = IpNet::aggregate(&canonical);
        merged.sort_unstable_by_key(IpNet::network);
        Self { listed, merged }
    }

    /// The blocks as they were given.
    pub fn listed(&self) -> &[IpNet] {
        &self.listed
    }

    /// Whether some block holds the address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let after = self.merged.partition_point(|block| block.network() <= address);
        let before = after.checked_sub(1).and_then(|place| self.merged.get(place));
        before.is_some_and(|block| block.contains(&address))
    }
}

fn canonical(block: IpNet) -> IpNet {
    let IpNet::V6(six) = block else { return block };
    let four = six.network().to_ipv4_mapped().zip(six.prefix_len().checked_sub(96));
    four.and_then(|(network, prefix)| IpNet::new(IpAddr::V4(network), prefix).ok()).unwrap_or(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(texts: &[&str]) -> Blocks {
        Blocks::new(texts.iter().map(|it| it.parse().unwrap()).collect())
    }

    fn check(blocks: &Blocks, address: &str, inside: bool) {
        assert_eq!(blocks.contains(address.parse().unwrap()), inside, "{address}");
    }

    #[test]
    fn overlapping_and_nested_blocks_are_one_set() {
        let set = blocks(&["10.1.0.0/16", "10.0.0.0/8", "10.1.2.3/32", "9.255.255.0/24"]);
        for (address, inside) in [
            ("9.255.254.255", false),
            ("9.255.255.0", true),
            ("10.0.0.0", true),
            ("10.200.0.1", true),
            ("10.255.255.255", true),
            ("11.0.0.0", false),
        ] {
            check(&set, address, inside);
        }
    }

    #[test]
    fn families_do_not_mix_and_mapped_blocks_are_ipv4() {
        let set = blocks(&["2001:db8::/32", "::ffff:192.0.2.0/120", "0.0.0.0/8"]);
        check(&set, "2001:db8:1::1", true);
        check(&set, "2001:db9::1", false);
        check(&set, "192.0.2.77", true);
        check(&set, "::1", false);
        check(&blocks(&["::/0"]), "10.0.0.1", false);
        check(&blocks(&["0.0.0.0/0"]), "::1", false);
        check(&blocks(&[]), "10.0.0.1", false);
    }

    #[test]
    fn a_thousand_blocks_are_asked_as_if_one_by_one() {
        let texts: Vec<String> =
            (0..1000_u32).map(|n| format!("10.{}.{}.0/27", n / 250, n % 250)).collect();
        let listed: Vec<IpNet> = texts.iter().map(|it| it.parse().unwrap()).collect();
        let set = Blocks::new(listed.clone());
        for n in 0..5000_u32 {
            let address = IpAddr::from((0x0A00_0000 + n * 211).to_be_bytes());
            let slowly = listed.iter().any(|block| block.contains(&address));
            assert_eq!(set.contains(address), slowly, "{address}");
        }
    }
}
