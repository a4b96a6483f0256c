//! What differs between the versions of CSDS, and how an older row is lifted to the newest shape: data, not code.
//!
//! `reference/csds_versions.csv` lists the changes. One set of columns holds all versions: an item stays empty in rows
//! of a version that lacks it. A renamed item keeps its own column; its value also fills the newer item, but only where
//! the two share their codes. A change marked unconfirmed is written down and acts on nothing.

use std::sync::LazyLock;

use crate::feed::Table;
use crate::item::records;
use crate::submission::CsdsVersion;

/// What happened to an item or a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is no longer sent.
    Removed,
    /// Another item took its place.
    Renamed {
        /// The newer item.
        successor: &'static str,
        /// True when both draw from the same codes, so that a value may be carried over.
        same_codes: bool,
    },
}

impl ChangeKind {
    /// The word of the list.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Renamed { .. } => "renamed",
        }
    }
}

/// One difference between a version and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The version that brought it.
    pub version: CsdsVersion,
    /// The table.
    pub table: Table,
    /// The item; none when it is the whole table.
    pub item: Option<&'static str>,
    /// What happened.
    pub kind: ChangeKind,
    /// False when no source confirms it: it then acts on nothing.
    pub confirmed: bool,
    /// Why, or what follows.
    pub reason: &'static str,
}

static CHANGES: LazyLock<Vec<Change>> = LazyLock::new(|| {
    records(include_str!("../reference/csds_versions.csv")).iter().filter_map(|row| read(row)).collect()
});

/// Every change, in the order of the list.
#[must_use]
pub fn changes() -> &'static [Change] {
    &CHANGES
}

/// The changes that lift a row of a version: renamed items whose value also fills the newer item.
pub fn uplifts(table: Table, version: CsdsVersion) -> impl Iterator<Item = (&'static str, &'static str)> {
    let newer = CHANGES.iter().filter(move |change| change.table == table && version < change.version);
    newer.filter_map(|change| match (change.item, change.kind) {
        (Some(item), ChangeKind::Renamed { successor, same_codes: true }) if change.confirmed => {
            Some((item, successor))
        }
        _ => None,
    })
}

/// The first and the last version that have an item.
pub(crate) fn lifetime(table: Table, item: &str) -> (CsdsVersion, CsdsVersion) {
    let (mut since, mut until) = (CsdsVersion::OLDEST, CsdsVersion::NEWEST);
    for change in CHANGES.iter().filter(|change| change.table == table && change.confirmed) {
        let is_own = change.item.is_none_or(|own| own == item);
        match change.kind {
            ChangeKind::Added if is_own => since = change.version,
            ChangeKind::Removed | ChangeKind::Renamed { .. } if is_own => until = change.version.before(),
            ChangeKind::Renamed { successor, .. } if successor == item => since = change.version,
            _ => {}
        }
    }
    (since, until)
}

fn read(row: &[&'static str]) -> Option<Change> {
    let &[version, table, item, kind, successor, codes, status, reason] = row else { return None };
    let kind = match kind {
        "added" => ChangeKind::Added,
        "removed" => ChangeKind::Removed,
        "renamed" => ChangeKind::Renamed { successor, same_codes: codes == "same" },
        _ => return None,
    };
    Some(Change {
        version: CsdsVersion::from_text(version)?,
        table: Table::from_csds_name(table)?,
        item: Some(item).filter(|item| !item.is_empty()),
        kind,
        confirmed: status == "confirmed",
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::item;

    #[test]
    fn every_line_of_the_list_is_read_and_names_what_exists() {
        assert_eq!(changes().len(), include_str!("../reference/csds_versions.csv").lines().count() - 1);
        for change in changes() {
            assert!(change.item.is_none_or(|name| item(change.table, name).is_some()), "{change:?}");
            assert!(change.version > CsdsVersion::OLDEST && !change.reason.is_empty(), "{change:?}");
            if let ChangeKind::Renamed { successor, .. } = change.kind {
                assert!(item(change.table, successor).is_some(), "{change:?}");
            }
        }
    }

    /// A rule a line, as the handbook tells the changes (`csds.md` section 1).
    #[test]
    fn each_version_has_its_items() {
        use CsdsVersion::{V1_0, V1_5, V1_6};
        let lifetime = |table, name: &str| {
            let item = item(table, name).unwrap();
            (item.since, item.until)
        };
        for (table, name, since, until) in [
            (Table::Cyp004CarePlanType, "PlanID", V1_5, V1_6),
            (Table::Cyp005CarePlanAgreement, "Plan_AgreedBy", V1_5, V1_6),
            (Table::Cyp006SocPerCircumstances, "SNOMED_ID", V1_5, V1_6),
            (Table::Cyp007EmpStatus, "EmploymentStatus", V1_5, V1_6),
            (Table::Cyp008OverseasVisitorChargCat, "LocalPatientID", V1_6, V1_6),
            (Table::Cyp001Mpi, "OrgID_Responsible", V1_0, V1_5),
            (Table::Cyp002Gp, "OrgID_GPResponsible", V1_0, V1_5),
            (Table::Cyp001Mpi, "EthnicCategory2021", V1_6, V1_6),
            (Table::Cyp201CareContact, "Consultation_MediumUsed", V1_0, V1_5),
            (Table::Cyp201CareContact, "ConsMechanism", V1_6, V1_6),
            (Table::Cyp201CareContact, "AttendOrNot", V1_0, V1_5),
            (Table::Cyp201CareContact, "AttendanceStatus", V1_6, V1_6),
            // Unconfirmed: written down, acts on nothing.
            (Table::Cyp104Rtt, "RTT_StartTime", V1_0, V1_6),
            (Table::Cyp104Rtt, "RTT_StartDate", V1_0, V1_6),
        ] {
            assert_eq!(lifetime(table, name), (since, until), "{name}");
        }
    }

    #[test]
    fn the_newest_change_makes_thirty_six_tables_thirty_seven() {
        let tables = |version| {
            let has = |table: &Table| crate::item::items(*table).iter().any(|item| item.is_in(version));
            Table::ALL.iter().filter(|table| has(table)).count()
        };
        assert_eq!((tables(CsdsVersion::V1_5), tables(CsdsVersion::V1_6)), (36, 37));
    }

    #[test]
    fn the_national_list_says_the_same_of_single_items() {
        for table in Table::ALL {
            for item in crate::item::items(table) {
                assert_eq!(item.notes.contains("v1.5 only"), item.until == CsdsVersion::V1_5, "{}", item.name);
                let new = item.notes.contains("v1.6 only") || item.notes.contains("new in v1.6");
                assert_eq!(new, item.since == CsdsVersion::V1_6, "{}", item.name);
            }
        }
    }

    #[test]
    fn only_shared_codes_are_carried_over_and_only_forwards() {
        let of = |version| uplifts(Table::Cyp201CareContact, version).collect::<Vec<_>>();
        assert_eq!(of(CsdsVersion::V1_0), [("AttendOrNot", "AttendanceStatus")]);
        assert_eq!(of(CsdsVersion::V1_5), [("AttendOrNot", "AttendanceStatus")]);
        assert_eq!(of(CsdsVersion::V1_6), []);
        assert_eq!(uplifts(Table::Cyp104Rtt, CsdsVersion::V1_0).count(), 0);
    }
}
