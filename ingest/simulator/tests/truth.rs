//! The oracle against a reader of the records themselves: what was written must say what was planted.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its failure report")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Europe::London;
use homeward_contract::codes;
use homeward_contract::dictionary;
use homeward_contract::feed::Table;
use homeward_simulator::{Area, Grain, Parameters, Ratio, Simulation, SubmissionFiles};
use serde_json::Value;

fn instant(value: &Value) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(value.as_str()?).unwrap().to_utc())
}

/// One referral folded from its events.
#[derive(Default)]
struct Read {
    start: Option<DateTime<Utc>>,
    five: bool,
    stops: BTreeMap<String, DateTime<Utc>>,
    rejected: bool,
    closed: Option<DateTime<Utc>>,
    gone: bool,
}

fn read(events: &BTreeMap<u64, Value>) -> Read {
    let mut read = Read::default();
    for event in events.values() {
        let data = &event["data"];
        let contact = || data["CareContactID"].as_str().unwrap().to_owned();
        match event["type"].as_str().unwrap() {
            "ucr-referral-received-1" => {
                read.start = instant(&data["RTT_StartDateTime"]);
                read.five = data["WaitingTime_MeasurementType"] == "05";
            }
            "ucr-referral-triaged-1" => {
                read.gone |= data["decision"] == "reclassified";
                read.rejected |= data["decision"] == "redirected";
            }
            "ucr-referral-rejected-1" => read.rejected = true,
            "ucr-first-contact-1" => {
                if let Some(end) = instant(&data["RTT_EndDateTime"]) {
                    read.stops.insert(contact(), end);
                }
            }
            "ucr-referral-closed-1" => read.closed = instant(&data["closedAt"]),
            "ucr-referral-amended-1" => {
                for change in data["changes"].as_array().unwrap() {
                    match change["item"].as_str().unwrap() {
                        "RTT_EndDateTime" => drop(read.stops.insert(contact(), instant(&change["to"]).unwrap())),
                        "RTT_StartDateTime" => read.start = instant(&change["to"]),
                        _ => {}
                    }
                }
            }
            "ucr-referral-voided-1" if data["target"] == "contact" => drop(read.stops.remove(&contact())),
            "ucr-referral-voided-1" => read.gone = true,
            _ => {}
        }
    }
    read
}

fn rate_from_messages(simulation: &Simulation, now: DateTime<Utc>) -> BTreeMap<(String, String), Ratio> {
    let mut subjects: BTreeMap<String, BTreeMap<u64, Value>> = BTreeMap::new();
    for message in simulation.live().filter(|message| message.deliver_at <= now) {
        let event: Value = serde_json::from_slice(&message.payload).unwrap();
        let version = event["versionid"].as_str().unwrap().parse().unwrap();
        subjects.entry(event["subject"].as_str().unwrap().to_owned()).or_default().insert(version, event);
    }
    let mut cells: BTreeMap<(String, String), Ratio> = BTreeMap::new();
    for (subject, events) in subjects {
        let read = read(&events);
        let Some(start) = read.start.filter(|_| read.five && !read.gone) else { continue };
        let due = start + Duration::minutes(120);
        let end = read.stops.values().next().copied();
        let anchor = match end {
            Some(end) => end,
            None if read.rejected || due > now || read.closed.is_some_and(|closed| closed < due) => continue,
            None => due,
        };
        let month = anchor.with_timezone(&London).format("month:%Y-%m").to_string();
        let cell = cells.entry((subject.split('|').next().unwrap().to_owned(), month)).or_default();
        cell.denominator += 1;
        let minute = |at: DateTime<Utc>| at.timestamp().div_euclid(60);
        cell.met += u64::from(end.is_some_and(|end| (0..=120).contains(&(minute(end) - minute(start)))));
    }
    cells
}

#[test]
fn the_live_rate_is_what_the_events_say_at_any_moment() {
    let mut parameters = Parameters { seed: 21, days: 45, ..Parameters::default() };
    parameters.feed.malformed = 0.0;
    parameters.feed.reordered = 0.2;
    parameters.fates.contact_voided = 0.05;
    parameters.csds.absent = 1.0;
    parameters.csds.csds_only = 0.0;
    let simulation = Simulation::new(parameters);
    for hours in [5, 30, 77, 300, 555, 1000, 1100, 5000] {
        let now = simulation.parameters().start + Duration::hours(hours) + Duration::milliseconds(500);
        let truth = simulation.truth().live_rate(now, now, Area::Provider, Grain::Month);
        assert_eq!(truth, rate_from_messages(&simulation, now), "after {hours} hours");
    }
}

