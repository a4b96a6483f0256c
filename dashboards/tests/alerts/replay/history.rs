//! Series of simulated referrals as the service would expose them, one sample a quarter of an hour.
//!
//! Counts are as known at each instant: a visit within two hours that is written up after the shift counts as late until
//! then, as it does in life.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Duration, NaiveTime, Utc};
use homeward_contract::time::{london, resolve_start};
use homeward_simulator::{FateRates, Parameters, PlantedClock, Simulation};

/// Minutes between two samples, and evaluations.
pub(super) const STEP_MINUTES: i64 = 15;
/// Samples of a week.
pub(super) const WEEK_STEPS: usize = 7 * 24 * 4;
/// Days of a replay, and the weeks that begin in them.
const DAYS: usize = 90;
pub(super) const WEEKS: usize = DAYS.div_ceil(7);
/// Samples of a replay.
pub(super) const STEPS: usize = DAYS * 24 * 4;
/// Days before the replay that its first window needs.
const BEFORE_DAYS: i64 = 28;
/// When a correction batch passes through, in every history: one sample, less than half an hour.
pub(super) const CORRECTION_STEP: usize = 45 * 96 + 40;

/// The handbook's hours of service, in London.
const OPENS: NaiveTime = NaiveTime::from_hms_opt(8, 0, 0).unwrap();
const CLOSES: NaiveTime = NaiveTime::from_hms_opt(20, 0, 0).unwrap();

/// Windows by label and length.
pub(super) const WINDOWS: [(&str, i64); 2] = [("7d", 7), ("28d", 28)];

/// How the people of a history are seen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Truth {
    /// 82% within two hours, always.
    Ordinary,
    /// 82% until the replay begins, then this.
    SlipsTo(f64),
}

/// An area at its level.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Area {
    pub(super) level: &'static str,
    pub(super) code: String,
}

impl Area {
    /// False for people whose area nobody knows: no alert speaks of them.
    pub(super) fn is_told(&self) -> bool {
        self.code != "unknown"
    }
}

impl fmt::Display for Area {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.level, self.code)
    }
}

/// Met and late of one area and window, a sample each.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    pub(super) met: Vec<i64>,
    pub(super) late: Vec<i64>,
}

/// A provider's feed, a sample each.
#[derive(Debug, Clone, Default)]
pub(super) struct Feed {
    pub(super) open: Vec<bool>,
    pub(super) open_silence: Vec<i64>,
    pub(super) expected_gap: i64,
}

/// Everything that the rules read.
pub(super) struct History {
    pub(super) counts: BTreeMap<(Area, &'static str), Counts>,
    pub(super) feeds: BTreeMap<String, Feed>,
    main: BTreeMap<Area, String>,
}

/// Days from the beginning to a sample.
#[expect(clippy::cast_precision_loss, reason = "a few thousand samples")]
pub(super) fn days(step: usize) -> f64 {
    step as f64 / 96.0
}

impl History {
    pub(super) fn simulate(seed: u64, truth: Truth) -> Self {
        let begins = Parameters::default().start + Duration::days(BEFORE_DAYS);
        let parts = match truth {
            Truth::Ordinary => vec![(seed, 0, BEFORE_DAYS + 90, 0.82)],
            Truth::SlipsTo(rate) => vec![(seed, 0, BEFORE_DAYS, 0.82), (seed + 1_000, BEFORE_DAYS, 90, rate)],
        };
        let mut clocks: Vec<PlantedClock> = Vec::new();
        let mut heard: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
        for (seed, after_days, days, rate) in parts {
            let simulation = Simulation::new(parameters(seed, after_days, days, rate));
            for message in simulation.live() {
                let key = String::from_utf8_lossy(&message.key).into_owned();
                let provider = key.split('|').next().unwrap_or_default();
                heard.entry(provider.to_owned()).or_default().push(message.deliver_at);
            }
            clocks.extend(simulation.truth().clocks.iter().filter(|clock| counts(clock)).cloned());
        }
        let mut history = Self { counts: BTreeMap::new(), feeds: BTreeMap::new(), main: BTreeMap::new() };
        let mut takers: BTreeMap<Area, BTreeMap<String, i64>> = BTreeMap::new();
        for clock in &clocks {
            for area in areas_of(clock) {
                *takers.entry(area.clone()).or_default().entry(clock.provider.clone()).or_default() += 1;
                for (window, length_days) in WINDOWS {
                    let own = history.counts.entry((area.clone(), window)).or_insert_with(Counts::none);
                    own.add(clock, begins, Duration::days(length_days));
                }
            }
        }
        for (area, providers) in takers {
            let main = providers.into_iter().max_by_key(|(_, number)| *number).map(|(provider, _)| provider).unwrap();
            history.main.insert(area, main);
        }
        for counts in history.counts.values_mut() {
            counts.sum_up();
            // The batch moves two fifths of the met to late, for one sample.
            let moved = counts.met[CORRECTION_STEP] * 2 / 5;
            counts.met[CORRECTION_STEP] -= moved;
            counts.late[CORRECTION_STEP] += moved;
        }
        let shifts = shifts(begins);
        let providers: Vec<Area> = history.areas().filter(|area| area.level == "provider").cloned().collect();
        for area in providers {
            let mut times = heard.remove(&area.code).unwrap_or_default();
            times.sort_unstable();
            let feed = feed(&times, begins, history.decided(&area), &shifts);
            history.feeds.insert(area.code, feed);
        }
        history
    }

