//! The feeds whose every message is a whole state: stays, capacity, spells, attendances, deaths, registrations
//! (handbook, `virtual-wards.md` section 4 and `days-at-home.md` section 3).
//!
//! Their items are data: `reference/state_items.csv`. Decoder, Arrow columns and the page `docs/events.md` come from it.
//! Each accepted message is one row; of the rows of one subject the one with the higher `versionid`, then the later
//! `time`, then the greater `id` is the state ([`Version`] says it in code).

use std::sync::LazyLock;

use chrono::{DateTime, Utc};

use crate::feed::Feed;
use crate::item::records;

/// What a message says of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateType {
    /// The whole state, as the source now knows it.
    Recorded,
    /// The subject was recorded by mistake.
    Voided,
}

impl StateType {
    /// Both types.
    pub const ALL: [StateType; 2] = [StateType::Recorded, StateType::Voided];

    /// The word in the column `event_type`.
    #[must_use]
    pub const fn short_name(self) -> &'static str {
        match self {
            StateType::Recorded => "recorded",
            StateType::Voided => "voided",
        }
    }

    /// The `type` attribute on the wire; none for a feed that has no such event.
    #[must_use]
    pub const fn wire_name(self, feed: Feed) -> Option<&'static str> {
        match (feed, self) {
            (Feed::VwStay, StateType::Recorded) => Some("virtual-ward-stay-1"),
            (Feed::VwStay, StateType::Voided) => Some("virtual-ward-stay-voided-1"),
            (Feed::VwCapacity, StateType::Recorded) => Some("virtual-ward-capacity-1"),
            (Feed::Spell, StateType::Recorded) => Some("hospital-spell-1"),
            (Feed::EdStay, StateType::Recorded) => Some("ed-stay-1"),
            (Feed::Death, StateType::Recorded) => Some("death-1"),
            (Feed::Registration, StateType::Recorded) => Some("registration-1"),
            _ => None,
        }
    }
}

/// The feed and type with this wire name.
#[must_use]
pub fn from_wire_name(name: &str) -> Option<(Feed, StateType)> {
    let mut every = Feed::STATES.into_iter().flat_map(|feed| StateType::ALL.map(|kind| (feed, kind)));
    every.find(|(feed, kind)| kind.wire_name(*feed) == Some(name))
}

/// What one message carries beside its data, as far as it decides which state stands. Greater is newer.
///
/// ```
/// # use homeward_contract::state::Version;
/// # use chrono::DateTime;
/// let first = Version { version_id: 9, event_time: DateTime::UNIX_EPOCH, event_id: "b" };
/// let second = Version { version_id: 10, event_time: DateTime::UNIX_EPOCH, event_id: "a" };
/// assert!(second > first, "numbers are compared as numbers");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version<'a> {
    /// `versionid`.
    pub version_id: i64,
    /// `time`.
    pub event_time: DateTime<Utc>,
    /// `id`.
    pub event_id: &'a str,
}

/// How an item is read and stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A provider's code, as everywhere.
    Provider,
    /// An organisation, practice or area code.
    Organisation,
    /// An id of the source.
    Identifier,
    /// A short text that is about no person.
    Text,
    /// A word of an open list; anything else is not kept.
    Word,
    /// A word of the item's closed list.
    Listed,
    /// A code of letters, digits and points.
    Code,
    /// An instant with its offset.
    Instant,
    /// A local date.
    Date,
    /// A whole number from the one to the other.
    Whole(i64, i64),
    /// True or false.
    Flag,
    /// An NHS number, which becomes the pseudonym.
    NhsNumber,
    /// A keyed pseudonym.
    Pseudonym,
    /// The version of the pseudonym's key.
    KeyVersion,
    /// Completed years.
    Age,
}

impl Kind {
    /// Every kind that is one word or two in the file; whole numbers say their bounds.
    const NAMED: [(&'static str, Kind); 14] = [
        ("provider", Kind::Provider),
        ("organisation", Kind::Organisation),
        ("identifier", Kind::Identifier),
        ("text", Kind::Text),
        ("word", Kind::Word),
        ("listed", Kind::Listed),
        ("code", Kind::Code),
        ("instant", Kind::Instant),
        ("date", Kind::Date),
        ("flag", Kind::Flag),
        ("nhs number", Kind::NhsNumber),
        ("pseudonym", Kind::Pseudonym),
        ("key version", Kind::KeyVersion),
        ("age", Kind::Age),
    ];

    fn read(text: &str) -> Option<Kind> {
        if let Some((_, kind)) = Kind::NAMED.into_iter().find(|(name, _)| *name == text) {
            return Some(kind);
        }
        let (least, most) = text.strip_prefix("whole ")?.split_once(" to ")?;
        Some(Kind::Whole(least.parse().ok()?, most.parse().ok()?))
    }
}

/// What an item decides beside its own column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing.
    Plain,
    /// Begin of the state's interval.
    Start,
    /// End of the state's interval; of dates the last day within it.
    End,
    /// This word withdraws the state.
    WithdrawsAs(&'static str),
    /// True withdraws the state.
    WithdrawsWhenTrue,
    /// The HL7 v2 event behind the message.
    Trigger,
}

impl Role {
    fn read(text: &'static str) -> Option<Role> {
        Some(match text {
            "" => Role::Plain,
            "start" => Role::Start,
            "end" => Role::End,
            "withdraws true" => Role::WithdrawsWhenTrue,
            "trigger" => Role::Trigger,
            _ => Role::WithdrawsAs(text.strip_prefix("withdraws ")?),
        })
    }
}

/// Which messages must bring an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Every message, a void too: the subject names it.
    Always,
    /// Every message that does not withdraw the state.
    State,
    /// None.
    Never,
}

