//! The feeds of whole states in words, made from [`crate::state`]: the page `docs/events.md`.

use std::fmt::Write as _;

use crate::feed::Feed;
use crate::state::{Need, Role, StateItem, StateType, items, subject_parts};

/// Where the page belongs, from the repository's root.
pub const PAGE: &str = "docs/events.md";

const HEAD: &str = "\
<!-- Made by `homeward generate --out .` from the contract. Do not edit. -->

# Events that carry a whole state

Virtual ward stays and beds, hospital spells, stays in emergency departments, deaths and registrations. All shapes are
our choice. UCR events are in [contract.md](contract.md), which also has the rules for every envelope, date-time and
pseudonym. HL7 v2 ADT messages and FHIR Encounters become the same facts: [edge.md](edge.md).

Each message is a CloudEvent whose `data` is the whole state of its subject, as the source now knows it. Each accepted
message becomes one row; nothing is overwritten. Of the rows of one subject the state is the one with the higher
`versionid`, then the later `time`, then the greater `id`. A message that comes twice, with the same `source` and `id`,
is one message.

`subject` is the Kafka key. It names the same as `data` does: codes and ids in one form, dates as CCYY-MM-DD, an instant
by its London date.

A row with `withdrawn` true takes its subject out of every count while it is the newest. What withdraws is said below. A
later version without it brings the subject back.

| Word | What it means |
|---|---|
| always | every message brings it, a void too |
| state | every message brings it that does not withdraw its subject |
| identifier | up to 100 characters, no bar, no control characters |
| code | letters, digits, points and hyphens, up to 12; anything else is refused |
| word | letters, digits, `_` and `-`, up to 40; anything else may be free text and is not kept |
| listed | a word of the list, whatever its capitals; any other is refused |
| instant | a date-time with `Z`, `+00:00` or `+01:00` |

An end before its begin is refused; an equal one is kept. `registered_to` is the last night observed, so that it may lie
one day before `registered_from`. An end of a stay, a spell or an attendance whose `status` says otherwise is kept and
flagged: the instants decide.

The `ageYears` of a registration is the age at the event's `time`, that of a stay the age at its begin. Homeward takes the year
of each, less the age, for the year of birth, and of several the earliest. What registrations tell is the age of every
night; what stays alone tell is that of nights away. A registration without it stays valid: its people are in figures of
all ages alone. All of this is our choice.

Fields that are not listed are kept as JSON in `extra`, without direct identifiers. An NHS number becomes a pseudonym
and is stored nowhere, in the subject too.

Every table also has `event_id`, `source`, `event_type`, `event_time`, `version_id`, `subject`, `withdrawn`, `reason`,
`extra`, `topic`, `partition`, `offset` and `known_at`.
";

/// The whole page.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(HEAD);
    for feed in Feed::STATES {
        section(&mut page, feed);
    }
    page
}

/// Writing to a string cannot fail.
macro_rules! line {
    ($page:expr, $($part:tt)*) => { let _ = writeln!($page, $($part)*); };
}

fn section(page: &mut String, feed: Feed) {
    let table = feed.anchor();
    line!(page, "\n## {feed}\n");
    line!(page, "Topic `{}`, lake table `{table}`. A row is {}.\n", feed.default_topic(), table.words());
    line!(page, "Subject: `{}`.", subject_words(feed));
    line!(page, "{}\n", types(feed));
    line!(page, "| Item | Type | Needed | Column | Words | Meaning |");
    line!(page, "|---|---|---|---|---|---|");
    for item in items(feed) {
        let column = item.column.map_or("none".to_owned(), |column| format!("`{column}`"));
        let words = item.words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let need = match item.need {
            Need::Always => "always",
            Need::State => "state",
            Need::Never => "",
        };
        line!(page, "| `{}` | {} | {need} | {column} | {words} | {} |", item.name, item.kind_words, item.meaning);
    }
}

fn subject_words(feed: Feed) -> String {
    let of = |place| items(feed).iter().find(|item| item.place == Some(place)).map_or("organisation", |item| item.name);
    (1..=subject_parts(feed)).map(of).collect::<Vec<_>>().join("|")
}

/// The event types, and what withdraws a state.
fn types(feed: Feed) -> String {
    let mut words = String::from("Type:");
    for kind in StateType::ALL {
        if let Some(name) = kind.wire_name(feed) {
            let _ = write!(words, " `{name}` (`event_type` {})", kind.short_name());
        }
    }
    let _ = match items(feed).iter().find_map(withdrawal) {
        Some(how) => write!(words, ". Withdrawn by {how}"),
        None => write!(words, ". No message withdraws one yet"),
    };
    if StateType::Voided.wire_name(feed).is_some() {
        words.push_str(" and by a void");
    }
    words.push('.');
    if items(feed).iter().any(|item| item.role == Role::Trigger) {
        words.push_str("\nA trigger A11 needs `status` `cancelled`. A13 reopens: `discharged_at` is null.");
    }
    words
}

fn withdrawal(item: &StateItem) -> Option<String> {
    match item.role {
        Role::WithdrawsAs(word) => Some(format!("`{}` `{word}`", item.name)),
        Role::WithdrawsWhenTrue => Some(format!("`{}` true", item.name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_feed_type_item_and_word() {
        let page = page();
        for feed in Feed::STATES {
            assert!(page.contains(&format!("\n## {feed}\n")) && page.contains(feed.default_topic()));
            for name in StateType::ALL.into_iter().filter_map(|kind| kind.wire_name(feed)) {
                assert!(page.contains(&format!("`{name}`")));
            }
            for item in items(feed) {
                assert!(page.contains(&format!("| `{}` | {} |", item.name, item.kind_words)));
                assert!(item.words.iter().all(|word| page.contains(&format!("`{word}`"))));
            }
        }
        assert!(page.contains("Subject: `organisation|pseudonym|practice|registered_from`."));
        assert!(page.contains("Withdrawn by `status` `cancelled` and by a void."));
        assert!(page.contains("Withdrawn by `revoked` true."));
    }
}