    pub(super) fn areas(&self) -> impl Iterator<Item = &Area> {
        self.counts.keys().filter(|(_, window)| *window == "28d").map(|(area, _)| area)
    }

    pub(super) fn of(&self, area: &Area, window: &'static str) -> &Counts {
        &self.counts[&(area.clone(), window)]
    }

    /// Decided in 28 days, in the middle of the replay.
    pub(super) fn decided(&self, area: &Area) -> i64 {
        let counts = self.of(area, "28d");
        counts.met[STEPS / 2] + counts.late[STEPS / 2]
    }

    pub(super) fn main_provider(&self, area: &Area) -> Area {
        Area { level: "provider", code: self.main[area].clone() }
    }
}

/// Fates that would make the rate another than the one asked for are left out.
fn parameters(seed: u64, after_days: i64, days: i64, rate: f64) -> Parameters {
    let start = Parameters::default().start + Duration::days(after_days);
    let days = u32::try_from(days).unwrap();
    let mut parameters = Parameters { seed, start, days, ..Parameters::default() };
    for provider in &mut parameters.providers {
        provider.two_hour_rate = rate;
    }
    parameters.fates = FateRates {
        rejected_late: 0.0,
        closed_late: 0.0,
        reclassified_late: 0.0,
        stop_never_recorded: 0.0,
        left_open: 0.0,
        ..FateRates::default()
    };
    parameters
}

/// Clocks of the two-hour standard that end.
fn counts(clock: &PlantedClock) -> bool {
    clock.waiting_type == "05"
        && clock.on_feed
        && clock.true_minutes.is_some_and(|minutes| minutes >= 0)
        && clock.rejected_at.is_none()
        && clock.reclassified_at.is_none()
}

fn areas_of(clock: &PlantedClock) -> [Area; 3] {
    let known = |code: &Option<String>| code.clone().unwrap_or_else(|| "unknown".to_owned());
    [
        Area { level: "provider", code: clock.provider.clone() },
        Area { level: "lcp", code: known(&clock.lcp) },
        Area { level: "icb", code: known(&clock.icb) },
    ]
}

/// The first sample at or after an instant.
fn step(at: DateTime<Utc>, begins: DateTime<Utc>) -> usize {
    let minutes = (at - begins).num_minutes().max(0);
    usize::try_from((minutes + STEP_MINUTES - 1) / STEP_MINUTES).unwrap()
}

impl Counts {
    fn none() -> Self {
        Self { met: vec![0; STEPS + 1], late: vec![0; STEPS + 1] }
    }

    /// Adds a clock as differences from sample to sample.
    fn add(&mut self, clock: &PlantedClock, begins: DateTime<Utc>, window: Duration) {
        let (Some(start), Some(end)) = (clock.start_at, clock.end_at) else { return };
        let due = start + Duration::minutes(120);
        let known = clock.end_reported_at.unwrap_or(end).max(end);
        let met = clock.true_minutes.is_some_and(|minutes| minutes <= 120);
        let mut count = |series: fn(&mut Self) -> &mut Vec<i64>, from: DateTime<Utc>, until: DateTime<Utc>| {
            let (from, until) = (step(from, begins).min(STEPS), step(until, begins).min(STEPS));
            if from < until {
                series(self)[from] += 1;
                series(self)[until] -= 1;
            }
        };
        if !met {
            return count(|own| &mut own.late, due, due + window);
        }
        if known > due {
            count(|own| &mut own.late, due, known);
        }
        count(|own| &mut own.met, known, end + window);
    }

    fn sum_up(&mut self) {
        for series in [&mut self.met, &mut self.late] {
            let mut sum = 0;
            for value in series.iter_mut() {
                sum += *value;
                *value = sum;
            }
            series.truncate(STEPS);
        }
    }
}

fn feed(times: &[DateTime<Utc>], begins: DateTime<Utc>, decided_28d: i64, shifts: &[Shift]) -> Feed {
    let mut feed = Feed { expected_gap: expected_gap(decided_28d), ..Feed::default() };
    for index in 0..STEPS {
        let now = begins + Duration::minutes(STEP_MINUTES * i64::try_from(index).unwrap());
        let newest = times[..times.partition_point(|time| *time <= now)].last().copied().unwrap_or(begins);
        feed.open.push(shifts.iter().any(|(opens, closes)| *opens <= now && now < *closes));
        let ended = shifts.partition_point(|(_, closes)| *closes <= newest);
        let seconds = shifts[ended..].iter().take_while(|(opens, _)| *opens < now);
        let seconds = seconds.map(|(opens, closes)| (*closes.min(&now) - *opens.max(&newest)).num_seconds());
        feed.open_silence.push(seconds.sum());
    }
    feed
}

/// Instants at which the service opens and closes, in order.
type Shift = (DateTime<Utc>, DateTime<Utc>);

fn shifts(begins: DateTime<Utc>) -> Vec<Shift> {
    let days = (london(begins).date() - Duration::days(3)).iter_days().take(DAYS + 6);
    days.map(|day| (resolve_start(day.and_time(OPENS)).at, resolve_start(day.and_time(CLOSES)).at)).collect()
}

/// As the service sets it by default: what chance gives about once in 28 days, in whole hours, and two hours at least.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "hours of a month")]
fn expected_gap(referrals_28d: i64) -> i64 {
    let events = referrals_28d.max(1) as f64 * 2.0;
    ((events.ln() / events * 28.0 * 12.0).ceil() as i64).max(2) * 3_600
}
