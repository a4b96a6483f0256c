//! The plan of one referral: who, what happened, what was recorded when, and when each record was delivered.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::malformed::MalformedKind;
use crate::person::Person;

/// What became of a referral, as planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Visited, and the clock stopped.
    Seen,
    /// Visited, but no RTT end was ever recorded; closed later (E16).
    StopNeverRecorded,
    /// Rejected before any contact (E10).
    Rejected,
    /// Redirected to another organisation, which rejects it here.
    Redirected,
    /// Closed before any contact: withdrawn, admitted, died or refused (E16).
    ClosedBeforeContact,
    /// Reclassified from 05 to 07 before any contact (E12).
    Reclassified,
    /// Voided.
    Voided,
    /// Neither visited nor closed.
    LeftOpen,
}

/// One referral with everything that happened to it.
#[derive(Debug, Clone)]
pub(crate) struct Referral {
    /// Unique number, the base of all its ids.
    pub(crate) serial: u64,
    /// Provider code.
    pub(crate) provider: String,
    /// ServiceRequestID.
    pub(crate) id: String,
    pub(crate) person: Person,
    pub(crate) fate: Fate,
    /// WaitingTime_MeasurementType at receipt, `05` or `07`.
    pub(crate) waiting_type: &'static str,
    pub(crate) received_at: DateTime<Utc>,
    pub(crate) source_group: &'static str,
    pub(crate) referring: Option<String>,
    pub(crate) team_type: Option<&'static str>,
    pub(crate) team_id: String,
    pub(crate) residence: &'static str,
    /// Facts in the order in which the provider recorded them; versions rise with them.
    pub(crate) facts: Vec<Fact>,
    /// Deliveries; empty for a referral that only CSDS knows.
    pub(crate) sends: Vec<Transmission>,
    /// Broken records delivered beside the good ones.
    pub(crate) malformed: Vec<Malformed>,
    pub(crate) csds: CsdsPlan,
}

impl Referral {
    /// The id of its n-th contact.
    pub(crate) fn contact_id(&self, number: usize) -> String {
        format!("CC-{:010}-{number}", self.serial)
    }

    /// When Homeward first learns of a fact from the live feed.
    pub(crate) fn known_at(&self, fact: usize) -> Option<DateTime<Utc>> {
        self.sends.iter().filter(|send| send.fact == fact).map(|send| send.deliver_at).min()
    }

    /// True when the live feed carries it.
    pub(crate) fn on_feed(&self) -> bool {
        !self.sends.is_empty()
    }
}

/// One fact a provider records about a referral.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) version: u32,
    pub(crate) recorded_at: DateTime<Utc>,
    /// Written up after the shift.
    pub(crate) late_write_up: bool,
    pub(crate) kind: FactKind,
}

/// What a fact says.
#[derive(Debug, Clone)]
pub(crate) enum FactKind {
    Received {
        received_at: DateTime<Utc>,
        start_at: DateTime<Utc>,
    },
    Triaged {
        decision: Decision,
        decided_at: DateTime<Utc>,
    },
    Rejected {
        at: DateTime<Utc>,
    },
    Contact {
        first: bool,
        contact: String,
        at: DateTime<Utc>,
        duration_minutes: i64,
        /// The RTT end it brings; `None` for a contact that does not stop the clock.
        end_at: Option<DateTime<Utc>>,
    },
    Closed {
        at: DateTime<Utc>,
        group: &'static str,
    },
    /// Moves the RTT end and the contact's time.
    EndAmended {
        contact: String,
        /// Index of the contact's fact.
        amends: usize,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    },
    /// Moves the RTT start.
    StartAmended {
        amends: usize,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    },
    /// Voids the whole referral.
    Voided {
        at: DateTime<Utc>,
        reason: &'static str,
        duplicate_of: Option<String>,
    },
    /// Voids one contact.
    ContactVoided {
        contact: String,
        voids: usize,
        at: DateTime<Utc>,
    },
}

/// Outcome of triage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    Accepted,
    /// From 05 to 07.
    Reclassified,
    Redirected {
        to: &'static str,
    },
}

/// One delivery of a fact.
#[derive(Debug, Clone)]
pub(crate) struct Transmission {
    /// Index into the referral's facts.
    pub(crate) fact: usize,
    pub(crate) deliver_at: DateTime<Utc>,
    pub(crate) kind: SendKind,
    /// Delayed so that later facts can overtake it.
    pub(crate) reordered: bool,
}

/// Which delivery of a fact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendKind {
    Original,
    /// The same bytes again.
    SameId,
    /// The same fact under another id.
    NewId,
}

/// One broken record, derived from the delivery of a good one.
#[derive(Debug, Clone)]
pub(crate) struct Malformed {
    pub(crate) kind: MalformedKind,
    /// Index into the referral's sends.
    pub(crate) of_send: usize,
    pub(crate) deliver_at: DateTime<Utc>,
}

/// How CSDS tells this referral.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CsdsPlan {
    /// Never submitted.
    pub(crate) absent: bool,
    /// Missing from the Primary of the first month.
    pub(crate) late_record: bool,
    /// Carried as type 07 although the live feed says 05.
    pub(crate) changed_type: bool,
    pub(crate) end: CsdsEnd,
    pub(crate) times: CsdsTimes,
}

/// Whether and when CSDS carries the RTT end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum CsdsEnd {
    #[default]
    AsRecorded,
    Missing,
    GainedInRefresh,
}

/// What CSDS does to the clock's times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum CsdsTimes {
    #[default]
    AsRecorded,
    StartTimeMissing,
    EndTimeMissing,
    EndBeforeStart,
}
