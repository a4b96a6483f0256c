//! What changed about a record, and why, in the words of the revision log.

use chrono::NaiveDate;

use super::clock::{ClockRow, Micros, Source, local_day};

/// What is counted: rows of one pair of views; of referrals also those that are open at a month's end, and those that gained
/// a first contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Rows of `csds_clock` and `live_clock`.
    Clock,
    /// Rows of `csds_contact` and `live_contact`, by the contact's date.
    Contact,
    /// Rows of `csds_referral` and `live_referral`, by the day of receipt.
    Referral,
    /// The same rows, by the months in which the referral is open.
    OpenReferral,
    /// The same rows, by the day of the first attended contact.
    FirstContact,
    /// Rows of `virtual_ward_stay`, by the days that a stay touches.
    VirtualWardStay,
    /// Rows of `virtual_ward_capacity`, by the days for which beds are told.
    VirtualWardBeds,
    /// Rows of `person_night_span`, by the days of the nights.
    PersonNight,
    /// Rows of `cohort_member`, by the index day.
    CohortMember,
}

impl Subject {
    /// The noun of a count in the revision log.
    #[must_use]
    pub const fn noun(self, many: bool) -> &'static str {
        match (self, many) {
            (Self::Clock, true) => "clocks",
            (Self::Clock, false) => "clock",
            (Self::Contact, true) => "contacts",
            (Self::Contact, false) => "contact",
            (Self::Referral, true) => "referrals",
            (Self::Referral, false) => "referral",
            (Self::OpenReferral, true) => "open referrals",
            (Self::OpenReferral, false) => "open referral",
            (Self::FirstContact, true) => "first contacts",
            (Self::FirstContact, false) => "first contact",
            (Self::VirtualWardStay, true) => "virtual ward stays",
            (Self::VirtualWardStay, false) => "virtual ward stay",
            (Self::VirtualWardBeds, true) => "entries of virtual ward beds",
            (Self::VirtualWardBeds, false) => "entry of virtual ward beds",
            (Self::PersonNight | Self::CohortMember, true) => "records of people's nights",
            (Self::PersonNight | Self::CohortMember, false) => "record of people's nights",
        }
    }
}

/// Why the figures of a cell changed. The order is the order in which causes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A record that was not known before.
    Appeared,
    /// A record that is no longer counted: voided.
    Removed,
    /// A record that is not in the submission that replaced the one it came with.
    NotSentAgain,
    /// A submission was withdrawn.
    Withdrawn,
    /// A submission that had been withdrawn was reinstated.
    Reinstated,
    /// An open clock gained its RTT end.
    GainedEnd,
    /// A stopped clock lost its RTT end.
    LostEnd,
    /// The RTT end moved.
    EndAmended,
    /// The RTT start moved.
    StartAmended,
    /// The waiting type changed, or an 05 clock was superseded.
    Reclassified,
    /// Rejected, redirected or withdrawn.
    Rejected,
    /// Closed.
    Closed,
    /// Counted on another day: a contact's date, or the day on which a referral was received.
    Moved,
    /// Counted in another area.
    AreaChanged,
    /// An open referral that the provider's newest submission does not hold.
    Unsent,
    /// Only the source became better: Primary or Refresh confirmed what was known.
    Confirmed,
    /// Another item changed.
    Amended,
    /// No message came: an open clock passed two hours, an open stay went on, or an instant that lay ahead was reached.
    TimePassed,
}

impl Cause {
    /// The cause as a phrase that follows a count ("14 clocks gained an RTT end").
    #[must_use]
    pub const fn phrase(self, subject: Subject, many: bool) -> &'static str {
        match (self, many) {
            (Self::TimePassed, _) => time_passed(subject, many),
            (Self::Appeared, _) => "appeared",
            (Self::Removed, true) => "were removed",
            (Self::Removed, false) => "was removed",
            (Self::NotSentAgain, true) => "were not sent again",
            (Self::NotSentAgain, false) => "was not sent again",
            (Self::Withdrawn, _) => "changed when a submission was withdrawn",
            (Self::Reinstated, _) => "changed when a submission was reinstated",
            (Self::GainedEnd, _) => "gained an RTT end",
            (Self::LostEnd, _) => "lost its RTT end",
            (Self::EndAmended, _) => "had the RTT end amended",
            (Self::StartAmended, _) => "had the RTT start amended",
            (Self::Reclassified, true) => "were reclassified",
            (Self::Reclassified, false) => "was reclassified",
            (Self::Rejected, true) => "were rejected or redirected",
            (Self::Rejected, false) => "was rejected or redirected",
            (Self::Closed, true) => "were closed",
            (Self::Closed, false) => "was closed",
            (Self::Moved, _) => "moved to another day",
            (Self::AreaChanged, _) => "moved to another area",
            (Self::Unsent, true) => "were not in the newest submission",
            (Self::Unsent, false) => "was not in the newest submission",
            (Self::Confirmed, true) => "were confirmed by a submission",
            (Self::Confirmed, false) => "was confirmed by a submission",
            (Self::Amended, true) => "were amended",
            (Self::Amended, false) => "was amended",
        }
    }

    /// True when the channel of the newest version says nothing about the cause.
    #[must_use]
    pub const fn has_no_origin(self) -> bool {
        matches!(self, Self::TimePassed | Self::Withdrawn | Self::Reinstated | Self::Unsent)
    }
}

