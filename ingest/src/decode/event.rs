//! The JSON shape of a CloudEvent (`ucr.md` section 7), borrowed from the payload: the envelope of every feed of events,
//! and the data of UCR.
//!
//! One struct serves all eight UCR types: a field is read wherever it stands, and `ucr` decides what
//! each type must have. Fields not named here are collected in `Extra`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use homeward_contract::event::{DATA_CONTENT_TYPE, SPEC_VERSION};
use homeward_contract::reject::RejectCode;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::extra::Extra;
use super::fault::Fault;
use super::field;
use super::scalar::{Key, Scalar};

/// Declares a JSON object: its scalar fields, its nested ones, and the prefix under which unknown
/// fields are kept.
///
/// `serde(flatten)` would do the same by buffering every value; this keeps the cost of unknown
/// fields with the records that have them. A known field given twice is refused: nobody can say
/// which of the two is meant.
macro_rules! object {
    (
        $(#[$doc:meta])* struct $name:ident $(of $inner:ident)?, unknown fields under $prefix:literal {
            $($json:literal => $field:ident,)*
            $(nested $nested_json:literal => $nested:ident: $nested_type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name<'a $(, $inner)?> {
            $(pub(super) $field: Scalar<'a>,)*
            $(pub(super) $nested: Option<$nested_type>,)*
            pub(super) extra: Extra<'a>,
        }

        impl<'a $(, $inner)?> Default for $name<'a $(, $inner)?> {
            fn default() -> Self {
                Self { $($field: Scalar::Null,)* $($nested: None,)* extra: Extra::default() }
            }
        }

        impl<'a $(, $inner: Deserialize<'a>)?> Deserialize<'a> for $name<'a $(, $inner)?> {
            fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields<T>(PhantomData<T>);
                impl<'a $(, $inner: Deserialize<'a>)?> Visitor<'a> for Fields<$name<'a $(, $inner)?>> {
                    type Value = $name<'a $(, $inner)?>;

                    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                        out.write_str("a JSON object")
                    }

                    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut object = Self::Value::default();
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
                deserializer.deserialize_map(Fields(PhantomData::<Self>))
            }
        }
    };
}

object! {
    /// The CloudEvents envelope, as the NHS event bus constrains it, with `data`.
    struct Envelope of Content, unknown fields under "" {
        "specversion" => specversion,
        "id" => id,
        "source" => source,
        "type" => event_type,
        "time" => time,
        "subject" => subject,
        "versionid" => version_id,
        "datacontenttype" => content_type,
        nested "filtering" => filtering: Ignored,
        nested "data" => data: Content,
    }
}

/// What an envelope says of its event, whatever the event is about.
pub(super) struct Head<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) source: Cow<'a, str>,
    pub(super) time: DateTime<Utc>,
    pub(super) version_id: i64,
}

impl<'a, Content> Envelope<'a, Content> {
    /// Checks the attributes that mean the same in every feed.
    pub(super) fn head(&mut self) -> Result<Head<'a>, Fault> {
        if field::attribute("specversion", &mut self.specversion)? != SPEC_VERSION {
            return Err(Fault::new(RejectCode::WrongSpecVersion));
        }
        if field::text("datacontenttype", &mut self.content_type)?
            .is_some_and(|sent| !sent.starts_with(DATA_CONTENT_TYPE))
        {
            return Err(Fault::new(RejectCode::BadDataContentType));
        }
        let missing = |item| Fault::item(RejectCode::MissingAttribute, item);
        let time = field::instant("time", &mut self.time)?.ok_or_else(|| missing("time"))?;
        let version = field::whole("versionid", &mut self.version_id, 1..=i64::MAX, RejectCode::BadVersionId)?;
        let version_id = version.ok_or_else(|| missing("versionid"))?;
        let id = field::identifier("id", &mut self.id)?;
        let source = field::identifier("source", &mut self.source)?;
        Ok(Head { id, source, time, version_id })
    }
}

/// Checks that the subject and the Kafka key name the entity of `data`: the key kept its records in one partition.
/// `names` says whether a text does, and nothing of a text that has not the shape of a subject.
pub(super) fn keyed(subject: &str, key: Option<&[u8]>, names: impl Fn(&str) -> Option<bool>) -> Result<(), Fault> {
    match names(subject) {
        Some(true) => {}
        Some(false) => return Err(Fault::new(RejectCode::SubjectMismatch)),
        None => return Err(Fault::new(RejectCode::BadSubject)),
    }
    let key = key.ok_or_else(|| Fault::new(RejectCode::MissingKey))?;
    if key == subject.as_bytes() || str::from_utf8(key).ok().and_then(names) == Some(true) {
        Ok(())
    } else {
        Err(Fault::new(RejectCode::KeyMismatch))
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
        let mut envelope: Envelope<'_, Data<'_>> = serde_json::from_str(json).unwrap();
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
        let error = serde_json::from_str::<Envelope<'_, Data<'_>>>(r#"{"id":"a","id":"b"}"#).unwrap_err();
        assert!(error.to_string().starts_with("duplicate field `id`"));
    }
}
