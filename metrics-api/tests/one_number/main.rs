//! One number on every surface: at one `as_of`, `/metrics`, SQL, the JSON API and the HTML of every area's board agree,
//! for every definition in use, basis, area, level, period and band, while records flow into the real server and into the
//! running demonstration. What is compared comes from the catalogue: a new definition is in without a word here.
//!
//! Counts, values and bounds agree bit for bit; the board to the digit that it shows. `/metrics` has windows and this
//! moment alone, JSON and SQL days and months besides, and the board its windows, days and bands of open clocks.
//!
//! A round holds one snapshot in a SQL transaction and asks the others: what speaks for the same instant is compared, and
//! what does not is asked again in the next round. A pass ends when everything has been compared.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "what a test has seen is told where cargo shows it")]
#![allow(dead_code, reason = "the server is that of the clients' tests, which use more of it")]

mod board;
#[path = "../clients/certificate.rs"]
mod certificate;
#[path = "../clients/connection.rs"]
mod connection;
#[path = "../grafana/demo.rs"]
mod demo;
#[path = "../real_kafka/http.rs"]
mod http;
#[path = "../real_kafka/patience.rs"]
mod patience;
#[path = "../clients/planted.rs"]
mod planted;
#[path = "../clients/server.rs"]
mod server;
mod surfaces;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use chrono::Utc;
use homeward_transform::book::change::Subject;
use homeward_transform::definition::{Catalogue, Definition, Kind};
use homeward_transform::figure::Dimension;
use homeward_transform::release::reach::LEVELS;
use tokio_postgres::NoTls;

use board::Board;
use demo::Demo;
use server::Server;
use surfaces::{
    Numbers, Part, Surfaces, Written, differences, in_use, part, parts, pinned, read_exposition, read_json, read_sql,
};

/// Passes that must agree, with new records between each and the next.
const PASSES: i64 = 3;

/// For one pass, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(300);

/// One more referral comes every so often while the surfaces are read.
const FLOW_PAUSE: Duration = Duration::from_millis(500);

/// The provider of the passes, and that of the flow.
const PASS_PROVIDER: &str = "RA9";
const FLOW_PROVIDER: &str = "RDY";

/// How fast the demonstration's clock runs: a referral every few seconds.
const DEMO_SPEED: u32 = 600;

/// Passes over the demonstration within which a record must come: days of its time.
const DEMO_PASSES_MAX: i64 = 200;

/// One answer of a surface other than SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Surface {
    Exposition,
    Json(Part),
    Board(Dimension, String),
}

enum Answer {
    Exposition(Numbers),
    Json(Part, Numbers),
    Board(Board),
    /// What no surface shows was refused.
    HeldBack(Part),
}

impl Surface {
    /// Its answer, if it speaks for the wanted instant.
    fn ask(&self, surfaces: &Surfaces, wanted_micros: i64) -> Option<Answer> {
        match self {
            Self::Exposition => {
                let (millis, numbers) = read_exposition(&http::body(surfaces.http, "/metrics").unwrap());
                (millis == wanted_micros / 1_000).then_some(Answer::Exposition(numbers))
            }
            Self::Json(part) => match read_json(surfaces.http, part) {
                (None, _) => Some(Answer::HeldBack(part.clone())),
                (Some(as_of), numbers) => (as_of == wanted_micros).then(|| Answer::Json(part.clone(), numbers)),
            },
            Self::Board(level, area) => {
                let page = http::body(surfaces.http, &Board::path(*level, area)).unwrap();
                let board = Board::of(*level, area, page);
                let is_wanted = board.as_of().is_some_and(|as_of| as_of.timestamp_micros() == wanted_micros);
                is_wanted.then_some(Answer::Board(board))
            }
        }
    }
}

/// What SQL says within one transaction, read when it is first wanted.
struct Pinned<'a> {
    surfaces: &'a Surfaces,
    parts: BTreeMap<Part, Numbers>,
}

