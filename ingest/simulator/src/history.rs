//! What happens to one referral, from its arrival to its closure.

use chrono::{DateTime, Duration, Utc};
use rand::Rng;
use rand::rngs::StdRng;

use crate::arrivals::end_of_shift;
use crate::delivery;
use crate::parameters::{FateRates, Parameters, ProviderParameters};
use crate::person::{Map, people, person};
use crate::random::{Stream, between, chance, generator, mix, weighted};
use crate::referral::{CsdsEnd, CsdsPlan, CsdsTimes, Decision, Fact, FactKind, Fate, Referral};
use crate::response;

/// National mix of October 2023 where known (self or carer, GP, ambulance: `ucr.md` sources); the rest is our choice.
const SOURCES: [(&str, f64); 9] = [
    ("self_carer", 0.375),
    ("gp", 0.156),
    ("acute", 0.12),
    ("community", 0.09),
    ("999", 0.084),
    ("care_home", 0.08),
    ("111", 0.06),
    ("other", 0.02),
    ("unknown", 0.015),
];

/// Team types that answer two-hour referrals; 49 lies outside the scope that ended in March 2023 (E13).
const TEAMS: [(Option<&str>, f64); 5] =
    [(Some("51"), 0.84), (Some("45"), 0.05), (Some("53"), 0.04), (Some("49"), 0.05), (None, 0.02)];

/// A referral that arrives.
pub(crate) struct Arrival<'a> {
    pub(crate) parameters: &'a Parameters,
    pub(crate) map: &'a Map,
    pub(crate) provider: (usize, &'a ProviderParameters),
    pub(crate) serial: u64,
    pub(crate) waiting_type: &'static str,
    pub(crate) received_at: DateTime<Utc>,
    /// Only CSDS will know it: always seen, so that CSDS alone decides its clock.
    pub(crate) csds_only: bool,
}

impl Arrival<'_> {
    /// Plans the whole referral.
    pub(crate) fn plan(&self) -> Referral {
        let (parameters, provider) = (self.parameters, self.provider.1);
        let mut rng = generator(parameters.seed, Stream::Referral, &[self.serial]);
        let number = rng.random_range(0..people(parameters));
        let quiet = self.is_quiet();
        let fate = if quiet || self.csds_only {
            Fate::Seen
        } else {
            draw_fate(&mut rng, &parameters.fates, self.waiting_type)
        };
        let source_group = weighted(&mut rng, &SOURCES).copied().unwrap_or("unknown");
        let person = person(parameters, self.map, self.provider, number);
        let mut referral = Referral {
            serial: self.serial,
            provider: provider.code.clone(),
            id: format!("SRI-{:09}", self.serial),
            referring: referring(source_group, &person.home.practice),
            person,
            fate,
            waiting_type: self.waiting_type,
            received_at: self.received_at,
            source_group,
            team_type: weighted(&mut rng, &TEAMS).copied().unwrap_or_default(),
            team_id: format!("UCR-{}-{}", provider.code, rng.random_range(1..=3)),
            residence: if source_group == "care_home" { "care_home" } else { "own_home" },
            facts: Vec::new(),
            sends: Vec::new(),
            malformed: Vec::new(),
            csds: CsdsPlan::default(),
        };
        let mut story = Story {
            rng,
            rates: &parameters.fates,
            feed_late: parameters.feed.late_write_up,
            provider,
            quiet,
            start_at: self.received_at,
        };
        story.tell(&mut referral);
        referral.csds = csds_plan(parameters, &referral);
        if !self.csds_only {
            delivery::deliver(parameters, &mut referral, quiet);
        }
        referral
    }

    fn is_quiet(&self) -> bool {
        let named = self.parameters.quiet_provider.as_ref() == Some(&self.provider.1.code);
        named && self.parameters.quiet_until().is_some_and(|until| self.received_at < until)
    }
}

