//! A planted Devon: every cell by hand, so that every answer is known.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says why it fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::Array;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, Duration, Utc};
use datafusion::execution::context::SessionContext;
use datafusion::prelude::SessionConfig;
use homeward_contract::calendar::FileType;
use homeward_contract::clock::ManualClock;
use homeward_contract::decision::Verdict;
use homeward_contract::geography::Geography;
use homeward_sql::tables::register;
use homeward_sql::{Answer, DATABASE, Limits, Pin, Refusal, Source, Tick, local};
use homeward_transform::book::roll::{Line, Outcome};
use homeward_transform::book::submission::{Decided, Standing};
use homeward_transform::definition::Catalogue;
use homeward_transform::engine::{Atom, AtomValue, Counts};
use homeward_transform::feedback::{DataQuality, Measure, Quality, Share};
use homeward_transform::history::{CellVersion, cells_at};
use homeward_transform::live::Past;
use homeward_transform::reconcile::ledger::{Sum, Sums};
use homeward_transform::reconcile::month::Exists;
use homeward_transform::reconcile::posting::Account;
use homeward_transform::reconcile::published::PublishedRate;
use homeward_transform::reconcile::{Cause, PublishedSeries, PublishedWards, Reconciled, Reconciliation, Stage, Step};
use homeward_transform::release::Policy;
use homeward_transform::revision::Revision;
use homeward_transform::snapshot::{Freshness, Snapshot};
use tokio::sync::watch;

pub(crate) const RESPONSE: &str = "ucr-two-hour-response";
pub(crate) const REFERRALS: &str = "ucr-referrals";
pub(crate) const OPEN: &str = "ucr-open-clocks";

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// 15:00 in London on Thursday 12 June 2025.
pub(crate) fn as_of() -> DateTime<Utc> {
    at("2025-06-12T14:00:00Z")
}

/// A cell and its value, with defaults that a test changes.
#[derive(Debug, Clone)]
pub(crate) struct Planted {
    indicator: &'static str,
    basis: &'static str,
    provider: &'static str,
    lcp: Option<&'static str>,
    pcn: Option<&'static str>,
    band: Option<&'static str>,
    period: &'static str,
    known_at: DateTime<Utc>,
    value: Option<AtomValue>,
    because: &'static str,
}

impl Planted {
    pub(crate) fn new(indicator: &'static str, basis: &'static str, period: &'static str) -> Self {
        Self {
            indicator,
            basis,
            provider: "NR5",
            lcp: Some("Western"),
            pcn: None,
            band: None,
            period,
            known_at: at("2025-06-01T06:00:00Z"),
            value: None,
            because: "records came in",
        }
    }

    pub(crate) fn rate(basis: &'static str, period: &'static str, met: i64, all: i64) -> Self {
        Self::new(RESPONSE, basis, period).counted(met, Some(all))
    }

    pub(crate) fn counted(mut self, numerator: i64, denominator: Option<i64>) -> Self {
        let value = AtomValue {
            numerator,
            denominator,
            percentile: None,
            source_rank: Some(1),
            counts: Counts::default(),
            flags: Counts::default(),
        };
        self.value = Some(value);
        self
    }

    pub(crate) fn provider(self, provider: &'static str) -> Self {
        Self { provider, ..self }
    }

    pub(crate) fn lcp(self, lcp: &'static str) -> Self {
        Self { lcp: Some(lcp), ..self }
    }

    pub(crate) fn pcn(self, pcn: &'static str) -> Self {
        Self { pcn: Some(pcn), ..self }
    }

    /// A partnership and a network, or neither.
    pub(crate) fn place(self, lcp: Option<&'static str>, pcn: Option<&'static str>) -> Self {
        Self { lcp, pcn, ..self }
    }

    pub(crate) fn band(self, band: &'static str) -> Self {
        Self { band: Some(band), ..self }
    }

    pub(crate) fn known_at(self, known_at: &str) -> Self {
        Self { known_at: at(known_at), ..self }
    }

    pub(crate) fn known_from(self, known_at: DateTime<Utc>) -> Self {
        Self { known_at, ..self }
    }