impl Pinned<'_> {
    async fn part(&mut self, part: &Part) -> &Numbers {
        if !self.parts.contains_key(part) {
            let numbers = read_sql(&self.surfaces.sql, part).await;
            self.parts.insert(part.clone(), numbers);
        }
        &self.parts[part]
    }

    async fn parts(&mut self, wanted: impl Iterator<Item = Part>) -> Numbers {
        let mut numbers = Numbers::new();
        for part in wanted {
            numbers.extend(self.part(&part).await.iter().map(|(key, written)| (key.clone(), *written)));
        }
        numbers
    }
}

/// What a pass has compared.
#[derive(Debug, Default)]
struct Compared {
    metrics: usize,
    json: usize,
    board: usize,
    instants: BTreeSet<i64>,
    /// Indicator, basis, level and kind of period of what JSON and SQL both showed.
    kinds: BTreeSet<[String; 4]>,
}

impl Compared {
    async fn add(&mut self, answer: Answer, catalogue: &Catalogue, pinned: &mut Pinned<'_>) -> Vec<String> {
        match answer {
            Answer::Exposition(told) => {
                let shown = parts(catalogue).into_iter().filter(|part| matches!(part.grain.as_str(), "window" | "now"));
                // Bands are the one break-down of /metrics. Others are added up there; where figures do not add up SQL tells the
                // parts alone, and JSON the whole beside them.
                let (mut told, mut sql) = (told, added_up(pinned.parts(shown).await, catalogue));
                let in_parts = |[indicator, ..]: &surfaces::Key| {
                    catalogue.get(indicator).is_some_and(|found| !found.kind.adds_up() && !found.strata.is_empty())
                };
                told.retain(|key, _| !in_parts(key));
                sql.retain(|key, _| !in_parts(key));
                // Prometheus divides and bounds by rules of its own; what is exposed are counts, and percentiles.
                for ([indicator, ..], written) in &mut sql {
                    let is_percentile = catalogue.get(indicator).is_some_and(|found| found.kind == Kind::Quantile);
                    written.values = [written.values[0].filter(|_| is_percentile), None, None];
                }
                self.metrics += told.len();
                differences("metrics and SQL", &told, &sql)
            }
            Answer::Json(part, told) => {
                self.json += told.len();
                let kind = |[indicator, basis, level, ..]: &surfaces::Key| {
                    [indicator.clone(), basis.clone(), level.clone(), part.grain.clone()]
                };
                self.kinds.extend(told.keys().map(kind));
                differences("JSON and SQL", &told, pinned.part(&part).await)
            }
            Answer::HeldBack(part) => differences("held back and SQL", &Numbers::new(), pinned.part(&part).await),
            Answer::Board(board) => {
                let mut faults = Vec::new();
                // Virtual wards have a page of their own.
                let here =
                    in_use(catalogue).filter(|definition| definition.is_of_the_moment() && !definition.counts_wards());
                for definition in here {
                    let grains = definition.grains.iter().filter(|grain| grain.as_str() != "month");
                    let sql = pinned.parts(grains.map(|grain| part(definition, board.level, grain))).await;
                    let (compared, found) = board.compare(definition, &sql);
                    self.board += compared;
                    faults.extend(found);
                }
                faults
            }
        }
    }
}

/// The same without break-downs other than bands.
fn added_up(numbers: Numbers, catalogue: &Catalogue) -> Numbers {
    let mut sums = Numbers::new();
    for (mut key, written) in numbers {
        let is_banded = catalogue.get(&key[0]).is_some_and(|found| found.strata == [Dimension::Band]);
        if !is_banded {
            key[5].clear();
        }
        let held = sums.entry(key).or_insert(Written { counts: (None, None), values: written.values });
        let add = |sum: Option<i64>, more: Option<i64>| sum.map_or(more, |sum| Some(sum + more.unwrap_or(0)));
        held.counts = (add(held.counts.0, written.counts.0), add(held.counts.1, written.counts.1));
    }
    sums
}

