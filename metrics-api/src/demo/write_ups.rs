//! The story of the late write-ups: one provider's visits stay unrecorded for eight days, then all arrive at once.
//!
//! A link between a provider's record system and the feed stands still: referrals still come, what happened to them
//! does not. Every visit was in time, yet by the record people wait and the rate falls far below the target: the clock
//! alert and the confident-slip alert must fire. When the link is mended the backlog restates the past, and both must
//! clear. Nothing is invented: the messages are the simulation's own, delivered late and in their order.

use std::collections::VecDeque;
use std::iter::Peekable;

use chrono::{DateTime, TimeDelta, Utc};
use homeward_simulator::Message;

/// Write-ups are missing from so many days before the demonstration begins ...
pub(super) const HELD_DAYS: i64 = 8;
/// ... until so many minutes after.
pub(super) const MENDED_AFTER_MINUTES: u32 = 120;

/// What a provider sends even while its write-ups are held.
const STILL_SENT: &str = "ucr-referral-received-1";

/// A provider's link that stands still for a while.
#[derive(Debug, Clone)]
pub(super) struct BrokenLink {
    key_prefix: Vec<u8>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl BrokenLink {
    /// The link of `provider` around the beginning of the demonstration.
    pub(super) fn of(provider: &str, origin: DateTime<Utc>) -> Self {
        Self {
            key_prefix: format!("{provider}|").into_bytes(),
            from: origin - TimeDelta::days(HELD_DAYS),
            until: origin + TimeDelta::minutes(i64::from(MENDED_AFTER_MINUTES)),
        }
    }

    fn holds(&self, message: &Message) -> bool {
        (self.from..self.until).contains(&message.deliver_at)
            && message.key.starts_with(&self.key_prefix)
            && !is_still_sent(&message.payload)
    }
}

/// A record that cannot be read is broken on purpose, and passes: what is refused tells no story.
fn is_still_sent(payload: &[u8]) -> bool {
    let read = serde_json::from_slice::<serde_json::Value>(payload);
    read.map_or(true, |event| event["type"] == STILL_SENT)
}

/// A feed in the order of delivery, with what the link holds delivered when it is mended.
pub(super) struct Delivered<I: Iterator<Item = Message>> {
    feed: Peekable<I>,
    link: Option<BrokenLink>,
    held: VecDeque<Message>,
}

impl<I: Iterator<Item = Message>> Delivered<I> {
    /// The feed as it is, or with a link that breaks.
    pub(super) fn new(feed: I, link: Option<BrokenLink>) -> Self {
        Self { feed: feed.peekable(), link, held: VecDeque::new() }
    }
}

impl<I: Iterator<Item = Message>> Iterator for Delivered<I> {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        let Some(link) = &self.link else { return self.feed.next() };
        loop {
            let mended = self.feed.peek().is_none_or(|message| message.deliver_at >= link.until);
            if mended && let Some(held) = self.held.pop_front() {
                return Some(Message { deliver_at: link.until, ..held });
            }
            let message = self.feed.next()?;
            if !link.holds(&message) {
                return Some(message);
            }
            self.held.push_back(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use homeward_simulator::{Parameters, Simulation};

    use super::*;

    #[test]
    fn the_link_delays_one_providers_write_ups_and_loses_nothing() {
        let origin: DateTime<Utc> = "2025-06-18T09:00:00Z".parse().unwrap();
        let start = origin - TimeDelta::days(20);
        let simulation = Simulation::new(Parameters { start, days: 21, seed: 5, ..Parameters::default() });
        let plain: Vec<Message> = simulation.live().collect();
        let link = BrokenLink::of("RK9", origin);
        let story: Vec<Message> = Delivered::new(simulation.live(), Some(link.clone())).collect();
        assert!(story.is_sorted_by_key(|message| message.deliver_at), "the order of delivery is kept");

        let of_one = |messages: &[Message], key: &[u8]| -> Vec<Vec<u8>> {
            messages.iter().filter(|message| message.key == key).map(|message| message.payload.clone()).collect()
        };
        let mut late = 0;
        for message in &plain {
            let told = story.iter().find(|other| other.key == message.key && other.payload == message.payload);
            let told = told.expect("every message is delivered");
            late += usize::from(told.deliver_at > message.deliver_at);
            assert!(message.key.starts_with(b"RK9|") || told.deliver_at == message.deliver_at);
        }
        assert!(late > 20, "only {late} messages are late");
        assert_eq!(story.len(), plain.len());
        let missing = |message: &&Message| link.holds(message) && message.deliver_at >= link.from;
        assert_eq!(story.iter().filter(missing).count(), 0, "nothing that is held comes before the mend");
        let key = &story.iter().find(|message| message.key.starts_with(b"NR5|")).expect("there is one").key;
        assert_eq!(of_one(&story, key), of_one(&plain, key));
    }
}