    pub(crate) fn is_known(&self, at: DateTime<Utc>) -> bool {
        self.known_at <= at
    }

    pub(crate) fn holding(self, value: Option<AtomValue>) -> Self {
        Self { value, ..self }
    }

    pub(crate) fn because(self, because: &'static str) -> Self {
        Self { because, ..self }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut AtomValue)) -> Self {
        self.value.as_mut().map(change);
        self
    }

    pub(crate) fn flag(self, flag: &'static str, count: i64) -> Self {
        self.with(|value| {
            value.flags.extend([(Arc::from(flag), count)]);
        })
    }

    pub(crate) fn count(self, name: &'static str, count: i64) -> Self {
        self.with(|value| {
            value.counts.extend([(Arc::from(name), count)]);
        })
    }

    /// From a Primary (2) or a Refresh (3).
    pub(crate) fn rank(self, rank: i64) -> Self {
        self.with(|value| value.source_rank = Some(rank))
    }

    fn version(&self) -> CellVersion {
        CellVersion {
            indicator: Arc::from(self.indicator),
            version: 1,
            atom: Atom {
                basis: Arc::from(self.basis),
                provider: Arc::from(self.provider),
                icb: Some(Arc::from("QJK")),
                lcp: self.lcp.map(Arc::from),
                pcn: self.pcn.map(Arc::from),
                strata: self.band.map(Arc::from).into_iter().collect(),
                period: Arc::from(self.period),
                place: None,
            },
            value: self.value.clone(),
            known_at: self.known_at,
            csds_because: Arc::from(self.because),
            live_because: Arc::from(self.because),
        }
    }
}

/// Planted cells, with a source over them.
pub(crate) struct Devon {
    pub(crate) source: Source,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) past: Past,
    sender: watch::Sender<Option<Arc<Snapshot>>>,
    versions: Vec<CellVersion>,
    sequence: u64,
}

impl Devon {
    /// The cells as they stand at 15:00 on 12 June 2025, with the history of days and months.
    pub(crate) fn of(cells: &[Planted]) -> Self {
        let mut versions: Vec<CellVersion> = cells.iter().map(Planted::version).collect();
        versions.sort_by_key(|version| version.known_at);
        let kept: Vec<CellVersion> = versions
            .iter()
            .filter(|v| v.atom.period.starts_with("day:") || v.atom.period.starts_with("month:"))
            .cloned()
            .collect();
        let (catalogue, geography) = (Arc::new(Catalogue::builtin().unwrap()), Arc::new(Geography::devon()));
        let past = Past::of_versions(&kept, Arc::clone(&catalogue), Arc::clone(&geography)).unwrap();
        let clock = Arc::new(ManualClock::new(as_of() + Duration::seconds(2)));
        let (sender, snapshots) = watch::channel(None);
        let source = Source::new(snapshots, Some(past.clone()), catalogue, geography, Arc::clone(&clock) as _);
        let mut devon = Self { source, clock, past, sender, versions, sequence: 0 };
        devon.show(as_of());
        devon
    }

    /// A new snapshot, at this instant.
    pub(crate) fn show(&mut self, as_of: DateTime<Utc>) {
        let freshness = Freshness {
            known_at: Some(as_of - Duration::seconds(30)),
            watermarks: BTreeMap::from([
                (Arc::from("NR5"), as_of - Duration::minutes(4)),
                (Arc::from("RH8"), as_of - Duration::hours(30)),
            ]),
            ..Freshness::default()
        };
        let revision = Revision {
            known_at: at("2025-06-10T09:00:00Z"),
            indicator: RESPONSE.to_owned(),
            basis: "published".to_owned(),
            provider: "NR5".to_owned(),
            period: "month:2025-04".to_owned(),
            old: (80, Some(100)).into(),
            new: (85, Some(101)).into(),
            because: "14 clocks gained an RTT end in the Refresh".to_owned(),
        };
        let small = Revision { old: (81, Some(100)).into(), new: (82, Some(100)).into(), ..revision.clone() };
        self.show_with(as_of, freshness, vec![small, revision]);
    }

