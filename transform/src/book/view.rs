//! Rows of the views as Arrow batches: what indicator SQL sees of clocks, contacts and referrals.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBuilder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder, new_null_array,
};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

use super::change::Subject;
use super::clock::{ClockRow, Micros};
use super::contact_rows::ContactRow;
use super::referral_rows::ReferralRow;

/// How one column of a view is read from its row.
pub enum Read<Row> {
    /// A text that may be null.
    Text(fn(&Row) -> Option<&str>),
    /// An instant that may be null.
    Instant(fn(&Row) -> Option<Micros>),
    /// A number that may be null.
    Count(fn(&Row) -> Option<i64>),
    /// Yes or no, never null.
    Flag(fn(&Row) -> bool),
}

/// The columns of a view, by name.
pub type Columns<Row> = [(&'static str, Read<Row>)];

/// The views of a subject: CSDS alone, and CSDS over live; of a state the one.
#[must_use]
pub const fn names(subject: Subject) -> &'static [&'static str] {
    match subject {
        Subject::Clock => &["csds_clock", "live_clock"],
        Subject::Contact => &["csds_contact", "live_contact"],
        Subject::Referral | Subject::OpenReferral | Subject::FirstContact => &["csds_referral", "live_referral"],
        Subject::VirtualWardStay => &["virtual_ward_stay"],
        Subject::VirtualWardBeds => &["virtual_ward_capacity"],
        Subject::PersonNight => &["person_night_span"],
        Subject::CohortMember => &["cohort_member"],
    }
}

/// Every view that an indicator may read, and `period`.
pub const NAMES: [&str; 11] = [
    "csds_clock",
    "live_clock",
    "csds_contact",
    "live_contact",
    "csds_referral",
    "live_referral",
    "virtual_ward_stay",
    "virtual_ward_capacity",
    "person_night_span",
    "cohort_member",
    "period",
];

/// Type of every instant in a view.
#[must_use]
pub fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
}

/// Columns of `csds_clock` and `live_clock`.
#[must_use]
pub const fn clock() -> &'static Columns<ClockRow> {
    use Read::{Count, Flag, Instant, Text};
    &[
        ("provider", Text(|row| Some(&row.provider))),
        ("service_request_id", Text(|row| Some(&row.service_request_id))),
        ("icb", Text(|row| row.area.icb.as_deref())),
        ("lcp", Text(|row| row.area.lcp.as_deref())),
        ("pcn", Text(|row| row.area.pcn.as_deref())),
        ("practice", Text(|row| row.area.practice.as_deref())),
        ("waiting_type", Text(|row| Some(&row.waiting_type))),
        ("team_type", Text(|row| row.team_type.as_deref())),
        ("source_group", Text(|row| row.source_group.as_deref())),
        ("source", Text(|row| Some(row.source.as_str()))),
        ("closure_group", Text(|row| row.closure_group.as_deref())),
        ("received_at", Instant(|row| row.received_at)),
        ("rtt_start_at", Instant(|row| row.rtt_start_at)),
        ("due_at", Instant(ClockRow::due_at)),
        ("rtt_end_at", Instant(|row| row.rtt_end_at)),
        ("stopped_at", Instant(|row| row.stopped_at)),
        ("rejected_at", Instant(|row| row.rejected_at)),
        ("closed_at", Instant(|row| row.closed_at)),
        ("reclassified_at", Instant(|row| row.reclassified_at)),
        ("age_years", Count(|row| row.age_years.map(i64::from))),
        ("source_rank", Count(|row| Some(row.source.rank()))),
        ("naive_minutes", Count(|row| row.naive_minutes)),
        ("true_minutes", Count(|row| row.true_minutes)),
        ("pre_2023_ucr_team", Flag(|row| row.pre_2023_ucr_team)),
        ("time_missing", Flag(|row| row.time_missing)),
        ("clock_change", Flag(ClockRow::clock_change)),
        ("superseded", Flag(|row| row.superseded)),
        ("on_feed", Flag(|row| row.on_feed)),
    ]
}

