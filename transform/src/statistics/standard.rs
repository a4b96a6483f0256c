//! Directly standardised rates (handbook, statistics section 4). Pure.

/// Below so many events there is no rate: no interval would be sound.
pub const EVENTS_MIN: i64 = 10;

/// Byar's limits of a count (handbook, statistics section 3); of no less than 10, below which the exact ones differ.
///
/// ```
/// use homeward_transform::statistics::{Z95, standard::byar};
/// let (lower, upper) = byar(65.0, Z95);
/// assert!((lower - 50.163_188).abs() < 1e-6 && (upper - 82.849_139).abs() < 1e-6);
/// ```
#[must_use]
pub fn byar(count: f64, z: f64) -> (f64, f64) {
    let limit = |count: f64, side: f64| count * (1.0 - 1.0 / (9.0 * count) + side * z / (3.0 * count.sqrt())).powi(3);
    (limit(count, -1.0), limit(count + 1.0, 1.0))
}

/// One band of age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Band {
    /// People of the standard population.
    pub weight: u64,
    /// Events.
    pub events: i64,
    /// Sum over people of the square of each one's events: the events themselves where nobody has two.
    pub squared: i64,
    /// People of the area.
    pub people: i64,
}

/// A directly standardised rate with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StandardisedRate {
    /// The rate.
    pub value: f64,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// The rate to so many people, `per`. None of fewer than [`EVENTS_MIN`] events, and where a band has no people.
///
/// Events of one person are not independent, people are the unit of chance: to the variance each person brings the square of
/// their events, as an event each would bring one. The interval is Dobson's with this variance, as `PHEindicatormethods`
/// has it for events that are not independent.
///
/// ```
/// use homeward_transform::statistics::{Z95, standard::{Band, standardised}};
/// // 65 to 74, 75 to 84, 85 and over: an event a person.
/// let band = |weight, events, people| Band { weight, events, squared: events, people };
/// let bands = [band(10_500, 40, 20_000), band(6_500, 60, 12_000), band(2_500, 50, 4_000)];
/// let rate = standardised(&bands, 100_000, Z95).unwrap();
/// assert!((rate.value - 434.615).abs() < 1e-3);
/// assert!((rate.lower - 367.650).abs() < 1e-3 && (rate.upper - 510.219).abs() < 1e-3);
/// ```
#[must_use]
pub fn standardised(bands: &[Band], per: u32, z: f64) -> Option<StandardisedRate> {
    let events: i64 = bands.iter().map(|band| band.events).sum();
    if events < EVENTS_MIN || bands.iter().any(|band| band.people <= 0) {
        return None;
    }
    let sum = |of: fn(&Band) -> f64| bands.iter().map(of).sum::<f64>();
    let weights = sum(|band| float(band.weight));
    let rate = sum(|band| float(band.weight) * signed(band.events) / signed(band.people)) / weights;
    let variance =
        sum(|band| (float(band.weight) / signed(band.people)).powi(2) * signed(band.squared)) / weights.powi(2);
    let (lower, upper) = byar(signed(events), z);
    let limit = |of_events: f64| rate + (variance / signed(events)).sqrt() * (of_events - signed(events));
    let per = f64::from(per);
    // Where few people have most of the events the lower one would lie below 0.
    Some(StandardisedRate { value: rate * per, lower: limit(lower).max(0.0) * per, upper: limit(upper) * per })
}

#[expect(clippy::cast_precision_loss, reason = "counts of people and nights stay far below 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts of people and nights stay far below 2^53")]
const fn signed(count: i64) -> f64 {
    count as f64
}

#[cfg(test)]
#[path = "standard_tests.rs"]
mod tests;
