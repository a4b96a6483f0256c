//! Counts by name, as a cell holds them. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Counts by name, sorted. A cell has a handful of them, and a country has millions of cells: a short list takes a fifth of
/// the memory of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(Box<[(Arc<str>, i64)]>);

impl Counts {
    /// The count of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<i64> {
        let place = self.0.binary_search_by(|(held, _)| held.as_ref().cmp(name)).ok()?;
        self.0.get(place).map(|(_, count)| *count)
    }

    /// Names and counts, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, i64)> {
        self.0.iter().map(|(name, count)| (name, *count))
    }

    /// As a figure tells them.
    #[must_use]
    pub fn to_told(&self) -> BTreeMap<String, i64> {
        self.iter().map(|(name, count)| (name.to_string(), count)).collect()
    }

    /// True when there is no count but of nothing.
    #[must_use]
    pub fn are_zero(&self) -> bool {
        self.0.iter().all(|(_, count)| *count == 0)
    }

    /// Adds other counts, name by name.
    pub fn add(&mut self, other: &Self) {
        let is_alike = self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|((one, _), (two, _))| Arc::ptr_eq(one, two) || one == two);
        if is_alike {
            self.0.iter_mut().zip(&other.0).for_each(|((_, sum), (_, count))| *sum += count);
        } else if !other.0.is_empty() {
            self.extend(other.iter().map(|(name, count)| (Arc::clone(name), count)));
        }
    }
}

/// A name that comes twice has the sum.
impl Extend<(Arc<str>, i64)> for Counts {
    fn extend<T: IntoIterator<Item = (Arc<str>, i64)>>(&mut self, more: T) {
        let mut all = std::mem::take(&mut self.0).into_vec();
        all.extend(more);
        all.sort_unstable_by(|(one, _), (two, _)| one.cmp(two));
        all.dedup_by(|(name, count), (kept, sum)| {
            let is_same = name == kept;
            if is_same {
                *sum += *count;
            }
            is_same
        });
        self.0 = all.into_boxed_slice();
    }
}

impl FromIterator<(Arc<str>, i64)> for Counts {
    fn from_iter<T: IntoIterator<Item = (Arc<str>, i64)>>(all: T) -> Self {
        let mut counts = Self::default();
        counts.extend(all);
        counts
    }
}

impl<const N: usize> From<[(&str, i64); N]> for Counts {
    fn from(counts: [(&str, i64); N]) -> Self {
        counts.into_iter().map(|(name, count)| (Arc::from(name), count)).collect()
    }
}

/// An object, a member a name.
impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, count)| (name.as_ref(), count)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts(named: &[(u8, i64)]) -> Counts {
        named.iter().map(|(name, count)| (Arc::from(format!("n{name}")), *count)).collect()
    }

    proptest! {
        /// Whatever names both have, a sum has each name once, in order, with all that was counted of it.
        #[test]
        fn counts_add_up_by_name(
            one in prop::collection::vec((0_u8..6, 0_i64..9), 0..8),
            two in prop::collection::vec((0_u8..6, 0_i64..9), 0..8),
        ) {
            let mut expected = BTreeMap::<String, i64>::new();
            for (name, count) in one.iter().chain(&two) {
                *expected.entry(format!("n{name}")).or_default() += count;
            }
            let mut sum = counts(&one);
            sum.add(&counts(&two));
            let told: Vec<(String, i64)> = sum.iter().map(|(name, count)| (name.to_string(), count)).collect();
            prop_assert_eq!(told, expected.clone().into_iter().collect::<Vec<_>>());
            for name in 0_u8..6 {
                let name = format!("n{name}");
                prop_assert_eq!(sum.get(&name), expected.get(&name).copied());
            }
            let mut other_way = counts(&two);
            other_way.add(&counts(&one));
            prop_assert_eq!(other_way, sum);
        }
    }

    #[test]
    fn they_are_written_as_an_object() {
        let counts = Counts::from([("open", 3), ("excluded", 0)]);
        assert_eq!(serde_json::to_string(&counts).expect("writes"), r#"{"excluded":0,"open":3}"#);
        assert!(!counts.are_zero() && Counts::default().are_zero());
    }
}
