use super::*;
use crate::feed::Feed;
use std::collections::BTreeMap;

fn all() -> impl Iterator<Item = &'static Item> {
    Table::ALL.into_iter().flat_map(items)
}

#[test]
fn every_item_of_all_thirty_seven_tables_is_read() {
    let lines = include_str!("../reference/csds_fields.csv").lines().count() - 1;
    assert_eq!((all().count(), lines), (232, 232));
    for table in Feed::Csds.tables().iter().filter(|table| table.csds_name().is_some()) {
        assert!(!items(*table).is_empty(), "{table}");
    }
    assert!(items(Table::UcrEvent).is_empty());
}

/// Lake names are the national names, word by word.
#[test]
fn lake_names_follow_the_national_names() {
    for table in Table::ALL {
        let Some(national) = table.csds_name() else { continue };
        let (number, words) = national.split_at(6);
        let expected = format!("csds_{}_{}", number.to_ascii_lowercase(), item_column(words));
        assert_eq!(table.name(), expected);
    }
}

#[test]
fn names_become_columns_mechanically() {
    for (name, column) in [
        ("OrgID_Provider", "org_id_provider"),
        ("ServiceRequestID", "service_request_id"),
        ("WaitingTime_MeasurementType", "waiting_time_measurement_type"),
        ("NHSNumber", "nhs_number"),
        ("NHSNumberStatus_Mother", "nhs_number_status_mother"),
        ("RTT_StartDate", "rtt_start_date"),
        ("RTT_Status", "rtt_status"),
        ("OrgID_GPResponsible", "org_id_gp_responsible"),
        ("GPRegistration_StartDate", "gp_registration_start_date"),
        ("FileCreation_DateTime", "file_creation_date_time"),
        ("EthnicCategory2021", "ethnic_category2021"),
        ("Treatment_OrgSiteID", "treatment_org_site_id"),
        ("HVFAV_Date", "hvfav_date"),
        ("TeamID_Local", "team_id_local"),
        ("UC_UnitOfMeasurement", "uc_unit_of_measurement"),
        ("CPP_StartDate", "cpp_start_date"),
        ("Result_MCADD", "result_mcadd"),
    ] {
        assert_eq!(item_column(name), column);
    }
}

#[test]
fn mandation_comes_from_the_list() {
    let mandatory =
        |table| -> Vec<&str> { items(table).iter().filter(|item| item.mandatory).map(|item| item.name).collect() };
    assert_eq!(mandatory(Table::Cyp001Mpi), ["LocalPatientID", "OrgID_LocalPatientID"]);
    assert_eq!(mandatory(Table::Cyp002Gp), ["LocalPatientID", "OrgID_GP"]);
    assert_eq!(mandatory(Table::Cyp104Rtt), ["ServiceRequestID"]);
    assert_eq!(
        mandatory(Table::Cyp101Referral),
        ["ServiceRequestID", "LocalPatientID", "ReferralRequest_ReceivedDate"]
    );
    assert_eq!(mandatory(Table::Cyp201CareContact), ["CareContactID", "ServiceRequestID", "Contact_Date"]);
    assert_eq!(mandatory(Table::Cyp202CareActivity), ["CareActivityID", "CareContactID"]);
    assert_eq!(mandatory(Table::Cyp000Header).len(), 7);
    for item in all() {
        let words = ["M", "P", "M-unconfirmed", "R-unconfirmed", "unknown"];
        assert!(words.contains(&item.mandation), "{}: {}", item.name, item.mandation);
    }
}

#[test]
fn decimals_have_their_digits() {
    let kind = |name| item(Table::Cyp611Obs, name).unwrap().kind;
    assert_eq!(kind("Weight"), ItemKind::Decimal { precision: 6, scale: 3 });
    assert_eq!(kind("Height"), ItemKind::Decimal { precision: 3, scale: 2 });
    assert_eq!(kind("Length"), ItemKind::Decimal { precision: 3, scale: 1 });
}

/// The tree of the handbook (`csds.md` section 2), written out.
#[test]
fn each_table_hangs_on_its_parent() {
    let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let number = |table: Table| &table.csds_name().unwrap()[3..6];
    for table in Feed::Csds.tables().iter().filter(|table| table.csds_name().is_some()) {
        let parent = table.parent();
        children.entry(parent.map_or("", |(parent, _)| number(parent))).or_default().push(number(*table));
        if let Some((parent, key)) = parent {
            assert!(parent < *table, "{table} stands before its parent");
            assert_eq!(item(parent, key.name).unwrap().key, KeyRole::Primary, "{table}");
        }
    }
    let tree: Vec<(&str, String)> =
        children.into_iter().map(|(parent, children)| (parent, children.join(" "))).collect();
    let expected = [
        ("", "000 001 301 613 901"),
        ("001", "002 003 004 006 007 008 101 401 402 403 404 501 502 601 602 603 604 605"),
        ("004", "005"),
        ("101", "102 103 104 105 201 606 607 608 609"),
        ("201", "202"),
        ("202", "610 611 612"),
    ];
    assert_eq!(tree, expected.map(|(parent, children)| (parent, children.to_owned())));
}

