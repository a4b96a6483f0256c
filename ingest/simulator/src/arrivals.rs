//! When referrals arrive: by hour of the day and day of the week, in London time.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Utc};
use rand::Rng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Poisson};

use crate::parameters::Parameters;
use crate::random::{between, chance};
use crate::wall;

/// Relative weight of each daytime hour 08 to 19: a morning peak after the first visits, a second one after surgeries.
const DAYTIME: [u32; 12] = [7, 10, 12, 12, 10, 8, 9, 9, 8, 6, 5, 4];
/// Relative weight of each other hour, 20 to 07.
const NIGHT: [u32; 12] = [16, 13, 10, 7, 5, 4, 4, 4, 5, 7, 10, 15];

/// How many referrals arrive on a day when `mean` arrive on an average one.
pub(crate) fn number_on(rng: &mut StdRng, parameters: &Parameters, day: NaiveDate, mean: f64) -> u32 {
    let weekend = parameters.weekend_factor.max(0.0);
    let week = (5.0 + 2.0 * weekend) / 7.0;
    let factor = if day.weekday().num_days_from_monday() >= 5 { weekend } else { 1.0 };
    match Poisson::new(mean * factor / week) {
        Ok(poisson) => poisson.sample(rng) as u32,
        Err(_) => 0,
    }
}

/// An instant of arrival on a local day.
pub(crate) fn instant_on(rng: &mut StdRng, parameters: &Parameters, day: NaiveDate) -> DateTime<Utc> {
    let hour =
        if chance(rng, parameters.daytime_share) { 8 + slot(rng, &DAYTIME) } else { (20 + slot(rng, &NIGHT)) % 24 };
    let minute = rng.random_range(0..60);
    let second = if chance(rng, parameters.seconds_share) { between(rng, 1, 59) as u32 } else { 0 };
    let time = NaiveTime::from_hms_opt(hour, minute, second).unwrap_or_default();
    let local = day.and_time(time);
    match wall::instants(local).as_slice() {
        [] => wall::start_instant(local),
        [only] => *only,
        several => several[rng.random_range(0..several.len())],
    }
}

fn slot(rng: &mut StdRng, weights: &[u32; 12]) -> u32 {
    let mut left = rng.random_range(0..weights.iter().sum::<u32>());
    for (slot, weight) in (0u32..).zip(weights) {
        if left < *weight {
            return slot;
        }
        left -= weight;
    }
    0
}

/// The end of the shift in which an instant falls: 20:00 to 21:00 the same evening, or 08:00 to 09:00 the next morning.
pub(crate) fn end_of_shift(rng: &mut StdRng, at: DateTime<Utc>) -> DateTime<Utc> {
    let local = wall::wall(at);
    let hour = local.time().signed_duration_since(NaiveTime::MIN).num_hours();
    let shift_end = if hour < 8 {
        local.date().and_time(NaiveTime::MIN) + Duration::hours(8)
    } else if hour < 20 {
        local.date().and_time(NaiveTime::MIN) + Duration::hours(20)
    } else {
        local.date().and_time(NaiveTime::MIN) + Duration::hours(32)
    };
    wall::start_instant(shift_end) + Duration::seconds(between(rng, 0, 3599))
}
