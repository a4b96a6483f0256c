//! From what is known of a referral to the rows of the two views. Pure.

use std::sync::Arc;

use homeward_contract::time::{london, whole_minutes, whole_minutes_true};

use super::areas::Areas;
use super::cascade::Cascade;
use super::clock::{ClockRow, Micros, Source, from_micros};
use super::csds::{ClockKey, CsdsReferral, Rtt};
use super::pack::pack_fields;
use super::referral::{LiveReferral, Resolved};
use super::versions::Current;

/// The rows of one referral in both views.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Rows of `csds_clock`: newest CSDS knowledge only.
    pub csds: Vec<ClockRow>,
    /// Rows of `live_clock`: CSDS over live, live where CSDS is silent (E22).
    pub live: Vec<ClockRow>,
}

/// Everything known of one referral.
#[derive(Clone, Copy)]
pub struct Knowledge<'a> {
    /// Provider after succession.
    pub provider: &'a Arc<str>,
    /// ServiceRequestID.
    pub service_request_id: &'a Arc<str>,
    /// Live events, if any.
    pub live: Option<&'a LiveReferral>,
    /// CSDS rows, if any.
    pub csds: Option<&'a CsdsReferral>,
    /// Which of them count, and the people that they name.
    pub cascade: Cascade<'a>,
}

/// Makes the rows of one referral.
pub fn rows(knowledge: &Knowledge<'_>, areas: &mut Areas) -> Rows {
    let resolved = knowledge.live.and_then(LiveReferral::resolve);
    let csds = csds_rows(knowledge, areas);
    let live = if knowledge.live.is_some_and(LiveReferral::is_voided) {
        Vec::new()
    } else if csds.is_empty() {
        // From an option, the list takes the room of one row; a filter would reserve four.
        resolved.as_ref().and_then(|referral| live_row(knowledge, referral, areas)).into_iter().collect()
    } else {
        csds.iter().map(|row| merged_row(row, csds.len(), resolved.as_ref())).collect()
    };
    Rows { csds, live }
}

fn live_row(knowledge: &Knowledge<'_>, referral: &Resolved, areas: &mut Areas) -> Option<ClockRow> {
    let received = &referral.received;
    let start = received.rtt_start_at;
    let end = referral.rtt_end_at;
    let closure = referral.closure.as_ref();
    Some(ClockRow {
        provider: Arc::clone(knowledge.provider),
        service_request_id: Arc::clone(knowledge.service_request_id),
        area: areas.area(received.commissioner.as_ref(), received.practice.as_ref()),
        waiting_type: received.waiting_type.clone()?,
        team_type: received.team_type.clone(),
        pre_2023_ucr_team: is_old_scope(received.team_type.as_deref()),
        source_group: received.source_group.clone(),
        age_years: received.age_years,
        source: Source::Live,
        received_at: received.received_at,
        rtt_start_at: start,
        rtt_end_at: end,
        stopped_at: end,
        time_missing: end.is_some() && start.is_none(),
        naive_minutes: naive_minutes(start, end),
        true_minutes: true_minutes(start, end),
        rejected_at: referral.rejected_at,
        closed_at: closure.and_then(|closure| closure.closed_at),
        closure_group: closure.and_then(|closure| closure.closure_group.clone()),
        superseded: referral.superseded,
        reclassified_at: referral.reclassified_at,
        on_feed: true,
    })
}

