use super::*;
use std::collections::BTreeSet;

const ENVELOPE: &str =
    "submission_id data_set_version provider rp_start_date rp_end_date file_type file_received_at row_number";
const META: &str = "topic partition offset known_at";

fn names(table: Table) -> Vec<&'static str> {
    columns(table).iter().map(|column| column.name.as_str()).collect()
}

/// The column lists of the tables that matter most, written out: a change of the item list or of a handling shows here,
/// and is a schema change. The page `docs/csds-tables.md` holds the others.
#[test]
fn column_lists() {
    for (table, own) in [
        (Table::Cyp000Header, "org_id_submitter file_creation_date_time primary_system manifest content_sha256"),
        (
            Table::Cyp001Mpi,
            "local_patient_pseudonym org_id_local_patient_id org_id_responsible org_id_education_establishment \
             nhs_number_status nhs_number_status_raw gender gender_raw ethnic_category ethnic_category_raw \
             ethnic_category2021 language_preferred relationship_main_carer hvfav_date child_looked_after_indicator safeguarding_indicator \
             disability_supervision_and_care_indicator education_assessment \
             discussed_preferred_death_location_indicator risk_of_unexpected_death_indicator \
             death_location_preferred_type date_of_death death_location_actual_type not_at_preferred_location_reason \
             nhs_number_status_mother nhs_number_status_mother_raw pseudonym pseudonym_key_version age_years",
        ),
        (
            Table::Cyp002Gp,
            "local_patient_pseudonym org_id_gp gp_registration_start_date gp_registration_end_date org_id_gp_responsible",
        ),
        (
            Table::Cyp101Referral,
            "service_request_id service_request_id_placeholder local_patient_pseudonym org_id_commissioner \
             referral_request_received_date referral_request_received_time service_line_agreement source_of_referral \
             org_id_referring referring_staff_group priority_type priority_type_raw primary_referral_reason \
             discharge_date discharge_letter_issued_date received_at",
        ),
        (
            Table::Cyp102ServiceTypeReferredTo,
            "service_request_id service_request_id_placeholder team_id_local team_type team_type_raw \
             referral_closure_date referral_rejection_date referral_closure_reason referral_closure_reason_raw \
             referral_rejection_reason referral_rejection_reason_raw",
        ),
        (
            Table::Cyp104Rtt,
            "service_request_id service_request_id_placeholder booking_reference_pseudonym patient_pathway_pseudonym \
             patient_pathway_id_org_id waiting_time_measurement_type waiting_time_measurement_type_raw rtt_start_date \
             rtt_end_date rtt_status rtt_status_raw rtt_start_time rtt_end_time rtt_start_at rtt_end_at \
             rtt_start_resolution rtt_end_resolution",
        ),
        (
            Table::Cyp201CareContact,
            "care_contact_id service_request_id service_request_id_placeholder team_id_local contact_date contact_time \
             org_id_commissioner admin_category admin_category_raw care_contact_duration consultation_type \
             consultation_type_raw care_contact_subject care_contact_subject_raw consultation_medium_used \
             consultation_medium_used_raw cons_mechanism cons_mechanism_raw activity_location_type \
             activity_location_type_raw treatment_org_site_id group_therapy_indicator group_therapy_indicator_raw attend_or_not attend_or_not_raw attendance_status \
             attendance_status_raw reasonable_offer_date clinically_appropriate_date contact_cancellation_date \
             contact_cancellation_reason replacement_appointment_offered_date replacement_appointment_booked_date",
        ),
        (
            Table::Cyp202CareActivity,
            "care_activity_id care_contact_id activity_type activity_type_raw care_professional_pseudonym \
             care_activity_duration procedure_scheme coded_procedure finding_scheme coded_finding observation_scheme \
             coded_observation observation_value uc_unit_of_measurement",
        ),
        (Table::Cyp611Obs, "care_activity_id weight height length"),
        (
            Table::Cyp901StaffDetails,
            "care_professional_pseudonym registration_body registration_entry_pseudonym staff_group occupation_code \
             job_role_code",
        ),
    ] {
        let expected = format!("{ENVELOPE} {own} {META}");
        assert_eq!(names(table), expected.split_whitespace().collect::<Vec<_>>(), "{table}");
    }
}

#[test]
fn refused_rows_and_decisions_are_as_agreed() {
    assert_eq!(
        names(Table::CsdsRefusedRow).join(" "),
        format!("{ENVELOPE} table_name code item row_key parent_key {META}")
    );
    assert_eq!(names(Table::CsdsRowWarning).join(" "), format!("{ENVELOPE} table_name code item {META}"));
    let decision = "decision_id submission_id decision reason decided_by decided_at";
    assert_eq!(names(Table::CsdsSubmissionDecision).join(" "), format!("{decision} {META}"));
}

#[test]
fn the_event_table_is_as_agreed() {
    let expected = "event_id source event_type event_time provider service_request_id version_id \
        org_id_commissioner pseudonym pseudonym_key_version age_years lsoa practice received_at rtt_start_at \
        waiting_time_measurement_type source_of_referral source_group org_id_referring priority_type team_type \
        team_id_local usual_residence decision decided_at previous_waiting_time_type redirected_to rejected_at \
        referral_rejection_reason care_contact_id contact_at care_contact_duration_minutes cons_mechanism \
        attendance_status activity_location_type consultation_type stops_clock rtt_end_at closed_at closure_group \
        target amends_event_id changes voided_at reason duplicate_of extra topic partition offset known_at";
    assert_eq!(names(Table::UcrEvent), expected.split_whitespace().collect::<Vec<_>>());
    let always: Vec<&str> =
        columns(Table::UcrEvent).iter().filter(|column| !column.nullable).map(|column| column.name.as_str()).collect();
    assert_eq!(
        always.join(" "),
        format!("event_id source event_type event_time provider service_request_id version_id {META}")
    );
}

