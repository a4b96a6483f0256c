//! The revision log in words: what a figure was, what it is, and why it moved.

use chrono::{DateTime, Utc};

use crate::book::View;
use crate::book::dirty::{CalendarPeriod, Causes, Reason};
use crate::definition::Definition;
use crate::engine::AtomValue;
use crate::engine::period::{Period, PeriodKind};
use crate::percentile::Percentile;

/// The numbers of one figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stated {
    /// Numerator or count.
    pub numerator: i64,
    /// Denominator; for a percentile the number of its records.
    pub denominator: Option<i64>,
    /// The percentile.
    pub percentile: Option<Percentile>,
}

impl From<(i64, Option<i64>)> for Stated {
    fn from((numerator, denominator): (i64, Option<i64>)) -> Self {
        Self { numerator, denominator, percentile: None }
    }
}

impl From<&AtomValue> for Stated {
    fn from(value: &AtomValue) -> Self {
        Self { numerator: value.numerator, denominator: value.denominator, percentile: value.percentile }
    }
}

/// One restated figure of a period that was already over. Exact, so it leaves only through release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// When the new figure was first shown.
    pub known_at: DateTime<Utc>,
    /// Indicator id.
    pub indicator: String,
    /// Basis of the definition.
    pub basis: String,
    /// Provider code.
    pub provider: String,
    /// Name of the period, for example `month:2024-10`.
    pub period: String,
    /// The figure before.
    pub old: Stated,
    /// The figure now.
    pub new: Stated,
    /// Why, for example "14 clocks gained an RTT end in the Refresh".
    pub because: String,
}

/// The cause of a figure that moved although no fact did: another definition version, or work that a dying process left undone.
pub const COMPUTED_AGAIN: &str = "the figures were computed again at start";

impl Revision {
    /// The whole sentence, with exact counts: for readers who may see them. The definition gives a percentile its name and
    /// unit.
    #[must_use]
    pub fn words(&self, definition: Option<&Definition>) -> String {
        let period = period_words(&self.period);
        let unit = definition.map_or("", |definition| definition.unit.as_str());
        let quantile = definition.and_then(|definition| definition.quantile);
        let name = quantile.map(|quantile| format!("{quantile} ")).unwrap_or_default();
        let side = |stated: Stated| match quantile {
            Some(_) => percentile_words(stated, unit),
            None => figure_words(stated),
        };
        let (old, new) = (side(self.old), side(self.new));
        format!("{}, {period}: {name}{old} to {new} because {}", self.provider, self.because)
    }
}

/// Which view's changes explain a basis: those that NHS England also computes read `csds_clock`.
pub(crate) fn view_of(basis: &str) -> View {
    if matches!(basis, "live" | "best") { View::Live } else { View::Csds }
}

/// The causes of one view in words, largest first: "14 clocks gained an RTT end in the Refresh, 1 clock was removed in live events".
#[must_use]
pub fn because(causes: &Causes, view: View) -> String {
    let mut told: Vec<(u64, Reason)> = causes
        .iter()
        .filter(|(reason, count)| reason.view == view && **count > 0)
        .map(|(reason, count)| (*count, *reason))
        .collect();
    told.sort_by(|one, two| two.0.cmp(&one.0).then(one.1.cmp(&two.1)));
    let phrases: Vec<String> = told.into_iter().map(phrase).collect();
    if phrases.is_empty() {
        return COMPUTED_AGAIN.to_owned();
    }
    phrases.join(", ")
}

fn phrase((count, Reason { subject, cause, origin, .. }): (u64, Reason)) -> String {
    let many = count != 1;
    let (noun, what) = (subject.noun(many), cause.phrase(subject, many));
    if cause.has_no_origin() {
        return format!("{count} {noun} {what}");
    }
    format!("{count} {noun} {what} {}", origin.phrase())
}

/// `74.5 minutes (of 61)`
fn percentile_words(stated: Stated, unit: &str) -> String {
    let of = stated.denominator.unwrap_or(0);
    stated
        .percentile
        .map_or_else(|| "no data".to_owned(), |percentile| format!("{} {unit} (of {of})", percentile.value()))
}

fn figure_words(Stated { numerator, denominator, .. }: Stated) -> String {
    match denominator {
        None => numerator.to_string(),
        Some(0) => "no data".to_owned(),
        #[expect(clippy::cast_precision_loss, reason = "counts of referrals are far below 2^52")]
        Some(denominator) => {
            let percent = 100.0 * numerator as f64 / denominator as f64;
            format!("{percent:.1}% ({numerator} of {denominator})")
        }
    }
}

