//! Cheap events in bulk with exactly known counts, for the benchmarks.
//!
//! Records of about 400 bytes are put together from templates and spread evenly over a stretch of time and its senders:
//! 60 days and the Devon providers, or whatever a [`Load`] says. A late event's `time` lies 49 to 76 hours before its
//! place in the stream; every other event's lies within a minute of it. So any threshold for lateness between one and
//! 48 hours gives the same exact count.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::time::london;
use serde::Serialize;

use crate::malformed::MalformedKind;
use crate::random::{Stream, mix};
use crate::stream::Message;

/// 1 April 2025, 00:00 UTC.
const BEGIN_SECONDS: i64 = 1_743_465_600;
/// Length of the stream.
const SPAN_SECONDS: u64 = 60 * 86_400;
/// Every clock starts this long before its visit is written up.
const CLOCK_SECONDS: i64 = 130 * 60;
/// Recent good records, from which duplicates are taken.
const RECENT: usize = 16;
const PROVIDERS: [&str; 4] = ["NR5", "RA9", "RH8", "RK9"];

/// What a load holds, exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LoadCounts {
    /// Records of every sort.
    pub records: u64,
    /// Distinct good events: records less duplicates and malformed ones.
    pub good: u64,
    /// Good events whose `time` lies more than two days back. Duplicates of late events do not occur.
    pub late: u64,
    /// Records that repeat an earlier one byte for byte.
    pub duplicate: u64,
    /// Broken records.
    pub malformed: u64,
    /// Type-05 referrals, stopped clocks and met clocks by provider.
    pub providers: BTreeMap<String, LoadFigures>,
}

/// Figures of one provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LoadFigures {
    /// Type-05 referrals received.
    pub referrals: u64,
    /// Clocks stopped; the others are open at the end.
    pub stopped: u64,
    /// Of the stopped, those within 120 minutes.
    pub met: u64,
}

/// Who sends a referral, and who commissions it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadSender {
    /// Organisation code of the provider.
    pub provider: String,
    /// Organisation code of the commissioner.
    pub commissioner: String,
}

/// What a load is to hold, and over which time.
#[derive(Debug, Clone)]
pub struct Load {
    /// Records of every sort.
    pub records: u64,
    /// The same seed gives the same load.
    pub seed: u64,
    /// Part of all records that are late, from 0 to 1; the other shares likewise.
    pub late_share: f64,
    /// Part of all records that repeat an earlier one.
    pub duplicate_share: f64,
    /// Part of all records that are broken.
    pub malformed_share: f64,
    /// Place of the first record in time.
    pub begins_at: DateTime<Utc>,
    /// Length of the stream. No clock change lies in it or in the four days before.
    pub span_seconds: u64,
    /// A visit is written up this long after its referral was, at most 130 minutes. The clock starts 130 minutes before
    /// the visit is written up: where less than that lies between the two, the referral was written up late as well.
    pub visited_after_seconds: u32,
    /// Senders, equally busy; at least one.
    pub senders: Vec<LoadSender>,
}

impl Load {
    /// Sixty days of summer time in Devon, from 1 April 2025.
    #[must_use]
    pub fn of_sixty_days(records: u64, seed: u64, [late, duplicate, malformed]: [f64; 3]) -> Self {
        let sender = |provider: &str| LoadSender { provider: provider.to_owned(), commissioner: "15N".to_owned() };
        Self {
            records,
            seed,
            late_share: late,
            duplicate_share: duplicate,
            malformed_share: malformed,
            begins_at: DateTime::<Utc>::from_timestamp(BEGIN_SECONDS, 0).unwrap_or_default(),
            span_seconds: SPAN_SECONDS,
            visited_after_seconds: CLOCK_SECONDS as u32,
            senders: PROVIDERS.map(sender).into(),
        }
    }

