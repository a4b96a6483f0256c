//! Code lists, from `reference/csds_codes.csv` and `reference/service_team_types.csv`: data, not code.
//!
//! A list holds what the handbook found (`csds.md` section 7), with the strength of the evidence. It may lack codes, so
//! a code that it does not hold is counted and never refused.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::codes;
use crate::item::records;

/// One code of one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The list's name, which is the newest item's column.
    pub list: &'static str,
    /// The code in canonical form.
    pub code: &'static str,
    /// What it means; empty where only the code was found.
    pub meaning: &'static str,
    /// `confirmed`, `seen in NHS body code`, `unconfirmed` or `our choice`.
    pub status: &'static str,
    /// Where it was found.
    pub source: &'static str,
}

/// The words for how well a code is known.
pub const STATUSES: [&str; 4] = ["confirmed", "seen in NHS body code", "unconfirmed", "our choice"];

/// The list of service or team types, which has a file of its own.
const TEAM_TYPE: &str = "team_type";

static LISTS: LazyLock<BTreeMap<&'static str, Vec<Code>>> = LazyLock::new(|| {
    let mut lists: BTreeMap<&'static str, Vec<Code>> = BTreeMap::new();
    for row in records(include_str!("../reference/csds_codes.csv")) {
        if let &[list, code, meaning, status, source] = row.as_slice() {
            lists.entry(list).or_default().push(Code { list, code, meaning, status, source });
        }
    }
    lists.insert(TEAM_TYPE, codes::team_types().collect());
    lists
});

/// Every list by name, its codes in the order of the file.
#[must_use]
pub fn lists() -> &'static BTreeMap<&'static str, Vec<Code>> {
    &LISTS
}

/// The codes of a list; none when there is no such list.
#[must_use]
pub fn codes(list: &str) -> &'static [Code] {
    LISTS.get(list).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Table;
    use crate::item::{Handling, items};

    #[test]
    fn every_line_is_read_and_every_code_is_canonical() {
        let lines = include_str!("../reference/csds_codes.csv").lines().count() - 1;
        let read: usize = lists().iter().filter(|(list, _)| **list != TEAM_TYPE).map(|(_, codes)| codes.len()).sum();
        assert_eq!(read, lines);
        for item in Table::ALL.iter().flat_map(|table| items(*table)) {
            let Some(list) = item.code_list else { continue };
            assert!(!codes(list).is_empty() && item.handling.keeps_raw(), "{}", item.name);
            for code in codes(list) {
                let canonical = match item.handling {
                    Handling::TwoDigit => codes::two_digit(code.code),
                    Handling::OneDigit => codes::one_digit(code.code),
                    Handling::TeamType => codes::team_type(code.code),
                    _ => codes::code(code.code),
                };
                assert_eq!(canonical.as_deref(), Some(code.code), "{}", item.name);
                assert!(STATUSES.contains(&code.status) && !code.source.is_empty(), "{code:?}");
            }
        }
    }

    #[test]
    fn every_list_is_drawn_from_and_names_a_code_once() {
        let used: Vec<_> =
            Table::ALL.iter().flat_map(|table| items(*table)).filter_map(|item| item.code_list).collect();
        for (list, codes) in lists() {
            assert!(used.contains(list), "{list}");
            let mut seen: Vec<_> = codes.iter().map(|code| code.code).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), codes.len(), "{list}");
        }
    }

    #[test]
    fn the_words_of_the_handbook_are_kept() {
        let status = |list, code| codes(list).iter().find(|each| each.code == code).map(|each| each.status);
        assert_eq!(status("waiting_time_measurement_type", "05"), Some("confirmed"));
        assert_eq!(status("waiting_time_measurement_type", "08"), Some("unconfirmed"));
        assert_eq!(status("attendance_status", "5"), Some("seen in NHS body code"));
        assert_eq!(status("gender", "X"), Some("unconfirmed"));
        let team_types = ["51", "98", "22", "NU", "08"].map(|code| status(TEAM_TYPE, code));
        assert_eq!(team_types, [Some("seen in NHS body code"), Some("our choice"), None, None, None]);
    }
}