#[test]
fn the_state_tables_are_as_agreed() {
    const BEGIN: &str = "event_id source event_type event_time version_id subject withdrawn reason";
    const PERSON: &str = "pseudonym pseudonym_key_version age_years lsoa practice";
    for (table, own) in [
        (
            Table::VirtualWardStay,
            format!(
                "provider stay_id ward_id {PERSON} admitted_at discharged_at route pathway tech_enabled \
                 usual_residence outcome referred_by status"
            ),
        ),
        (Table::VirtualWardCapacity, "provider ward_id ward_name pathway beds valid_from valid_to area".to_owned()),
        (
            Table::HospitalSpell,
            format!(
                "provider spell_id segment trigger status {PERSON} admitted_at discharged_at setting ward_kind \
                 admission_method patient_classification usual_residence discharge_destination discharge_pathway \
                 discharge_ready_at primary_diagnosis external_cause"
            ),
        ),
        (
            Table::EdStay,
            format!(
                "provider attendance_id status {PERSON} arrived_at departed_at arrival_mode attendance_kind disposal \
                 linked_spell_id acuity investigated treated"
            ),
        ),
        (
            Table::Death,
            "pseudonym pseudonym_key_version date_of_death precision status place_kind external_cause neonatal revoked"
                .to_owned(),
        ),
        (
            Table::Registration,
            "pseudonym pseudonym_key_version practice pcn lsoa registered_from registered_to end_reason opted_out \
             care_home efi_band age_years"
                .to_owned(),
        ),
    ] {
        assert_eq!(names(table).join(" "), format!("{BEGIN} {own} extra {META}"), "{table}");
    }
    let of = |table, name: &str| {
        let schema = fact_schema(table);
        let field = schema.field_with_name(name).unwrap();
        (field.data_type().clone(), field.is_nullable())
    };
    assert_eq!(of(Table::VirtualWardStay, "admitted_at"), (timestamp(), true), "a void has none");
    assert_eq!(of(Table::VirtualWardCapacity, "valid_from"), (timestamp(), false));
    assert_eq!(of(Table::VirtualWardCapacity, "beds"), (DataType::Int32, true));
    assert_eq!(of(Table::Registration, "registered_to"), (DataType::Date32, true));
    assert_eq!(of(Table::Death, "pseudonym"), (DataType::Utf8, false));
    assert_eq!(of(Table::HospitalSpell, "segment"), (DataType::Int32, false));
    assert_eq!(of(Table::HospitalSpell, "withdrawn"), (DataType::Boolean, false));
}

#[test]
fn names_are_unique_and_end_with_the_meta_columns() {
    for table in Table::ALL {
        let names = names(table);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{table}");
        assert_eq!(names[names.len() - 4..].join(" "), META);
        let schema = fact_schema(table);
        assert_eq!(schema.fields().len(), names.len());
    }
}

#[test]
fn types_follow_the_list() {
    let of = |table, name: &str| {
        let schema = fact_schema(table);
        let field = schema.field_with_name(name).unwrap();
        (field.data_type().clone(), field.is_nullable())
    };
    assert_eq!(of(Table::Cyp104Rtt, "rtt_start_date"), (DataType::Date32, true));
    assert_eq!(of(Table::Cyp104Rtt, "rtt_start_time"), (DataType::Utf8, true));
    assert_eq!(of(Table::Cyp104Rtt, "rtt_start_at"), (timestamp(), true));
    assert_eq!(of(Table::Cyp104Rtt, "service_request_id"), (DataType::Utf8, false));
    assert_eq!(of(Table::Cyp201CareContact, "care_contact_duration"), (DataType::Int32, true));
    assert_eq!(of(Table::Cyp101Referral, "service_request_id_placeholder"), (DataType::Boolean, false));
    assert_eq!(of(Table::Cyp000Header, "file_creation_date_time"), (timestamp(), false));
    assert_eq!(of(Table::Cyp611Obs, "weight"), (DataType::Decimal128(6, 3), true));
    assert_eq!(of(Table::Cyp901StaffDetails, "care_professional_pseudonym"), (DataType::Utf8, false));
}

#[test]
fn no_direct_identifier_has_a_column() {
    for table in Table::ALL {
        for name in names(table) {
            for banned in [
                "nhs_number",
                "postcode",
                "date_of_birth",
                "local_patient_id",
                "patient_pathway_id",
                "booking_reference",
                "plan_id",
                "care_professional_id",
                "registration_entry_id",
            ] {
                let allowed = name.contains("status") || name.contains("org_id") || name.ends_with("_pseudonym");
                assert!(allowed || !name.contains(banned), "{table}.{name}");
            }
        }
    }
}

#[test]
fn a_resolution_names_an_instant_of_its_table() {
    for table in Table::ALL {
        for column in columns(table) {
            if let Source::Resolution(instant) = column.source {
                assert!(names(table).contains(&instant));
            }
        }
    }
}
