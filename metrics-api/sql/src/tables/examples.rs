//! `meta.example_queries`: questions that commissioners ask, as files that the tests run. Pure.
//!
//! Each file begins with three comments: `-- title:`, `-- question:`, `-- read:`. A comment may go on over further lines
//! that begin with `--   `.

use super::column::{Cell, Kind, always};
use super::meta_table::{Written, outline};
use Kind::{Bigint, Text};

/// One example query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// File name in `metrics-api/sql/queries`.
    pub file: &'static str,
    /// The whole file: comments and SQL.
    pub text: &'static str,
}

macro_rules! examples {
    ($($file:literal),+ $(,)?) => {
        [$(Example { file: $file, text: include_str!(concat!("../../queries/", $file)) }),+]
    };
}

/// Every example query, in the order in which they are listed.
pub const EXAMPLES: [Example; 18] = examples![
    "01-response-by-partnership-this-month.sql",
    "02-providers-surely-below-the-national-minimum.sql",
    "03-published-beside-live.sql",
    "04-what-changed-since-last-week.sql",
    "05-as-known-on-a-day.sql",
    "06-worst-weeks.sql",
    "07-open-clocks-by-band.sql",
    "08-coverage.sql",
    "09-an-area-of-your-own.sql",
    "10-days-that-cross-a-clock-change.sql",
    "11-months-of-an-icb.sql",
    "12-are-referrals-growing.sql",
    "13-data-quality-by-provider.sql",
    "14-can-the-target-still-be-reached.sql",
    "15-where-a-figure-comes-from.sql",
    "16-why-live-is-not-published.sql",
    "17-how-complete-items-are.sql",
    "18-what-is-amiss-in-submissions.sql",
];

impl Example {
    /// A header of the file: `title`, `question` or `read`.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let begins = format!("-- {name}: ");
        let mut lines = self.text.lines().skip_while(|line| !line.starts_with(&begins));
        let first = lines.next().and_then(|line| line.strip_prefix(&begins)).unwrap_or_default();
        let rest = lines.map_while(|line| line.strip_prefix("--   "));
        std::iter::once(first).chain(rest).collect::<Vec<_>>().join(" ")
    }

    /// The SQL without the comments of the header and without the closing semicolon.
    #[must_use]
    pub fn sql(&self) -> &'static str {
        let mut rest = self.text;
        while rest.starts_with("--") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        }
        rest.trim().trim_end_matches(';')
    }
}

/// `meta.example_queries`
pub(crate) fn table() -> Written {
    let columns = vec![
        always("number", Bigint, "Place in the list."),
        always("title", Text, "What it is called."),
        always("question", Text, "The question that it answers."),
        always("how_to_read", Text, "How to read the answer, and how not to."),
        always("sql", Text, "The query: copy it, change the names, run it."),
        always("file", Text, "Its file in Homeward's repository."),
    ];
    let row = |(number, example): (i64, &Example)| -> Vec<Cell> {
        vec![
            number.into(),
            example.header("title").into(),
            example.header("question").into(),
            example.header("read").into(),
            example.sql().into(),
            format!("metrics-api/sql/queries/{}", example.file).into(),
        ]
    };
    let rows = (1..).zip(&EXAMPLES).map(row).collect();
    (outline("example_queries", "Eighteen questions with the queries that answer them.", columns), rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_says_what_it_asks_and_how_to_read_the_answer() {
        for example in EXAMPLES {
            for header in ["title", "question", "read"] {
                assert!(example.header(header).len() > 10, "{}: {header}", example.file);
            }
            assert!(example.header("question").ends_with('?'), "{}", example.file);
            let begins = example.sql().get(..6).unwrap_or_default();
            assert!(
                ["SELECT", "WITH w", "WITH m"].iter().any(|word| begins.starts_with(&word[..4])),
                "{}",
                example.file
            );
            // Between quotes a semicolon is text.
            let outside_quotes: String = example.sql().split('\'').step_by(2).collect();
            assert_eq!(outside_quotes.matches(';').count(), 0, "{}: one statement", example.file);
        }
    }
}
