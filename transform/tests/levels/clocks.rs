//! Random clocks: the records that a feed would send of them, and what follows from them by sets and sorted lists.
#![expect(clippy::cast_possible_wrap, reason = "counts of a test are small")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Duration, Utc};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::geography::Geography;
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::time::london;
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};
use homeward_transform::definition::case::{Case, records};
use homeward_transform::figure::Dimension;
use homeward_transform::release::reach::LEVELS;

use crate::definitions::PEOPLE;

/// Count, number of records and percentile.
pub(crate) type Numbers = (Option<i64>, Option<i64>, Option<String>);

/// Figures by level and dimension values.
pub(crate) type Figures = BTreeMap<(Dimension, Vec<String>), Numbers>;

const PROVIDERS: [&str; 3] = ["NR5", "RH8", "RK9"];
/// Devon, Somerset's neighbour, and none.
const COMMISSIONERS: [&str; 3] = ["15N", "11N", ""];
const PRACTICES: [&str; 6] = ["L83870", "L83871", "L83875", "L83999", "L83880", ""];

/// One clock, by numbers that point into the lists above. Minutes count from the first of May.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) provider: usize,
    pub(crate) commissioner: usize,
    pub(crate) practice: usize,
    pub(crate) start: i64,
    pub(crate) wait: i64,
    pub(crate) age_years: i32,
    /// The wait that an amendment gives it.
    pub(crate) corrected: Option<i64>,
}

fn instant(minutes: i64) -> DateTime<Utc> {
    "2025-05-01T00:00:00Z".parse::<DateTime<Utc>>().expect("an instant") + Duration::minutes(minutes)
}

impl Clock {
    fn ended(&self) -> DateTime<Utc> {
        instant(self.start + self.minutes())
    }

    fn minutes(&self) -> i64 {
        self.corrected.unwrap_or(self.wait)
    }

    fn area(&self, level: Dimension, geography: &Geography) -> String {
        let (commissioner, practice) = (COMMISSIONERS[self.commissioner], PRACTICES[self.practice]);
        let icb = geography.icb_of_commissioner(commissioner).or_else(|| geography.icb_of_practice(practice));
        let known = geography.practice(practice);
        let area = match level {
            Dimension::Provider => Some(PROVIDERS[self.provider].to_owned()),
            Dimension::Icb => icb.map(str::to_owned),
            Dimension::Region => icb.and_then(|icb| geography.region_of_icb(icb)).map(str::to_owned),
            Dimension::Lcp => known.map(|practice| practice.lcp.to_owned()),
            Dimension::Pcn => known.map(|practice| practice.pcn.to_owned()),
            _ => Some("National".to_owned()),
        };
        area.unwrap_or_else(|| "unknown".to_owned())
    }

    /// Every period that holds its end.
    fn periods(&self, grain: Dimension, as_of: DateTime<Utc>) -> Vec<String> {
        let ended = self.ended();
        match grain {
            Dimension::Month => vec![london(ended).format("%Y-%m").to_string()],
            _ => [7, 28]
                .into_iter()
                .filter(|days| ended > as_of - Duration::days(*days) && ended <= as_of)
                .map(|days| format!("{days}d"))
                .collect(),
        }
    }
}