impl Need {
    fn read(text: &str) -> Option<Need> {
        Some(match text {
            "always" => Need::Always,
            "state" => Need::State,
            "no" => Need::Never,
            _ => return None,
        })
    }
}

/// One data item of one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateItem {
    /// Its name within `data`; `person.` stands before those of the person.
    pub name: &'static str,
    /// Its column in the lake; none for one that is never stored.
    pub column: Option<&'static str>,
    /// How it is read and stored.
    pub kind: Kind,
    /// The kind as the file spells it.
    pub kind_words: &'static str,
    /// Its place in the subject, from 1; none when the subject does not name it.
    pub place: Option<usize>,
    /// What it decides.
    pub role: Role,
    /// Which messages must bring it.
    pub need: Need,
    /// The closed list it draws from; empty for other kinds.
    pub words: &'static [&'static str],
    /// What it means.
    pub meaning: &'static str,
}

/// The items of each state-carrying feed, in the order of [`Feed::STATES`].
static ITEMS: LazyLock<Vec<Vec<StateItem>>> = LazyLock::new(|| {
    let rows = records(include_str!("../reference/state_items.csv"));
    let of = |name: &str| rows.iter().filter(|row| row[0] == name).filter_map(|row| read_item(row)).collect::<Vec<_>>();
    Feed::STATES.map(|feed| [of(feed.name()), of("all")].concat()).into()
});

/// The items of a feed's `data`, in the order of the handbook; none for feeds of other shapes.
#[must_use]
pub fn items(feed: Feed) -> &'static [StateItem] {
    Feed::STATES.iter().position(|state| *state == feed).map_or(&[], |place| &ITEMS[place])
}

/// How many parts a feed's subject has. A part that no item names is the organisation that speaks, first of all.
#[must_use]
pub fn subject_parts(feed: Feed) -> usize {
    items(feed).iter().filter_map(|item| item.place).max().unwrap_or(0)
}

fn read_item(row: &[&'static str]) -> Option<StateItem> {
    let &[_, name, column, kind, place, role, need, words, meaning] = row else { return None };
    Some(StateItem {
        name,
        column: Some(column).filter(|column| !column.is_empty()),
        kind: Kind::read(kind)?,
        kind_words: kind,
        place: if place.is_empty() { None } else { Some(place.parse().ok()?) },
        role: Role::read(role)?,
        need: Need::read(need)?,
        words: Vec::leak(words.split_ascii_whitespace().collect()),
        meaning,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_line_of_the_file_is_read() {
        let lines = records(include_str!("../reference/state_items.csv"));
        assert_eq!(lines.len(), include_str!("../reference/state_items.csv").lines().count() - 1);
        for line in &lines {
            assert!(read_item(line).is_some(), "{line:?}");
            assert!(line[0] == "all" || Feed::STATES.iter().any(|feed| feed.name() == line[0]), "{line:?}");
        }
        let read: usize = Feed::STATES.iter().map(|feed| items(*feed).len()).sum();
        assert_eq!(read, lines.len() - 1 + Feed::STATES.len(), "one line is of all feeds");
    }

    #[test]
    fn items_are_named_once_and_lists_belong_to_words() {
        for feed in Feed::STATES {
            let items = items(feed);
            assert_eq!(items.iter().map(|item| item.name).collect::<BTreeSet<_>>().len(), items.len(), "{feed}");
            for item in items {
                assert_eq!(item.words.is_empty(), item.kind != Kind::Listed, "{feed}.{}", item.name);
                assert_eq!(item.column.is_none(), item.kind == Kind::NhsNumber, "{feed}.{}", item.name);
                assert!(item.place.is_none() || item.need == Need::Always, "{feed}.{}", item.name);
                assert!(!item.meaning.is_empty() && !item.meaning.contains('|'), "{feed}.{}", item.name);
                if let Role::WithdrawsAs(word) = item.role {
                    assert!(item.words.contains(&word), "{feed}.{}", item.name);
                }
            }
            let ends = |role| items.iter().filter(|item| item.role == role).count();
            assert_eq!(ends(Role::Start), ends(Role::End), "{feed}");
        }
        for feed in [Feed::Ucr, Feed::Csds, Feed::Published] {
            assert!(items(feed).is_empty() && subject_parts(feed) == 0);
        }
    }

    #[test]
    fn subjects_have_the_handbooks_parts() {
        let parts = Feed::STATES.map(|feed| {
            let mut places: Vec<_> = items(feed).iter().filter_map(|item| Some((item.place?, item.name))).collect();
            places.sort_unstable();
            let names = places.into_iter().map(|(_, name)| name).collect::<Vec<_>>();
            (subject_parts(feed), names.join(" "))
        });
        let expected = [
            (2, "provider stay_id"),
            (3, "provider ward_id valid_from"),
            (3, "provider spell_id segment"),
            (2, "provider attendance_id"),
            (2, "pseudonym"),
            (4, "pseudonym practice registered_from"),
        ];
        assert_eq!(parts, expected.map(|(count, names)| (count, names.to_owned())));
    }

    #[test]
    fn a_wire_name_is_of_one_feed() {
        for feed in Feed::STATES {
            for kind in StateType::ALL {
                let Some(name) = kind.wire_name(feed) else { continue };
                assert_eq!(from_wire_name(name), Some((feed, kind)));
            }
            assert!(StateType::Recorded.wire_name(feed).is_some());
        }
        assert_eq!(from_wire_name("hospital-spell-2"), None);
        assert_eq!(StateType::Recorded.wire_name(Feed::Ucr), None);
    }
}
