//! `meta.freshness`, `providers`, `coverage`, `submissions` and `revisions`: the state of the picture that a statement reads.

use chrono::DateTime;
use homeward_contract::decision::Verdict;
use homeward_transform::book::roll::Line;
use homeward_transform::definition::Kind as IndicatorKind;
use homeward_transform::release::{Rounding, Shown};
use homeward_transform::reporting::{feed_areas, is_reporting};
use homeward_transform::revision::{Revision, Stated};
use homeward_transform::snapshot::Snapshot;

use super::column::{Cell, Kind, Outline, always, maybe};
use super::data_quality;
use super::figure_table::Reader;
use super::figures::area_name;
use super::meta_table::outline;
use super::reconciliation;
use super::virtual_wards;
use super::world::policy_rows;
use Kind::{Bigint, Boolean, Date, Double, Text, Timestamptz};

/// Which table of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Freshness,
    Providers,
    Coverage,
    Submissions,
    Revisions,
    Reconciliation,
    DataQuality,
    VirtualWards,
    Policies,
}

impl State {
    /// The rows at a snapshot. A publication tick tells what was known at its instant and nothing of the hours since.
    pub(crate) fn rows(self, snapshot: &Snapshot, reader: &Reader, is_tick: bool) -> Vec<Vec<Cell>> {
        match self {
            Self::Policies => policy_rows(reader),
            Self::Freshness => vec![freshness_row(snapshot, reader, is_tick)],
            _ if is_tick => Vec::new(),
            Self::Providers => provider_rows(snapshot, reader),
            Self::Coverage => coverage_rows(snapshot, reader),
            Self::Submissions => submission_rows(snapshot, reader),
            Self::Revisions => revision_rows(snapshot, reader),
            Self::Reconciliation => reconciliation::rows(snapshot, reader),
            Self::DataQuality => data_quality::rows(snapshot, reader),
            Self::VirtualWards => virtual_wards::rows(snapshot, reader),
        }
    }
}

/// `meta.freshness`
pub(crate) fn freshness() -> (Outline, State) {
    let columns = vec![
        always("as_of", Timestamptz, "The instant that every figure of this statement speaks for."),
        always("now", Timestamptz, "Homeward's clock."),
        always("age_seconds", Bigint, "now - as_of. Above 60 on a live login the figures are stale."),
        maybe("known_at", Timestamptz, "When Homeward took in the newest record counted; null under a public policy."),
        maybe("snapshot", Bigint, "Number of the snapshot; rises by one with each. Null under a public policy."),
        maybe(
            "revision",
            Bigint,
            "How often a figure of a period that was over has been restated. Null under a public policy.",
        ),
        always("release", Text, "Release policy of this login."),
        maybe("tick", Text, "How often the figures change: hour or day. Null when they are live."),
    ];
    (
        outline("freshness", "How fresh the figures are. One row; none before the first figures are ready.", columns),
        State::Freshness,
    )
}

fn freshness_row(snapshot: &Snapshot, reader: &Reader, is_tick: bool) -> Vec<Cell> {
    let now = reader.source.clock.now();
    let live = |number: u64| (!is_tick).then(|| i64::try_from(number).unwrap_or(i64::MAX));
    vec![
        snapshot.as_of().into(),
        now.into(),
        (now - snapshot.as_of()).num_seconds().into(),
        snapshot.freshness().known_at.filter(|_| !is_tick).into(),
        live(snapshot.sequence()).into(),
        live(snapshot.revision()).into(),
        reader.policy.label().into(),
        reader.pin.tick().map(|tick| tick.to_string()).into(),
    ]
}

/// `meta.providers`
pub(crate) fn providers() -> (Outline, State) {
    let columns = vec![
        always("provider", Text, "Provider code."),
        always("name", Text, "Name of the provider."),
        always("heard_until", Timestamptz, "Newest event time that its live feed has told of: its watermark."),
        always("silent_minutes", Bigint, "Whole minutes from then to as_of."),
        always("reporting", Boolean, "True when that is at most 24 hours ago."),
    ];
    (
        outline("providers", "When each provider's live feed was last heard of. Empty under a public policy.", columns),
        State::Providers,
    )
}

fn provider_rows(snapshot: &Snapshot, reader: &Reader) -> Vec<Vec<Cell>> {
    let row = |(provider, heard_until): (&std::sync::Arc<str>, &chrono::DateTime<chrono::Utc>)| {
        vec![
            provider.as_ref().into(),
            area_name(&reader.source.geography, provider).into(),
            (*heard_until).into(),
            (snapshot.as_of() - *heard_until).num_minutes().into(),
            is_reporting(snapshot, provider).into(),
        ]
    };
    snapshot.freshness().watermarks.iter().map(row).collect()
}

/// `meta.coverage`
pub(crate) fn coverage() -> (Outline, State) {
    let columns = vec![
        always("level", Text, "Level of the area; networks are left out."),
        always("area", Text, "Code of the area."),
        always("area_name", Text, "Name of the area."),
        always("provider", Text, "A provider that works for it, by the referrals of the last weeks."),
        always("provider_name", Text, "Name of the provider."),
        always("reporting", Boolean, "True when its live feed told of something in the 24 hours before as_of."),
    ];
    let description = "Which provider works for which area and whether it is reporting. When one stops sending, a rate may \
                       improve for no good reason. Empty under a public policy.";
    (outline("coverage", description, columns), State::Coverage)
}

