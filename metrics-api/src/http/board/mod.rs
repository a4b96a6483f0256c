//! The live board: every figure in a sentence, a table and a chart, with the instant that it speaks for.
//!
//! It is whole without JavaScript: the browser then loads it again by itself. With it, `board.js` listens to `/events`
//! and swaps in the newest rendering without moving focus or scroll. Everything shown went through one release policy,
//! which it names; charts, tips and sentences are made from what that policy showed, never from exact figures. No
//! indicator is named here: a new definition gets its section from its kind, windows, targets and direction.

mod at_home;
mod cache;
mod chart;
mod compare;
mod content;
mod coverage;
mod definition;
mod events;
mod kiosk;
mod layout;
mod month_parts;
mod months;
mod now;
mod numbers;
mod place;
mod published_wards;
mod quality;
mod rates;
mod reconciliation;
mod sentence;
mod trend;
mod trust;
mod wards;
mod when;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use homeward_contract::time::london;
use homeward_transform::definition::{Catalogue, Definition, DefinitionStatus, Kind};
use homeward_transform::release::{Policy, Rounding};
use homeward_transform::snapshot::Snapshot;

use super::months::first_day;
use super::problem::Problem;
use super::serving::Serving;
use crate::reading::{DayReading, Reading};
use cache::{Key, Taken};
use content::{Content, path};
use place::Place;

pub(super) use cache::Pages;
pub(super) use events::{Closing, LISTENERS_MAX, listen};
pub(super) use layout::{icon, script, style};

/// Scripts, styles and requests from this origin alone; nothing inline, nothing embedded, no frames.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What one rendering shows.
struct Page<'a> {
    snapshot: &'a Snapshot,
    reading: &'a Reading,
    days: &'a DayReading,
    policy: &'static Policy,
    serving: &'a Serving,
    place: Place,
    stale: bool,
    kiosk: bool,
}

impl Page<'_> {
    /// Words that hold exact counts may appear.
    fn exact(&self) -> bool {
        self.policy.rounding == Rounding::Exact
    }

    fn catalogue(&self) -> &Catalogue {
        &self.serving.parts.catalogue
    }

    /// The local day of the as-of instant.
    fn today(&self) -> NaiveDate {
        london(self.snapshot.as_of()).date()
    }

    /// Name of a place for people.
    fn name(&self, place: &Place) -> String {
        if place.is_whole() {
            return "All providers reporting here".to_owned();
        }
        self.serving.area_name(&place.code)
    }

    /// Every definition that pages show: drafts and the retired stay away.
    fn shown(&self) -> impl Iterator<Item = &Definition> {
        let is_shown = |status| !matches!(status, DefinitionStatus::Draft | DefinitionStatus::Retired);
        self.catalogue().iter().filter(move |definition| is_shown(definition.status))
    }

    /// What is now comes first, then rates, then percentiles and counts; what speaks of months alone stays away, and virtual
    /// wards, which have a page of their own.
    fn definitions(&self) -> Vec<&Definition> {
        let is_here = |definition: &&Definition| definition.is_of_the_moment() && !definition.counts_wards();
        let mut definitions: Vec<&Definition> = self.shown().filter(is_here).collect();
        definitions.sort_by_key(|definition| match definition.kind {
            Kind::Snapshot => 0,
            Kind::Proportion => 1,
            Kind::Ratio | Kind::Standardised | Kind::Quantile => 2,
            Kind::Count | Kind::People => 3,
        });
        definitions
    }
}

/// Which page was asked for, in what form.
struct Asked {
    kiosk: bool,
    fragment: bool,
    known_tag: Option<String>,
}

impl Asked {
    fn of(query: &BTreeMap<String, String>, headers: &HeaderMap) -> Self {
        let known = headers.get(header::IF_NONE_MATCH).and_then(|tag| tag.to_str().ok());
        Self {
            kiosk: query.contains_key("kiosk"),
            fragment: query.contains_key("fragment"),
            known_tag: known.map(str::to_owned),
        }
    }
}

type Parameters = Query<BTreeMap<String, String>>;

pub(super) async fn front(State(serving): State<Serving>, Query(query): Parameters, headers: HeaderMap) -> Response {
    show(serving, None, Content::Board, Asked::of(&query, &headers)).await
}

pub(super) async fn area(
    State(serving): State<Serving>,
    Path((level, code)): Path<(String, String)>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    show(serving, Some((level, code)), Content::Board, Asked::of(&query, &headers)).await
}

pub(super) async fn months(State(serving): State<Serving>, Query(query): Parameters, headers: HeaderMap) -> Response {
    show(serving, None, Content::Months, Asked::of(&query, &headers)).await
}

pub(super) async fn area_months(
    State(serving): State<Serving>,
    Path((level, code)): Path<(String, String)>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    show(serving, Some((level, code)), Content::Months, Asked::of(&query, &headers)).await
}

pub(super) async fn wards(State(serving): State<Serving>, Query(query): Parameters, headers: HeaderMap) -> Response {
    show(serving, None, Content::Wards, Asked::of(&query, &headers)).await
}

pub(super) async fn area_wards(
    State(serving): State<Serving>,
    Path((level, code)): Path<(String, String)>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    show(serving, Some((level, code)), Content::Wards, Asked::of(&query, &headers)).await
}

