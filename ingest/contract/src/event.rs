//! The eight UCR event types and the closed lists of their data (handbook, `ucr.md` section 7).
//!
//! Only the words live here; decoding an event is the work of the ingest room.

use std::fmt;

use crate::codes;

/// What a UCR event says happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// A referral arrived and its clock started.
    Received,
    /// The referral was accepted, reclassified or redirected.
    Triaged,
    /// The referral was refused.
    Rejected,
    /// The first contact, which may stop the clock.
    FirstContact,
    /// A later contact.
    Contact,
    /// The referral was closed.
    Closed,
    /// Something recorded earlier is corrected.
    Amended,
    /// Something recorded earlier is withdrawn and leaves every count.
    Voided,
}

impl EventType {
    /// Every type, in the order of a referral's life.
    pub const ALL: [EventType; 8] = [
        EventType::Received,
        EventType::Triaged,
        EventType::Rejected,
        EventType::FirstContact,
        EventType::Contact,
        EventType::Closed,
        EventType::Amended,
        EventType::Voided,
    ];

    /// The `type` attribute on the wire.
    #[must_use]
    pub const fn wire_name(self) -> &'static str {
        match self {
            EventType::Received => "ucr-referral-received-1",
            EventType::Triaged => "ucr-referral-triaged-1",
            EventType::Rejected => "ucr-referral-rejected-1",
            EventType::FirstContact => "ucr-first-contact-1",
            EventType::Contact => "ucr-contact-1",
            EventType::Closed => "ucr-referral-closed-1",
            EventType::Amended => "ucr-referral-amended-1",
            EventType::Voided => "ucr-referral-voided-1",
        }
    }

    /// The word in the lake's `event_type` column.
    #[must_use]
    pub const fn short_name(self) -> &'static str {
        match self {
            EventType::Received => "received",
            EventType::Triaged => "triaged",
            EventType::Rejected => "rejected",
            EventType::FirstContact => "first_contact",
            EventType::Contact => "contact",
            EventType::Closed => "closed",
            EventType::Amended => "amended",
            EventType::Voided => "voided",
        }
    }

    /// The type with this wire name; `None` for any other text, also for another version number.
    #[must_use]
    pub fn from_wire_name(name: &str) -> Option<EventType> {
        EventType::ALL.into_iter().find(|event_type| event_type.wire_name() == name)
    }

    /// The type with this short name.
    #[must_use]
    pub fn from_short_name(name: &str) -> Option<EventType> {
        EventType::ALL.into_iter().find(|event_type| event_type.short_name() == name)
    }

    /// The data items without which an event of this type says nothing: absent, null or empty means quarantine.
    ///
    /// RTT start and waiting time type are not among them for a received event: an accepted record may lack them
    /// (`csds.md` section 5), and the referral then counts as a referral without a clock.
    #[must_use]
    pub const fn required_items(self) -> &'static [&'static str] {
        match self {
            EventType::Received => &["OrgID_Provider", "ServiceRequestID", "ReferralRequest_ReceivedDateTime"],
            EventType::Triaged => &["OrgID_Provider", "ServiceRequestID", "decision", "decidedAt"],
            EventType::Rejected => &["OrgID_Provider", "ServiceRequestID", "rejectedAt"],
            EventType::FirstContact | EventType::Contact => {
                &["OrgID_Provider", "ServiceRequestID", "CareContactID", "Contact_DateTime"]
            }
            EventType::Closed => &["OrgID_Provider", "ServiceRequestID", "closedAt"],
            EventType::Amended => &["OrgID_Provider", "ServiceRequestID", "target", "changes"],
            EventType::Voided => &["OrgID_Provider", "ServiceRequestID", "target", "voidedAt"],
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.short_name())
    }
}

/// The only CloudEvents version taken.
pub const SPEC_VERSION: &str = "1.0";

/// The only content type of `data`; absent counts as this one.
pub const DATA_CONTENT_TYPE: &str = "application/json";

/// Longest `id` and `source` taken, in characters.
pub const IDENTIFIER_CHARACTERS: usize = 200;

/// `sourceGroup`: who referred, in place of the national code table that was not found.
pub const SOURCE_GROUPS: [&str; 9] =
    ["999", "111", "gp", "care_home", "acute", "community", "self_carer", "other", "unknown"];

/// `closureGroup`: why a referral was closed; the national numbering was not found.
pub const CLOSURE_GROUPS: [&str; 7] =
    ["treatment_completed", "onward_referral", "admitted", "died", "refused", "withdrawn_by_referrer", "other"];

