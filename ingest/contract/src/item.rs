//! The data items of CSDS, read from `reference/csds_fields.csv`: data, not code.
//!
//! The list is the union of versions 1.5 and 1.6. This module adds only what the list cannot say: how each item is
//! stored ([`Handling`]), because that is Homeward's choice and not the national standard's.

use std::sync::LazyLock;

use crate::feed::Table;
use crate::submission::CsdsVersion;

/// The national type of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemKind {
    /// Free length text and codes.
    Text,
    /// CCYY-MM-DD.
    Date,
    /// HH:MM:SS, perhaps after a date that means nothing.
    Time,
    /// Local date and time.
    DateTime,
    /// A whole number of 16 bits.
    Int16,
}

/// What an item is in its table's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyRole {
    /// No part of a key.
    None,
    /// The table's own key.
    Primary,
    /// Points at another table's key.
    Foreign,
}

/// How an item is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handling {
    /// Blanks around it removed, otherwise as sent.
    Text,
    /// An organisation code: capitals.
    Organisation,
    /// [`crate::codes::two_digit`], raw value kept in `<column>_raw`.
    TwoDigit,
    /// [`crate::codes::one_digit`], raw value kept in `<column>_raw`.
    OneDigit,
    /// [`crate::codes::team_type`], raw value kept in `<column>_raw`.
    TeamType,
    /// A date column.
    Date,
    /// Text in the form HH:MM:SS.
    Time,
    /// An instant, read as London's wall clock.
    DateTime,
    /// A whole number of 32 bits.
    Integer,
    /// The referral's key: cut at the bar, with a flag for placeholders.
    ServiceRequestId,
    /// Replaced by a keyed pseudonym under [`crate::identity::PseudonymKeys::local`].
    LocalPseudonym,
    /// Already in the columns of the submission.
    Envelope,
    /// Used while decoding (pseudonym, age) and never stored.
    Dropped,
}

/// One data item of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The table it belongs to.
    pub table: Table,
    /// Its national name, which is the CSV header and the JSON name.
    pub name: &'static str,
    /// Its national identifier, empty when new in 1.6.
    pub uid: &'static str,
    /// Its national type.
    pub kind: ItemKind,
    /// What it is in the table's key.
    pub key: KeyRole,
    /// True when a row without it is refused: mandation `M`, and the keys and anchor dates marked `M-unconfirmed`.
    pub mandatory: bool,
    /// The only version that has it; `None` when both have.
    pub only_version: Option<CsdsVersion>,
    /// How it is stored.
    pub handling: Handling,
}

static ITEMS: LazyLock<Vec<Item>> = LazyLock::new(|| read_items(include_str!("../reference/csds_fields.csv")));

/// Where each table's items begin and end in [`ITEMS`]: the file lists them table by table.
static RANGES: LazyLock<[std::ops::Range<usize>; Table::ALL.len()]> = LazyLock::new(|| {
    Table::ALL.map(|table| {
        let begin = ITEMS.iter().position(|item| item.table == table).unwrap_or(0);
        let length = ITEMS.iter().filter(|item| item.table == table).count();
        begin..begin + length
    })
});

/// The items of a table in the order of the national list; none for the event table.
#[must_use]
pub fn items(table: Table) -> &'static [Item] {
    &ITEMS[RANGES[table.index()].clone()]
}

/// The item of a table with this national name, in exactly this spelling.
#[must_use]
pub fn item(table: Table, name: &str) -> Option<&'static Item> {
    items(table).iter().find(|item| item.name == name)
}

fn read_items(text: &'static str) -> Vec<Item> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().filter_map(Result::ok).filter_map(|row| read_item(&row)).collect()
}

fn read_item(row: &csv::StringRecord) -> Option<Item> {
    // Names live as long as the program: the table is read once, and callers compare them without copying.
    let field = |place: usize| row.get(place).unwrap_or_default();
    let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let table = Table::from_csds_name(field(0))?;
    let name = leak(field(1));
    let kind = match field(3) {
        "date" => ItemKind::Date,
        "time" => ItemKind::Time,
        "datetime" => ItemKind::DateTime,
        "int16" => ItemKind::Int16,
        _ => ItemKind::Text,
    };
    let key = match field(5) {
        "" => KeyRole::None,
        "PK" => KeyRole::Primary,
        _ => KeyRole::Foreign,
    };
    let notes = field(6);
    let only_version = if notes.contains("v1.5 only") {
        Some(CsdsVersion::V1_5)
    } else if notes.contains("v1.6 only") {
        Some(CsdsVersion::V1_6)
    } else {
        None
    };
    let mandatory = field(4).starts_with('M');
    let handling = handling(table, name, kind);
    Some(Item { table, name, uid: leak(field(2)), kind, key, mandatory, only_version, handling })
}

