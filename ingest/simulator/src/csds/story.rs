//! What becomes of a submission after it is written: sent whole, broken off, completed later, withdrawn, reinstated.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use homeward_contract::calendar::FileType;
use homeward_contract::decision::{Decision, Verdict};
use homeward_contract::submission::Submission;

use super::planted::CsdsCounts;
use crate::parameters::Parameters;
use crate::random::{Stream, between, chance, generator};

/// How much of a submission arrives, and when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sending {
    /// All of it at once.
    #[default]
    Whole,
    /// The first half of its records, and never the rest.
    BrokenOff,
    /// The first half at once, the rest at this instant.
    CompletedAt(DateTime<Utc>),
}

/// What happens to one submission.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Story {
    pub(crate) sending: Sending,
    pub(crate) decisions: Vec<Decision>,
}

/// A submission as the truth knows it.
#[derive(Debug, Clone)]
pub(crate) struct PlantedSubmission {
    pub(crate) id: String,
    pub(crate) provider: String,
    pub(crate) rp_end: NaiveDate,
    pub(crate) refresh: bool,
    pub(crate) received_at: DateTime<Utc>,
    /// When its last record arrives, if it ever does.
    pub(crate) whole_at: Option<DateTime<Utc>>,
    /// Withdrawals (`true`) and reinstatements, in order.
    pub(crate) withdrawn: Vec<(DateTime<Utc>, bool)>,
}

impl Story {
    /// Draws the story of a submission; `place` tells the sendings of a provider and month apart.
    pub(crate) fn of(parameters: &Parameters, submission: &Submission, place: &[u64], counts: &mut CsdsCounts) -> Self {
        let rates = &parameters.csds;
        let mut rng = generator(parameters.seed, Stream::SubmissionStory, place);
        let received_at = submission.file_received_at;
        let mut story = Self::default();
        if chance(&mut rng, rates.broken_off) {
            story.sending = Sending::BrokenOff;
            counts.broken_off += 1;
        } else if chance(&mut rng, rates.completed_later) {
            story.sending = Sending::CompletedAt(received_at + Duration::minutes(between(&mut rng, 60, 2880)));
            counts.completed_later += 1;
        }
        if chance(&mut rng, rates.withdrawn) {
            let withdrawn_at = received_at + Duration::minutes(between(&mut rng, 30, 30 * 1440));
            story.decide(submission, Verdict::Withdrawn, withdrawn_at);
            counts.withdrawn += 1;
            if chance(&mut rng, 0.4) {
                let reinstated_at = withdrawn_at + Duration::minutes(between(&mut rng, 30, 20 * 1440));
                story.decide(submission, Verdict::Reinstated, reinstated_at);
                counts.reinstated += 1;
            }
        }
        story
    }

    fn decide(&mut self, submission: &Submission, verdict: Verdict, at: DateTime<Utc>) {
        self.decisions.push(Decision {
            id: format!("{}-{}", submission.id, verdict.as_str()),
            submission: submission.id.clone(),
            verdict,
            reason: "simulated".to_owned(),
            by: "data manager".to_owned(),
            at,
        });
    }

    /// The same for the truth.
    pub(crate) fn planted(&self, submission: &Submission) -> PlantedSubmission {
        PlantedSubmission {
            id: submission.id.clone(),
            provider: submission.provider.clone(),
            rp_end: submission.rp_end,
            refresh: submission.file_type == FileType::Refresh,
            received_at: submission.file_received_at,
            whole_at: match self.sending {
                Sending::Whole => Some(submission.file_received_at),
                Sending::BrokenOff => None,
                Sending::CompletedAt(at) => Some(at),
            },
            withdrawn: self.decisions.iter().map(|one| (one.at, one.verdict == Verdict::Withdrawn)).collect(),
        }
    }
}
