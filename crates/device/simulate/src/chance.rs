//! Chance that can be repeated.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};

/// A generator that depends on nothing but the three numbers.
pub(crate) fn of(seed: u64, device: u64, number: u64) -> StdRng {
    // Odd constants spread neighbouring numbers far apart.
    let mixed = seed
        ^ device.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ number.wrapping_add(1).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    StdRng::seed_from_u64(mixed)
}

/// A factor around 1, between `1 - spread` and `1 + spread`.
pub(crate) fn around_one(rng: &mut StdRng, spread: f64) -> f64 {
    rng.random_range(1.0 - spread..=1.0 + spread)
}