/// True for people followed for longer than the demonstration lasts.
fn is_followed(definition: &Definition) -> bool {
    definition.subjects.contains(&Subject::CohortMember)
}

/// Every area that has figures, by SQL.
async fn areas(sql: &tokio_postgres::Client) -> Vec<(Dimension, String)> {
    let question = "SELECT DISTINCT level, area FROM outcomes.figures WHERE period_kind = 'window' AND period = '28d'";
    let rows = sql.query(question, &[]).await.unwrap();
    let area = |row: &tokio_postgres::Row| {
        let level = LEVELS.into_iter().find(|level| level.as_str() == row.get::<_, &str>(0));
        (level.expect("a level"), row.get(1))
    };
    let mut areas: Vec<_> = rows.iter().map(area).collect();
    areas.sort();
    areas
}

/// Compares everything once, each at an instant that SQL speaks for too.
async fn pass(surfaces: &Surfaces, catalogue: &Catalogue) -> Compared {
    let begun = Instant::now();
    let mut left = vec![Surface::Exposition];
    left.extend(parts(catalogue).into_iter().map(Surface::Json));
    left.extend(areas(&surfaces.sql).await.into_iter().map(|(level, area)| Surface::Board(level, area)));
    let mut compared = Compared::default();
    while !left.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "never at one instant with SQL: {left:?}");
        surfaces.sql.batch_execute("BEGIN").await.unwrap();
        let as_of = pinned(&surfaces.sql).await;
        let mut answers = Vec::new();
        while let Some(answer) = left.last().and_then(|surface| surface.ask(surfaces, as_of)) {
            answers.push(answer);
            left.pop();
        }
        if !answers.is_empty() {
            compared.instants.insert(as_of);
        }
        let mut sql = Pinned { surfaces, parts: BTreeMap::new() };
        for answer in answers {
            let faults = compared.add(answer, catalogue, &mut sql).await;
            assert!(faults.is_empty(), "at {as_of} {} differ:\n{}", faults.len(), faults.join("\n"));
        }
        surfaces.sql.batch_execute("COMMIT").await.unwrap();
    }
    let Compared { metrics, json, board, instants, kinds } = &compared;
    let (instants, kinds) = (instants.len(), kinds.len());
    println!(
        "{metrics} figures of metrics, {json} of JSON in {kinds} kinds, {board} of boards agree with SQL, at {instants} instants"
    );
    compared
}

/// Publishes one referral after the other until its sender is dropped.
fn flow(server: &Server, stop: mpsc::Receiver<()>) -> i64 {
    let mut number = 0;
    while stop.recv_timeout(FLOW_PAUSE) == Err(mpsc::RecvTimeoutError::Timeout) {
        server.publish(vec![planted::received(FLOW_PROVIDER, number, Utc::now())]);
        number += 1;
    }
    number
}

#[test]
fn every_surface_agrees_to_the_last_digit_while_data_flows() {
    let server = Server::start(false, 20);
    let (stop, stopped) = mpsc::channel();
    std::thread::scope(|scope| {
        let running = &server;
        let flowing = scope.spawn(move || flow(running, stopped));
        tokio::runtime::Runtime::new().unwrap().block_on(passes(&server));
        drop(stop);
        assert!(flowing.join().unwrap() > 1, "nothing flowed meanwhile");
    });
}

