//! A simulated history and the four ways to compute its figures.
#![expect(
    clippy::expect_used,
    clippy::cast_possible_wrap,
    reason = "a test says why it fails by panicking; its counts are small"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::narrow::{InMemory, NARROW};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Duration, Utc};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::geography::Geography;
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::reject::Severity;
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};
use homeward_ingest::lake::{FeedCommit, Lake, OffsetAdvance};
use homeward_simulator::{Area, Grain, Message, Parameters, Simulation};
use homeward_transform::computation::Computation;
use homeward_transform::definition::Catalogue;
use homeward_transform::feedback::Review;
use homeward_transform::figure::Dimension;
use homeward_transform::history::{CellVersion, cells_at};
use homeward_transform::live::{Live, LiveOptions, Past};
use homeward_transform::snapshot::{FigureQuery, Snapshot};

/// Every figure of a snapshot in words, by cell.
pub(crate) type Outcome = BTreeMap<String, String>;

pub(crate) struct History {
    simulation: Simulation,
    messages: Vec<Message>,
    keys: PseudonymKeys,
    catalogue: Arc<Catalogue>,
    geography: Arc<Geography>,
    /// False when the messages are no longer what the simulator planted.
    is_planted: bool,
}

const READINGS: [(&str, &[Dimension]); 27] = [
    ("ucr-two-hour-response", &[Dimension::Provider, Dimension::Month]),
    ("ucr-two-hour-response", &[Dimension::Provider, Dimension::Day]),
    ("ucr-two-hour-response", &[Dimension::Lcp, Dimension::Month]),
    ("ucr-two-hour-response", &[Dimension::Icb, Dimension::Window]),
    ("ucr-two-hour-response", &[Dimension::Nation, Dimension::Month]),
    ("ucr-referrals", &[Dimension::Provider, Dimension::Day]),
    ("ucr-referrals", &[Dimension::Pcn, Dimension::Month]),
    ("ucr-open-clocks", &[Dimension::Provider, Dimension::Band]),
    ("ucr-response-minutes-median", &[Dimension::Provider, Dimension::Month]),
    ("ucr-response-minutes-median", &[Dimension::Nation, Dimension::Month]),
    ("ucr-response-minutes-median", &[Dimension::Pcn, Dimension::Window]),
    ("ucr-response-minutes-p90", &[Dimension::Lcp, Dimension::Month]),
    ("ucr-response-minutes-p90", &[Dimension::Region, Dimension::Window]),
    ("ucr-contacts", &[Dimension::Provider, Dimension::Day]),
    ("ucr-contacts", &[Dimension::Lcp, Dimension::Month]),
    ("ucr-referrals-by-source", &[Dimension::Provider, Dimension::Source, Dimension::Month]),
    ("ucr-wait-bands", &[Dimension::Provider, Dimension::Band, Dimension::Month]),
    ("community-referrals", &[Dimension::Pcn, Dimension::Day]),
    ("community-contacts", &[Dimension::Pcn, Dimension::Month]),
    ("community-did-not-attend", &[Dimension::Provider, Dimension::Month]),
    ("community-caseload", &[Dimension::Lcp, Dimension::Month]),
    ("community-people-referred", &[Dimension::Provider, Dimension::Month]),
    ("community-people-referred", &[Dimension::Pcn, Dimension::Month]),
    ("community-people-contacted", &[Dimension::Lcp, Dimension::Month]),
    ("community-people-contacted", &[Dimension::Icb, Dimension::Month]),
    ("community-days-to-first-contact-median", &[Dimension::Provider, Dimension::Month]),
    ("community-days-to-first-contact-p90", &[Dimension::Nation, Dimension::Month]),
];

