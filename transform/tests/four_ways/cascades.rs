//! Refused persons and referrals, planted into the submissions of a simulated history, and what must come of them: in the
//! oracle every row that hangs on one is itself unreadable, so that its figures need no rule of cascades at all.

#![expect(clippy::expect_used, reason = "a test says why it fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use homeward_contract::feed::Feed;
use homeward_simulator::Message;
use serde_json::Value;

/// What the submissions are, and what they must count as.
pub(crate) struct Spoiled {
    /// With refused parents, and some of them mended later.
    pub(crate) messages: Vec<Message>,
    /// The same, with an unreadable line in place of each row that must not count.
    pub(crate) oracle: Vec<Message>,
    /// The rows that mend every parent that the messages leave refused.
    pub(crate) mends: Vec<Message>,
    /// Sound rows that must not count: submission, table and number.
    pub(crate) fallen: BTreeSet<String>,
}

/// Submission id, then the id that names a person or referral.
type Named = BTreeSet<(String, String)>;

/// Spoils about one parent in nine, and mends every third of them within the messages.
pub(crate) fn spoil(messages: &[Message], seed: u64) -> Spoiled {
    let last = messages.last().expect("a message").deliver_at;
    let later = |message: &Message, hours| Message { deliver_at: last + Duration::hours(hours), ..message.clone() };
    let mut spoiled: BTreeMap<usize, Value> = BTreeMap::new();
    let (mut mended, mut mends) = (Vec::new(), Vec::new());
    let mut state = seed | 1;
    for (at, message) in messages.iter().enumerate().filter(|(_, message)| message.feed == Feed::Csds) {
        let mut row: Value = serde_json::from_slice(&message.payload).expect("JSON");
        let item = match row["table"].as_str() {
            Some("CYP001MPI") => "OrgID_LocalPatientID",
            Some("CYP101Referral") => "ReferralRequest_ReceivedDate",
            _ => continue,
        };
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if !(state >> 33).is_multiple_of(9) {
            continue;
        }
        row["record"][item] = Value::Null;
        if (state >> 40).is_multiple_of(3) {
            mended.push(later(message, 1))
        } else {
            mends.push(later(message, 2))
        }
        spoiled.insert(at, row);
    }
    let sent: Vec<Message> = messages
        .iter()
        .enumerate()
        .map(|(at, message)| match spoiled.get(&at) {
            Some(row) => Message { payload: row.to_string().into_bytes(), ..message.clone() },
            None => message.clone(),
        })
        .collect();
    let all: Vec<Message> = sent.iter().chain(&mended).cloned().collect();
    let fallen = fallen(&all);
    let oracle = all.iter().enumerate().map(|(at, message)| {
        if fallen.contains(&at) { Message { payload: unreadable(message), ..message.clone() } } else { message.clone() }
    });
    let oracle = oracle.collect();
    // A row that was sent twice is one row.
    let fallen = fallen.iter().map(|at| name(&all[*at])).collect();
    Spoiled { oracle, messages: all, mends, fallen }
}

fn name(message: &Message) -> String {
    let row: Value = serde_json::from_slice(&message.payload).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    format!("{} {} {}", text(&row["submission"]["id"]), text(&row["table"]), row["row_number"])
}

/// Which sound rows hang on nothing but refused parents.
fn fallen(messages: &[Message]) -> BTreeSet<usize> {
    let rows: Vec<Option<Value>> = messages
        .iter()
        .map(|message| (message.feed == Feed::Csds).then(|| serde_json::from_slice(&message.payload).ok()).flatten())
        .collect();
    let named = |row: &Value, item: &str| {
        let id = row["record"][item].as_str()?.split('|').next()?.trim().to_owned();
        Some((row["submission"]["id"].as_str()?.to_owned(), id)).filter(|(_, id)| !id.contains("NHSNOREM"))
    };
    let of = |table: &'static str| rows.iter().flatten().filter(move |row| row["table"] == table);
    let sound = |row: &&Value, item: &str| !row["record"][item].is_null();
    let names = |table, item, wanted: &dyn Fn(&&Value) -> bool| -> Named {
        of(table).filter(wanted).filter_map(|row| named(row, item)).collect()
    };
    let people = names("CYP001MPI", "LocalPatientID", &|_| true);
    let good_people = names("CYP001MPI", "LocalPatientID", &|row| sound(row, "OrgID_LocalPatientID"));
    let bad_people: Named = people.difference(&good_people).cloned().collect();
    let on_bad_person = |row: &Value| named(row, "LocalPatientID").is_some_and(|id| bad_people.contains(&id));
    let referrals = names("CYP101Referral", "ServiceRequestID", &|_| true);
    let standing = names("CYP101Referral", "ServiceRequestID", &|row| {
        sound(row, "ReferralRequest_ReceivedDate") && !on_bad_person(row)
    });
    let bad_referrals: Named = referrals.difference(&standing).cloned().collect();
    let falls = |row: &Value| match row["table"].as_str() {
        Some("CYP000Header" | "CYP001MPI") | None => false,
        Some("CYP101Referral") => sound(&row, "ReferralRequest_ReceivedDate") && on_bad_person(row),
        Some(_) => on_bad_person(row) || named(row, "ServiceRequestID").is_some_and(|id| bad_referrals.contains(&id)),
    };
    rows.iter().enumerate().filter(|(_, row)| row.as_ref().is_some_and(falls)).map(|(at, _)| at).collect()
}

/// The row as a line that could not be split: its number is known, and nothing else of it.
fn unreadable(message: &Message) -> Vec<u8> {
    let mut row: Value = serde_json::from_slice(&message.payload).expect("JSON");
    row.as_object_mut().expect("an object").remove("record");
    row["raw_line"] = "torn".into();
    row.to_string().into_bytes()
}
