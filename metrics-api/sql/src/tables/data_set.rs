//! `meta.csds_items`, `meta.csds_codes` and `meta.reject_codes`: the national data set as the contract reads it. Pure.

use homeward_contract::code_list;
use homeward_contract::dictionary::{item_columns, key_words, tables};
use homeward_contract::item::items;
use homeward_contract::reject::RejectCode;

use super::column::{Cell, Kind, always, maybe};
use super::meta_table::{Written, outline};
use Kind::{Bigint, Boolean, Text};

/// `meta.csds_items`
pub(crate) fn csds_items() -> Written {
    let columns = vec![
        always("table_name", Text, "National name of the table, for example CYP104RTT."),
        always("position", Bigint, "Place of the item in its table, from 1."),
        always("item", Text, "National name of the item."),
        maybe("uid", Text, "National identifier of the item; null where none was seen."),
        always("type", Text, "National type: text, date, time, date and time, int16 or decimal."),
        always("mandation", Text, "M, P, M-unconfirmed, R-unconfirmed or unknown, as the national list was read."),
        always("refused_without", Boolean, "True when a row without the item is refused."),
        maybe("key", Text, "own key, or the item that it points at; null for others."),
        always("since_version", Text, "First version of the data set that has it."),
        always("until_version", Text, "Last version of the data set that has it."),
        always("handling", Text, "How it is kept; docs/csds-tables.md explains the words."),
        maybe("why", Text, "Why it is kept so, where that needs saying."),
        always("lake_table", Text, "Table of the lake that holds it."),
        maybe("lake_columns", Text, "Columns that hold it, joined by commas; null when it has none of its own."),
        maybe("code_list", Text, "List of meta.csds_codes that it draws from; null where none was found."),
        always("notes", Text, "Name in the NHS Data Dictionary, and remarks."),
    ];
    let rows = tables().flat_map(|(table, name)| {
        (1..).zip(items(table)).map(move |(position, item)| -> Vec<Cell> {
            vec![
                name.into(),
                Cell::from(position),
                item.name.into(),
                filled(item.uid).into(),
                item.kind.to_string().into(),
                item.mandation.into(),
                item.mandatory.into(),
                filled(&key_words(item)).into(),
                item.since.as_str().into(),
                item.until.as_str().into(),
                item.handling.word().into(),
                filled(item.handling_reason).into(),
                table.name().into(),
                filled(&item_columns(item).join(",")).into(),
                item.code_list.map(str::to_owned).into(),
                item.notes.into(),
            ]
        })
    });
    let about = "Every item of the Community Services Data Set: type, key, mandation, and where the lake keeps it.";
    (outline("csds_items", about, columns), rows.collect())
}

/// `meta.csds_codes`
pub(crate) fn csds_codes() -> Written {
    let columns = vec![
        always("code_list", Text, "List, as in meta.csds_items."),
        always("code", Text, "Code in the form in which the lake keeps it."),
        maybe("meaning", Text, "What it means; null where only the code was found."),
        always("status", Text, "confirmed, seen in NHS body code, unconfirmed or our choice."),
        always("source", Text, "Where it was found."),
    ];
    let rows = code_list::lists().values().flatten().map(|code| -> Vec<Cell> {
        vec![code.list.into(), code.code.into(), filled(code.meaning).into(), code.status.into(), code.source.into()]
    });
    let about = "Code lists of the Community Services Data Set, each code with how well it is known.";
    (outline("csds_codes", about, columns), rows.collect())
}

/// `meta.reject_codes`
pub(crate) fn reject_codes() -> Written {
    let columns = vec![
        always("code", Text, "Code as shown, for example HW-CSDS-023. It keeps its meaning."),
        always("severity", Text, "file, record, cascade, warning or filter."),
        always("consequence", Text, "What becomes of what the rule catches."),
        always("message", Text, "What is wrong."),
        always("mend", Text, "How to mend it."),
    ];
    let rows = RejectCode::ALL.iter().map(|rule| -> Vec<Cell> {
        let severity = rule.severity();
        vec![
            rule.code().into(),
            severity.as_str().into(),
            severity.words().into(),
            rule.message().into(),
            rule.mend().into(),
        ]
    });
    let about = "Every reason for which a submission or a record is refused, filtered or flagged.";
    (outline("reject_codes", about, columns), rows.collect())
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
