//! A published figure: one cell of NHS England's workbook of urgent community response (`ucr.md` section 1) or of its file of
//! virtual wards (`virtual-wards.md` section 2), as a record of the feed `published`. The figures are public; nothing here is
//! about a person.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use serde::Deserialize;

use crate::time;

/// Most characters of a load id, an organisation code or a name.
const TEXT_CHARACTERS: usize = 200;

/// Most decimals that are kept of a ratio: what the workbook prints.
pub const MOST_DECIMALS: u8 = 15;

macro_rules! words {
    ($(#[$doc:meta])+ $name:ident { $($variant:ident $word:literal $meaning:literal;)+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = $meaning] $variant,)+
        }

        impl $name {
            /// Every one of them.
            pub const ALL: [Self; [$(Self::$variant,)+].len()] = [$(Self::$variant,)+];

            /// The word stored and exchanged.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|held| held.as_str() == word)
            }
        }
    };
}

words! {
    /// What a table of the workbook counts.
    Measure {
        TwoHourRate "two_hour_rate" "Table 1: the share of clocks met, from rounded counts.";
        TwoHourReferrals "two_hour_referrals" "Table 2 up to 2025/26, Table 3b from 2026/27: referrals received.";
        ReferralsPer100k "referrals_per_100k" "Table 2 from 2026/27: referrals per 100,000 people, standardised.";
        UcrContacts "ucr_contacts" "Table 3: contacts of two-hour referrals.";
        AllContacts "all_contacts" "Table 3 from 2026/27: all contacts.";
        VwBeds "vw_beds" "Virtual wards: beds in the month's last return.";
        VwPatients "vw_patients" "Virtual wards: patients at 08:00 on the reference Thursday; a count that is missing is published as 0.";
        VwPopulation "vw_population_16plus" "Virtual wards: people aged 16 or over who are registered with a practice.";
        VwOccupancy "vw_occupancy" "Virtual wards: patients by beds as printed, no more than 100%.";
    }
}

