//! The register as people read it: one line a submission, and the submissions that should have come and did not. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Months, NaiveDate, Utc};
use homeward_contract::calendar::{FileType, SubmissionCalendar};
use homeward_contract::feed::Table;
use homeward_contract::time::london;

use super::clock::from_micros;
use super::read::date_of;
use super::register::Register;
use super::submission::{Decided, Standing};
use super::submissions::{DecisionColumns, HeaderColumns, RefusedColumns, SubmissionColumns};

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It counts for its provider and period.
    Counts,
    /// It may count, and another one does: a later file, or the Refresh.
    Replaced(Arc<str>),
    /// It does not count; the standing says why.
    Out(Standing),
}

impl Outcome {
    /// True when its rows count.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        matches!(self, Self::Counts)
    }

    /// True when somebody should look: it is incomplete, refused or withdrawn.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        matches!(self, Self::Out(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standing = match self {
            Self::Counts => return out.write_str("active"),
            Self::Replaced(by) => return write!(out, "replaced by {by}"),
            Self::Out(standing) => standing,
        };
        match standing {
            Standing::NoHeader => out.write_str("incomplete: its header has not arrived, or was refused"),
            Standing::NoManifest => out.write_str("incomplete: its header does not say how many rows there are"),
            Standing::Missing(tables) => {
                out.write_str("incomplete: missing")?;
                for (place, (table, rows)) in tables.iter().enumerate() {
                    let comma = if place == 0 { "" } else { "," };
                    write!(out, "{comma} {rows} of {}", table.csds_name().unwrap_or_default())?;
                }
                Ok(())
            }
            Standing::Contradictory => {
                out.write_str("refused: two files under one id; send it again with another FileCreation_DateTime")
            }
            Standing::Lacks(table) => write!(out, "refused: no row of {}", table.csds_name().unwrap_or_default()),
            Standing::Withdrawn => out.write_str("withdrawn"),
            Standing::Complete => out.write_str("complete"),
        }
    }
}

/// One submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub id: Arc<str>,
    /// Its provider as sent.
    pub provider: Arc<str>,
    /// First day of the reporting period.
    pub rp_start: NaiveDate,
    /// Last day of the reporting period.
    pub rp_end: NaiveDate,
    /// Primary or Refresh.
    pub file_type: FileType,
    /// When the file was received.
    pub received_at: DateTime<Utc>,
    /// What became of it.
    pub outcome: Outcome,
    /// Rows accepted, without the header.
    pub accepted: u64,
    /// Rows refused and not mended since.
    pub refused: u64,
    /// The checksum of its rows, as the header that came last says.
    pub content: Option<Arc<str>>,
    /// The last decision about it.
    pub decided: Option<Decided>,
}

/// A submission that the calendar expects and that does not count when its window is over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The provider.
    pub provider: Arc<str>,
    /// Last day of the reporting period.
    pub rp_end: NaiveDate,
    /// Which submission is missing.
    pub file_type: FileType,
    /// Last day of its window.
    pub closed_on: NaiveDate,
}

impl Register {
    /// The columns of a CSDS table that [`Register::take`] reads: a reader of the register alone need read no others.
    #[must_use]
    pub fn columns(table: Table) -> Vec<&'static str> {
        let mut columns = match table {
            Table::CsdsSubmissionDecision => return DecisionColumns::NAMES.to_vec(),
            _ => SubmissionColumns::NAMES.to_vec(),
        };
        match table {
            Table::CsdsRefusedRow => columns.extend(RefusedColumns::NAMES),
            Table::Cyp000Header => columns.extend(HeaderColumns::NAMES),
            _ => {}
        }
        columns
    }

    /// Every submission by provider, period and receipt. Call it after [`Register::settle`].
    #[must_use]
    pub fn roll(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = self.each().map(|index| self.line(index)).collect();
        lines.sort_by(|one, two| {
            let key = |line: &Line| (Arc::clone(&line.provider), line.rp_end, line.received_at, Arc::clone(&line.id));
            key(one).cmp(&key(two))
        });
        lines
    }

    /// One submission. Call it after [`Register::settle`].
    #[must_use]
    pub fn line(&self, index: u32) -> Line {
        let identity = self.identity(index);
        let outcome = match self.standing(index) {
            Standing::Complete if self.is_effective(index) => Outcome::Counts,
            Standing::Complete => match self.effective_beside(index) {
                Some(other) => Outcome::Replaced(Arc::clone(&self.identity(other).id)),
                None => Outcome::Out(Standing::Complete),
            },
            standing => Outcome::Out(standing.clone()),
        };
        let (accepted, refused) = self.row_counts(index);
        Line {
            id: Arc::clone(&identity.id),
            provider: Arc::clone(&identity.provider),
            rp_start: date_of(identity.rp_start_day),
            rp_end: date_of(identity.rp_end_day),
            file_type: identity.file_type,
            received_at: from_micros(identity.received_at),
            outcome,
            accepted,
            refused,
            content: self.content(index).map(Arc::from),
            decided: self.decided(index).cloned(),
        }
    }

    /// The submissions that do not count although their window is over: a provider that stopped submitting shows here. A
    /// provider is expected from the first month that counts for it. A Refresh also stands for its Primary.
    #[must_use]
    pub fn gaps(&self, as_of: DateTime<Utc>, calendar: &SubmissionCalendar) -> Vec<Gap> {
        let mut counting: BTreeMap<&Arc<str>, BTreeMap<NaiveDate, FileType>> = BTreeMap::new();
        for index in self.each().filter(|index| self.is_effective(*index)) {
            let identity = self.identity(index);
            let months = counting.entry(&identity.provider).or_default();
            months.insert(last_of_month(date_of(identity.rp_end_day)), identity.file_type);
        }
        let today = london(as_of).date();
        let mut gaps = Vec::new();
        for (provider, months) in counting {
            let Some((first, _)) = months.first_key_value() else { continue };
            let mut rp_end = *first;
            while calendar.deadline(FileType::Primary, rp_end) < today {
                let missing = match months.get(&rp_end) {
                    Some(FileType::Refresh) => None,
                    Some(FileType::Primary) => Some(FileType::Refresh),
                    None => Some(FileType::Primary),
                };
                let closed = |file_type| calendar.deadline(file_type, rp_end);
                if let Some(file_type) = missing.filter(|file_type| closed(*file_type) < today) {
                    let closed_on = closed(file_type);
                    gaps.push(Gap { provider: Arc::clone(provider), rp_end, file_type, closed_on });
                }
                rp_end = last_of_month(rp_end + Months::new(1));
            }
        }
        gaps
    }
}

fn last_of_month(day: NaiveDate) -> NaiveDate {
    use chrono::Datelike;
    let first = day.with_day(1).unwrap_or(day);
    first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(day)
}
