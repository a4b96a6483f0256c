//! Numbers, names and instants drawn from what they are about: the same in every run, and in any order.

use chrono::{DateTime, NaiveDate, Utc};

use crate::Fault;

/// Microseconds since 1970.
pub(crate) type Micros = i64;

pub(crate) const MINUTE: Micros = 60_000_000;
pub(crate) const HOUR: Micros = 60 * MINUTE;
pub(crate) const DAY: Micros = 24 * HOUR;

/// Numbers that follow from what they are about.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn about(parts: [u64; 3]) -> Self {
        Self(parts.into_iter().fold(5, |state, part| mix(state ^ part)))
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = mix(self.0);
        // The upper half is multiplied, not divided: the bound is small.
        ((self.0 >> 32) * bound) >> 32
    }

    pub(crate) fn signed_below(&mut self, bound: u64) -> i64 {
        self.below(bound).cast_signed()
    }

    pub(crate) fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

/// A name of 43 letters and digits, as pseudonyms have.
pub(crate) fn pseudonym(number: u64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut name = String::with_capacity(43);
    for part in 0..5 {
        let mut left = mix(mix(number) ^ part);
        for _ in 0..if part == 4 { 3 } else { 10 } {
            name.push(char::from(LETTERS[(left & 63) as usize]));
            left >>= 6;
        }
    }
    name
}

/// An id in the form of a GUID.
pub(crate) fn guid(number: u64) -> String {
    let (high, low) = (mix(number), mix(!number));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// The finaliser of splitmix64.
pub(crate) fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// Midnight UTC of a day.
pub(crate) fn midnight(day: NaiveDate) -> Micros {
    DateTime::<Utc>::from_naive_utc_and_offset(day.into(), Utc).timestamp_micros()
}

/// The day of an instant, in UTC.
pub(crate) fn day_of(at: Micros) -> NaiveDate {
    instant(at).date_naive()
}

pub(crate) fn instant(at: Micros) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at).unwrap_or_default()
}

pub(crate) fn day(text: &str) -> Result<NaiveDate, Fault> {
    Ok(text.parse()?)
}