fn draw_fate(rng: &mut StdRng, rates: &FateRates, waiting_type: &str) -> Fate {
    let reclassified = if waiting_type == "05" { rates.reclassified } else { 0.0 };
    let drawn = [
        (Fate::Rejected, rates.rejected * 0.8),
        (Fate::Redirected, rates.rejected * 0.2),
        (Fate::ClosedBeforeContact, rates.closed_before_contact),
        (Fate::Reclassified, reclassified),
        (Fate::Voided, rates.voided),
        (Fate::StopNeverRecorded, rates.stop_never_recorded),
        (Fate::LeftOpen, rates.left_open),
    ];
    let rest = 1.0 - drawn.iter().map(|(_, share)| share).sum::<f64>();
    let mut choices = drawn.to_vec();
    choices.push((Fate::Seen, rest.max(0.0)));
    weighted(rng, &choices).copied().unwrap_or(Fate::Seen)
}

fn referring(source_group: &str, practice: &str) -> Option<String> {
    match source_group {
        "999" => Some("RYF".to_owned()),
        "gp" => Some(practice.to_owned()),
        "acute" => Some("RK9".to_owned()),
        _ => None,
    }
}

/// How CSDS will tell the referral. It draws from its own stream: the live feed is the same with and without CSDS.
fn csds_plan(parameters: &Parameters, referral: &Referral) -> CsdsPlan {
    let rates = &parameters.csds;
    let mut rng = generator(parameters.seed, Stream::CsdsPlan, &[referral.serial]);
    let mut plan = CsdsPlan {
        absent: chance(&mut rng, rates.absent) && referral.fate != Fate::Voided,
        late_record: chance(&mut rng, rates.late_record),
        ..CsdsPlan::default()
    };
    if referral.fate != Fate::Seen || referral.waiting_type != "05" {
        return plan;
    }
    let draw: f64 = rng.random();
    let mut edge = 0.0;
    let mut falls = |share: f64| {
        edge += share.max(0.0);
        draw < edge
    };
    if falls(rates.changed_type) {
        plan.changed_type = true;
    } else if falls(rates.end_missing) {
        plan.end = CsdsEnd::Missing;
    } else if falls(rates.end_gained_in_refresh) {
        plan.end = CsdsEnd::GainedInRefresh;
    } else if falls(rates.start_time_missing) {
        plan.times = CsdsTimes::StartTimeMissing;
    } else if falls(rates.end_time_missing) {
        plan.times = CsdsTimes::EndTimeMissing;
    } else if falls(rates.negative_wait) {
        plan.times = CsdsTimes::EndBeforeStart;
    }
    plan
}

struct Story<'a> {
    rng: StdRng,
    rates: &'a FateRates,
    feed_late: f64,
    provider: &'a ProviderParameters,
    quiet: bool,
    start_at: DateTime<Utc>,
}

