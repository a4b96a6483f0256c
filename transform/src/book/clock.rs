//! One row of the views that indicator SQL reads: a two-hour clock as it is known now.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use homeward_contract::time::{TWO_HOURS_MINUTES, london};

use super::pack::{pack_fields, pack_words};

/// Microseconds since the Unix epoch, as Arrow timestamps hold them.
pub type Micros = i64;

/// Microseconds of a minute.
pub const MINUTE_MICROS: Micros = 60_000_000;

/// Which channel a record's newest knowledge came from, in rising rank (`csds.md` section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Only live events.
    Live,
    /// A Primary submission.
    Primary,
    /// A Refresh submission.
    Refresh,
}

impl Source {
    /// The word in the `source` column of the views.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Primary => "primary",
            Self::Refresh => "refresh",
        }
    }

    /// The `source_rank` column: 1 live, 2 Primary, 3 Refresh.
    #[must_use]
    pub const fn rank(self) -> i64 {
        self as i64 + 1
    }
}

/// The area attributes of a record (`ucr.md` E20): ICB by commissioner, else practice; LCP and PCN by practice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Area {
    /// Integrated care board code.
    pub icb: Option<Arc<str>>,
    /// Local care partnership name.
    pub lcp: Option<Arc<str>>,
    /// Primary care network code.
    pub pcn: Option<Arc<str>>,
    /// General practice code.
    pub practice: Option<Arc<str>>,
}

/// One clock. Instants are microseconds UTC; minutes follow edge rule E2 (seconds dropped from both ends).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockRow {
    /// Provider after succession (RBZ reads RH8).
    pub provider: Arc<str>,
    /// ServiceRequestID, unique inside the provider.
    pub service_request_id: Arc<str>,
    /// Areas the clock belongs to.
    pub area: Arc<Area>,
    /// WaitingTime_MeasurementType, two digits.
    pub waiting_type: Arc<str>,
    /// Team type of the newest referral knowledge.
    pub team_type: Option<Arc<str>>,
    /// Any team type of the referral was in the scope that ended on 31 March 2023 (E13).
    pub pre_2023_ucr_team: bool,
    /// Source of referral group.
    pub source_group: Option<Arc<str>>,
    /// Age in whole years.
    pub age_years: Option<i32>,
    /// Channel of the newest knowledge.
    pub source: Source,
    /// Referral request received.
    pub received_at: Option<Micros>,
    /// Clock start.
    pub rtt_start_at: Option<Micros>,
    /// Clock end, when date and time are both known.
    pub rtt_end_at: Option<Micros>,
    /// The instant that decides the period of a stopped clock: the end, or local midnight of the end date when its time is missing (E3).
    pub stopped_at: Option<Micros>,
    /// The clock has an end date but a start or end time is missing (E3).
    pub time_missing: bool,
    /// Whole minutes by the wall clock.
    pub naive_minutes: Option<i64>,
    /// Whole minutes that truly passed.
    pub true_minutes: Option<i64>,
    /// Rejected or redirected before any contact (E10).
    pub rejected_at: Option<Micros>,
    /// Closed without an RTT end (E16).
    pub closed_at: Option<Micros>,
    /// Why it was closed.
    pub closure_group: Option<Arc<str>>,
    /// An unstopped 05 clock that a 07 clock replaced (E12).
    pub superseded: bool,
    /// When it was reclassified, if known.
    pub reclassified_at: Option<Micros>,
    /// The live feed knows this referral.
    pub on_feed: bool,
}

impl ClockRow {
    /// Clock start plus 120 true minutes, the breach instant.
    #[must_use]
    pub fn due_at(&self) -> Option<Micros> {
        self.rtt_start_at.map(|start| start + TWO_HOURS_MINUTES * MINUTE_MICROS)
    }

    /// True when the wall clock and true minutes disagree (E7).
    #[must_use]
    pub fn clock_change(&self) -> bool {
        self.naive_minutes != self.true_minutes
    }

    /// Every instant that can place this clock in a period.
    pub fn anchors(&self) -> impl Iterator<Item = Micros> {
        [self.received_at, self.rtt_start_at, self.due_at(), self.stopped_at, self.rejected_at].into_iter().flatten()
    }

    /// Instants after `as_of` at which this clock's figures change although no message comes:
    /// the breach instant while open, and a held-back end (E18).
    pub fn wakes_after(&self, as_of: Micros) -> impl Iterator<Item = Micros> {
        let open_due = self.due_at().filter(|_| self.stopped_at.is_none_or(|stop| stop > as_of));
        [open_due, self.stopped_at, self.rtt_start_at, self.received_at]
            .into_iter()
            .flatten()
            .filter(move |instant| *instant > as_of)
    }
}

/// The local calendar day of an instant.
#[must_use]
pub fn local_day(instant: Micros) -> NaiveDate {
    london(from_micros(instant)).date()
}

/// An instant from Arrow's microseconds.
#[must_use]
pub fn from_micros(instant: Micros) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(instant).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

pack_words!(Source { Live, Primary, Refresh });
pack_fields!(Area { icb, lcp, pcn, practice });
pack_fields!(ClockRow {
    provider,
    service_request_id,
    area,
    waiting_type,
    team_type,
    pre_2023_ucr_team,
    source_group,
    age_years,
    source,
    received_at,
    rtt_start_at,
    rtt_end_at,
    stopped_at,
    time_missing,
    naive_minutes,
    true_minutes,
    rejected_at,
    closed_at,
    closure_group,
    superseded,
    reclassified_at,
    on_feed,
});