    /// The events; their counts are known before the first record is made.
    #[must_use]
    pub fn events(self) -> LoadEvents {
        let part = |share: f64| (self.records as f64 * share.clamp(0.0, 1.0)).round() as u64;
        let plan = Plan {
            count: self.records,
            seed: self.seed,
            begin_seconds: self.begins_at.timestamp(),
            span_seconds: self.span_seconds,
            visited_after_seconds: i64::from(self.visited_after_seconds).min(CLOCK_SECONDS),
            wanted: [part(self.malformed_share), part(self.duplicate_share), part(self.late_share)],
            pending: [0; 3],
            next: 0,
            referrals: 0,
            open: VecDeque::new(),
            has_plain: false,
        };
        let senders = Senders { seed: self.seed, list: self.senders };
        let mut counts = LoadCounts::default();
        let mut rehearsal = plan.clone();
        while let Some(slot) = rehearsal.step() {
            counts.add(&slot, &senders);
        }
        let writer = Writer::new(senders, self.begins_at.timestamp(), self.span_seconds);
        LoadEvents { plan, counts, writer, recent: Vec::with_capacity(RECENT) }
    }
}

/// Decides slot by slot what the stream holds; cheap to copy and to run ahead.
#[derive(Debug, Clone)]
struct Plan {
    count: u64,
    seed: u64,
    begin_seconds: i64,
    span_seconds: u64,
    visited_after_seconds: i64,
    /// Malformed, duplicate, late.
    wanted: [u64; 3],
    pending: [u64; 3],
    next: u64,
    referrals: u64,
    /// Referrals that wait for their visit: number, place in the stream, clock start.
    open: VecDeque<(u64, i64, i64)>,
    has_plain: bool,
}

#[derive(Debug, Clone, Copy)]
enum Slot {
    Malformed { number: u64, at: i64 },
    Duplicate { number: u64, at: i64 },
    Received { referral: u64, at: i64, start: i64, late: bool },
    Visited { referral: u64, at: i64, start: i64 },
}

impl Plan {
    fn step(&mut self) -> Option<Slot> {
        if self.next >= self.count {
            return None;
        }
        let number = self.next;
        self.next += 1;
        for (pending, wanted) in self.pending.iter_mut().zip(self.wanted) {
            // Spread evenly, half a step away from either end.
            let due = |place: u64| (place * wanted + self.count / 2) / self.count;
            *pending += due(number + 1) - due(number);
        }
        let place = u128::from(number) * u128::from(self.span_seconds) / u128::from(self.count);
        let at = self.begin_seconds + place as i64;
        if self.has_plain && self.pending[0] > 0 {
            self.pending[0] -= 1;
            return Some(Slot::Malformed { number, at });
        }
        if self.has_plain && self.pending[1] > 0 {
            self.pending[1] -= 1;
            return Some(Slot::Duplicate { number, at });
        }
        let visited_after = self.visited_after_seconds;
        if let Some((referral, _, start)) = self.open.pop_front_if(|(_, place, _)| *place + visited_after <= at) {
            self.has_plain = true;
            return Some(Slot::Visited { referral, at, start });
        }
        let referral = self.referrals;
        self.referrals += 1;
        let late = self.pending[2] > 0;
        let started = at + visited_after - CLOCK_SECONDS;
        let mut start = started - started.rem_euclid(60);
        if late {
            self.pending[2] -= 1;
            start -= 49 * 3600 + 60 + (mix(self.seed, Stream::Load, &[referral, 1]) % (24 * 60)) as i64 * 60;
        }
        self.has_plain |= !late;
        self.open.push_back((referral, at, start));
        Some(Slot::Received { referral, at, start, late })
    }
}

/// Who sends what.
struct Senders {
    seed: u64,
    list: Vec<LoadSender>,
}

impl Senders {
    fn of(&self, referral: u64) -> &LoadSender {
        static NOBODY: LoadSender = LoadSender { provider: String::new(), commissioner: String::new() };
        let draw = mix(self.seed, Stream::Load, &[referral, 2]) % self.list.len().max(1) as u64;
        self.list.get(draw as usize).unwrap_or(&NOBODY)
    }
}

fn minutes_of(seed: u64, referral: u64) -> i64 {
    let draw = mix(seed, Stream::Load, &[referral, 3]);
    if draw % 100 < 83 { ((draw >> 8) % 121) as i64 } else { 121 + ((draw >> 8) % 9) as i64 }
}

