//! The simulated Devon on its way to the embedded broker: history at once, the present at its pace.

use std::iter::Peekable;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use homeward_contract::clock::{Clock, ScaledClock, SystemClock};
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::time::{local_midnight, london};
use homeward_ingest::kafka::{PublishError, PublishReceipt, Publisher};
use homeward_simulator::states::{StateRates, States};
use homeward_simulator::{EndlessSimulation, Message, Parameters, Scenario, Simulation, SubmissionFiles};
use tokio_util::sync::CancellationToken;

use super::write_ups::{BrokenLink, Delivered};
use crate::cli::{DemoArguments, Story};

/// Where the planted story happens: a provider that is otherwise on time while it is told.
pub(super) const STORY_PROVIDER: &str = "RK9";

/// The hospital that writes HL7 messages in place of events: Torbay.
pub(super) const HL7_HOSPITAL: &str = "RA9";

/// Simulated days after the origin for which stays, spells and deaths are planned; then no more of them come.
const STATE_DAYS_AHEAD: u32 = 30;

/// The feeds of the demonstration.
pub(super) struct DemoFeed {
    events: Peekable<Delivered<EndlessSimulation>>,
    /// Events that carry a whole state.
    states: Peekable<std::vec::IntoIter<Message>>,
    submissions: Vec<SubmissionFiles>,
    publisher: Arc<Publisher>,
    keys: PseudonymKeys,
}

/// The day on which history begins.
pub(super) fn first_day(arguments: &DemoArguments, origin: DateTime<Utc>) -> NaiveDate {
    london(origin).date() - TimeDelta::days(i64::from(arguments.history_days))
}

impl DemoFeed {
    /// Plans `history_days` before `origin`, and what follows.
    pub(super) fn new(arguments: &DemoArguments, origin: DateTime<Utc>, publisher: Arc<Publisher>) -> Self {
        let (seed, history_days) = (arguments.seed, arguments.history_days);
        let parameters = Parameters {
            seed,
            start: local_midnight(first_day(arguments, origin)),
            days: history_days,
            quiet_provider: Some(STORY_PROVIDER.to_owned()),
            // Long enough that nothing else happens there while the story of the write-ups is told.
            quiet_hours: if arguments.story == Story::WriteUps { 24.0 } else { 3.0 },
            scenario: Some(Scenario::SlipAndRecover { provider: STORY_PROVIDER.to_owned(), at: origin }),
            ..Parameters::default()
        };
        // The same seed plans the same referrals with and without an end, so the submissions fit the feed.
        let planned = Simulation::new(parameters.clone());
        let submissions =
            planned.submissions().iter().filter(|submission| submission.delivered_at <= origin).cloned().collect();
        let ahead = Parameters { days: history_days + STATE_DAYS_AHEAD, ..parameters.clone() };
        let rates = StateRates { hl7_hospital: Some(HL7_HOSPITAL.to_owned()), ..StateRates::default() };
        let states = States::new(&ahead, &rates).into_messages().into_iter().peekable();
        let link = (arguments.story == Story::WriteUps).then(|| BrokenLink::of(STORY_PROVIDER, origin));
        let keys = parameters.pseudonym_keys();
        let events = Delivered::new(Simulation::endless(parameters), link).peekable();
        Self { events, states, submissions, publisher, keys }
    }

    /// The keys of the simulated providers: who has a pseudonym in one feed and an NHS number in another is one person.
    pub(super) fn pseudonym_keys(&self) -> PseudonymKeys {
        self.keys.clone()
    }

    /// Just before the first submission is received: what was known then is what the submissions restate.
    pub(super) fn before_submissions(&self, origin: DateTime<Utc>) -> DateTime<Utc> {
        let first = self.submissions.iter().map(|submission| submission.delivered_at).min();
        first.map_or(origin, |first| first - TimeDelta::seconds(1))
    }

    /// Publishes the events of before `until` and returns what the broker acknowledged so far.
    pub(super) fn publish_events(&mut self, until: DateTime<Utc>) -> Result<PublishReceipt, PublishError> {
        while self.next_at().is_some_and(|at| at <= until) {
            if let Some(event) = self.next() {
                self.send(&event)?;
            }
        }
        self.publisher.flush()
    }

    /// When the next event of any feed is delivered.
    fn next_at(&mut self) -> Option<DateTime<Utc>> {
        let event = self.events.peek().map(|event| event.deliver_at);
        let state = self.states.peek().map(|state| state.deliver_at);
        event.into_iter().chain(state).min()
    }

    fn next(&mut self) -> Option<Message> {
        let next_at = self.next_at()?;
        self.events.next_if(|event| event.deliver_at <= next_at).or_else(|| self.states.next())
    }

    /// Publishes the submissions received before the demonstration begins.
    pub(super) fn publish_submissions(&mut self) -> Result<PublishReceipt, PublishError> {
        for submission in std::mem::take(&mut self.submissions) {
            for record in submission.messages_iter() {
                self.send(&record)?;
            }
        }
        self.publisher.flush()
    }

    /// Publishes each event when the clock reaches it, until told to stop.
    pub(super) async fn run(mut self, clock: ScaledClock, shutdown: CancellationToken) -> Result<(), PublishError> {
        while let Some(event) = self.next() {
            let wait = clock.real_wait_until(event.deliver_at, SystemClock.now());
            if shutdown.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                return Ok(());
            }
            self.send(&event)?;
        }
        Ok(())
    }

    fn send(&self, message: &Message) -> Result<(), PublishError> {
        self.publisher.send(message.feed.default_topic(), Some(&message.key), &message.payload)
    }
}
