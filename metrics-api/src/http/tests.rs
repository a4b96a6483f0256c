//! The outlets over a real socket, on a planted history.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use homeward_contract::clock::ManualClock;
use homeward_contract::geography::Geography;
use homeward_ingest::lake::Lake;
use homeward_transform::computation::Computation;
use homeward_transform::definition::Catalogue;
use homeward_transform::history;
use homeward_transform::live::Past;
use homeward_transform::release::{Coverage, Policy};
use homeward_transform::snapshot::Snapshot;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::*;
use crate::config::{Config, Settings};
use crate::facts::decode_records;
use crate::keys;
use crate::planted;
use crate::prometheus::Machinery;

mod pages;

struct Still {
    stopped: Option<String>,
}

impl MachineryView for Still {
    fn machinery(&self, _now: DateTime<Utc>, _snapshot: Option<&Snapshot>) -> Machinery {
        Machinery::default()
    }

    fn stopped(&self) -> Option<String> {
        self.stopped.clone()
    }
}

struct House {
    address: SocketAddr,
    serving: Serving,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), ServeError>>,
}

impl House {
    async fn open(snapshot: Option<Snapshot>, catalogue: Arc<Catalogue>, policy: &str, stopped: Option<&str>) -> Self {
        Self::open_over(None, snapshot, catalogue, policy, stopped).await
    }

