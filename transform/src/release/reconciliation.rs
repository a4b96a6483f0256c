//! A reconciliation as a policy shows it. Rounded counts need not add up, and every output says so.

use std::fmt::Write;

use chrono::NaiveDate;
use serde::{Serialize, Serializer};

use crate::reconcile::{Cause, Count, Entry, Reconciled, Stage};

use super::policy::ratio;
use super::{Policy, Released, Rounding, Shown};

/// One line of a reconciliation as a policy shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReleasedEntry {
    /// The stage, or the one that the cause leads to.
    pub stage: Stage,
    /// The stage that the cause leads from; none for a stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Stage>,
    /// The cause; none for a stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Clocks met, or the change in them.
    pub numerator: Shown,
    /// Clocks stopped, or the change in them.
    pub denominator: Shown,
    /// The rate of a stage.
    pub value: Shown,
    /// How many clocks are under the cause.
    pub clocks: Shown,
}

/// One provider and month as a policy shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReleasedMonth {
    /// Provider, after succession.
    pub provider: String,
    /// First day of the local month of the RTT end.
    pub month: NaiveDate,
    /// The published figure is marked provisional.
    pub provisional: bool,
    /// Stages and causes in reading order.
    pub entries: Vec<ReleasedEntry>,
    /// Name and version of the policy.
    pub release: String,
}

impl Policy {
    /// Releases the reconciliation of one provider and month: each count by the policy's rounding. What rounding did is not
    /// told where counts are rounded, because it would give the exact count away.
    #[must_use]
    pub fn release_reconciliation(&self, month: &Reconciled) -> Released<ReleasedMonth> {
        let mut before = (Shown::NoData, Shown::NoData);
        let mut entries = Vec::with_capacity(month.entries.len());
        for entry in &month.entries {
            let released = match entry {
                Entry::Stage { stage, count, rate } => self.stage(*stage, *count, *rate),
                Entry::Cause { from, to, cause, change, clocks } => {
                    let (numerator, denominator, clocks) = self.cause(*cause, *change, *clocks, before, month);
                    let (stage, from, cause) = (*to, Some(*from), Some(*cause));
                    ReleasedEntry { stage, from, cause, numerator, denominator, value: Shown::NoData, clocks }
                }
            };
            if released.cause.is_none() {
                before = (released.numerator, released.denominator);
            }
            entries.push(released);
        }
        let (provider, release) = (month.provider.to_string(), self.label());
        Released::by_policy(ReleasedMonth {
            provider,
            month: month.month,
            provisional: month.provisional,
            entries,
            release,
        })
    }

    fn stage(&self, stage: Stage, count: Option<Count>, rate: Option<f64>) -> ReleasedEntry {
        let show = |wanted: fn(Count) -> i64| match (stage, count.map(wanted)) {
            (_, None) => Shown::NoData,
            // Public already.
            (Stage::Published, Some(count)) => Shown::Count(count),
            (_, Some(count)) => self.rounding.apply(count),
        };
        let (numerator, denominator) = (show(|count| count.met), show(|count| count.stopped));
        let value = match (rate, count) {
            (Some(rate), _) => Shown::Number(rate),
            (None, Some(count)) if count.stopped > 0 && count.stopped < self.minimum_denominator => Shown::Suppressed,
            (None, _) => ratio(numerator, denominator),
        };
        ReleasedEntry { stage, from: None, cause: None, numerator, denominator, value, clocks: Shown::NoData }
    }

    fn cause(
        &self,
        cause: Cause,
        change: Option<Count>,
        clocks: Option<i64>,
        before: (Shown, Shown),
        month: &Reconciled,
    ) -> (Shown, Shown, Shown) {
        let exact = self.rounding == Rounding::Exact;
        match (cause, change) {
            (Cause::Rounding, _) if !exact => (Shown::Suppressed, Shown::Suppressed, Shown::NoData),
            // From the numbers shown, so that it never says more than they do.
            (Cause::NotExplained, Some(_)) if !exact => {
                let published = month.stage(Stage::Published);
                let less = |shown: Shown, wanted: fn(Count) -> i64| match (shown.as_count(), published.map(wanted)) {
                    (Some(own), Some(published)) => Shown::Count(published - own),
                    _ => Shown::Suppressed,
                };
                (less(before.0, |count| count.met), less(before.1, |count| count.stopped), Shown::NoData)
            }
            (_, None) => (Shown::NoData, Shown::NoData, Shown::NoData),
            (_, Some(change)) => {
                let shown = [Some(change.met), Some(change.stopped), clocks].map(|count| match count {
                    Some(count) => signed(self.rounding, count),
                    None => Shown::NoData,
                });
                // One that is hidden hides the others: together they tell it.
                let hidden = shown.contains(&Shown::Suppressed);
                let [numerator, denominator, clocks] = if hidden { [Shown::Suppressed; 3] } else { shown };
                (numerator, denominator, clocks)
            }
        }
    }
}

/// A change by the rule for its size.
fn signed(rounding: Rounding, change: i64) -> Shown {
    match rounding.apply(change.abs()) {
        Shown::Count(count) => Shown::Count(count * change.signum()),
        other => other,
    }
}