fn handling(table: Table, name: &str, kind: ItemKind) -> Handling {
    if table == Table::Cyp000Header && matches!(name, "Version" | "OrgID_Provider" | "RP_StartDate" | "RP_EndDate") {
        return Handling::Envelope;
    }
    match name {
        "NHSNumber" | "NHSNumber_Mother" | "Postcode" | "DateOfBirth" => Handling::Dropped,
        // Booking references and pathway ids point at one person as surely as a local patient id does; ICB extracts
        // carry them pseudonymised (`disclosure.md` section 3).
        "LocalPatientID" | "PatientPathwayID" | "BookingReference" => Handling::LocalPseudonym,
        "ServiceRequestID" => Handling::ServiceRequestId,
        "TeamType" => Handling::TeamType,
        "WaitingTime_MeasurementType"
        | "RTT_Status"
        | "Referral_ClosureReason"
        | "Referral_RejectionReason"
        | "ConsMechanism"
        | "Consultation_MediumUsed"
        | "Consultation_Type"
        | "CareContact_Subject"
        | "AdminCategory"
        | "NHSNumber_Status"
        | "NHSNumberStatus_Mother" => Handling::TwoDigit,
        "Priority_Type" | "AttendanceStatus" | "AttendOrNot" | "Gender" => Handling::OneDigit,
        _ if kind == ItemKind::Text
            && (name.starts_with("OrgID_") || name.ends_with("_OrgID") || name == "Treatment_OrgSiteID") =>
        {
            Handling::Organisation
        }
        _ => match kind {
            ItemKind::Text => Handling::Text,
            ItemKind::Date => Handling::Date,
            ItemKind::Time => Handling::Time,
            ItemKind::DateTime => Handling::DateTime,
            ItemKind::Int16 => Handling::Integer,
        },
    }
}

/// The column an item's national name becomes: `OrgID_Provider` is `org_id_provider`, `RTT_StartDate` is
/// `rtt_start_date`, `NHSNumber` is `nhs_number`.
///
/// A new word begins at a capital after a small letter or digit, and at the last capital of a run that a small letter
/// follows.
#[must_use]
pub fn item_column(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut column = String::with_capacity(name.len() + 8);
    for (place, character) in characters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| characters.get(place)).copied().unwrap_or('_');
        let after_is_small = characters.get(place + 1).is_some_and(char::is_ascii_lowercase);
        let begins_word =
            character.is_ascii_uppercase() && before != '_' && (!before.is_ascii_uppercase() || after_is_small);
        if begins_word {
            column.push('_');
        }
        column.push(character.to_ascii_lowercase());
    }
    column
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_of_the_seven_tables_is_read() {
        let counts = Table::ALL.map(|table| items(table).len());
        let lines = include_str!("../reference/csds_fields.csv").lines();
        let expected: usize =
            lines.filter(|line| Table::from_csds_name(line.split(',').next().unwrap_or_default()).is_some()).count();
        assert_eq!(counts.iter().sum::<usize>(), expected);
        assert_eq!(counts, [0, 7, 26, 5, 13, 7, 10, 23, 0, 0]);
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
        ] {
            assert_eq!(item_column(name), column);
        }
    }

    #[test]
    fn versions_and_mandation_come_from_the_list() {
        let only = |table, name| item(table, name).unwrap().only_version;
        assert_eq!(only(Table::Cyp201CareContact, "ConsMechanism"), Some(CsdsVersion::V1_6));
        assert_eq!(only(Table::Cyp201CareContact, "AttendOrNot"), Some(CsdsVersion::V1_5));
        assert_eq!(only(Table::Cyp001Mpi, "OrgID_Responsible"), Some(CsdsVersion::V1_5));
        assert_eq!(only(Table::Cyp104Rtt, "RTT_StartDate"), None);
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
        assert_eq!(mandatory(Table::Cyp000Header).len(), 7);
    }

    #[test]
    fn identity_is_never_stored_as_sent() {
        for table in Table::ALL {
            for item in items(table) {
                let direct = ["NHSNumber", "Postcode", "DateOfBirth", "LocalPatientID", "PathwayID"];
                if direct.iter().any(|part| item.name.contains(part))
                    && !item.name.contains("OrgID")
                    && !item.name.contains("Status")
                {
                    assert!(matches!(item.handling, Handling::Dropped | Handling::LocalPseudonym), "{}", item.name);
                }
            }
        }
    }
}
