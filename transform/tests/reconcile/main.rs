//! Reconciliation over simulated years: every stage is what the truth says, every cause what was planted, a stage and its
//! causes are the next stage, and the order of arrival changes nothing.
#![allow(clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::geography::Geography;
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};
use homeward_simulator::{Message, Parameters, PlantedCauses, Ratio, Simulation, Stages};
use homeward_transform::computation::Computation;
use homeward_transform::definition::Catalogue;
use homeward_transform::figure::Dimension;
use homeward_transform::reconcile::{Cause, Count, Entry, Reconciled, Reconciliation, Stage};
use homeward_transform::snapshot::{FigureQuery, Snapshot};

/// A year of three providers.
fn year(seed: u64) -> Parameters {
    let mut parameters = Parameters { seed, days: 365, type05_per_day: 4.0, ..Parameters::default() };
    parameters.providers.truncate(3);
    parameters.people_per_provider = 600;
    parameters.csds.other_referrals_per_month = 3;
    parameters.csds.further_tables = 0.0;
    parameters
}

/// The same with everything that happens to submissions, well above real rates.
fn stormy(seed: u64, days: u32) -> Parameters {
    let mut parameters = Parameters { days, ..year(seed) };
    let rates = &mut parameters.csds;
    (rates.resubmitted, rates.late_refresh, rates.left_out) = (0.4, 0.3, 0.05);
    (rates.withdrawn, rates.broken_off, rates.completed_later) = (0.5, 0.08, 0.1);
    (rates.voided_still_submitted, rates.end_gained_in_refresh) = (0.5, 0.05);
    parameters.fates.end_amended = 0.1;
    parameters.fates.start_amended = 0.05;
    parameters.fates.voided = 0.03;
    parameters
}

struct Year {
    simulation: Simulation,
    messages: Vec<Message>,
    keys: PseudonymKeys,
}

impl Year {
    fn new(parameters: Parameters) -> Self {
        let keys = PseudonymKeys::from_secret(1, parameters.pseudonym_secret.as_bytes());
        let simulation = Simulation::new(parameters);
        let messages = simulation.messages().collect();
        Self { simulation, messages, keys }
    }

    fn end(&self) -> DateTime<Utc> {
        self.messages.last().expect("a message").deliver_at + Duration::minutes(1)
    }

    /// The messages in so many parts; what is delivered at one instant stays together.
    fn parts(&self, parts: usize) -> Vec<&[Message]> {
        let length = self.messages.len() / parts + 1;
        let mut rest = self.messages.as_slice();
        let mut made = Vec::new();
        while !rest.is_empty() {
            let last = rest[length.min(rest.len()) - 1].deliver_at;
            let (part, later) = rest.split_at(rest.partition_point(|message| message.deliver_at <= last));
            made.push(part);
            rest = later;
        }
        made
    }

    fn apply(&self, computation: &mut Computation, messages: &[Message]) {
        for feed in [Feed::Ucr, Feed::Csds] {
            let of_feed: Vec<&Message> = messages.iter().filter(|message| message.feed == feed).collect();
            let raw: Vec<RawRecord<'_>> = of_feed
                .iter()
                .zip(0..)
                .map(|(message, offset)| RawRecord {
                    place: Place { topic: Arc::from(feed.default_topic()), partition: 0, offset },
                    key: Some(&message.key),
                    payload: Some(&message.payload),
                })
                .collect();
            for (table, batch) in decode(feed, &raw, &DecodeContext::new(&self.keys, self.end())).tables {
                computation.apply(table, &batch).expect("the facts have their columns");
            }
        }
    }
}

fn computation() -> Computation {
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    Computation::new(Arc::new(catalogue.only(&["ucr-two-hour-response"])), Arc::new(Geography::devon()))
}

fn now<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

fn picture(computation: &mut Computation, as_of: DateTime<Utc>) -> Snapshot {
    now(async {
        computation.evaluate(as_of).await.expect("evaluates");
        computation.snapshot(as_of).await.expect("evaluates")
    })
}

/// Every stage and its causes are the next stage.
fn assert_adds_up(reconciliation: &Reconciliation) {
    for month in reconciliation.iter() {
        let mut sum: Option<Count> = None;
        for entry in &month.entries {
            match entry {
                Entry::Cause { change: Some(change), .. } => {
                    let held = sum.as_mut().expect("a stage stands before its causes");
                    held.met += change.met;
                    held.stopped += change.stopped;
                }
                Entry::Cause { .. } => panic!("a change is not known: {month:?}"),
                Entry::Stage { stage, count, .. } => {
                    assert!(sum.is_none() || sum == *count, "{} {} {stage:?}: {month:?}", month.provider, month.month);
                    sum = *count;
                }
            }
        }
    }
}

/// Every stage that is shown is the one of the truth, and the last is the figure of basis `published`.
fn assert_stages(snapshot: &Snapshot, truth: &Stages) {
    let planted = |months: &BTreeMap<(String, String), Ratio>, month: &Reconciled| {
        let key = (month.provider.to_string(), format!("month:{}", month.month.format("%Y-%m")));
        let ratio = months.get(&key).copied().unwrap_or_default();
        Count { met: ratio.met.cast_signed(), stopped: ratio.denominator.cast_signed() }
    };
    let published = published(snapshot);
    for month in snapshot.reconciliation().iter() {
        for (stage, months) in
            [(Stage::Live, &truth.live), (Stage::Primary, &truth.primary), (Stage::Refresh, &truth.refresh)]
        {
            if let Some(found) = month.stage(stage) {
                assert_eq!(found, planted(months, month), "{} {} {stage:?}", month.provider, month.month);
            }
        }
        if let Some(found) = month.stage(Stage::Refresh) {
            let key = (month.provider.to_string(), month.month.format("%Y-%m").to_string());
            assert_eq!(found, published.get(&key).copied().unwrap_or_default(), "{key:?}");
        }
    }
}