fn coverage_rows(snapshot: &Snapshot, reader: &Reader) -> Vec<Vec<Cell>> {
    let geography = &reader.source.geography;
    let row = |(provider, level, area): (String, homeward_transform::figure::Dimension, String)| {
        vec![
            level.as_str().into(),
            area.clone().into(),
            area_name(geography, &area).into(),
            provider.clone().into(),
            area_name(geography, &provider).into(),
            is_reporting(snapshot, &provider).into(),
        ]
    };
    feed_areas(snapshot).into_iter().map(row).collect()
}

/// `meta.submissions`
pub(crate) fn submissions() -> (Outline, State) {
    let columns = vec![
        always("submission", Text, "Id of the submission."),
        always("provider", Text, "Provider code as it was sent."),
        always("provider_name", Text, "Name of the provider."),
        always("first_day", Date, "First day of its reporting period."),
        always("last_day", Date, "Last day of its reporting period."),
        always("file_type", Text, "primary or refresh."),
        always("received_at", Timestamptz, "When the file was received."),
        always("counts", Boolean, "True when its rows count: at most one submission of a provider and period does."),
        always("state", Text, "active, replaced by another, incomplete, refused or withdrawn, and why."),
        maybe("rows_accepted", Bigint, "Rows accepted; null where counts are rounded."),
        maybe("rows_refused", Bigint, "Rows refused and not mended since; null where counts are rounded."),
        maybe("decision", Text, "The last decision about it: withdrawn or reinstated. Null without one."),
        maybe("decided_at", Timestamptz, "When that was decided."),
        maybe("decided_by", Text, "By whom; null where counts are rounded."),
        maybe("reason", Text, "Why; null where counts are rounded."),
    ];
    let description = "Every CSDS submission, whether it counts, and why not. homeward submission show tells every decision \
                       about one. Empty under a publication tick.";
    (outline("submissions", description, columns), State::Submissions)
}

fn submission_rows(snapshot: &Snapshot, reader: &Reader) -> Vec<Vec<Cell>> {
    let exact = reader.policy.rounding == Rounding::Exact;
    let count = |rows: u64| Cell::from(exact.then(|| i64::try_from(rows).unwrap_or(i64::MAX)));
    let row = |line: &Line| {
        let decided = line.decided.as_ref();
        let told = decided.filter(|_| exact);
        vec![
            line.id.as_ref().into(),
            line.provider.as_ref().into(),
            area_name(&reader.source.geography, &line.provider).into(),
            line.rp_start.into(),
            line.rp_end.into(),
            line.file_type.as_str().into(),
            line.received_at.into(),
            line.outcome.is_counted().into(),
            line.outcome.to_string().into(),
            count(line.accepted),
            count(line.refused),
            decided.map(|decided| Verdict::as_str(decided.verdict)).into(),
            decided.and_then(|decided| DateTime::from_timestamp_micros(decided.at)).into(),
            told.map(|decided| decided.by.as_ref()).into(),
            told.map(|decided| decided.reason.as_ref()).into(),
        ]
    };
    snapshot.submissions().iter().map(row).collect()
}

/// `meta.revisions`
pub(crate) fn revisions() -> (Outline, State) {
    let columns = vec![
        always("known_at", Timestamptz, "When the new figure was first shown."),
        always("indicator", Text, "Indicator id."),
        always("basis", Text, "Basis."),
        always("provider", Text, "Provider code."),
        always("provider_name", Text, "Name of the provider."),
        always("period_kind", Text, "day or month."),
        always("period", Text, "The period that was over and has changed since."),
        maybe("old_numerator", Bigint, "Numerator before; null when suppressed."),
        maybe("old_denominator", Bigint, "Denominator before; null when suppressed and for counts."),
        maybe("old_percentile", Double, "Percentile before; null when suppressed and for other kinds."),
        maybe("new_numerator", Bigint, "Numerator now; null when suppressed."),
        maybe("new_denominator", Bigint, "Denominator now; null when suppressed and for counts."),
        maybe("new_percentile", Double, "Percentile now; null when suppressed and for other kinds."),
        maybe("because", Text, "Why, with exact counts of records; null where counts are rounded."),
    ];
    let description = "The newest restatements of periods that were over, at most 500; outcomes.figures_history has them \
                       all. Where counts are rounded, a change that does not show is left out. Empty under a publication tick.";
    (outline("revisions", description, columns), State::Revisions)
}

/// That something moved at all would tell of single people, so a change that does not show in released counts is left out.
fn revision_rows(snapshot: &Snapshot, reader: &Reader) -> Vec<Vec<Cell>> {
    let exact = reader.policy.rounding == Rounding::Exact;
    let sides = |revision: &Revision| {
        let kind =
            snapshot.catalogue().get(&revision.indicator).map_or(IndicatorKind::Count, |definition| definition.kind);
        let shown = |side: Stated| *reader.policy.release_stated(side, kind);
        (shown(revision.old), shown(revision.new))
    };
    let told = snapshot.revisions().iter().rev().map(|revision| (revision, sides(revision)));
    told.filter(|(_, (old, new))| old != new)
        .map(|(revision, (old, new))| {
            let (kind, period) = revision.period.split_once(':').unwrap_or(("", &revision.period));
            let whole = |shown: Shown| Cell::from(shown.as_count());
            let percentile = |stated: Stated, shown: Shown| Cell::from(stated.percentile.and(shown.as_f64()));
            vec![
                revision.known_at.into(),
                revision.indicator.clone().into(),
                revision.basis.clone().into(),
                revision.provider.clone().into(),
                area_name(&reader.source.geography, &revision.provider).into(),
                kind.into(),
                period.into(),
                whole(old.numerator),
                whole(old.denominator),
                percentile(revision.old, old.value),
                whole(new.numerator),
                whole(new.denominator),
                percentile(revision.new, new.value),
                exact.then(|| revision.because.clone()).into(),
            ]
        })
        .collect()
}
