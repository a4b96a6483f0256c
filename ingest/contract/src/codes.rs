//! How dirty codes become canonical ones: rules D1, D2 and D8 of the handbook (`csds.md` section 9).
//!
//! Every function is idempotent: what it returns, it returns again. The raw value is kept beside the canonical one by
//! whoever stores it; nothing here invents a meaning for a code that is not in a list.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::code_list::Code;
use crate::identity::NhsNumber;

/// The project's code for a team type that says nothing (`csds.md` section 7).
pub const UNKNOWN_TEAM_TYPE: &str = "98";

/// The text that marks a service request id as a stand-in for a missing one (D2).
const PLACEHOLDER_MARK: &str = "NHSNOREM";

/// A two-character code: blanks and `#` removed, a single digit padded to two. `None` when nothing is left.
#[must_use]
pub fn two_digit(raw: &str) -> Option<String> {
    let mut code = stripped(raw)?;
    if code.len() == 1 && code.as_bytes()[0].is_ascii_digit() {
        code.insert(0, '0');
    }
    Some(code)
}

/// A one-character code: blanks and `#` removed, the leading zeros of a number dropped. `None` when nothing is left.
#[must_use]
pub fn one_digit(raw: &str) -> Option<String> {
    let code = stripped(raw)?;
    let short = code.trim_start_matches('0');
    Some(if short.is_empty() { "0".to_owned() } else { short.to_owned() })
}

/// A code of another shape, such as `A01` or `Z`: blanks and `#` removed, capitals. `None` when nothing is left.
#[must_use]
pub fn code(raw: &str) -> Option<String> {
    stripped(raw).map(|code| code.to_ascii_uppercase())
}

/// Most characters of a measured value.
const MEASUREMENT_CHARACTERS: usize = 10;

/// A measured value that is surely one: digits, and the signs that stand in numbers, at most ten characters and no NHS
/// number. `None` for anything else.
#[must_use]
pub fn measurement(raw: &str) -> Option<&str> {
    let value = raw.trim();
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit() || b".,<>=+-/%".contains(&byte))
        && value.bytes().any(|byte| byte.is_ascii_digit());
    (is_number && value.len() <= MEASUREMENT_CHARACTERS && NhsNumber::parse(value).is_err()).then_some(value)
}

fn stripped(raw: &str) -> Option<String> {
    let code: String = raw.chars().filter(|c| *c != '#' && !c.is_whitespace()).collect();
    (!code.is_empty()).then_some(code)
}

/// A service request id as Homeward keys it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceRequestId {
    /// The id, cut at the first vertical bar.
    pub id: String,
    /// True when the id stands in for a missing one: the row is kept, and nothing is ever joined on it.
    pub placeholder: bool,
}

/// Reads a service request id (D2). `None` when nothing is left of it.
#[must_use]
pub fn service_request_id(raw: &str) -> Option<ServiceRequestId> {
    let id = raw.split('|').next().unwrap_or_default().trim();
    (!id.is_empty()).then(|| ServiceRequestId {
        id: id.to_owned(),
        placeholder: raw.to_ascii_uppercase().contains(PLACEHOLDER_MARK),
    })
}

/// A provider's organisation code (D8): capitals, and a site code that is an organisation code padded with `00`
/// (`R1X00`) resolved to the organisation (`R1X`). `None` when the text has not the shape of an organisation code.
///
/// Only for provider roll-up: a site of treatment keeps its own code.
#[must_use]
pub fn provider(raw: &str) -> Option<String> {
    let mut code = organisation(raw)?;
    if !(2..=12).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    if code.len() == 5 && code.ends_with("00") {
        code.truncate(3);
    }
    Some(code)
}

/// An organisation code as text: blanks removed, capitals. `None` when empty.
#[must_use]
pub fn organisation(raw: &str) -> Option<String> {
    let code: String = raw.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    (!code.is_empty()).then_some(code)
}

/// One row of the service or team type list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TeamTypeRow {
    label: String,
    is_listed: bool,
    replaced_by: Option<String>,
    ucr_scope_before_2023_04: bool,
}

static TEAM_TYPES: LazyLock<BTreeMap<String, TeamTypeRow>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_bytes!("../reference/service_team_types.csv").as_slice());
    reader
        .records()
        .filter_map(Result::ok)
        .filter_map(|row| {
            let field = |place: usize| row.get(place).unwrap_or_default().trim();
            let replaced_by = (!field(3).is_empty()).then(|| field(3).to_owned());
            let row = TeamTypeRow {
                label: field(1).to_owned(),
                is_listed: field(2) != "not in list",
                replaced_by,
                ucr_scope_before_2023_04: field(4) == "true",
            };
            Some((two_digit(field(0))?, row))
        })
        .collect()
});

/// A service or team type: two digits, retired codes moved to their successors, junk stored as 98.
///
/// A well-formed code that the list does not know is kept: a newer list may know it. What has not the shape of a code
/// is junk too. `None` when empty.
#[must_use]
pub fn team_type(raw: &str) -> Option<String> {
    let code = two_digit(raw)?;
    if let Some(replacement) = TEAM_TYPES.get(&code).and_then(|row| row.replaced_by.clone()) {
        return Some(replacement);
    }
    let well_formed = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit());
    Some(if well_formed { code } else { UNKNOWN_TEAM_TYPE.to_owned() })
}

