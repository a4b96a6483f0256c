//! What one referral adds to each stage, and to the causes between them. Pure.
//!
//! Double entry: a clock that is counted otherwise in the next stage posts its difference under exactly one cause, in the
//! month that it leaves and in the month that it comes into. So a stage and its causes add up to the next stage, always.

use chrono::{Datelike, NaiveDate};
use homeward_contract::time::TWO_HOURS_MINUTES;

use super::cause::{Cause, Stage, Step};
use crate::book::clock::{ClockRow, Micros, local_day};

/// 1 April 2023, local: before it, the official cohort is that of the old team types (E13).
const SCOPE_BREAK: Micros = 1_680_303_600_000_000;

/// Two-hour clock.
const TWO_HOUR: &str = "05";

/// Where a difference is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// A stage itself.
    Stage(Stage),
    /// A cause of a step.
    Cause(Step, Cause),
}

/// One clock in one account of one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Posting {
    /// First day of the local month.
    pub month: NaiveDate,
    /// The account.
    pub account: Account,
    /// Change in clocks met: -1, 0 or 1.
    pub met: i8,
    /// Change in clocks stopped: -1, 0 or 1.
    pub stopped: i8,
}

/// One referral as each stage knows it.
#[derive(Debug, Clone, Copy)]
pub struct Referral<'a> {
    /// Its clock by live events alone; none when it was voided.
    pub live: Option<&'a ClockRow>,
    /// The live feed voided it.
    pub voided: bool,
    /// Its clocks by the Primaries alone, withdrawn ones included.
    pub primary: &'a [ClockRow],
    /// The same without withdrawn Primaries; asked only of clocks that are not known now.
    pub standing: &'a [ClockRow],
    /// Its clocks by what counts now.
    pub refresh: &'a [ClockRow],
}

/// A clock of a stage, and where that stage counts it.
#[derive(Debug, Clone, Copy)]
struct Clock<'a> {
    row: &'a ClockRow,
    counted: Option<Counted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counted {
    month: NaiveDate,
    met: bool,
}

/// The postings of one referral as of an instant, in order.
#[must_use]
pub fn postings(referral: &Referral<'_>, as_of: Micros) -> Vec<Posting> {
    let live: Vec<Clock<'_>> =
        referral.live.iter().map(|row| Clock { row, counted: live_counted(row, as_of) }).collect();
    let official = |rows: &'_ [ClockRow]| -> Vec<Option<Counted>> {
        rows.iter().map(|row| official_counted(row, as_of)).collect()
    };
    let (primary, refresh) = (official(referral.primary), official(referral.refresh));
    let clocks = |rows, counted: &[Option<Counted>]| clocks(rows, counted);
    let primary = clocks(referral.primary, &primary);
    let refresh = clocks(referral.refresh, &refresh);

    let mut made = Vec::new();
    for (stage, held) in [(Stage::Live, &live), (Stage::Primary, &primary), (Stage::Refresh, &refresh)] {
        made.extend(
            held.iter().filter_map(|clock| clock.counted).map(|counted| counted.posting(Account::Stage(stage), 1)),
        );
    }
    let from_live =
        |step: Step, csds: &[Clock<'_>]| differences(step, &live, csds, |from, to| live_cause(referral, from, to));
    made.extend(from_live(Step::LiveToPrimary, &primary));
    made.extend(from_live(Step::LiveToRefresh, &refresh));
    made.extend(differences(Step::PrimaryToRefresh, &primary, &refresh, |from, to| csds_cause(referral, from, to)));
    made.sort_unstable();
    made
}

/// The next instant after `as_of` at which the postings change although no fact comes: an end that is held back (E18).
#[must_use]
pub fn wakes_at(referral: &Referral<'_>, as_of: Micros) -> Option<Micros> {
    let rows = referral.live.into_iter().chain(referral.primary).chain(referral.refresh);
    rows.flat_map(|row| [row.stopped_at, row.reclassified_at]).flatten().filter(|instant| *instant > as_of).min()
}

fn clocks<'a>(rows: &'a [ClockRow], counted: &[Option<Counted>]) -> Vec<Clock<'a>> {
    rows.iter().zip(counted).map(|(row, counted)| Clock { row, counted: *counted }).collect()
}

/// As basis `live` counts stopped clocks.
fn live_counted(row: &ClockRow, as_of: Micros) -> Option<Counted> {
    let stopped_at = row.stopped_at.filter(|stop| *stop <= as_of)?;
    let superseded = row.superseded && row.reclassified_at.is_none_or(|at| at <= as_of);
    (row.waiting_type.as_ref() == TWO_HOUR && !superseded).then(|| Counted::of(stopped_at, row.true_minutes))
}

/// As basis `published` counts.
fn official_counted(row: &ClockRow, as_of: Micros) -> Option<Counted> {
    let stopped_at = row.stopped_at.filter(|stop| *stop <= as_of)?;
    in_scope(row).then(|| Counted::of(stopped_at, row.naive_minutes))
}

fn in_scope(row: &ClockRow) -> bool {
    let two_hour = row.waiting_type.as_ref() == TWO_HOUR;
    if row.stopped_at.is_none_or(|stop| stop >= SCOPE_BREAK) {
        two_hour
    } else {
        row.pre_2023_ucr_team && (two_hour || row.waiting_type.as_ref() == "07")
    }
}

impl Counted {
    fn of(stopped_at: Micros, minutes: Option<i64>) -> Self {
        let day = local_day(stopped_at);
        Self { month: day.with_day(1).unwrap_or(day), met: is_met(minutes) }
    }

