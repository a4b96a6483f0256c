//! `/api/v1/data-quality`: how complete and how clean the submissions are that count, by provider and month.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use homeward_transform::release::{HoldsNoPatientData, Released, ReleasedQuality};
use serde::{Deserialize, Serialize};

use super::outgoing::Outgoing;
use super::problem::Problem;
use super::reconciliation::{MONTHS_SHOWN, first_day};
use super::serving::Serving;

/// `?provider=&month=&release=`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataQualityQuery {
    provider: Option<String>,
    month: Option<String>,
    release: Option<String>,
}

/// The answer.
#[derive(Serialize)]
struct Answer {
    as_of: DateTime<Utc>,
    release: String,
    statement: &'static str,
    months: Vec<Released<ReleasedQuality>>,
}

/// Its counts are released already.
impl HoldsNoPatientData for Answer {}

pub(super) async fn data_quality(
    State(serving): State<Serving>,
    query: Result<Query<DataQualityQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Query(query) =
        query.map_err(|error| Problem::bad_request(error.body_text(), "use provider, month and release"))?;
    let policy = serving.policy(query.release.as_deref())?;
    let asked = query.month.as_deref().map(first_day).transpose()?;
    let snapshot = serving.snapshot()?;
    let found = snapshot.data_quality().iter().filter(|(provider, month, _)| {
        query.provider.as_deref().is_none_or(|code| code.eq_ignore_ascii_case(provider))
            && asked.is_none_or(|asked| asked == *month)
    });
    let months: Vec<_> = found
        .take(MONTHS_SHOWN + 1)
        .map(|(provider, month, quality)| policy.release_quality(provider, month, quality))
        .collect();
    if months.len() > MONTHS_SHOWN {
        let what = format!("this is more than {MONTHS_SHOWN} providers and months");
        return Err(Problem::bad_request(what, "name a provider or a month"));
    }
    let (as_of, release, statement) = (snapshot.as_of(), policy.label(), policy.statement);
    Ok(Outgoing(Released::public(Answer { as_of, release, statement, months })))
}
