//! The data items of CSDS: data, not code.
//!
//! `reference/csds_fields.csv` is the national list, the union of all versions. `reference/csds_handling.csv` adds what
//! that list cannot say: how an item is stored and which code list it draws from, because that is Homeward's choice and
//! not the national standard's. Which versions have an item is in [`crate::version`].

use std::sync::LazyLock;

use crate::feed::Table;
use crate::submission::CsdsVersion;
use crate::version;

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
    /// A number with digits behind the point.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Of those, digits behind the point.
        scale: u8,
    },
}

/// The key item of a table that another table's item points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The table that is pointed at.
    pub table: Table,
    /// Its item.
    pub item: &'static str,
}

/// What an item is in its table's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyRole {
    /// No part of a key.
    None,
    /// The table's own key.
    Primary,
    /// Points at another table's key.
    Foreign(Reference),
}

/// How an item is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handling {
    /// Blanks around it removed, otherwise as sent.
    Text,
    /// An organisation code: capitals.
    Organisation,
    /// [`crate::codes::code`], raw value kept in `<column>_raw`.
    Code,
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
    /// A decimal number with as many digits as the item has.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Of those, digits behind the point.
        scale: u8,
    },
    /// Text that is a number ([`crate::codes::measurement`]); anything else is not kept, because it can name a person.
    Measurement,
    /// The referral's key: cut at the bar, with a flag for placeholders.
    ServiceRequestId,
    /// Replaced by a keyed pseudonym under [`crate::identity::PseudonymKeys::local`].
    LocalPseudonym,
    /// Already in the columns of the submission.
    Envelope,
    /// Used while decoding (pseudonym, age) and never stored.
    Dropped,
}

impl Handling {
    /// True when the value as sent has a column of its own.
    #[must_use]
    pub const fn keeps_raw(self) -> bool {
        matches!(self, Handling::Code | Handling::TwoDigit | Handling::OneDigit | Handling::TeamType)
    }

    /// The word of the data dictionary.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Handling::Text => "text",
            Handling::Organisation => "organisation",
            Handling::Code => "code",
            Handling::TwoDigit => "two digits",
            Handling::OneDigit => "one digit",
            Handling::TeamType => "team type",
            Handling::Date => "date",
            Handling::Time => "time",
            Handling::DateTime => "date and time",
            Handling::Integer => "whole number",
            Handling::Decimal { .. } => "decimal",
            Handling::Measurement => "measurement",
            Handling::ServiceRequestId => "service request id",
            Handling::LocalPseudonym => "local pseudonym",
            Handling::Envelope => "envelope",
            Handling::Dropped => "dropped",
        }
    }

    /// The handlings that `csds_handling.csv` may name; the others follow from the item's kind.
    const NAMED: [Handling; 9] = [
        Handling::Code,
        Handling::TwoDigit,
        Handling::OneDigit,
        Handling::TeamType,
        Handling::Measurement,
        Handling::ServiceRequestId,
        Handling::LocalPseudonym,
        Handling::Envelope,
        Handling::Dropped,
    ];

    /// A word that is none is a slip of the file, which a test finds; storing nothing is the safe way to read it.
    fn named(word: &str) -> Handling {
        Handling::NAMED.into_iter().find(|handling| handling.word() == word).unwrap_or(Handling::Dropped)
    }

    fn of_kind(name: &str, kind: ItemKind) -> Handling {
        let is_organisation = name.starts_with("OrgID_") || name.ends_with("_OrgID") || name.ends_with("_OrgSiteID");
        match kind {
            ItemKind::Text if is_organisation => Handling::Organisation,
            ItemKind::Text => Handling::Text,
            ItemKind::Date => Handling::Date,
            ItemKind::Time => Handling::Time,
            ItemKind::DateTime => Handling::DateTime,
            ItemKind::Int16 => Handling::Integer,
            ItemKind::Decimal { precision, scale } => Handling::Decimal { precision, scale },
        }
    }
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
    /// The mandation as the list has it: `M`, `P`, `M-unconfirmed`, `R-unconfirmed` or `unknown`.
    pub mandation: &'static str,
    /// True when a row without it is refused: mandation `M`, and the keys and anchor dates marked `M-unconfirmed`.
    pub mandatory: bool,
    /// The first version that has it.
    pub since: CsdsVersion,
    /// The last version that has it.
    pub until: CsdsVersion,
    /// How it is stored.
    pub handling: Handling,
    /// Why it is stored so, where that needs saying.
    pub handling_reason: &'static str,
    /// The code list it draws from, if one is known ([`crate::code_list`]).
    pub code_list: Option<&'static str>,
    /// Its name in the NHS Data Dictionary, and remarks.
    pub notes: &'static str,
}

impl Item {
    /// Whether a version has it.
    #[must_use]
    pub fn is_in(&self, version: CsdsVersion) -> bool {
        (self.since..=self.until).contains(&version)
    }
}

impl Table {
    /// The table whose row a row of this table hangs on, and the item that names that row; none for tables that stand
    /// alone. A row whose parent is refused is refused with it.
    ///
    /// An item that points at another table and may be absent is a reference, not a parent.
    #[must_use]
    pub fn parent(self) -> Option<(Table, &'static Item)> {
        items(self).iter().filter(|item| item.mandatory).find_map(|item| match item.key {
            KeyRole::Foreign(reference) => Some((reference.table, item)),
            KeyRole::None | KeyRole::Primary => None,
        })
    }

