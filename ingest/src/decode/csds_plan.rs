//! From the items of a row to the cells of its table, as the contract's column list says.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use homeward_contract::code_list::{self, Code};
use homeward_contract::codes::{self, UNKNOWN_TEAM_TYPE};
use homeward_contract::feed::Table;
use homeward_contract::identity::{self, NhsNumber};
use homeward_contract::item::{Handling, Item, items};
use homeward_contract::reject::RejectCode;
use homeward_contract::schema::{Source, columns, fact_schema};
use homeward_contract::submission::Submission;
use homeward_contract::time::{self, Resolved};

use super::columns::Value;
use super::csds_items::Sent;
use super::csds_last::Known;
use super::fault::Fault;
use super::flags::Flags;
use super::limits::{LONG_DURATION_MINUTES, MOST_WHOLE_NUMBER};
use super::{DecodeContext, RawRecord, clean};

/// How each column of one table is filled, with items and columns found by place.
pub(super) struct Plan {
    table: Table,
    steps: Vec<Step>,
    manifest: Option<usize>,
    content: Option<usize>,
}

/// One column's origin: a [`Source`] whose names are resolved to places in the item list.
enum Step {
    Envelope(Source),
    /// An item, with the codes of its list, if it has one.
    Item(usize, &'static Item, &'static [Code]),
    Raw(usize),
    Placeholder(usize),
    Pseudonym,
    PseudonymKeyVersion,
    Age,
    Start {
        date: usize,
        time: usize,
    },
    End {
        date: usize,
        time: usize,
        start: (usize, usize),
    },
    /// The column before it in the row was resolved by a step at this place.
    Resolution(usize),
}

/// What a row is made of.
struct Row<'r, 'p> {
    sent: &'r [Sent<'p>],
    submission: &'r Submission,
    context: &'r DecodeContext<'r>,
}

impl Plan {
    pub(super) fn schema(table: Table) -> SchemaRef {
        fact_schema(table)
    }

