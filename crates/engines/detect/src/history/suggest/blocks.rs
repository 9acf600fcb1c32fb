//! Few address blocks that hold given addresses.

use std::net::IpAddr;

use ipnet::IpNet;

/// The smallest blocks that hold all `addresses`, which are in order and each there once; at most
/// `blocks_max` of them, for which those are put together that have the most leading bits in common.
/// `None` where a block would be so wide that it says nothing.
pub(super) fn blocks_of(addresses: &[IpAddr], blocks_max: usize) -> Option<Vec<IpNet>> {
    // Between each address and the next one: what they have in common. The list is cut where that is
    // the least.
    let mut gaps: Vec<(u8, usize)> = addresses
        .iter()
        .zip(addresses.iter().skip(1))
        .enumerate()
        .map(|(place, (one, next))| (common(*one, *next).unwrap_or(0), place + 1))
        .collect();
    gaps.sort_unstable();
    gaps.truncate(blocks_max.saturating_sub(1));
    let mut cuts: Vec<usize> = gaps.into_iter().map(|(_, place)| place).collect();
    cuts.sort_unstable();
    cuts.push(addresses.len());
    let mut blocks = Vec::with_capacity(cuts.len());
    let mut start = 0;
    for end in cuts {
        let part = addresses.get(start..end)?;
        start = end;
        let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
        let bits = common(*first, *last)?;
        let (narrowest, widest) = if first.is_ipv4() { (32, 8) } else { (128, 16) };
        if bits.min(narrowest) < widest {
            return None;
        }
        blocks.push(IpNet::new(*first, bits.min(narrowest)).ok()?.trunc());
    }
    Some(IpNet::aggregate(&blocks))
}

/// Leading bits that two addresses of one family have in common.
fn common(one: IpAddr, other: IpAddr) -> Option<u8> {
    let bits = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        _ => return None,
    };
    u8::try_from(bits).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(addresses: &[&str], blocks_max: usize, expected: Option<&[&str]>) {
        let mut addresses: Vec<IpAddr> = addresses.iter().map(|it| it.parse().unwrap()).collect();
        addresses.sort_unstable();
        let blocks = blocks_of(&addresses, blocks_max);
        let blocks = blocks.map(|them| them.iter().map(ToString::to_string).collect::<Vec<_>>());
        let expected =
            expected.map(|them| them.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        assert_eq!(blocks, expected, "{addresses:?}");
    }

    #[test]
    fn few_addresses_are_named_and_many_put_together_with_their_neighbours() {
        check(&["10.0.0.1"], 20, Some(&["10.0.0.1/32"]));
        check(&["10.0.0.2", "10.0.0.3"], 20, Some(&["10.0.0.2/31"]));
        check(
            &["10.0.0.1", "10.0.0.9", "192.0.2.1", "192.0.2.200"],
            2,
            Some(&["10.0.0.0/28", "192.0.2.0/24"]),
        );
        check(
            &["10.0.0.1", "2001:db8::1", "2001:db8::ff"],
            2,
            Some(&["10.0.0.1/32", "2001:db8::/120"]),
        );
        check(&["10.0.0.1", "200.0.0.1"], 1, None);
        check(&[], 20, Some(&[]));
    }

    proptest! {
        #[test]
        fn every_address_is_in_some_block(
            numbers in proptest::collection::btree_set(0_u32..0xff_ffff, 1..200),
            blocks_max in 1..30_usize,
        ) {
            let addresses: Vec<IpAddr> = numbers
                .iter()
                .map(|number| IpAddr::from((0x0A00_0000 + number).to_be_bytes()))
                .collect();
            let blocks = blocks_of(&addresses, blocks_max).unwrap();
            prop_assert!(blocks.len() <= blocks_max);
            for address in &addresses {
                prop_assert!(blocks.iter().any(|block| block.contains(address)), "{}", address);
            }
        }
    }
}
