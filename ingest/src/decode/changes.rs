//! The `changes` of an amended event: known items only, each with a checked and normalised new
//! value.
//!
//! An item we do not know is a reason to refuse the event: an amendment that is half applied would
//! be a wrong figure without a trace. The old value (`from`) is not kept; the event it amends holds
//! it.

use std::borrow::Cow;

use homeward_contract::event::{AMENDABLE_ITEMS, CLOSURE_GROUPS, DECISIONS, SOURCE_GROUPS};
use homeward_contract::reject::RejectCode;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::extra::{copy_without_identifiers, push_text};
use super::fault::Fault;
use super::field;
use super::limits::{MOST_CHANGES, MOST_DURATION_MINUTES};
use super::scalar::Scalar;

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(default)]
    item: Option<String>,
    /// `None` when the field is absent; null is a value here, it clears the item.
    #[serde(borrow, default, deserialize_with = "present")]
    to: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The changes as `[{"item":...,"to":...}]`, instants in UTC, codes normalised, in the order they
/// came.
///
/// # Errors
/// The fault when an item is unknown, given twice, or its new value is not of its kind.
pub(super) fn normalise(raw: &RawValue) -> Result<String, Fault> {
    let bad = |words| Fault::because(RejectCode::BadChanges, "changes", words);
    let not_objects = || bad("is not a list of objects with item and to");
    let changes: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(|_| not_objects())?;
    if changes.is_empty() || changes.len() > MOST_CHANGES {
        return Err(bad("must hold between 1 and 64 changes"));
    }
    let mut out = String::with_capacity(raw.get().len());
    let mut seen = [false; AMENDABLE_ITEMS.len()];
    for change in changes {
        if !change.get().starts_with('{') {
            return Err(not_objects());
        }
        let change: Change<'_> = serde_json::from_str(change.get()).map_err(|_| not_objects())?;
        let (Some(named), Some(to)) = (change.item, change.to) else {
            return Err(bad("holds a change without item or to"));
        };
        let Some(place) = AMENDABLE_ITEMS.iter().position(|item| *item == named) else {
            return Err(Fault::word(RejectCode::UnknownChangeItem, &named));
        };
        if std::mem::replace(&mut seen[place], true) {
            return Err(bad("changes one item twice"));
        }
        let item = AMENDABLE_ITEMS[place];
        out.push_str(if out.is_empty() { "[{\"item\":\"" } else { ",{\"item\":\"" });
        out.push_str(item);
        out.push_str("\",\"to\":");
        push_value(&mut out, item, to)?;
        out.push('}');
    }
    out.push(']');
    Ok(out)
}

/// Writes the new value of `item`, checked and normalised as the item's column is.
fn push_value(out: &mut String, item: &'static str, to: &RawValue) -> Result<(), Fault> {
    if item == "bars" {
        let kept = copy_without_identifiers(to, out)
            .map_err(|_| Fault::because(RejectCode::BadChanges, item, "is nested too deep"))?;
        if !kept {
            out.push_str("null");
        }
        return Ok(());
    }
    let mut value: Scalar<'_> =
        serde_json::from_str(to.get()).map_err(|_| Fault::item(RejectCode::BadChanges, item))?;
    let value = &mut value;
    let text = match item {
        "stopsClock" => field::flag(item, value)?.map(|flag| Plain(flag.to_string())),
        "CareContact_Duration" => {
            let minutes = field::whole(item, value, 0..=MOST_DURATION_MINUTES, RejectCode::BadDuration)?;
            minutes.map(|minutes| Plain(minutes.to_string()))
        }
        _ => normalised_text(item, value)?.map(|text| {
            let mut quoted = String::with_capacity(text.len() + 2);
            push_text(&mut quoted, &text);
            Plain(quoted)
        }),
    };
    out.push_str(text.as_ref().map_or("null", |Plain(json)| json));
    Ok(())
}

/// JSON text, ready to be written.
struct Plain(String);

