//! How deprived the neighbourhoods of England are: the decile of each small area (LSOA) by the Index of Multiple Deprivation.
//!
//! CORE20 is who lives in the most deprived fifth of them, by the national ranks: deciles 1 and 2. The built-in neighbourhoods
//! are simulated; a deployment loads the published ones with [`Deprivation::from_csv`]. An edition ranks the areas of one
//! census: where registrations tell those of another, they are not found.

use std::collections::BTreeMap;

use crate::codes;
use crate::reference_table::{CsvTable, ReferenceError};

/// The deciles of the most deprived fifth; 1 is the most deprived tenth.
const CORE20_DECILES: std::ops::RangeInclusive<u8> = 1..=2;

/// The deciles of one edition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deprivation {
    edition: String,
    deciles: BTreeMap<String, u8>,
}

impl Deprivation {
    /// The neighbourhoods compiled into Homeward: those of the simulated Devon, but for one that is left out.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the table is compiled in and a test reads it")]
    pub fn simulated() -> Self {
        Self::from_csv(include_str!("../reference/deprivation.csv")).expect("the built-in neighbourhoods are valid")
    }

    /// Reads the table: `lsoa,imd_decile,edition`, of one edition.
    ///
    /// # Errors
    /// [`ReferenceError`] with line and fault: a column that is missing, a decile that is none, a second edition, an area that
    /// stands twice, no area at all.
    pub fn from_csv(text: &str) -> Result<Self, ReferenceError> {
        let table = CsvTable::read("deprivation.csv", text)?;
        let mut read = Self::default();
        for row in table.rows() {
            let (lsoa, edition) = (row.code("lsoa")?, row.code("edition")?);
            let decile = row.text("imd_decile")?.parse().ok().filter(|decile| (1..=10).contains(decile));
            let decile = decile
                .ok_or_else(|| row.fault("imd_decile is no whole number from 1 (most deprived) to 10; write one"))?;
            if read.edition.is_empty() {
                read.edition = edition;
            } else if read.edition != edition {
                let first = &read.edition;
                return Err(
                    row.fault(&format!("the edition {edition} is not {first} as above; keep one edition a file"))
                );
            }
            let lsoa = codes::organisation(&lsoa).unwrap_or_default();
            if read.deciles.insert(lsoa.clone(), decile).is_some() {
                return Err(row.fault(&format!("the area {lsoa} stands twice; keep one row an area")));
            }
        }
        if read.deciles.is_empty() {
            let fault = "there is no area below the header; add a row for each".to_owned();
            return Err(ReferenceError { file: "deprivation.csv", line: 1, fault });
        }
        Ok(read)
    }

    /// What the edition is called.
    #[must_use]
    pub fn edition(&self) -> &str {
        &self.edition
    }

    /// True when an area is of the most deprived fifth; none for an area that is not in the table.
    #[must_use]
    pub fn is_core20(&self, lsoa: &str) -> Option<bool> {
        self.deciles.get(lsoa).map(|decile| CORE20_DECILES.contains(decile))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_deprived_fifth_is_core20() {
        let simulated = Deprivation::simulated();
        let told = ["E01999900", "E01999901", "E01999902", "E01999909", "E01999999", "E01000001"];
        let expected = [Some(true), Some(true), Some(false), Some(false), None, None];
        assert_eq!(told.map(|lsoa| simulated.is_core20(lsoa)), expected);
        assert_eq!(simulated.edition(), "simulated neighbourhoods");
        let loaded =
            Deprivation::from_csv("edition,lsoa,name,imd_decile\n2019, e01000001 ,City,2\n2019,E01000002,,3\n");
        let loaded = loaded.unwrap();
        assert_eq!(["E01000001", "E01000002"].map(|lsoa| loaded.is_core20(lsoa)), [Some(true), Some(false)]);
    }

    /// Each wrong table with the line and words of its fault.
    #[test]
    fn faults_name_line_and_mend() {
        for (text, line, words) in [
            ("lsoa,imd_decile,edition\nE01,1,2019\nE02,11,2019\n", 3, "from 1 (most deprived) to 10"),
            ("lsoa,imd_decile,edition\nE01,,2019\n", 2, "imd_decile is no whole number"),
            ("lsoa,imd_decile,edition\nE01,1,2019\nE02,1,2025\n", 3, "keep one edition a file"),
            ("lsoa,imd_decile,edition\nE01,1,2019\ne01,2,2019\n", 3, "stands twice"),
            ("lsoa,imd_decile,edition\n,1,2019\n", 2, "lsoa is empty"),
            ("lsoa,imd_decile\nE01,1\n", 2, "the column edition is missing"),
            ("lsoa,imd_decile,edition\nE01,1\n", 2, "not a CSV table"),
            ("lsoa,imd_decile,edition\n", 1, "no area below the header"),
        ] {
            let fault = Deprivation::from_csv(text).unwrap_err();
            assert_eq!(fault.line, line, "{fault}");
            assert!(fault.to_string().contains(words), "{fault}");
        }
    }
}
