//! The tables of CSDS in words, made from the contract: the page `docs/csds-tables.md` and what `meta.csds_items` shows.

use std::fmt::{self, Write as _};

use crate::code_list;
use crate::feed::{Feed, Table};
use crate::item::{Item, ItemKind, KeyRole, items};
use crate::schema::{Column, Source, columns};
use crate::submission::CsdsVersion;
use crate::version::{self, ChangeKind};

/// Where the page belongs, from the repository's root.
pub const PAGE: &str = "docs/csds-tables.md";

impl fmt::Display for ItemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ItemKind::Text => f.pad("text"),
            ItemKind::Date => f.pad("date"),
            ItemKind::Time => f.pad("time"),
            ItemKind::DateTime => f.pad("date and time"),
            ItemKind::Int16 => f.pad("int16"),
            ItemKind::Decimal { precision, scale } => f.pad(&format!("decimal({precision},{scale})")),
        }
    }
}

/// The tables of the data set, in the order of the national list.
pub fn tables() -> impl Iterator<Item = (Table, &'static str)> {
    Feed::Csds.tables().iter().filter_map(|table| Some((*table, table.csds_name()?)))
}

/// The columns of the lake that hold an item: the value, and the value as sent where that is kept too.
#[must_use]
pub fn item_columns(item: &Item) -> Vec<&'static str> {
    let holds = |column: &&Column| match column.source {
        Source::Item(own) | Source::Raw(own) | Source::RequestPlaceholder(own) => own == item,
        _ => false,
    };
    columns(item.table).iter().filter(holds).map(|column| column.name.as_str()).collect()
}

/// What the item is in its table's key, in words: `own key`, or the item that it points at; empty for others.
#[must_use]
pub fn key_words(item: &Item) -> String {
    match item.key {
        KeyRole::None => String::new(),
        KeyRole::Primary => "own key".to_owned(),
        KeyRole::Foreign(reference) => {
            let table = reference.table.csds_name().unwrap_or_default();
            format!("points at {table}.{}", reference.item)
        }
    }
}

/// The whole page.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(HEAD);
    tree(&mut page);
    changes(&mut page);
    for (table, name) in tables() {
        table_section(&mut page, table, name);
    }
    codes(&mut page);
    page
}

const HEAD: &str = "\
<!-- Made by `homeward generate --out .` from the contract. Do not edit. -->

# The tables of CSDS

Every table and item of the Community Services Data Set, and where each is kept. Each row of a submission becomes one
row of one lake table. The rules are in [contract.md](contract.md).

**Mandation** is the national list's word; `unconfirmed` and `unknown` are kept. A row without an item marked `M` or
`M-unconfirmed` is refused.

**Handling** is our choice:

| Word | How the item is kept |
|---|---|
| text | without blanks around it |
| organisation | blanks removed, capitals |
| code, two digits, one digit, team type | in one form, with the value as sent beside it |
| date, time, date and time, whole number, decimal | as what it is; a value that is none is refused |
| measurement | as sent when it is a number; else not kept and flagged, because text can name a person |
| service request id | cut at the bar, with a flag for placeholders |
| local pseudonym | as a keyed pseudonym |
| envelope | in the columns of the submission |
| dropped | not at all |

Every table also has `submission_id`, `data_set_version`, `provider`, `rp_start_date`, `rp_end_date`, `file_type`,
`file_received_at`, `row_number`, `topic`, `partition`, `offset` and `known_at`.

A refused row is no row of its table: `csds_refused_row` holds where it stood, why, and the keys that it names where they
can be read. `csds_row_warning` holds what was found about rows that were kept. Withdrawals are rows of
`csds_submission_decision`.

Dates of events are kept. Those of newborn screening and of the infant examination lie near a birth.
";

/// Writing to a string cannot fail.
macro_rules! line {
    ($page:expr, $($part:tt)*) => { let _ = writeln!($page, $($part)*); };
}

fn tree(page: &mut String) {
    line!(page, "\n## Tables\n");
    line!(
        page,
        "A parent is the row without which a row says nothing. A canonical key tells rows of one provider apart (our choice);"
    );
    line!(page, "where there is none, each row stands for itself.\n");
    line!(page, "| Table | A row is | Parent, by | Canonical key, after the provider | Versions | Lake table |");
    line!(page, "|---|---|---|---|---|---|");
    for (table, name) in tables() {
        let parent = table.parent().map_or("none".to_owned(), |(parent, item)| {
            format!("{}, `{}`", parent.csds_name().unwrap_or_default(), item.name)
        });
        let key = table.canonical_key().iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let since = items(table).iter().map(|item| item.since).min().unwrap_or(CsdsVersion::OLDEST);
        line!(
            page,
            "| [{name}](#{}) | {} | {parent} | {key} | {} | `{}` |",
            name.to_ascii_lowercase(),
            table.words(),
            lifetime(since, CsdsVersion::NEWEST),
            table.name()
        );
    }
}

