//! The live feed, day by day: finite for a simulation with a known truth, endless for the demonstration.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use homeward_contract::feed::Feed;

use crate::arrivals;
use crate::event::EventWriter;
use crate::history::Arrival;
use crate::parameters::Parameters;
use crate::person::Map;
use crate::random::{Stream, generator};
use crate::referral::Referral;
use crate::wall::{midnight, wall, whole_seconds};

/// One record for Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Feed, and so the topic.
    pub feed: Feed,
    /// Kafka key: the entity, so that its records stay in one partition.
    pub key: Vec<u8>,
    /// The record.
    pub payload: Vec<u8>,
    /// When it reaches the topic; whole seconds.
    pub deliver_at: DateTime<Utc>,
}

/// Serials of one day at one provider; more arrivals than this are cut off.
const SERIALS_PER_PROVIDER_DAY: u64 = 10_000;
/// Providers of a simulation; more are ignored.
const PROVIDERS_MAX: usize = 8;
/// Serials of referrals that only CSDS knows start here.
const CSDS_ONLY_SERIALS: u64 = 5_000;

/// Makes the referrals of one day after the other.
pub(crate) struct Days {
    pub(crate) parameters: Parameters,
    map: Map,
    first_day: NaiveDate,
}

impl Days {
    pub(crate) fn new(mut parameters: Parameters) -> Self {
        parameters.start = whole_seconds(parameters.start);
        parameters.providers.truncate(PROVIDERS_MAX);
        let first_day = wall(parameters.start).date();
        Self { parameters, map: Map::devon(), first_day }
    }

    /// The local day with this index.
    pub(crate) fn day(&self, index: u64) -> NaiveDate {
        self.first_day + Duration::days(index as i64)
    }

    /// Referrals that the live feed carries, in order of serial.
    pub(crate) fn live_referrals(&self, index: u64) -> Vec<Referral> {
        let two_hour_share = 1.0 - self.parameters.type07_share.clamp(0.0, 0.99);
        let mut referrals = self.referrals(index, 1.0, two_hour_share, false);
        self.plant_scenario(index, &mut referrals);
        referrals
    }

    /// Referrals that only CSDS carries.
    pub(crate) fn csds_only_referrals(&self, index: u64) -> Vec<Referral> {
        self.referrals(index, self.parameters.csds.csds_only, 1.0, true)
    }

    fn referrals(&self, index: u64, scale: f64, two_hour_share: f64, csds_only: bool) -> Vec<Referral> {
        let parameters = &self.parameters;
        let day = self.day(index);
        let shares: f64 = parameters.providers.iter().map(|provider| provider.share.max(0.0)).sum();
        let (stream, base) = if csds_only { (Stream::CsdsOnly, CSDS_ONLY_SERIALS) } else { (Stream::Arrivals, 0) };
        let mut referrals = Vec::new();
        for (place, provider) in parameters.providers.iter().enumerate() {
            let mut rng = generator(parameters.seed, stream, &[index, place as u64]);
            let mean = parameters.type05_per_day * scale * provider.share.max(0.0) / shares.max(f64::MIN_POSITIVE);
            let fives = arrivals::number_on(&mut rng, parameters, day, mean);
            let sevens = arrivals::number_on(&mut rng, parameters, day, mean * (1.0 - two_hour_share) / two_hour_share);
            let most = (CSDS_ONLY_SERIALS - 2) as u32;
            for number in 0..(fives + sevens).min(most) {
                let received_at = arrivals::instant_on(&mut rng, parameters, day);
                if received_at < parameters.start {
                    continue;
                }
                let serial = self.serial(index, place) + base + u64::from(number);
                let waiting_type = if number < fives { "05" } else { "07" };
                let provider = (place, provider);
                referrals.push(
                    Arrival { parameters, map: &self.map, provider, serial, waiting_type, received_at, csds_only }
                        .plan(),
                );
            }
        }
        referrals
    }

    fn serial(&self, index: u64, place: usize) -> u64 {
        (index * PROVIDERS_MAX as u64 + place as u64) * SERIALS_PER_PROVIDER_DAY
    }

