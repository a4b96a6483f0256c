//! `/api/v1/virtual-ward-reconciliation`: the published series of virtual wards beside our own figure.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use homeward_transform::release::{HoldsNoPatientData, ReleasedWards};

use super::months::{Answer, Asked, BoardsQuery};
use super::problem::Problem;
use super::serving::Serving;

/// Its counts are released already.
impl HoldsNoPatientData for Answer<ReleasedWards> {}

pub(super) async fn virtual_wards(
    State(serving): State<Serving>,
    query: Result<Query<BoardsQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let asked = Asked::of_boards(&serving, query)?;
    let rows = asked.policy.release_wards(&asked.snapshot);
    asked.answer(rows.iter().filter(|row| asked.wants(&row.icb, row.month)).cloned())
}