impl LoadCounts {
    fn add(&mut self, slot: &Slot, senders: &Senders) {
        self.records += 1;
        match *slot {
            Slot::Malformed { .. } => self.malformed += 1,
            Slot::Duplicate { .. } => self.duplicate += 1,
            Slot::Received { referral, late, .. } => {
                self.good += 1;
                self.late += u64::from(late);
                self.figures(senders.of(referral)).referrals += 1;
            }
            Slot::Visited { referral, .. } => {
                self.good += 1;
                let met = minutes_of(senders.seed, referral) <= 120;
                let figures = self.figures(senders.of(referral));
                figures.stopped += 1;
                figures.met += u64::from(met);
            }
        }
    }

    fn figures(&mut self, sender: &LoadSender) -> &mut LoadFigures {
        self.providers.entry(sender.provider.clone()).or_default()
    }
}

/// The events of a load, in order of delivery.
pub struct LoadEvents {
    plan: Plan,
    counts: LoadCounts,
    writer: Writer,
    recent: Vec<(Vec<u8>, Vec<u8>)>,
}

impl LoadEvents {
    /// What the whole load holds, whether or not it has been read yet.
    #[must_use]
    pub const fn counts(&self) -> &LoadCounts {
        &self.counts
    }

    /// Referrals told of so far.
    #[must_use]
    pub const fn referrals(&self) -> u64 {
        self.plan.referrals
    }
}

impl Iterator for LoadEvents {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        let slot = self.plan.step()?;
        let message = |key: Vec<u8>, payload: Vec<u8>, at: i64| Message {
            feed: Feed::Ucr,
            key,
            payload,
            deliver_at: DateTime::<Utc>::from_timestamp(at, 0).unwrap_or_default(),
        };
        let repeated = |number: u64| self.recent[(number % self.recent.len().max(1) as u64) as usize].clone();
        Some(match slot {
            Slot::Duplicate { number, at } => {
                let (key, payload) = repeated(number);
                message(key, payload, at)
            }
            Slot::Malformed { number, at } => {
                let (key, payload) = repeated(number);
                let draw = mix(self.plan.seed, Stream::Load, &[number, 4]);
                let kind = MalformedKind::ALL[(draw % MalformedKind::ALL.len() as u64) as usize];
                message(key, kind.break_payload(&payload), at)
            }
            Slot::Received { referral, at, start, late } => {
                let (key, payload) = self.writer.received(referral, if late { start + 30 } else { at }, start);
                if !late {
                    self.remember(referral, &key, &payload);
                }
                message(key, payload, at)
            }
            Slot::Visited { referral, at, start } => {
                let (key, payload) = self.writer.visited(referral, at, start);
                self.remember(referral, &key, &payload);
                message(key, payload, at)
            }
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.plan.count - self.plan.next) as usize;
        (left, Some(left))
    }
}

impl LoadEvents {
    fn remember(&mut self, referral: u64, key: &[u8], payload: &[u8]) {
        let pair = (key.to_vec(), payload.to_vec());
        if self.recent.len() < RECENT {
            self.recent.push(pair);
        } else {
            self.recent[(referral % RECENT as u64) as usize] = pair;
        }
    }
}

/// Writes records without formatting machinery: two million of them must cost little beside what is measured.
struct Writer {
    senders: Senders,
    /// Days of the stream as text, from four days before its beginning.
    days: Vec<String>,
    /// Number of the first of them since 1970.
    first_day: i64,
    /// Of London, which does not change within the stream.
    offset_seconds: i64,
}

const DAYS_BEFORE: i64 = 4;

impl Writer {
    fn new(senders: Senders, begin_seconds: i64, span_seconds: u64) -> Self {
        let first_day = begin_seconds.div_euclid(86_400) - DAYS_BEFORE;
        let at = |seconds: i64| DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or_default();
        let days = DAYS_BEFORE + (span_seconds / 86_400) as i64 + 3;
        let offset = london(at(begin_seconds)) - at(begin_seconds).naive_utc();
        Self {
            senders,
            days: (0..days).map(|day| at((first_day + day) * 86_400).date_naive().to_string()).collect(),
            first_day,
            offset_seconds: offset.num_seconds(),
        }
    }