    /// A new snapshot with what stands beside it.
    pub(crate) fn show_with(&mut self, as_of: DateTime<Utc>, freshness: Freshness, revisions: Vec<Revision>) {
        self.sequence += 1;
        let cells = cells_at(&self.versions, as_of);
        let (catalogue, geography) = (Arc::clone(&self.source.catalogue), Arc::clone(&self.source.geography));
        let snapshot = Snapshot::of_cells(cells, catalogue, geography, as_of);
        let snapshot = snapshot.with_state(self.sequence, freshness, revisions);
        let snapshot = snapshot
            .with_submissions(submissions())
            .with_reconciliation(reconciliation())
            .with_data_quality(data_quality());
        self.sender.send_replace(Some(Arc::new(snapshot)));
    }

    /// More cells, then a new snapshot.
    pub(crate) fn learn(&mut self, cells: &[Planted], as_of: DateTime<Utc>) {
        self.versions.extend(cells.iter().map(Planted::version));
        self.versions.sort_by_key(|version| version.known_at);
        self.show(as_of);
    }

    pub(crate) fn login(&self, policy: &str, tick: Option<Tick>) -> Login {
        self.login_under(Policy::by_name(policy).unwrap(), tick)
    }

    pub(crate) fn login_under(&self, policy: &'static Policy, tick: Option<Tick>) -> Login {
        let pin = Arc::new(Pin::new(&self.source, tick));
        Login::new(&self.source, pin, policy)
    }

    /// Rows of a query as `homeward sql` answers it: through the guard.
    pub(crate) async fn guarded(
        &self,
        policy: &str,
        tick: Option<Tick>,
        sql: &str,
    ) -> Result<Vec<Vec<String>>, Refusal> {
        let policy = Policy::by_name(policy).unwrap();
        Ok(rows(&local(&self.source, policy, tick, Limits::default(), sql).await?))
    }

    /// Rows of a query by a login that sees exact figures.
    pub(crate) async fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        self.login("internal-live", None).ask(sql).await
    }
}

/// One session.
pub(crate) struct Login {
    pub(crate) pin: Arc<Pin>,
    pub(crate) context: SessionContext,
}

impl Login {
    /// The tables in a bare engine, which is quick to make; the guard has tests of its own.
    pub(crate) fn new(source: &Source, pin: Arc<Pin>, policy: &'static Policy) -> Self {
        let config = SessionConfig::new()
            .with_default_catalog_and_schema(DATABASE, "outcomes")
            .with_create_default_catalog_and_schema(true)
            .with_information_schema(true)
            .with_target_partitions(1);
        let context = SessionContext::new_with_config(config);
        register(&context, &pin, source, policy).unwrap();
        Self { pin, context }
    }

    pub(crate) async fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        self.try_ask(sql).await.unwrap_or_else(|error| panic!("{sql}\n{error}"))
    }

    pub(crate) async fn try_ask(&self, sql: &str) -> Result<Vec<Vec<String>>, datafusion::error::DataFusionError> {
        let frame = self.context.sql(sql).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        Ok(rows(&Answer { schema, batches: frame.collect().await? }))
    }
}

/// Rows as words; null is `-`.
pub(crate) fn rows(answer: &Answer) -> Vec<Vec<String>> {
    let options = FormatOptions::new().with_null("-");
    let mut rows = Vec::new();
    for batch in &answer.batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|column| column.value(row).to_string()).collect());
        }
        assert!(batch.columns().iter().all(|column| column.len() == batch.num_rows()));
    }
    rows
}

/// Rows as lines, for comparing at a glance.
pub(crate) fn lines(rows: &[Vec<String>]) -> Vec<String> {
    rows.iter().map(|row| row.join(" | ")).collect()
}