fn table(submission: &SubmissionFiles, table: Table) -> Vec<BTreeMap<String, String>> {
    let name = format!("{}.csv", table.csds_name().unwrap());
    let (_, bytes) = submission.files().into_iter().find(|(file, _)| *file == name).unwrap();
    csv::Reader::from_reader(bytes.as_slice()).deserialize().map(Result::unwrap).collect()
}

type Stopped = Option<(NaiveDate, bool)>;
type Rank = (NaiveDate, DateTime<Utc>, String, usize);

fn published_from_files(simulation: &Simulation, now: DateTime<Utc>) -> BTreeMap<(String, String), Ratio> {
    let mut clocks: BTreeMap<[String; 4], (Rank, Stopped)> = BTreeMap::new();
    // Submissions are in order of receipt, and a Refresh never comes before its Primary: the last of a month counts.
    let mut last: BTreeMap<(&str, NaiveDate), &SubmissionFiles> = BTreeMap::new();
    for submission in simulation.submissions().iter().filter(|submission| submission.delivered_at <= now) {
        last.insert((&submission.provider, submission.submission().rp_end), submission);
    }
    for submission in last.into_values() {
        for (number, row) in table(submission, Table::Cyp104Rtt).into_iter().enumerate() {
            let day = |item: &str| NaiveDate::parse_from_str(&row[item], "%Y-%m-%d").ok();
            let time = |item: &str| {
                NaiveTime::parse_from_str(row[item].get(row[item].len().saturating_sub(8)..)?, "%H:%M:%S").ok()
            };
            let Some(id) = codes::service_request_id(&row["ServiceRequestID"]) else { continue };
            let five = codes::two_digit(&row["WaitingTime_MeasurementType"]).as_deref() == Some("05");
            if !five || id.id.starts_with("BAD") {
                continue;
            }
            let local = |day: Option<NaiveDate>, time: Option<NaiveTime>| Some(NaiveDateTime::new(day?, time?));
            let start = local(day("RTT_StartDate"), time("RTT_StartTime"));
            let end = local(day("RTT_EndDate"), time("RTT_EndTime"));
            let minute = |at: NaiveDateTime| at.and_utc().timestamp().div_euclid(60);
            let met = start.zip(end).is_some_and(|(start, end)| (0..=120).contains(&(minute(end) - minute(start))));
            let key = [
                submission.provider.clone(),
                id.id,
                row["RTT_StartDate"].clone(),
                start.map(|start| start.time().to_string()).unwrap_or_default(),
            ];
            let rank = (submission.submission().rp_end, submission.delivered_at, submission.id.clone(), number);
            let fact = (rank, day("RTT_EndDate").map(|day| (day, met)));
            let held = clocks.entry(key).or_insert_with(|| fact.clone());
            if fact.0 > held.0 {
                *held = fact;
            }
        }
    }
    let mut cells: BTreeMap<(String, String), Ratio> = BTreeMap::new();
    for ([provider, ..], (_, stopped)) in clocks {
        if let Some((day, met)) = stopped {
            let cell = cells.entry((provider, day.format("month:%Y-%m").to_string())).or_default();
            cell.denominator += 1;
            cell.met += u64::from(met);
        }
    }
    cells
}

#[test]
fn the_published_rate_is_what_the_files_say_as_submissions_come_in() {
    let mut parameters = Parameters { seed: 22, days: 75, ..Parameters::default() };
    parameters.csds.dirty_codes = 0.3;
    parameters.csds.suffixed_ids = 0.1;
    parameters.csds.dated_times = 0.3;
    parameters.csds.malformed_rows = 5;
    parameters.csds.left_out = 0.05;
    let simulation = Simulation::new(parameters);
    let moments: Vec<DateTime<Utc>> =
        simulation.submissions().iter().map(|submission| submission.delivered_at).collect();
    assert!(moments.is_sorted() && moments.len() >= 4 * 3 * 2);
    for now in moments {
        assert_eq!(simulation.truth().published(now), published_from_files(&simulation, now), "at {now}");
    }
}

/// Row number and the items that have a value.
type NumberedRow = (u64, BTreeMap<String, String>);

#[test]
fn folders_and_messages_hold_the_same_rows() {
    let simulation = Simulation::new(Parameters { seed: 23, days: 31, ..Parameters::default() });
    for submission in simulation.submissions() {
        let mut rows: BTreeMap<String, Vec<NumberedRow>> = BTreeMap::new();
        for message in submission.messages() {
            let record: Value = serde_json::from_slice(&message.payload).unwrap();
            let items = serde_json::from_value(record["record"].clone()).unwrap();
            rows.entry(record["table"].as_str().unwrap().to_owned())
                .or_default()
                .push((record["row_number"].as_u64().unwrap(), items));
        }
        let parts = homeward_contract::feed::Feed::Csds.tables().iter().filter(|part| part.csds_name().is_some());
        for part in parts {
            let from_file: Vec<NumberedRow> = (1..)
                .zip(table(submission, *part))
                .map(|(number, row)| (number, row.into_iter().filter(|(_, value)| !value.is_empty()).collect()))
                .collect();
            assert_eq!(
                from_file,
                rows.remove(part.csds_name().unwrap()).unwrap_or_default(),
                "{} {part}",
                submission.id
            );
        }
    }
}

