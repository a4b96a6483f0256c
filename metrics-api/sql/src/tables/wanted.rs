//! Which figures a query can do without, read from its filters, so that they are never computed. Pure.
//!
//! What is read here only ever leaves out rows that the filter would drop anyway: DataFusion applies the whole filter
//! again, so a filter that is not understood costs time and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

/// Columns whose filters save work.
const COLUMNS: [&str; 5] = ["indicator", "basis", "level", "period_kind", "period"];

/// For each column that a query narrows, the values that it can still have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted(BTreeMap<&'static str, BTreeSet<String>>);

impl Wanted {
    /// What all of these filters together leave.
    pub(crate) fn of(filters: &[Expr]) -> Self {
        filters.iter().fold(Self::default(), |wanted, filter| wanted.and(Self::of_one(filter)))
    }

    /// True when the filter narrows anything here.
    pub(crate) fn narrows(filter: &Expr) -> bool {
        Self::of_one(filter) != Self::default()
    }

    /// False when no row with this value in the column can be wanted.
    pub(crate) fn admits(&self, column: &str, value: &str) -> bool {
        self.0.get(column).is_none_or(|values| values.contains(value))
    }

    fn of_one(filter: &Expr) -> Self {
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                Self::of_one(left).and(Self::of_one(right))
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                Self::of_one(left).or(Self::of_one(right))
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => Self::one_of(left, [right.as_ref()])
                .or_else(|| Self::one_of(right, [left.as_ref()]))
                .unwrap_or_default(),
            Expr::InList(list) if !list.negated => Self::one_of(&list.expr, &list.list).unwrap_or_default(),
            _ => Self::default(),
        }
    }

    fn one_of<'a>(column: &Expr, values: impl IntoIterator<Item = &'a Expr>) -> Option<Self> {
        let Expr::Column(column) = column else { return None };
        let name = COLUMNS.into_iter().find(|name| *name == column.name)?;
        let values: Option<BTreeSet<String>> = values.into_iter().map(text).collect();
        Some(Self(BTreeMap::from([(name, values?)])))
    }

    fn and(mut self, other: Self) -> Self {
        for (name, values) in other.0 {
            let both = match self.0.get(name) {
                Some(own) => own.intersection(&values).cloned().collect(),
                None => values,
            };
            self.0.insert(name, both);
        }
        self
    }

    /// Only columns that both sides narrow stay narrow.
    fn or(self, mut other: Self) -> Self {
        let either = self.0.into_iter().filter_map(|(name, mut values)| {
            values.extend(other.0.remove(name)?);
            Some((name, values))
        });
        Self(either.collect())
    }
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Literal(
            ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)),
            _,
        ) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, lit};

    use super::*;

    fn level(values: &[&str]) -> Wanted {
        Wanted(BTreeMap::from([("level", values.iter().map(ToString::to_string).collect())]))
    }

    #[test]
    fn equality_lists_and_their_combinations_narrow() {
        assert_eq!(Wanted::of(&[col("level").eq(lit("icb"))]), level(&["icb"]));
        assert_eq!(Wanted::of(&[lit("icb").eq(col("level"))]), level(&["icb"]));
        let list = col("level").in_list(vec![lit("icb"), lit("lcp")], false);
        assert_eq!(Wanted::of(std::slice::from_ref(&list)), level(&["icb", "lcp"]));
        assert_eq!(Wanted::of(&[list.clone(), col("level").eq(lit("lcp"))]), level(&["lcp"]));
        let either = col("level").eq(lit("icb")).or(col("level").eq(lit("pcn")));
        assert_eq!(Wanted::of(&[either]), level(&["icb", "pcn"]));
        let nothing = Wanted::of(&[list.and(col("level").eq(lit("nation")))]);
        assert!(!nothing.admits("level", "nation") && !nothing.admits("level", "icb"));
    }

    #[test]
    fn what_may_keep_any_row_narrows_nothing() {
        for filter in [
            col("level").not_eq(lit("icb")),
            col("level").in_list(vec![lit("icb")], true),
            col("level").in_list(vec![lit("icb"), col("area")], false),
            col("level").eq(lit("icb")).or(col("basis").eq(lit("live"))),
            col("level").eq(lit("icb")).or(col("value").gt(lit(0.5))),
            col("level").eq(col("area")),
            col("area").eq(lit("QJK")),
            !col("level").eq(lit("icb")),
        ] {
            assert!(!Wanted::narrows(&filter), "{filter}");
        }
    }
}
