//! The catalogue of broken records, each with the code under which it must be refused.

use homeward_contract::reject::RejectCode;
use serde::Serialize;

macro_rules! kinds {
    ($(#[$outer:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident => $code:ident),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// The whole catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code under which a record of this kind must be refused.
            #[must_use]
            pub const fn expected(self) -> RejectCode {
                match self { $(Self::$variant => RejectCode::$code),+ }
            }
        }
    };
}

kinds! {
    /// Ways in which a UCR event is broken. Each is made from a good event by one change.
    MalformedKind {
        /// Cut off in the middle.
        TruncatedJson => NotJson,
        /// Not JSON at all.
        PlainText => NotJson,
        /// A list where an object is due.
        JsonList => NotAnObject,
        /// Bytes that are no UTF-8.
        InvalidUtf8 => NotUtf8,
        /// The id stands there twice.
        RepeatedName => RepeatedName,
        /// Another version of the envelope.
        OldSpecVersion => WrongSpecVersion,
        /// A type that nobody declared.
        UnknownEventType => UnknownEventType,
        /// No id.
        MissingId => MissingAttribute,
        /// No data.
        MissingData => MissingAttribute,
        /// A time without an offset.
        NaiveTime => BadOffset,
        /// A time with the offset of another country.
        ForeignOffset => BadOffset,
        /// A time that is none.
        ImpossibleTime => BadDateTime,
        /// A version that is no number.
        WordyVersion => BadVersionId,
        /// Subject and data name different referrals.
        OtherReferralInData => SubjectMismatch,
        /// No ServiceRequestID in data.
        MissingReferral => MissingItem,
    }
}

impl MalformedKind {
    /// Breaks a good payload.
    pub(crate) fn break_payload(self, good: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(good);
        let broken = match self {
            Self::TruncatedJson => text[..text.len() * 2 / 3].to_owned(),
            Self::PlainText => "feed restarted by operator".to_owned(),
            Self::JsonList => format!("[{text}]"),
            Self::InvalidUtf8 => {
                return text
                    .replacen("uk.nhs", "uk.\u{0}nhs", 1)
                    .bytes()
                    .map(|byte| if byte == 0 { 0xff } else { byte })
                    .collect();
            }
            Self::RepeatedName => text.replacen("\"source\"", "\"id\":\"again\",\"source\"", 1),
            Self::OldSpecVersion => text.replacen("\"specversion\":\"1.0\"", "\"specversion\":\"0.3\"", 1),
            Self::UnknownEventType => replace_value(&text, "type", |_| "\"ucr-referral-teleported-1\"".to_owned()),
            Self::MissingId => without(&text, "id"),
            Self::MissingData => match text.find(",\"data\":") {
                Some(cut) => format!("{}}}", &text[..cut]),
                None => text.into_owned(),
            },
            Self::NaiveTime => replace_value(&text, "time", |time| time.replace('Z', "")),
            Self::ForeignOffset => replace_value(&text, "time", |time| time.replace('Z', "+02:00")),
            Self::ImpossibleTime => replace_value(&text, "time", |_| "\"2025-02-30T25:61:00Z\"".to_owned()),
            Self::WordyVersion => replace_value(&text, "versionid", |_| "\"newest\"".to_owned()),
            Self::OtherReferralInData => replace_value(&text, "ServiceRequestID", |_| "\"SRI-OTHER\"".to_owned()),
            Self::MissingReferral => without(&text, "ServiceRequestID"),
        };
        broken.into_bytes()
    }
}

/// Replaces the text value of the first member with this name.
fn replace_value(json: &str, name: &str, change: impl Fn(&str) -> String) -> String {
    let label = format!("\"{name}\":");
    let Some(place) = json.find(&label) else { return json.to_owned() };
    let from = place + label.len();
    let until = json[from + 1..].find('"').map_or(json.len(), |end| from + end + 2);
    format!("{}{}{}", &json[..from], change(&json[from..until]), &json[until..])
}

/// Leaves out the first member with this name; it must have a text value and a member after it.
fn without(json: &str, name: &str) -> String {
    let label = format!("\"{name}\":\"");
    let Some(place) = json.find(&label) else { return json.to_owned() };
    let from = place + label.len();
    match json[from..].find("\",") {
        Some(end) => format!("{}{}", &json[..place], &json[from + end + 2..]),
        None => json.to_owned(),
    }
}

kinds! {
    /// Ways in which a CSDS row is broken. The rows come in addition to the good ones.
    MalformedRow {
        /// A clock whose start date is no date.
        ImpossibleDate => BadCsdsDate,
        /// A clock without its referral.
        ClockWithoutReferral => MissingKeyItem,
        /// A person without a local id.
        PersonWithoutId => MissingKeyItem,
        /// A time that is none.
        ImpossibleTime => BadCsdsTime,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"specversion":"1.0","id":"a","source":"uk.nhs.nr5.ucr-feed","type":"ucr-contact-1","time":"2025-06-13T09:02:10Z","versionid":"4","data":{"OrgID_Provider":"NR5","ServiceRequestID":"S","CareContactID":"C"}}"#;

    #[test]
    fn every_kind_changes_the_payload_and_one_thing_only() {
        for kind in MalformedKind::ALL {
            let broken = kind.break_payload(GOOD.as_bytes());
            assert_ne!(broken, GOOD.as_bytes(), "{kind:?}");
            assert!(!broken.contains(&b'\n'), "{kind:?}");
            let parses = serde_json::from_slice::<serde_json::Value>(&broken).is_ok();
            let is_syntax =
                matches!(kind, MalformedKind::TruncatedJson | MalformedKind::PlainText | MalformedKind::InvalidUtf8);
            assert_eq!(parses, !is_syntax, "{kind:?}");
        }
        assert!(!String::from_utf8_lossy(&MalformedKind::MissingId.break_payload(GOOD.as_bytes())).contains("\"id\""));
    }
}