    /// The story's referral is one more, on the day it is received (or on the first day, when that lies before).
    fn plant_scenario(&self, index: u64, referrals: &mut Vec<Referral>) {
        let Some(scenario) = &self.parameters.scenario else { return };
        let received_at = scenario.received_at();
        let day = wall(received_at).date().max(self.first_day);
        let Some(place) = self.parameters.providers.iter().position(|provider| provider.code == scenario.provider())
        else {
            return;
        };
        if day == self.day(index) {
            let parameters = &self.parameters;
            let provider = (place, &parameters.providers[place]);
            let serial = self.serial(index, place) + SERIALS_PER_PROVIDER_DAY - 1;
            let arrival = Arrival {
                parameters,
                map: &self.map,
                provider,
                serial,
                waiting_type: "05",
                received_at,
                csds_only: false,
            };
            referrals.push(scenario.plant(arrival.plan()));
        }
    }
}

/// One record of a referral, waiting for its time.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) deliver_at: DateTime<Utc>,
    serial: u64,
    /// Index into the referral's sends, or into its broken records when `broken`.
    index: usize,
    broken: bool,
    referral: Arc<Referral>,
}

impl Outgoing {
    const fn order(&self) -> (DateTime<Utc>, u64, bool, usize) {
        (self.deliver_at, self.serial, self.broken, self.index)
    }

    /// Every record of a referral.
    pub(crate) fn of(referral: &Arc<Referral>) -> impl Iterator<Item = Self> + '_ {
        let outgoing = |index, broken, deliver_at| Self {
            deliver_at,
            serial: referral.serial,
            index,
            broken,
            referral: Arc::clone(referral),
        };
        let good = referral.sends.iter().enumerate().map(move |(index, send)| outgoing(index, false, send.deliver_at));
        good.chain(
            referral.malformed.iter().enumerate().map(move |(index, record)| outgoing(index, true, record.deliver_at)),
        )
    }

    /// Writes the record.
    pub(crate) fn message(&self, writer: &EventWriter) -> Message {
        let referral = &self.referral;
        let payload = if self.broken {
            let record = &referral.malformed[self.index];
            record.kind.break_payload(&writer.payload(referral, &referral.sends[record.of_send]))
        } else {
            writer.payload(referral, &referral.sends[self.index])
        };
        Message { feed: Feed::Ucr, key: EventWriter::key(referral), payload, deliver_at: self.deliver_at }
    }
}

impl PartialEq for Outgoing {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Outgoing {}

impl PartialOrd for Outgoing {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Outgoing {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

/// The live feed without an end. Memory holds only what is still to be delivered of the referrals that have arrived.
pub struct EndlessSimulation {
    days: Days,
    next_day: u64,
    waiting: BinaryHeap<Reverse<Outgoing>>,
    writer: EventWriter,
}

impl EndlessSimulation {
    pub(crate) fn new(parameters: Parameters) -> Self {
        let writer = EventWriter::new(&parameters);
        Self { days: Days::new(parameters), next_day: 0, waiting: BinaryHeap::new(), writer }
    }

    /// Number of records planned and not yet handed out.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn plan_next_day(&mut self) {
        for referral in self.days.live_referrals(self.next_day) {
            let referral = Arc::new(referral);
            self.waiting.extend(Outgoing::of(&referral).map(Reverse));
        }
        self.next_day += 1;
    }
}

impl Iterator for EndlessSimulation {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        // Nothing of a day is delivered before the day begins: what waits for earlier than the next day's midnight is
        // final. A simulation without arrivals would look for ever; ten years of silence count as the end.
        for _ in 0..3660 {
            let planned_until = midnight(self.days.day(self.next_day));
            if self.waiting.peek().is_some_and(|Reverse(first)| first.deliver_at < planned_until) {
                break;
            }
            self.plan_next_day();
        }
        let Reverse(first) = self.waiting.pop()?;
        Some(first.message(&self.writer))
    }
}
