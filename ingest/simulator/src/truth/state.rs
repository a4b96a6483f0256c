//! What a set of facts says about one referral: read in order of version, later ones over earlier ones (`ucr.md` section 7).

use chrono::{DateTime, Utc};

use crate::referral::{Decision, Fact, FactKind};

/// A referral as some set of facts describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// `None` until the referral itself is known.
    pub(crate) received_at: Option<DateTime<Utc>>,
    pub(crate) start_at: Option<DateTime<Utc>>,
    pub(crate) end_at: Option<DateTime<Utc>>,
    pub(crate) rejected_at: Option<DateTime<Utc>>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    /// From 05 to 07.
    pub(crate) reclassified_at: Option<DateTime<Utc>>,
    pub(crate) voided: bool,
    /// Contacts that stand: id, time, minutes, first.
    pub(crate) contacts: Vec<Visit>,
}

/// A contact that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) contact: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) duration_minutes: i64,
    pub(crate) first: bool,
    end_at: Option<DateTime<Utc>>,
}

impl State {
    /// Reads facts, which must come in order of version.
    pub(crate) fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut state = Self::default();
        for fact in facts {
            state.take(&fact.kind);
        }
        state.end_at = state.contacts.iter().find_map(|visit| visit.end_at);
        state
    }

    fn take(&mut self, kind: &FactKind) {
        match kind {
            FactKind::Received { received_at, start_at } => {
                self.received_at = Some(*received_at);
                self.start_at = Some(*start_at);
            }
            FactKind::Triaged { decision, decided_at } => match decision {
                Decision::Accepted => {}
                Decision::Reclassified => self.reclassified_at = Some(*decided_at),
                Decision::Redirected { .. } => self.rejected_at = Some(*decided_at),
            },
            FactKind::Rejected { at } => self.rejected_at = Some(*at),
            FactKind::Contact { first, contact, at, duration_minutes, end_at } => self.contacts.push(Visit {
                contact: contact.clone(),
                at: *at,
                duration_minutes: *duration_minutes,
                first: *first,
                end_at: *end_at,
            }),
            FactKind::Closed { at, .. } => self.closed_at = Some(*at),
            FactKind::EndAmended { contact, to, .. } => {
                for visit in self.contacts.iter_mut().filter(|visit| visit.contact == *contact) {
                    visit.at = *to;
                    visit.end_at = Some(*to);
                }
            }
            FactKind::StartAmended { to, .. } => self.start_at = Some(*to),
            FactKind::Voided { .. } => self.voided = true,
            FactKind::ContactVoided { contact, .. } => self.contacts.retain(|visit| visit.contact != *contact),
        }
    }
}
