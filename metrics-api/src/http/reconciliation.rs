//! `/api/v1/reconciliation`: the two-hour figure from live events to the workbook, every difference by its cause.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use chrono::{DateTime, NaiveDate, Utc};
use homeward_transform::release::{HoldsNoPatientData, Released, ReleasedMonth};
use serde::{Deserialize, Serialize};

use super::outgoing::Outgoing;
use super::problem::Problem;
use super::serving::Serving;

/// Most provider-months in one answer: ten years of the providers of one system.
pub(super) const MONTHS_SHOWN: usize = 2_000;

/// `?provider=&month=&release=`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReconciliationQuery {
    provider: Option<String>,
    month: Option<String>,
    release: Option<String>,
}

/// One provider and month, and the sentence of it.
#[derive(Serialize)]
struct Month {
    #[serde(flatten)]
    month: Released<ReleasedMonth>,
    words: String,
}

/// The answer.
#[derive(Serialize)]
struct Answer {
    as_of: DateTime<Utc>,
    release: String,
    statement: &'static str,
    months: Vec<Month>,
}

/// Its counts are released already, and its sentences are made of them.
impl HoldsNoPatientData for Answer {}

pub(super) async fn reconciliation(
    State(serving): State<Serving>,
    query: Result<Query<ReconciliationQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Query(query) =
        query.map_err(|error| Problem::bad_request(error.body_text(), "use provider, month and release"))?;
    let policy = serving.policy(query.release.as_deref())?;
    let month = query.month.as_deref().map(first_day).transpose()?;
    let snapshot = serving.snapshot()?;
    let wanted = |provider: &str, first: NaiveDate| {
        query.provider.as_deref().is_none_or(|code| code.eq_ignore_ascii_case(provider))
            && month.is_none_or(|month| month == first)
    };
    let found = snapshot.reconciliation().iter().filter(|held| wanted(&held.provider, held.month));
    let months: Vec<Month> = found
        .take(MONTHS_SHOWN + 1)
        .map(|held| {
            let month = policy.release_reconciliation(held);
            Month { words: month.words(), month }
        })
        .collect();
    if months.len() > MONTHS_SHOWN {
        let what = format!("this is more than {MONTHS_SHOWN} providers and months");
        return Err(Problem::bad_request(what, "name a provider or a month"));
    }
    let (as_of, release, statement) = (snapshot.as_of(), policy.label(), policy.statement);
    Ok(Outgoing(Released::public(Answer { as_of, release, statement, months })))
}

/// The first day of a month as CCYY-MM.
pub(super) fn first_day(month: &str) -> Result<NaiveDate, Problem> {
    let wrong = || Problem::bad_request(format!("'{month}' is no month"), "write for example month=2024-10");
    if month.len() != "2024-10".len() {
        return Err(wrong());
    }
    format!("{month}-01").parse().map_err(|_| wrong())
}
