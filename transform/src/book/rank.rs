//! Which of two competing live facts is the newer, independent of arrival order.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::clock::Micros;
use super::pack::{pack_fields, pack_variants};

/// Of a GUID with hyphens and nothing around it.
const CANONICAL_LENGTH: usize = uuid::fmt::Hyphenated::LENGTH;

/// An event id: a GUID in sixteen bytes, or any other text as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventId {
    /// The usual lower-case hyphenated GUID; its byte order is its text order.
    Guid(u128),
    /// Anything else.
    Text(Arc<str>),
}

impl EventId {
    /// Reads an id; only the canonical lower-case form is packed, so that order never depends on the packing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let is_canonical = text.len() == CANONICAL_LENGTH && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let guid = is_canonical.then(|| Uuid::try_parse(text).ok()).flatten();
        guid.map_or_else(|| Self::Text(Arc::from(text)), |guid| Self::Guid(guid.as_u128()))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guid(packed) => Uuid::from_u128(*packed).hyphenated().fmt(formatter),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

impl Ord for EventId {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Guid(one), Self::Guid(two)) => one.cmp(two),
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            _ => self.to_string().cmp(&other.to_string()),
        }
    }
}

impl PartialOrd for EventId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Order of competing live facts of one subject (`ucr.md` section 7): higher versionid, then later time, then greater id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventRank {
    /// Numeric `versionid`.
    pub version: i64,
    /// Event `time`.
    pub time: Micros,
    /// Event `id`.
    pub id: EventId,
}

/// Keeps the greater of two ranked facts; equal ranks keep the greater value, so that order never matters.
pub fn keep_newest<R: Ord, V: Ord>(slot: &mut Option<(R, V)>, rank: R, value: V) {
    let newer = slot.as_ref().is_none_or(|(held_rank, held)| (&rank, &value) > (held_rank, held));
    if newer {
        *slot = Some((rank, value));
    }
}

pack_variants!(EventId { 0 Guid, 1 Text });
pack_fields!(EventRank { version, time, id });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_packs_and_prints_itself() {
        let text = "6f0c1a1e-8a2e-4d0e-9a1d-0b8b0c7e5b11";
        assert!(matches!(EventId::parse(text), EventId::Guid(_)));
        assert_eq!(EventId::parse(text).to_string(), text);
        assert!(matches!(EventId::parse("6F0C1A1E-8A2E-4D0E-9A1D-0B8B0C7E5B11"), EventId::Text(_)));
        for other in [
            "7",
            "",
            "6f0c1a1e8a2e-4d0e-9a1d-0b8b0c7e5b11-",
            "{f0c1a1e-8a2e-4d0e-9a1d-0b8b0c7e5b1}",
            "6f0c1a1e-8a2e-4d0e-9a1d-0b8b0c7e5bé",
        ] {
            assert!(matches!(EventId::parse(other), EventId::Text(text) if &*text == other));
        }
    }

    #[test]
    fn ids_order_as_their_texts_do_whatever_the_packing() {
        let mut texts =
            vec!["6f0c1a1e-8a2e-4d0e-9a1d-0b8b0c7e5b11", "0f0c1a1e-8a2e-4d0e-9a1d-0b8b0c7e5b11", "7", "A", "zz"];
        let mut ids: Vec<EventId> = texts.iter().map(|text| EventId::parse(text)).collect();
        texts.sort_unstable();
        ids.sort();
        assert_eq!(ids.iter().map(ToString::to_string).collect::<Vec<_>>(), texts);
    }

    #[test]
    fn newest_does_not_depend_on_arrival() {
        let facts = [(2, "b"), (1, "z"), (2, "a")];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut slot = None;
            for index in order {
                let (rank, value) = facts[index];
                keep_newest(&mut slot, rank, value);
            }
            assert_eq!(slot, Some((2, "b")));
        }
    }
}
