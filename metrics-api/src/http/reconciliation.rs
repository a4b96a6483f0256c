//! `/api/v1/reconciliation`: the two-hour figure from live events to the workbook, every difference by its cause.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use homeward_transform::release::{HoldsNoPatientData, Released, ReleasedMonth};
use serde::Serialize;

use super::months::{Answer, Asked, MonthsQuery};
use super::problem::Problem;
use super::serving::Serving;

/// One provider and month, and the sentence of it.
#[derive(Serialize)]
pub(super) struct Month {
    #[serde(flatten)]
    month: Released<ReleasedMonth>,
    words: String,
}

/// Its counts are released already, and its sentences are made of them.
impl HoldsNoPatientData for Answer<Month> {}

pub(super) async fn reconciliation(
    State(serving): State<Serving>,
    query: Result<Query<MonthsQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let asked = Asked::of(&serving, query)?;
    let found = asked.snapshot.reconciliation().iter().filter(|held| asked.wants(&held.provider, held.month));
    asked.answer(found.map(|held| {
        let month = asked.policy.release_reconciliation(held);
        Month { words: month.words(), month }
    }))
}
