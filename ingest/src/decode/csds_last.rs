//! What a CSDS row shares with the one before it: nearly always the table and the submission, to the letter.
//!
//! A payload that begins as the last one began, and then holds a number and a record and nothing more, need not be read
//! member by member. Any other is: this is a short cut past reading the same text again, and decides nothing.

use std::sync::Arc;

use homeward_contract::feed::Table;
use homeward_contract::manifest::MOST_ROWS;
use homeward_contract::submission::{Submission, payload_beginning};

/// A submission, with the texts that all its rows hold.
pub(super) struct Known {
    pub(super) submission: Submission,
    pub(super) id: Arc<str>,
    pub(super) provider: Arc<str>,
}

impl Known {
    pub(super) fn new(submission: Submission) -> Self {
        let (id, provider) = (Arc::from(submission.id.as_str()), Arc::from(submission.provider.as_str()));
        Self { submission, id, provider }
    }
}

/// The table and the submission of the last row read.
pub(super) struct Last {
    pub(super) table: Table,
    pub(super) known: Known,
    submission_json: String,
    /// A payload of the same table and submission begins so.
    beginning: String,
}

impl Last {
    pub(super) fn new(table: Table, submission_json: &str, known: Known) -> Self {
        let beginning = payload_beginning(table.csds_name().unwrap_or_default(), submission_json);
        Self { table, known, submission_json: submission_json.to_owned(), beginning }
    }

    /// The same submission with a row of this table.
    pub(super) fn with_table(self, table: Table) -> Self {
        if self.table == table { self } else { Self::new(table, &self.submission_json, self.known) }
    }

    pub(super) fn is_of(&self, submission_json: &str) -> bool {
        self.submission_json == submission_json
    }

    /// The row's number and record, when all else is as in the row before.
    pub(super) fn row<'p>(&self, payload: &'p [u8]) -> Option<(i64, &'p str)> {
        let rest = std::str::from_utf8(payload.strip_prefix(self.beginning.as_bytes())?).ok()?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = rest.split_at(digits);
        let row_number = number.parse().ok().filter(|_| !number.starts_with('0'))?;
        let record = rest.strip_prefix(",\"record\":")?.strip_suffix('}')?;
        is_row_number(row_number).then_some((row_number, record))
    }
}

/// Whether a table can have so many rows.
pub(super) fn is_row_number(number: i64) -> bool {
    u64::try_from(number).is_ok_and(|number| (1..=MOST_ROWS).contains(&number))
}
