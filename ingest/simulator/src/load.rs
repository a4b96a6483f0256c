//! Cheap events in bulk with exactly known counts, for the benchmark.
//!
//! Records of about 400 bytes are put together from templates, spread evenly over 60 days of summer time and the
//! Devon providers. A late event's `time` lies 49 to 73 hours before its place in the stream; every other event's
//! lies within a minute of it. So any threshold for lateness between one and 48 hours gives the same exact count.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use homeward_contract::feed::Feed;
use serde::Serialize;

use crate::malformed::MalformedKind;
use crate::random::{Stream, mix};
use crate::stream::Message;

/// 1 April 2025, 00:00 UTC.
const BEGIN_SECONDS: i64 = 1_743_465_600;
/// Length of the stream.
const SPAN_SECONDS: u64 = 60 * 86_400;
/// A referral is visited this long after its place in the stream.
const VISITED_AFTER_SECONDS: i64 = 130 * 60;
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

/// Shares are parts of all records, from 0 to 1; the counts are known before the first record is made.
#[must_use]
pub fn load_events(count: u64, seed: u64, late_share: f64, duplicate_share: f64, malformed_share: f64) -> LoadEvents {
    let part = |share: f64| (count as f64 * share.clamp(0.0, 1.0)).round() as u64;
    let plan = Plan {
        count,
        seed,
        wanted: [part(malformed_share), part(duplicate_share), part(late_share)],
        pending: [0; 3],
        next: 0,
        referrals: 0,
        open: VecDeque::new(),
        has_plain: false,
    };
    let mut counts = LoadCounts::default();
    let mut rehearsal = plan.clone();
    while let Some(slot) = rehearsal.step() {
        counts.add(&slot, seed);
    }
    LoadEvents { plan, counts, writer: Writer::new(seed), recent: Vec::with_capacity(RECENT) }
}

/// Decides slot by slot what the stream holds; cheap to copy and to run ahead.
#[derive(Debug, Clone)]
struct Plan {
    count: u64,
    seed: u64,
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
        let at = BEGIN_SECONDS + (u128::from(number) * u128::from(SPAN_SECONDS) / u128::from(self.count)) as i64;
        if self.has_plain && self.pending[0] > 0 {
            self.pending[0] -= 1;
            return Some(Slot::Malformed { number, at });
        }
        if self.has_plain && self.pending[1] > 0 {
            self.pending[1] -= 1;
            return Some(Slot::Duplicate { number, at });
        }
        if let Some((referral, _, start)) = self.open.pop_front_if(|(_, place, _)| *place + VISITED_AFTER_SECONDS <= at)
        {
            self.has_plain = true;
            return Some(Slot::Visited { referral, at, start });
        }
        let referral = self.referrals;
        self.referrals += 1;
        let late = self.pending[2] > 0;
        let mut start = at - at.rem_euclid(60);
        if late {
            self.pending[2] -= 1;
            start -= 49 * 3600 + 60 + (mix(self.seed, Stream::Load, &[referral, 1]) % (24 * 60)) as i64 * 60;
        }
        self.has_plain |= !late;
        self.open.push_back((referral, at, start));
        Some(Slot::Received { referral, at, start, late })
    }
}

fn provider_of(seed: u64, referral: u64) -> &'static str {
    PROVIDERS[(mix(seed, Stream::Load, &[referral, 2]) % 4) as usize]
}

fn minutes_of(seed: u64, referral: u64) -> i64 {
    let draw = mix(seed, Stream::Load, &[referral, 3]);
    if draw % 100 < 83 { ((draw >> 8) % 121) as i64 } else { 121 + ((draw >> 8) % 9) as i64 }
}

impl LoadCounts {
    fn add(&mut self, slot: &Slot, seed: u64) {
        self.records += 1;
        match *slot {
            Slot::Malformed { .. } => self.malformed += 1,
            Slot::Duplicate { .. } => self.duplicate += 1,
            Slot::Received { referral, late, .. } => {
                self.good += 1;
                self.late += u64::from(late);
                self.figures(seed, referral).referrals += 1;
            }
            Slot::Visited { referral, .. } => {
                self.good += 1;
                let met = minutes_of(seed, referral) <= 120;
                let figures = self.figures(seed, referral);
                figures.stopped += 1;
                figures.met += u64::from(met);
            }
        }
    }

    fn figures(&mut self, seed: u64, referral: u64) -> &mut LoadFigures {
        let provider = provider_of(seed, referral);
        if !self.providers.contains_key(provider) {
            self.providers.insert(provider.to_owned(), LoadFigures::default());
        }
        self.providers.entry(provider.to_owned()).or_default()
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
    seed: u64,
    /// Days of the stream as text, from four days before its beginning.
    days: Vec<String>,
}

const DAYS_BEFORE: i64 = 4;

impl Writer {
    fn new(seed: u64) -> Self {
        let first = BEGIN_SECONDS.div_euclid(86_400) - DAYS_BEFORE;
        let day = |number: i64| {
            DateTime::<Utc>::from_timestamp((first + number) * 86_400, 0).unwrap_or_default().date_naive().to_string()
        };
        Self { seed, days: (0..DAYS_BEFORE + 63).map(day).collect() }
    }

    fn head(&self, event_type: &str, referral: u64, number: u64, at: i64) -> (Vec<u8>, Vec<u8>) {
        let provider = provider_of(self.seed, referral);
        let mut key = Vec::with_capacity(20);
        key.extend_from_slice(provider.as_bytes());
        key.extend_from_slice(b"|SRI-");
        digits(&mut key, referral, 9);
        let mut out = Vec::with_capacity(520);
        out.extend_from_slice(b"{\"specversion\":\"1.0\",\"id\":\"");
        hex(&mut out, mix(self.seed, Stream::Load, &[referral, 10 + number]));
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
        out.extend_from_slice(b"\",\"OrgID_Commissioner\":\"15N\",\"ReferralRequest_ReceivedDateTime\":\"");
        self.local(&mut out, start);
        out.extend_from_slice(b"\",\"RTT_StartDateTime\":\"");
        self.local(&mut out, start);
        out.extend_from_slice(b"\",\"WaitingTime_MeasurementType\":\"05\",\"sourceGroup\":\"gp\"}}");
        (key, out)
    }

    fn visited(&self, referral: u64, at: i64, start: i64) -> (Vec<u8>, Vec<u8>) {
        let (key, mut out) = self.head("ucr-first-contact-1", referral, 2, at);
        let end = start + minutes_of(self.seed, referral) * 60;
        out.extend_from_slice(b"\",\"CareContactID\":\"CC-");
        digits(&mut out, referral, 9);
        out.extend_from_slice(b"\",\"Contact_DateTime\":\"");
        self.local(&mut out, end);
        out.extend_from_slice(b"\",\"stopsClock\":true,\"RTT_EndDateTime\":\"");
        self.local(&mut out, end);
        out.extend_from_slice(b"\"}}");
        (key, out)
    }

    /// The whole stream lies in summer time.
    fn local(&self, out: &mut Vec<u8>, at: i64) {
        self.instant(out, at + 3600);
        out.extend_from_slice(b"+01:00");
    }

    fn instant(&self, out: &mut Vec<u8>, at: i64) {
        let day = at.div_euclid(86_400) - BEGIN_SECONDS.div_euclid(86_400) + DAYS_BEFORE;
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
