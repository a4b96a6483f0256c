//! `/api/v1/data-quality`: how complete and how clean the submissions are that count, by provider and month.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use homeward_transform::release::{HoldsNoPatientData, Released, ReleasedQuality};

use super::months::{Answer, Asked, MonthsQuery};
use super::problem::Problem;
use super::serving::Serving;

/// Its counts are released already.
impl HoldsNoPatientData for Answer<Released<ReleasedQuality>> {}

pub(super) async fn data_quality(
    State(serving): State<Serving>,
    query: Result<Query<MonthsQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let asked = Asked::of(&serving, query)?;
    let found = asked.snapshot.data_quality().iter().filter(|(provider, month, _)| asked.wants(provider, *month));
    asked.answer(found.map(|(provider, month, quality)| asked.policy.release_quality(provider, month, quality)))
}
