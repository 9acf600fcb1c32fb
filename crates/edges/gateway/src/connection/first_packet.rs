//! The first packet, looked at before the state machine gets it.

use mqtt_protocol_core::mqtt::packet::Property;

/// What the bytes so far are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// The beginning of a CONNECT.
    Incomplete,
    /// A whole CONNECT of this many bytes.
    Connect(usize),
    /// A CONNECT that is to have this many bytes, which is too much.
    TooLarge(usize),
    /// No CONNECT.
    Malformed,
}

const CONNECT: u8 = 0x10;
/// Protocol name, level, flags and keep-alive.
const FIXED_BYTES: usize = 10;

/// Looks at the first bytes of a connection. Nothing is allocated for a length that a peer claims.
pub(crate) fn inspect(input: &[u8], bytes_max: usize) -> First {
    match input.first() {
        None => return First::Incomplete,
        Some(&CONNECT) => {}
        Some(_) => return First::Malformed,
    }
    let Some((length, used)) = variable_length(input.get(1..).unwrap_or_default()) else {
        return if input.len() >= 5 { First::Malformed } else { First::Incomplete };
    };
    let total = 1 + used + length;
    match total {
        _ if total > bytes_max => First::TooLarge(total),
        _ if input.len() < total => First::Incomplete,
        _ => First::Connect(total),
    }
}

/// The protocol level of a CONNECT, if it is here already.
pub(crate) fn protocol_level(connect: &[u8]) -> Option<u8> {
    body(connect).and_then(|body| body.get(6)).copied()
}

/// Whether the flags of a whole CONNECT make sense together, which the state machine does not check:
/// the reserved one is clear, there is nothing about a will without one, and in 3.1.1 no password
/// without a user.
pub(crate) fn has_valid_flags(connect: &[u8]) -> bool {
    const RESERVED: u8 = 0x01;
    const WILL: u8 = 0x04;
    const WILL_QOS: u8 = 0x18;
    const WILL_RETAIN: u8 = 0x20;
    const PASSWORD: u8 = 0x40;
    const USER: u8 = 0x80;
    let Some(flags) = body(connect).and_then(|body| body.get(7)).copied() else { return false };
    let has_lone_password = flags & (PASSWORD | USER) == PASSWORD;
    match flags {
        _ if flags & RESERVED != 0 || flags & WILL_QOS == WILL_QOS => false,
        _ if flags & WILL == 0 && flags & (WILL_QOS | WILL_RETAIN) != 0 => false,
        _ => !has_lone_password || protocol_level(connect) != Some(4),
    }
}

/// An explicit Topic Alias Maximum of 0 is legal and means the same as none, but the state machine
/// cannot hold it. Raises it to 1 in place; returns true if it did, and then no alias may be sent.
pub(crate) fn raise_zero_alias_maximum(connect: &mut [u8]) -> bool {
    let Some(start) = body(connect).map(|body| connect.len() - body.len()) else { return false };
    if protocol_level(connect) != Some(5) {
        return false;
    }
    let Some((length, used)) = connect.get(start + FIXED_BYTES..).and_then(variable_length) else {
        return false;
    };
    let mut at = start + FIXED_BYTES + used;
    let end = at + length;
    while at < end {
        let Some(Ok((property, used))) = connect.get(at..end).map(Property::parse) else { break };
        if let Property::TopicAliasMaximum(maximum) = &property
            && maximum.val() == 0
            && let Some(low_byte) = connect.get_mut(at + 2)
        {
            *low_byte = 1;
            return true;
        }
        at += used.max(1);
    }
    false
}

fn body(connect: &[u8]) -> Option<&[u8]> {
    let (_, used) = variable_length(connect.get(1..)?)?;
    connect.get(1 + used..)
}

/// A variable byte integer and its own length.
fn variable_length(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (i, byte) in bytes.iter().enumerate().take(4) {
        value |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_connect_of_bearable_size_gets_on() {
        assert_eq!(inspect(&[], 100), First::Incomplete);
        assert_eq!(inspect(&[0x30], 100), First::Malformed);
        let huge = First::TooLarge(5 + 268_435_455);
        assert_eq!(inspect(&[0x10, 0xff, 0xff, 0xff, 0x7f], 100), huge);
        assert_eq!(inspect(&[0x10, 0xff, 0xff, 0xff, 0xff], 100), First::Malformed);
        assert_eq!(inspect(&[0x10, 0x02, 0x00], 100), First::Incomplete);
        assert_eq!(inspect(&[0x10, 0x02, 0x00, 0x00, 0x33], 100), First::Connect(4));
    }

    #[test]
    fn a_zero_alias_maximum_becomes_one() {
        let mut connect = b"\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x03\x22\x00\x00\x00\x01a".to_vec();
        assert!(raise_zero_alias_maximum(&mut connect));
        assert_eq!(connect.get(13..16), Some(&[0x22, 0x00, 0x01][..]));
        assert!(!raise_zero_alias_maximum(&mut connect));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_a_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(first) = bytes.first_mut() {
                *first = CONNECT;
            }
            inspect(&bytes, 64);
            protocol_level(&bytes);
            has_valid_flags(&bytes);
            raise_zero_alias_maximum(&mut bytes);
        }
    }
}
