//! What the rows of a submission say, as one checksum: whether two files that share an id and a number of rows are the same.
//!
//! The header carries it as `content`, beside the manifest. It is of a whole submission and tells nothing of any one row.

use sha2::{Digest, Sha256};

use crate::submission::payload_beginning;

/// Hexadecimal digits of a checksum.
const DIGITS: usize = 64;

/// The checksum of the rows read so far.
#[derive(Debug, Clone, Default)]
pub struct Content(Sha256);

impl Content {
    /// Takes one more row: its payload from its number on, as the submission is the same in all of them.
    pub fn row(&mut self, table_name: &str, submission_json: &str, payload: &[u8]) {
        let shared = payload_beginning(table_name, submission_json).len();
        self.0.update(table_name);
        self.0.update(payload.get(shared..).unwrap_or(payload));
    }

    /// SHA-256 in lower-case hexadecimal.
    #[must_use]
    pub fn checksum(&self) -> String {
        self.0.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Reads the `content` of a header; `None` when it is no such checksum, which then says nothing.
#[must_use]
pub fn from_json(json: &str) -> Option<&str> {
    let digits = json.strip_prefix('"')?.strip_suffix('"')?;
    let is_checksum = digits.len() == DIGITS && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_checksum.then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::record_payload;

    #[test]
    fn the_checksum_is_of_what_the_rows_say_in_their_order() {
        let json = r#"{"id":"NR5-202504-20250512T091500"}"#;
        let of = |json: &str, rows: &[(&str, &str)]| {
            let mut content = Content::default();
            for (number, (table, value)) in (1..).zip(rows) {
                content.row(table, json, record_payload(table, json, number, [("A", *value)]).as_bytes());
            }
            content.checksum()
        };
        let rows = [("CYP001MPI", "1"), ("CYP104RTT", "2")];
        let same = of(json, &rows);
        assert_eq!(of(r#"{"id":"another"}"#, &rows), same, "which submission it is stands beside it");
        for other in [[("CYP001MPI", "1"), ("CYP104RTT", "3")], [rows[1], rows[0]], [rows[0], ("CYP105RTT", "2")]] {
            assert_ne!(of(json, &other), same, "{other:?}");
        }
        assert_eq!(from_json(&format!("\"{same}\"")), Some(same.as_str()));
    }

    #[test]
    fn what_is_no_checksum_says_nothing() {
        for json in ["null", "7", "\"\"", "\"ab\"", &format!("\"{}\"", "G".repeat(64)), &"a".repeat(64), "\""] {
            assert_eq!(from_json(json), None, "{json}");
        }
    }
}