words! {
    /// What an organisation is.
    Level {
        National "national" "England.";
        Region "region" "A commissioning region, or the region called Unknown.";
        Icb "icb" "An integrated care board.";
        Provider "provider" "A provider: the level of the basis.";
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedFigure {
    /// The load that it came with: all figures of one file have the same.
    pub load: String,
    /// When that was: the last load of a month and measure replaces the ones before.
    pub loaded_at: DateTime<Utc>,
    /// Name of the file.
    pub workbook: String,
    /// What is counted.
    pub measure: Measure,
    /// Code of the organisation as printed.
    pub organisation: String,
    /// What it is.
    pub level: Level,
    /// First day of the month.
    pub month: NaiveDate,
    /// The value; none where the cell is blank: no data, not zero.
    pub value: Option<f64>,
    /// Decimals that the workbook prints for this measure and level.
    pub decimals: u8,
    /// The month is marked provisional.
    pub provisional: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wire {
    load: Option<String>,
    loaded_at: Option<String>,
    workbook: Option<String>,
    measure: Option<String>,
    organisation: Option<String>,
    level: Option<String>,
    month: Option<String>,
    value: Option<f64>,
    decimals: Option<u8>,
    provisional: bool,
}

impl PublishedFigure {
    /// Reads and checks the `figure` object of a record.
    ///
    /// # Errors
    /// The member that is absent or cannot be read.
    pub fn from_json(json: &str) -> Result<Self, &'static str> {
        let wire: Wire = serde_json::from_str(json).map_err(|_| "figure")?;
        let text = |value: Option<String>| value.unwrap_or_default().trim().to_owned();
        let figure = Self {
            load: text(wire.load),
            loaded_at: time::parse_instant_or_local(&text(wire.loaded_at)).map_err(|_| "loaded_at")?.at,
            workbook: text(wire.workbook),
            measure: Measure::from_word(&text(wire.measure)).ok_or("measure")?,
            organisation: text(wire.organisation),
            level: Level::from_word(&text(wire.level)).ok_or("level")?,
            month: format!("{}-01", text(wire.month)).parse().map_err(|_| "month")?,
            value: wire.value,
            decimals: wire.decimals.unwrap_or(0),
            provisional: wire.provisional,
        };
        figure.check()?;
        Ok(figure)
    }

    /// Checks that texts are there and short, and that the value is one that the measure can have.
    ///
    /// # Errors
    /// The member at fault.
    pub fn check(&self) -> Result<(), &'static str> {
        let texts = [("load", &self.load), ("workbook", &self.workbook), ("organisation", &self.organisation)];
        let fits =
            |text: &str| (1..=TEXT_CHARACTERS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if let Some((part, _)) = texts.into_iter().find(|(_, text)| !fits(text)) {
            return Err(part);
        }
        if self.decimals > MOST_DECIMALS {
            return Err("decimals");
        }
        if !(1900..2200).contains(&self.month.year()) {
            return Err("month");
        }
        if self.value.is_some_and(|value| !self.measure.can_be(value)) { Err("value") } else { Ok(()) }
    }

    /// The Kafka payload. Its key is the organisation's code.
    #[must_use]
    pub fn payload(&self) -> String {
        serde_json::json!({"figure": {
            "load": self.load,
            "loaded_at": self.loaded_at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            "workbook": self.workbook,
            "measure": self.measure.as_str(),
            "organisation": self.organisation,
            "level": self.level.as_str(),
            "month": self.month.format("%Y-%m").to_string(),
            "value": self.value,
            "decimals": self.decimals,
            "provisional": self.provisional,
        }})
        .to_string()
    }
}

impl Measure {
    /// True for a value that a workbook can print: a share, a rate, a count, or one that is a multiple of 5.
    #[must_use]
    pub fn can_be(self, value: f64) -> bool {
        match self {
            Self::TwoHourRate | Self::VwOccupancy => (0.0..=1.0).contains(&value),
            Self::VwBeds | Self::VwPatients | Self::VwPopulation => {
                (0.0..=1e9).contains(&value) && value.fract() == 0.0
            }
            Self::ReferralsPer100k => (0.0..=100_000.0).contains(&value),
            Self::TwoHourReferrals | Self::UcrContacts | Self::AllContacts => {
                (0.0..=1e9).contains(&value) && value % 5.0 == 0.0
            }
        }
    }

    /// True when the table prints counts that are rounded to the nearest 5.
    #[must_use]
    pub const fn is_count(self) -> bool {
        matches!(self, Self::TwoHourReferrals | Self::UcrContacts | Self::AllContacts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> PublishedFigure {
        PublishedFigure {
            load: "l-1".to_owned(),
            loaded_at: "2025-06-12T09:30:00Z".parse().unwrap(),
            workbook: "UCR-2024-25.xlsx".to_owned(),
            measure: Measure::TwoHourRate,
            organisation: "NR5".to_owned(),
            level: Level::Provider,
            month: "2024-10-01".parse().unwrap(),
            value: Some(0.853_860_032_285_633),
            decimals: 15,
            provisional: true,
        }
    }

    fn read(figure: &PublishedFigure) -> Result<PublishedFigure, &'static str> {
        let payload: serde_json::Value = serde_json::from_str(&figure.payload()).unwrap();
        PublishedFigure::from_json(&payload["figure"].to_string())
    }

    #[test]
    fn a_figure_comes_back_as_it_was_sent() {
        let blank = PublishedFigure { value: None, provisional: false, ..figure() };
        assert_eq!(read(&figure()), Ok(figure()));
        assert_eq!(read(&blank), Ok(blank.clone()), "blank is no data");
    }

    #[test]
    fn what_no_workbook_prints_is_refused_by_its_member() {
        let count = PublishedFigure { measure: Measure::TwoHourReferrals, value: Some(120.0), ..figure() };
        assert_eq!(read(&count), Ok(count.clone()));
        for (wrong, part) in [
            (PublishedFigure { value: Some(1.2), ..figure() }, "value"),
            (PublishedFigure { value: Some(122.0), ..count }, "value"),
            (PublishedFigure { load: String::new(), ..figure() }, "load"),
            (PublishedFigure { organisation: "N\u{7}".to_owned(), ..figure() }, "organisation"),
            (PublishedFigure { decimals: 16, ..figure() }, "decimals"),
        ] {
            assert_eq!(read(&wrong), Err(part));
        }
        assert_eq!(PublishedFigure::from_json(r#"{"loaded_at":"2025-06-12T09:30:00Z"}"#), Err("measure"));
        assert_eq!(PublishedFigure::from_json("[]"), Err("loaded_at"));
    }
}
