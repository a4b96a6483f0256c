//! The numerators and denominators behind published ratios: multiples of 5 that give them to the last digit.

use std::collections::BTreeMap;

use super::workbook::{DEVON, PROVIDERS, Published, Rate, published};

/// A numerator and a denominator, rounded to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) met: u64,
    pub(crate) stopped: u64,
}

impl Pair {
    pub(crate) fn ratio(self) -> f64 {
        self.met as f64 / self.stopped as f64
    }
}

/// Every pair that gives the rate, with at most `most` clocks stopped.
pub(crate) fn pairs(rate: &Rate, most: u64) -> Vec<Pair> {
    let mut found = Vec::new();
    for stopped in (5..=most).step_by(5) {
        let below = (rate.roughly() * stopped as f64 / 5.0) as u64 * 5;
        let near = [below, below + 5].map(|met| Pair { met, stopped });
        found.extend(near.into_iter().filter(|pair| pair.met <= stopped && rate.is(pair.ratio())));
    }
    found
}

/// The pair of each month. Where several fit, the one whose share of the month's referrals is nearest to the mean share
/// of the months where only one fits.
pub(crate) fn pairs_of(code: &str) -> BTreeMap<&'static str, Pair> {
    let months = published(code);
    let fitting: BTreeMap<&'static str, Vec<Pair>> =
        months.iter().map(|(month, printed)| (*month, pairs(&printed.rate, printed.referrals))).collect();
    let share = |month: &str, pair: Pair| pair.stopped as f64 / months[month].referrals as f64;
    let only: Vec<f64> = fitting
        .iter()
        .filter_map(|(month, pairs)| match pairs[..] {
            [pair] => Some(share(month, pair)),
            _ => None,
        })
        .collect();
    assert!(only.len() >= 3, "{code}: too few months with one pair to tell the scale from");
    let mean = only.iter().sum::<f64>() / only.len() as f64;
    let nearest = |(month, pairs): (&'static str, Vec<Pair>)| {
        let distance = |pair: &Pair| (share(month, *pair) - mean).abs();
        let pair = pairs.into_iter().min_by(|one, two| distance(one).total_cmp(&distance(two)));
        (month, pair.unwrap_or_else(|| panic!("{code} {month}: no two multiples of 5 give the published ratio")))
    };
    fitting.into_iter().map(nearest).collect()
}

/// The pairs of Devon's three providers for a month. Their rates have four decimals only, so that several pairs fit each:
/// taken are those that come nearest to adding up to Devon's own pair.
pub(crate) fn provider_pairs(month: &str, devon: Pair) -> [Pair; 3] {
    let of = |code: &str| {
        let Published { rate, referrals } = &published(code)[month];
        let pairs = pairs(rate, *referrals);
        assert!(!pairs.is_empty(), "{code} {month}: no two multiples of 5 give the published ratio");
        pairs
    };
    let [first, second, third] = PROVIDERS.map(of);
    let mut best: Option<(u64, [Pair; 3])> = None;
    for one in &first {
        for two in &second {
            for three in &third {
                let chosen = [*one, *two, *three];
                let gap = gap_to(devon, &chosen);
                if best.is_none_or(|(least, _)| gap < least) {
                    best = Some((gap, chosen));
                }
            }
        }
    }
    best.expect("each provider has a pair").1
}

/// By how much the providers' pairs miss that of the area, in clocks.
pub(crate) fn gap_to(area: Pair, providers: &[Pair; 3]) -> u64 {
    let met: u64 = providers.iter().map(|pair| pair.met).sum();
    let stopped: u64 = providers.iter().map(|pair| pair.stopped).sum();
    met.abs_diff(area.met) + stopped.abs_diff(area.stopped)
}

/// Devon's pair of one month with those of its providers.
pub(crate) fn devon(month: &str) -> (Pair, [Pair; 3]) {
    let pair = pairs_of(DEVON)[month];
    (pair, provider_pairs(month, pair))
}