    #[expect(
        clippy::expect_used,
        reason = "the contract's column list names only its own items and columns, as its tests show"
    )]
    pub(super) fn of(table: Table) -> Self {
        let at = |name: &str| {
            items(table).iter().position(|item| item.name == name).expect("a column's item is in the item list")
        };
        let column = |name: &str| {
            columns(table).iter().position(|column| column.name == name).expect("a resolution names a column")
        };
        let steps = columns(table)
            .iter()
            .map(|each| match each.source {
                Source::Item(item) => Step::Item(at(item.name), item, item.code_list.map_or(&[], code_list::codes)),
                Source::Raw(item) => Step::Raw(at(item.name)),
                Source::RequestPlaceholder(item) => Step::Placeholder(at(item.name)),
                Source::Pseudonym => Step::Pseudonym,
                Source::PseudonymKeyVersion => Step::PseudonymKeyVersion,
                Source::AgeYears => Step::Age,
                Source::StartInstant { date, time } => Step::Start { date: at(date), time: at(time) },
                Source::EndInstant { date, time, start } => {
                    Step::End { date: at(date), time: at(time), start: (at(start.0), at(start.1)) }
                }
                Source::Resolution(name) => Step::Resolution(column(name)),
                other => Step::Envelope(other),
            })
            .collect();
        let place = |source| columns(table).iter().position(|column| column.source == source);
        Self { table, steps, manifest: place(Source::Manifest), content: place(Source::Content) }
    }

    /// The place of the manifest among the columns, in the header's table.
    pub(super) fn manifest(&self) -> Option<usize> {
        self.manifest
    }

    /// The place of the checksum among the columns, in the header's table.
    pub(super) fn content(&self) -> Option<usize> {
        self.content
    }

    /// Fills `row` from what was sent.
    ///
    /// # Errors
    /// The fault of the first item that is not of its kind.
    #[expect(
        clippy::too_many_arguments,
        reason = "a row is made of what was sent, where it came from and what it is judged by"
    )]
    pub(super) fn fill<'p>(
        &self,
        sent: &mut [Sent<'p>],
        known: &Known,
        row_number: i64,
        record: &'p RawRecord<'_>,
        context: &DecodeContext<'_>,
        flags: &mut Flags,
        cells: &mut [Value<'p>],
    ) -> Result<(), Fault> {
        let row = Row { sent, submission: &known.submission, context };
        let person = if self.table == Table::Cyp001Mpi { row.person(flags)? } else { Person::default() };
        for (place, step) in self.steps.iter().enumerate() {
            cells[place] = match step {
                Step::Envelope(source) => envelope(*source, known, row_number, record, context),
                Step::Item(at, item, codes) => row.item(*at, item, codes, flags)?,
                Step::Raw(at) => row.sent[*at].raw().into(),
                Step::Placeholder(at) => row.sent[*at]
                    .trimmed_cow()
                    .and_then(clean::service_request_id)
                    .map(|(_, placeholder)| placeholder)
                    .into(),
                Step::Pseudonym => person.pseudonym.clone().map(Cow::Owned).into(),
                Step::PseudonymKeyVersion => {
                    person.pseudonym.as_ref().map(|_| i64::from(context.keys.version())).into()
                }
                Step::Age => person.age_years.map(i64::from).into(),
                Step::Start { date, time } => row.start(*date, *time)?.map(|resolved| resolved.at).into(),
                Step::End { date, time, start } => {
                    if row.ends_early((*date, *time), *start)? {
                        flags.raise_at(RejectCode::CsdsNegativeWait, items(self.table)[*date].name);
                    }
                    row.end(*date, *time, *start)?.map(|resolved| resolved.at).into()
                }
                Step::Resolution(column) => {
                    self.resolution(*column, &row)?.map(|resolved| Cow::Borrowed(resolved.resolution.as_str())).into()
                }
            };
        }
        Ok(())
    }

    /// How the instant in `column` was resolved.
    fn resolution(&self, column: usize, row: &Row<'_, '_>) -> Result<Option<Resolved>, Fault> {
        match self.steps[column] {
            Step::Start { date, time } => row.start(date, time),
            Step::End { date, time, start } => row.end(date, time, start),
            _ => Ok(None),
        }
    }
}

/// A column that the submission or the record's place fills, whatever the row holds.
pub(super) fn envelope<'p>(
    source: Source,
    known: &Known,
    row_number: i64,
    record: &'p RawRecord<'_>,
    context: &DecodeContext<'_>,
) -> Value<'p> {
    let submission = &known.submission;
    match source {
        Source::SubmissionId => Value::Shared(Arc::clone(&known.id)),
        Source::DataSetVersion => Value::Text(Cow::Borrowed(submission.version.as_str())),
        Source::Provider => Value::Shared(Arc::clone(&known.provider)),
        Source::PeriodStart => Value::day(submission.rp_start),
        Source::PeriodEnd => Value::day(submission.rp_end),
        Source::FileType => Value::Text(Cow::Borrowed(submission.file_type.as_str())),
        Source::FileReceivedAt => Value::instant(submission.file_received_at),
        Source::RowNumber => Value::Whole(row_number),
        other => place(other, record, context),
    }
}

/// Where a record came from and when.
pub(super) fn place<'p>(source: Source, record: &'p RawRecord<'_>, context: &DecodeContext<'_>) -> Value<'p> {
    match source {
        Source::Topic => Value::Text(Cow::Borrowed(&record.place.topic)),
        Source::Partition => Value::Whole(i64::from(record.place.partition)),
        Source::Offset => Value::Whole(record.place.offset),
        Source::KnownAt => Value::instant(context.known_at),
        _ => Value::Null,
    }
}

/// What the person index says beyond its own columns.
#[derive(Default)]
struct Person {
    pseudonym: Option<String>,
    age_years: Option<i32>,
}

