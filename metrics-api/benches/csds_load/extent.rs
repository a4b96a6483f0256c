//! What the submissions hold: how many referrals each provider sends, what is known of their clocks at each sending, and
//! the figures that follow from it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{Months, NaiveDate};

use crate::stand::Fault;
use crate::stand::environment::text;

/// The first reporting period.
const FIRST_MONTH: &str = "2023-05";
/// Before it, the measure was another one: earlier figures are not compared.
const MEASURED_FROM: &str = "2023-04";
/// Rows that one submission has for each of its referrals, on average: its own, its person's, contacts and activities.
const ROWS_A_REFERRAL: f64 = 9.9;
/// One referral in so many has a two-hour clock: more than Devon's one in thirty, so that there is something to count.
pub(crate) const REFERRALS_A_CLOCK: u64 = 10;
/// Relative sizes of the providers, over and over: Devon's five.
const WEIGHTS: [u64; 5] = [36, 38, 20, 3, 3];

/// What to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) providers: u64,
    pub(crate) months: u32,
    /// New referrals a month over all providers.
    pub(crate) referrals_a_month: u64,
}

impl Extent {
    /// The extent that comes nearest to so many rows.
    pub(crate) fn of_rows(rows: u64, providers: u64, months: u32) -> Self {
        // Of the referrals of four months one in four of the first is still open; the last month has no Refresh.
        let open = |month: u32| f64::from(3.min(month + 1)) + if month < 3 { 0.0 } else { 0.25 };
        let sent = 2.0 * (0..months).map(open).sum::<f64>() - open(months.saturating_sub(1));
        let referrals_a_month = (rows as f64 / sent / ROWS_A_REFERRAL).ceil() as u64;
        Self { providers, months, referrals_a_month: referrals_a_month.max(providers) }
    }
}

/// Clocks of two hours by provider and month of their end: met, and all.
pub(crate) type Figures = BTreeMap<String, [u64; 2]>;

/// True of a month, such as `2023-05`, whose figures are compared.
pub(crate) fn is_measured(month: &str) -> bool {
    month >= MEASURED_FROM
}

impl Extent {
    /// The figures of all submissions, by what the last sending of each clock knew.
    pub(crate) fn planted(self) -> Result<Figures, Fault> {
        let mut figures = Figures::new();
        for provider in 0..self.providers {
            for came in 0..self.months {
                let month = first_day(came)?.format("%Y-%m").to_string();
                if !is_measured(&month) {
                    continue;
                }
                let own = figures.entry(format!("{} {month}", code(provider))).or_default();
                for number in (0..self.referrals_of(provider)).step_by(REFERRALS_A_CLOCK as usize) {
                    let age = last_age(number).min(self.months - 1 - came);
                    // The last month has no Refresh yet.
                    let stage = 2 * u64::from(age) + u64::from(came + age + 1 < self.months);
                    let clock = Clock::of(&mut Draw::of_clock(provider, came, number));
                    if stage >= clock.known_from {
                        own[0] += u64::from(clock.minutes <= 120);
                        own[1] += 1;
                    }
                }
            }
        }
        figures.retain(|_, [_, stopped]| *stopped > 0);
        Ok(figures)
    }

    /// New referrals of a provider in each month.
    pub(crate) fn referrals_of(self, provider: u64) -> u64 {
        let all: u64 = (0..self.providers).map(weight).sum();
        (self.referrals_a_month * weight(provider) / all).max(1)
    }
}

/// Months after its own for which a referral is sent: one in four for three, the others for two.
pub(crate) const fn last_age(number: u64) -> u32 {
    if number.is_multiple_of(4) { 3 } else { 2 }
}

/// A clock of two hours, stopped on its day.
pub(crate) struct Clock {
    /// How often its referral has been sent when the end is known.
    pub(crate) known_from: u64,
    pub(crate) minutes: u64,
}

impl Clock {
    pub(crate) fn of(draw: &mut Draw) -> Self {
        let known_from = match draw.below(20) {
            0..=13 => 0,
            14..=15 => 1,
            16 => 2,
            17 => 4,
            _ => u64::MAX,
        };
        // Three in four answer in time; none lasts beyond the day.
        let minutes = if draw.below(4) > 0 { draw.below(121) } else { 121 + draw.below(100) };
        Self { known_from, minutes }
    }
}

/// Codes of the providers.
pub(crate) fn code(provider: u64) -> String {
    format!("T{provider:03}")
}

/// The first period: read once, for every referral asks.
static FIRST_DAY: LazyLock<Result<NaiveDate, String>> = LazyLock::new(|| {
    let named = text("FIRST_MONTH").unwrap_or_else(|| FIRST_MONTH.to_owned());
    NaiveDate::parse_from_str(&format!("{named}-01"), "%Y-%m-%d")
        .map_err(|_| format!("HOMEWARD_BENCH_FIRST_MONTH={named} is not a month such as {FIRST_MONTH}"))
});

pub(crate) fn first_day(month: u32) -> Result<NaiveDate, Fault> {
    let first = FIRST_DAY.clone()?;
    first.checked_add_months(Months::new(month)).ok_or_else(|| "a month beyond time".into())
}

fn weight(provider: u64) -> u64 {
    WEIGHTS[(provider % WEIGHTS.len() as u64) as usize]
}

/// Numbers drawn from what they are about.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn about(parts: [u64; 4]) -> Self {
        Self(parts.into_iter().fold(2, |state, part| mix(state ^ part)))
    }

    pub(crate) fn of_clock(provider: u64, came: u32, number: u64) -> Self {
        Self::about([provider, came.into(), number, 3])
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = mix(self.0);
        // The upper half is multiplied, not divided: the bound is small.
        ((self.0 >> 32) * bound) >> 32
    }

    pub(crate) fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

/// The finaliser of splitmix64.
fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
