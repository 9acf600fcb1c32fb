//! gzip with a limit on what comes out (spec delivery §5.1, §5.8).

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// Why a body could not be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// It is not gzip, or it is damaged or cut short.
    #[error("the body is not valid gzip")]
    Damaged,
    /// More comes out than is allowed.
    #[error("the unpacked body is larger than allowed")]
    TooLarge,
}

/// Packs `bytes` into one gzip member. `level` is 1 to 9.
pub fn pack(bytes: &[u8], level: u32) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(level));
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Unpacks all members of `packed`; `bytes_max` bytes at most come out.
pub fn unpack(packed: &[u8], bytes_max: usize) -> Result<Vec<u8>, UnpackError> {
    let mut bytes = Vec::with_capacity(packed.len().saturating_mul(4).min(bytes_max));
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(packed)
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|_| UnpackError::Damaged)?;
    if bytes.len() > bytes_max {
        return Err(UnpackError::TooLarge);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_member_is_read() {
        let packed = [pack(b"one ", 1).unwrap(), pack(b"two", 6).unwrap()].concat();
        assert_eq!(unpack(&packed, 100).unwrap(), b"one two");
    }

    #[test]
    fn a_bomb_is_cut_off() {
        let packed = pack(&vec![0; 10_000_000], 9).unwrap();
        assert!(packed.len() < 20_000);
        assert_eq!(unpack(&packed, 1000), Err(UnpackError::TooLarge));
    }

    #[test]
    fn damage_is_told_from_size() {
        let packed = pack(b"hello hello hello", 6).unwrap();
        assert_eq!(unpack(packed.get(..packed.len() - 3).unwrap(), 100), Err(UnpackError::Damaged));
        assert_eq!(unpack(b"plain", 100), Err(UnpackError::Damaged));
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert_eq!(unpack(&pack(&bytes, 3).unwrap(), 2000), Ok(bytes));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            drop(unpack(&bytes, 1000));
        }
    }
}