    fn posting(self, account: Account, sign: i8) -> Posting {
        Posting { month: self.month, account, met: sign * i8::from(self.met), stopped: sign }
    }
}

fn is_met(minutes: Option<i64>) -> bool {
    minutes.is_some_and(|minutes| (0..=TWO_HOURS_MINUTES).contains(&minutes))
}

/// The postings of every clock that two stages count differently.
fn differences(
    step: Step,
    from: &[Clock<'_>],
    to: &[Clock<'_>],
    cause: impl Fn(Option<&Clock<'_>>, Option<&Clock<'_>>) -> Cause,
) -> Vec<Posting> {
    let mut made = Vec::new();
    for (from, to) in pairs(from, to) {
        let counted = |clock: Option<&Clock<'_>>| clock.and_then(|clock| clock.counted);
        let (before, after) = (counted(from), counted(to));
        if before == after {
            continue;
        }
        let account = Account::Cause(step, cause(from, to));
        match (before, after) {
            (Some(before), Some(after)) if before.month == after.month => {
                let met = i8::from(after.met) - i8::from(before.met);
                made.push(Posting { month: after.month, account, met, stopped: 0 });
            }
            _ => {
                made.extend(before.map(|counted| counted.posting(account, -1)));
                made.extend(after.map(|counted| counted.posting(account, 1)));
            }
        }
    }
    made
}

/// The cause of a difference between live and CSDS: the first that holds.
fn live_cause(referral: &Referral<'_>, live: Option<&Clock<'_>>, csds: Option<&Clock<'_>>) -> Cause {
    match (live, csds) {
        (None, _) if referral.voided => Cause::Voided,
        (None, _) => Cause::NotOnFeed,
        (Some(live), None) => {
            let known = [*live];
            let now = clocks(referral.refresh, &vec![None; referral.refresh.len()]);
            let in_csds = pairs(&known, &now).iter().any(|pair| matches!(pair, (Some(_), Some(_))));
            if in_csds { Cause::LateRecord } else { Cause::NotInCsds }
        }
        (Some(live), Some(csds)) => match (live.counted, csds.counted) {
            (Some(_), None) if !in_scope(csds.row) => Cause::ChangedType,
            (Some(_), None) if csds.row.stopped_at.is_none() => Cause::EndMissing,
            (None, Some(_)) if live.row.superseded || live.row.waiting_type.as_ref() != TWO_HOUR => Cause::ChangedType,
            (None, Some(_)) if live.row.stopped_at.is_none() => Cause::EndOnlyInCsds,
            (Some(one), Some(two)) if one.month != two.month => Cause::OtherMonth,
            (Some(_), Some(two)) if is_met(live.row.naive_minutes) == two.met => Cause::ClockChange,
            _ => Cause::TimesDiffer,
        },
    }
}

/// The cause of a difference between the Primaries and what counts now: the first that holds.
fn csds_cause(referral: &Referral<'_>, primary: Option<&Clock<'_>>, now: Option<&Clock<'_>>) -> Cause {
    match (primary, now) {
        (None, _) => Cause::LateRecord,
        (Some(primary), None) => {
            let same = |row: &ClockRow| is_same_clock(row, primary.row);
            if referral.standing.iter().any(same) { Cause::NotSentAgain } else { Cause::Withdrawn }
        }
        (Some(primary), Some(now)) => match (primary.counted, now.counted) {
            (Some(_), None) if !in_scope(now.row) => Cause::ChangedType,
            (Some(_), None) if now.row.stopped_at.is_none() => Cause::EndLost,
            (None, Some(_)) if !in_scope(primary.row) => Cause::ChangedType,
            (None, Some(_)) if primary.row.stopped_at.is_none() => Cause::EndGained,
            (Some(one), Some(two)) if one.month != two.month => Cause::OtherMonth,
            _ => Cause::TimesAmended,
        },
    }
}

/// Pairs the clocks of two stages: by type and start, then by start, then by type, then the only two that are left.
fn pairs<'c, 'r>(from: &'c [Clock<'r>], to: &'c [Clock<'r>]) -> Vec<(Option<&'c Clock<'r>>, Option<&'c Clock<'r>>)> {
    let rules: [fn(&ClockRow, &ClockRow) -> bool; 3] = [is_same_clock, is_same_start, is_same_type];
    let (mut from, mut to): (Vec<_>, Vec<_>) = (from.iter().collect(), to.iter().collect());
    let mut paired = Vec::new();
    for rule in rules {
        from.retain(|one| match to.iter().position(|two| rule(one.row, two.row)) {
            Some(at) => {
                paired.push((Some(*one), Some(to.remove(at))));
                false
            }
            None => true,
        });
    }
    if let ([one], [two]) = (from.as_slice(), to.as_slice()) {
        paired.push((Some(*one), Some(*two)));
        return paired;
    }
    paired.extend(from.into_iter().map(|one| (Some(one), None)));
    paired.extend(to.into_iter().map(|two| (None, Some(two))));
    paired
}

/// The same type and start.
pub(crate) fn is_same_clock(one: &ClockRow, two: &ClockRow) -> bool {
    is_same_type(one, two) && is_same_start(one, two)
}

fn is_same_type(one: &ClockRow, two: &ClockRow) -> bool {
    one.waiting_type == two.waiting_type
}

/// The same minute (E2), or both without a start.
fn is_same_start(one: &ClockRow, two: &ClockRow) -> bool {
    let minute = |row: &ClockRow| row.rtt_start_at.map(|at| at.div_euclid(crate::book::clock::MINUTE_MICROS));
    minute(one) == minute(two)
}

#[cfg(test)]
#[path = "posting_tests.rs"]
mod tests;