    async fn open_over(
        past: Option<Past>,
        snapshot: Option<Snapshot>,
        catalogue: Arc<Catalogue>,
        policy: &str,
        stopped: Option<&str>,
    ) -> Self {
        let mut config = Config::check(Settings::default(), &[]).unwrap().serve;
        let offered = |name: &str| Policy::by_name_over(name, Coverage::PartOfEngland).unwrap();
        config.releases = vec![offered(policy), offered("public-hes")];
        let (_sender, snapshots) = watch::channel(snapshot.map(Arc::new));
        let serving = Serving::new(ServingParts {
            past,
            snapshots,
            catalogue,
            geography: Arc::new(Geography::devon()),
            machinery: Arc::new(Still { stopped: stopped.map(str::to_owned) }),
            clock: Arc::new(ManualClock::new(planted::as_of() + Duration::seconds(1))),
            config,
            stale_after_seconds: 60,
            notice: None,
        });
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve(listener, router(serving.clone(), true), shutdown.clone()));
        Self { address, serving, shutdown, task }
    }

    async fn planted(policy: &str) -> Self {
        let (snapshot, catalogue) = planted::snapshot().await;
        Self::open(Some(snapshot), catalogue, policy, None).await
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.0\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    async fn json(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.get(path).await;
        (status, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}")))
    }

    async fn close(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_page_says_every_figure_in_words_and_tables() {
    let house = House::planted("internal-live").await;
    let (status, page) = house.get("/").await;
    assert_eq!(status, 200);
    for words in [
        "As of",
        "15:00 on Thursday 12 June 2025",
        "27 of 40 seen within two hours, 67.5% (95% interval 52.0 to 79.9), below the 80% target; the difference is more than chance.",
        "internal-live/1",
        "Last 28 days: median 99 minutes (of 40).",
        "Last 7 days: 90th percentile 121 minutes (of 40).",
        "67.5%",
        "52.0 to 79.9",
        "80% local",
        "70% national",
        "1 open clock: due within 30 minutes.",
        "0 open clocks: past 120 minutes: breached, no visit recorded.",
        "of 40, 27 or fewer (67.5%) would be below 80% and more than chance",
        "Not final since 13:00.",
        "href=\"/indicator/ucr-two-hour-response\"",
        "href=\"/indicator/ucr-two-hour-response/revisions\"",
        "href=\"/area/provider/NR5\"",
        "UCRReferralAboutToBreach",
        "1 of 1 providers reporting",
        "Last revisions",
        "<html lang=\"en-GB\">",
        "<noscript><meta http-equiv=\"refresh\"",
        "href=\"#figures\"",
        "Plymouth",
        "live",
    ] {
        assert!(page.contains(words), "'{words}' is not on the page:\n{page}");
    }
    assert_eq!(page.matches("<script").count(), 1, "one file of its own, nothing inline");
    assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains("onclick"), "nothing inline");
    assert!(!page.contains("SRI-") && !page.contains("vMBW"), "nothing about a person");
    house.close().await;
}

/// A thousand boards of one snapshot cost what one costs: the figures are read once for all of them.
#[tokio::test]
async fn many_boards_share_one_reading() {
    let house = House::planted("internal-live").await;
    let boards = futures::future::join_all((0..20).map(|_| house.get("/"))).await;
    assert!(boards.iter().all(|(status, page)| *status == 200 && *page == boards[0].1));
    assert_eq!(house.get("/area/provider/NR5").await.0, 200);
    assert_eq!(house.serving.pages.readings(), 1);
    house.close().await;
}

#[tokio::test]
async fn a_public_policy_rounds_and_suppresses_the_whole_page() {
    let house = House::planted("public-hes").await;
    let (_, page) = house.get("/").await;
    assert!(page.contains("public-hes/1") && page.contains("rows may not add up"), "{page}");
    assert!(!page.contains("27 of 40"), "the provider's exact count is not shown");
    assert!(page.contains("25 of 40 seen within two hours, 62.5%"), "{page}");
    assert!(!page.contains("with under 30 minutes left"), "a condition's sentence holds an exact count");
    house.close().await;
}

#[tokio::test]
async fn a_condition_stands_on_the_board_of_its_area_and_says_how_far_it_has_come() {
    let house = House::planted("internal-live").await;
    let slip = |area: &str| format!("UCRBelowTargetConfident: {area}");
    let (provider, partnership, board) = (slip("Livewell Southwest"), slip("Plymouth"), slip("NHS Devon"));
    let whole = [&provider, &partnership, &board];
    let boards: [(&str, &[&String]); 5] = [
        ("/", &whole),
        ("/area/icb/QJK", &whole),
        ("/area/lcp/Plymouth", &[&provider, &partnership]),
        ("/area/provider/NR5", &[&provider]),
        ("/area/lcp/Eastern", &[]),
    ];
    for (path, told) in boards {
        let (_, page) = house.get(path).await;
        let found: Vec<_> = whole.into_iter().filter(|words| page.contains(*words)).collect();
        assert_eq!(found, told, "{path}");
        let pending = page.matches("Since 12 June 15:00. Its alert waits until 15:30: it may pass.").count();
        assert_eq!(pending, told.len(), "{path}: {page}");
    }
    house.close().await;
}

#[tokio::test]
async fn figures_come_as_json_through_the_policy_asked_for() {
    let house = House::planted("internal-live").await;
    let path = "/api/v1/figures?indicator=ucr-two-hour-response&basis=live&by=provider&period=28d";
    let (status, answer) = house.json(path).await;
    assert_eq!(status, 200, "{answer}");
    let figure = &answer["figures"][0];
    assert_eq!((figure["numerator"].as_i64(), figure["denominator"].as_i64()), (Some(27), Some(40)));
    assert_eq!(figure["provider"], "NR5");
    assert_eq!(figure["window"], "28d");
    let (_, answer) = house.json(&format!("{path}&release=public-hes")).await;
    assert_eq!(answer["figures"][0]["numerator"], 25);
    assert_eq!(answer["release"], "public-hes/1");
    let (_, answer) = house.json("/api/v1/figures?indicator=ucr-referrals&by=provider,month&period=2025-06").await;
    assert_eq!(answer["figures"][0]["numerator"], 41, "{answer}");
    let (_, answer) = house.json("/api/v1/figures?indicator=ucr-open-clocks&by=nation,band&release=public-hes").await;
    assert_eq!(answer["figures"][0]["band"], "90_to_120m", "{answer}");
    house.close().await;
}

#[tokio::test]
async fn faults_are_problems_with_a_mend() {
    let house = House::planted("internal-live").await;
    for (path, status, words) in [
        ("/api/v1/figures", 400, "indicator is missing"),
        ("/api/v1/figures?indicator=x", 404, "ucr-two-hour-response"),
        ("/api/v1/figures?indicator=ucr-referrals&by=team", 400, "provider, icb"),
        ("/api/v1/figures?indicator=ucr-referrals&by=day,month", 400, "one period"),
        ("/api/v1/figures?indicator=ucr-referrals&basis=guess", 400, "no basis"),
        ("/api/v1/figures?indicator=ucr-referrals&period=soon", 400, "a month 2025-06"),
        ("/api/v1/figures?indicator=ucr-referrals&release=none", 400, "internal-live"),
        ("/api/v1/figures?indicator=ucr-referrals&release=public-csds", 403, "not offered"),
        ("/api/v1/figures?indicater=ucr-referrals", 400, "unknown field"),
        ("/api/v1/indicators/x", 404, "no indicator"),
        ("/api/v1/data-quality?month=June", 400, "month=2024-10"),
        ("/api/v1/data-quality?day=1", 400, "unknown field"),
        ("/api/v1/reconciliation?month=June", 400, "month=2024-10"),
        ("/api/v1/reconciliation?day=1", 400, "unknown field"),
        ("/api/v1/virtual-ward-reconciliation?month=June", 400, "month=2024-10"),
        ("/api/v1/virtual-ward-reconciliation?provider=RH8", 400, "unknown field"),
        ("/reconciliation/NR5/2019-01", 404, "/reconciliation"),
        ("/area/provider/XX9/months", 404, "begin at /"),
        ("/data-quality/XX9", 404, "/data-quality"),
        ("/nowhere", 404, "/api/v1/figures"),
    ] {
        let (found, problem) = house.json(path).await;
        assert_eq!(found, status, "{path}: {problem}");
        assert!(problem.to_string().contains(words), "{path}: '{words}' is not in {problem}");
        assert!(problem["mend"].as_str().is_some_and(|mend| !mend.is_empty()), "{path}: {problem}");
    }
    house.close().await;
}

#[tokio::test]
async fn data_quality_is_told_as_json() {
    use homeward_transform::feedback::{DataQuality, Measure, Quality, Share};
    let mut quality = Quality::default().with_share(Measure::Source, Share { numerator: 98, denominator: 103 });
    quality.orphans = 3;
    for (policy, numerator) in [("internal-live", 98), ("public-hes", 100)] {
        let (snapshot, catalogue) = planted::snapshot().await;
        let months = [(Arc::from("NR5"), "2025-04-01".parse().unwrap(), quality)];
        let house =
            House::open(Some(snapshot.with_data_quality(DataQuality::of(months))), catalogue, policy, None).await;
        let (status, told) = house.json("/api/v1/data-quality?provider=nr5&month=2025-04").await;
        assert_eq!((status, &told["months"][0]["provider"]), (200, &json!("NR5")), "{told}");
        let measures = told["months"][0]["measures"].as_array().unwrap();
        let found = |name: &str| measures.iter().find(|each| each["measure"] == name).unwrap();
        assert_eq!(found("source_of_referral")["numerator"], numerator);
        assert_eq!(found("orphans")["numerator"] == 3, policy == "internal-live", "{told}");
        let (_, none) = house.json("/api/v1/data-quality?month=2025-05").await;
        assert_eq!(none["months"], json!([]));
        house.close().await;
    }
}

#[tokio::test]
async fn a_reconciliation_is_told_as_json_and_on_the_board() {
    let house = House::planted("internal-live").await;
    let (status, told) = house.json("/api/v1/reconciliation?provider=nr5&month=2025-06").await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["months"][0]["words"], "NR5, Jun 2025: live 27 of 40.");
    assert_eq!(told["months"][0]["entries"][0]["stage"], "live");
    assert_eq!(told["months"][0]["entries"][0]["denominator"], 40);
    let (_, none) = house.json("/api/v1/reconciliation?month=2025-05").await;
    assert_eq!(none["months"], serde_json::json!([]));
    let (status, list) = house.get("/reconciliation").await;
    assert!(status == 200 && list.contains("NR5, Jun 2025: live 27 of 40."), "{list}");
    assert!(list.contains("/reconciliation/NR5/2025-06") && list.contains("not there yet"), "{list}");
    let (status, month) = house.get("/reconciliation/NR5/2025-06").await;
    assert!(status == 200 && month.contains("67.5%") && month.contains("<caption id=\"lines\">"), "{month}");
    house.close().await;
    let house = House::planted("public-hes").await;
    let (_, told) = house.json("/api/v1/reconciliation").await;
    assert_eq!(told["months"][0]["words"], "NR5, Jun 2025: live 25 of 40.");
    house.close().await;
}