#[test]
fn a_submission_is_whole_and_every_row_hangs_on_its_parent() {
    for (start, tables) in [("2025-03-01T00:00:00Z", 37), ("2022-03-01T00:00:00Z", 36), ("2019-03-01T00:00:00Z", 32)] {
        let mut parameters = Parameters { seed: 29, start: start.parse().unwrap(), days: 31, ..Parameters::default() };
        parameters.csds.malformed_rows = 0;
        let simulation = Simulation::new(parameters.clone());
        for submission in simulation.submissions() {
            assert_eq!(submission.files().len(), tables, "{}", submission.id);
            for (part, name) in dictionary::tables() {
                let rows = submission.rows(part);
                assert_eq!(
                    rows > 0,
                    submission.files().iter().any(|(file, _)| *file == format!("{name}.csv")),
                    "{name}"
                );
                let Some((parent, key)) = part.parent().filter(|_| rows > 0) else { continue };
                let parents: BTreeSet<String> =
                    table(submission, parent).into_iter().map(|mut row| row.remove(key.name).unwrap()).collect();
                for row in table(submission, part) {
                    assert!(parents.contains(&row[key.name]), "{} {name}", submission.id);
                }
            }
        }
        // The further tables take nothing from the others.
        parameters.csds.further_tables = 0.0;
        let without = Simulation::new(parameters);
        assert_eq!(
            without.truth().published(DateTime::<Utc>::MAX_UTC),
            simulation.truth().published(DateTime::<Utc>::MAX_UTC)
        );
        for (one, other) in simulation.submissions().iter().zip(without.submissions()) {
            assert_eq!(table(one, Table::Cyp104Rtt), table(other, Table::Cyp104Rtt));
            assert_eq!(other.rows(Table::Cyp202CareActivity), 0);
        }
    }
}

#[test]
fn disagreements_are_those_declared() {
    let simulation = Simulation::new(Parameters { seed: 24, days: 92, ..Parameters::default() });
    let (truth, csds) = (simulation.truth(), &simulation.truth().counts.csds);
    for (name, count) in [
        ("late", csds.late_records),
        ("absent", csds.absent),
        ("csds only", csds.csds_only),
        ("type", csds.changed_type),
        ("missing", csds.ends_missing),
        ("gained", csds.ends_gained_in_refresh),
        ("times", csds.times_missing),
        ("negative", csds.negative_waits),
        ("dirty", csds.dirty_codes),
        ("suffix", csds.suffixed_ids),
        ("placeholder", csds.placeholder_ids),
        ("dated", csds.dated_times),
        ("padded", csds.padded_providers),
        ("again", csds.resubmissions),
    ] {
        assert!(count > 0, "{name}");
    }
    let absent = truth.clocks.iter().filter(|clock| clock.on_feed && clock.absent_from_csds).count() as u64;
    let csds_only = truth.clocks.iter().filter(|clock| !clock.on_feed && !clock.absent_from_csds).count() as u64;
    assert_eq!((absent, csds_only), (csds.absent, csds.csds_only));

    // 15 to 20 of 100 type-05 referrals have no RTT end in CSDS.
    let now = truth.last_delivery + Duration::days(1);
    let year = Simulation::new(Parameters { seed: 28, days: 365, ..Parameters::default() });
    let after = year.truth().last_delivery + Duration::days(1);
    let stopped: u64 = year.truth().published(after).values().map(|cell| cell.denominator).sum();
    let referred: u64 = year.truth().referrals_published(after).values().sum();
    let unended = 1.0 - stopped as f64 / referred as f64;
    assert!((0.15..0.20).contains(&unended), "{unended}");

    // Between Primary and Refresh the figures move, and only upwards in the denominator.
    let march = |now| {
        truth
            .published(now)
            .into_iter()
            .filter(|((_, month), _)| month == "month:2025-03")
            .map(|(_, cell)| cell.denominator)
            .sum::<u64>()
    };
    let april = "2025-04-30T12:00:00Z".parse().unwrap();
    assert!(march(now) > march(april), "{} after {}", march(now), march(april));
}

