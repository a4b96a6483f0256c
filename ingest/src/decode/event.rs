//! The JSON shape of a UCR CloudEvent (`ucr.md` section 7), borrowed from the payload.
//!
//! One struct serves all eight types: a field is read wherever it stands, and `ucr` decides what
//! each type must have. Fields not named here are collected in `Extra`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::extra::Extra;
use super::scalar::{Key, Scalar};

/// Declares a JSON object: its scalar fields, its nested ones, and the prefix under which unknown
/// fields are kept.
///
/// `serde(flatten)` would do the same by buffering every value; this keeps the cost of unknown
/// fields with the records that have them. A known field given twice is refused: nobody can say
/// which of the two is meant.
macro_rules! object {
    (
        $(#[$doc:meta])* struct $name:ident, unknown fields under $prefix:literal {
            $($json:literal => $field:ident,)*
            $(nested $nested_json:literal => $nested:ident: $nested_type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(super) struct $name<'a> {
            $(pub(super) $field: Scalar<'a>,)*
            $(pub(super) $nested: Option<$nested_type>,)*
            pub(super) extra: Extra<'a>,
        }

        impl<'a> Deserialize<'a> for $name<'a> {
            fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'a> Visitor<'a> for Fields {
                    type Value = $name<'a>;

                    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                        out.write_str("a JSON object")
                    }

                    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut object = $name::default();
                        while let Some(Key(key)) = map.next_key()? {
                            match key.as_ref() {
                                $($json => {
                                    if !object.$field.is_null() {
                                        return Err(A::Error::duplicate_field($json));
                                    }
                                    object.$field = map.next_value()?;
                                })*
                                $($nested_json => {
                                    if object.$nested.is_some() {
                                        return Err(A::Error::duplicate_field($nested_json));
                                    }
                                    object.$nested = map.next_value()?;
                                })*
                                _ => object.extra.keep($prefix, key, map.next_value()?),
                            }
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(Fields)
            }
        }
    };
}

object! {
    /// The CloudEvents envelope, as the NHS event bus constrains it, with `data`.
    struct Envelope, unknown fields under "" {
        "specversion" => specversion,
        "id" => id,
        "source" => source,
        "type" => event_type,
        "time" => time,
        "subject" => subject,
        "versionid" => version_id,
        "datacontenttype" => content_type,
        nested "filtering" => filtering: Ignored,
        nested "data" => data: Data<'a>,
    }
}

object! {
    /// The business content of every event type together.
    struct Data, unknown fields under "data." {
        "OrgID_Provider" => provider,
        "ServiceRequestID" => service_request_id,
        "OrgID_Commissioner" => commissioner,
        "ReferralRequest_ReceivedDateTime" => received_at,
        "RTT_StartDateTime" => rtt_start_at,
        "WaitingTime_MeasurementType" => waiting_type,
        "breachAt" => breach_at,
        "SourceOfReferral" => source_of_referral,
        "sourceGroup" => source_group,
        "OrgID_Referring" => referring,
        "Priority_Type" => priority,
        "TeamType" => team_type,
        "TeamID_Local" => team_id,
        "usualResidence" => usual_residence,
        "decision" => decision,
        "decidedAt" => decided_at,
        "previousWaitingTimeType" => previous_waiting_type,
        "redirectedTo" => redirected_to,
        "rejectedAt" => rejected_at,
        "Referral_RejectionReason" => rejection_reason,
        "CareContactID" => care_contact_id,
        "Contact_DateTime" => contact_at,
        "CareContact_Duration" => duration_minutes,
        "ConsMechanism" => mechanism,
        "AttendanceStatus" => attendance,
        "Activity_LocationType" => location_type,
        "Consultation_Type" => consultation_type,
        "stopsClock" => stops_clock,
        "RTT_EndDateTime" => rtt_end_at,
        "closedAt" => closed_at,
        "closureGroup" => closure_group,
        "target" => target,
        "amendsEventId" => amends_event_id,
        "voidedAt" => voided_at,
        "reason" => reason,
        "duplicateOf" => duplicate_of,
        nested "person" => person: Person<'a>,
        nested "changes" => changes: &'a RawValue,
    }
}

object! {
    /// The person, by pseudonym. An NHS number is accepted here only to be turned into one.
    struct Person, unknown fields under "data.person." {
        "pseudonym" => pseudonym,
        "keyVersion" => key_version,
        "ageYears" => age_years,
        "lsoa" => lsoa,
        "practice" => practice,
        "nhsNumber" => nhs_number,
    }
}

/// `filtering` repeats what `data` says for the bus's subscribers; whatever it holds, we do not
/// read it.
#[derive(Debug, Default)]
pub(super) struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_are_collected_at_every_level() {
        let json = r#"{"id":"a","traceparent":"00-1","filtering":"not an object","data":{"TeamType":51,"bars":{"useCase":"a4t3","name":"x"},
            "person":{"lsoa":"E01","sex":"2","postcode":"PL1 1AA","note":null}}}"#;
        let mut envelope: Envelope<'_> = serde_json::from_str(json).unwrap();
        let mut data = envelope.data.take().unwrap();
        let person = data.person.take().unwrap();
        envelope.extra.append(data.extra);
        envelope.extra.append(person.extra);
        assert_eq!(
            envelope.extra.to_json().unwrap().unwrap(),
            r#"{"traceparent":"00-1","data.bars":{"useCase":"a4t3"},"data.person.sex":"2"}"#
        );
    }

    #[test]
    fn a_known_field_given_twice_is_refused() {
        let error = serde_json::from_str::<Envelope<'_>>(r#"{"id":"a","id":"b"}"#).unwrap_err();
        assert!(error.to_string().starts_with("duplicate field `id`"));
    }
}
