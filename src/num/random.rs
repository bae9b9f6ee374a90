//! One seed, many named streams: draws for one purpose never shift the draws for another.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The generator for one purpose (`name`) and one part of it (a block of rows, an epoch, a resample).
///
///   key = seed, stream number = FNV-1a of the bytes of `name` and then of `part` (little-endian)
///
/// ChaCha's output is fixed by its specification, so that equal arguments give equal draws on every machine and
/// in every thread. Streams of one key never overlap within 2^64 blocks of 64 bytes.
/// Source: Bernstein 2008, ChaCha; Fowler, Noll & Vo, FNV-1a with 64 bits.
pub fn stream(seed: u64, name: &str, part: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(fnv1a(name.bytes().chain(part.to_le_bytes())));
    rng
}

fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    bytes.fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::RngCore;

    fn first_draws(seed: u64, name: &str, part: u64) -> [u64; 4] {
        let mut rng = stream(seed, name, part);
        std::array::from_fn(|_| rng.next_u64())
    }

    #[test]
    fn the_hash_is_fnv_1a_of_the_published_test_vectors() {
        assert_eq!(fnv1a("".bytes()), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("a".bytes()), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a("foobar".bytes()), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_same_seed_name_and_part_repeat_the_draws() {
        assert_eq!(first_draws(7, "age", 3), first_draws(7, "age", 3));
    }

    #[test]
    fn another_seed_name_or_part_gives_other_draws() {
        let draws = first_draws(7, "age", 3);
        for other in [first_draws(8, "age", 3), first_draws(7, "bmi", 3), first_draws(7, "age", 4)] {
            assert!(draws.iter().zip(&other).all(|(a, b)| a != b));
        }
    }
}