#[tokio::test]
async fn the_published_series_of_virtual_wards_is_told_as_json() {
    use homeward_transform::reconcile::{PublishedSeries, PublishedWards, Reconciliation};
    let row = |month: &str, patients| {
        let held = PublishedWards { beds: Some(175), patients: Some(patients), ..PublishedWards::default() };
        (month.parse().unwrap(), Arc::from("QT6"), held)
    };
    let wards = PublishedSeries::planted([row("2023-09-01", 90), row("2023-10-01", 0)]);
    let (snapshot, catalogue) = planted::snapshot().await;
    let snapshot = snapshot.with_reconciliation(Reconciliation::default().with_wards(wards));
    let house = House::open(Some(snapshot), catalogue, "internal-live", None).await;
    let (status, told) = house.json("/api/v1/virtual-ward-reconciliation?icb=qt6&month=2023-10").await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["months"].as_array().unwrap().len(), 1, "{told}");
    let month = &told["months"][0];
    assert_eq!((&month["published_beds"], &month["published_flags"]), (&json!(175), &json!(["suspect_zero"])));
    assert_eq!((&month["patients"], &month["patients_difference"]), (&json!("no data"), &json!("no data")));
    let (_, all) = house.json("/api/v1/virtual-ward-reconciliation").await;
    assert_eq!(all["months"].as_array().unwrap().len(), 4, "two months of the board, and of all boards: {all}");
    let (status, page) = house.get("/area/icb/QJK/virtual-wards").await;
    assert!(status == 200 && page.contains("No published file was loaded that has it."), "{page}");
    let (_, page) = house.get("/area/lcp/Plymouth/virtual-wards").await;
    assert!(!page.contains("Published, beside ours"), "a partnership is not published: {page}");
    house.close().await;
}

