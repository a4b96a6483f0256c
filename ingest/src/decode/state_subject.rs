//! The subject of a whole state: its parts, each in one form, so that data, subject and Kafka key can be compared.

use std::borrow::Cow;

use chrono::{DateTime, Days, NaiveDate};
use homeward_contract::feed::Feed;
use homeward_contract::identity::{NhsNumber, PseudonymKeys, is_pseudonym};
use homeward_contract::state::{Kind, StateItem, items, subject_parts};
use homeward_contract::time::{london, parse_date};

use super::clean;
use super::columns::Value;

/// Between the parts.
const BAR: char = '|';

/// The parts of a subject in one form; none for a text that has another number of parts, or an unreadable one.
///
/// A person's part may be an NHS number too: it becomes the pseudonym.
pub(super) fn parts(feed: Feed, subject: &str, keys: &PseudonymKeys) -> Option<Vec<String>> {
    let sent: Vec<&str> = subject.split(BAR).collect();
    if sent.len() != subject_parts(feed) {
        return None;
    }
    let read = |(place, part): (usize, &&str)| {
        let kind = named(feed, place).map_or(Kind::Organisation, |item| item.kind);
        part_form(kind, part.trim(), keys)
    };
    (1..).zip(&sent).map(read).collect()
}

/// The item whose part this place is; none for the organisation that speaks.
pub(super) fn named(feed: Feed, place: usize) -> Option<&'static StateItem> {
    items(feed).iter().find(|item| item.place == Some(place))
}

/// The subject as it is stored.
pub(super) fn joined(parts: &[String]) -> String {
    parts.join("|")
}

fn part_form(kind: Kind, part: &str, keys: &PseudonymKeys) -> Option<String> {
    match kind {
        Kind::Provider => clean::provider(Cow::Borrowed(part)).map(Cow::into_owned),
        Kind::Organisation => {
            let code = clean::organisation(Cow::Borrowed(part))?;
            let fits = code.len() <= 12 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
            fits.then(|| code.into_owned())
        }
        Kind::Pseudonym if is_pseudonym(part) => Some(part.to_owned()),
        Kind::Pseudonym => NhsNumber::parse(part).ok().map(|number| keys.nhs(&number)),
        Kind::Whole(..) => part.parse::<i64>().ok().map(|number| number.to_string()),
        Kind::Instant | Kind::Date => parse_date(part).ok().map(|day| day.to_string()),
        _ => (!part.is_empty()).then(|| part.to_owned()),
    }
}

/// A filled cell in the form of its part.
pub(super) fn cell_form(cell: &Value<'_>) -> Option<String> {
    Some(match cell {
        Value::Text(text) => text.clone().into_owned(),
        Value::Whole(number) => number.to_string(),
        Value::Day(days) => day(*days)?.to_string(),
        Value::Instant(micros) => london(DateTime::from_timestamp_micros(*micros)?).date().to_string(),
        _ => return None,
    })
}

fn day(days: i32) -> Option<NaiveDate> {
    let (epoch, distance) = (NaiveDate::default(), Days::new(u64::from(days.unsigned_abs())));
    if days < 0 { epoch.checked_sub_days(distance) } else { epoch.checked_add_days(distance) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_one_form() {
        let keys = PseudonymKeys::from_secret(3, b"homeward-test-key-not-secret");
        let read = |feed, subject| parts(feed, subject, &keys).map(|parts| joined(&parts));
        assert_eq!(read(Feed::Spell, "ra900|SP-1|01"), Some("RA9|SP-1|1".to_owned()));
        assert_eq!(read(Feed::VwCapacity, "RH8| W |2025-02-01"), Some("RH8|W|2025-02-01".to_owned()));
        let pseudonym = "vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg";
        assert_eq!(read(Feed::Death, "qjk|9990000018"), Some(format!("QJK|{pseudonym}")));
        for (feed, wrong) in [
            (Feed::Spell, "RA9|SP-1"),
            (Feed::Spell, "RA9|SP-1|one"),
            (Feed::Spell, "RA9||1"),
            (Feed::EdStay, "RA9|A|B"),
            (Feed::VwCapacity, "RH8|W|1 February"),
            (Feed::Death, "QJK|9990000019"),
            (Feed::Registration, "Q J!K|9990000018|L83999|2019-03-01"),
        ] {
            assert_eq!(read(feed, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn cells_have_the_form_of_their_parts() {
        let summer: DateTime<chrono::Utc> = "2025-06-30T23:00:00Z".parse().unwrap();
        assert_eq!(cell_form(&Value::instant(summer)).as_deref(), Some("2025-07-01"), "midnight in London");
        for text in ["1911-12-31", "1970-01-01", "2025-02-28"] {
            assert_eq!(cell_form(&Value::day(text.parse().unwrap())).as_deref(), Some(text));
        }
        assert_eq!(cell_form(&Value::Null), None);
    }
}