impl History {
    pub(crate) fn new(parameters: Parameters) -> Self {
        let keys = PseudonymKeys::from_secret(1, parameters.pseudonym_secret.as_bytes());
        let simulation = Simulation::new(parameters);
        let messages: Vec<Message> = simulation.messages().collect();
        assert!(messages.is_sorted_by_key(|message| message.deliver_at), "deliveries are told apart by their instant");
        let catalogue = Arc::new(Catalogue::builtin().expect("the built-in definitions are sound"));
        Self { simulation, messages, keys, catalogue, geography: Arc::new(Geography::devon()), is_planted: true }
    }

    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The same world with other messages, of which the truth says nothing.
    pub(crate) fn with_messages(self, messages: Vec<Message>) -> Self {
        Self { messages, is_planted: false, ..self }
    }

    pub(crate) fn start(&self) -> DateTime<Utc> {
        self.messages.first().expect("a message").deliver_at
    }

    pub(crate) fn end(&self) -> DateTime<Utc> {
        self.messages.last().expect("a message").deliver_at
    }

    /// After the last message, so that nothing is open or held back by chance.
    fn as_of(&self) -> DateTime<Utc> {
        self.end() + Duration::minutes(1)
    }

    pub(crate) async fn one_batch(&self) -> Outcome {
        let mut computation = self.computation();
        self.apply(&mut computation, &self.messages);
        self.finish(computation).await
    }

    /// Every message is a batch of its own; cells are evaluated now and then, so that old and new cells both change.
    pub(crate) async fn row_by_row(&self) -> Outcome {
        let mut computation = self.computation().within(NARROW, InMemory::both());
        let pause = (self.messages.len() / 12).max(1);
        for (index, message) in self.messages.iter().enumerate() {
            self.apply(&mut computation, std::slice::from_ref(message));
            if index % pause == 0 {
                computation.evaluate(message.deliver_at).await.expect("evaluates");
            }
        }
        self.finish(computation).await
    }