/// `decision` of a triaged event.
pub const DECISIONS: [&str; 3] = ["accepted", "reclassified", "redirected"];

/// `target` of an amended or voided event.
pub const TARGETS: [&str; 3] = ["referral", "contact", "clock"];

/// `reason` of a voided event. The reason of an amended event is free of any list.
pub const VOID_REASONS: [&str; 3] = ["duplicate", "entered_in_error", "test_record"];

/// The items an amended event may change: every item of the other events' data that a figure can rest on.
///
/// Who the referral is about and which referral it is cannot be amended: that is a void and a new referral.
pub const AMENDABLE_ITEMS: [&str; 34] = [
    "OrgID_Commissioner",
    "ReferralRequest_ReceivedDateTime",
    "RTT_StartDateTime",
    "WaitingTime_MeasurementType",
    "breachAt",
    "SourceOfReferral",
    "sourceGroup",
    "OrgID_Referring",
    "Priority_Type",
    "PrimaryReferralReason",
    "TeamType",
    "TeamID_Local",
    "usualResidence",
    "decision",
    "decidedAt",
    "previousWaitingTimeType",
    "redirectedTo",
    "Referral_RejectionDate",
    "rejectedAt",
    "Referral_RejectionReason",
    "Contact_DateTime",
    "CareContact_Duration",
    "ConsMechanism",
    "AttendanceStatus",
    "Activity_LocationType",
    "Consultation_Type",
    "stopsClock",
    "RTT_EndDateTime",
    "closedAt",
    "Referral_ClosureDate",
    "Referral_ClosureReason",
    "closureGroup",
    "Discharge_Date",
    "bars",
];

/// Members of `person` that are kept; an `nhsNumber` is turned into a pseudonym, everything else is dropped.
pub const PERSON_KEPT: [&str; 5] = ["pseudonym", "keyVersion", "ageYears", "lsoa", "practice"];

/// Finds a word in one of the closed lists above, whatever its letter case, and returns the list's own word.
#[must_use]
pub fn in_list(list: &'static [&'static str], raw: &str) -> Option<&'static str> {
    let raw = raw.trim();
    list.iter().copied().find(|word| word.eq_ignore_ascii_case(raw))
}

/// The subject, which is also the Kafka key: provider, vertical bar, service request id.
#[must_use]
pub fn subject(provider: &str, service_request_id: &str) -> String {
    format!("{provider}|{service_request_id}")
}

/// Splits a subject into provider and service request id, both in canonical form; `None` when it has not its shape.
///
/// A provider never holds a bar, so the first one separates; what follows a second one is a suffix of the id (D2).
#[must_use]
pub fn split_subject(subject: &str) -> Option<(String, codes::ServiceRequestId)> {
    let (provider, id) = subject.split_once('|')?;
    Some((codes::provider(provider)?, codes::service_request_id(id)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handbooks_eight_names() {
        let names = EventType::ALL.map(EventType::wire_name);
        assert_eq!(
            names,
            [
                "ucr-referral-received-1",
                "ucr-referral-triaged-1",
                "ucr-referral-rejected-1",
                "ucr-first-contact-1",
                "ucr-contact-1",
                "ucr-referral-closed-1",
                "ucr-referral-amended-1",
                "ucr-referral-voided-1",
            ]
        );
        for event_type in EventType::ALL {
            assert_eq!(EventType::from_wire_name(event_type.wire_name()), Some(event_type));
            assert_eq!(EventType::from_short_name(event_type.short_name()), Some(event_type));
        }
        assert_eq!(EventType::from_wire_name("ucr-contact-2"), None);
    }

    #[test]
    fn words_are_found_in_any_case() {
        assert_eq!(in_list(&SOURCE_GROUPS, " GP "), Some("gp"));
        assert_eq!(in_list(&DECISIONS, "maybe"), None);
        assert_eq!(in_list(&TARGETS, ""), None);
    }

    #[test]
    fn a_subject_is_split_at_its_first_bar() {
        let (provider, id) = split_subject("nr5|SRI-1|x").unwrap();
        assert_eq!((provider.as_str(), id.id.as_str()), ("NR5", "SRI-1"));
        assert_eq!(subject(&provider, &id.id), "NR5|SRI-1");
        for wrong in ["", "NR5", "|SRI-1", "NR5|", "NR5| "] {
            assert_eq!(split_subject(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn identity_cannot_be_amended() {
        for item in ["OrgID_Provider", "ServiceRequestID", "person", "CareContactID"] {
            assert!(!AMENDABLE_ITEMS.contains(&item));
        }
    }
}
