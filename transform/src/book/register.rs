//! Every submission: what of it has arrived, whether it may count, and which one counts for its provider and period.
//!
//! A submission is one unit. It counts when every row that its header announces is known, accepted or refused, and it is
//! not withdrawn. For a provider and period the last receipt of each kind is active, and an active Refresh replaces the
//! Primary as a whole (`csds.md` section 8). All of it is a function of what arrived, in whatever order.
//!
//! Bounds: per submission, a bitmap of row numbers for each table, one of the referrals and people it touches, and the keys
//! of its refused rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use homeward_contract::calendar::FileType;
use homeward_contract::feed::Table;
use roaring::RoaringBitmap;

use super::Map;
use super::change::Why;
use super::read::{FactShapeError, Interner};
use super::submission::{Decided, Held, Identity, RowPlace, Seen, Standing};
use super::submissions::{DecisionColumns, HeaderColumns, RefusedColumns, SubmissionColumns};

/// The submissions of one provider for one reporting period.
#[derive(Default)]
struct Period {
    members: Vec<u32>,
    effective: Option<u32>,
    /// The Primary alone, whatever counts, and whether it was withdrawn.
    primary: Option<(u32, bool)>,
}

/// What was received for a provider and period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// A whole Primary.
    pub primary: bool,
    /// It was withdrawn, and no other came.
    pub primary_withdrawn: bool,
    /// A Refresh that counts.
    pub refresh: bool,
}

/// A submission that counts.
#[derive(Debug, Clone, Copy)]
pub struct Counting<'a> {
    /// Which it is.
    pub identity: &'a Identity,
    /// Rows of it that are known.
    pub rows: u64,
    /// Another number whenever something arrived for it.
    pub arrived: u64,
}

/// Another submission counts for a provider and period than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flip {
    /// What counted.
    pub old: Option<u32>,
    /// What counts now.
    pub new: Option<u32>,
    /// Why, where the rows themselves do not tell.
    pub why: Option<Why>,
}

/// All submissions ever seen.
#[derive(Default)]
pub struct Register {
    held: Vec<Held>,
    by_id: Map<Box<str>, Vec<u32>>,
    decisions: Map<Box<str>, Decided>,
    periods: BTreeMap<(Arc<str>, i32), Period>,
    /// Submissions that something arrived for since the last [`Register::settle`].
    stirred: BTreeSet<u32>,
    /// Submissions that are read and in which a parent was refused or mended since the last [`Register::settle`].
    parents_changed: BTreeSet<u32>,
    reread: BTreeSet<u32>,
    version: u64,
    interner: Interner,
}

impl Register {
    /// Takes the rows of one CSDS table as arrived and says where each belongs; what they say is the book's affair.
    ///
    /// # Errors
    /// When the batch does not have the table's columns; nothing is then taken.
    pub fn take(&mut self, table: Table, batch: &RecordBatch) -> Result<Vec<RowPlace>, FactShapeError> {
        match table {
            Table::CsdsSubmissionDecision => {
                let columns = DecisionColumns::new(batch)?;
                (0..batch.num_rows()).for_each(|row| self.decide(columns.submission(row), columns.decided(row)));
                Ok(Vec::new())
            }
            Table::CsdsRefusedRow => {
                let columns = RefusedColumns::new(batch)?;
                for (row, place) in self.places(&columns.submission, batch.num_rows()).into_iter().enumerate() {
                    // A name of a later Homeward's table says nothing to this one's manifest either.
                    let Some(table) = columns.table(row) else { continue };
                    self.seen(place.submission, table).refused.insert(place.row);
                    if let Some(key) = columns.key(row) {
                        self.refuse(place, table, key);
                    }
                }
                Ok(Vec::new())
            }
            // Nothing that counts rests on a warning.
            Table::CsdsRowWarning => Ok(Vec::new()),
            _ => {
                let columns = SubmissionColumns::of(table, batch)?;
                let headers = (table == Table::Cyp000Header).then(|| HeaderColumns::new(batch)).transpose()?;
                let places = self.places(&columns, batch.num_rows());
                for (row, place) in places.iter().enumerate() {
                    self.seen(place.submission, table).accepted.insert(place.row);
                    // It may be the mended parent of rows that did not count.
                    let held = &self.held[place.submission as usize];
                    if (held.effective || held.primary) && !held.refused_keys.is_empty() {
                        self.parents_changed.insert(place.submission);
                    }
                    if let Some(header) = &headers {
                        self.held[place.submission as usize].take_header(header.manifest(row), header.content(row));
                    }
                }
                Ok(places)
            }
        }
    }

