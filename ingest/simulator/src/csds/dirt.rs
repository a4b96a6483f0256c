//! The dirt of real submissions that normalisation must remove (`csds.md` section 9): D1, D2, D7, D8.

use chrono::{NaiveDate, NaiveTime};
use rand::Rng;
use rand::rngs::StdRng;

use crate::random::chance;

/// A two-digit code as somebody sends it: padded or not, with `#` or blanks (D1).
pub(crate) fn two_digit(rng: &mut StdRng, share: f64, code: &str) -> (String, bool) {
    if !chance(rng, share) {
        return (code.to_owned(), false);
    }
    let short = code.strip_prefix('0').unwrap_or(code);
    let dirty = match rng.random_range(0..5) {
        0 => short.to_owned(),
        1 => format!("{code} "),
        2 => format!("#{code}"),
        3 => format!(" {short}"),
        _ => format!("{code}#"),
    };
    (dirty, true)
}

/// A one-digit code with the zero it should not have (D1).
pub(crate) fn one_digit(rng: &mut StdRng, share: f64, code: &str) -> (String, bool) {
    if chance(rng, share) { (format!("0{code}"), true) } else { (code.to_owned(), false) }
}

/// A service request id, perhaps with a suffix after a bar (D2).
pub(crate) fn referral_id(rng: &mut StdRng, share: f64, id: &str) -> (String, bool) {
    if chance(rng, share) { (format!("{id}|{}", rng.random_range(1..9)), true) } else { (id.to_owned(), false) }
}

/// A time, perhaps carried by a date that means nothing (D7).
pub(crate) fn time(rng: &mut StdRng, share: f64, day: NaiveDate, time: NaiveTime) -> (String, bool) {
    let plain = time.format("%H:%M:%S");
    if !chance(rng, share) {
        (plain.to_string(), false)
    } else if chance(rng, 0.5) {
        (format!("1970-01-01 {plain}"), true)
    } else {
        (format!("{day}T{plain}"), true)
    }
}
