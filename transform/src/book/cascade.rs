//! Which rows stand: a row whose parent was refused in the same submission does not count, nor do its children. Pure.
//!
//! A row stands when it names no parent, when a row of its parent stands, or when no row of its parent is in the submission
//! at all (an orphan: kept, our choice). So it falls exactly when rows of its parent are known and none of them stands. It
//! is asked anew whenever a referral is settled, of what has arrived by then, so that the order of arrival changes nothing.
//! [`crate::feedback`] holds all 37 tables to the same rule.

use std::sync::Arc;

use homeward_contract::feed::Table;

use super::Map;
use super::csds::{CsdsPerson, CsdsReferral, ReferralFacts};
use super::register::Register;

/// What hangs on what, for the rows of one referral.
#[derive(Clone, Copy)]
pub struct Cascade<'a> {
    /// Every submission and the keys that it refused.
    pub register: &'a Register,
    /// Every person, and where each of the referral's provider is found among them.
    pub people: (&'a [CsdsPerson], Option<&'a Map<Arc<str>, u32>>),
    /// ServiceRequestID.
    pub service_request_id: &'a str,
}

impl<'a> Cascade<'a> {
    /// True when what hangs on a person stands in a submission.
    #[must_use]
    pub fn person_stands(&self, submission: u32, pseudonym: &str) -> bool {
        !self.register.refuses(submission, Table::Cyp001Mpi, pseudonym)
            || self.person(pseudonym).is_some_and(|person| person.age_years.in_submission(submission).next().is_some())
    }

    /// True when a CYP101 row of the referral stands.
    #[must_use]
    pub fn referral_row_stands(&self, submission: u32, facts: &ReferralFacts) -> bool {
        facts.person.as_deref().is_none_or(|person| self.person_stands(submission, person))
    }

    /// True when what hangs on the referral stands in a submission: services, clocks, contacts.
    #[must_use]
    pub fn child_stands(&self, submission: u32, referral: &CsdsReferral) -> bool {
        if !self.register.refuses_any(submission) {
            return true;
        }
        let mut rows = referral.referral_rows(submission).peekable();
        let fell =
            rows.peek().is_some() || self.register.refuses(submission, Table::Cyp101Referral, self.service_request_id);
        !fell || rows.any(|facts| self.referral_row_stands(submission, facts))
    }

    /// The person of the referral's provider with this pseudonym.
    #[must_use]
    pub fn person(&self, pseudonym: &str) -> Option<&'a CsdsPerson> {
        let (people, index) = self.people;
        Some(&people[*index?.get(pseudonym)? as usize])
    }
}