#[tokio::test]
async fn definitions_and_revisions_are_listed() {
    let house = House::planted("internal-live").await;
    let (_, definitions) = house.json("/api/v1/indicators").await;
    let built_in = homeward_transform::definition::Catalogue::builtin().unwrap();
    assert_eq!(definitions.as_array().unwrap().len(), built_in.iter().count());
    let (_, definition) = house.json("/api/v1/indicators/ucr-two-hour-response").await;
    assert!(
        definition["sql"].as_str().unwrap().contains("SELECT")
            || definition["sql"].as_str().unwrap().contains("select")
    );
    let (status, revisions) = house.json("/api/v1/revisions").await;
    assert_eq!((status, revisions.is_array()), (200, true));
    house.close().await;
}

#[tokio::test]
async fn readiness_says_why_not() {
    let (_, catalogue) = planted::empty().await;
    let house = House::open(None, Arc::clone(&catalogue), "internal-live", None).await;
    assert_eq!(house.get("/healthz").await.0, 200);
    let (status, problem) = house.json("/readyz").await;
    assert_eq!(status, 503);
    assert!(problem["detail"].as_str().unwrap().contains("first figures"));
    let (status, page) = house.get("/").await;
    assert_eq!(status, 503);
    assert!(page.contains("No figures yet"));
    assert_eq!(house.get("/api/v1/figures?indicator=ucr-referrals").await.0, 503);
    let (status, metrics) = house.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(!metrics.contains("ucr_cohort_referrals"), "absent, not zero");
    house.close().await;

    let (snapshot, catalogue) = planted::snapshot().await;
    let house = House::open(Some(snapshot), catalogue, "internal-live", Some("ucr: 90% of a batch refused")).await;
    let (status, problem) = house.json("/readyz").await;
    assert_eq!(status, 503);
    assert!(problem["detail"].as_str().unwrap().contains("90% of a batch"), "{problem}");
    house.close().await;

    let house = House::planted("internal-live").await;
    assert_eq!(house.get("/readyz").await, (200, "ready\n".to_owned()));
    house.close().await;
}

#[tokio::test]
async fn one_number_on_every_surface() {
    let house = House::planted("internal-live").await;
    let (_, metrics) = house.get("/metrics").await;
    let sample = r#"ucr_cohort_referrals{area="NR5",level="provider",window="28d",outcome="met"} 27"#;
    assert!(metrics.contains(sample), "{metrics}");
    let (_, page) = house.get("/").await;
    assert!(page.contains("27 of 40"));
    house.close().await;
}

