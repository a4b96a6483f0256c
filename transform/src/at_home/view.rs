//! What indicator SQL sees of people's nights: `person_night_span` and `cohort_member`. Pure.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use chrono::Datelike;
use homeward_contract::geography::Geography;

use super::member::Member;
use super::night::{Born, Piece, State};
use super::record::Place;
use super::touched::day_of;
use crate::book::clock::Source;
use crate::spans::Point;

/// Names of the views.
pub const NAMES: [&str; 2] = ["person_night_span", "cohort_member"];

/// Columns of `person_night_span` that tell an age. The first holds the best that is known of a night; the second is told by
/// registrations alone, so that nights at home and away are of the same people.
pub const AGES: [&str; 2] = ["age_years", "registered_age_years"];

/// Columns of `person_night_span`.
#[must_use]
pub fn night_schema() -> SchemaRef {
    schema(&[
        ("state", DataType::Utf8),
        ("reason", DataType::Utf8),
        ("from_day", DataType::Date32),
        ("until_day", DataType::Date32),
        (AGES[0], DataType::Int64),
        (AGES[1], DataType::Int64),
        ("people", DataType::Int64),
    ])
}

/// Columns of `cohort_member`.
#[must_use]
pub fn member_schema() -> SchemaRef {
    schema(&[("cohort", DataType::Utf8), ("index_day", DataType::Date32), ("died_on", DataType::Date32)])
}

/// The columns of both views, and some more.
fn schema(more: &[(&str, DataType)]) -> SchemaRef {
    let of_place = [
        ("provider", DataType::Utf8),
        ("icb", DataType::Utf8),
        ("lcp", DataType::Utf8),
        ("pcn", DataType::Utf8),
        ("practice", DataType::Utf8),
        ("lsoa", DataType::Utf8),
        ("core20", DataType::Boolean),
        ("care_home", DataType::Boolean),
        ("efi_band", DataType::Utf8),
        ("person", DataType::Utf8),
        ("source_rank", DataType::Int64),
    ];
    let fields = of_place.iter().chain(more).map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A row of either view: a person, the place, and what is told.
pub(super) type Row<'a, T> = (&'a str, &'a Place, T);

/// Nights, the year of birth where it is known, and how many people they are of.
pub(super) type Night = (Piece, Option<Born>, i64);

/// Spans of nights of one year each, with the age that the person reaches in it. Who opted out has no name.
pub(super) fn nights(rows: &[Row<'_, Night>], geography: &Geography) -> Result<RecordBatch, ArrowError> {
    let name =
        |(person, _, (piece, ..)): &Row<'_, Night>| (piece.state != State::OptedOut).then(|| (*person).to_owned());
    let mut columns = of_place(rows, rows.iter().map(name).collect(), geography);
    let pieces = || rows.iter().map(|(.., (piece, ..))| piece);
    columns.push(Arc::new(StringArray::from_iter_values(pieces().map(|piece| piece.state.name()))));
    columns.push(Arc::new(pieces().map(|piece| piece.state.reason()).collect::<StringArray>()));
    columns.push(days(pieces().map(|piece| Some(piece.span.from))));
    columns.push(days(pieces().map(|piece| Some(piece.span.to))));
    let ages = |born_of: fn(Born) -> Option<i32>| -> ArrayRef {
        let age = |(.., (piece, born, _)): &Row<'_, Night>| {
            let born = born.filter(|born| born.tells(piece.state)).and_then(born_of)?;
            Some(i64::from(day_of(piece.span.from).year()) - i64::from(born))
        };
        Arc::new(rows.iter().map(age).collect::<Int64Array>())
    };
    columns.push(ages(|born| Some(born.year())));
    columns.push(ages(Born::listed));
    columns.push(Arc::new(Int64Array::from_iter_values(rows.iter().map(|(.., (_, _, people))| *people))));
    RecordBatch::try_new(night_schema(), columns)
}

/// Members of cohorts.
pub(super) fn members(rows: &[Row<'_, Member>], geography: &Geography) -> Result<RecordBatch, ArrowError> {
    let mut columns = of_place(rows, rows.iter().map(|(person, ..)| Some((*person).to_owned())).collect(), geography);
    let members = || rows.iter().map(|(.., member)| member);
    columns.push(Arc::new(StringArray::from_iter_values(members().map(|member| member.cohort.name()))));
    columns.push(days(members().map(|member| Some(member.index))));
    columns.push(days(members().map(|member| member.died_on)));
    RecordBatch::try_new(member_schema(), columns)
}

/// The columns that both have. The practice stands as provider: its list is what the nights are counted of.
fn of_place<T>(rows: &[Row<'_, T>], person: StringArray, geography: &Geography) -> Vec<ArrayRef> {
    let text = |read: fn(&Place) -> Option<&str>| -> ArrayRef {
        Arc::new(rows.iter().map(|(_, place, _)| read(place)).collect::<StringArray>())
    };
    let codes = || rows.iter().map(|(_, place, _)| &*place.practice);
    let places = || codes().map(|code| geography.practice(code));
    let practice = || text(|place| Some(&place.practice));
    let flag = |read: fn(&Place) -> Option<bool>| -> ArrayRef {
        Arc::new(rows.iter().map(|(_, place, _)| read(place)).collect::<BooleanArray>())
    };
    vec![
        practice(),
        Arc::new(codes().map(|code| geography.icb_of_practice(code)).collect::<StringArray>()),
        Arc::new(places().map(|found| Some(found?.lcp)).collect::<StringArray>()),
        Arc::new(places().map(|found| Some(found?.pcn)).collect::<StringArray>()),
        practice(),
        text(|place| place.lsoa.as_deref()),
        flag(|place| place.core20),
        flag(|place| place.care_home),
        text(|place| place.efi_band.as_deref()),
        Arc::new(person),
        Arc::new(Int64Array::from(vec![Source::Live.rank(); rows.len()])),
    ]
}

fn days(points: impl Iterator<Item = Option<Point>>) -> ArrayRef {
    Arc::new(points.map(|point| i32::try_from(point?).ok()).collect::<Date32Array>())
}