impl ReleasedMonth {
    /// The reconciliation as a sentence a stage: "NR5, Oct 2024: live 612 of 720, Primary 605 of 702, because ...".
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = format!("{}, {}:", self.provider, self.month.format("%b %Y"));
        let mut reasons: Vec<String> = Vec::new();
        let mut separator = " ";
        for entry in &self.entries {
            if let Some(cause) = entry.cause {
                reasons.extend(entry.reason(cause));
                continue;
            }
            let _ = write!(words, "{separator}{}", entry.stage_words(self.provisional));
            if !reasons.is_empty() {
                let _ = write!(words, ", because {}", reasons.join(", "));
                reasons.clear();
            }
            separator = "; ";
        }
        words.push('.');
        words
    }
}

impl ReleasedEntry {
    fn stage_words(&self, provisional: bool) -> String {
        let count = match (self.numerator, self.denominator) {
            (Shown::Count(met), Shown::Count(stopped)) => format!("{met} of {stopped}"),
            (Shown::NoData, _) => String::new(),
            _ => "suppressed".to_owned(),
        };
        if self.stage != Stage::Published {
            return format!("{} {count}", if self.stage == Stage::Live { "live" } else { self.stage.title() });
        }
        let rate = self.value.as_f64().map_or_else(|| "no data".to_owned(), |rate| format!("{:.1}%", 100.0 * rate));
        let provisional = if provisional { " provisionally" } else { "" };
        match count.is_empty() {
            true => format!("published{provisional} {rate}, which no two multiples of 5 give"),
            false => format!("published{provisional} {rate}, {count}"),
        }
    }

    fn reason(&self, cause: Cause) -> Option<String> {
        let change = match (self.numerator, self.denominator) {
            (Shown::Count(met), Shown::Count(stopped)) => format!("{met:+} met, {stopped:+} stopped"),
            (Shown::NoData, _) => return None,
            _ => "suppressed".to_owned(),
        };
        Some(match (cause, self.clocks) {
            (Cause::Rounding, _) => format!("rounding ({change})"),
            (Cause::NotExplained, _) => format!("not explained ({change})"),
            (_, Shown::Count(1)) => format!("1 clock {} ({change})", cause.phrase(false)),
            (_, Shown::Count(clocks)) => format!("{clocks} clocks {} ({change})", cause.phrase(true)),
            _ => format!("some clocks {} ({change})", cause.phrase(true)),
        })
    }
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn october() -> Reconciled {
        let change = |met, stopped| Some(Count { met, stopped });
        let stage = |stage, met, stopped| Entry::Stage { stage, count: change(met, stopped), rate: None };
        let cause = |from, to, cause, (met, stopped), clocks| Entry::Cause {
            from,
            to,
            cause,
            change: change(met, stopped),
            clocks,
        };
        let (live, primary, refresh, published) = (Stage::Live, Stage::Primary, Stage::Refresh, Stage::Published);
        Reconciled {
            provider: Arc::from("NR5"),
            month: NaiveDate::from_ymd_opt(2024, 10, 1).unwrap(),
            provisional: false,
            entries: vec![
                stage(live, 612, 720),
                cause(live, primary, Cause::NotInCsds, (-15, -18), Some(18)),
                cause(live, primary, Cause::ClockChange, (1, 0), Some(1)),
                stage(primary, 598, 702),
                cause(primary, refresh, Cause::EndGained, (10, 14), Some(14)),
                stage(refresh, 608, 716),
                cause(refresh, published, Cause::Rounding, (2, -1), None),
                cause(refresh, published, Cause::NotExplained, (-5, 0), None),
                Entry::Stage { stage: published, count: change(605, 715), rate: Some(605.0 / 715.0) },
            ],
        }
    }

    fn released(policy: &str) -> Released<ReleasedMonth> {
        Policy::by_name(policy).unwrap().release_reconciliation(&october())
    }

    #[test]
    fn a_reconciliation_reads_as_a_sentence() {
        assert_eq!(
            released("internal-live").words(),
            "NR5, Oct 2024: live 612 of 720; Primary 598 of 702, because 18 clocks are not in CSDS (-15 met, -18 stopped), \
             1 clock differs by the clock change (+1 met, +0 stopped); Refresh 608 of 716, because 14 clocks gained an RTT \
             end (+10 met, +14 stopped); published 84.6%, 605 of 715, because rounding (+2 met, -1 stopped), not explained \
             (-5 met, +0 stopped)."
        );
        assert_eq!(
            released("public-hes").words(),
            "NR5, Oct 2024: live 610 of 720; Primary 600 of 700, because 20 clocks are not in CSDS (-15 met, -20 stopped), \
             some clocks differ by the clock change (suppressed); Refresh 610 of 715, because 15 clocks gained an RTT end \
             (+10 met, +15 stopped); published 84.6%, 605 of 715, because rounding (suppressed), not explained (-5 met, +0 \
             stopped)."
        );
    }

    #[test]
    fn a_rounding_policy_shows_no_exact_count() {
        for policy in ["ucr-publication", "public-hes", "public-csds"] {
            for entry in &released(policy).entries {
                for shown in [entry.numerator, entry.denominator, entry.clocks] {
                    assert!(shown.as_count().is_none_or(|count| count % 5 == 0), "{policy}: {entry:?}");
                }
            }
        }
    }

    #[test]
    fn words_of_causes_are_unique() {
        let words: std::collections::BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
        assert_eq!(words.len(), Cause::ALL.len());
    }
}