#[tokio::test]
async fn a_network_leaves_json_metrics_and_board_by_the_week_and_nothing_else() {
    let house = House::planted("internal-live").await;
    for policy in ["internal-live", "public-hes"] {
        for asked in [
            "ucr-referrals&by=pcn,day",
            "ucr-referrals&by=pcn&period=2025-06-11",
            "ucr-referrals&by=pcn&period=24h",
            "ucr-referrals&by=pcn&period=mtd",
            "ucr-referrals&by=pcn&period=2025-06",
            "ucr-referrals&by=pcn",
            "ucr-two-hour-response&by=provider,pcn,day",
            "ucr-open-clocks&by=pcn,band",
            "ucr-open-clocks&by=pcn&period=now",
        ] {
            let (status, answer) = house.json(&format!("/api/v1/figures?indicator={asked}&release={policy}")).await;
            assert_eq!(status, 400, "{policy} {asked}: {answer}");
            assert!(answer.to_string().contains("windows of 7 and 28 days"), "{answer}");
        }
        let shown = async |by: &str| {
            let path = format!("/api/v1/figures?indicator=ucr-referrals&by=pcn,{by}&release={policy}");
            let (_, answer) = house.json(&path).await;
            let figures = answer["figures"].as_array().unwrap().iter();
            figures.map(|figure| figure[by].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(shown("window").await, ["28d", "7d"], "{policy}");
        assert!(shown("month").await.is_empty(), "the only month is under way: {policy}");
    }
    let (_, metrics) = house.get("/metrics").await;
    let of_networks: Vec<&str> = metrics.lines().filter(|line| line.contains("level=\"pcn\"")).collect();
    assert!(of_networks.len() > 10, "{metrics}");
    for line in of_networks {
        assert!(line.contains("window=\"7d\"") || line.contains("window=\"28d\""), "{line}");
    }
    let (status, page) = house.get("/area/pcn/U72848").await;
    assert_eq!(status, 200);
    assert!(page.contains("last 7 days") && page.contains("last 28 days"), "{page}");
    for words in ["last 24 hours", "so far", "1 open clock"] {
        assert!(!page.contains(words), "'{words}' of a network: {page}");
    }
    house.close().await;
}

/// What was a month under way at a past instant is not told of a network, however long it is over.
#[tokio::test]
async fn a_network_of_the_past_is_told_as_it_may_be_told_then() {
    let folder = tempfile::tempdir().unwrap();
    let (snapshot, catalogue) = planted::snapshot().await;
    let past = lake_with_a_past(folder.path(), &catalogue).await;
    let house = House::open_over(Some(past), Some(snapshot), catalogue, "internal-live", None).await;
    let at = async |by: &str, instant: &str| {
        house.json(&format!("/api/v1/figures?indicator=ucr-referrals&by=pcn,{by}&as_known_at={instant}")).await
    };
    assert_eq!(at("day", "2025-06-12T14:00:00Z").await.0, 400);
    assert_eq!(at("month&period=2025-06", "2025-06-12T14:00:00Z").await.0, 400);
    let (status, answer) = at("month", "2025-06-12T14:00:00Z").await;
    assert_eq!((status, answer["figures"].as_array().map(Vec::len)), (200, Some(0)), "{answer}");
    let (status, answer) = at("month&period=2025-06", "2025-07-01T00:00:00Z").await;
    assert_eq!((status, answer["figures"].as_array().map(Vec::len)), (200, Some(1)), "{answer}");
    house.close().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let held = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = held.local_addr().unwrap();
    let error = bind(address).await.unwrap_err();
    assert!(error.to_string().contains(&address.to_string()) && error.to_string().contains("[serve]"), "{error}");
}

/// A lake whose history holds 20 referrals an hour ago and 40 now.
async fn lake_with_a_past(folder: &std::path::Path, catalogue: &Arc<Catalogue>) -> Past {
    let lake = Arc::new(Lake::open(folder).unwrap());
    let geography = Arc::new(Geography::devon());
    let mut computation = Computation::new(Arc::clone(catalogue), Arc::clone(&geography));
    let records = planted::records();
    let (early, late) = records.split_at(40);
    for (part, known_at) in [(early, planted::as_of() - Duration::hours(1)), (late, planted::as_of())] {
        for decoded in decode_records(part, &keys::of_this_run(), known_at) {
            for (table, batch) in decoded.tables {
                computation.apply(table, &batch).unwrap();
            }
        }
        let versions: Vec<_> = computation.evaluate(known_at).await.unwrap().versions().collect();
        lake.append(history::TABLE, history::to_batch(&versions).unwrap()).await.unwrap();
    }
    Past::new(lake, Arc::clone(catalogue), geography)
}

#[tokio::test]
async fn figures_are_told_as_they_were_known_at_a_past_instant() {
    let folder = tempfile::tempdir().unwrap();
    let (snapshot, catalogue) = planted::snapshot().await;
    let past = lake_with_a_past(folder.path(), &catalogue).await;
    let house = House::open_over(Some(past), Some(snapshot), catalogue, "internal-live", None).await;
    let month = "/api/v1/figures?indicator=ucr-two-hour-response&basis=live&by=provider,month";
    for (instant, denominator) in [("2025-06-12T13:30:00Z", 20), ("2025-06-12T14:00:00Z", 40)] {
        let (status, answer) = house.json(&format!("{month}&as_known_at={instant}")).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["figures"][0]["denominator"], denominator, "as known at {instant}: {answer}");
    }
    let (_, before) = house.json(&format!("{month}&as_known_at=2025-06-01T00:00:00Z")).await;
    assert_eq!(before["figures"].as_array().map(Vec::len), Some(0), "nothing was known then");
    let (status, refused) = house.json(&format!("{month}&period=28d&as_known_at=2025-06-12T13:30:00Z")).await;
    assert_eq!(status, 400, "windows of the past are not kept: {refused}");
    house.close().await;
}

#[tokio::test]
async fn the_sum_of_a_part_of_england_is_not_shown_as_if_it_were_the_nation() {
    let house = House::planted("public-hes").await;
    let (_, answer) = house.json("/api/v1/figures?indicator=ucr-open-clocks&by=nation,band").await;
    assert_eq!(answer["figures"][0]["numerator"], "suppressed", "one open clock is a small number: {answer}");
    let path = "/api/v1/figures?indicator=ucr-two-hour-response&basis=live&by=nation&period=28d";
    let (_, answer) = house.json(path).await;
    assert_eq!(answer["figures"][0]["numerator"], 25, "27 is rounded although the area is called National: {answer}");
    house.close().await;
}

#[tokio::test]
async fn a_percentile_comes_as_its_own_figure_and_is_refused_across_cells() {
    let house = House::planted("internal-live").await;
    let figures = "/api/v1/figures?indicator=ucr-response-minutes-median";
    for by in ["provider", "icb", "region", "lcp", "nation", "pcn"] {
        let (status, answer) = house.json(&format!("{figures}&basis=live&by={by}&period=28d")).await;
        let figure = &answer["figures"][0];
        assert_eq!(status, 200, "{by}: {answer}");
        assert_eq!((&figure["value"], &figure["denominator"]), (&json!(99.0), &json!(40)), "{by}: {figure}");
        assert_eq!((&figure["numerator"], &figure["lower"]), (&json!("no data"), &json!("no data")), "{by}: {figure}");
    }
    for across in ["by=pcn,provider&period=28d", "by=provider", ""] {
        let (status, answer) = house.json(&format!("{figures}&{across}")).await;
        assert_eq!(status, 400, "{across}: {answer}");
        assert!(answer.to_string().contains("do not add up"), "{across}: {answer}");
    }
    let (_, answer) = house.json(&format!("{figures}&by=provider&period=2025-06-12")).await;
    assert_eq!(answer["figures"], json!([]), "days are not computed");
    house.close().await;
}

#[tokio::test]
async fn without_a_lake_the_past_is_refused_in_words() {
    let house = House::planted("internal-live").await;
    let path = "/api/v1/figures?indicator=ucr-referrals&by=month&as_known_at=2025-06-12T13:30:00Z";
    let (status, answer) = house.json(path).await;
    assert_eq!(status, 503, "{answer}");
    assert!(answer.to_string().contains("no lake"), "{answer}");
    house.close().await;
}