/// The records of all clocks, a batch each, and after them their amendments.
pub(crate) fn facts(clocks: &[Clock]) -> Vec<(Table, RecordBatch)> {
    let mut text =
        String::from("id = \"random\"\ntitle = \"random\"\nrule = \"random\"\nas_of = \"2025-07-30T00:00:00Z\"\n");
    let mut amendments = String::new();
    for (index, clock) in clocks.iter().enumerate() {
        let (start, end) = (instant(clock.start), instant(clock.start + clock.wait));
        let (start, end) = (start.to_rfc3339(), end.to_rfc3339());
        let provider = PROVIDERS[clock.provider];
        let common = format!("referral = \"S{index}\"\nprovider = \"{provider}\"\n");
        let (commissioner, practice) = (COMMISSIONERS[clock.commissioner], PRACTICES[clock.practice]);
        let _ = write!(
            text,
            "[[events]]\ntype = \"received\"\n{common}at = \"{start}\"\nage_years = {}\ncommissioner = \"{commissioner}\"\n\
             practice = \"{practice}\"\n[[events]]\ntype = \"first_contact\"\n{common}at = \"{end}\"\nid = \"visit{index}\"\n",
            clock.age_years
        );
        if let Some(corrected) = clock.corrected {
            let to = instant(clock.start + corrected).to_rfc3339();
            let _ = write!(
                amendments,
                "[[events]]\ntype = \"amended\"\n{common}time = \"2025-07-20T00:00:00Z\"\ncontact = \"CC-S{index}\"\n\
                 amends = \"visit{index}\"\nchanges = [{{item = \"Contact_DateTime\", from = \"{end}\", to = \"{to}\"}}, \
                 {{item = \"RTT_EndDateTime\", from = \"{end}\", to = \"{to}\"}}]\n"
            );
        }
    }
    let case: Case = toml::from_str(&(text + &amendments)).expect("a case");
    let mut made = records(&case).expect("its records");
    made.sort_by_key(|record| String::from_utf8_lossy(&record.payload).contains("ucr-referral-amended"));
    let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
    let context = DecodeContext::new(&keys, case.as_of);
    // A clock's two events stay one after the other: half a clock has no wait.
    let (clocks, amended) = made.split_at(2 * clocks.len());
    let mut by_key: BTreeMap<&[u8], Vec<RawRecord<'_>>> = BTreeMap::new();
    let read = |payloads: &[RawRecord<'_>]| {
        let decoded = decode(Feed::Ucr, payloads, &context);
        assert!(decoded.refusals.is_empty(), "{:?}", decoded.refusals);
        decoded.tables
    };
    for (record, number) in clocks.iter().zip(1_i64..) {
        let place = Place { topic: Arc::from("case"), partition: 0, offset: number };
        let raw = RawRecord { place, key: Some(&record.key), payload: Some(&record.payload) };
        by_key.entry(&record.key).or_default().push(raw);
    }
    let mut facts: Vec<(Table, RecordBatch)> = by_key.values().flat_map(|raw| read(raw)).collect();
    for (record, number) in amended.iter().zip(100_000_i64..) {
        let place = Place { topic: Arc::from("case"), partition: 0, offset: number };
        facts.extend(read(&[RawRecord { place, key: Some(&record.key), payload: Some(&record.payload) }]));
    }
    facts
}

/// The figures by sets and sorted lists.
pub(crate) fn brute_force(clocks: &[Clock], indicator: &str, grain: Dimension, as_of: DateTime<Utc>) -> Figures {
    let geography = Geography::devon();
    let mut groups: BTreeMap<(Dimension, Vec<String>), Vec<Clock>> = BTreeMap::new();
    for clock in clocks.iter().filter(|clock| clock.ended() <= as_of) {
        let band = if clock.minutes() <= 60 { "short" } else { "long" };
        for level in LEVELS {
            for period in clock.periods(grain, as_of) {
                let area = clock.area(level, &geography);
                groups.entry((level, vec![area.clone(), period.clone()])).or_default().push(*clock);
                groups.entry((level, vec![area, band.to_owned(), period])).or_default().push(*clock);
            }
        }
    }
    let figure = |clocks: Vec<Clock>| {
        if indicator == PEOPLE {
            let people: BTreeSet<i32> = clocks.iter().map(|clock| clock.age_years).collect();
            return (Some(people.len() as i64), None, None);
        }
        let mut minutes: Vec<i64> = clocks.iter().map(Clock::minutes).collect();
        minutes.sort_unstable();
        let place = 0.25 * (minutes.len() - 1) as f64;
        let at = |index: f64| minutes[index as usize] as f64;
        let quartile = at(place.floor()) + (place - place.floor()) * (at(place.ceil()) - at(place.floor()));
        (None, Some(minutes.len() as i64), Some(format!("{quartile:.6}")))
    };
    groups.into_iter().map(|(cell, clocks)| (cell, figure(clocks))).collect()
}