    /// The item by which rows of other tables name a row of this one as their parent; none when no table hangs on it.
    #[must_use]
    pub fn named_by(self) -> Option<&'static Item> {
        Table::ALL.into_iter().find_map(|child| match child.parent()?.1.key {
            KeyRole::Foreign(reference) if reference.table == self => item(self, reference.item),
            _ => None,
        })
    }

    /// The item that names the entity a row belongs to, and so keeps its rows together: the referral where the row
    /// names it, else the parent, else the row itself. None when no item names anything.
    #[must_use]
    pub fn entity_item(self) -> Option<&'static Item> {
        item(self, "ServiceRequestID")
            .or_else(|| self.parent().map(|(_, item)| item))
            .or_else(|| items(self).iter().find(|item| item.mandatory))
    }

    /// The items that tell one row of this table from another at one provider, outermost first. Items that the table
    /// itself lacks come from its parent's row in the same submission. Empty for tables of which nobody has said what
    /// makes two rows the same: there, every row stands for itself.
    ///
    /// Our choice (`csds.md` section 3). A contact's own id is not enough: it is used under several referrals (D3).
    #[must_use]
    pub const fn canonical_key(self) -> &'static [&'static str] {
        match self {
            Table::Cyp001Mpi => &["LocalPatientID"],
            Table::Cyp101Referral => &["ServiceRequestID"],
            Table::Cyp104Rtt => &["ServiceRequestID", "WaitingTime_MeasurementType", "RTT_StartDate", "RTT_StartTime"],
            Table::Cyp201CareContact => &["ServiceRequestID", "CareContactID"],
            Table::Cyp202CareActivity => &["ServiceRequestID", "CareContactID", "CareActivityID"],
            _ => &[],
        }
    }
}

static ITEMS: LazyLock<Vec<Item>> = LazyLock::new(|| {
    let handlings = records(include_str!("../reference/csds_handling.csv"));
    records(include_str!("../reference/csds_fields.csv")).iter().filter_map(|row| read_item(row, &handlings)).collect()
});

/// Where each table's items begin and end in [`ITEMS`]: the file lists them table by table.
static RANGES: LazyLock<[std::ops::Range<usize>; Table::ALL.len()]> = LazyLock::new(|| {
    Table::ALL.map(|table| {
        let begin = ITEMS.iter().position(|item| item.table == table).unwrap_or(0);
        let length = ITEMS.iter().filter(|item| item.table == table).count();
        begin..begin + length
    })
});

/// The items of a table in the order of the national list; none for tables that are not of the data set.
#[must_use]
pub fn items(table: Table) -> &'static [Item] {
    &ITEMS[RANGES[table.index()].clone()]
}

/// The item of a table with this national name, in exactly this spelling.
#[must_use]
pub fn item(table: Table, name: &str) -> Option<&'static Item> {
    items(table).iter().find(|item| item.name == name)
}

/// The rows of a compiled-in table. Texts live as long as the program: each file is read once, and callers compare
/// names without copying.
pub(crate) fn records(text: &'static str) -> Vec<Vec<&'static str>> {
    let leak = |field: &str| -> &'static str { Box::leak(field.to_owned().into_boxed_str()) };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().filter_map(Result::ok).map(|row| row.iter().map(leak).collect()).collect()
}

fn read_item(row: &[&'static str], handlings: &[Vec<&'static str>]) -> Option<Item> {
    let &[table, name, uid, kind, mandation, key, notes] = row else { return None };
    let table = Table::from_csds_name(table)?;
    let kind = read_kind(kind);
    let (handling, code_list, handling_reason) = match handlings.iter().find(|row| row[0] == name).map(Vec::as_slice) {
        Some(&[_, word, list, reason]) => (Handling::named(word), Some(list).filter(|list| !list.is_empty()), reason),
        _ => (Handling::of_kind(name, kind), None, ""),
    };
    let (since, until) = version::lifetime(table, name);
    Some(Item {
        table,
        name,
        uid,
        kind,
        key: read_key(key),
        mandation,
        mandatory: mandation.starts_with('M'),
        since,
        until,
        handling,
        handling_reason,
        code_list,
        notes,
    })
}

fn read_kind(text: &str) -> ItemKind {
    let decimal = || {
        let (precision, scale) = text.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
        Some(ItemKind::Decimal { precision: precision.parse().ok()?, scale: scale.parse().ok()? })
    };
    match text {
        "date" => ItemKind::Date,
        "time" => ItemKind::Time,
        "datetime" => ItemKind::DateTime,
        "int16" => ItemKind::Int16,
        _ => decimal().unwrap_or(ItemKind::Text),
    }
}

/// `PK`, perhaps with a remark, or `FK CYP001.LocalPatientID`.
fn read_key(text: &'static str) -> KeyRole {
    let reference = || {
        let (table, item) = text.strip_prefix("FK ")?.split_once('.')?;
        let table = Table::ALL.into_iter().find(|each| each.csds_name().is_some_and(|name| name.starts_with(table)))?;
        Some(KeyRole::Foreign(Reference { table, item }))
    };
    if text.starts_with("PK") { KeyRole::Primary } else { reference().unwrap_or(KeyRole::None) }
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
#[path = "item_tests.rs"]
mod tests;
