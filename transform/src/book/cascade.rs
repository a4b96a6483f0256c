//! Which rows stand: a row whose parent was refused in the same submission does not count, nor do its children. Pure.
//!
//! A row stands when it names no parent, when a row of its parent stands, or when no row of its parent is in the submission
//! at all (an orphan: kept, our choice). So it falls exactly when rows of its parent are known and none of them stands. It
//! is asked anew whenever a referral is settled, of what has arrived by then, so that the order of arrival changes nothing.
//! [`crate::feedback`] holds all 37 tables to the same rule.

use std::sync::Arc;

use homeward_contract::feed::Table;

use super::choice::Choice;
use super::csds::{CsdsPerson, CsdsReferral, PersonFacts, ReferralFacts};
use super::directory::Directory;
use super::pack::Shared;

/// The people that submissions name.
#[derive(Clone, Copy)]
pub struct People<'a> {
    /// Every person.
    pub directory: &'a Directory<CsdsPerson>,
    /// What they share.
    pub shared: &'a Shared,
}

/// What hangs on what, for the rows of one referral.
#[derive(Clone, Copy)]
pub struct Cascade<'a> {
    /// Which submissions are read, and the keys that each refused.
    pub choice: Choice<'a>,
    /// Every person.
    pub people: People<'a>,
    /// Provider after succession: the referral's, and its people's.
    pub provider: &'a str,
    /// ServiceRequestID.
    pub service_request_id: &'a str,
}

impl<'a> Cascade<'a> {
    /// True when the rows of a submission are read.
    #[must_use]
    pub fn reads(&self, submission: u32) -> bool {
        self.choice.takes(submission)
    }

    /// True when what hangs on a person stands in a submission.
    #[must_use]
    pub fn person_stands(&self, submission: u32, pseudonym: &str) -> bool {
        !self.choice.register().refuses(submission, Table::Cyp001Mpi, pseudonym)
            || self.person(pseudonym).is_some_and(|person| person.facts.in_submission(submission).next().is_some())
    }

    /// True when a CYP101 row of the referral stands.
    #[must_use]
    pub fn referral_row_stands(&self, submission: u32, facts: &ReferralFacts) -> bool {
        facts.person.as_deref().is_none_or(|person| self.person_stands(submission, person))
    }

    /// True when what hangs on the referral stands in a submission: services, clocks, contacts.
    #[must_use]
    pub fn child_stands(&self, submission: u32, referral: Option<&CsdsReferral>) -> bool {
        if !self.choice.register().refuses_any(submission) {
            return true;
        }
        let rows = referral.into_iter().flat_map(|referral| referral.referral_rows(submission));
        let mut rows = rows.peekable();
        let fell = rows.peek().is_some()
            || self.choice.register().refuses(submission, Table::Cyp101Referral, self.service_request_id);
        !fell || rows.any(|facts| self.referral_row_stands(submission, facts))
    }

    /// The practice of a person, by the current CYP002 row.
    #[must_use]
    pub fn practice(&self, person: &'a CsdsPerson, pseudonym: &str) -> Option<&'a Arc<str>> {
        let counts = |submission, _: &_| self.reads(submission) && self.person_stands(submission, pseudonym);
        person.practice.current_where(self.choice, counts)?.facts.as_ref()
    }

    /// What is known of a person, by the current CYP001 row.
    #[must_use]
    pub fn person_facts(&self, person: &'a CsdsPerson) -> Option<&'a PersonFacts> {
        Some(person.facts.current_where(self.choice, |submission, _| self.reads(submission))?.facts)
    }

    /// The person of the referral's provider with this pseudonym.
    #[must_use]
    pub fn person(&self, pseudonym: &str) -> Option<&'a CsdsPerson> {
        Some(self.people.directory.get(self.place(pseudonym)?, self.people.shared))
    }

    /// The place of that person among all people.
    #[must_use]
    pub fn place(&self, pseudonym: &str) -> Option<u32> {
        self.people.directory.find(self.provider, pseudonym, self.people.shared)
    }
}