    /// Where the rows of notes about records belong.
    ///
    /// # Errors
    /// When the batch does not have the columns of a submission's rows.
    pub(crate) fn places_of(&mut self, table: Table, batch: &RecordBatch) -> Result<Vec<RowPlace>, FactShapeError> {
        Ok(self.places(&SubmissionColumns::of(table, batch)?, batch.num_rows()))
    }

    fn refuse(&mut self, place: RowPlace, table: Table, key: &str) {
        let held = &mut self.held[place.submission as usize];
        let keys = held.refused_keys.entry(table).or_default();
        let rows = match keys.get_mut(key) {
            Some(rows) => rows,
            None => keys.entry(Box::from(key)).or_default(),
        };
        if rows.insert(place.row) && (held.effective || held.primary) {
            self.parents_changed.insert(place.submission);
        }
    }

    /// True when a row of a submission with this key was refused and not mended since: what hangs on it does not count,
    /// unless another row with the key stands ([`super::cascade`]).
    #[must_use]
    pub fn refuses(&self, submission: u32, table: Table, key: &str) -> bool {
        self.held[submission as usize].refuses(table, key)
    }

    /// True when any row whose key is known was refused in a submission.
    #[must_use]
    pub fn refuses_any(&self, submission: u32) -> bool {
        !self.held[submission as usize].refused_keys.is_empty()
    }

    /// Submissions that are read and whose rows may hang on other parents than before; each is told once.
    pub(super) fn take_parents_changed(&mut self) -> BTreeSet<u32> {
        std::mem::take(&mut self.parents_changed)
    }

    /// Finds which submission counts for each provider and period that something arrived for, and which Primary would; says
    /// what changed.
    pub fn settle(&mut self) -> Vec<Flip> {
        self.version += u64::from(!self.stirred.is_empty());
        let mut periods = BTreeSet::new();
        for index in std::mem::take(&mut self.stirred) {
            let held = &mut self.held[index as usize];
            held.review();
            held.arrived = self.version;
            periods.insert((Arc::clone(&held.identity.provider), held.identity.rp_end_day));
        }
        for period in &periods {
            self.choose_primary(period);
        }
        periods.iter().filter_map(|period| self.flip(period)).collect()
    }

    fn flip(&mut self, period: &(Arc<str>, i32)) -> Option<Flip> {
        let Self { held, periods, .. } = self;
        let period = periods.get_mut(period)?;
        let counting = period.members.iter().copied().filter(|index| held[*index as usize].counts());
        // A Refresh before any Primary, then the last received.
        let new = counting.max_by_key(|index| {
            let identity = &held[*index as usize].identity;
            (identity.file_type, identity)
        });
        let old = std::mem::replace(&mut period.effective, new);
        if old == new {
            return None;
        }
        let why = why(old.map(|index| &held[index as usize]), new.map(|index| &held[index as usize]));
        for (index, effective) in [(old, false), (new, true)] {
            if let Some(index) = index {
                held[index as usize].effective = effective;
            }
        }
        Some(Flip { old, new, why })
    }

