//! The feeds Homeward takes in and the lake tables their facts go to.

use std::fmt;
use std::str::FromStr;

/// One stream of records with a contract of its own and a Kafka topic of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    /// Live urgent community response events (handbook, `ucr.md` section 7).
    Ucr,
    /// Monthly Community Services Data Set submissions (handbook, `csds.md`).
    Csds,
}

impl Feed {
    /// Every feed, in the order in which they are listed to people.
    pub const ALL: [Feed; 2] = [Feed::Ucr, Feed::Csds];

    /// The short name used in configuration, metric labels and quarantine ids.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Feed::Ucr => "ucr",
            Feed::Csds => "csds",
        }
    }

    /// The topic a feed is read from unless configuration names another.
    #[must_use]
    pub const fn default_topic(self) -> &'static str {
        match self {
            Feed::Ucr => "homeward.ucr",
            Feed::Csds => "homeward.csds",
        }
    }

    /// The tables the feed's facts go to, the anchor first.
    #[must_use]
    pub const fn tables(self) -> &'static [Table] {
        match self {
            Feed::Ucr => &[Table::UcrEvent],
            Feed::Csds => &[
                Table::Cyp000Header,
                Table::Cyp001Mpi,
                Table::Cyp002Gp,
                Table::Cyp101Referral,
                Table::Cyp102ServiceTypeReferredTo,
                Table::Cyp104Rtt,
                Table::Cyp201CareContact,
                Table::CsdsRefusedRow,
                Table::CsdsSubmissionDecision,
            ],
        }
    }

    /// The table that commits last: its stored offset is the feed's frontier.
    #[must_use]
    pub const fn anchor(self) -> Table {
        match self {
            Feed::Ucr => Table::UcrEvent,
            Feed::Csds => Table::Cyp000Header,
        }
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The word does not name a feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a feed; use one of: ucr, csds")]
pub struct UnknownFeed(pub String);

impl FromStr for Feed {
    type Err = UnknownFeed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Feed::ALL
            .into_iter()
            .find(|feed| feed.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| UnknownFeed(text.to_owned()))
    }
}

/// One append-only fact table of the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// UCR events, one row an event.
    UcrEvent,
    /// CYP000Header: one row a submission.
    Cyp000Header,
    /// CYP001MPI: the person index.
    Cyp001Mpi,
    /// CYP002GP: registration with a practice.
    Cyp002Gp,
    /// CYP101Referral.
    Cyp101Referral,
    /// CYP102ServiceTypeReferredTo: 0..n team types a referral.
    Cyp102ServiceTypeReferredTo,
    /// CYP104RTT: the clocks.
    Cyp104Rtt,
    /// CYP201CareContact.
    Cyp201CareContact,
    /// Rows of submissions that were refused: where they stood and why, without their bytes.
    CsdsRefusedRow,
    /// Withdrawals and reinstatements of submissions: the audit trail.
    CsdsSubmissionDecision,
}

impl Table {
    /// Every fact table.
    pub const ALL: [Table; 10] = [
        Table::UcrEvent,
        Table::Cyp000Header,
        Table::Cyp001Mpi,
        Table::Cyp002Gp,
        Table::Cyp101Referral,
        Table::Cyp102ServiceTypeReferredTo,
        Table::Cyp104Rtt,
        Table::Cyp201CareContact,
        Table::CsdsRefusedRow,
        Table::CsdsSubmissionDecision,
    ];

    /// The table's name in the lake.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Table::UcrEvent => "ucr_event",
            Table::Cyp000Header => "csds_cyp000_header",
            Table::Cyp001Mpi => "csds_cyp001_mpi",
            Table::Cyp002Gp => "csds_cyp002_gp",
            Table::Cyp101Referral => "csds_cyp101_referral",
            Table::Cyp102ServiceTypeReferredTo => "csds_cyp102_service_type_referred_to",
            Table::Cyp104Rtt => "csds_cyp104_rtt",
            Table::Cyp201CareContact => "csds_cyp201_care_contact",
            Table::CsdsRefusedRow => "csds_refused_row",
            Table::CsdsSubmissionDecision => "csds_submission_decision",
        }
    }

    /// The table's name in the national data set, which is also its CSV file's stem.
    #[must_use]
    pub const fn csds_name(self) -> Option<&'static str> {
        match self {
            Table::UcrEvent | Table::CsdsRefusedRow | Table::CsdsSubmissionDecision => None,
            Table::Cyp000Header => Some("CYP000Header"),
            Table::Cyp001Mpi => Some("CYP001MPI"),
            Table::Cyp002Gp => Some("CYP002GP"),
            Table::Cyp101Referral => Some("CYP101Referral"),
            Table::Cyp102ServiceTypeReferredTo => Some("CYP102ServiceTypeReferredTo"),
            Table::Cyp104Rtt => Some("CYP104RTT"),
            Table::Cyp201CareContact => Some("CYP201CareContact"),
        }
    }

    /// The feed whose facts the table holds.
    #[must_use]
    pub const fn feed(self) -> Feed {
        match self {
            Table::UcrEvent => Feed::Ucr,
            _ => Feed::Csds,
        }
    }

    /// The table with this lake name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The table with this national name, whatever its letter case (file names vary).
    #[must_use]
    pub fn from_csds_name(name: &str) -> Option<Table> {
        let name = name.trim();
        Table::ALL.into_iter().find(|table| table.csds_name().is_some_and(|csds| csds.eq_ignore_ascii_case(name)))
    }

    /// A small dense number, for arrays indexed by table.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_belongs_to_exactly_one_feed() {
        for (place, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table.index(), place);
            assert_eq!(Table::from_name(table.name()), Some(table));
            let owners: Vec<Feed> = Feed::ALL.into_iter().filter(|feed| feed.tables().contains(&table)).collect();
            assert_eq!(owners, [table.feed()]);
        }
    }

    #[test]
    fn the_anchor_is_one_of_the_feeds_tables() {
        for feed in Feed::ALL {
            assert_eq!(feed.tables().first(), Some(&feed.anchor()));
            assert_eq!(feed.name().parse(), Ok(feed));
        }
    }

    #[test]
    fn national_names_are_found_in_any_case() {
        assert_eq!(Table::from_csds_name("cyp104rtt"), Some(Table::Cyp104Rtt));
        assert_eq!(Table::from_csds_name(" CYP001MPI "), Some(Table::Cyp001Mpi));
        assert_eq!(Table::from_csds_name("CYP608"), None);
    }

    #[test]
    fn an_unknown_feed_says_what_to_write() {
        let error = "mhsds".parse::<Feed>().unwrap_err();
        assert!(error.to_string().contains("ucr, csds"));
    }
}
