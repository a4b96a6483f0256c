//! Rows of the tables that no indicator needs yet, so that a submission is whole and every decoder is used.
//!
//! They follow from the contract: a row hangs on a row of its parent table, and each item is filled by its kind and code
//! list. Nothing here draws from the streams of the other rows, so that asking for more of these changes none of those.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveDate};
use homeward_contract::code_list;
use homeward_contract::dictionary;
use homeward_contract::feed::Table;
use homeward_contract::item::{Handling, Item, ItemKind, KeyRole, items};
use homeward_contract::submission::Submission;

use super::files::Row;
use crate::random::{Stream, mix};

/// Tables whose rows are planted elsewhere, because figures rest on them.
const PLANTED: [Table; 7] = [
    Table::Cyp000Header,
    Table::Cyp001Mpi,
    Table::Cyp002Gp,
    Table::Cyp101Referral,
    Table::Cyp102ServiceTypeReferredTo,
    Table::Cyp104Rtt,
    Table::Cyp201CareContact,
];

/// Tables of children: they hang on the one child of each submission.
const CHILDREN: [Table; 7] = [
    Table::Cyp401SpEdNeedId,
    Table::Cyp402Svf,
    Table::Cyp403Cpp,
    Table::Cyp502Imm,
    Table::Cyp603NewbornHearingScreening,
    Table::Cyp604BloodSpotResult,
    Table::Cyp605Ipe,
];

/// Members of staff a provider lists.
const STAFF: usize = 3;

/// Adds rows to every table that is not planted: at least one each where there is a row to hang on, and one for the given
/// share of the rows they hang on.
pub(crate) fn add(tables: &mut BTreeMap<Table, Vec<Row>>, submission: &Submission, seed: u64, share: f64) {
    if share <= 0.0 {
        return;
    }
    let child = child(submission);
    tables.entry(Table::Cyp001Mpi).or_default().push(child.clone());
    for (table, _) in dictionary::tables() {
        let is_sent = items(table).iter().any(|item| item.is_in(submission.version));
        if !is_sent || PLANTED.contains(&table) {
            continue;
        }
        let filler = Filler { table, submission, seed };
        let rows: Vec<Row> = match table.parent() {
            None if table == Table::Cyp901StaffDetails => (0..STAFF).map(|number| filler.row(None, number)).collect(),
            None => vec![filler.row(None, 0)],
            Some(_) if CHILDREN.contains(&table) => vec![filler.row(Some(&child), 0)],
            Some((parent, key)) => {
                let parents = tables.get(&parent).map_or(&[][..], Vec::as_slice);
                let chosen = parents.iter().enumerate().filter(|(number, row)| {
                    *number == 0 || filler.draw(value(row, key.name), 0) < (share * f64::from(u32::MAX)) as u64
                });
                chosen.map(|(number, row)| filler.row(Some(row), number)).collect()
            }
        };
        tables.insert(table, rows);
    }
}

/// A child of three weeks, known to the provider and referred to nobody.
fn child(submission: &Submission) -> Row {
    vec![
        ("LocalPatientID", format!("CHILD-{}", submission.rp_end.format("%Y%m"))),
        ("OrgID_LocalPatientID", submission.provider.clone()),
        ("NHSNumber_Status", "07".to_owned()),
        ("DateOfBirth", (submission.rp_start - Duration::days(21)).to_string()),
        ("Gender", "9".to_owned()),
        ("EthnicCategory", "Z".to_owned()),
    ]
}

fn value<'r>(row: &'r Row, item: &str) -> &'r str {
    row.iter().find(|(name, _)| *name == item).map_or("", |(_, value)| value.as_str())
}

/// Fills the rows of one table.
struct Filler<'a> {
    table: Table,
    submission: &'a Submission,
    seed: u64,
}

impl Filler<'_> {
    /// A number of 32 bits that the same entity always draws for the same purpose.
    fn draw(&self, entity: &str, purpose: u64) -> u64 {
        let entity = entity.bytes().fold(0, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        mix(self.seed, Stream::Further, &[self.table.index() as u64, entity, purpose]) >> 32
    }

    fn row(&self, parent: Option<&Row>, number: usize) -> Row {
        let own = items(self.table).iter().filter(|item| item.is_in(self.submission.version));
        own.map(|item| (item.name, self.cell(item, parent, number))).collect()
    }

    fn cell(&self, item: &Item, parent: Option<&Row>, number: usize) -> String {
        let inherited = parent.map(|row| value(row, item.name)).filter(|value| !value.is_empty());
        if let (KeyRole::Foreign(_), Some(value)) = (item.key, inherited) {
            return value.to_owned();
        }
        let holder = parent.zip(self.table.parent()).map_or("", |(row, (_, key))| value(row, key.name));
        match item.kind {
            ItemKind::Date => self.day(number).to_string(),
            ItemKind::Time => "10:30:00".to_owned(),
            ItemKind::DateTime => format!("{}T10:30:00", self.day(number)),
            ItemKind::Int16 if item.name.ends_with("_Duration") => "45".to_owned(),
            ItemKind::Int16 => "8".to_owned(),
            ItemKind::Decimal { .. } => match item.name {
                "Weight" => "71.250",
                "Height" => "1.70",
                _ => "52.0",
            }
            .to_owned(),
            ItemKind::Text => self.text(item, holder, number),
        }
    }

    fn day(&self, number: usize) -> NaiveDate {
        self.submission.rp_start + Duration::days(number as i64 % 28)
    }

    fn text(&self, item: &Item, holder: &str, number: usize) -> String {
        if let Some(list) = item.code_list {
            let codes = code_list::codes(list);
            let drawn = self.draw(holder, 1) as usize % codes.len().max(1);
            return codes.get(drawn).map(|code| code.code.to_owned()).unwrap_or_default();
        }
        match (item.name, item.handling) {
            ("CareProfessionalID_Local", _) => format!("STAFF-{:02}", number % STAFF),
            ("RegistrationEntryID", _) => format!("REG-{number:02}"),
            ("CareActivityID", _) => format!("{holder}-A1"),
            ("PlanID", _) => format!("{holder}-P1"),
            ("GroupSessionID", _) => format!("GROUP-{}", self.submission.rp_end.format("%Y%m")),
            // "Lives alone" and other concepts: any number of that shape does, since nothing interprets it.
            ("SNOMED_ID", _) => "105529008".to_owned(),
            (_, Handling::Measurement) => "7".to_owned(),
            (_, Handling::Organisation) => self.submission.provider.clone(),
            _ => "01".to_owned(),
        }
    }
}
