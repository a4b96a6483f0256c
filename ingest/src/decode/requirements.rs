//! What an event must bring for its type, and what its fields must not say against each other.

use homeward_contract::event::EventType;
use homeward_contract::reject::RejectCode;

use super::columns::Value;
use super::fault::Fault;
use super::ucr::At;

/// Checks a filled row.
///
/// # Errors
/// The first requirement that the row does not meet.
pub(super) fn check(event_type: EventType, at: &At, row: &[Value<'_>]) -> Result<(), Fault> {
    for item in event_type.required_items() {
        if column_of(item, at).is_some_and(|column| row[column].is_null()) {
            return Err(Fault::item(RejectCode::MissingItem, item));
        }
    }
    match event_type {
        EventType::Triaged => decision(at, row),
        EventType::FirstContact | EventType::Contact => clock_stop(at, row),
        EventType::Amended | EventType::Voided
            if says(&row[at.target], "contact") && row[at.care_contact_id].is_null() =>
        {
            Err(Fault::new(RejectCode::ContactNotNamed))
        }
        _ => Ok(()),
    }
}

/// The column that a required item fills; provider and referral were checked before.
fn column_of(item: &str, at: &At) -> Option<usize> {
    Some(match item {
        "ReferralRequest_ReceivedDateTime" => at.received_at,
        "decision" => at.decision,
        "decidedAt" => at.decided_at,
        "rejectedAt" => at.rejected_at,
        "CareContactID" => at.care_contact_id,
        "Contact_DateTime" => at.contact_at,
        "closedAt" => at.closed_at,
        "target" => at.target,
        "changes" => at.changes,
        "voidedAt" => at.voided_at,
        _ => return None,
    })
}

fn decision(at: &At, row: &[Value<'_>]) -> Result<(), Fault> {
    let decision = &row[at.decision];
    if says(decision, "redirected") && row[at.redirected_to].is_null() {
        return Err(Fault::new(RejectCode::RedirectedNowhere));
    }
    let both_types = !row[at.waiting_time_measurement_type].is_null() && !row[at.previous_waiting_time_type].is_null();
    if says(decision, "reclassified") && !both_types {
        return Err(Fault::new(RejectCode::ReclassifiedFromNothing));
    }
    Ok(())
}

/// `stopsClock` true needs an end and anything else forbids one; an absent flag counts as false.
fn clock_stop(at: &At, row: &[Value<'_>]) -> Result<(), Fault> {
    let stops = row[at.stops_clock] == Value::Flag(true);
    if stops == row[at.rtt_end_at].is_null() { Err(Fault::new(RejectCode::ClockStopContradiction)) } else { Ok(()) }
}

fn says(value: &Value<'_>, word: &str) -> bool {
    matches!(value, Value::Text(text) if text == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A required item without a column here would never be checked.
    #[test]
    fn every_required_item_is_checked() {
        let schema = homeward_contract::schema::fact_schema(homeward_contract::feed::Table::UcrEvent);
        let at = At::of(&schema);
        for item in EventType::ALL.into_iter().flat_map(EventType::required_items) {
            assert!(matches!(*item, "OrgID_Provider" | "ServiceRequestID") || column_of(item, &at).is_some(), "{item}");
        }
    }
}
