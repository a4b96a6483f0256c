//! What is asked and answered by month, and by provider or board: the reconciliations, data quality.

use std::sync::Arc;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use chrono::{DateTime, NaiveDate, Utc};
use homeward_transform::release::{HoldsNoPatientData, Policy, Released};
use homeward_transform::snapshot::Snapshot;
use serde::{Deserialize, Serialize};

use super::outgoing::Outgoing;
use super::problem::Problem;
use super::serving::Serving;

/// Most provider-months in one answer: ten years of the providers of one system.
const MONTHS_SHOWN: usize = 2_000;

/// `?provider=&month=&release=`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MonthsQuery {
    provider: Option<String>,
    month: Option<String>,
    release: Option<String>,
}

/// `?icb=&month=&release=`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoardsQuery {
    icb: Option<String>,
    month: Option<String>,
    release: Option<String>,
}

/// A question that was understood, and the picture that answers it.
pub(super) struct Asked {
    pub(super) policy: &'static Policy,
    pub(super) snapshot: Arc<Snapshot>,
    organisation: Option<String>,
    month: Option<NaiveDate>,
}

/// The answer.
#[derive(Serialize)]
pub(super) struct Answer<Month> {
    as_of: DateTime<Utc>,
    release: String,
    statement: &'static str,
    months: Vec<Month>,
}

impl Asked {
    /// Reads the query.
    pub(super) fn of(serving: &Serving, query: Result<Query<MonthsQuery>, QueryRejection>) -> Result<Self, Problem> {
        let Query(query) =
            query.map_err(|error| Problem::bad_request(error.body_text(), "use provider, month and release"))?;
        Self::understood(serving, query.provider, query.month.as_deref(), query.release.as_deref())
    }

    /// As [`Asked::of`], of boards in place of providers.
    pub(super) fn of_boards(
        serving: &Serving,
        query: Result<Query<BoardsQuery>, QueryRejection>,
    ) -> Result<Self, Problem> {
        let Query(query) =
            query.map_err(|error| Problem::bad_request(error.body_text(), "use icb, month and release"))?;
        Self::understood(serving, query.icb, query.month.as_deref(), query.release.as_deref())
    }

    fn understood(
        serving: &Serving,
        organisation: Option<String>,
        month: Option<&str>,
        release: Option<&str>,
    ) -> Result<Self, Problem> {
        let policy = serving.policy(release)?;
        let month = month.map(first_day).transpose()?;
        Ok(Self { policy, snapshot: serving.snapshot()?, organisation, month })
    }

    /// True when the organisation and the month that begins on this day were asked for.
    pub(super) fn wants(&self, organisation: &str, first: NaiveDate) -> bool {
        self.organisation.as_deref().is_none_or(|code| code.eq_ignore_ascii_case(organisation))
            && self.month.is_none_or(|month| month == first)
    }

    /// Answers with these months, unless they are too many.
    pub(super) fn answer<Month>(&self, months: impl Iterator<Item = Month>) -> Result<Outgoing<Answer<Month>>, Problem>
    where
        Answer<Month>: HoldsNoPatientData,
    {
        let months: Vec<Month> = months.take(MONTHS_SHOWN + 1).collect();
        if months.len() > MONTHS_SHOWN {
            let what = format!("this is more than {MONTHS_SHOWN} providers and months");
            return Err(Problem::bad_request(what, "name a provider or a month"));
        }
        let (as_of, release, statement) = (self.snapshot.as_of(), self.policy.label(), self.policy.statement);
        Ok(Outgoing(Released::public(Answer { as_of, release, statement, months })))
    }
}

/// The first day of a month as CCYY-MM.
pub(super) fn first_day(month: &str) -> Result<NaiveDate, Problem> {
    let wrong = || Problem::bad_request(format!("'{month}' is no month"), "write for example month=2024-10");
    if month.len() != "2024-10".len() {
        return Err(wrong());
    }
    format!("{month}-01").parse().map_err(|_| wrong())
}