fn changes(page: &mut String) {
    line!(page, "\n## Versions\n");
    line!(
        page,
        "One set of columns holds versions 1.0, 1.5 and 1.6. A row is lifted to 1.6 by these rules, picked by the header's"
    );
    line!(page, "version, which must be the one of the reporting period. A renamed item also keeps its own column.\n");
    line!(page, "| From | Table | Item | Change | Value carried over | Known | Why |");
    line!(page, "|---|---|---|---|---|---|---|");
    for change in version::changes() {
        let (kind, carried) = match change.kind {
            ChangeKind::Renamed { successor, same_codes } => {
                (format!("renamed to `{successor}`"), if same_codes { "yes" } else { "no" })
            }
            kind => (kind.word().to_owned(), ""),
        };
        line!(
            page,
            "| {} | {} | {} | {kind} | {carried} | {} | {} |",
            change.version.as_str(),
            change.table.csds_name().unwrap_or_default(),
            change.item.map_or("the whole table".to_owned(), |item| format!("`{item}`")),
            if change.confirmed { "confirmed" } else { "unconfirmed" },
            change.reason
        );
    }
}

fn table_section(page: &mut String, table: Table, name: &str) {
    line!(page, "\n## {name}\n");
    line!(page, "A row is {}. Lake table `{}`.\n", table.words(), table.name());
    line!(page, "| Item | UID | Type | Mandation | Key | Versions | Handling | Columns | Codes |");
    line!(page, "|---|---|---|---|---|---|---|---|---|");
    for item in items(table) {
        let columns = item_columns(item).iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
        let handling = match item.handling_reason {
            "" => item.handling.word().to_owned(),
            reason => format!("{}: {reason}", item.handling.word()),
        };
        line!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {handling} | {columns} | {} |",
            item.name,
            item.uid,
            item.kind,
            item.mandation,
            key_words(item),
            lifetime(item.since, item.until),
            item.code_list.map(|list| format!("[{list}](#{list})")).unwrap_or_default()
        );
    }
    let derived: Vec<String> = columns(table)
        .iter()
        .filter(|column| is_derived(column.source))
        .map(|column| format!("`{}`", column.name))
        .collect();
    if !derived.is_empty() {
        line!(page, "\nMade from them: {}.", derived.join(", "));
    }
    for column in columns(table).iter().filter(|column| column.source == Source::Manifest) {
        line!(page, "\nBeside them: `{}`, how many rows of each table the submission has.", column.name);
    }
    for column in columns(table).iter().filter(|column| column.source == Source::Content) {
        line!(page, "\nAnd `{}`, the checksum of what its rows say.", column.name);
    }
}

/// True for the columns that a table makes from several items, or from items that it does not keep.
const fn is_derived(source: Source) -> bool {
    matches!(
        source,
        Source::Pseudonym
            | Source::PseudonymKeyVersion
            | Source::AgeYears
            | Source::StartInstant { .. }
            | Source::EndInstant { .. }
            | Source::Resolution(_)
    )
}

fn codes(page: &mut String) {
    line!(page, "\n## Code lists\n");
    line!(
        page,
        "The lists hold what was found, each code with how well it is known. A code that its list does not hold is kept and"
    );
    line!(
        page,
        "flagged `HW-CSDS-070`, never refused. `SourceOfReferral`, `PrimaryReferralReason`, `AccommStatus` and"
    );
    line!(
        page,
        "`Referral_ClosureReason` have no list: none was found, so their codes stay as sent and are not mapped."
    );
    for (list, codes) in code_list::lists() {
        line!(page, "\n### {list}\n");
        line!(page, "| Code | Meaning | Known | Source |");
        line!(page, "|---|---|---|---|");
        for code in codes {
            line!(page, "| {} | {} | {} | {} |", code.code, code.meaning, code.status, code.source);
        }
    }
}

fn lifetime(since: CsdsVersion, until: CsdsVersion) -> String {
    match (since, until) {
        (CsdsVersion::OLDEST, CsdsVersion::NEWEST) => "all".to_owned(),
        (since, CsdsVersion::NEWEST) => format!("from {}", since.as_str()),
        (_, until) => format!("to {}", until.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_table_item_column_and_code() {
        let page = page();
        for (table, name) in tables() {
            assert!(page.contains(&format!("\n## {name}\n")));
            for item in items(table) {
                assert!(page.contains(&format!("| `{}` | {} |", item.name, item.uid)), "{}", item.name);
            }
            for column in columns(table) {
                assert!(page.contains(&format!("`{}`", column.name)), "{}", column.name);
            }
        }
        for code in code_list::lists().values().flatten() {
            assert!(page.contains(&format!("| {} | {} | {} |", code.code, code.meaning, code.status)));
        }
        assert!(page.contains("unconfirmed") && page.ends_with("|\n"));
        // A bar inside a text would tear its row: every row of a table has as many cells as its head.
        let mut cells = 0;
        for line in page.lines() {
            cells = if !line.starts_with('|') {
                0
            } else if cells == 0 {
                line.matches('|').count()
            } else {
                cells
            };
            assert_eq!(line.matches('|').count(), cells, "{line}");
        }
    }

    #[test]
    fn an_item_knows_its_columns() {
        let of = |table, name| item_columns(crate::item::item(table, name).unwrap());
        assert_eq!(of(Table::Cyp104Rtt, "RTT_Status"), ["rtt_status", "rtt_status_raw"]);
        assert_eq!(of(Table::Cyp104Rtt, "PatientPathwayID"), ["patient_pathway_pseudonym"]);
        assert_eq!(of(Table::Cyp001Mpi, "Postcode"), Vec::<&str>::new());
    }
}