impl<'p> Row<'_, 'p> {
    /// The pseudonym of a valid NHS number, and the age at the end of the period. Number and date
    /// of birth go no further.
    fn person(&self, flags: &mut Flags) -> Result<Person, Fault> {
        let mut person = Person::default();
        for (at, item) in items(Table::Cyp001Mpi).iter().enumerate() {
            let Some(text) = self.sent[at].trimmed() else { continue };
            match item.name {
                "NHSNumber" => match NhsNumber::parse(text) {
                    Ok(number) => person.pseudonym = Some(self.context.keys.nhs(&number)),
                    Err(_) => flags.raise_at(RejectCode::CsdsInvalidNhsNumber, item.name),
                },
                "DateOfBirth" => {
                    let birth = time::parse_date(text).map_err(|_| Fault::item(RejectCode::BadCsdsDate, item.name))?;
                    person.age_years = identity::age_years(birth, self.submission.rp_end);
                }
                _ => {}
            }
        }
        Ok(person)
    }

    fn item(&self, at: usize, item: &'static Item, codes: &[Code], flags: &mut Flags) -> Result<Value<'p>, Fault> {
        let Some(text) = self.sent[at].trimmed_cow() else { return Ok(Value::Null) };
        let fault = |code| Fault::item(code, item.name);
        Ok(match item.handling {
            Handling::Text => Value::Text(text),
            Handling::Organisation => clean::organisation(text).into(),
            Handling::Code | Handling::TwoDigit | Handling::OneDigit | Handling::TeamType => {
                coded(text, item, codes, flags).into()
            }
            Handling::Date => Value::day(time::parse_date(&text).map_err(|_| fault(RejectCode::BadCsdsDate))?),
            Handling::Time => {
                let time = time::parse_time_part(&text).map_err(|_| fault(RejectCode::BadCsdsTime))?;
                Value::Text(seconds_shown(text, time))
            }
            Handling::DateTime => {
                Value::instant(time::parse_instant_or_local(&text).map_err(|_| fault(RejectCode::BadCsdsDateTime))?.at)
            }
            Handling::Integer => Value::Whole(whole(&text, item, flags).ok_or_else(|| fault(RejectCode::BadNumber))?),
            Handling::Decimal { precision, scale } => {
                Value::Whole(decimal(&text, precision, scale).ok_or_else(|| fault(RejectCode::BadDecimal))?)
            }
            Handling::Measurement => match codes::measurement(&text) {
                Some(_) => Value::Text(text),
                None => {
                    flags.raise_at(RejectCode::CsdsTextNotKept, item.name);
                    Value::Null
                }
            },
            Handling::ServiceRequestId => {
                let (id, placeholder) =
                    clean::service_request_id(text).ok_or_else(|| fault(RejectCode::MissingKeyItem))?;
                if placeholder {
                    flags.raise_at(RejectCode::CsdsPlaceholderReferral, item.name);
                }
                Value::Text(id)
            }
            Handling::LocalPseudonym => {
                Value::Text(Cow::Owned(self.context.keys.local(&self.submission.provider, &text)))
            }
            Handling::Envelope | Handling::Dropped => Value::Null,
        })
    }

    /// The instant at which something starts; `None` when date or time is missing (D7).
    fn start(&self, date: usize, time: usize) -> Result<Option<Resolved>, Fault> {
        Ok(self.local(date, time)?.map(|(day, time)| time::resolve_start(day.and_time(time))))
    }

    /// The instant at which something ends; its start decides which of two instants of the fold is
    /// meant.
    fn end(&self, date: usize, time: usize, start: (usize, usize)) -> Result<Option<Resolved>, Fault> {
        let Some((day, time)) = self.local(date, time)? else { return Ok(None) };
        let start: Option<DateTime<Utc>> = self.start(start.0, start.1)?.map(|resolved| resolved.at);
        Ok(Some(time::resolve_end(day.and_time(time), start)))
    }

    /// True when the end lies before the start, by what both have: the days alone when a time is missing (D7).
    fn ends_early(&self, end: (usize, usize), start: (usize, usize)) -> Result<bool, Fault> {
        if let (Some(from), Some(to)) = (self.local(start.0, start.1)?, self.local(end.0, end.1)?) {
            return Ok(to < from);
        }
        let day = |at: usize| self.sent[at].trimmed().and_then(|text| time::parse_date(text).ok());
        Ok(day(start.0).zip(day(end.0)).is_some_and(|(from, to)| to < from))
    }

    fn local(&self, date: usize, time: usize) -> Result<Option<(NaiveDate, NaiveTime)>, Fault> {
        let (Some(day), Some(clock)) = (self.sent[date].trimmed(), self.sent[time].trimmed()) else { return Ok(None) };
        // The items have columns of their own, which name the item at fault before this is reached.
        let day = time::parse_date(day).map_err(|_| Fault::new(RejectCode::BadCsdsDate))?;
        let clock = time::parse_time_part(clock).map_err(|_| Fault::new(RejectCode::BadCsdsTime))?;
        Ok(Some((day, clock)))
    }
}