fn csds_rows(knowledge: &Knowledge<'_>, areas: &mut Areas) -> Vec<ClockRow> {
    let Some(csds) = knowledge.csds else { return Vec::new() };
    let cascade = &knowledge.cascade;
    let clocks = csds.clocks(cascade);
    if clocks.is_empty() {
        return Vec::new();
    }
    let facts = csds.referral(cascade).map(|current| current.facts);
    let pseudonym = facts.and_then(|facts| facts.person.as_deref());
    let person = pseudonym.and_then(|pseudonym| cascade.person(pseudonym));
    let practice = person.zip(pseudonym).and_then(|(person, pseudonym)| cascade.practice(person, pseudonym));
    let area = areas.area(facts.and_then(|facts| facts.commissioner.as_ref()), practice);
    let age_years = person.and_then(|person| cascade.person_facts(person)?.age_years);
    let services = csds.services(cascade);
    let base = ClockRow {
        provider: Arc::clone(knowledge.provider),
        service_request_id: Arc::clone(knowledge.service_request_id),
        area,
        waiting_type: Arc::from(""),
        team_type: services.iter().find_map(|service| service.team_type.clone()),
        pre_2023_ucr_team: services.iter().any(|service| is_old_scope(service.team_type.as_deref())),
        source_group: None,
        age_years,
        source: Source::Primary,
        received_at: facts.and_then(|facts| facts.received_at),
        rtt_start_at: None,
        rtt_end_at: None,
        stopped_at: None,
        time_missing: false,
        naive_minutes: None,
        true_minutes: None,
        rejected_at: None,
        closed_at: None,
        closure_group: None,
        superseded: false,
        reclassified_at: None,
        on_feed: knowledge.live.is_some(),
    };
    let rejected_at = services.iter().find_map(|service| service.rejected_at);
    let closed_at = services.iter().find_map(|service| service.closed_at);
    let is_superseded = |key: &ClockKey, rtt: &Rtt| {
        let twin = |other: &ClockKey| {
            other.waiting_type.as_ref() == "07"
                && (other.start_day, &other.start_time) == (key.start_day, &key.start_time)
        };
        // An 05 clock without an end is superseded by an 07 clock of the same start (E12).
        key.waiting_type.as_ref() == "05" && rtt.end_day.is_none() && clocks.iter().any(|(other, _)| twin(other))
    };
    clocks
        .iter()
        .map(|(key, current)| {
            let mut row = csds_row(&base, key, current);
            row.superseded = is_superseded(key, current.facts);
            row.rejected_at = rejected_at.filter(|_| row.stopped_at.is_none());
            row.closed_at = closed_at.filter(|_| row.stopped_at.is_none());
            row
        })
        .collect()
}

fn csds_row(base: &ClockRow, key: &ClockKey, current: &Current<'_, Rtt>) -> ClockRow {
    let rtt = current.facts;
    let stopped_at = rtt.end_at.or_else(|| rtt.end_day.map(super::read::midnight));
    ClockRow {
        waiting_type: Arc::clone(&key.waiting_type),
        source: current.submission.source(),
        rtt_start_at: rtt.start_at,
        rtt_end_at: rtt.end_at,
        stopped_at,
        time_missing: stopped_at.is_some() && (rtt.start_at.is_none() || rtt.end_at.is_none()),
        naive_minutes: rtt.naive_minutes,
        true_minutes: true_minutes(rtt.start_at, rtt.end_at),
        ..base.clone()
    }
}

/// A CSDS clock in the live view: CSDS wins item by item; what it leaves open, the live feed may fill.
fn merged_row(row: &ClockRow, clocks: usize, live: Option<&Resolved>) -> ClockRow {
    let mut merged = row.clone();
    let Some(live) = live else { return merged };
    merged.source_group = merged.source_group.or_else(|| live.received.source_group.clone());
    merged.age_years = merged.age_years.or(live.received.age_years);
    merged.received_at = merged.received_at.or(live.received.received_at);
    let same_clock = clocks == 1 || same_minute(row.rtt_start_at, live.received.rtt_start_at);
    if !same_clock || row.stopped_at.is_some() {
        return merged;
    }
    if live.rtt_end_at.is_some() {
        // The end decides the figure, and only live events know it: the figure is no more final than they are.
        merged.source = Source::Live;
    }
    merged.rtt_end_at = live.rtt_end_at;
    merged.stopped_at = live.rtt_end_at;
    merged.time_missing = merged.stopped_at.is_some() && merged.rtt_start_at.is_none();
    merged.naive_minutes = naive_minutes(merged.rtt_start_at, live.rtt_end_at);
    merged.true_minutes = true_minutes(merged.rtt_start_at, live.rtt_end_at);
    let open = |instant: Option<Micros>| instant.filter(|_| live.rtt_end_at.is_none());
    merged.rejected_at = open(live.rejected_at.or(row.rejected_at));
    merged.closed_at = open(live.closure.as_ref().and_then(|closure| closure.closed_at).or(row.closed_at));
    merged.closure_group = live.closure.as_ref().and_then(|closure| closure.closure_group.clone());
    merged.superseded = row.superseded || live.superseded;
    merged.reclassified_at = live.reclassified_at;
    merged
}

fn is_old_scope(team_type: Option<&str>) -> bool {
    team_type.is_some_and(homeward_contract::codes::pre_2023_ucr_team)
}

fn same_minute(one: Option<Micros>, two: Option<Micros>) -> bool {
    let minute = |instant: Micros| instant.div_euclid(super::clock::MINUTE_MICROS);
    one.map(minute) == two.map(minute)
}

fn naive_minutes(start: Option<Micros>, end: Option<Micros>) -> Option<i64> {
    let (start, end) = (from_micros(start?), from_micros(end?));
    Some(whole_minutes(london(start), london(end)))
}

fn true_minutes(start: Option<Micros>, end: Option<Micros>) -> Option<i64> {
    Some(whole_minutes_true(from_micros(start?), from_micros(end?)))
}

pack_fields!(Rows { csds, live });