    /// End of the last reporting period for which a submission of this provider counts, in days since the epoch.
    #[must_use]
    pub fn newest_period(&self, provider: &Arc<str>) -> Option<i32> {
        let of_provider = (Arc::clone(provider), i32::MIN)..=(Arc::clone(provider), i32::MAX);
        let mut newest_first = self.periods.range(of_provider).rev();
        newest_first.find(|(_, period)| period.effective.is_some()).map(|((_, rp_end_day), _)| *rp_end_day)
    }

    /// Finds the Primary that would count without a Refresh. One that was withdrawn stands in for none.
    fn choose_primary(&mut self, period: &(Arc<str>, i32)) {
        let Self { held, periods, .. } = self;
        let Some(period) = periods.get_mut(period) else { return };
        let members = period.members.iter().map(|index| (*index, &held[*index as usize]));
        let whole = members.filter(|(_, member)| {
            member.identity.file_type == FileType::Primary
                && (member.counts() || member.standing == Standing::Withdrawn)
        });
        let new = whole
            .max_by_key(|(_, member)| (member.counts(), &member.identity))
            .map(|(index, member)| (index, !member.counts()));
        let old = std::mem::replace(&mut period.primary, new);
        if old == new {
            return;
        }
        for (primary, chosen) in [(old, false), (new, true)] {
            if let Some((index, _)) = primary {
                held[index as usize].primary = chosen;
                self.reread.insert(index);
            }
        }
    }

    /// Submissions that became or ceased to be the Primary of their period since the last call, whether or not they count.
    pub(super) fn take_reread(&mut self) -> BTreeSet<u32> {
        std::mem::take(&mut self.reread)
    }

    /// True when a submission is the Primary of its period; `withdrawn` lets one be that was withdrawn.
    #[must_use]
    pub fn is_primary(&self, submission: u32, withdrawn: bool) -> bool {
        let held = &self.held[submission as usize];
        held.primary && (withdrawn || held.counts())
    }

    /// True when the rows of a submission are read for any figure.
    #[must_use]
    pub fn is_read(&self, submission: u32) -> bool {
        self.is_effective(submission) || self.is_primary(submission, true)
    }

    /// Every provider, as sent, and period with what of it was received: its Primary, and what counts.
    pub fn received(&self) -> impl Iterator<Item = (&Arc<str>, i32, Received)> {
        self.periods.iter().map(|((provider, rp_end_day), period)| {
            let is_refresh = |index: u32| self.identity(index).file_type == FileType::Refresh;
            let received = Received {
                primary: period.primary.is_some(),
                primary_withdrawn: period.primary.is_some_and(|(_, withdrawn)| withdrawn),
                refresh: period.effective.is_some_and(is_refresh),
            };
            (provider, *rp_end_day, received)
        })
    }

    /// True when the rows of a submission count.
    #[must_use]
    pub fn is_effective(&self, submission: u32) -> bool {
        self.held[submission as usize].effective
    }

    /// Which submission it is.
    #[must_use]
    pub fn identity(&self, submission: u32) -> &Identity {
        &self.held[submission as usize].identity
    }