    fn head(&self, event_type: &str, referral: u64, number: u64, at: i64) -> (Vec<u8>, Vec<u8>) {
        let provider = self.senders.of(referral).provider.as_str();
        let mut key = Vec::with_capacity(20);
        key.extend_from_slice(provider.as_bytes());
        key.extend_from_slice(b"|SRI-");
        digits(&mut key, referral, 9);
        let mut out = Vec::with_capacity(520);
        out.extend_from_slice(b"{\"specversion\":\"1.0\",\"id\":\"");
        hex(&mut out, mix(self.senders.seed, Stream::Load, &[referral, 10 + number]));
        hex(&mut out, referral * 2 + number);
        out.extend_from_slice(b"\",\"source\":\"uk.nhs.");
        out.extend_from_slice(provider.to_ascii_lowercase().as_bytes());
        out.extend_from_slice(b".ucr-feed\",\"type\":\"");
        out.extend_from_slice(event_type.as_bytes());
        out.extend_from_slice(b"\",\"time\":\"");
        self.instant(&mut out, at);
        out.extend_from_slice(b"Z\",\"subject\":\"");
        out.extend_from_slice(&key);
        out.extend_from_slice(b"\",\"versionid\":\"");
        digits(&mut out, number, 1);
        out.extend_from_slice(b"\",\"data\":{\"OrgID_Provider\":\"");
        out.extend_from_slice(provider.as_bytes());
        out.extend_from_slice(b"\",\"ServiceRequestID\":\"");
        out.extend_from_slice(&key[provider.len() + 1..]);
        (key, out)
    }

    fn received(&self, referral: u64, at: i64, start: i64) -> (Vec<u8>, Vec<u8>) {
        let (key, mut out) = self.head("ucr-referral-received-1", referral, 1, at);
        out.extend_from_slice(b"\",\"OrgID_Commissioner\":\"");
        out.extend_from_slice(self.senders.of(referral).commissioner.as_bytes());
        out.extend_from_slice(b"\",\"ReferralRequest_ReceivedDateTime\":\"");
        self.local(&mut out, start);
        out.extend_from_slice(b"\",\"RTT_StartDateTime\":\"");
        self.local(&mut out, start);
        out.extend_from_slice(b"\",\"WaitingTime_MeasurementType\":\"05\",\"sourceGroup\":\"gp\"}}");
        (key, out)
    }

    fn visited(&self, referral: u64, at: i64, start: i64) -> (Vec<u8>, Vec<u8>) {
        let (key, mut out) = self.head("ucr-first-contact-1", referral, 2, at);
        let end = start + minutes_of(self.senders.seed, referral) * 60;
        out.extend_from_slice(b"\",\"CareContactID\":\"CC-");
        digits(&mut out, referral, 9);
        out.extend_from_slice(b"\",\"Contact_DateTime\":\"");
        self.local(&mut out, end);
        out.extend_from_slice(b"\",\"stopsClock\":true,\"RTT_EndDateTime\":\"");
        self.local(&mut out, end);
        out.extend_from_slice(b"\"}}");
        (key, out)
    }

    fn local(&self, out: &mut Vec<u8>, at: i64) {
        self.instant(out, at + self.offset_seconds);
        out.extend_from_slice(if self.offset_seconds == 0 { b"+00:00" } else { b"+01:00" });
    }

    fn instant(&self, out: &mut Vec<u8>, at: i64) {
        let day = at.div_euclid(86_400) - self.first_day;
        let second = at.rem_euclid(86_400) as u64;
        out.extend_from_slice(self.days.get(day as usize).map_or(b"".as_slice(), String::as_bytes));
        out.push(b'T');
        digits(out, second / 3600, 2);
        out.push(b':');
        digits(out, second / 60 % 60, 2);
        out.push(b':');
        digits(out, second % 60, 2);
    }
}

fn digits(out: &mut Vec<u8>, number: u64, width: u32) {
    for place in (0..width).rev() {
        out.push(b'0' + (number / 10u64.pow(place) % 10) as u8);
    }
}

fn hex(out: &mut Vec<u8>, number: u64) {
    for place in (0..16).rev() {
        out.push(b"0123456789abcdef"[(number >> (place * 4) & 15) as usize]);
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
