//! Cohorts: people followed for a number of nights from an index day (handbook, `days-at-home.md` section 2). Pure.

use super::night::{Known, Piece, State};
use crate::spans::{Point, Span};

/// For how many nights members are followed.
pub(super) const FOLLOWED_NIGHTS: [Point; 3] = [30, 90, 365];

/// The longest of them.
pub(super) const FOLLOWED_NIGHTS_MAX: Point = 365;

/// What brings a person into a cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Cohort {
    /// A referral to urgent community response was accepted.
    UrgentResponse,
    /// Discharge from hospital: its night is the first.
    Discharge,
    /// Admission to a virtual ward.
    VirtualWard,
}

impl Cohort {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::UrgentResponse => "ucr",
            Self::Discharge => "discharge",
            Self::VirtualWard => "virtual_ward",
        }
    }
}

/// One person from one index day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) cohort: Cohort,
    pub(super) index: Point,
    /// Where the person was registered then.
    pub(super) place: u32,
    pub(super) died_on: Option<Point>,
}

impl Member {
    /// Nights that are counted by a day: those of the longest window that is over by then; none while none is.
    pub(super) fn counted(&self, today: Point) -> Span {
        let over = FOLLOWED_NIGHTS.into_iter().filter(|nights| self.index + nights <= today);
        Span::new(self.index, self.index + over.max().unwrap_or(0))
    }

    /// True when a window of it became complete after one day and up to another.
    pub(super) fn completes(&self, since: Point, today: Point) -> bool {
        FOLLOWED_NIGHTS.into_iter().any(|nights| (since + 1..=today).contains(&(self.index + nights)))
    }
}

/// The memberships of a person. Who is dead, not registered or opted out on the index night is no member, nor is anybody
/// before the feeds began.
pub(super) fn members(known: &Known<'_>, nights: &[Piece]) -> Vec<Member> {
    let died_on = known.died_on();
    let member = |(cohort, index): (Cohort, Point)| {
        let is_there = |piece: &&Piece| piece.span.from <= index && index < piece.span.to;
        let at = nights.iter().find(is_there)?;
        let is_scope = !matches!(at.state, State::Dead | State::OptedOut | State::NotCovered);
        is_scope.then_some(Member { cohort, index, place: at.place, died_on })
    };
    let accepted = known.accepted.iter().map(|index| (Cohort::UrgentResponse, *index));
    let discharges = known.discharges().into_iter().map(|index| (Cohort::Discharge, index));
    let admissions = known.virtual_admissions().into_iter().map(|index| (Cohort::VirtualWard, index));
    accepted.chain(discharges).chain(admissions).filter_map(member).collect()
}