/// The service or team types that canonical rows may hold, as a code list.
pub(crate) fn team_types() -> impl Iterator<Item = Code> {
    TEAM_TYPES.iter().filter(|(code, row)| row.is_listed && team_type(code).as_ref() == Some(*code)).map(
        |(code, row)| {
            let (status, source) = match code.as_str() {
                UNKNOWN_TEAM_TYPE => ("our choice", "unusable values are stored so"),
                _ => (
                    "seen in NHS body code",
                    "CSDS technical output specification 1.6.10, as mapped in a public pipeline",
                ),
            };
            Code { list: "team_type", code, meaning: &row.label, status, source }
        },
    )
}

/// What a team type is called, in words; `None` when the list has no words for it.
#[must_use]
pub fn team_type_label(team_type: &str) -> Option<&'static str> {
    TEAM_TYPES.get(team_type).map(|row| row.label.as_str()).filter(|label| !label.is_empty())
}

/// True for the team types to which the two-hour measure was limited before 1 April 2023 (edge rule E13).
#[must_use]
pub fn pre_2023_ucr_team(team_type: &str) -> bool {
    two_digit(team_type).and_then(|code| TEAM_TYPES.get(&code)).is_some_and(|row| row.ucr_scope_before_2023_04)
}

/// The team types for which [`pre_2023_ucr_team`] is true, in order.
#[must_use]
pub fn pre_2023_ucr_teams() -> Vec<&'static str> {
    TEAM_TYPES.iter().filter(|(_, row)| row.ucr_scope_before_2023_04).map(|(code, _)| code.as_str()).collect()
}

/// A code of a closed or open word list (`sourceGroup` and the like): trimmed, lower case.
#[must_use]
pub fn word(raw: &str) -> Option<String> {
    let word = raw.trim().to_ascii_lowercase();
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_character_codes_are_padded() {
        for raw in ["05", "5", " 5 ", "#5", "5#", "05  ", "##05"] {
            assert_eq!(two_digit(raw).as_deref(), Some("05"), "{raw:?}");
        }
        for empty in ["", "   ", "#", "##"] {
            assert_eq!(two_digit(empty), None, "{empty:?}");
        }
        assert_eq!(two_digit("X").as_deref(), Some("X"));
    }

    #[test]
    fn one_character_codes_lose_their_zero() {
        for raw in ["5", "05", " 05", "#5"] {
            assert_eq!(one_digit(raw).as_deref(), Some("5"), "{raw:?}");
        }
        assert_eq!(one_digit("00").as_deref(), Some("0"));
        assert_eq!(one_digit("X").as_deref(), Some("X"));
        assert_eq!(one_digit("10").as_deref(), Some("10"));
        assert_eq!(one_digit(" "), None);
    }

    #[test]
    fn other_codes_lose_padding_and_gain_capitals() {
        for raw in ["A01", " a01 ", "#A01", "A01##"] {
            assert_eq!(code(raw).as_deref(), Some("A01"), "{raw:?}");
        }
        assert_eq!(code(" # "), None);
    }

    #[test]
    fn a_measurement_is_a_number_and_nobodys_number() {
        for kept in ["12", " 7.5 ", "<0.1", "120/80", "-3", "100%", "1234567890"] {
            assert_eq!(measurement(kept), Some(kept.trim()), "{kept}");
        }
        for left_out in ["", "-", "Smith", "12 mg", "9990000018", "999 000 0018", "12345678901", "٣"] {
            assert_eq!(measurement(left_out), None, "{left_out}");
        }
    }

    #[test]
    fn a_service_request_id_is_cut_at_the_bar() {
        let id = service_request_id(" SRI-1|2025 ").unwrap();
        assert_eq!((id.id.as_str(), id.placeholder), ("SRI-1", false));
        assert_eq!(service_request_id("|x"), None);
        assert_eq!(service_request_id("  "), None);
    }

    #[test]
    fn a_placeholder_is_flagged_wherever_its_mark_stands() {
        for raw in ["NHSNOREM123", "S1|NHSNOREM", "abc-nhsnorem-1"] {
            assert!(service_request_id(raw).unwrap().placeholder, "{raw}");
        }
    }

    #[test]
    fn a_site_padded_with_noughts_is_its_organisation() {
        assert_eq!(provider("R1X00").as_deref(), Some("R1X"));
        assert_eq!(provider(" nr5 ").as_deref(), Some("NR5"));
        assert_eq!(provider("R1X01").as_deref(), Some("R1X01"));
        assert_eq!(provider("900").as_deref(), Some("900"));
        assert_eq!(provider("NR5|X"), None);
        assert_eq!(provider(""), None);
    }

    #[test]
    fn junk_and_retired_team_types_are_moved() {
        for junk in ["00", "0", "99", "NU", "xx", "?"] {
            assert_eq!(team_type(junk).as_deref(), Some("98"), "{junk}");
        }
        assert_eq!(team_type("22").as_deref(), Some("58"));
        assert_eq!(team_type("28").as_deref(), Some("57"));
        assert_eq!(team_type("5").as_deref(), Some("05"));
        assert_eq!(team_type("77").as_deref(), Some("77"));
        assert_eq!(team_type(""), None);
    }

    #[test]
    fn the_old_scope_is_four_team_types() {
        assert_eq!(pre_2023_ucr_teams(), ["45", "51", "52", "53"]);
        assert!(pre_2023_ucr_team(" 51 "));
        assert!(!pre_2023_ucr_team("12"));
        assert_eq!(team_type_label("51"), Some("Crisis response intermediate care"));
        assert_eq!(team_type_label("28"), None);
    }

    proptest::proptest! {
        #[test]
        fn normalising_twice_changes_nothing(raw in "\\PC{0,6}") {
            for rule in [two_digit, one_digit, code, organisation, provider, team_type, word] {
                if let Some(once) = rule(&raw) {
                    proptest::prop_assert_eq!(rule(&once), Some(once));
                }
            }
        }
    }
}