/// Each foreign key of the list is read, points at an item that exists, and is a parent or one of three references.
#[test]
fn every_foreign_key_of_the_list_is_covered() {
    let lines = include_str!("../reference/csds_fields.csv").lines().filter(|line| line.contains(",FK CYP")).count();
    let mut read = 0;
    let mut references = Vec::new();
    for each in all() {
        let KeyRole::Foreign(reference) = each.key else { continue };
        read += 1;
        assert!(item(reference.table, reference.item).is_some(), "{}", each.name);
        match each.table.parent() {
            Some((parent, key)) if key == each => assert_eq!(parent, reference.table),
            _ => references.push((each.table, each.name, reference.table)),
        }
    }
    assert_eq!(read, lines);
    assert_eq!(
        references,
        [
            (Table::Cyp201CareContact, "TeamID_Local", Table::Cyp102ServiceTypeReferredTo),
            (Table::Cyp202CareActivity, "CareProfessionalID_Local", Table::Cyp901StaffDetails),
            (Table::Cyp301GroupSession, "CareProfessionalID_Local", Table::Cyp901StaffDetails),
        ]
    );
}

#[test]
fn a_canonical_key_is_made_of_the_tables_items_and_its_parents() {
    for table in Table::ALL {
        for name in table.canonical_key() {
            let mut holder = Some(table);
            while holder.is_some_and(|table| item(table, name).is_none()) {
                holder = holder.and_then(Table::parent).map(|(parent, _)| parent);
            }
            assert!(holder.is_some(), "{table}: {name}");
        }
    }
}

#[test]
fn every_line_of_the_handling_list_is_used_and_read() {
    let lines = records(include_str!("../reference/csds_handling.csv"));
    assert_eq!(lines.len(), include_str!("../reference/csds_handling.csv").lines().count() - 1);
    for line in lines {
        let &[name, word, ..] = line.as_slice() else { panic!("{line:?}") };
        let used: Vec<_> = all().filter(|item| item.name == name).collect();
        assert!(!used.is_empty() && used.iter().all(|item| item.handling.word() == word), "{name}: {word}");
    }
}

/// What an item's name must not hold if the item is stored as sent, and the ids that name no person.
#[test]
fn identity_is_never_stored_as_sent() {
    const IDENTIFYING: [&str; 16] = [
        "NHSNumber",
        "Postcode",
        "Birth",
        "PatientID",
        "PathwayID",
        "Booking",
        "PlanID",
        "CareProfessional",
        "RegistrationEntry",
        "Surname",
        "Forename",
        "PersonName",
        "Address",
        "Telephone",
        "Email",
        "Comment",
    ];
    const NO_PERSON: [&str; 8] = [
        // Keys of a referral, a contact, an activity and a session: the ids that boards and joins are made of.
        "ServiceRequestID",
        "CareContactID",
        "CareActivityID",
        "GroupSessionID",
        // A team, a coded concept, an organisation's site, and who issued an id.
        "TeamID_Local",
        "SNOMED_ID",
        "Treatment_OrgSiteID",
        "PatientPathwayID_OrgID",
    ];
    for item in all() {
        let hidden = matches!(item.handling, Handling::Dropped | Handling::LocalPseudonym);
        let names_an_organisation = item.name.starts_with("OrgID_") || item.name.ends_with("_OrgID");
        let is_a_status = item.name.contains("Status");
        if IDENTIFYING.iter().any(|part| item.name.contains(part)) && !names_an_organisation && !is_a_status {
            assert!(hidden, "{}", item.name);
        }
        // An id that is new to the list is looked at before it is stored.
        if item.name.contains("ID") && !item.name.contains("COVID") && !names_an_organisation {
            assert!(hidden || NO_PERSON.contains(&item.name), "{}", item.name);
        }
        // A value that senders fill by hand is no code: it can hold anything.
        let by_hand = item.name.ends_with("Value") || item.name == "Score";
        assert_eq!(by_hand, item.handling == Handling::Measurement, "{}", item.name);
    }
    let hidden: std::collections::BTreeSet<&str> = all()
        .filter(|item| matches!(item.handling, Handling::Dropped | Handling::LocalPseudonym))
        .map(|item| item.name)
        .collect();
    assert_eq!(
        hidden.into_iter().collect::<Vec<_>>(),
        [
            "BookingReference",
            "CareProfessionalID_Local",
            "DateOfBirth",
            "LocalPatientID",
            "NHSNumber",
            "NHSNumber_Mother",
            "PatientPathwayID",
            "PlanID",
            "Postcode",
            "RegistrationEntryID",
        ]
    );
}