fn normalised_text<'a>(item: &'static str, value: &mut Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    match item {
        "ReferralRequest_ReceivedDateTime"
        | "RTT_StartDateTime"
        | "RTT_EndDateTime"
        | "Contact_DateTime"
        | "breachAt"
        | "decidedAt"
        | "rejectedAt"
        | "closedAt" => {
            Ok(field::instant(item, value)?.map(|at| Cow::Owned(at.format("%Y-%m-%dT%H:%M:%SZ").to_string())))
        }
        "Referral_RejectionDate" | "Referral_ClosureDate" | "Discharge_Date" => field::date(item, value),
        "WaitingTime_MeasurementType" | "previousWaitingTimeType" => field::waiting_type(item, value),
        "TeamType" => field::team_type(item, value),
        "ConsMechanism" | "Consultation_Type" | "Referral_RejectionReason" | "Referral_ClosureReason" => {
            field::two_digit(item, value)
        }
        "AttendanceStatus" | "Priority_Type" => field::one_digit(item, value),
        "OrgID_Commissioner" | "OrgID_Referring" | "redirectedTo" | "Activity_LocationType" => {
            field::organisation(item, value)
        }
        "usualResidence" => field::word(item, value),
        "decision" => field::listed(item, value, &DECISIONS, RejectCode::UnknownDecision),
        "sourceGroup" => field::listed(item, value, &SOURCE_GROUPS, RejectCode::UnknownSourceGroup),
        "closureGroup" => field::listed(item, value, &CLOSURE_GROUPS, RejectCode::UnknownClosureGroup),
        _ => field::text(item, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<String, Fault> {
        normalise(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_handbooks_changes_become_utc() {
        let json = r#"[{"item":"Contact_DateTime","from":"2025-06-12T11:41:00+01:00","to":"2025-06-12T11:36:00+01:00"},
            {"item":"RTT_EndDateTime","from":"2025-06-12T11:41:00+01:00","to":"2025-06-12T11:36:00+01:00"}]"#;
        assert_eq!(
            read(json).unwrap(),
            r#"[{"item":"Contact_DateTime","to":"2025-06-12T10:36:00Z"},{"item":"RTT_EndDateTime","to":"2025-06-12T10:36:00Z"}]"#
        );
    }

    #[test]
    fn codes_are_normalised_and_null_clears() {
        let json = r##"[{"item":"WaitingTime_MeasurementType","to":"7"},{"item":"AttendanceStatus","to":"#05"},{"item":"RTT_EndDateTime","to":null},
            {"item":"stopsClock","to":false},{"item":"bars","to":{"useCase":"a4t3","note":"x"}},{"item":"CareContact_Duration","to":"50"},{"item":"OrgID_Commissioner","to":"15n"}]"##;
        assert_eq!(
            read(json).unwrap(),
            concat!(
                r#"[{"item":"WaitingTime_MeasurementType","to":"07"},{"item":"AttendanceStatus","to":"5"},{"item":"RTT_EndDateTime","to":null},"#,
                r#"{"item":"stopsClock","to":false},{"item":"bars","to":{"useCase":"a4t3"}},{"item":"CareContact_Duration","to":50},{"item":"OrgID_Commissioner","to":"15N"}]"#
            )
        );
    }

    #[test]
    fn what_cannot_be_applied_is_refused() {
        for json in [
            "[]",
            "{}",
            "[1]",
            r#"[["stopsClock",true]]"#,
            r#"[{"item":"nhsNumber","to":"9990000018"}]"#,
            r#"[{"item":"Contact_DateTime"}]"#,
            r#"[{"to":null}]"#,
            r#"[{"item":"Contact_DateTime","to":"2025-06-12T11:36:00"}]"#,
            r#"[{"item":"Contact_DateTime","to":"2025-06-12T11:36:00+02:00"}]"#,
            r#"[{"item":"stopsClock","to":"perhaps"}]"#,
            r#"[{"item":"sourceGroup","to":"pharmacy"}]"#,
            r#"[{"item":"TeamType","to":"51"},{"item":"TeamType","to":"52"}]"#,
            r#"[{"item":"stopsClock","to":"true"}]"#,
        ] {
            let fault = read(json).unwrap_err();
            assert!(!fault.detail.contains("9990000018") && !fault.detail.contains("pharmacy"), "{json}");
        }
    }

    #[test]
    fn every_amendable_item_takes_null() {
        for item in AMENDABLE_ITEMS {
            let json = format!(r#"[{{"item":"{item}","to":null}}]"#);
            assert_eq!(read(&json).unwrap(), json);
        }
    }
}