const fn time_passed(subject: Subject, many: bool) -> &'static str {
    match (subject, many) {
        (Subject::Clock, _) => "passed two hours unvisited",
        (Subject::Contact | Subject::FirstContact, true) => "reached their date",
        (Subject::Contact | Subject::FirstContact, false) => "reached its date",
        (Subject::Referral, true) => "reached the day of their receipt",
        (Subject::Referral, false) => "reached the day of its receipt",
        (Subject::OpenReferral, true) => "were looked at again as time passed",
        (Subject::OpenReferral, false) => "was looked at again as time passed",
        (Subject::VirtualWardStay | Subject::VirtualWardBeds, _) => "went on as time passed",
        (Subject::PersonNight | Subject::CohortMember, _) => "gained nights as time passed",
    }
}

/// Why another submission counts for a provider and period than before, where the rows themselves do not tell. The greater
/// is told when a record changes for two reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A later file, or the Refresh, replaced it as a whole.
    Replaced(Source),
    /// It had been withdrawn, and is reinstated.
    Reinstated,
    /// It was withdrawn.
    Withdrawn,
}

impl Why {
    /// The cause and channel to tell for a record that changed in this way.
    #[must_use]
    pub const fn tell(self, cause: Cause, source: Source) -> (Cause, Source) {
        match (self, cause) {
            (Self::Withdrawn, _) => (Cause::Withdrawn, source),
            (Self::Reinstated, _) => (Cause::Reinstated, source),
            (Self::Replaced(by), Cause::Removed) => (Cause::NotSentAgain, by),
            (Self::Replaced(_), _) => (cause, source),
        }
    }
}

/// Compares two versions of one clock; `None` when nothing changed.
#[must_use]
pub fn cause(old: Option<&ClockRow>, new: Option<&ClockRow>) -> Option<Cause> {
    let (old, new) = match (old, new) {
        (None, None) => return None,
        (None, Some(_)) => return Some(Cause::Appeared),
        (Some(_), None) => return Some(Cause::Removed),
        (Some(old), Some(new)) => (old, new),
    };
    if old == new {
        return None;
    }
    Some(match (old.stopped_at, new.stopped_at) {
        (None, Some(_)) => Cause::GainedEnd,
        (Some(_), None) => Cause::LostEnd,
        (one, two) if one != two || old.rtt_end_at != new.rtt_end_at => Cause::EndAmended,
        _ => other_cause(old, new),
    })
}

fn other_cause(old: &ClockRow, new: &ClockRow) -> Cause {
    if old.rtt_start_at != new.rtt_start_at {
        Cause::StartAmended
    } else if old.waiting_type != new.waiting_type || old.superseded != new.superseded {
        Cause::Reclassified
    } else if old.rejected_at != new.rejected_at {
        Cause::Rejected
    } else if old.closed_at != new.closed_at {
        Cause::Closed
    } else if old.area != new.area {
        Cause::AreaChanged
    } else if old.source != new.source {
        Cause::Confirmed
    } else {
        Cause::Amended
    }
}

/// The submissions that began to count for a referral since the book was last settled, for the causes of its changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flipped {
    why: Option<Why>,
    primary: Option<Micros>,
    refresh: Option<Micros>,
}

impl Flipped {
    /// Takes in that another submission counts, and why. `new` is the one that counts now: its channel and when it was received.
    pub fn note(&mut self, why: Option<Why>, new: Option<(Source, Micros)>) {
        self.why = self.why.max(why);
        match new {
            Some((Source::Primary, received_at)) => self.primary = self.primary.max(Some(received_at)),
            Some((Source::Refresh, received_at)) => self.refresh = self.refresh.max(Some(received_at)),
            Some((Source::Live, _)) | None => {}
        }
    }

    /// The cause and origin to tell for a clock that changed, given what its rows alone tell.
    #[must_use]
    pub fn tell(&self, cause: Cause, source: Source) -> (Cause, Origin) {
        let (cause, source) = self.why.map_or((cause, source), |why| why.tell(cause, source));
        let received_at = match source {
            Source::Live => None,
            Source::Primary => self.primary,
            Source::Refresh => self.refresh,
        };
        (cause, Origin { source, received_on: received_at.map(local_day) })
    }
}

/// Where a change came from, for the end of the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Channel of the newest version.
    pub source: Source,
    /// Local day on which the submission that brought it was received; none for live events.
    pub received_on: Option<NaiveDate>,
}

impl Origin {
    /// Live events, or the passing of time.
    pub const LIVE: Self = Self { source: Source::Live, received_on: None };

    /// "in live events", "in the Primary of 14 November 2024", "in the Refresh of 16 December 2024".
    #[must_use]
    pub fn phrase(self) -> String {
        let channel = match self.source {
            Source::Live => "in live events",
            Source::Primary => "in the Primary",
            Source::Refresh => "in the Refresh",
        };
        self.received_on.map_or_else(|| channel.to_owned(), |day| format!("{channel} of {}", day.format("%-d %B %Y")))
    }
}
