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

        // Duplicates carry the same bytes, so messages are compared as sorted lists and not one by one.
        let sorted = |messages: &[Message], of_provider: bool, with_time: bool| {
            let own = messages.iter().filter(|message| message.key.starts_with(b"RK9|") == of_provider);
            let mut own: Vec<_> = own
                .map(|message| (message.key.clone(), message.payload.clone(), with_time.then_some(message.deliver_at)))
                .collect();
            own.sort();
            own
        };
        assert_eq!(sorted(&story, false, true), sorted(&plain, false, true), "another provider's feed has changed");
        assert_eq!(sorted(&story, true, false), sorted(&plain, true, false), "a message was lost or made");
        let held = plain.iter().filter(|message| link.holds(message)).count();
        assert!(held > 20, "only {held} messages are held");
        assert!(!story.iter().any(|message| link.holds(message)), "what is held came before the mend");
        let at_the_mend = story.iter().filter(|message| message.deliver_at == link.until).count();
        assert!(at_the_mend >= held, "{at_the_mend} of {held} came at the mend");
    }
}