    /// The same messages in any order, every third one twice.
    pub(crate) async fn shuffled(&self, seed: u64) -> Outcome {
        let mut shuffled: Vec<Message> = self.messages.iter().flat_map(twice_every_third(seed)).cloned().collect();
        let mut state = seed | 1;
        for index in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = (state >> 33) as usize % (index + 1);
            shuffled.swap(index, other);
        }
        let mut computation = self.computation().within(NARROW, InMemory::both());
        for chunk in shuffled.chunks(shuffled.len() / 3 + 1) {
            self.apply(&mut computation, chunk);
            computation.evaluate(self.as_of()).await.expect("evaluates");
        }
        self.finish(computation).await
    }

    /// Through a lake on disk; after every commit the process dies and a new one restores itself from the lake.
    pub(crate) async fn killed_and_restored(&self, commits: usize) -> Outcome {
        let folder = tempfile::tempdir().expect("a folder");
        let mut outcome = Outcome::new();
        let mut instants = Vec::new();
        let mut next: BTreeMap<Feed, i64> = BTreeMap::new();
        let chunks = self.deliveries(commits);
        for (index, chunk) in chunks.iter().enumerate() {
            let known_at = chunk.last().expect("a message").deliver_at;
            {
                let lake = Lake::open(folder.path()).expect("opens");
                for feed in Feed::ALL {
                    self.commit(&lake, feed, chunk, known_at, next.entry(feed).or_default()).await;
                }
            }
            let last = index + 1 == chunks.len();
            let lake = Arc::new(Lake::open(folder.path()).expect("opens"));
            let (catalogue, geography) = (Arc::clone(&self.catalogue), Arc::clone(&self.geography));
            let now = if last { self.as_of() } else { known_at };
            let options = LiveOptions { book: NARROW, ..LiveOptions::default() };
            let live = Live::restore(lake, catalogue, geography, options, now).await.expect("restores");
            let snapshot = Arc::clone(&live.subscribe().borrow());
            self.assert_truth(&snapshot, now);
            outcome = readings(&snapshot);
            instants.push(now);
        }
        let lake = Arc::new(Lake::open(folder.path()).expect("opens"));
        let past = Past::new(lake, Arc::clone(&self.catalogue), Arc::clone(&self.geography));
        for known_at in instants {
            let then = past.as_known_at(known_at).await.expect("reads");
            if self.is_planted {
                self.assert_rates(&then, known_at);
            }
        }
        outcome
    }

    /// Delivers in steps and compares live, published, referral and open-clock figures with the truth after each one; then
    /// asks the versions what was known at each step. Returns how many figures were restated.
    pub(crate) async fn follow_the_truth(&self, steps: usize) -> u64 {
        let mut computation = self.computation();
        let mut versions: Vec<CellVersion> = Vec::new();
        let mut instants = Vec::new();
        let mut revisions = 0;
        for chunk in self.deliveries(steps) {
            let now = chunk.last().expect("a message").deliver_at;
            self.apply(&mut computation, chunk);
            versions.extend(computation.evaluate(now).await.expect("evaluates").versions());
            let snapshot = computation.snapshot(now).await.expect("evaluates");
            self.assert_truth(&snapshot, now);
            revisions = snapshot.revision();
            instants.push(now);
        }
        for known_at in instants {
            let (catalogue, geography) = (Arc::clone(&self.catalogue), Arc::clone(&self.geography));
            let then = Snapshot::of_cells(cells_at(&versions, known_at), catalogue, geography, known_at);
            self.assert_rates(&then, known_at);
        }
        revisions
    }

    /// The messages in about this many parts; what is delivered at one instant, a submission above all, stays together.
    fn deliveries(&self, parts: usize) -> Vec<&[Message]> {
        let length = self.messages.len() / parts + 1;
        let mut rest = self.messages.as_slice();
        let mut deliveries = Vec::new();
        while !rest.is_empty() {
            let last = rest[length.min(rest.len()) - 1].deliver_at;
            let (delivery, later) = rest.split_at(rest.partition_point(|message| message.deliver_at <= last));
            deliveries.push(delivery);
            rest = later;
        }
        deliveries
    }

    fn assert_truth(&self, snapshot: &Snapshot, now: DateTime<Utc>) {
        if !self.is_planted {
            return;
        }
        self.assert_rates(snapshot, now);
        let open: BTreeMap<(String, String), i64> =
            ratios(snapshot, "ucr-open-clocks", "live", &[Dimension::Provider, Dimension::Band], false)
                .into_iter()
                .map(|(cell, (count, _))| (cell, count))
                .collect();
        for (provider, bands) in self.simulation.truth().open_bands(now, now, Area::Provider) {
            let planted = [
                ("0_to_60m", bands.under_60),
                ("60_to_90m", bands.under_90),
                ("90_to_120m", bands.under_120),
                ("over_120m", bands.over_120),
            ];
            for (band, count) in planted {
                let found = open.get(&(provider.clone(), band.to_owned())).copied().unwrap_or(0);
                assert_eq!(found, i64::try_from(count).expect("small"), "open clocks of {provider} {band} at {now}");
            }
        }
    }

    fn assert_rates(&self, snapshot: &Snapshot, now: DateTime<Utc>) {
        let truth = self.simulation.truth();
        for (area, grain, by) in [
            (Area::Provider, Grain::Month, [Dimension::Provider, Dimension::Month]),
            (Area::Provider, Grain::Day, [Dimension::Provider, Dimension::Day]),
            (Area::Lcp, Grain::Month, [Dimension::Lcp, Dimension::Month]),
        ] {
            let planted = truth.live_rate(now, now, area, grain).into_iter();
            let planted: Cells = planted
                .map(|((area, period), ratio)| ((area, bare(&period)), (ratio.met as i64, ratio.denominator as i64)))
                .collect();
            let found = ratios(snapshot, "ucr-two-hour-response", "live", &by, true);
            assert_cells(&format!("live rate by {by:?} at {now}"), &planted, &found);
        }
        let planted: Cells = truth
            .published(now)
            .into_iter()
            .map(|((provider, period), ratio)| {
                ((provider, bare(&period)), (ratio.met as i64, ratio.denominator as i64))
            })
            .collect();
        let found =
            ratios(snapshot, "ucr-two-hour-response", "published", &[Dimension::Provider, Dimension::Month], true);
        assert_cells(&format!("published rate at {now}"), &planted, &found);
        let planted: Cells = truth
            .referrals(now, now, Area::Provider, Grain::Day)
            .into_iter()
            .map(|((provider, period), count)| ((provider, bare(&period)), (count as i64, 0)))
            .collect();
        let found = ratios(snapshot, "ucr-referrals", "live", &[Dimension::Provider, Dimension::Day], false);
        assert_cells(&format!("referrals at {now}"), &planted, &found);
        self.assert_counts(snapshot, now);
    }

    /// Contacts, community referrals and the caseload, and the parts that must add up to a whole.
    fn assert_counts(&self, snapshot: &Snapshot, now: DateTime<Utc>) {
        let truth = self.simulation.truth();
        let counts = |cells: BTreeMap<(String, String), u64>| -> Cells {
            cells.into_iter().map(|((area, period), count)| ((area, bare(&period)), (count as i64, 0))).collect()
        };
        let by = [Dimension::Provider, Dimension::Month];
        for (indicator, planted) in [
            ("ucr-contacts", truth.contacts(now, true)),
            ("community-contacts", truth.contacts(now, false)),
            ("community-referrals", truth.community_referrals(now)),
            ("community-caseload", truth.caseload(now)),
            ("community-people-referred", truth.people_referred(now)),
            ("community-people-contacted", truth.people_contacted(now)),
            ("ucr-referrals-by-source", truth.referrals_published(now)),
            (
                "ucr-wait-bands",
                truth.published(now).into_iter().map(|(cell, ratio)| (cell, ratio.denominator)).collect(),
            ),
        ] {
            let found = ratios(snapshot, indicator, "published", &by, false);
            assert_cells(&format!("{indicator} at {now}"), &counts(planted), &found);
        }
        let planted: Cells = (truth.did_not_attend(now).into_iter())
            .map(|((area, period), ratio)| ((area, bare(&period)), (ratio.met as i64, ratio.denominator as i64)))
            .collect();
        let found = ratios(snapshot, "community-did-not-attend", "published", &by, true);
        assert_cells(&format!("contacts not attended at {now}"), &planted, &found);
    }

    /// The rows that feedback tells of as not counting, of tables that hang on a person or a referral, and the refused ones.
    pub(crate) fn told(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let mut review = Review::new(|_| true);
        for (table, batch) in self.facts(Feed::Csds, &self.messages, self.end(), 0) {
            review.take(table, &batch).expect("the facts have their columns");
        }
        let (mut fallen, mut refused) = (BTreeSet::new(), BTreeSet::new());
        for feedback in review.finish() {
            for entry in &feedback.entries {
                let (Some(table), Some(row)) = (entry.table, entry.row) else { continue };
                let name = format!("{} {} {row}", feedback.line.id, table.csds_name().expect("a national table"));
                let parent = table.parent().map(|(parent, _)| parent);
                match entry.code.severity() {
                    Severity::Record => drop(refused.insert(name)),
                    Severity::Cascade if matches!(parent, Some(Table::Cyp001Mpi | Table::Cyp101Referral)) => {
                        fallen.insert(name);
                    }
                    _ => {}
                }
            }
        }
        (fallen, refused)
    }

    fn computation(&self) -> Computation {
        Computation::new(Arc::clone(&self.catalogue), Arc::clone(&self.geography))
    }

    async fn finish(&self, mut computation: Computation) -> Outcome {
        computation.evaluate(self.as_of()).await.expect("evaluates");
        readings(&computation.snapshot(self.as_of()).await.expect("evaluates"))
    }

    fn apply(&self, computation: &mut Computation, messages: &[Message]) {
        for feed in Feed::ALL {
            for (table, batch) in self.facts(feed, messages, self.end(), 0) {
                computation.apply(table, &batch).expect("the facts have their columns");
            }
        }
    }

    fn facts(&self, feed: Feed, messages: &[Message], known_at: DateTime<Utc>, from: i64) -> Vec<(Table, RecordBatch)> {
        let topic: Arc<str> = Arc::from(feed.default_topic());
        let of_feed = messages.iter().filter(|message| message.feed == feed);
        let raw: Vec<RawRecord<'_>> = of_feed
            .zip(from..)
            .map(|(message, offset)| RawRecord {
                place: Place { topic: Arc::clone(&topic), partition: 0, offset },
                key: Some(&message.key),
                payload: Some(&message.payload),
            })
            .collect();
        decode(feed, &raw, &DecodeContext::new(&self.keys, known_at)).tables
    }

    async fn commit(&self, lake: &Lake, feed: Feed, chunk: &[Message], known_at: DateTime<Utc>, next: &mut i64) {
        let from = *next;
        *next += i64::try_from(chunk.iter().filter(|message| message.feed == feed).count()).expect("small");
        if *next == from {
            return;
        }
        let advance = OffsetAdvance { topic: feed.default_topic().to_owned(), partition: 0, from, next: *next };
        let tables = self.facts(feed, chunk, known_at, from);
        let commit = FeedCommit { feed, tables, quarantine: None, offsets: vec![advance] };
        lake.commit(commit).await.expect("commits");
    }
}