    /// Every submission that counts. Call it after [`Register::settle`].
    pub fn counting(&self) -> impl Iterator<Item = Counting<'_>> {
        self.held.iter().filter(|held| held.effective).map(|held| {
            let (accepted, refused) = held.row_counts;
            Counting { identity: &held.identity, rows: accepted + refused, arrived: held.arrived }
        })
    }

    /// Notes that a submission has a row about a referral.
    pub(super) fn touches_entry(&mut self, submission: u32, entry: u32) {
        self.held[submission as usize].entries.insert(entry);
    }

    /// Notes that a submission has a row about a person.
    pub(super) fn touches_person(&mut self, submission: u32, person: u32) {
        self.held[submission as usize].people.insert(person);
    }

    /// The referrals that a submission has rows about.
    pub(super) fn entries(&self, submission: u32) -> &RoaringBitmap {
        &self.held[submission as usize].entries
    }

    /// The people that a submission has rows about.
    pub(super) fn people(&self, submission: u32) -> &RoaringBitmap {
        &self.held[submission as usize].people
    }

    /// Every submission, as [`super::roll`] lists them.
    pub(super) fn each(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(&self.held).map(|(index, _)| index)
    }

    /// Whether a submission may count, and why not.
    #[must_use]
    pub fn standing(&self, submission: u32) -> &Standing {
        &self.held[submission as usize].standing
    }

    /// The submission that counts for the provider and period of this one.
    #[must_use]
    pub fn effective_beside(&self, submission: u32) -> Option<u32> {
        let identity = self.identity(submission);
        self.periods.get(&(Arc::clone(&identity.provider), identity.rp_end_day))?.effective
    }

    /// The last decision about a submission.
    #[must_use]
    pub fn decided(&self, submission: u32) -> Option<&Decided> {
        self.held[submission as usize].decided.as_ref()
    }

    /// The checksum of the rows of a submission, as the header that came last says.
    #[must_use]
    pub fn content(&self, submission: u32) -> Option<&str> {
        self.held[submission as usize].content.as_ref().map(|(_, checksum)| &**checksum)
    }

    /// Accepted and refused rows of a submission, the header aside. A row that was mended counts as accepted.
    #[must_use]
    pub fn row_counts(&self, submission: u32) -> (u64, u64) {
        self.held[submission as usize].row_counts
    }

    /// Rises whenever [`Register::settle`] looked at something: a list made of the register is good until then.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    fn seen(&mut self, submission: u32, table: Table) -> &mut Seen {
        self.held[submission as usize].tables.entry(table).or_default()
    }

    fn decide(&mut self, submission: &str, decided: Decided) {
        let newest = match self.decisions.get(submission) {
            Some(held) if *held >= decided => return,
            _ => decided,
        };
        for index in self.by_id.get(submission).into_iter().flatten() {
            self.held[*index as usize].decided = Some(newest.clone());
            self.stirred.insert(*index);
        }
        self.decisions.insert(Box::from(submission), newest);
    }

    /// The places of a batch's rows. Rows of a submission come together, so that most are found at the one before.
    fn places(&mut self, columns: &SubmissionColumns<'_>, rows: usize) -> Vec<RowPlace> {
        let mut places = Vec::with_capacity(rows);
        let mut last = None;
        for row in 0..rows {
            let submission = match last {
                Some((index, before)) if columns.same(before, row) => index,
                _ => self.submission(columns, row),
            };
            last = Some((submission, row));
            places.push(RowPlace { submission, row: columns.row_number(row) });
        }
        places
    }

    fn submission(&mut self, columns: &SubmissionColumns<'_>, row: usize) -> u32 {
        let id = columns.id(row);
        let identity = columns.identity(row, &mut self.interner);
        let alike = self.by_id.get(id).into_iter().flatten();
        let known = alike.copied().find(|index| self.held[*index as usize].identity == identity);
        let index = known.unwrap_or_else(|| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a register of so many submissions does not fit in memory"
            )]
            let index = self.held.len() as u32;
            self.by_id.entry(Box::from(id)).or_default().push(index);
            let period = (Arc::clone(&identity.provider), identity.rp_end_day);
            self.periods.entry(period).or_default().members.push(index);
            self.held.push(Held::new(identity, self.decisions.get(id).cloned()));
            index
        });
        self.stirred.insert(index);
        index
    }
}

/// Why another submission counts, where the rows themselves do not tell.
fn why(old: Option<&Held>, new: Option<&Held>) -> Option<Why> {
    if old.is_some_and(Held::is_withdrawn) {
        return Some(Why::Withdrawn);
    }
    let new = new?;
    // A reinstated submission came back, whatever stood in for it meanwhile.
    if new.decided.is_some() {
        return Some(Why::Reinstated);
    }
    old.map(|_| Why::Replaced(new.identity.source()))
}

#[cfg(test)]
#[path = "register_tests.rs"]
mod tests;
