//! `spans(from, to)`: the union of a group's intervals; `profile(from, to)`: how many of them hold each point.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::column::{Pair, Pairs, Rows, internal, point_of_arguments, point_of_list, points_of, takes};
use crate::spans::{Profile, Span, Spans};

/// Both functions.
pub(super) fn functions() -> [AggregateUDF; 2] {
    [Pair::Spans, Pair::Profile].map(|pair| AggregateUDF::new_from_impl(Gather::new(pair)))
}

/// Gathers intervals.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Gather {
    pair: Pair,
    signature: Signature,
}

impl Gather {
    fn new(pair: Pair) -> Self {
        Self { pair, signature: Signature::user_defined(Volatility::Immutable) }
    }

    fn gathered(&self, return_field: &FieldRef) -> Result<Gathered> {
        Ok(Gathered { pair: self.pair, point: point_of_list(return_field.data_type())?, entries: Vec::new() })
    }
}

impl AggregateUDFImpl for Gather {
    fn name(&self) -> &str {
        match self.pair {
            Pair::Spans => "spans",
            Pair::Profile => "profile",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let point = point_of_arguments(self.name(), arguments)?;
        takes(self.name(), arguments, vec![point.clone(), point])
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        arguments.first().map(|point| self.pair.list_type(point)).ok_or_else(|| internal("two points"))
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        // As the result: the union of unions is the union; a profile travels as the changes of its count.
        let name = format!("{}[pairs]", arguments.name);
        Ok(vec![Arc::new(Field::new(name, arguments.return_field.data_type().clone(), true))])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One(self.gathered(&arguments.return_field)?)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Many { gathered: self.gathered(&arguments.return_field)?, groups: 0 }))
    }
}

/// A group and two numbers: `from` and `to`, or a point and a change of the count.
type Entry = (usize, i64, i64);

/// What has been gathered, of all groups together: it is sorted once, at the end.
#[derive(Debug)]
struct Gathered {
    pair: Pair,
    point: DataType,
    entries: Vec<Entry>,
}

impl Gathered {
    /// Takes intervals; one without a beginning or an end, or that holds nothing, is none.
    fn take(&mut self, values: &[ArrayRef], group_of: impl Fn(usize) -> Option<usize>) -> Result<()> {
        let [from, to] = values else { return Err(internal("two points")) };
        let (from, to) = (points_of(from)?, points_of(to)?);
        for row in 0..from.len() {
            let Some(group) = group_of(row).filter(|_| from.is_valid(row) && to.is_valid(row)) else { continue };
            let span = Span::new(from.value(row), to.value(row));
            match self.pair {
                _ if span.is_empty() => {}
                Pair::Spans => self.entries.push((group, span.from, span.to)),
                Pair::Profile => self.entries.extend([(group, span.from, 1), (group, span.to, -1)]),
            }
        }
        Ok(())
    }

    /// Takes what [`Gathered::state`] made.
    fn merge(&mut self, values: &[ArrayRef], group_of: impl Fn(usize) -> usize) -> Result<()> {
        let [pairs] = values else { return Err(internal("one state")) };
        let pairs = Pairs::new(pairs)?;
        for row in 0..values[0].len() {
            self.entries.extend(pairs.row(row).map(|(first, second)| (group_of(row), first, second)));
        }
        Ok(())
    }

    /// Takes out the entries of the groups to emit, in order, and moves the others down.
    fn emit(&mut self, emit_to: EmitTo) -> Vec<Entry> {
        let mut out = match emit_to {
            EmitTo::All => std::mem::take(&mut self.entries),
            EmitTo::First(groups) => {
                let held = std::mem::take(&mut self.entries);
                let (out, later): (Vec<_>, Vec<_>) = held.into_iter().partition(|(group, ..)| *group < groups);
                self.entries =
                    later.into_iter().map(|(group, first, second)| (group - groups, first, second)).collect();
                out
            }
        };
        out.sort_unstable();
        out
    }

    fn result(&self, entries: &[Entry], groups: usize) -> Result<ArrayRef> {
        self.column(entries, groups, |changes| {
            let profile = Profile::of_changes(changes.collect());
            profile.steps().iter().map(|step| (step.at, step.count)).collect()
        })
    }

    fn state(&self, entries: &[Entry], groups: usize) -> Result<ArrayRef> {
        self.column(entries, groups, |changes| changes.collect())
    }

    /// A row a group; `profile` makes its pairs where counts are gathered.
    fn column(
        &self,
        entries: &[Entry],
        groups: usize,
        profile: impl Fn(&mut dyn Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)>,
    ) -> Result<ArrayRef> {
        let (mut rows, mut rest) = (Rows::default(), entries);
        for group in 0..groups {
            let (own, later) = rest.split_at(rest.iter().take_while(|(of, ..)| *of == group).count());
            rest = later;
            let mut own = own.iter().map(|(_, first, second)| (*first, *second));
            match self.pair {
                Pair::Profile => rows.push(profile(&mut own)),
                Pair::Spans => {
                    let mut set = Spans::default();
                    own.for_each(|(from, to)| set.push(Span::new(from, to)));
                    rows.push(super::column::span_pairs(&set));
                }
            }
        }
        self.pair.column(&self.point, rows)
    }

    fn size(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }
}

/// Every group of a query.
#[derive(Debug)]
struct Many {
    gathered: Gathered,
    groups: usize,
}

impl Many {
    fn emitted(&mut self, emit_to: EmitTo) -> (Vec<Entry>, usize) {
        let groups = match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(groups) => groups,
        };
        self.groups -= groups;
        (self.gathered.emit(emit_to), groups)
    }
}

impl GroupsAccumulator for Many {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.groups = groups;
        let passes = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        self.gathered.take(values, |row| passes(row).then(|| group_indices[row]))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (entries, groups) = self.emitted(emit_to);
        self.gathered.result(&entries, groups)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (entries, groups) = self.emitted(emit_to);
        Ok(vec![self.gathered.state(&entries, groups)?])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], groups: usize) -> Result<()> {
        self.groups = groups;
        self.gathered.merge(values, |row| group_indices[row])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |column| column.len());
        let mut each = Many {
            gathered: Gathered { pair: self.gathered.pair, point: self.gathered.point.clone(), entries: Vec::new() },
            groups: rows,
        };
        let own_group: Vec<usize> = (0..rows).collect();
        each.update_batch(values, &own_group, filter, rows)?;
        each.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.gathered.size()
    }
}

/// A query without groups.
#[derive(Debug)]
struct One(Gathered);

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.take(values, |_| Some(0))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let entries = self.0.emit(EmitTo::All);
        scalar(&self.0.result(&entries, 1)?)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.0.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let entries = self.0.emit(EmitTo::All);
        Ok(vec![scalar(&self.0.state(&entries, 1)?)?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.merge(states, |_| 0)
    }
}

fn scalar(column: &ArrayRef) -> Result<ScalarValue> {
    let list = column.as_list_opt::<i32>().ok_or_else(|| internal("a list of pairs"))?;
    Ok(ScalarValue::List(Arc::new(list.clone())))
}
