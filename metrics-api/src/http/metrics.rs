//! `/metrics`.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::serving::Serving;
use crate::prometheus::CONTENT_TYPE;

pub(super) async fn metrics(State(serving): State<Serving>) -> Result<Response, Problem> {
    let policy = serving.policy(None)?;
    let snapshot = serving.snapshot_if_any();
    let machinery = serving.parts.machinery.machinery(serving.parts.clock.now(), snapshot.as_deref());
    let text = serving
        .exposition
        .render(snapshot.as_deref(), &serving.parts.catalogue, |snapshot| serving.reading(snapshot, policy), &machinery)
        .map_err(|error| Problem::internal(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}