/// `HH:MM:SS`, borrowed when it was sent so.
fn seconds_shown(text: Cow<'_, str>, time: NaiveTime) -> Cow<'_, str> {
    if text.len() == 8 { text } else { Cow::Owned(time.format("%H:%M:%S").to_string()) }
}

/// A code in canonical form, with a flag when its list does not hold it. An item without a list has no `codes`.
fn coded<'p>(text: Cow<'p, str>, item: &'static Item, codes: &[Code], flags: &mut Flags) -> Option<Cow<'p, str>> {
    let code = match item.handling {
        Handling::TwoDigit => clean::two_digit(text),
        Handling::OneDigit => clean::one_digit(text),
        Handling::TeamType => clean::team_type(text),
        _ => clean::code(text),
    }?;
    if item.handling == Handling::TeamType && code == UNKNOWN_TEAM_TYPE {
        flags.raise_at(RejectCode::CsdsUnknownTeamType, item.name);
    } else if !codes.is_empty() && codes.iter().all(|listed| listed.code != code) {
        flags.raise_at(RejectCode::CsdsUnknownCode, item.name);
    }
    Some(code)
}

/// A whole number of 16 bits; a long one is flagged where it counts minutes.
fn whole(text: &str, item: &'static Item, flags: &mut Flags) -> Option<i64> {
    let number = text.parse().ok().filter(|number| (0..=MOST_WHOLE_NUMBER).contains(number))?;
    if number > LONG_DURATION_MINUTES && item.name.ends_with("_Duration") {
        flags.raise_at(RejectCode::CsdsDurationOverMaximum, item.name);
    }
    Some(number)
}

/// A decimal number as a whole number of its last place; `None` when it has more digits than the item, other than zeros
/// at its ends, or a sign.
fn decimal(text: &str, precision: u8, scale: u8) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    let fits = fraction.len() <= usize::from(scale) && whole.len() <= usize::from(precision.saturating_sub(scale));
    if !(has_digit && digits(whole) && digits(fraction) && fits) {
        return None;
    }
    format!("{whole}{fraction:0<width$}", width = usize::from(scale)).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use homeward_contract::item::ItemKind;

    /// Every whole number of the data set is a duration in minutes or a number of people: one range serves.
    #[test]
    fn whole_numbers_are_durations_and_one_number_of_people() {
        let whole = Table::ALL.iter().flat_map(|table| items(*table)).filter(|item| item.kind == ItemKind::Int16);
        let others: Vec<_> = whole.filter(|item| !item.name.ends_with("_Duration")).map(|item| item.name).collect();
        assert_eq!(others, ["NumberOfParticipants"]);
    }

    #[test]
    fn decimals_keep_their_digits_and_no_more() {
        for (text, read) in [
            ("71.25", Some(71_250)),
            ("071.250", Some(71_250)),
            ("71.2500", Some(71_250)),
            ("0", Some(0)),
            (".5", Some(500)),
            ("999.999", Some(999_999)),
            ("1000", None),
            ("71.2505", None),
            ("-1", None),
            ("1e3", None),
            ("7,5", None),
            ("7.5.1", None),
            (".", None),
            ("", None),
        ] {
            assert_eq!(decimal(text, 6, 3), read, "{text}");
        }
    }
}
