//! Seeded randomness: every day, referral and submission draws from a stream of its own, so that asking for less or
//! more of one thing never changes another.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Labels of the independent streams that one seed feeds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    Arrivals = 1,
    Referral = 2,
    CsdsPlan = 3,
    CsdsOnly = 4,
    Person = 5,
    Submission = 6,
    Event = 7,
    Load = 8,
    Further = 9,
    SubmissionStory = 10,
    LeftOut = 11,
    Community = 12,
    States = 13,
}

/// Mixes a seed with the coordinates of a thing into one number (SplitMix64 finaliser, chained).
pub(crate) fn mix(seed: u64, stream: Stream, coordinates: &[u64]) -> u64 {
    let mut state = scramble(seed ^ (stream as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    for part in coordinates {
        state = scramble(state.wrapping_add(0x9E37_79B9_7F4A_7C15) ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    }
    state
}

const fn scramble(value: u64) -> u64 {
    let mut mixed = value;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// The generator of one stream.
pub(crate) fn generator(seed: u64, stream: Stream, coordinates: &[u64]) -> StdRng {
    StdRng::seed_from_u64(mix(seed, stream, coordinates))
}

/// A GUID made from a seed and coordinates: the same fact always gets the same id.
pub(crate) fn guid(seed: u64, coordinates: &[u64]) -> String {
    let high = mix(seed, Stream::Event, coordinates);
    let low = scramble(high ^ 0xA5A5_5A5A_C3C3_3C3C);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// True with this probability; a probability outside 0 to 1 is read as the nearer bound.
pub(crate) fn chance(rng: &mut StdRng, probability: f64) -> bool {
    rng.random::<f64>() < probability
}

/// A whole number from `low` to `high`, both included; `low` when the range is empty.
pub(crate) fn between(rng: &mut StdRng, low: i64, high: i64) -> i64 {
    if high <= low { low } else { rng.random_range(low..=high) }
}

/// One of the choices, by weight. The last one when rounding leaves the draw past the end.
pub(crate) fn weighted<'a, T>(rng: &mut StdRng, choices: &'a [(T, f64)]) -> Option<&'a T> {
    let total: f64 = choices.iter().map(|(_, weight)| weight.max(0.0)).sum();
    let mut left = rng.random::<f64>() * total;
    for (choice, weight) in choices {
        left -= weight.max(0.0);
        if left < 0.0 {
            return Some(choice);
        }
    }
    choices.last().map(|(choice, _)| choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_stable_and_well_formed() {
        let one = guid(7, &[1, 2]);
        assert_eq!(one, guid(7, &[1, 2]));
        assert_ne!(one, guid(7, &[2, 1]));
        let lengths: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }

    #[test]
    fn weights_are_respected() {
        let mut rng = generator(1, Stream::Referral, &[]);
        let choices = [("often", 0.9), ("never", 0.0), ("seldom", 0.1)];
        let drawn: Vec<&str> = (0..1000).filter_map(|_| weighted(&mut rng, &choices).copied()).collect();
        let often = drawn.iter().filter(|name| **name == "often").count();
        assert!((850..950).contains(&often), "{often}");
        assert!(!drawn.contains(&"never"));
    }
}