/// Columns of `csds_contact` and `live_contact`.
#[must_use]
pub const fn contact<'a>() -> &'a Columns<ContactRow<'a>> {
    use Read::{Count, Flag, Instant, Text};
    &[
        ("provider", Text(|row| Some(row.provider))),
        ("service_request_id", Text(|row| Some(row.service_request_id))),
        ("care_contact_id", Text(|row| Some(row.care_contact_id))),
        ("icb", Text(|row| row.area.icb.as_deref())),
        ("lcp", Text(|row| row.area.lcp.as_deref())),
        ("pcn", Text(|row| row.area.pcn.as_deref())),
        ("practice", Text(|row| row.area.practice.as_deref())),
        ("person", Text(|row| row.person.as_deref())),
        ("team_type", Text(|row| row.team_type.as_deref())),
        ("attendance", Text(|row| row.manner.attendance.as_deref())),
        ("mechanism", Text(|row| row.manner.mechanism.as_deref())),
        ("activity_location", Text(|row| row.manner.location.as_deref())),
        ("consultation_type", Text(|row| row.manner.consultation.as_deref())),
        ("source", Text(|row| Some(row.source.as_str()))),
        ("contact_at", Instant(|row| Some(row.contact_at))),
        ("age_years", Count(|row| row.age_years.map(i64::from))),
        ("source_rank", Count(|row| Some(row.source.rank()))),
        ("contact_time_missing", Flag(|row| row.time_missing)),
        ("person_moved", Flag(|row| row.person_moved)),
        ("two_hour", Flag(|row| row.frame.two_hour)),
        ("pre_2023_ucr_team", Flag(|row| row.frame.pre_2023_ucr_team)),
        ("on_feed", Flag(|row| row.frame.on_feed)),
    ]
}

/// Columns of `csds_referral` and `live_referral`.
#[must_use]
pub const fn referral() -> &'static Columns<ReferralRow> {
    use Read::{Count, Flag, Instant, Text};
    &[
        ("provider", Text(|row| Some(&row.provider))),
        ("service_request_id", Text(|row| Some(&row.service_request_id))),
        ("icb", Text(|row| row.area.icb.as_deref())),
        ("lcp", Text(|row| row.area.lcp.as_deref())),
        ("pcn", Text(|row| row.area.pcn.as_deref())),
        ("practice", Text(|row| row.area.practice.as_deref())),
        ("person", Text(|row| row.person.as_deref())),
        ("source_of_referral", Text(|row| row.source_of_referral.as_deref())),
        ("source_group", Text(|row| row.source_group.as_deref())),
        ("priority", Text(|row| row.priority.as_deref())),
        ("primary_referral_reason", Text(|row| row.primary_reason.as_deref())),
        ("team_type", Text(|row| row.team_type.as_deref())),
        ("team_types", Text(|row| row.team_types.as_deref())),
        ("source", Text(|row| Some(row.source.as_str()))),
        ("received_at", Instant(|row| row.received_at)),
        ("discharged_at", Instant(|row| row.discharged_at)),
        ("closed_at", Instant(|row| row.closed_at)),
        ("rejected_at", Instant(|row| row.rejected_at)),
        ("ended_at", Instant(ReferralRow::ended_at)),
        ("first_contact_at", Instant(|row| row.first_contact_at)),
        ("sent_until", Instant(|row| row.sent_until)),
        ("not_resent_since", Instant(|row| row.not_resent_since)),
        ("age_years", Count(|row| row.age_years.map(i64::from))),
        ("source_rank", Count(|row| Some(row.source.rank()))),
        ("first_contact_days", Count(ReferralRow::first_contact_days)),
        ("two_hour", Flag(|row| row.two_hour)),
        ("on_feed", Flag(|row| row.on_feed)),
    ]
}

