//! Planted stories for the demonstration.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::referral::{Fact, FactKind, Fate, Referral, SendKind, Transmission};

/// A story whose timing a presenter can rely on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Scenario {
    /// One type-05 referral slips and recovers. Counted from `at` in simulated minutes: it is 80 minutes old at 0,
    /// passes 90 minutes at 10 and 120 minutes at 40, is visited at 66 and written up at 72. At sixty times real
    /// time a simulated minute is a second, so "open over 120 minutes" appears after about 40 seconds and clears
    /// after about 72.
    SlipAndRecover {
        /// Code of the provider at which it happens.
        provider: String,
        /// When the story begins.
        at: DateTime<Utc>,
    },
}

/// Age of the referral when the story begins.
const AGE_AT_START_MINUTES: i64 = 80;
/// Minutes from the story's beginning to the visit.
const VISIT_AFTER_MINUTES: i64 = 66;
/// From a record's making to its delivery.
const DELIVERY_SECONDS: i64 = 2;
/// Minutes from the story's beginning to the delivery of the write-up.
const WRITE_UP_AFTER_MINUTES: i64 = 72;

impl Scenario {
    /// When the story begins.
    #[must_use]
    pub const fn at(&self) -> DateTime<Utc> {
        match self {
            Self::SlipAndRecover { at, .. } => *at,
        }
    }

    /// The provider at which it happens.
    #[must_use]
    pub fn provider(&self) -> &str {
        match self {
            Self::SlipAndRecover { provider, .. } => provider,
        }
    }

    /// When its referral is received.
    #[must_use]
    pub fn received_at(&self) -> DateTime<Utc> {
        self.at() - Duration::minutes(AGE_AT_START_MINUTES)
    }

    /// Turns an ordinary referral of the provider into the story's.
    pub(crate) fn plant(&self, mut referral: Referral) -> Referral {
        let received_at = self.received_at();
        let end_at = self.at() + Duration::minutes(VISIT_AFTER_MINUTES);
        let written_at = self.at() + Duration::minutes(WRITE_UP_AFTER_MINUTES);
        referral.fate = Fate::Seen;
        referral.waiting_type = "05";
        referral.received_at = received_at;
        referral.csds = crate::referral::CsdsPlan::default();
        referral.facts = vec![
            Fact {
                version: 1,
                recorded_at: received_at + Duration::seconds(40),
                late_write_up: false,
                kind: FactKind::Received { received_at, start_at: received_at },
            },
            Fact {
                version: 2,
                recorded_at: written_at - Duration::seconds(DELIVERY_SECONDS),
                late_write_up: false,
                kind: FactKind::Contact {
                    first: true,
                    contact: referral.contact_id(1),
                    at: end_at,
                    duration_minutes: 5,
                    end_at: Some(end_at),
                },
            },
        ];
        referral.sends = referral
            .facts
            .iter()
            .enumerate()
            .map(|(fact, planted)| Transmission {
                fact,
                deliver_at: planted.recorded_at + Duration::seconds(DELIVERY_SECONDS),
                kind: SendKind::Original,
                reordered: false,
            })
            .collect();
        referral.malformed = Vec::new();
        referral
    }
}
