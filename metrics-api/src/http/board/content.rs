//! What may be asked for, and at which address it stands.

use chrono::NaiveDate;
use homeward_transform::snapshot::Snapshot;

use super::super::problem::Problem;
use super::super::serving::Serving;
use super::place::Place;
use super::quality;

/// Last part of the address of the months of a place.
pub(super) const MONTHS: &str = "months";
/// Of its virtual wards.
pub(super) const WARDS: &str = "virtual-wards";
/// Of the nights of its people.
pub(super) const AT_HOME: &str = "days-at-home";

/// What stands on the page.
pub(super) enum Content {
    Board,
    Months,
    /// Virtual wards of a place.
    Wards,
    /// Nights of the people of a place.
    AtHome,
    Indicator(String),
    Revisions(String),
    /// Every provider, or one provider and month.
    Reconciliation(Option<(String, NaiveDate)>),
    /// Every provider, or one.
    Quality(Option<String>),
}

/// The address of what was asked for, when there is such a page.
pub(super) fn path(
    serving: &Serving,
    snapshot: &Snapshot,
    place: &Place,
    content: &Content,
) -> Result<String, Problem> {
    let indicator = |id: &str, rest: &str| {
        if serving.parts.catalogue.get(id).is_some() {
            return Ok(format!("/indicator/{id}{rest}"));
        }
        let known: Vec<&str> = serving.parts.catalogue.iter().map(|definition| definition.id.as_str()).collect();
        let mend = format!("use one of {}", known.join(", "));
        Err(Problem::not_found(format!("there is no indicator '{id}'"), mend))
    };
    match content {
        Content::Board => Ok(place.address()),
        Content::Months => Ok(place.address_of(MONTHS)),
        Content::Wards => Ok(place.address_of(WARDS)),
        Content::AtHome => Ok(place.address_of(AT_HOME)),
        Content::Indicator(id) => indicator(id, ""),
        Content::Revisions(id) => indicator(id, "/revisions"),
        Content::Reconciliation(None) => Ok("/reconciliation".to_owned()),
        Content::Reconciliation(Some((provider, month))) => {
            if snapshot.reconciliation().get(provider, *month).is_none() {
                let what = format!("there is no reconciliation of '{provider}' for {}", month.format("%B %Y"));
                return Err(Problem::not_found(what, "begin at /reconciliation, which lists every provider and month"));
            }
            Ok(format!("/reconciliation/{provider}/{}", month.format("%Y-%m")))
        }
        Content::Quality(None) => Ok("/data-quality".to_owned()),
        Content::Quality(Some(provider)) if quality::is_known(snapshot.data_quality(), provider) => {
            Ok(quality::address(provider))
        }
        Content::Quality(Some(provider)) => {
            let what = format!("there is no data quality of '{provider}'");
            Err(Problem::not_found(what, "begin at /data-quality, which lists every provider"))
        }
    }
}