fn period_words(name: &str) -> String {
    let period = crate::engine::period::parse_name(name, DateTime::UNIX_EPOCH);
    match period.map(|Period { kind, .. }| kind) {
        Some(PeriodKind::Calendar(CalendarPeriod::Day(day))) => day.format("%-d %b %Y").to_string(),
        Some(PeriodKind::Calendar(CalendarPeriod::Month(first))) => first.format("%b %Y").to_string(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::change::{Cause, Flipped, Origin, Subject, Why};
    use crate::book::clock::Source;

    fn of(subject: Subject, cause: Cause, origin: Origin) -> Reason {
        Reason { view: View::Csds, subject, cause, origin }
    }

    #[test]
    fn each_count_has_its_noun() {
        let told = |subject: Subject, cause: Cause, count: u64| {
            let origin = on(Source::Refresh, "2024-11-14");
            because(&Causes::from([(of(subject, cause, origin), count)]), View::Csds)
        };
        let refresh = "in the Refresh of 14 November 2024";
        assert_eq!(told(Subject::Contact, Cause::Appeared, 3), format!("3 contacts appeared {refresh}"));
        assert_eq!(told(Subject::Contact, Cause::TimePassed, 1), "1 contact reached its date");
        assert_eq!(told(Subject::Referral, Cause::Closed, 1), format!("1 referral was closed {refresh}"));
        assert_eq!(told(Subject::OpenReferral, Cause::Unsent, 2), "2 open referrals were not in the newest submission");
    }

    fn on(source: Source, day: &str) -> Origin {
        Origin { source, received_on: Some(day.parse().expect("a date")) }
    }

    #[test]
    fn a_revision_reads_as_a_sentence() {
        let causes = Causes::from([
            (of(Subject::Clock, Cause::GainedEnd, on(Source::Refresh, "2024-11-14")), 14),
            (of(Subject::Clock, Cause::Removed, on(Source::Refresh, "2024-11-14")), 1),
            (Reason { view: View::Live, ..of(Subject::Clock, Cause::Appeared, Origin::LIVE) }, 3),
        ]);
        let revision = Revision {
            known_at: DateTime::UNIX_EPOCH,
            indicator: "ucr-two-hour-response".to_owned(),
            basis: "published".to_owned(),
            provider: "NR5".to_owned(),
            period: "month:2024-10".to_owned(),
            old: (849, Some(1000)).into(),
            new: (858, Some(1014)).into(),
            because: because(&causes, View::Csds),
        };
        assert_eq!(
            revision.words(None),
            "NR5, Oct 2024: 84.9% (849 of 1000) to 84.6% (858 of 1014) because 14 clocks gained an RTT end in the Refresh of \
             14 November 2024, 1 clock was removed in the Refresh of 14 November 2024"
        );
    }

    #[test]
    fn a_submission_that_began_or_ceased_to_count_is_the_reason_told() {
        let received_at = "2024-11-14T09:00:00Z".parse::<DateTime<Utc>>().expect("an instant").timestamp_micros();
        let told = |why: Why, cause: Cause, source: Source| {
            let mut flipped = Flipped::default();
            flipped.note(Some(why), Some((Source::Refresh, received_at)));
            let reason = Reason::told(View::Csds, Subject::Clock, (cause, source), flipped);
            because(&Causes::from([(reason, 2)]), View::Csds)
        };
        let replaced = Why::Replaced(Source::Refresh);
        assert_eq!(
            told(replaced, Cause::Removed, Source::Primary),
            "2 clocks were not sent again in the Refresh of 14 November 2024"
        );
        assert_eq!(
            told(replaced, Cause::GainedEnd, Source::Refresh),
            "2 clocks gained an RTT end in the Refresh of 14 November 2024"
        );
        let withdrawn = "2 clocks changed when a submission was withdrawn";
        assert_eq!(told(Why::Withdrawn, Cause::LostEnd, Source::Primary), withdrawn);
        assert_eq!(told(Why::Withdrawn, Cause::Removed, Source::Refresh), withdrawn);
        let reinstated = "2 clocks changed when a submission was reinstated";
        assert_eq!(told(Why::Reinstated, Cause::Appeared, Source::Refresh), reinstated);
    }
}