pub(super) async fn at_home(State(serving): State<Serving>, Query(query): Parameters, headers: HeaderMap) -> Response {
    show(serving, None, Content::AtHome, Asked::of(&query, &headers)).await
}

pub(super) async fn area_at_home(
    State(serving): State<Serving>,
    Path((level, code)): Path<(String, String)>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    show(serving, Some((level, code)), Content::AtHome, Asked::of(&query, &headers)).await
}

pub(super) async fn indicator(
    State(serving): State<Serving>,
    Path(id): Path<String>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    show(serving, None, Content::Indicator(id), Asked::of(&query, &headers)).await
}

pub(super) async fn revisions(
    State(serving): State<Serving>,
    Path(id): Path<String>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    show(serving, None, Content::Revisions(id), Asked::of(&query, &headers)).await
}

pub(super) async fn reconciliations(
    State(serving): State<Serving>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    show(serving, None, Content::Reconciliation(None), Asked::of(&query, &headers)).await
}

pub(super) async fn reconciliation(
    State(serving): State<Serving>,
    Path((provider, month)): Path<(String, String)>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    match first_day(&month) {
        Ok(month) => {
            let content = Content::Reconciliation(Some((provider, month)));
            show(serving, None, content, Asked::of(&query, &headers)).await
        }
        Err(problem) => problem.into_response(),
    }
}

pub(super) async fn qualities(
    State(serving): State<Serving>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    show(serving, None, Content::Quality(None), Asked::of(&query, &headers)).await
}

pub(super) async fn quality(
    State(serving): State<Serving>,
    Path(provider): Path<String>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    show(serving, None, Content::Quality(Some(provider)), Asked::of(&query, &headers)).await
}

async fn show(serving: Serving, area: Option<(String, String)>, content: Content, asked: Asked) -> Response {
    let Some(snapshot) = serving.snapshot_if_any() else {
        return html(StatusCode::SERVICE_UNAVAILABLE, None, layout::waiting(&serving).into_string());
    };
    match rendered(&serving, &snapshot, area, content, &asked).await {
        Ok((tag, _)) if asked.known_tag.as_deref() == Some(&format!("\"{tag}\"")) => {
            html(StatusCode::NOT_MODIFIED, Some(&tag), String::new())
        }
        Ok((tag, main)) => {
            let page = if asked.fragment { main.to_string() } else { layout::document(&serving, &main, asked.kiosk) };
            html(StatusCode::OK, Some(&tag), page)
        }
        Err(problem) => problem.into_response(),
    }
}

async fn rendered(
    serving: &Serving,
    snapshot: &Arc<Snapshot>,
    area: Option<(String, String)>,
    content: Content,
    asked: &Asked,
) -> Result<(String, Arc<str>), Problem> {
    let policy = serving.policy(None)?;
    let place = place(serving, snapshot, policy, area).await?;
    let path = path(serving, snapshot, &place, &content)?;
    kept(serving, snapshot, policy, path, place, asked, content).await
}

/// The place that was asked for; without one all areas.
async fn place(
    serving: &Serving,
    snapshot: &Arc<Snapshot>,
    policy: &'static Policy,
    area: Option<(String, String)>,
) -> Result<Place, Problem> {
    let Some((level, code)) = area else { return Ok(Place::whole()) };
    let taken = serving.pages.taken(snapshot, policy, &serving.parts.catalogue).await?;
    Place::named(&level, &code, &taken, &serving.parts.geography).ok_or_else(|| {
        let mend = "begin at /, which links to every area that has figures";
        Problem::not_found(format!("there is no {level} '{code}' here"), mend)
    })
}

/// The rendering of one address, made once a snapshot.
async fn kept(
    serving: &Serving,
    snapshot: &Arc<Snapshot>,
    policy: &'static Policy,
    path: String,
    place: Place,
    asked: &Asked,
    content: Content,
) -> Result<(String, Arc<str>), Problem> {
    let stale = serving.is_stale(snapshot);
    let taken = serving.pages.taken(snapshot, policy, &serving.parts.catalogue).await?;
    let key = Key { path, kiosk: asked.kiosk, stale };
    let (kiosk, for_rendering) = (asked.kiosk, serving.clone());
    let render = move |taken: &Taken| {
        let page = Page {
            snapshot: &taken.snapshot,
            reading: &taken.reading,
            days: &taken.days,
            policy: taken.policy,
            serving: &for_rendering,
            place,
            stale,
            kiosk,
        };
        layout::page(&page, &content).into_string()
    };
    Ok((tag(snapshot, stale), serving.pages.page(&taken, key, render).await?))
}

/// Tells one state of the board from another.
fn tag(snapshot: &Snapshot, stale: bool) -> String {
    format!("{:x}-{:x}{}", snapshot.as_of().timestamp_micros(), snapshot.sequence(), if stale { "-stale" } else { "" })
}

fn html(status: StatusCode, tag: Option<&str>, page: String) -> Response {
    let mut response = (status, page).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(&format!("\"{tag}\"")).ok()) {
        headers.insert(header::ETAG, tag);
    }
    response
}