type Cells = BTreeMap<(String, String), (i64, i64)>;

fn assert_cells(what: &str, planted: &Cells, found: &Cells) {
    let filled = |cells: &Cells| -> Cells {
        cells
            .iter()
            .filter(|(_, (numerator, denominator))| *numerator + *denominator != 0)
            .map(|(cell, value)| (cell.clone(), *value))
            .collect()
    };
    let (planted, found) = (filled(planted), filled(found));
    let cells: BTreeSet<_> = planted.keys().chain(found.keys()).collect();
    let differences: Vec<String> = cells
        .into_iter()
        .filter(|cell| planted.get(*cell) != found.get(*cell))
        .map(|cell| format!("{cell:?}: planted {:?}, found {:?}", planted.get(cell), found.get(cell)))
        .take(10)
        .collect();
    assert!(differences.is_empty(), "{what}:\n{}", differences.join("\n"));
}

fn ratios(snapshot: &Snapshot, indicator: &str, basis: &str, by: &[Dimension], ratio: bool) -> Cells {
    let query = FigureQuery {
        indicator: indicator.to_owned(),
        bases: vec![basis.to_owned()],
        by: by.to_vec(),
        ..FigureQuery::default()
    };
    snapshot
        .figures(&query)
        .into_iter()
        .map(|figure| {
            let cell = (figure.dimensions[0].1.clone(), figure.dimensions[1].1.clone());
            let denominator = if ratio { figure.denominator.unwrap_or(0) } else { 0 };
            (cell, (figure.numerator.unwrap_or(0), denominator))
        })
        .collect()
}

fn readings(snapshot: &Snapshot) -> Outcome {
    let mut outcome = Outcome::new();
    for (indicator, by) in READINGS {
        let query = FigureQuery { indicator: indicator.to_owned(), by: by.to_vec(), ..FigureQuery::default() };
        for figure in snapshot.figures(&query) {
            let cell = format!("{indicator} {} {:?}", figure.basis, figure.dimensions);
            let numbers = (figure.numerator, figure.denominator, figure.percentile);
            let value = (numbers, &figure.counts, &figure.flags, figure.status);
            outcome.insert(cell, format!("{value:?}"));
        }
    }
    outcome
}

fn bare(period: &str) -> String {
    period.split_once(':').map_or(period, |(_, value)| value).to_owned()
}

fn twice_every_third(seed: u64) -> impl FnMut(&Message) -> Vec<&Message> {
    let mut count = seed;
    move |message| {
        count += 1;
        if count.is_multiple_of(3) { vec![message, message] } else { vec![message] }
    }
}
