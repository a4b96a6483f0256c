//! A finite simulation with its truth.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::csds::{self, SubmissionFiles};
use crate::event::EventWriter;
use crate::parameters::Parameters;
use crate::referral::Referral;
use crate::stream::{Days, EndlessSimulation, Message, Outgoing};
use crate::truth::Truth;

/// A simulated Devon over some days: its live feed, its submissions, and the truth behind both.
pub struct Simulation {
    parameters: Parameters,
    outgoing: Vec<Outgoing>,
    submissions: Vec<SubmissionFiles>,
    truth: Truth,
    writer: EventWriter,
}

impl Simulation {
    /// Plans everything. The same parameters always give the same records.
    #[must_use]
    pub fn new(parameters: Parameters) -> Self {
        let writer = EventWriter::new(&parameters);
        let days = Days::new(parameters);
        let length = u64::from(days.parameters.days);
        let mut referrals: BTreeMap<u64, Arc<Referral>> = BTreeMap::new();
        for index in 0..length {
            let planned = days.live_referrals(index).into_iter().chain(days.csds_only_referrals(index));
            referrals.extend(planned.map(|referral| (referral.serial, Arc::new(referral))));
        }
        let referrals: Vec<Arc<Referral>> = referrals.into_values().collect();
        let mut outgoing: Vec<Outgoing> = referrals.iter().flat_map(Outgoing::of).collect();
        outgoing.sort();
        let last_day = days.day(length.saturating_sub(1));
        let parameters = days.parameters;
        let borrowed: Vec<&Referral> = referrals.iter().map(Arc::as_ref).collect();
        let (submissions, planted) = csds::submissions(&parameters, &borrowed, last_day);
        let truth = Truth::new(referrals, planted);
        Self { parameters, outgoing, submissions, truth, writer }
    }

    /// The live feed without an end and without a truth, for the demonstration; memory stays bounded.
    #[must_use]
    pub fn endless(parameters: Parameters) -> EndlessSimulation {
        EndlessSimulation::new(parameters)
    }

    /// The parameters it was made from.
    #[must_use]
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The live feed in order of delivery.
    pub fn live(&self) -> impl Iterator<Item = Message> + '_ {
        self.outgoing.iter().map(|outgoing| outgoing.message(&self.writer))
    }

    /// The monthly submissions in order of receipt.
    #[must_use]
    pub fn submissions(&self) -> &[SubmissionFiles] {
        &self.submissions
    }

    /// Both feeds in order of delivery; a submission's records come together, as far as they come.
    pub fn messages(&self) -> impl Iterator<Item = Message> + '_ {
        let arrivals = self.submissions.iter().flat_map(|one| one.arrivals().into_iter().map(move |at| (at, one)));
        let mut arrivals: Vec<(DateTime<Utc>, &SubmissionFiles)> = arrivals.collect();
        arrivals.sort_by(|(one, first), (two, second)| (one, &first.id).cmp(&(two, &second.id)));
        let mut arrivals = arrivals.into_iter().peekable();
        let mut outgoing = self.outgoing.iter().peekable();
        std::iter::from_fn(move || -> Option<Vec<Message>> {
            let next_event: Option<DateTime<Utc>> = outgoing.peek().map(|event| event.deliver_at);
            match arrivals.next_if(|(at, _)| next_event.is_none_or(|event| *at <= event)) {
                Some((at, submission)) => Some(submission.arriving(at)),
                None => outgoing.next().map(|event| vec![event.message(&self.writer)]),
            }
        })
        .flatten()
    }

    /// What a correct system must find.
    #[must_use]
    pub const fn truth(&self) -> &Truth {
        &self.truth
    }
}
