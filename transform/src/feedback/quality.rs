//! Data quality of a provider's month: how complete the items are that figures rest on, and how much is amiss. Pure.

use std::ops::AddAssign;

use homeward_contract::feed::Table;

/// How complete an item is: so many of so many rows that count have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Valid NHS number of a person.
    NhsNumber,
    /// SourceOfReferral of a referral.
    Source,
    /// TeamType of a service; 98 says nothing.
    TeamType,
    /// RTT_StartTime of a clock.
    RttStartTime,
    /// RTT_EndTime of a clock that has an RTT_EndDate.
    RttEndTime,
    /// AttendanceStatus of a contact.
    Attendance,
}

impl Measure {
    /// Every measure, in the order shown.
    pub const ALL: [Self; 6] =
        [Self::NhsNumber, Self::Source, Self::TeamType, Self::RttStartTime, Self::RttEndTime, Self::Attendance];

    /// The name exchanged and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NhsNumber => "nhs_number",
            Self::Source => "source_of_referral",
            Self::TeamType => "team_type",
            Self::RttStartTime => "rtt_start_time",
            Self::RttEndTime => "rtt_end_time",
            Self::Attendance => "attendance_status",
        }
    }

    /// What is counted, in words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::NhsNumber => "people with a valid NHS number, of people",
            Self::Source => "referrals that say their source, of referrals",
            Self::TeamType => "services with a team type that says something, of services",
            Self::RttStartTime => "clocks with a start time, of clocks",
            Self::RttEndTime => "clocks with an end time, of clocks with an end date",
            Self::Attendance => "contacts that say whether they were attended, of contacts",
        }
    }

    /// The measures of a table's rows.
    pub(super) const fn of(table: Table) -> &'static [Self] {
        match table {
            Table::Cyp001Mpi => &[Self::NhsNumber],
            Table::Cyp101Referral => &[Self::Source],
            Table::Cyp102ServiceTypeReferredTo => &[Self::TeamType],
            Table::Cyp104Rtt => &[Self::RttStartTime, Self::RttEndTime],
            Table::Cyp201CareContact => &[Self::Attendance],
            _ => &[],
        }
    }

    /// The column that must be filled; none when more than one column decides.
    pub(super) const fn column(self) -> Option<&'static str> {
        match self {
            Self::NhsNumber => Some("pseudonym"),
            Self::Source => Some("source_of_referral"),
            Self::TeamType => Some("team_type"),
            Self::RttStartTime => Some("rtt_start_time"),
            Self::RttEndTime => None,
            Self::Attendance => Some("attendance_status"),
        }
    }

    const fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// Which measures one row belongs to, and of which it fills the item: a bit a measure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Filled {
    belongs: u8,
    fills: u8,
}

impl Filled {
    pub(super) const fn count(&mut self, measure: Measure, fills: bool) {
        self.belongs |= measure.bit();
        if fills {
            self.fills |= measure.bit();
        }
    }
}

/// A share of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Rows that have the item.
    pub numerator: u64,
    /// Rows that could.
    pub denominator: u64,
}

/// One thing measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// The name exchanged and shown.
    pub name: &'static str,
    /// What is counted, in words.
    pub meaning: &'static str,
    /// Rows that have it.
    pub numerator: u64,
    /// Rows that could; none for a count of what is amiss.
    pub denominator: Option<u64>,
}

/// How good one submission is, or all that count for a provider's month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quality {
    shares: [Share; Measure::ALL.len()],
    /// Rows whose key an earlier row has.
    pub duplicates: u64,
    /// Rows that name a parent of which there is no row.
    pub orphans: u64,
    /// Clocks that end before they start.
    pub negative_waits: u64,
    /// Rows under a placeholder for a service request id.
    pub placeholder_ids: u64,
    /// Sound rows that do not count because a parent was refused.
    pub cascaded: u64,
    /// Refused rows that were not mended.
    pub refused: u64,
}

impl Quality {
    /// How complete an item is.
    #[must_use]
    pub const fn share(&self, measure: Measure) -> Share {
        self.shares[measure as usize]
    }

    /// With this share of an item: for a picture that is planted.
    #[must_use]
    pub const fn with_share(mut self, measure: Measure, share: Share) -> Self {
        self.shares[measure as usize] = share;
        self
    }

    /// Everything that is measured, in the order shown: how complete items are, then what is amiss.
    pub fn items(&self) -> impl Iterator<Item = Item> {
        let shares = Measure::ALL.map(|measure| {
            let share = self.share(measure);
            let (numerator, denominator) = (share.numerator, Some(share.denominator));
            Item { name: measure.name(), meaning: measure.meaning(), numerator, denominator }
        });
        let amiss = [
            ("refused_rows", "rows refused and not mended", self.refused),
            ("cascaded_rows", "sound rows that do not count because a row above them was refused", self.cascaded),
            ("orphans", "rows whose parent is in no row of the submission; they count", self.orphans),
            ("duplicates", "rows whose key an earlier row has", self.duplicates),
            ("negative_waits", "clocks that end before they start", self.negative_waits),
            ("placeholder_ids", "rows under a placeholder for a service request id", self.placeholder_ids),
        ];
        let amiss = amiss.map(|(name, meaning, numerator)| Item { name, meaning, numerator, denominator: None });
        shares.into_iter().chain(amiss)
    }

    /// Counts a row that stands.
    pub(super) fn row(&mut self, filled: Filled) {
        for measure in Measure::ALL.into_iter().filter(|measure| filled.belongs & measure.bit() != 0) {
            let share = &mut self.shares[measure as usize];
            share.denominator += 1;
            share.numerator += u64::from(filled.fills & measure.bit() != 0);
        }
    }
}

impl AddAssign for Quality {
    fn add_assign(&mut self, other: Self) {
        for (own, other) in self.shares.iter_mut().zip(other.shares) {
            own.numerator += other.numerator;
            own.denominator += other.denominator;
        }
        self.duplicates += other.duplicates;
        self.orphans += other.orphans;
        self.negative_waits += other.negative_waits;
        self.placeholder_ids += other.placeholder_ids;
        self.cascaded += other.cascaded;
        self.refused += other.refused;
    }
}