fn published(snapshot: &Snapshot) -> BTreeMap<(String, String), Count> {
    let query = FigureQuery {
        indicator: "ucr-two-hour-response".to_owned(),
        bases: vec!["published".to_owned()],
        by: vec![Dimension::Provider, Dimension::Month],
        ..FigureQuery::default()
    };
    let figures = snapshot.figures(&query).into_iter();
    figures
        .map(|figure| {
            let count = Count { met: figure.numerator.unwrap_or(0), stopped: figure.denominator.unwrap_or(0) };
            ((figure.dimensions[0].1.clone(), figure.dimensions[1].1.clone()), count)
        })
        .collect()
}

#[test]
fn a_year_of_three_providers_is_what_was_planted() {
    let mut parameters = year(20_250_301);
    parameters.csds.late_record = 0.05;
    parameters.csds.voided_still_submitted = 0.0;
    (parameters.fates.end_amended, parameters.fates.start_amended) = (0.0, 0.0);
    let year = Year::new(parameters);
    let mut computation = computation();
    year.apply(&mut computation, &year.messages);
    let snapshot = picture(&mut computation, year.end());
    let reconciliation = snapshot.reconciliation();
    assert_adds_up(reconciliation);
    assert_stages(&snapshot, &year.simulation.truth().stages(year.end()));

    let clocks = |to: Stage, cause: Cause| reconciliation.iter().map(|month| month.clocks(to, cause)).sum::<i64>();
    let found = PlantedCauses {
        not_in_csds: clocks(Stage::Primary, Cause::NotInCsds),
        not_on_live_feed: clocks(Stage::Primary, Cause::NotOnFeed),
        late_record: clocks(Stage::Primary, Cause::LateRecord),
        changed_type: clocks(Stage::Primary, Cause::ChangedType),
        missing_rtt_end: clocks(Stage::Primary, Cause::EndMissing),
        gained_rtt_end: clocks(Stage::Refresh, Cause::EndGained),
    };
    let planted = year.simulation.truth().planted_causes(year.end());
    assert_eq!(found, planted);
    for count in [planted.not_in_csds, planted.not_on_live_feed, planted.late_record, planted.changed_type] {
        assert!(count > 3, "too few to prove anything: {planted:?}");
    }
    assert!(planted.missing_rtt_end > planted.gained_rtt_end && planted.gained_rtt_end > 3, "{planted:?}");
    let providers: std::collections::BTreeSet<_> = reconciliation.iter().map(|month| &month.provider).collect();
    assert_eq!(providers.len(), 3);
}

#[test]
fn stormy_submissions_add_up_at_every_step_and_in_any_order() {
    let year = Year::new(stormy(20_250_302, 150));
    let mut computation = self::computation();
    let mut causes: BTreeMap<(Stage, Cause), i64> = BTreeMap::new();
    for part in year.parts(16) {
        year.apply(&mut computation, part);
        let as_of = part.last().expect("a message").deliver_at;
        let snapshot = picture(&mut computation, as_of);
        assert_adds_up(snapshot.reconciliation());
        assert_stages(&snapshot, &year.simulation.truth().stages(as_of));
        for entry in snapshot.reconciliation().iter().flat_map(|month| &month.entries) {
            if let Entry::Cause { to, cause, clocks: Some(clocks), .. } = entry {
                *causes.entry((*to, *cause)).or_default() += clocks;
            }
        }
    }
    for cause in [Cause::NotSentAgain, Cause::Withdrawn, Cause::LateRecord, Cause::EndGained] {
        assert!(causes.contains_key(&(Stage::Refresh, cause)), "{cause:?} never came: {causes:?}");
    }
    assert!(causes.contains_key(&(Stage::Primary, Cause::Voided)), "{causes:?}");

    let in_parts = picture(&mut computation, year.end());
    let mut at_once = self::computation();
    let reversed: Vec<Message> = year.messages.iter().rev().cloned().collect();
    year.apply(&mut at_once, &reversed);
    let at_once = picture(&mut at_once, year.end());
    let months = |snapshot: &Snapshot| -> Vec<Reconciled> { snapshot.reconciliation().iter().cloned().collect() };
    assert_eq!(months(&in_parts), months(&at_once));
}

/// A stage that has not come yet is not there; it is not zero.
#[test]
fn a_stage_that_does_not_exist_is_absent() {
    let year = Year::new(year(20_250_303));
    let mut computation = computation();
    let april: DateTime<Utc> = "2025-04-20T12:00:00Z".parse().expect("an instant");
    let until = year.messages.partition_point(|message| message.deliver_at <= april);
    year.apply(&mut computation, &year.messages[..until]);
    let snapshot = picture(&mut computation, april);
    let stages = |month: &str| -> Vec<Stage> {
        let month: NaiveDate = month.parse().expect("a day");
        let reconciled = snapshot.reconciliation().get("RH8", month).expect("a month");
        let stage = |entry: &Entry| match entry {
            Entry::Stage { stage, .. } => Some(*stage),
            Entry::Cause { .. } => None,
        };
        reconciled.entries.iter().filter_map(stage).collect()
    };
    assert_eq!(stages("2025-03-01"), [Stage::Live, Stage::Primary]);
    assert_eq!(stages("2025-04-01"), [Stage::Live]);
    assert!(snapshot.reconciliation().get("RH8", "2025-02-01".parse().expect("a day")).is_none());
}