impl Story<'_> {
    fn minutes(&mut self, low: i64, high: i64) -> Duration {
        Duration::minutes(between(&mut self.rng, low, high))
    }

    /// Adds a fact; the provider records one after the other, so it can only be later than the last.
    fn record(&self, referral: &mut Referral, at: DateTime<Utc>, late_write_up: bool, kind: FactKind) -> DateTime<Utc> {
        let recorded_at = referral.facts.last().map_or(at, |last| at.max(last.recorded_at + Duration::seconds(1)));
        let version = referral.facts.len() as u32 + 1;
        referral.facts.push(Fact { version, recorded_at, late_write_up, kind });
        recorded_at
    }

    fn tell(&mut self, referral: &mut Referral) {
        let received_at = referral.received_at;
        if !self.quiet && chance(&mut self.rng, self.rates.later_start) {
            self.start_at = received_at + self.minutes(10, 40);
        }
        let entered_at = self.start_at + Duration::seconds(between(&mut self.rng, 20, 180));
        self.record(referral, entered_at, false, FactKind::Received { received_at, start_at: self.start_at });
        match referral.fate {
            Fate::Seen => self.seen(referral),
            Fate::StopNeverRecorded => self.stop_never_recorded(referral),
            Fate::Rejected | Fate::Redirected => self.rejected(referral),
            Fate::ClosedBeforeContact => self.closed_before_contact(referral),
            Fate::Reclassified => self.reclassified(referral),
            Fate::Voided => self.voided(referral),
            Fate::LeftOpen => {}
        }
    }

    fn accept(&mut self, referral: &mut Referral, before: DateTime<Utc>) {
        if before - self.start_at >= Duration::minutes(6) && chance(&mut self.rng, 0.8) {
            let latest = (before - self.start_at).num_minutes().min(16) - 1;
            let decided_at = self.start_at + self.minutes(2, latest);
            self.record(
                referral,
                decided_at + Duration::seconds(30),
                false,
                FactKind::Triaged { decision: Decision::Accepted, decided_at },
            );
        }
    }

    fn seen(&mut self, referral: &mut Referral) {
        let waited_minutes = match referral.waiting_type {
            _ if self.quiet => response::met_minutes(&mut self.rng).min(100),
            "05" => response::minutes(&mut self.rng, self.provider.two_hour_rate, self.rates.over_thirty_days),
            _ => response::unbound_minutes(&mut self.rng),
        };
        let end_at = self.end_after(waited_minutes);
        self.accept(referral, end_at);
        let first = self.visit(referral, 1, true, end_at, Some(end_at));
        if !self.quiet && chance(&mut self.rng, self.rates.contact_voided) {
            self.void_first_contact(referral, first, end_at);
        } else if chance(&mut self.rng, self.rates.end_amended) {
            self.amend_end(referral, first, end_at);
        } else if !self.quiet && waited_minutes <= 24 * 60 && chance(&mut self.rng, self.rates.start_amended) {
            self.amend_start(referral, end_at);
        }
        self.follow_up(referral, end_at);
        if chance(&mut self.rng, 0.92) {
            self.close(referral);
        }
    }

    /// The clock end this many whole minutes (E2) after the start.
    fn end_after(&mut self, waited_minutes: i64) -> DateTime<Utc> {
        let end_at = self.start_at + Duration::minutes(waited_minutes);
        let second = self.start_at.timestamp().rem_euclid(60);
        if second == 0 {
            return end_at;
        }
        (end_at + Duration::seconds(between(&mut self.rng, 0, 59) - second)).max(self.start_at)
    }

    /// Records a contact, promptly or after the shift; returns the index of its fact.
    fn visit(
        &mut self,
        referral: &mut Referral,
        number: usize,
        first: bool,
        at: DateTime<Utc>,
        end_at: Option<DateTime<Utc>>,
    ) -> usize {
        let duration_minutes = between(&mut self.rng, 4, 12) * 5;
        let late = first && !self.quiet && chance(&mut self.rng, self.feed_late);
        let done_at = at + Duration::minutes(duration_minutes);
        let recorded_at = if self.quiet {
            at + self.minutes(2, 10)
        } else if late {
            let next_day = if chance(&mut self.rng, 0.2) { Duration::days(1) } else { Duration::zero() };
            end_of_shift(&mut self.rng, done_at) + next_day
        } else {
            done_at + self.minutes(2, 15)
        };
        let contact = referral.contact_id(number);
        self.record(referral, recorded_at, late, FactKind::Contact { first, contact, at, duration_minutes, end_at });
        referral.facts.len() - 1
    }

    fn last_recorded(&self, referral: &Referral) -> DateTime<Utc> {
        referral.facts.last().map_or(referral.received_at, |fact| fact.recorded_at)
    }

    fn void_first_contact(&mut self, referral: &mut Referral, voids: usize, end_at: DateTime<Utc>) {
        let at = self.last_recorded(referral) + self.minutes(60, 1200);
        let contact = referral.contact_id(1);
        self.record(referral, at + Duration::seconds(20), false, FactKind::ContactVoided { contact, voids, at });
        let true_end = end_at + self.minutes(20, 60);
        let written_at = at + self.minutes(3, 10);
        let kind = FactKind::Contact {
            first: true,
            contact: referral.contact_id(9),
            at: true_end,
            duration_minutes: 30,
            end_at: Some(true_end),
        };
        self.record(referral, written_at, false, kind);
    }

    fn amend_end(&mut self, referral: &mut Referral, amends: usize, from: DateTime<Utc>) {
        let to = (from + self.minutes(-25, 15)).max(self.start_at);
        if to != from {
            let recorded_at = self.last_recorded(referral) + self.minutes(60, 1440);
            let contact = referral.contact_id(1);
            self.record(referral, recorded_at, false, FactKind::EndAmended { contact, amends, from, to });
        }
    }

    fn amend_start(&mut self, referral: &mut Referral, end_at: DateTime<Utc>) {
        let from = self.start_at;
        let to = (from + self.minutes(-15, 15)).min(end_at);
        if to != from {
            let recorded_at = self.last_recorded(referral) + self.minutes(60, 1440);
            self.record(referral, recorded_at, false, FactKind::StartAmended { amends: 0, from, to });
        }
    }

    fn follow_up(&mut self, referral: &mut Referral, after: DateTime<Utc>) {
        let mut at = after;
        for number in 2..2 + between(&mut self.rng, 0, 3) as usize {
            at += self.minutes(480, 2400);
            let recorded_at = at + self.minutes(20, 90);
            let kind = FactKind::Contact {
                first: false,
                contact: referral.contact_id(number),
                at,
                duration_minutes: 15,
                end_at: None,
            };
            self.record(referral, recorded_at, false, kind);
        }
    }

    fn close(&mut self, referral: &mut Referral) {
        let at = self.last_recorded(referral) + self.minutes(1440, 5760);
        let group =
            weighted(&mut self.rng, &[("treatment_completed", 0.86), ("onward_referral", 0.10), ("admitted", 0.04)]);
        let group = group.copied().unwrap_or("treatment_completed");
        self.record(referral, at + Duration::minutes(4), false, FactKind::Closed { at, group });
    }

    fn stop_never_recorded(&mut self, referral: &mut Referral) {
        let at = self.start_at + self.minutes(20, 180);
        self.accept(referral, at);
        self.visit(referral, 1, true, at, None);
        self.close(referral);
    }

    fn rejected(&mut self, referral: &mut Referral) {
        let late = chance(&mut self.rng, self.rates.rejected_late);
        let at = self.start_at + if late { self.minutes(125, 300) } else { self.minutes(4, 100) };
        if referral.fate == Fate::Redirected {
            let decision = Decision::Redirected { to: "RWV" };
            self.record(referral, at + Duration::seconds(10), false, FactKind::Triaged { decision, decided_at: at });
        }
        self.record(referral, at + Duration::seconds(40), false, FactKind::Rejected { at });
    }

    fn closed_before_contact(&mut self, referral: &mut Referral) {
        let late = chance(&mut self.rng, self.rates.closed_late);
        let at = self.start_at + if late { self.minutes(125, 700) } else { self.minutes(8, 112) };
        self.accept(referral, at);
        let groups = [("withdrawn_by_referrer", 0.35), ("admitted", 0.35), ("refused", 0.2), ("died", 0.1)];
        let group = weighted(&mut self.rng, &groups).copied().unwrap_or("other");
        let recorded_at = at + self.minutes(1, 30);
        self.record(referral, recorded_at, false, FactKind::Closed { at, group });
    }

    fn reclassified(&mut self, referral: &mut Referral) {
        let late = chance(&mut self.rng, self.rates.reclassified_late);
        let decided_at = self.start_at + if late { self.minutes(130, 240) } else { self.minutes(5, 60) };
        let decision = Decision::Reclassified;
        self.record(referral, decided_at + Duration::seconds(40), false, FactKind::Triaged { decision, decided_at });
        let end_at = decided_at + Duration::minutes(response::unbound_minutes(&mut self.rng));
        self.visit(referral, 1, true, end_at, Some(end_at));
        self.close(referral);
    }

    fn voided(&mut self, referral: &mut Referral) {
        let test_record = chance(&mut self.rng, 0.3);
        if test_record {
            let at = self.start_at + Duration::minutes(response::met_minutes(&mut self.rng));
            self.visit(referral, 1, true, at, Some(at));
        }
        let at = self.last_recorded(referral) + self.minutes(5, 2880);
        let seed = mix(referral.serial, Stream::Referral, &[1]);
        let (reason, duplicate_of) = match (test_record, seed % 2) {
            (true, _) => ("test_record", None),
            (false, 0) => ("entered_in_error", None),
            (false, _) => ("duplicate", Some(format!("SRI-{:09}", referral.serial.saturating_sub(1)))),
        };
        self.record(referral, at + Duration::seconds(30), false, FactKind::Voided { at, reason, duplicate_of });
    }
}
