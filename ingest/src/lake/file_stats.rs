//! The statistics of a data file in the Delta log: its rows, and which submissions they may be of.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use arrow::array::{AsArray as _, RecordBatch};
use serde_json::{Map, Value, json};

/// The column by which a reader may pass files over.
const COLUMN: &str = "submission_id";

/// First and last submission id of a file; rows of ids between them may be in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Submissions {
    first: Box<str>,
    last: Box<str>,
}

impl Submissions {
    fn of(batches: &[RecordBatch]) -> Option<Self> {
        let columns = batches.iter().filter_map(|batch| batch.column_by_name(COLUMN)?.as_string_opt::<i32>());
        let mut bounds: Option<(&str, &str)> = None;
        for id in columns.flat_map(|ids| ids.iter().flatten()) {
            bounds = Some(bounds.map_or((id, id), |(first, last)| (first.min(id), last.max(id))));
        }
        bounds.map(|(first, last)| Self { first: Box::from(first), last: Box::from(last) })
    }

    /// Reads the statistics of a file; nothing when they do not tell, and then it may hold any.
    pub(super) fn from_stats(stats: &str) -> Option<Self> {
        let stats: Value = serde_json::from_str(stats).ok()?;
        let [first, last] = ["minValues", "maxValues"].map(|bound| stats.get(bound)?.get(COLUMN)?.as_str());
        let (first, last) = (first?, last?);
        (first <= last).then(|| Self { first: Box::from(first), last: Box::from(last) })
    }

    /// True when rows of one of these may be in the file.
    pub(super) fn may_hold(&self, ids: &BTreeSet<Arc<str>>) -> bool {
        ids.range::<str, _>((Bound::Included(&*self.first), Bound::Included(&*self.last))).next().is_some()
    }
}

/// The statistics of a file of these rows, as the log has them.
pub(super) fn stats(batches: &[RecordBatch]) -> String {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let mut stats = Map::from_iter([("numRecords".to_owned(), json!(rows))]);
    if let Some(Submissions { first, last }) = Submissions::of(batches) {
        stats.insert("minValues".to_owned(), json!({COLUMN: first}));
        stats.insert("maxValues".to_owned(), json!({COLUMN: last}));
    }
    Value::Object(stats).to_string()
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;

    use super::*;

    fn ids(ids: &[&str]) -> BTreeSet<Arc<str>> {
        ids.iter().map(|id| Arc::from(*id)).collect()
    }

    #[test]
    fn what_is_written_tells_which_submissions_a_file_may_hold() {
        let batch =
            |ids: Vec<&str>| RecordBatch::try_from_iter([(COLUMN, Arc::new(StringArray::from(ids)) as _)]).unwrap();
        let written = stats(&[batch(vec!["NR5-2", "NR5-4"]), batch(vec!["NR5-3"])]);
        let read = Submissions::from_stats(&written).unwrap();
        for (asked, may) in [(&["NR5-2"][..], true), (&["NR5-3"], true), (&["NR5-1", "NR5-5"], false), (&[], false)] {
            assert_eq!(read.may_hold(&ids(asked)), may, "{asked:?}");
        }
    }

    #[test]
    fn statistics_that_do_not_tell_leave_every_file_in() {
        let other = RecordBatch::try_from_iter([("event_id", Arc::new(StringArray::from(vec!["x"])) as _)]).unwrap();
        for text in [
            stats(&[other]),
            r#"{"numRecords":1,"minValues":{"submission_id":"b"},"maxValues":{"submission_id":"a"}}"#.to_owned(),
            r#"{"minValues":{"submission_id":"a"}}"#.to_owned(),
            "no JSON".to_owned(),
        ] {
            assert_eq!(Submissions::from_stats(&text), None, "{text}");
        }
    }
}