/// April of two providers: one published, one with no Primary.
fn reconciliation() -> Reconciliation {
    let sum = |met, stopped, clocks| Sum { met, stopped, clocks };
    let cause = |step, cause, met, stopped, clocks| (Account::Cause(step, cause), sum(met, stopped, clocks));
    let stage = |stage, met, stopped| (Account::Stage(stage), sum(met, stopped, stopped));
    let (to_primary, to_refresh) = (Step::LiveToPrimary, Step::PrimaryToRefresh);
    let sums = Sums::from([
        stage(Stage::Live, 85, 103),
        cause(to_primary, Cause::NotInCsds, -3, -4, 4),
        cause(to_primary, Cause::EndMissing, -2, -2, 2),
        cause(to_primary, Cause::OtherMonth, 1, 0, 2),
        stage(Stage::Primary, 81, 97),
        cause(to_refresh, Cause::EndGained, 2, 2, 2),
        cause(to_refresh, Cause::NotSentAgain, 0, -1, 1),
        stage(Stage::Refresh, 83, 98),
    ]);
    let rate = PublishedRate { rate: Some(0.85), decimals: 15, provisional: true, workbook: Arc::from("2025-26.xlsx") };
    let april: chrono::NaiveDate = "2025-04-01".parse().unwrap();
    let all = Exists { live: true, primary: true, refresh: true };
    let full = Reconciled::new(Arc::from("NR5"), april, all, &sums, Some(&rate));
    let step = Step::LiveToRefresh;
    let sums = Sums::from([
        stage(Stage::Live, 30, 40),
        cause(step, Cause::NotOnFeed, 9, 12, 12),
        stage(Stage::Refresh, 39, 52),
    ]);
    let without_primary = Exists { primary: false, ..all };
    Reconciliation::of(vec![full, Reconciled::new(Arc::from("RH8"), april, without_primary, &sums, None)])
        .with_wards(wards())
}

/// Two months of one board, and a board that had more patients than beds.
fn wards() -> PublishedSeries {
    let row = |month: &str, board: &str, beds, patients, printed| {
        let month: chrono::NaiveDate = month.parse().unwrap();
        let population = Some(1_082_047).filter(|_| board == "QJK");
        let held = PublishedWards {
            beds: Some(beds),
            patients: Some(patients),
            population,
            printed: Some(printed),
            ..PublishedWards::default()
        };
        (month, Arc::from(board), held)
    };
    PublishedSeries::planted([
        row("2023-10-01", "QJK", 202, 101, 0.5),
        row("2023-10-01", "QUY", 156, 195, 1.0),
        row("2023-11-01", "QJK", 225, 0, 0.0),
    ])
}

/// March and April of one provider.
fn data_quality() -> DataQuality {
    let people =
        |numerator, denominator| Quality::default().with_share(Measure::NhsNumber, Share { numerator, denominator });
    let (mut march, mut april) = (people(90, 100), people(98, 103));
    march.orphans = 2;
    april.refused = 3;
    let month = |first: &str, quality| (Arc::from("NR5"), first.parse().unwrap(), quality);
    DataQuality::of([month("2025-03-01", march), month("2025-04-01", april)])
}

/// A Refresh that was withdrawn, and the Primary that counts again.
fn submissions() -> Vec<Line> {
    let decided = Decided {
        at: at("2025-06-11T09:00:00Z").timestamp_micros(),
        id: Box::from("d-1"),
        verdict: Verdict::Withdrawn,
        reason: Box::from("wrong month"),
        by: Box::from("data manager"),
    };
    let primary = Line {
        id: Arc::from("NR5-202504-20250512T091500"),
        provider: Arc::from("NR5"),
        rp_start: "2025-04-01".parse().unwrap(),
        rp_end: "2025-04-30".parse().unwrap(),
        file_type: FileType::Primary,
        received_at: at("2025-05-12T08:15:00Z"),
        outcome: Outcome::Counts,
        accepted: 120,
        refused: 3,
        content: None,
        decided: None,
    };
    let refresh = Line {
        id: Arc::from("NR5-202504-20250610T091500"),
        file_type: FileType::Refresh,
        received_at: at("2025-06-10T08:15:00Z"),
        outcome: Outcome::Out(Standing::Withdrawn),
        decided: Some(decided),
        ..primary.clone()
    };
    vec![primary, refresh]
}
