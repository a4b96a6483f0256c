//! The reject codes in words, made from [`RejectCode`]: the page `docs/reject-codes.md`.

use std::fmt::Write as _;

use crate::reject::{RejectCode, Severity};

/// Where the page belongs, from the repository's root.
pub const PAGE: &str = "docs/reject-codes.md";

const HEAD: &str = "\
<!-- Made by `homeward generate --out .` from the contract. Do not edit. -->

# Reject codes

Every reason for which a submission or a record is refused, filtered or flagged. The codes are Homeward's own and must
never look like national ones. A code once given keeps its meaning. Messages hold no value of the record. In SQL the
same stands in `meta.reject_codes`. `homeward submission feedback ID` lists what was found in one submission, and
`homeward quarantine show ID` tells of one refused record.

`HW-ANY-008` and `HW-UCR-063` are declared and not raised yet.

## What becomes of it

| Severity | What it means |
|---|---|
";

/// Sections by the codes' first letters.
const SECTIONS: [(&str, &str); 7] = [
    ("HW-ANY", "Any feed"),
    ("HW-UCR", "UCR events"),
    ("HW-CSDS", "CSDS submissions and rows"),
    ("HW-PUB", "Published figures"),
    ("HW-STATE", "Events that carry a whole state"),
    ("HW-ADT", "HL7 v2 ADT messages"),
    ("HW-FHIR", "FHIR Encounters"),
];

/// The whole page.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(HEAD);
    // Writing to a string cannot fail.
    for severity in Severity::ALL {
        let _ = writeln!(page, "| {} | {} |", severity.as_str(), severity.words());
    }
    for (prefix, title) in SECTIONS {
        let _ =
            writeln!(page, "\n## {title}\n\n| Code | Severity | What is wrong | How to mend it |\n|---|---|---|---|");
        for rule in RejectCode::ALL.iter().filter(|rule| rule.code().starts_with(prefix)) {
            let (message, mend) = (escaped(rule.message()), escaped(rule.mend()));
            let _ = writeln!(page, "| `{rule}` | {} | {message} | {mend} |", rule.severity().as_str());
        }
    }
    page
}

/// A bar would tear the row of a table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_code_once_with_its_severity() {
        let page = page();
        for rule in RejectCode::ALL {
            let line = format!("| `{rule}` | {} | {} |", rule.severity().as_str(), escaped(rule.message()));
            assert_eq!(page.matches(&line).count(), 1, "{rule}");
        }
        assert!(Severity::ALL.is_sorted(), "what takes most with it comes first");
    }
}
