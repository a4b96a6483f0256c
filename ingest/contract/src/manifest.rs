//! How many rows of each table a submission sent: what makes it whole or not.
//!
//! The header carries it as `rows`, and comes last when a folder is published. A table that is absent or 0 sent no row.

use std::collections::BTreeMap;

use crate::feed::Table;

/// Most rows of one table: a row number fits 32 bits.
pub const MOST_ROWS: u64 = u32::MAX as u64;

/// Rows sent, by table; tables without rows are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Manifest {
    rows: BTreeMap<Table, u32>,
}

impl Manifest {
    /// Counts one more row of a table.
    pub fn count(&mut self, table: Table) {
        self.add(table, 1);
    }

    /// Counts so many more rows of a table.
    pub fn add(&mut self, table: Table, rows: u32) {
        if rows > 0 {
            let held = self.rows.entry(table).or_default();
            *held = held.saturating_add(rows);
        }
    }

    /// Rows of one table.
    #[must_use]
    pub fn rows(&self, table: Table) -> u32 {
        self.rows.get(&table).copied().unwrap_or(0)
    }

    /// The tables that have rows, with how many.
    pub fn tables(&self) -> impl Iterator<Item = (Table, u32)> {
        self.rows.iter().map(|(table, rows)| (*table, *rows))
    }

    /// Reads the object of a header; `None` when it is no object of tables and counts, or names the header itself.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        // Names twice in one object would leave open which count is meant.
        let mut manifest = Self::default();
        let named: Named = serde_json::from_str(json).ok()?;
        for (name, rows) in named.0 {
            let table = Table::from_csds_name(&name).filter(|table| *table != Table::Cyp000Header)?;
            if rows > MOST_ROWS || manifest.rows.contains_key(&table) {
                return None;
            }
            manifest.add(table, u32::try_from(rows).ok()?);
        }
        Some(manifest)
    }

    /// The object of a header, tables in their order.
    #[must_use]
    pub fn to_json(&self) -> String {
        let named = self.rows.iter().filter_map(|(table, rows)| Some(format!("\"{}\":{rows}", table.csds_name()?)));
        format!("{{{}}}", named.collect::<Vec<_>>().join(","))
    }
}

impl FromIterator<(Table, u32)> for Manifest {
    fn from_iter<I: IntoIterator<Item = (Table, u32)>>(tables: I) -> Self {
        let mut manifest = Self::default();
        tables.into_iter().for_each(|(table, rows)| manifest.add(table, rows));
        manifest
    }
}

/// The members of an object in the order they came, repeated names included.
struct Named(Vec<(String, u64)>);

impl<'de> serde::Deserialize<'de> for Named {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Named;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object of tables and row counts")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Named(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_go_to_text_and_back() {
        let manifest: Manifest =
            [(Table::Cyp104Rtt, 2), (Table::Cyp001Mpi, 3), (Table::Cyp002Gp, 0)].into_iter().collect();
        let json = manifest.to_json();
        assert_eq!(json, r#"{"CYP001MPI":3,"CYP104RTT":2}"#);
        assert_eq!(Manifest::from_json(&json), Some(manifest));
        assert_eq!(Manifest::from_json(r#"{"cyp001mpi":3,"CYP104RTT":2,"CYP002GP":0}"#), Manifest::from_json(&json));
        assert_eq!(Manifest::from_json("{}"), Some(Manifest::default()));
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for json in [
            "null",
            "[]",
            "3",
            r#"{"CYP001MPI":-1}"#,
            r#"{"CYP001MPI":1.5}"#,
            r#"{"CYP001MPI":"1"}"#,
            r#"{"CYP001MPI":4294967296}"#,
            r#"{"CYP000Header":1}"#,
            r#"{"ucr_event":1}"#,
            r#"{"CYP001MPI":1,"cyp001mpi":1}"#,
        ] {
            assert_eq!(Manifest::from_json(json), None, "{json}");
        }
    }
}
