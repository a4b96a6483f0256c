//! The store against a map of the greatest versions, whatever the order and however often.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::datatypes::TimestampMicrosecondType;
use homeward_contract::feed::Table;
use homeward_contract::schema::fact_schema;
use proptest::prelude::*;

use super::Store;
use crate::spans::Span;

/// One version: subject, version, time, id, withdrawn, begin, end.
type Row = (u8, i64, i64, u8, bool, i64, Option<i64>);

/// Rows as a batch of the table: what is not given is null, or empty where it may not be.
fn batch(rows: &[Row]) -> RecordBatch {
    let schema = fact_schema(Table::VirtualWardStay);
    let text =
        |read: &dyn Fn(&Row) -> String| -> ArrayRef { Arc::new(StringArray::from_iter_values(rows.iter().map(read))) };
    let instants = |read: &dyn Fn(&Row) -> Option<i64>| -> ArrayRef {
        Arc::new(rows.iter().map(read).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
    };
    let columns = schema.fields().iter().map(|field| -> ArrayRef {
        match field.name().as_str() {
            "subject" => text(&|row| format!("RH8|{}", row.0)),
            "event_id" => text(&|row| row.3.to_string()),
            "version_id" => Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1))),
            "event_time" => instants(&|row| Some(row.2)),
            "withdrawn" => Arc::new(rows.iter().map(|row| Some(row.4)).collect::<BooleanArray>()),
            "admitted_at" => instants(&|row| Some(row.5)),
            "discharged_at" => instants(&|row| row.6),
            _ if field.is_nullable() => new_null_array(field.data_type(), rows.len()),
            _ if field.data_type().is_integer() => {
                arrow::compute::cast(&Int64Array::from(vec![0; rows.len()]), field.data_type()).unwrap()
            }
            _ if matches!(field.data_type(), arrow::datatypes::DataType::Timestamp(..)) => instants(&|_| Some(0)),
            _ => text(&|_| String::new()),
        }
    });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
}

/// Version, time, id, withdrawn, begin, end: greater is newer.
type Ranked = (i64, i64, String, bool, i64, Option<i64>);

/// Interval of each standing subject.
type States = BTreeMap<String, (i64, Option<i64>)>;

/// What must stand: of each subject the greatest version, ranked as the handbook says; of equals a withdrawal, then the
/// greater interval, where no end is the least.
fn expected(rows: &[Row]) -> States {
    let mut newest: BTreeMap<u8, Ranked> = BTreeMap::new();
    for (subject, version, time, id, withdrawn, begin, end) in rows.iter().copied() {
        let own = (version, time, id.to_string(), withdrawn, begin, end);
        let held = newest.entry(subject).or_insert_with(|| own.clone());
        *held = own.max(held.clone());
    }
    let standing = newest.into_iter().filter(|(_, held)| !held.3);
    standing.map(|(subject, held)| (format!("RH8|{subject}"), (held.4, held.5))).collect()
}

fn states(store: &Store, subjects: impl Iterator<Item = u32>) -> States {
    let subjects: Vec<u32> = subjects.collect();
    let places: Vec<_> = subjects.iter().map(|subject| store.place(*subject).unwrap()).collect();
    let column = |name: &str| store.column(name, &places).unwrap().as_primitive::<TimestampMicrosecondType>().clone();
    let (begins, ends) = (column("admitted_at"), column("discharged_at"));
    let of_row = |(row, subject): (usize, &u32)| {
        (store.name(*subject).to_owned(), (begins.value(row), ends.is_valid(row).then(|| ends.value(row))))
    };
    subjects.iter().enumerate().map(of_row).collect()
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row =
        (0_u8..12, 0_i64..4, 0_i64..3, 0_u8..12, prop::bool::weighted(0.15), 0_i64..40, prop::option::of(0_i64..15));
    let ended = row.prop_map(|(subject, version, time, id, withdrawn, begin, length)| {
        (subject, version, time, id, withdrawn, begin, length.map(|length| begin + length))
    });
    prop::collection::vec(ended, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_order_and_any_repetition_gives_the_same_states(
        (given, shuffled) in rows().prop_flat_map(|rows| {
            let doubled = [rows.clone(), rows.iter().copied().step_by(3).collect()].concat();
            (Just(rows), Just(doubled).prop_shuffle())
        }),
        pieces in 1_usize..20,
        (from, length) in (-2_i64..45, 1_i64..10),
    ) {
        let expected = expected(&given);
        for (rows, piece) in [(&given, given.len()), (&given, 1), (&shuffled, pieces)] {
            let mut store = Store::new(Table::VirtualWardStay);
            let mut followed = BTreeMap::new();
            for part in rows.chunks(piece) {
                for change in store.apply(&batch(part)).unwrap() {
                    let before = match change.new {
                        Some(new) => followed.insert(change.subject, new),
                        None => followed.remove(&change.subject),
                    };
                    prop_assert_eq!(before, change.old, "a change begins where the one before ended");
                }
                store.tidy().unwrap();
                for (subject, place) in &mut followed {
                    *place = store.place(*subject).expect("what the changes left standing stands");
                }
            }
            prop_assert_eq!(followed.len(), store.standing().count());
            prop_assert_eq!(&states(&store, store.standing()), &expected);
            let touches = |(begin, end): &(i64, Option<i64>)| *begin < from + length && end.is_none_or(|end| end >= from);
            let touching: States = expected.iter().filter(|(_, own)| touches(own)).map(|(name, own)| (name.clone(), *own)).collect();
            let found = store.touching(Span::new(from, from + length)).unwrap();
            prop_assert_eq!(states(&store, found.into_iter()), touching);
            let (held, standing) = store.rows_held();
            prop_assert!(standing == expected.len() && held <= 2 * standing + 1, "{} of {} rows stand", standing, held);
        }
    }
}

#[test]
fn small_batches_are_joined() {
    let mut store = Store::new(Table::VirtualWardStay);
    for number in 0..200_u8 {
        store.apply(&batch(&[(number, 1, 0, 0, false, i64::from(number), None)])).unwrap();
        store.tidy().unwrap();
        assert!(store.batches_held() <= 9, "{} batches after {number} rows", store.batches_held());
    }
    assert_eq!(states(&store, store.standing()).len(), 200);
}

#[test]
fn every_table_of_states_has_a_store_and_another_batch_is_refused_whole() {
    for feed in homeward_contract::feed::Feed::STATES {
        let table = feed.anchor();
        let mut store = Store::new(table);
        let empty = RecordBatch::new_empty(fact_schema(table));
        assert!(store.apply(&empty).unwrap().is_empty() && store.is_empty());
        assert!(store.column("event_time", &[]).unwrap().is_empty());
        assert!(store.column("phase_of_moon", &[]).is_err());
        assert!(store.touching(Span::new(0, 1)).unwrap().is_empty());
        let refused = store.apply(&RecordBatch::new_empty(fact_schema(Table::UcrEvent)));
        assert!(refused.is_err() && store.batches_held() == 1, "{table}");
    }
}
