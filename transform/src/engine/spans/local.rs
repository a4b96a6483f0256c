//! Dates and hours in England as columns.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int64Array, ListBuilder, TimestampMicrosecondArray,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{Field, Int64Type};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use datafusion::error::Result;
use homeward_contract::time::{london, resolve_start};

use super::column::{internal, points_of};
use crate::book::clock::from_micros;
use crate::book::read::date_of;
use crate::book::view::instant_type;
use crate::wards::reference_morning;

/// The calendar date of each instant.
pub(super) fn dates(instants: &ArrayRef) -> Result<ArrayRef> {
    let instants = points_of(instants)?;
    let epoch = NaiveDate::default();
    let date = |instant: i64| i32::try_from((london(from_micros(instant)).date() - epoch).num_days()).ok();
    let dates = instants.iter().map(|instant| date(instant?));
    Ok(Arc::new(dates.collect::<Date32Array>()))
}

/// The instants from one up to, but not, another at which it is a full hour: one a day, and of two in the fold the earlier.
pub(super) fn hours((from, to): (&ArrayRef, &ArrayRef), hours: &ArrayRef) -> Result<ArrayRef> {
    let (from, to, hours) = (points_of(from)?, points_of(to)?, whole(hours)?);
    let values = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    let mut lists = ListBuilder::new(values).with_field(Field::new_list_field(instant_type(), true));
    for row in 0..from.len() {
        if from.is_valid(row) && to.is_valid(row) && hours.is_valid(row) {
            let first = london(from_micros(from.value(row))).date();
            let each = first.iter_days().map_while(|day| hour_of(day, hours.value(row)));
            let instants = each.map(|at| at.timestamp_micros()).take_while(|at| *at < to.value(row));
            instants.filter(|at| *at >= from.value(row)).for_each(|at| lists.values().append_value(at));
        }
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

/// The reference morning of each date's month.
pub(super) fn reference_mornings(dates: &ArrayRef) -> Result<ArrayRef> {
    let dates = points_of(dates)?;
    let date_of = |point: i64| i32::try_from(point).ok().map(date_of);
    let micros = dates.iter().map(|date| Some(reference_morning(date_of(date?)?).timestamp_micros()));
    Ok(Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC")))
}

fn hour_of(day: NaiveDate, hour: i64) -> Option<DateTime<Utc>> {
    let time = NaiveTime::from_hms_opt(u32::try_from(hour).ok()?, 0, 0)?;
    Some(resolve_start(day.and_time(time)).at)
}

fn whole(column: &ArrayRef) -> Result<Int64Array> {
    Ok(column.as_primitive_opt::<Int64Type>().ok_or_else(|| internal("a whole number"))?.clone())
}