/// Schema of a view.
#[must_use]
pub fn schema<Row>(columns: &Columns<Row>) -> SchemaRef {
    let fields = columns.iter().map(|(name, read)| match read {
        Read::Text(_) => Field::new(*name, DataType::Utf8, true),
        Read::Instant(_) => Field::new(*name, instant_type(), true),
        Read::Count(_) => Field::new(*name, DataType::Int64, true),
        Read::Flag(_) => Field::new(*name, DataType::Boolean, false),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Rows of a view, becoming a batch. A row is read once for all columns: it lies anywhere in memory, and its columns do not.
pub struct Rows<'c, Row> {
    columns: &'c Columns<Row>,
    /// Of each column that somebody reads.
    builders: Vec<Option<Builder>>,
    count: usize,
}

enum Builder {
    Text(StringBuilder),
    Instant(TimestampMicrosecondBuilder),
    Count(Int64Builder),
    Flag(BooleanBuilder),
}

impl<'c, Row> Rows<'c, Row> {
    /// No rows yet. A column that nobody reads holds nothing: nulls, or no where none may be.
    #[must_use]
    pub fn new(columns: &'c Columns<Row>, is_read: impl Fn(&str) -> bool) -> Self {
        let builder = |read: &Read<Row>| match read {
            Read::Text(_) => Builder::Text(StringBuilder::new()),
            Read::Instant(_) => Builder::Instant(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Read::Count(_) => Builder::Count(Int64Builder::new()),
            Read::Flag(_) => Builder::Flag(BooleanBuilder::new()),
        };
        let builders = columns.iter().map(|(name, read)| is_read(name).then(|| builder(read))).collect();
        Self { columns, builders, count: 0 }
    }

    /// Adds a row.
    pub fn push(&mut self, row: &Row) {
        self.count += 1;
        for ((_, read), builder) in self.columns.iter().zip(&mut self.builders) {
            match (read, builder) {
                (_, None) => {}
                (Read::Text(read), Some(Builder::Text(builder))) => builder.append_option(read(row)),
                (Read::Instant(read), Some(Builder::Instant(builder))) => builder.append_option(read(row)),
                (Read::Count(read), Some(Builder::Count(builder))) => builder.append_option(read(row)),
                (Read::Flag(read), Some(Builder::Flag(builder))) => builder.append_value(read(row)),
                _ => debug_assert!(false, "builders are made by the columns"),
            }
        }
    }

    /// The batch.
    ///
    /// # Errors
    /// When Arrow refuses the columns, which a test rules out.
    pub fn finish(self) -> Result<RecordBatch, ArrowError> {
        let Self { columns, builders, count } = self;
        let array = |field: &Field, builder| -> ArrayRef {
            match builder {
                Some(Builder::Text(mut builder)) => Arc::new(builder.finish()),
                Some(Builder::Instant(mut builder)) => Arc::new(builder.finish()),
                Some(Builder::Count(mut builder)) => Arc::new(builder.finish()),
                Some(Builder::Flag(mut builder)) => Arc::new(builder.finish()),
                None if field.is_nullable() => new_null_array(field.data_type(), count),
                None => Arc::new(BooleanArray::from(BooleanBuffer::new_unset(count))),
            }
        };
        let schema = schema(columns);
        let arrays = schema.fields().iter().zip(builders).map(|(field, builder)| array(field, builder)).collect();
        RecordBatch::try_new(schema, arrays)
    }
}

/// The rows of a view as one batch.
///
/// # Errors
/// As [`Rows::finish`].
pub fn batch<'r, Row: 'r>(
    columns: &Columns<Row>,
    is_read: impl Fn(&str) -> bool,
    rows: impl Iterator<Item = &'r Row>,
) -> Result<RecordBatch, ArrowError> {
    let mut held = Rows::new(columns, is_read);
    rows.for_each(|row| held.push(row));
    held.finish()
}