async fn passes(server: &Server) {
    let surfaces = Surfaces { http: server.http, sql: connection::connect(server).await };
    let catalogue = Catalogue::builtin().unwrap();
    // The flow is part of what is compared: its first referral is counted before the first pass.
    counted(&surfaces, FLOW_PROVIDER, |referrals| referrals > 0).await;
    for number in 0..PASSES {
        let now = Utc::now();
        let more = (0..40).map(|own| planted::received(PASS_PROVIDER, 40 * number + own, now));
        server.publish(more.collect());
        counted(&surfaces, PASS_PROVIDER, |referrals| referrals == 40 * (number + 1)).await;
        let compared = pass(&surfaces, &catalogue).await;
        assert!(compared.metrics > 100 && compared.json > 200 && compared.board > 100, "{compared:?}");
    }
}

/// Waits until so many referrals of a provider are counted.
async fn counted(surfaces: &Surfaces, provider: &str, enough: impl Fn(i64) -> bool) {
    let question =
        "SELECT numerator FROM outcomes.ucr_referrals WHERE level = 'provider' AND area = $1 AND period = '24h'";
    let begun = Instant::now();
    loop {
        let found = surfaces.sql.query_opt(question, &[&provider]).await.unwrap();
        if found.and_then(|row| row.get::<_, Option<i64>>(0)).is_some_and(&enough) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "the referrals of {provider} were never counted");
    }
}

/// Records that were accepted so far.
fn accepted(surfaces: &Surfaces) -> f64 {
    let metrics = http::body(surfaces.http, "/metrics").unwrap();
    let lines = metrics.lines().filter(|line| line.starts_with("homeward_ingest_records_accepted_total{"));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

/// The demonstration has submissions besides live events: every basis, at every level, over every kind of period.
#[tokio::test]
async fn every_surface_of_the_running_demonstration_agrees_to_the_last_digit() {
    let demo = Demo::start(DEMO_SPEED);
    let (sql, connection) = tokio_postgres::connect(demo.sql(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let surfaces = Surfaces { http: demo.address(), sql };
    let catalogue = Catalogue::builtin().unwrap();
    submitted(&surfaces, &catalogue).await;
    let before = accepted(&surfaces);
    for number in 1.. {
        let compared = pass(&surfaces, &catalogue).await;
        let missing = missing(&catalogue, &compared);
        assert!(missing.is_empty(), "nothing was compared of {missing:?}");
        if number >= PASSES && accepted(&surfaces) > before {
            break;
        }
        assert!(number < DEMO_PASSES_MAX, "no record came in {number} passes");
    }
}

/// Waits until every basis in use has figures: the first snapshots are older than the submissions. Others may have some too.
async fn submitted(surfaces: &Surfaces, catalogue: &Catalogue) {
    let begun = Instant::now();
    let bases = in_use(catalogue).filter(|definition| !is_followed(definition)).flat_map(|definition| {
        definition.bases.iter().map(|basis| (definition.id.clone(), basis.id.clone())).collect::<Vec<_>>()
    });
    let wanted: BTreeSet<(String, String)> = bases.collect();
    loop {
        let rows = surfaces.sql.query("SELECT DISTINCT indicator, basis FROM outcomes.figures", &[]).await.unwrap();
        let found: BTreeSet<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        if found.is_superset(&wanted) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "figures of {found:?} alone");
    }
}

/// What the catalogue declares and a pass did not see.
fn missing(catalogue: &Catalogue, compared: &Compared) -> Vec<[String; 4]> {
    let mut missing = Vec::new();
    for definition in in_use(catalogue).filter(|definition| !is_followed(definition)) {
        for level in LEVELS {
            let is_shown = |grain: &&String| {
                let part = part(definition, level, grain);
                // The demonstration has 90 days of history.
                let is_too_long = grain.as_str() == "twelve_months";
                !part.is_held_back() && !part.is_never_shown(definition) && !is_too_long
            };
            for grain in definition.grains.iter().filter(is_shown) {
                let bases = definition.bases.iter();
                let kinds =
                    bases.map(|basis| [definition.id.clone(), basis.id.clone(), level.to_string(), grain.clone()]);
                missing.extend(kinds.filter(|kind| !compared.kinds.contains(kind)));
            }
        }
    }
    missing
}