/// With nothing lost and nothing dirty, the live figures of a past month and CSDS come to the same clocks.
#[test]
fn clean_feeds_agree() {
    let mut parameters = Parameters { seed: 25, days: 31, seconds_share: 0.3, ..Parameters::default() }.clean();
    parameters.fates.closed_before_contact = 0.0;
    parameters.fates.stop_never_recorded = 0.0;
    parameters.fates.left_open = 0.0;
    parameters.start = "2025-05-01T00:00:00Z".parse().unwrap();
    let simulation = Simulation::new(parameters);
    let truth = simulation.truth();
    let now = truth.last_delivery + Duration::days(1);
    let published: Vec<_> =
        truth.published(now).into_iter().filter(|((_, month), _)| month == "month:2025-05").collect();
    let live: Vec<_> = truth
        .live_rate(now, now, Area::Provider, Grain::Month)
        .into_iter()
        .filter(|((_, month), _)| month == "month:2025-05")
        .collect();
    assert_eq!(published, live);
    assert_eq!(published.len(), 4);
}

#[test]
fn areas_and_windows_add_up() {
    let simulation = Simulation::new(Parameters { seed: 26, days: 40, ..Parameters::default() });
    let now: DateTime<Utc> = "2025-03-30T11:17:00.5Z".parse().unwrap();
    let sum = |area, grain| {
        let mut total: BTreeMap<String, Ratio> = BTreeMap::new();
        for ((_, period), cell) in simulation.truth().live_rate(now, now, area, grain) {
            let held = total.entry(period).or_default();
            held.met += cell.met;
            held.denominator += cell.denominator;
        }
        total
    };
    for grain in [Grain::Day, Grain::Month, Grain::Window] {
        for area in [Area::Provider, Area::Icb, Area::Lcp, Area::Pcn] {
            assert_eq!(sum(area, grain), sum(Area::Nation, grain));
        }
    }
    let windows = sum(Area::Nation, Grain::Window);
    assert!(windows["window:24h"].denominator <= windows["window:7d"].denominator);
    assert!(windows["window:7d"].denominator <= windows["window:28d"].denominator);
    assert_eq!(windows["window:mtd"], sum(Area::Nation, Grain::Month)["month:2025-03"]);
}

#[test]
fn versions_follow_the_reporting_period() {
    let start = "2022-12-01T00:00:00Z".parse().unwrap();
    let simulation = Simulation::new(Parameters { seed: 27, days: 40, start, ..Parameters::default() });
    let versions: Vec<(NaiveDate, &str)> = simulation
        .submissions()
        .iter()
        .map(|one| (one.submission().rp_end, one.submission().version.as_str()))
        .collect();
    assert!(
        versions.iter().any(|(_, version)| *version == "1.5") && versions.iter().any(|(_, version)| *version == "1.6")
    );
    for (rp_end, version) in versions {
        assert_eq!(version, if rp_end < NaiveDate::from_ymd_opt(2023, 1, 1).unwrap() { "1.5" } else { "1.6" });
    }
    let first = &simulation.submissions()[0];
    assert!(table(first, Table::Cyp201CareContact)[0].contains_key("AttendOrNot"));
}

/// What the stories leave on the wire: halves, decisions, and nothing of a half that never comes.
#[test]
fn submissions_arrive_as_their_stories_say() {
    let mut parameters = Parameters { seed: 29, days: 120, ..Parameters::default() };
    let rates = &mut parameters.csds;
    (rates.broken_off, rates.completed_later, rates.withdrawn) = (0.15, 0.15, 0.3);
    (rates.late_refresh, rates.left_out) = (0.3, 0.03);
    let simulation = Simulation::new(parameters);
    let counts = &simulation.truth().counts.csds;
    let (mut sent, mut decisions) = (BTreeMap::<String, usize>::new(), 0);
    for message in simulation.messages().filter(|message| message.feed == homeward_contract::feed::Feed::Csds) {
        let record: Value = serde_json::from_slice(&message.payload).unwrap();
        match record["submission"]["id"].as_str() {
            Some(id) => *sent.entry(id.to_owned()).or_default() += 1,
            None => decisions += u64::from(record["decision"]["submission"].is_string()),
        }
    }
    let broken = simulation.submissions().iter().filter(|one| sent[&one.id] < one.messages().len());
    assert_eq!(broken.count() as u64, counts.broken_off);
    assert_eq!(decisions, counts.withdrawn + counts.reinstated);
    for (name, count) in [
        ("broken off", counts.broken_off),
        ("completed later", counts.completed_later),
        ("withdrawn", counts.withdrawn),
        ("reinstated", counts.reinstated),
        ("late", counts.late_refreshes),
        ("left out", counts.left_out),
    ] {
        assert!(count > 0, "{name}");
    }
}
