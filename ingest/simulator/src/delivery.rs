//! How the facts of a referral reach the feed: promptly, late, twice, overtaken, or broken.

use chrono::Duration;
use rand::rngs::StdRng;

use crate::malformed::MalformedKind;
use crate::parameters::Parameters;
use crate::random::{Stream, between, chance, generator};
use crate::referral::{Fact, FactKind, Malformed, Referral, SendKind, Transmission};

/// Plans every delivery of a referral's facts. A quiet referral is never delayed.
pub(crate) fn deliver(parameters: &Parameters, referral: &mut Referral, quiet: bool) {
    let rates = &parameters.feed;
    let mut rng = generator(parameters.seed, Stream::Event, &[referral.serial, u64::MAX]);
    let mut originals: Vec<Transmission> = Vec::with_capacity(referral.facts.len());
    for (fact, planted) in referral.facts.iter().enumerate() {
        let reordered = !quiet && chance(&mut rng, rates.reordered);
        let delay_seconds = between(&mut rng, 1, 25) + if reordered { between(&mut rng, 600, 4 * 3600) } else { 0 };
        let mut deliver_at = planted.recorded_at + Duration::seconds(delay_seconds);
        if let Some(first) = must_follow(&referral.facts, fact) {
            deliver_at = deliver_at.max(originals[first].deliver_at + Duration::seconds(1));
        }
        originals.push(Transmission { fact, deliver_at, kind: SendKind::Original, reordered });
    }
    let mut sends = Vec::with_capacity(originals.len());
    for original in originals {
        let again = |rng: &mut StdRng, kind| {
            let deliver_at = original.deliver_at + Duration::seconds(between(rng, 60, 72 * 3600));
            Transmission { kind, deliver_at, reordered: false, ..original.clone() }
        };
        let same_id = chance(&mut rng, rates.duplicate_same_id).then(|| again(&mut rng, SendKind::SameId));
        let new_id = chance(&mut rng, rates.duplicate_new_id).then(|| again(&mut rng, SendKind::NewId));
        sends.push(original);
        sends.extend(same_id);
        sends.extend(new_id);
    }
    referral.malformed = broken(&mut rng, rates.malformed, &sends);
    referral.sends = sends;
}

/// The fact that must be delivered before this one. The handbook leaves open what an amendment or a void means
/// before its target is known, so the simulation does not ask.
fn must_follow(facts: &[Fact], fact: usize) -> Option<usize> {
    match &facts[fact].kind {
        FactKind::EndAmended { amends, .. } | FactKind::StartAmended { amends, .. } => Some(*amends),
        FactKind::ContactVoided { voids, .. } => Some(*voids),
        FactKind::Contact { first: true, .. }
            if fact > 0 && matches!(facts[fact - 1].kind, FactKind::ContactVoided { .. }) =>
        {
            Some(fact - 1)
        }
        _ => None,
    }
}

fn broken(rng: &mut StdRng, share: f64, sends: &[Transmission]) -> Vec<Malformed> {
    let mut records = Vec::new();
    for (of_send, send) in sends.iter().enumerate() {
        if chance(rng, share) {
            let kind = MalformedKind::ALL[between(rng, 0, MalformedKind::ALL.len() as i64 - 1) as usize];
            let deliver_at = send.deliver_at + Duration::seconds(between(rng, 1, 60));
            records.push(Malformed { kind, of_send, deliver_at });
        }
    }
    records
}
