//! Every target takes its seeds and changed copies of them.

#![expect(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::path::Path;

use picket_fuzz::TARGETS;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

/// Changed copies of each seed.
const COPIES: u64 = 300;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Bytes flipped, cut out, doubled or put in.
fn change(bytes: &mut Vec<u8>, chance: &mut SmallRng) {
    for _ in 0..chance.random_range(1..8) {
        let at = chance.random_range(0..=bytes.len());
        let end = (at + chance.random_range(0..16)).min(bytes.len());
        match chance.random_range(0..4) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.random_range(0..8),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let doubled = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, doubled));
            }
            _ => bytes.insert(at, chance.random()),
        }
    }
}

#[test]
fn every_target_has_seeds_and_takes_them_and_what_becomes_of_them() {
    for (name, run) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "seeds/{name} is empty");
        for (number, seed) in (0_u64..).zip(&seeds) {
            run(seed);
            let mut chance = SmallRng::seed_from_u64(number);
            for _ in 0..COPIES {
                let mut copy = seed.clone();
                change(&mut copy, &mut chance);
                run(&copy);
            }
        }
    }
}
